"""Under which key a roster files a chip that is known by its number alone.

Such a number is no secret, and there are few: some 40 bits of an NTAG vary, and 32 of an old city card.
Under a plain hash, whoever steals a kiosk's disk finds them all in hours (SHA-256: 10 thousand million
guesses a second on one graphics card), and gives each to a card whose number may be set. A secret in the
hash would lie on the same disk. So the hash is slow and needs memory: scrypt (RFC 7914), 8 MiB, salted with
the community. A kiosk pays for each card once while it runs.
"""

import hashlib
from functools import lru_cache

from server.contract.wire import lookup_key

COST, BLOCK, LANES = 1 << 13, 8, 1
"""scrypt's N, r and p: 128 · N · r bytes of memory."""
MEMORY = 16 << 20
"""The most that the library may take."""
KEPT = 4096


@lru_cache(KEPT)
def chip_key(community_id: str, uid: bytes) -> str:
    """The key of a chip's UID; slow on purpose, and remembered while the program runs."""
    salt = lookup_key(community_id, "salt", b"yika-chip-1").encode()
    return hashlib.scrypt(uid, salt=salt, n=COST, r=BLOCK, p=LANES, maxmem=MEMORY, dklen=16).hex()
