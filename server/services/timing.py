"""Corrected times of one journal, looking no farther back than what can change (server/domain/time.py).

Two ways in. Without a new sample, nothing before the last believed synced event can change: its own reading
is a sample. With a new sample, boots without samples before and after it may move: the whole journal is read.
"""

from collections.abc import Iterable, Sequence

from server.domain.time import Corrected, Reading, Sample, correct
from server.services.acting import Row, Uow

Journal = tuple[str, str]


def retimed(uow: Uow, journal: Journal, fresh: Sequence[Row], *, sampled: bool) -> dict[int, Corrected]:
    """Corrected times by place, for the fresh rows and for all stored ones that may have moved."""
    low, floor = _start(uow, journal, fresh, sampled=sampled)
    rows = [*uow.events.readings(journal, low), *fresh]
    times = corrected_times(rows, samples_of(uow, journal))
    return {seq: _not_before(found, floor) for seq, found in times.items()}


def corrected_times(rows: Iterable[Row], samples: Sequence[Sample]) -> dict[int, Corrected]:
    """Corrected times by place from rows of ``events`` and samples."""
    readings = [
        Reading(
            seq=row["seq"],
            boot_id=row["boot_id"],
            uptime_ms=row["uptime_ms"],
            wall=row["wall"],
            clock=row["clock"],
        )
        for row in rows
        if row["boot_id"]
    ]
    return correct(readings, samples) if readings else {}


def samples_of(uow: Uow, journal: Journal) -> list[Sample]:
    """The server's samples of one journal's boots."""
    rows = uow.rows("clock_samples").rows("fact_seq", kiosk_id=journal[0], journal_id=journal[1])
    return [as_sample(row) for row in rows]


def as_sample(row: Row) -> Sample:
    """A row of ``clock_samples`` as the rules of time see it."""
    return Sample(
        boot_id=row["boot_id"], uptime_ms=row["uptime_ms"], at=row["server_time"], seq=row["last_seq"]
    )


def _start(uow: Uow, journal: Journal, fresh: Sequence[Row], *, sampled: bool) -> tuple[int, int | None]:
    if sampled or not fresh:
        return 0, None
    found = uow.events.last_believed(journal, min(row["seq"] for row in fresh))
    return found if found else (0, None)


def _not_before(found: Corrected, floor: int | None) -> Corrected:
    """Along a journal time never falls: not below what came before the window either."""
    if floor is None or found.at >= floor:
        return found
    return Corrected(floor, found.uncertainty + floor - found.at, found.sure)
