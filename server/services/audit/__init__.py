"""Proving the data: everything derived is derived again from what was written once, and compared."""

from collections.abc import Callable, Iterable, Iterator

from server.services.acting import Uow
from server.services.audit.books import check_books
from server.services.audit.chains import check_facts, check_heads, check_strangers
from server.services.audit.events import check_events
from server.services.audit.finding import Finding
from server.services.audit.shifts import check_shifts
from server.services.audit.views import check_views
from server.services.keys import Keys

__all__ = ["Finding", "audit"]

CHECKS: tuple[tuple[str, Callable[[Uow, Keys], Iterable[Finding]]], ...] = (
    ("strangers", check_strangers),
    ("chain_heads", check_heads),
    ("facts", check_facts),
    ("views", check_views),
    ("events", check_events),
    ("shifts", check_shifts),
    ("books", check_books),
)


def audit(uow: Uow, keys: Keys) -> list[Finding]:
    """Every difference between what is stored and what follows from the facts; empty when all is well."""
    return [finding for name, check in CHECKS for finding in _guarded(name, check, uow, keys)]


def _guarded(
    name: str, check: Callable[[Uow, Keys], Iterable[Finding]], uow: Uow, keys: Keys
) -> Iterator[Finding]:
    found = iter(check(uow, keys))
    while True:
        try:
            finding = next(found)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001 - damaged data may break any step; the audit must name it and go on
            yield Finding(name, "-", f"cannot be checked: {type(error).__name__}: {error}")
            return
        yield finding
