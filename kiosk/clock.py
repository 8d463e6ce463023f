"""The kiosk's clocks: a Raspberry Pi has no battery, so the wall clock is only believed for a reason.

A reason is a server's signed time in this boot, or the kernel's word that NTP set the clock. The server's
word wins: it is the clock that everything is counted by. Either holds until the clock may have gone
16 s astray since: the kernel itself withdraws its word then (NTP_PHASE_LIMIT), and so do we.
"""

import ctypes
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.contract.wire import ClockSample

BORN = 1_767_225_600_000
"""2026-01-01: a clock that shows less was never set, whatever it says of itself."""
STALE_MS = 3_600_000
"""After an hour a sample with a longer round trip replaces the old one, since quartz drifts."""
LASTS_MS = 160_000_000
"""44 hours: 16 s at 100 ppm, the most that a Raspberry Pi's quartz is off (design.md §4.8)."""
_CLOCK_IS_NOT_SYNCED = 5  # TIME_ERROR of adjtimex(2)
_TIMEX = ctypes.c_char * 256  # struct timex; modes = 0 changes nothing
_C = ctypes.CDLL(None)


def wall_ms() -> int:
    """The system's wall clock."""
    return time.time_ns() // 1_000_000


def uptime_ms() -> int:
    """Time since boot, sleep included."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def boot_id() -> str:
    """What the kernel calls this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def ntp_synced() -> bool:
    """Whether the kernel says that something keeps its clock in step (adjtimex(2), asking only)."""
    return _C.adjtimex(_TIMEX()) not in (-1, _CLOCK_IS_NOT_SYNCED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where times come from."""

    wall_ms: Callable[[], int] = wall_ms
    uptime_ms: Callable[[], int] = uptime_ms
    ntp_synced: Callable[[], bool] = ntp_synced
    boot_id: str = ""


@dataclass(frozen=True, slots=True)
class _Offset:
    """Server time less time since boot, and the round trip it was learned over."""

    ms: int
    round_trip: int
    learned_at: int


class BootClock:
    """``kiosk.ports.Clock`` for one boot."""

    def __init__(self, sources: Sources | None = None) -> None:
        """Start without any knowledge."""
        self._sources = sources or Sources(boot_id=boot_id())
        self._lock = threading.Lock()
        self._offset: _Offset | None = None

    def sample(self) -> ClockSample:
        """All clocks at this moment."""
        uptime = self._sources.uptime_ms()
        with self._lock:
            offset = self._offset
        if offset is not None and uptime - offset.learned_at <= LASTS_MS:
            return self._sample(uptime, uptime + offset.ms, "synced")
        wall = self._sources.wall_ms()
        if wall >= BORN and self._sources.ntp_synced():
            return self._sample(uptime, wall, "synced")
        return self._sample(uptime, wall if offset is None else uptime + offset.ms, "unsynced")

    def _sample(self, uptime: int, wall: int, clock: str) -> ClockSample:
        return ClockSample(boot_id=self._sources.boot_id, uptime_ms=uptime, wall=wall, clock=clock)

    def learn(self, server_time: int, *, sent_uptime_ms: int, got_uptime_ms: int) -> None:
        """Take a signed server time, which was read somewhere between our sending and getting."""
        round_trip = got_uptime_ms - sent_uptime_ms
        middle = sent_uptime_ms + round_trip // 2
        with self._lock:
            held = self._offset
            better = held is None or round_trip <= held.round_trip
            if better or (held is not None and got_uptime_ms - held.learned_at > STALE_MS):
                self._offset = _Offset(server_time - middle, round_trip, got_uptime_ms)
