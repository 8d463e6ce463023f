"""When a tap really happened: from time since boot, and samples of the true time in the same boot.

A Raspberry Pi has no clock battery: its wall clock may stand in 1970, its time since boot is honest to about
100 ppm. One journal is corrected at a time:

* a *sample* ties one boot's uptime to the true time: a push against the server's clock, or an event whose
  clock was ``synced``. A kiosk that claims to be synced and contradicts the server's clock is not believed;
* between two samples the offset is interpolated, outside them the nearest holds; the uncertainty is 100 ppm
  of the distance to the nearest;
* a boot without samples lies between its neighbours: durations inside it stand, its place is the wall
  clock's guess moved inside those bounds, the uncertainty reaches to the farther bound, ``sure`` is false;
* along one journal time never falls: its order is ``seq``, whatever the clocks said.

The result depends on the sets of readings and samples only, never on the order in which they came.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

PPM = 100
DISBELIEF_MS = 5_000
"""A synced reading farther than this (and drift) from the server's samples is not taken for a sample."""
UNBOUNDED = 366 * 24 * 3_600_000
"""The uncertainty where nothing bounds a boot on one side: a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A kiosk's clocks as one event recorded them."""

    seq: int
    boot_id: str
    uptime_ms: int
    wall: int
    clock: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A boot's uptime and the server's time at the same moment."""

    boot_id: str
    uptime_ms: int
    at: int
    """The server's clock when the push came in."""
    seq: int = 0
    """The last event that was in the journal for certain when the sample was taken (0: it was empty)."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """When it happened: ``at`` ± ``uncertainty``; ``sure`` when its own boot holds a sample."""

    at: int
    uncertainty: int
    sure: bool


@dataclass(slots=True)
class _Boot:
    readings: list[Reading]
    line: list[tuple[int, int]]
    """(uptime, offset) of each sample, in order of uptime."""
    told: bool
    """Whether the server itself has timed this boot."""
    place: tuple[int, int] | None = None
    """(offset, uncertainty) of a boot without samples."""

    @property
    def span(self) -> int:
        return max(r.uptime_ms for r in self.readings)

    def corrected(self, reading: Reading) -> Corrected:
        if self.place is not None:
            return Corrected(self.place[0] + reading.uptime_ms, self.place[1], sure=False)
        offset, distance = _offset_at(self.line, reading.uptime_ms)
        return Corrected(reading.uptime_ms + offset, distance * PPM // 1_000_000, sure=True)


def correct(readings: Sequence[Reading], samples: Sequence[Sample]) -> dict[int, Corrected]:
    """The corrected time of each reading of one journal, by ``seq``."""
    boots = _boots(readings, samples)
    for index, boot in enumerate(boots):
        if not boot.line:
            boot.place = _place(boots, index, samples)
    return _never_falling(boots, samples)


def _boots(readings: Iterable[Reading], samples: Iterable[Sample]) -> list[_Boot]:
    by_boot: dict[str, list[Reading]] = {}
    for reading in sorted(set(readings), key=lambda r: (r.seq, r.uptime_ms, r.wall, r.clock, r.boot_id)):
        by_boot.setdefault(reading.boot_id, []).append(reading)
    told: dict[str, list[tuple[int, int]]] = {}
    for sample in samples:
        told.setdefault(sample.boot_id, []).append((sample.uptime_ms, sample.at - sample.uptime_ms))
    return [
        _Boot(found, _line(found, told.get(boot_id, [])), told=boot_id in told)
        for boot_id, found in by_boot.items()
    ]


def _line(readings: list[Reading], told: list[tuple[int, int]]) -> list[tuple[int, int]]:
    server = _points(told)
    own = [(r.uptime_ms, r.wall - r.uptime_ms) for r in readings if r.clock == "synced"]
    believed = [point for point in own if not server or _agrees(point, server)]
    return _points([*server, *believed])


def _points(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """One point an uptime: the smallest offset, since a slow network only ever makes it larger."""
    least: dict[int, int] = {}
    for uptime, offset in points:
        least[uptime] = min(offset, least.get(uptime, offset))
    return sorted(least.items())


def _agrees(point: tuple[int, int], server: list[tuple[int, int]]) -> bool:
    offset, distance = _offset_at(server, point[0])
    return abs(point[1] - offset) <= DISBELIEF_MS + distance * PPM // 1_000_000


def _offset_at(line: list[tuple[int, int]], uptime: int) -> tuple[int, int]:
    """The offset at an uptime, and the distance to the nearest sample; ``line`` comes from ``_points``."""
    # A boot has a point for each synced event, so that a scan for each event would be quadratic.
    place = bisect_left(line, (uptime,))
    if place < len(line) and line[place][0] == uptime:
        return line[place][1], 0
    if place in (0, len(line)):
        nearest = line[min(place, len(line) - 1)]
        return nearest[1], abs(nearest[0] - uptime)
    before, after = line[place - 1], line[place]
    share = (after[1] - before[1]) * (uptime - before[0]) // (after[0] - before[0])
    return before[1] + share, min(uptime - before[0], after[0] - uptime)


def _place(boots: list[_Boot], index: int, samples: Sequence[Sample]) -> tuple[int, int]:
    """Where a boot without samples lies: the offset of its start, and how far off that may be."""
    boot = boots[index]
    not_before = {other.readings[0].boot_id for other in boots[index:]}
    first = [s.at for s in samples if s.seq == 0 and s.boot_id not in not_before]
    lower, upper = _lower(boots[:index], first), _upper(boot, boots[index + 1 :], samples)
    guess = boot.readings[-1].wall - boot.readings[-1].uptime_ms
    if lower is None and upper is not None and guess < upper - UNBOUNDED:
        guess = upper  # years behind (1970): that clock was never set, and nothing else says how early
    if upper is not None:
        guess = min(guess, upper)
    if lower is not None:
        guess = max(guess, lower)
    if lower is None or upper is None:
        return guess, UNBOUNDED
    return guess, max(guess - lower, abs(upper - guess))


def _lower(earlier: list[_Boot], first: list[int]) -> int | None:
    """The earliest this boot can have begun: after the last known event, and the boots in between.

    With no event of known time before it, a sample serves that was taken while the journal was still empty
    (``first``): the kiosk had been set up and had synced by then.
    """
    spent = 0
    for boot in reversed(earlier):
        if boot.line:
            return max(boot.corrected(r).at for r in boot.readings) + spent
        spent += boot.span
    return max(first) + spent if first else None


def _upper(boot: _Boot, later: list[_Boot], samples: Sequence[Sample]) -> int | None:
    """The latest this boot can have begun: so that all of it fits before a later boot of known time."""
    last_seq = boot.readings[-1].seq
    limits = [s.at - s.uptime_ms - boot.span for s in samples if s.seq >= last_seq]
    spent = boot.span
    for other in later:
        if other.line:
            first = other.readings[0]
            limits.append(other.corrected(first).at - first.uptime_ms - spent)
            break
        spent += other.span
    return min(limits, default=None)


def _never_falling(boots: list[_Boot], samples: Sequence[Sample]) -> dict[int, Corrected]:
    """Along ``seq`` time never falls, and nothing happened after the server already held it.

    Where boots disagree the one that the server itself has timed stands: a kiosk whose NTP was wrong for an
    evening must not push a whole journal into next year.
    """
    found = [(r.seq, boot.corrected(r), boot.told) for boot in boots for r in boot.readings]
    found.sort(key=lambda entry: entry[0])
    limits = sorted((s.seq, s.at) for s in samples if s.seq > 0)
    cap: int | None = None
    capped: list[tuple[int, Corrected]] = []
    for seq, corrected, told in reversed(found):
        while limits and limits[-1][0] >= seq:
            cap = _least(cap, limits.pop()[1])
        if told:
            cap = _least(cap, corrected.at)
        capped.append((seq, _moved(corrected, _least(cap, corrected.at))))
    result: dict[int, Corrected] = {}
    latest = capped[-1][1].at if capped else 0
    for seq, corrected in reversed(capped):
        latest = max(latest, corrected.at)
        result[seq] = _moved(corrected, latest)
    return result


def _least(cap: int | None, at: int) -> int:
    return at if cap is None else min(cap, at)


def _moved(corrected: Corrected, at: int) -> Corrected:
    if at == corrected.at:
        return corrected
    return replace(corrected, at=at, uncertainty=corrected.uncertainty + abs(at - corrected.at))
