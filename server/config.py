"""The server's settings, from options and ``YIKA_…`` variables; checked whole when the program starts."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from server.errors import BadConfig
from server.services.keys import SEED_LENGTH, Keys

KEY_FILE = "server.key"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Where the data lies and how the server behaves."""

    data_dir: Path
    database_url: str
    community: str | None = None
    """Which community, where a database holds several; None means the only one there is."""
    secure_cookies: bool = False
    """Set behind HTTPS; off for a plain-HTTP demo on one machine."""
    rate_limit: int = 600
    """Requests a minute that one kiosk or address may make."""
    enrol_limit: int = 20
    """Enrolments and session openings a minute from one address."""
    pushes_at_once: int = 4
    """Pushes of kiosks taken in at the same time; the others are told when to come back."""
    public_url: str = ""
    """Where people reach this server from outside: what it writes on cards, papers and codes leads there."""
    trusted_proxy: str | None = None
    """The address of the proxy that is believed who asks, and whether encrypted; None believes nobody."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Settings of other parts (WeChat, map), by their variable's name without ``YIKA_``."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read ``YIKA_…`` variables."""
        env = os.environ if environment is None else environment
        data_dir = Path(env.get("YIKA_DATA_DIR") or "yika-data").absolute()
        return cls(
            data_dir=data_dir,
            database_url=env.get("YIKA_DATABASE_URL") or f"sqlite:///{data_dir / 'yika.sqlite'}",
            community=env.get("YIKA_COMMUNITY") or None,
            secure_cookies=_flag(env, "YIKA_SECURE_COOKIES"),
            rate_limit=_whole(env, "YIKA_RATE_LIMIT", 600),
            enrol_limit=_whole(env, "YIKA_ENROL_LIMIT", 20),
            pushes_at_once=_whole(env, "YIKA_PUSHES_AT_ONCE", 4),
            public_url=_url(env, "YIKA_PUBLIC_URL"),
            trusted_proxy=_address(env, "YIKA_TRUSTED_PROXY"),
            extra={name[5:]: value for name, value in env.items() if name.startswith("YIKA_")},
        )

    @property
    def key_file(self) -> Path:
        """Where the server's key lies: never in the database."""
        return self.data_dir / KEY_FILE


def _flag(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "0").lower()
    if value not in {"0", "1", "true", "false", "yes", "no", ""}:
        raise BadConfig(f"{name} is 1 or 0, not {value}", zh=f"{name} 请设为 1 或 0，不能是 {value}。")
    return value in {"1", "true", "yes"}


def _url(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "").rstrip("/")
    if value and not re.fullmatch(r"https?://[^\s/?#]+", value):
        raise BadConfig(
            f"{name} is like https://yika.example.org, not {value}",
            zh=f"{name} 请写成 https://yika.example.org 的样子，不能是 {value}。",
        )
    return value


def _address(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name, "")
    try:
        return str(ip_address(value)) if value else None
    except ValueError as error:
        raise BadConfig(
            f"{name} is one address like 127.0.0.1, not {value}",
            zh=f"{name} 请写成 127.0.0.1 这样的一个地址，不能是 {value}。",
        ) from error


def _whole(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name) or str(default)
    if not value.isdigit() or int(value) < 1:
        raise BadConfig(
            f"{name} is a whole number from 1, not {value}",
            zh=f"{name} 请设为不小于 1 的整数，不能是 {value}。",
        )
    return int(value)


def make_key_file(path: Path, seed: bytes) -> bool:
    """Write a new server key readable by its owner only; False when there is one already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as file:
        file.write(seed.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return True


def read_keys(path: Path) -> Keys:
    """The server's keys; :class:`BadConfig` says what to change."""
    try:
        mode, text = path.stat().st_mode, path.read_text().strip()
    except FileNotFoundError as error:
        raise BadConfig(
            f"there is no server key at {path}: run yika-server init",
            zh=f"找不到服务器密钥 {path}，请运行 yika-server init。",
        ) from error
    if mode & 0o077:
        raise BadConfig(
            f"others can read the server key: chmod 600 {path}",
            zh=f"服务器密钥能被其他人读取，请运行 chmod 600 {path}。",
        )
    try:
        seed = bytes.fromhex(text)
    except ValueError as error:
        raise BadConfig(f"{path} holds no server key", zh=f"{path} 不是服务器密钥，请从备份恢复。") from error
    if len(seed) != SEED_LENGTH:
        raise BadConfig(
            f"{path} holds no server key of {SEED_LENGTH} bytes",
            zh=f"{path} 不是 {SEED_LENGTH} 字节的服务器密钥，请从备份恢复。",
        )
    return Keys(seed)
