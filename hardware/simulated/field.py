"""The radio field of a simulated reader: one card may lie in it, and it may be torn away in mid-sentence."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class Nibble(bytes):
    """An answer of four bits (ACK ``0A``, NAK ``00 01 04 05``): sent without a checksum, in one byte here."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What ISO/IEC 14443-3 type A anticollision tells about a card."""

    uid: bytes
    """4, 7 or 10 bytes, without cascade tags."""
    sens_res: bytes
    """Two bytes in the order in which they cross the air (an NTAG's are ``44 00``)."""
    sel_res: int
    """SAK of the last cascade level."""


class VirtualCard(Protocol):
    """A card on the level of its frames, without their checksums."""

    def activate(self) -> Identity | None:
        """Power up or wake up, and be selected; everything volatile is forgotten. None: no card of type A."""

    def frame(self, data: bytes) -> bytes | None:
        """Answer one frame; ``None`` is silence."""


class Field:
    """Where a hand puts cards and takes them away, while a chip speaks with them; safe between threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._card: VirtualCard | None = None
        self._selected = False
        self._left: int | None = None
        self.frames = 0
        """How often the chip spoke to the field, answered or not."""
        self.looks = 0
        """How often the chip called for a card of type A, found or not."""
        self.history: deque[tuple[bytes, bytes | None]] = deque(maxlen=1000)
        """The latest frames and their answers; a selection is kept as ``26`` and the UID."""

    def put(self, card: VirtualCard, *, frames: int | None = None) -> None:
        """Lay a card down in place of any other; after so many ``frames`` it is torn away."""
        with self._changed:
            self._card, self._left, self._selected = card, frames, False
            self._changed.notify_all()

    def take(self) -> VirtualCard | None:
        """Take the card away, and return it."""
        with self._changed:
            card, self._card, self._selected = self._card, None, False
            self._changed.notify_all()
            return card

    @property
    def card(self) -> VirtualCard | None:
        """The card that lies here now."""
        with self._changed:
            return self._card

    def wait_for(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Wait until ``condition`` holds; it is asked again after every frame and every move of a card."""
        with self._changed:
            return self._changed.wait_for(condition, timeout)

    def off(self) -> None:
        """Switch the carrier off: the card loses its power."""
        with self._changed:
            self._selected = False

    def select(self, uid: bytes | None = None) -> Identity | None:
        """Call for a card (one with this ``uid``, if given) and select it; ``None`` when none answers."""
        with self._changed:
            self.looks += 1
            identity = self._card.activate() if self._card and self._counted() else None
            if identity and uid and uid != identity.uid:
                identity = None
            self._selected = identity is not None
            self._record(b"\x26", identity.uid if identity else None)
            return identity

    def poll(self, request: bytes) -> bytes | None:
        """Call for a FeliCa card, and go on with it: what it answers to polling; ``None`` when none does."""
        with self._changed:
            poll = getattr(self._card, "poll", None)
            answer: bytes | None = poll(request) if poll and self._counted() else None
            self._selected = answer is not None
            self._record(request, answer)
            return answer

    def exchange(self, data: bytes) -> bytes | None:
        """Say one frame to the selected card; ``None`` is silence."""
        with self._changed:
            card = self._card if self._selected and self._counted() else None
            answer = card.frame(data) if card else None
            self._record(data, answer)
            return answer

    def _counted(self) -> bool:
        """Whether the card is still there for the frame that begins."""
        if self._left is None:
            return True
        if self._left <= 0:
            self._card, self._selected, self._left = None, False, None
            return False
        self._left -= 1
        return True

    def _record(self, data: bytes, answer: bytes | None) -> None:
        self.frames += 1
        if answer is not None or self._card is not None:
            self.history.append((bytes(data), answer))
        self._changed.notify_all()
