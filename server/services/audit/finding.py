"""What an audit says, and how two sets of rows are compared."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from server.services.acting import Row


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be."""

    table: str
    subject: str
    message: str

    def to_dict(self) -> dict[str, str]:
        """For JSON."""
        return asdict(self)


def differences(table: str, stored: Mapping[Any, Row], derived: Mapping[Any, Row]) -> Iterator[Finding]:
    """Rows that are missing, too many, or otherwise than derived."""
    for key in derived.keys() - stored.keys():
        yield Finding(table, _name(key), "is missing")
    for key in stored.keys() - derived.keys():
        yield Finding(table, _name(key), "follows from nothing")
    for key in stored.keys() & derived.keys():
        wrong = [name for name, value in derived[key].items() if not same(stored[key].get(name), value)]
        if wrong:
            yield Finding(table, _name(key), f"differs in {', '.join(wrong)}")


def same(stored: Any, derived: Any) -> bool:
    """Equal and of one type: 1, 1.0 and true are three values here."""
    return type(stored) is type(derived) and bool(stored == derived)


def by_key(rows: Iterable[Row], names: tuple[str, ...]) -> dict[Any, Row]:
    """Rows by their key."""
    return {tuple(row[name] for name in names): row for row in rows}


def _name(key: Any) -> str:
    return " ".join(str(part) for part in key) if isinstance(key, tuple) else str(key)
