"""Times in the community's zone: from form fields and addresses to milliseconds, and back as text."""

from datetime import date, datetime, timedelta, timezone

ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")
DAY = 24 * 3_600_000
YEARS = range(1900, 3000)
"""Nobody means another; near the ends of the calendar every sum with days would fail."""


def local(at: int) -> datetime:
    """A moment as people in the community read it."""
    return datetime.fromtimestamp(at / 1000, ZONE)


def rfc3339(at: int | None) -> str | None:
    """A moment with the community's offset, to the second: ``2026-11-24T08:30:00+08:00``."""
    return None if at is None else local(at).isoformat(timespec="seconds")


def day_of(at: int) -> str:
    """The date of a moment."""
    return local(at).date().isoformat()


def day_start(day: str | date) -> int:
    """The first moment of a date."""
    found = date_of(day) if isinstance(day, str) else day
    return int(datetime(found.year, found.month, found.day, tzinfo=ZONE).timestamp() * 1000)


def date_of(text: str) -> date:
    """A date as somebody wrote it; ``ValueError`` when it is none, or in no year that anybody means."""
    return _in_a_year_that_is_meant(date.fromisoformat(text))


def moment(text: str) -> int:
    """A date or a time of day as somebody wrote it; a time without an offset is the community's."""
    if len(text) == len("2026-11-24"):
        return day_start(text)
    # A plus sign in an address arrives as a blank when it was not escaped.
    found = datetime.fromisoformat(text.replace(" ", "+") if text[-6:-5] == " " else text)
    _in_a_year_that_is_meant(found)
    return int((found if found.tzinfo else found.replace(tzinfo=ZONE)).timestamp() * 1000)


def _in_a_year_that_is_meant(day: date) -> date:
    if day.year not in YEARS:
        raise ValueError(f"the year {day.year} is not meant")
    return day


def field_value(at: int | None) -> str:
    """A moment as a ``datetime-local`` field holds it."""
    return "" if at is None else local(at).strftime("%Y-%m-%dT%H:%M")
