"""Corrected times of one journal, looking no farther back than what can change (server/domain/time.py).

Nothing up to an *anchor* can change: an event that was the journal's last when its boot's clock was sampled,
or, when a push brings no new sample, one that was believed. What is read is the journal from there on. Only
where the evidence contradicts itself, or where two histories share one journal, the whole is read.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from server.domain.time import Corrected, Reading, Sample, correct, correct_after
from server.services.acting import Row, Uow

TRIES = 3
"""Anchors that are tried before the whole journal is read."""


@dataclass(frozen=True, slots=True)
class Journal:
    """One chain of a kiosk, and the place from which it has two histories."""

    kiosk_id: str
    journal_id: str
    fork_seq: int | None

    @property
    def key(self) -> tuple[str, str]:
        """What names it."""
        return self.kiosk_id, self.journal_id


@dataclass(frozen=True, slots=True)
class Heard:
    """A push's new clock sample, and the one of the same boot before it."""

    sample: Row
    previous: Row | None

    @property
    def previous_was_late(self) -> bool:
        """Whether this one proves that the push before was slow on its way."""
        return self.previous is not None and as_sample(self.previous).was_late(as_sample(self.sample))


@dataclass(frozen=True, slots=True)
class Retimed:
    """Corrected times by place, and the stored events (clocks and old times) that were looked at."""

    times: dict[int, Corrected]
    stored: list[Row]


def retimed(uow: Uow, journal: Journal, fresh: Sequence[Row], heard: Heard | None) -> Retimed:
    """Times for the fresh rows and for all stored ones that may have moved."""
    for anchor, low in _anchors(uow, journal, fresh, heard):
        stored = uow.events.readings(journal.key, anchor["seq"])
        boots = {row["boot_id"] for row in (*stored, *fresh)} - {anchor["boot_id"]}
        samples = [as_sample(row) for row in uow.clocks.near(journal.key, anchor, low, boots)]
        known = _reading(anchor), Corrected(anchor["at"], anchor["uncertainty"], sure=True)
        times = correct_after(known, _readings([*stored[1:], *fresh]), samples)
        if times is not None:
            return Retimed(times, stored)
    stored = uow.events.readings(journal.key, 0)
    return Retimed(corrected_times([*stored, *fresh], samples_of(uow, journal.key)), stored)


def corrected_times(rows: Iterable[Row], samples: Sequence[Sample]) -> dict[int, Corrected]:
    """Corrected times by place from rows of ``events`` and samples."""
    return correct(_readings(rows), samples)


def samples_of(uow: Uow, journal: tuple[str, str]) -> list[Sample]:
    """The server's samples of one journal's boots."""
    rows = uow.rows("clock_samples").rows("fact_seq", kiosk_id=journal[0], journal_id=journal[1])
    return [as_sample(row) for row in rows]


def as_sample(row: Row) -> Sample:
    """A row of ``clock_samples`` as the rules of time see it."""
    return Sample(
        boot_id=row["boot_id"], uptime_ms=row["uptime_ms"], at=row["server_time"], seq=row["last_seq"]
    )


def _anchors(
    uow: Uow, journal: Journal, fresh: Sequence[Row], heard: Heard | None
) -> Iterator[tuple[Row, int]]:
    """Anchors from the latest on, each with the place from which samples matter."""
    if journal.fork_seq is not None:
        return
    top = min((row["seq"] for row in fresh), default=1 << 53) - 1
    before = 1 << 53
    if heard is not None:
        sample, previous = heard.sample, heard.previous
        if previous is None:
            before = sample["server_time"] - sample["uptime_ms"]  # sampled before this boot began
        elif previous["uptime_ms"] < sample["uptime_ms"] and not heard.previous_was_late:
            top = min(top, previous["last_seq"])
        else:
            return
    found = uow.clocks.anchors(journal.key, top, before, TRIES + 1)
    if heard is None:
        low = found[0]["seq"] if found else 0
        believed = uow.events.last_believed(journal.key, low, top)
        if believed is not None:
            yield believed, low
    places = [*(row["seq"] for row in found[1:]), 0]
    for anchor, low in list(zip(found, places, strict=False))[:TRIES]:
        if heard is None or heard.sample["server_time"] >= anchor["at"]:
            yield anchor, low


def _readings(rows: Iterable[Row]) -> list[Reading]:
    return [_reading(row) for row in rows if row["boot_id"]]


def _reading(row: Row) -> Reading:
    return Reading(
        seq=row["seq"],
        boot_id=row["boot_id"],
        uptime_ms=row["uptime_ms"],
        wall=row["wall"],
        clock=row["clock"],
    )
