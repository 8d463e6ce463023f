"""The slow key of a chip's number."""

from server.contract.lookup import chip_key
from server.contract.wire import lookup_key

UID = bytes.fromhex("04A1B2C3D4E5F6")


def test_a_chips_key_is_its_own_in_its_own_community():
    keys = {chip_key(community, uid) for community in ("a", "b") for uid in (UID, UID[:4], bytes(7))}
    assert len(keys) == 6
    assert all(len(key) == 32 and int(key, 16) >= 0 for key in keys)


def test_it_is_the_same_in_every_run_and_not_the_quick_one():
    """Cards are filed under it for years: another cost would lose them all."""
    assert chip_key("meihu", UID) == "d247f4db4ee6b67ccfe1b10002671486"
    assert chip_key("meihu", UID) != lookup_key("meihu", "uid", UID)
