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

Every rule looks only as far as the nearest evidence, so that a history that is long enough to hold some need
not be timed again for each push: :func:`correct_after`.

The result depends on the sets of readings and samples only, never on the order in which they came.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

PPM = 100
DISBELIEF_MS = 5_000
"""A synced reading farther than this (and drift) from the server's samples is not taken for a sample."""
LATE_PPM = 500
"""How far a crystal may be off before a push is taken for late; none is."""
UNBOUNDED = 366 * 24 * 3_600_000
"""The uncertainty where nothing bounds a boot on one side: a year."""


class Reading(NamedTuple):
    """A kiosk's clocks as one event recorded them; in order of place, then by what they say."""

    seq: int
    uptime_ms: int
    wall: int
    clock: str
    boot_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A boot's uptime and the server's time at the same moment."""

    boot_id: str
    uptime_ms: int
    at: int
    """The server's clock when the push came in."""
    seq: int = 0
    """The last event that was in the journal for certain when the sample was taken (0: it was empty)."""

    def was_late(self, following: "Sample") -> bool:
        """Whether this push was slow: the next of its boot came sooner than the kiosk aged meanwhile."""
        return self._behind(following) < -self._slack(following)

    def stands_out(self, before: "Sample", following: "Sample | None") -> bool:
        """Whether it came later after the one before than the kiosk aged, and the next agrees with that one.

        After weeks of drift the next may be as far off as a slow push: it agrees with the nearer one.
        """
        if before._behind(self) <= before._slack(self):
            return False
        return following is None or abs(before._behind(following)) < abs(self._behind(following))

    def _behind(self, following: "Sample") -> int:
        """How much more the server's clock went than the kiosk's, from this sample to a later one."""
        return (following.at - self.at) - (following.uptime_ms - self.uptime_ms)

    def _slack(self, following: "Sample") -> int:
        return DISBELIEF_MS + (following.uptime_ms - self.uptime_ms) * LATE_PPM // 1_000_000


class Corrected(NamedTuple):
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
    samples = _in_time(samples)
    return _never_falling(_placed(_boots(readings, samples), samples), samples)


def correct_after(
    known: tuple[Reading, Corrected], later: Sequence[Reading], samples: Sequence[Sample]
) -> dict[int, Corrected] | None:
    """As :func:`correct`, for one reading whose time is known and all behind it; None if that is too little.

    It is enough when nothing that is given here can have moved the known time or any before it:

    * the server has timed that boot up to the known reading: by a sample taken when it was the journal's
      last, or since it is a sample itself; and that boot's uptime only rose from there on;
    * its time comes out as it was known, and not below what it or those samples say: so nothing before it
      stands later, and no limit from behind it reaches it.

    ``samples`` are those taken at the known reading's place or later; of its own boot also those since its
    uptime, and the one before; of other boots all, where one is among these or a later reading is theirs.
    Boots must not alternate along the journal: one with two histories is corrected as a whole.
    """
    samples = _in_time(samples)
    reading, before = known
    boots = _placed(_boots([reading, *later], samples), samples)
    home = boots[0]
    taken = [s for s in samples if s.seq == reading.seq]
    since = min((s.uptime_ms for s in taken if s.boot_id == reading.boot_id), default=None)
    if reading.clock == "synced" and (reading.uptime_ms,) in {point[:1] for point in home.line}:
        since = reading.uptime_ms
    if not home.told or since is None or any(r.uptime_ms <= since for r in home.readings[1:]):
        return None
    found = _never_falling(boots, samples)
    edge = min([home.corrected(reading).at, *(s.at for s in taken)])
    return found if found[reading.seq] == before and before.at == edge else None


def _in_time(samples: Sequence[Sample]) -> list[Sample]:
    """Without those whose push was slow on its way, as late copies are.

    The next of the same boot tells it; or the one before, with which the next agrees, if there is one. Where
    from some sample on all stand later, it was the server's clock that had been wrong.
    """
    said = {_said(sample): sample for sample in samples}
    late = set()
    for _, names in groupby(sorted(said), key=lambda name: name[0]):
        turns = [said[name] for name in names]
        for before, this, following in zip([None, *turns], turns, [*turns[1:], None], strict=False):
            if (following and this.was_late(following)) or (before and this.stands_out(before, following)):
                late.add(_said(this))
    return [sample for sample in samples if _said(sample) not in late]


def _said(sample: Sample) -> tuple[str, int, int]:
    """What a sample says, in order of uptime; of two at one uptime the later comes first."""
    return sample.boot_id, sample.uptime_ms, -sample.at


def _placed(boots: list[_Boot], samples: Sequence[Sample]) -> list[_Boot]:
    for index, boot in enumerate(boots):
        if not boot.line:
            boot.place = _place(boots, index, samples)
    return boots


def _boots(readings: Iterable[Reading], samples: Iterable[Sample]) -> list[_Boot]:
    by_boot: dict[str, list[Reading]] = {}
    for reading in sorted(set(readings)):
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
            return boot.corrected(boot.readings[-1]).at + spent
        spent += boot.span
    return max(first) + spent if first else None


def _upper(boot: _Boot, later: list[_Boot], samples: Sequence[Sample]) -> int | None:
    """The latest this boot can have begun: so that all of it fits before a later boot of known time.

    Each boot's first sample behind this one says when that boot began; later ones would only add drift.
    """
    last_seq = boot.readings[-1].seq
    first_of: dict[str, tuple[int, int]] = {}
    for s in samples:
        if s.seq >= last_seq:
            said = (s.uptime_ms, s.at - s.uptime_ms)
            first_of[s.boot_id] = min(said, first_of.get(s.boot_id, said))
    limits = [start - boot.span for _, start in first_of.values()]
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
    return corrected._replace(at=at, uncertainty=corrected.uncertainty + abs(at - corrected.at))
