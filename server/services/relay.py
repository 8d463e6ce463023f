"""Running a conversation with a chip that lies far away: as many frames at once as can be foreseen. Pure.

A conversation is replayed from its first frame with the answers that have come, so the server need remember
nothing between two messages: any worker can go on, also after a restart. Behind the last answer it is led on
with *expected* answers. The kiosk stops at the first answer that is another one, so a wrong guess costs one
more message and is never acted upon.
"""

from collections.abc import Sequence
from typing import Protocol

from card_tools.errors import CardError
from card_tools.writer import ACK, FIRST_DATA_PAGE, PAGE, Conversation, Issued
from server.contract.desk import Frame

MOST_FRAMES = 64
"""In one message; also the most work that a lost answer can leave unreported."""


class Guess(Protocol):
    """What a chip will probably answer."""

    def learn(self, command: bytes, answer: bytes) -> None:
        """Take in what it answered."""

    def of(self, command: bytes) -> bytes | None:
        """Its probable answer; None when nobody can know."""


class NtagGuess:
    """An NTAG21x: pages read or written are as they were, others are empty, writing succeeds."""

    def __init__(self, pack: bytes) -> None:
        self._pack = pack
        self._pages: dict[int, bytes] = {}

    def learn(self, command: bytes, answer: bytes) -> None:
        """Remember pages."""
        if command[:1] == b"\x30" and len(answer) == 4 * PAGE:
            for place in range(4):
                self._pages[command[1] + place] = answer[place * PAGE :][:PAGE]
        elif command[:1] == b"\xa2" and answer == bytes([ACK]):
            self._pages[command[1]] = command[2:]

    def of(self, command: bytes) -> bytes | None:
        """Foresee all but what only the chip knows: its version and its UID."""
        match command[0]:
            case 0xA2:
                return bytes([ACK])
            case 0x1B:
                return self._pack
            case 0x30 if command[1] >= FIRST_DATA_PAGE:
                wanted = range(command[1], command[1] + 4)
                return b"".join(self._pages.get(page, bytes(PAGE)) for page in wanted)
        return None


class ChallengeGuess:
    """An NTAG 424 DNA: only selecting can be foreseen, since it answers all else under fresh keys."""

    def learn(self, command: bytes, answer: bytes) -> None:
        """Nothing."""

    def of(self, command: bytes) -> bytes | None:
        """Foresee a selection."""
        return b"\x90\x00" if command[:2] == b"\x00\xa4" else None


def advance(conversation: Conversation, answers: Sequence[bytes], guess: Guess) -> tuple[Frame, ...] | Issued:
    """The frames that come next, or the end; raises :class:`CardError` when the answers led to one."""
    try:
        command = next(conversation)
        for answer in answers:
            guess.learn(command, answer)
            command = conversation.send(answer)
        return _foreseen(conversation, command, guess)
    except StopIteration as done:
        issued: Issued = done.value
        return issued
    finally:
        conversation.close()


def _foreseen(conversation: Conversation, command: bytes, guess: Guess) -> tuple[Frame, ...]:
    frames: list[Frame] = []
    try:
        while len(frames) < MOST_FRAMES:
            expect = guess.of(command)
            frames.append(Frame(command, expect))
            if expect is None:
                break
            guess.learn(command, expect)
            command = conversation.send(expect)
    except (StopIteration, CardError):
        pass  # as far as can be foreseen; the true answers will tell
    return tuple(frames)
