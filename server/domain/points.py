"""When points can be redeemed, and whom to warn before they die (domain.md §3)."""

from datetime import date

from server.domain.calendar import last_saturday, next_day, period_of
from server.domain.lots import Lots

NOTICE_DAYS = (60, 30, 7)
"""So many days before points die their owner is told."""
_FRIDAY = 4


def is_redemption_day(day: str, custom: str) -> bool:
    """Whether goods are handed out on a date: ``last_saturday`` of a month, ``every_friday``, ``any_day``."""
    if custom == "last_saturday":
        return day == last_saturday(period_of(day))
    return custom == "any_day" or date.fromisoformat(day).weekday() == _FRIDAY


def dying(lots: Lots, day: str, within: int) -> int:
    """Point-minutes whose last day lies between a date and so many days later."""
    last = next_day(day, within)
    return sum(lot.amount for lot in lots.lots if day <= lot.expires <= last)


def notices(lots: Lots, day: str) -> dict[int, int]:
    """What to warn of on a date: days left (60, 30, 7) -> point-minutes that die then."""
    due = {days: next_day(day, days) for days in NOTICE_DAYS}
    found = {d: sum(lot.amount for lot in lots.lots if lot.expires == last) for d, last in due.items()}
    return {days: amount for days, amount in found.items() if amount}
