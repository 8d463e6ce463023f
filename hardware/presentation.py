"""When a card in front of a reader is one presentation: first seen, read, told once, gone.

Knows no reader and no library: a device says what it sees at each look, and what a card has to say.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from hardware.ports import ContentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long the reader waits for what; one place for all its times."""

    poll_s: float = 0.02
    """Between two calls for a card."""
    gone_ms: int = 300
    """A card not seen for this long has gone; shorter gaps are the flicker of a card held at the edge."""
    give_up_ms: int = 2000
    """A card that lies there and cannot be read for this long is told as unreadable."""
    tries: int = 3
    """So many strange answers make a card that nobody understands: then its UID alone counts."""
    answer_ms: int = 500
    """The least that a reader on a serial line is given to answer: nfcpy's 100 ms for an acknowledgement is
    plenty for the chip, but not for a machine that is busy with something else."""
    glitches: int = 3
    """So many bad answers of the reader in a row make it lost."""
    backoff_s: Sequence[float] = (0.25, 0.5, 1.0, 2.0, 5.0)
    """Pauses between attempts to open the reader; the last one repeats."""
    outage_ms: int = 3000
    """A card that lay there before the reader was lost for less than this, and still does, is no new one."""
    idle_s: float = 600.0
    """After so long without a card a serial reader is initialised anew (nfcpy#62: detection slows down)."""


@dataclass(slots=True)
class Learned:
    """What one attempt to read a card brought."""

    content: bytes = b""
    kind: ContentKind = ContentKind.NONE
    proof: Mapping[str, Any] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    note: str = ""
    sure: bool = True
    """Whether the content, or that there is none, is the card's own word and not an accident on the air."""
    strange: bool = False
    """Whether the card was not understood: when that happens again, the card is like that."""
    asked: bool = True
    """Whether the interrogator had its say to the end."""


class Seen(NamedTuple):
    """A card that answered a look."""

    key: bytes
    """What stays the same while it lies there, also when its UID does not."""
    uid: bytes
    target: Any
    """What the device knows it by."""


class Device(Protocol):
    """An opened reader."""

    def sense(self) -> Seen | None:
        """Call for a card and select it; ``None`` when there is none."""

    def read(self, target: Any, *, hurried: bool) -> Learned:
        """What the selected card says; ``hurried`` in a way that may fail where the plain way does not."""


@dataclass(slots=True)
class Presentation:
    """One card from its first sight until it has gone."""

    uid: bytes
    since: int
    seen: int
    absent_since: int | None = None
    told: bool = False
    tries: int = 0
    learned: Learned | None = None


Tell = Callable[[Presentation, Learned, int], None]
"""Told once of each presentation: what was learned, and when."""


class Watch:
    """Follows the cards in front of the reader, also when that has to be opened again."""

    def __init__(self, patience: Patience, clock_uptime_ms: Callable[[], int], tell: Tell) -> None:
        self._patience, self._clock, self._tell = patience, clock_uptime_ms, tell
        self._device: Device | None = None
        self._present: dict[bytes, Presentation] = {}
        self._busy_at = 0

    def opened(self, device: Device) -> None:
        """Go on with this device; a card that was there just before and still is, is no new one."""
        now = self._clock()
        self._device, self._busy_at = device, now
        short = self._patience.outage_ms
        self._present = {key: one for key, one in self._present.items() if now - one.seen <= short}

    def idle_ms(self) -> int:
        """How long no card has been there."""
        return self._clock() - self._busy_at

    def look(self) -> None:
        """Call for a card once, and do what is due."""
        assert self._device is not None
        now, seen = self._clock(), self._device.sense()
        self._part(seen.key if seen else b"", now)
        if seen is None:
            return
        self._busy_at = now
        presentation = self._present.setdefault(seen.key, Presentation(seen.uid, since=now, seen=now))
        presentation.seen, presentation.absent_since = now, None
        if not presentation.told:
            self._attend(self._device, presentation, seen.target)

    def _part(self, key: bytes, now: int) -> None:
        """Forget the cards that have been looked for in vain for long enough.

        One that was not read yet has gone at once when another card takes its place: told later, its failure
        would cover the other's success on the screen.
        """
        for other, presentation in list(self._present.items()):
            if other == key:
                continue
            if presentation.absent_since is None:
                presentation.absent_since = now
            replaced = bool(key) and not presentation.told
            if replaced or now - presentation.absent_since >= self._patience.gone_ms:
                del self._present[other]
                if not presentation.told:
                    self._tell_torn(presentation, now)

    def _tell_torn(self, presentation: Presentation, now: int) -> None:
        learned = presentation.learned or Learned(kind=ContentKind.UNREADABLE)
        learned.note = "torn away"
        self._tell_once(presentation, learned, now)

    def _attend(self, device: Device, presentation: Presentation, target: Any) -> None:
        """One attempt at reading; tells the presentation when it brought an answer."""
        presentation.tries += 1
        learned = device.read(target, hurried=presentation.tries == 1)
        now = self._clock()
        if learned.sure:
            presentation.learned = learned
        settled = learned.sure or (learned.strange and presentation.tries >= self._patience.tries)
        if settled and learned.asked:
            self._tell_once(presentation, learned, now)
        elif now - presentation.since >= self._patience.give_up_ms:
            fallback = Learned(kind=ContentKind.UNREADABLE, evidence=learned.evidence)
            fallback.note = "lies there, but does not answer"
            self._tell_once(presentation, presentation.learned or fallback, now)

    def _tell_once(self, presentation: Presentation, learned: Learned, now: int) -> None:
        presentation.told = True
        self._tell(presentation, learned, now)
