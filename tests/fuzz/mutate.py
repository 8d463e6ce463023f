"""Making new inputs from old ones: seeded, so that a number names an input for ever."""

from collections.abc import Callable, Sequence
from random import Random

LONGEST = 4096
_EDGES = (0x00, 0x01, 0x0A, 0x0D, 0x20, 0x22, 0x2C, 0x7F, 0x80, 0xFE, 0xFF)

Change = Callable[[bytearray, Random, Sequence[bytes], Sequence[bytes]], None]


def _flip(data: bytearray, chance: Random, _pool: Sequence[bytes], _tokens: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _set(data: bytearray, chance: Random, _pool: Sequence[bytes], _tokens: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.choice(_EDGES)


def _any(data: bytearray, chance: Random, _pool: Sequence[bytes], _tokens: Sequence[bytes]) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.randrange(256)


def _cut(data: bytearray, chance: Random, _pool: Sequence[bytes], _tokens: Sequence[bytes]) -> None:
    del data[chance.randrange(len(data) + 1) :]


def _drop(data: bytearray, chance: Random, _pool: Sequence[bytes], _tokens: Sequence[bytes]) -> None:
    start = chance.randrange(len(data) + 1)
    del data[start : start + 1 + chance.randrange(8)]


def _insert(data: bytearray, chance: Random, _pool: Sequence[bytes], _tokens: Sequence[bytes]) -> None:
    at = chance.randrange(len(data) + 1)
    data[at:at] = chance.randbytes(1 + chance.randrange(8))


def _repeat(data: bytearray, chance: Random, _pool: Sequence[bytes], _tokens: Sequence[bytes]) -> None:
    start = chance.randrange(len(data) + 1)
    piece = data[start : start + 1 + chance.randrange(32)]
    data[start:start] = piece * (1 + chance.randrange(4))


def _token(data: bytearray, chance: Random, _pool: Sequence[bytes], tokens: Sequence[bytes]) -> None:
    at, token = chance.randrange(len(data) + 1), chance.choice(tokens)
    data[at : at + chance.choice((0, len(token)))] = token


def _splice(data: bytearray, chance: Random, pool: Sequence[bytes], _tokens: Sequence[bytes]) -> None:
    other = chance.choice(pool)
    data[chance.randrange(len(data) + 1) :] = other[chance.randrange(len(other) + 1) :]


_CHANGES: tuple[Change, ...] = (_flip, _flip, _set, _any, _cut, _drop, _insert, _repeat, _splice)
_WITH_TOKENS: tuple[Change, ...] = (*_CHANGES, _token, _token)


def mutated(pool: Sequence[bytes], tokens: Sequence[bytes], chance: Random) -> bytes:
    """One input: a seed with one to four changes."""
    data = bytearray(chance.choice(pool))
    changes = _WITH_TOKENS if tokens else _CHANGES
    for _ in range(1 + chance.randrange(4)):
        chance.choice(changes)(data, chance, pool, tokens)
    return bytes(data[:LONGEST])
