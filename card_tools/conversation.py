"""Talking with a chip without a reader: a generator yields a command and is sent the answer (sans-I/O).

Whatever can transceive runs it: a reader's interrogator while the card lies there, a chip in memory, or a
connection to a reader elsewhere.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

Done = TypeVar("Done")
Transceive = Callable[[bytes], bytes]
"""Takes a whole command, gives the whole answer."""


@dataclass(frozen=True, slots=True)
class Issued:
    """What was done: the chip's kind, and how many writes that took (0: it was all there)."""

    model: str
    pages_written: int


Conversation = Generator[bytes, bytes, Issued]
"""A card being issued."""


def converse(conversation: Generator[bytes, bytes, Done], transceive: Transceive) -> Done:
    """Run a conversation with a chip; what ``transceive`` raises ends it, and it can be begun again."""
    try:
        command = next(conversation)
        while True:
            command = conversation.send(transceive(command))
    except StopIteration as done:
        result: Done = done.value
        return result
    finally:
        conversation.close()
