"""Keys on disk: nobody else reads them, nothing overwrites them, and every mistake says what to change."""

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from card_tools.credential import Issuer
from card_tools.errors import KeyFault
from card_tools.keys import (
    generate,
    load_issuer,
    load_ring,
    load_secret,
    ring_line,
    save_private,
    save_public,
    save_secret,
)


def test_a_key_is_kept_for_its_owner_only_and_loads_again(tmp_path: Path):
    path, key = tmp_path / "issuer.pem", generate()
    save_private(path, key)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_issuer(path).public_key == Issuer(key).public_key


def test_two_keys_are_never_the_same():
    assert generate() != generate()


def test_a_key_file_is_never_overwritten(tmp_path: Path):
    path = tmp_path / "issuer.pem"
    save_private(path, generate())
    before = path.read_bytes()
    with pytest.raises(KeyFault, match="exists"):
        save_private(path, generate())
    assert path.read_bytes() == before


def test_a_key_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path):
    path = tmp_path / "issuer.pem"
    save_private(path, generate())
    path.chmod(0o640)
    with pytest.raises(KeyFault, match=re.escape(f"chmod 600 {path}")):
        load_issuer(path)


def _elliptic() -> bytes:
    key = generate_private_key(SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(("content", "says"), [(b"not a key", "PEM"), (_elliptic(), "Ed25519")])
def test_a_file_that_is_no_key_of_ours_is_named(tmp_path: Path, content: bytes, says: str):
    path = tmp_path / "issuer.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFault, match=says):
        load_issuer(path)


def test_a_missing_key_says_how_to_make_one(tmp_path: Path):
    with pytest.raises(KeyFault, match="keygen"):
        load_issuer(tmp_path / "none.pem")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path):
    with pytest.raises(KeyFault, match="cannot be written"):
        save_private(tmp_path / "no" / "issuer.pem", generate())
    with pytest.raises(KeyFault, match="cannot be written"):
        save_public(tmp_path / "no" / "ring", bytes(32))


def test_a_ring_holds_old_and_new_keys(tmp_path: Path):
    old, new, path = Issuer(generate()), Issuer(generate()), tmp_path / "ring.txt"
    save_public(path, old.public_key, "蠡湖 2025")
    path.write_text(path.read_text() + "\n# a remark of its own\n")
    save_public(path, new.public_key)
    assert load_ring([path]) == {old.key_id: old.public_key, new.key_id: new.public_key}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("00000000 " + "00" * 32, "does not belong"),
        ("00000000 0011", "64 hex digits, not 4"),
        ("word", "KEYID and 64"),
        ("zz 00", "KEYID and 64"),
    ],
)
def test_a_wrong_line_of_a_ring_is_named(tmp_path: Path, line: str, says: str):
    path = tmp_path / "ring.txt"
    path.write_text(ring_line(Issuer(generate()).public_key) + line + "\n")
    with pytest.raises(KeyFault, match=f"line 2: .*{says}"):
        load_ring([path])


def test_a_ring_that_is_not_there_or_not_text_is_named(tmp_path: Path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name in ("none", "binary"):
        with pytest.raises(KeyFault, match=name):
            load_ring([tmp_path / name])


def test_a_secret_is_kept_for_its_owner_only_and_loads_again(tmp_path: Path):
    path = tmp_path / "chips.secret"
    save_secret(path, bytes(range(32)))
    assert load_secret(path) == bytes(range(32))
    path.chmod(0o604)
    with pytest.raises(KeyFault, match="chmod 600"):
        load_secret(path)


@pytest.mark.parametrize(("content", "says"), [(b"zz", "hex digits"), (b"0011", "64 hex digits, not 4")])
def test_a_file_that_is_no_secret_is_named(tmp_path: Path, content: bytes, says: str):
    path = tmp_path / "chips.secret"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFault, match=says):
        load_secret(path)
