"""What the rest of Yika knows of hardware: readers, lights, voice, and the ways they can fail."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

Transceive = Callable[[bytes], bytes]
"""Sends one whole command to the card and returns its whole answer; raises :class:`CardTornAway`."""


class HardwareError(Exception):
    """Something of wood, wire or silicon does not do what it should; the message says what to change."""


class ReaderLost(HardwareError, ConnectionError):
    """The reader does not answer: unplugged, held by another program, or hung."""


class CardTornAway(HardwareError, TimeoutError):
    """The card left the field before the conversation was over."""


class DriverUnknown(HardwareError, LookupError):
    """No driver has this name."""


class LibraryMissing(HardwareError, ImportError):
    """A driver's library is not installed; the message names the extra to install."""


class SettingWrong(HardwareError, ValueError):
    """A setting of a driver has a value it cannot use."""


class ContentKind(StrEnum):
    """What a card or code said besides its UID."""

    NONE = "none"
    NDEF = "ndef"
    TEXT = "text"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRead:
    """One physical presentation of a card or code, however long it lay there."""

    medium: str
    """``nfc`` or ``qr``."""
    uid: bytes = b""
    """The chip's UID; empty for a code."""
    content: bytes = b""
    """The NDEF message, or the text of a code in UTF-8."""
    content_kind: ContentKind = ContentKind.NONE
    proof: Mapping[str, Any] = field(default_factory=dict)
    """What an interrogator learned while the card lay there (a 424's answer); empty when none asked."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """How it was read: chip type, tries, milliseconds; for logs and selftest."""
    reader: str = ""
    uptime_ms: int = 0


class Interrogator(Protocol):
    """Talks with a card on the reader's own thread while it lies there; ``None`` when it has no question."""

    def __call__(self, uid: bytes, ndef: bytes, transceive: Transceive) -> Mapping[str, Any] | None:
        """Return what was learned; may raise :class:`CardTornAway`."""


class CardReader(Protocol):
    """A source of card reads with its own thread.

    MUST: deliver each presentation once, in order; report loss and return through ``on_state``; return from
    ``stop`` within two seconds with the device closed. MAY: call an interrogator.
    """

    name: str

    def start(
        self,
        on_read: Callable[[CardRead], None],
        on_state: Callable[[str, "ReaderState"], None],
        interrogator: Interrogator | None = None,
    ) -> None:
        """Begin reading; returns at once."""

    def stop(self) -> None:
        """Stop reading and close the device."""


CodeScanner = CardReader
"""A scanner of printed or shown codes keeps the same contract and yields ``medium="qr"``."""


class ReaderState(StrEnum):
    """Whether a reader can be trusted to see the next card."""

    READY = "ready"
    LOST = "lost"


class Indicator(Protocol):
    """Lights and buzzer: shows an outcome, or its kind (``accepted repeated refused broken``), at once."""

    def show(self, outcome: str) -> None:
        """Begin to show one outcome without blocking; a newer one replaces it."""

    def close(self) -> None:
        """Switch everything off."""


class Voice(Protocol):
    """Speaks one sentence without blocking; a newer sentence cuts the older one off."""

    def say(self, key: str, text: str, language: str) -> None:
        """Say ``text``; ``key`` names the outcome, so that a recorded clip can stand in for it."""

    def close(self) -> None:
        """Stop speaking."""
