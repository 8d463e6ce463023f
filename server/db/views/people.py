"""Reading about people: the list and its search, one person's page, consents, cards, logins."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Dialect, Select, bindparam, case, exists, func, or_, select
from sqlalchemy.sql import ColumnElement

from server.db import tables
from server.db.direct import Statement, dialect_of
from server.db.views.reader import (
    ACCOUNT_PREFIX,
    BALANCES,
    CARDS,
    SHIFTS,
    TEAMS,
    VOLUNTEERS,
    Reader,
    Row,
    Wanted,
    core,
    joined,
    total,
)

CONSENTS, USERS, TOKENS = core(tables.Consent), core(tables.User), core(tables.Token)
EXPORTS = core(tables.ExportLog)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFilter:
    """Which volunteers; everything left out does not matter."""

    search: str = ""
    """Part of a name, the beginning of its pinyin or initials, of a phone number, or of a number."""
    status: str | None = None
    team: str | None = None
    """A team's id or name."""
    among: Collection[str] | None = None
    """Only these numbers."""
    besides: Collection[str] = ()
    """None of these numbers."""


class PeopleViews(Reader):
    """Volunteers and what belongs to them."""

    def page(self, wanted: Wanted | None = None, *, after: str | None = None, limit: int = 100) -> list[Row]:
        """Volunteers by number, behind ``after``."""
        query = self._people().where(*self._tests(PeopleFilter(**(wanted or {}))))
        if after is not None:
            query = query.where(VOLUNTEERS.c.number > after)
        return self.all(query.order_by(VOLUNTEERS.c.number).limit(limit))

    def count_of(self, wanted: Wanted) -> int:
        """How many a filter finds."""
        return self.count(VOLUNTEERS, *self._tests(PeopleFilter(**wanted)))

    def one(self, number: str) -> Row | None:
        """One person."""
        return self.first(self._people().where(VOLUNTEERS.c.number == number))

    def named(self, numbers: set[str]) -> dict[str, Row]:
        """People by number, for showing names beside numbers."""
        query = select(
            *(VOLUNTEERS.c[name] for name in ("number", "name", "name_display", "nickname", "sex"))
        )
        rows = self.all(query.where(self.mine(VOLUNTEERS), VOLUNTEERS.c.number.in_(sorted(numbers))))
        return {row["number"]: row for row in rows}

    def consents(self, number: str) -> list[Row]:
        """Every consent this person ever gave."""
        query = select(CONSENTS).where(self.mine(CONSENTS), CONSENTS.c.number == number)
        return self.all(query.order_by(CONSENTS.c.purpose))

    def cards(self, wanted: Wanted, *, after: str | None = None, limit: int = 100) -> list[Row]:
        """Cards by id, behind ``after``; ``volunteer`` and ``state`` choose."""
        query = self._cards()
        for name in ("volunteer", "state"):
            if wanted.get(name):
                query = query.where(CARDS.c[name] == wanted[name])
        if after is not None:
            query = query.where(CARDS.c.card_id > after)
        return self.all(query.order_by(CARDS.c.card_id).limit(limit))

    def cards_of(self, number: str) -> list[Row]:
        """One person's cards, newest first."""
        query = self._cards().where(CARDS.c.volunteer == number)
        return self.all(query.order_by(CARDS.c.issued_at.desc(), CARDS.c.card_id))

    def card(self, card_id: str) -> Row | None:
        """One card."""
        return self.first(self._cards().where(CARDS.c.card_id == card_id))

    def latest_cards(self, limit: int) -> list[Row]:
        """The last cards that were issued or changed."""
        return self.all(self._cards().order_by(CARDS.c.fact_seq.desc()).limit(limit))

    def users(self) -> list[Row]:
        """Logins of this community, without their passwords."""
        names = ("user_id", "username", "role", "volunteer", "active", "created_at")
        return self.all(
            select(*(USERS.c[name] for name in names)).where(self.mine(USERS)).order_by(USERS.c.username)
        )

    def tokens(self) -> list[Row]:
        """Tokens of programs, without what opens anything."""
        names = ("token_hash", "name", "scope", "created_at", "expires_at", "revoked_at")
        return self.all(
            select(*(TOKENS.c[name] for name in names)).where(self.mine(TOKENS)).order_by(TOKENS.c.created_at)
        )

    def exports(self, *, what: str | None = None, by: str | None = None, limit: int = 50) -> list[Row]:
        """Who took what out, newest first."""
        query = select(EXPORTS).where(self.mine(EXPORTS))
        if what is not None:
            query = query.where(EXPORTS.c.what == what)
        if by is not None:
            query = query.where(EXPORTS.c.by == by)
        return self.all(query.order_by(EXPORTS.c.at.desc()).limit(limit))

    def wall(self, limit: int = 200) -> list[Row]:
        """The honour wall: active people who consented to it, by hours; nobody else, not even masked."""
        hours = self._hours()
        consented = exists().where(
            joined(CONSENTS, VOLUNTEERS, ("number", "number")),
            CONSENTS.c.purpose == "wall",
            CONSENTS.c.granted_at.is_not(None),
            CONSENTS.c.withdrawn_at.is_(None),
        )
        query = self._people().where(VOLUNTEERS.c.status == "active", consented, hours > 0)
        return self.all(query.order_by(hours.desc(), VOLUNTEERS.c.number).limit(limit))

    def credited(self, first: str, today: str) -> list[Row]:
        """Of everybody who served since a day: minutes credited since then (``month``) and ``today``."""
        given = {"community_id": self.community_id, "first": first, "today": today}
        return _credited(dialect_of(self.connection)).rows(self.connection, **given)

    def _cards(self) -> Select[tuple[object, ...]]:
        names = ("card_id", "volunteer", "state", "since", "medium", "proof", "not_after", "issued_at")
        query = select(*(CARDS.c[name] for name in names), VOLUNTEERS.c.name.label("name"))
        query = query.outerjoin(VOLUNTEERS, joined(CARDS, VOLUNTEERS, ("volunteer", "number")))
        return query.where(self.mine(CARDS))

    def _people(self) -> Select[tuple[object, ...]]:
        names = [c for c in VOLUNTEERS.columns if c.name not in {"id_number", "community_id"}]
        return (
            select(
                *names,
                VOLUNTEERS.c.id_number.is_not(None).label("has_id_number"),
                TEAMS.c.name.label("team"),
                self._hours().label("hours"),
            )
            .outerjoin(TEAMS, joined(VOLUNTEERS, TEAMS, ("team_id", "team_id")))
            .where(self.mine(VOLUNTEERS))
        )

    def _hours(self) -> ColumnElement[int]:
        sums = select(total(BALANCES.c.amount)).where(
            BALANCES.c.community_id == VOLUNTEERS.c.community_id,
            BALANCES.c.account == ACCOUNT_PREFIX + VOLUNTEERS.c.number,
            BALANCES.c.book == "hours",
        )
        return sums.scalar_subquery()

    def _tests(self, wanted: PeopleFilter) -> list[ColumnElement[bool]]:
        tests: list[ColumnElement[bool]] = []
        if wanted.search.strip():
            tests.append(_matches(wanted.search))
        if wanted.status:
            tests.append(VOLUNTEERS.c.status == wanted.status)
        if wanted.team:
            named = select(TEAMS.c.team_id).where(self.mine(TEAMS), TEAMS.c.name == wanted.team)
            tests.append(or_(VOLUNTEERS.c.team_id == wanted.team, VOLUNTEERS.c.team_id.in_(named)))
        if wanted.among is not None:
            tests.append(VOLUNTEERS.c.number.in_(sorted(wanted.among)))
        if wanted.besides:
            tests.append(VOLUNTEERS.c.number.not_in(sorted(wanted.besides)))
        return tests


@lru_cache(maxsize=32)
def _credited(dialect: Dialect) -> Statement:
    credited, today = SHIFTS.c.credited, SHIFTS.c.day == bindparam("today")
    query = select(
        SHIFTS.c.volunteer.label("volunteer"),
        total(credited).label("month"),
        total(case((today, credited), else_=0)).label("today"),
    ).where(SHIFTS.c.community_id == bindparam("community_id"), SHIFTS.c.day >= bindparam("first"))
    return Statement(query.where(credited != 0).group_by(SHIFTS.c.volunteer), dialect)


def _matches(typed: str) -> ColumnElement[bool]:
    """What somebody types into the one search field at the counter."""
    text = typed.strip()
    small = "".join(text.lower().split())
    return or_(
        VOLUNTEERS.c.name.contains(text, autoescape=True),
        VOLUNTEERS.c.initials.startswith(small, autoescape=True),
        func.replace(VOLUNTEERS.c.pinyin, " ", "").startswith(small, autoescape=True),
        VOLUNTEERS.c.phone.startswith(small, autoescape=True),
        func.lower(VOLUNTEERS.c.number).contains(small, autoescape=True),
    )
