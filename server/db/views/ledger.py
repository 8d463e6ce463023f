"""Reading the ledger: entries with their transactions, balances, what a certificate may say."""

from dataclasses import dataclass

from sqlalchemy import Select, select, tuple_

from server.db.views.reader import (
    ACCOUNT_PREFIX,
    BALANCES,
    LINES,
    TRANSACTIONS,
    Reader,
    Row,
    Wanted,
    joined,
    total,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFilter:
    """Which lines or balances; everything left out does not matter."""

    account: str | None = None
    book: str | None = None
    grade: str | None = None
    low: str | None = None
    """First service day."""
    high: str | None = None
    """The day behind the last."""


class LedgerViews(Reader):
    """Lines and balances."""

    def entries(self, wanted: Wanted, *, after: tuple[int, int] | None = None, limit: int = 100) -> list[Row]:
        """Lines in the order in which they were posted."""
        query = self._lines(LedgerFilter(**wanted))
        if after is not None:
            query = query.where(tuple_(LINES.c.tx_seq, LINES.c.line) > after)
        return self.all(query.order_by(LINES.c.tx_seq, LINES.c.line).limit(limit))

    def balances(
        self, wanted: Wanted, *, after: tuple[str, str, str] | None = None, limit: int = 100
    ) -> list[Row]:
        """Balances by account, book and grade."""
        keys = (BALANCES.c.account, BALANCES.c.book, BALANCES.c.grade)
        query = select(*keys, BALANCES.c.amount).where(self.mine(BALANCES))
        for name in ("account", "book", "grade"):
            if (value := wanted.get(name)) is not None:
                query = query.where(BALANCES.c[name] == value)
        if after is not None:
            query = query.where(tuple_(*keys) > after)
        return self.all(query.order_by(*keys).limit(limit))

    def of_person(self, number: str) -> dict[str, dict[str, int]]:
        """One person's balances: book -> grade -> amount."""
        found: dict[str, dict[str, int]] = {}
        for row in self.balances({"account": ACCOUNT_PREFIX + number}, limit=1000):
            found.setdefault(row["book"], {})[row["grade"]] = row["amount"]
        return found

    def hours_as_posted(self, number: str, *, until: int) -> dict[str, int]:
        """Minutes of service by grade as they stood at a moment: what a certificate said then."""
        query = (
            select(LINES.c.grade, total(LINES.c.amount).label("minutes"))
            .join(TRANSACTIONS, joined(LINES, TRANSACTIONS, ("tx_seq", "seq")))
            .where(self.mine(LINES), LINES.c.account == ACCOUNT_PREFIX + number, LINES.c.book == "hours")
            .where(TRANSACTIONS.c.posted_at <= until)
            .group_by(LINES.c.grade)
        )
        return {row["grade"]: row["minutes"] for row in self.all(query)}

    def _lines(self, wanted: LedgerFilter) -> Select[tuple[object, ...]]:
        query = (
            select(
                *(LINES.c[n] for n in ("tx_seq", "line", "book", "account", "grade", "day", "amount")),
                *(TRANSACTIONS.c[n] for n in ("kind", "subject", "revision", "posted_at", "posted_by")),
            )
            .join(TRANSACTIONS, joined(LINES, TRANSACTIONS, ("tx_seq", "seq")))
            .where(self.mine(LINES))
        )
        for name in ("account", "book", "grade"):
            if (value := getattr(wanted, name)) is not None:
                query = query.where(LINES.c[name] == value)
        if wanted.low is not None:
            query = query.where(LINES.c.day >= wanted.low)
        if wanted.high is not None:
            query = query.where(LINES.c.day < wanted.high)
        return query
