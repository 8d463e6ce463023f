"""Issuer keys on disk: making, keeping and loading them, and the key rings of communities that change keys.

A private key is a PEM file (PKCS #8) of mode 0600; it never leaves the office. A key ring is a text file, one
public key a line, ``KEYID HEX`` and a comment after ``#``. To change keys: make a new one, add its line to
the ring, issue with the new key; drop the old line when the last old card has expired.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from card_tools.credential import Issuer, key_id
from card_tools.errors import KeyFault


def generate() -> bytes:
    """A new Ed25519 private key from the system's randomness."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def save_private(path: Path, private_key: bytes) -> None:
    """Write a new key file that only its owner can read; never over another one."""
    pem = Ed25519PrivateKey.from_private_bytes(private_key).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    _write_new(path, pem)


def _write_new(path: Path, content: bytes) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise KeyFault(
            f"{path} exists, and cards depend on it: choose another name",
            zh=f"{path} 已经有了，发出的卡要靠它核对：请换一个文件名。",
        ) from error
    except OSError as error:
        raise _not_written(path, error) from error
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _read_own(path: Path) -> bytes:
    """The content of a file that nobody but its owner can read."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(4096)
    except OSError as error:
        raise KeyFault(
            f"{path} cannot be read: {error.strerror}; `yika-cards keygen` makes it",
            zh=f"密钥文件 {path} 读不出来；还没有的话，用 yika-cards keygen 生成。",
        ) from error
    if mode & 0o077:
        raise KeyFault(
            f"{path} can be read by others (mode {mode:04o}); chmod 600 {path}",
            zh=f"别人也能读 {path}（权限 {mode:04o}），请先运行 chmod 600 {path}。",
        )
    return content


def load_issuer(path: Path) -> Issuer:
    """The issuer whose private key lies in a file; :class:`KeyFault` says what to change."""
    content = _read_own(path)
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError) as error:
        raise KeyFault(
            f"{path} is not a private key in PEM form without a password",
            zh=f"{path} 不是没有口令的 PEM 私钥，请换成 yika-cards keygen 生成的文件。",
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFault(
            f"{path} holds a key of another kind; cards are signed with Ed25519",
            zh=f"{path} 里是别的种类的密钥，签发卡要用 Ed25519。",
        )
    return Issuer(key.private_bytes_raw())


def save_secret(path: Path, secret: bytes) -> None:
    """Write a new secret file of hex digits that only its owner can read; never over another one."""
    _write_new(path, secret.hex().encode() + b"\n")


def load_secret(path: Path) -> bytes:
    """The secret from which chips get their passwords: 64 hex digits in a file of mode 0600."""
    content = _read_own(path)
    try:
        secret = bytes.fromhex(content.decode("ascii"))
    except ValueError as error:
        raise KeyFault(
            f"{path} is not a secret of hex digits", zh=f"{path} 里应是十六进制数，请换一个文件。"
        ) from error
    if len(secret) != 32:
        raise KeyFault(
            f"{path}: a secret has 64 hex digits, not {2 * len(secret)}",
            zh=f"{path} 里应有 64 位十六进制数，现在是 {2 * len(secret)} 位。",
        )
    return secret


def ring_line(public_key: bytes, comment: str = "") -> str:
    """One line of a key ring."""
    remark = f"  # {comment}" if comment else ""
    return f"{key_id(public_key).hex()} {public_key.hex()}{remark}\n"


def save_public(path: Path, public_key: bytes, comment: str = "") -> None:
    """Add a public key to a key ring, which is made when it is not there."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(ring_line(public_key, comment))
    except OSError as error:
        raise _not_written(path, error) from error


def load_ring(paths: Iterable[Path]) -> dict[bytes, bytes]:
    """Every public key in some key rings, by key id; a line that is wrong names itself."""
    ring: dict[bytes, bytes] = {}
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise KeyFault(
                f"{path} cannot be read as a key ring: {error}", zh=f"密钥环 {path} 读不出来，请检查文件。"
            ) from error
        for number, line in enumerate(lines, 1):
            words = line.partition("#")[0].split()
            if words:
                ring.update([_ring_entry(words, f"{path} line {number}")])
    return ring


def _ring_entry(words: list[str], where: str) -> tuple[bytes, bytes]:
    try:
        named, public_key = (bytes.fromhex(word) for word in words)
    except ValueError as error:
        raise KeyFault(
            f"{where}: a line of a key ring is KEYID and 64 hex digits",
            zh=f"{where}：密钥环的一行应是密钥号和 64 位十六进制数。",
        ) from error
    if len(public_key) != 32:
        raise KeyFault(
            f"{where}: a public key has 64 hex digits, not {2 * len(public_key)}",
            zh=f"{where}：公钥应有 64 位十六进制数，现在是 {2 * len(public_key)} 位。",
        )
    if key_id(public_key) != named:
        raise KeyFault(
            f"{where}: key id {named.hex()} does not belong to this key",
            zh=f"{where}：密钥号 {named.hex()} 与公钥不符。",
        )
    return named, public_key


def _not_written(path: Path, error: OSError) -> KeyFault:
    return KeyFault(
        f"{path} cannot be written: {error.strerror}", zh=f"{path} 写不进去，请检查文件夹和权限。"
    )
