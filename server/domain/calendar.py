"""Days, months and working days in the community's zone (Asia/Shanghai, UTC+8 all year since 1991)."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

from server.contract.rules import HOUR

DAY = 24 * HOUR
_OFFSET = 8 * HOUR
_EPOCH = date(1970, 1, 1).toordinal()


def day_of(at: int) -> str:
    """The date (``YYYY-MM-DD``) in the community's zone at a moment."""
    return _date((at + _OFFSET) // DAY)


@lru_cache(maxsize=4096)
def _date(days: int) -> str:
    return date.fromordinal(_EPOCH + days).isoformat()


def day_start(day: str) -> int:
    """The first moment of a date in the community's zone."""
    return (date.fromisoformat(day).toordinal() - _EPOCH) * DAY - _OFFSET


def next_day(day: str, count: int = 1) -> str:
    """The date so many days later (earlier when negative)."""
    return (date.fromisoformat(day) + timedelta(days=count)).isoformat()


def period_of(day: str) -> str:
    """The ledger period (``YYYY-MM``) a date lies in."""
    return day[:7]


def next_period(period: str) -> str:
    """The month after a month."""
    year, month = int(period[:4]), int(period[5:])
    return f"{year + month // 12:04}-{month % 12 + 1:02}"


def is_working_day(day: str, exceptions: Mapping[str, bool]) -> bool:
    """Monday to Friday, unless the State Council's yearly notice says otherwise (放假 and 调休)."""
    return exceptions.get(day, date.fromisoformat(day).weekday() < 5)


def add_working_days(day: str, count: int, exceptions: Mapping[str, bool]) -> str:
    """The ``count``-th working day after a date; the date itself does not count. ``count`` is at least 1."""
    while count > 0:
        day = next_day(day)
        count -= is_working_day(day, exceptions)
    return day


def working_deadline(known_at: int, count: int, exceptions: Mapping[str, bool]) -> int:
    """The first moment after the ``count``-th working day that follows the day of ``known_at``."""
    return day_start(next_day(add_working_days(day_of(known_at), count, exceptions)))


def last_saturday(period: str) -> str:
    """The last Saturday of a month: the customary redemption day (domain.md §3)."""
    last = date.fromisoformat(f"{next_period(period)}-01") - timedelta(days=1)
    return (last - timedelta(days=(last.weekday() - 5) % 7)).isoformat()
