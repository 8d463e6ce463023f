"""What a projection gives back: shifts, and what is to be said about single events."""

from dataclasses import dataclass
from enum import StrEnum

from server.domain.facts import Shift


class NoteCode(StrEnum):
    """What became of an event that is no end of a shift, or not what the kiosk showed."""

    REPEATED = "repeated"
    """So close to the person's last tap that it is the same intention: opens and closes nothing."""
    NOT_COUNTED = "not_counted"
    """Shown as refused or already done, or set aside by staff."""
    DOUBTFUL = "doubtful"
    """Contradicted or quarantined: evidence, without credit."""
    UNDONE = "undone"
    SHOWN_DIFFERS = "shown_differs"
    CHECKPOINT_WITHOUT_ROUND = "checkpoint_without_round"
    END_WITHOUT_SHIFT = "end_without_shift"
    TEAM_ALREADY_OPEN = "team_already_open"
    """The leader named a member who had started already."""
    TEAM_NOTHING_TO_CLOSE = "team_nothing_to_close"
    TOUCH_WITHOUT_TAP = "touch_without_tap"
    """Speaks about a tap that has not arrived, is another person's or too long ago."""


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One thing to say about one event."""

    event_id: str
    code: NoteCode
    detail: str = ""
    shift_id: str = ""


@dataclass(frozen=True, slots=True)
class Projection:
    """One person's shifts in order of start, and notes on events, both independent of arrival."""

    shifts: tuple[Shift, ...]
    notes: tuple[Note, ...]
