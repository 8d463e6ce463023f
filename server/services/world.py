"""Gathering everything but taps that a projection needs, for many people at once, in a few queries."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from server.contract.rules import HOUR, Plan
from server.domain.facts import (
    Activity,
    Decision,
    DecisionKind,
    FactKind,
    PersonPlan,
    Rules,
    Tap,
    TapStanding,
    World,
)
from server.services.acting import Row, Uow
from server.services.folding import DECISION_FIELDS
from server.services.policies import rules

PLAN_REACH = 72 * HOUR
"""How far around a stretch of taps plans are looked for: no rule reaches farther."""


@dataclass(frozen=True, slots=True)
class Common:
    """What is the same for everybody in a community."""

    rules: list[Rules]
    activities: dict[str, Activity]
    working_days: dict[str, bool]


def common(uow: Uow) -> Common:
    """Rules, activities and the calendar."""
    return Common(
        rules=rules(uow),
        activities={
            row["activity_id"]: Activity(
                activity_id=row["activity_id"],
                is_service=row["kind"] != "non_service",
                least_proof=row["least_proof"],
            )
            for row in uow.rows("activities").rows()
        },
        working_days={
            row["day"]: row["working"] for row in uow.rows("calendar").rows() if row["working"] is not None
        },
    )


def closed_periods(uow: Uow) -> frozenset[str]:
    """Ledger periods that take no more rows."""
    facts = uow.rows("facts").rows(kind=str(FactKind.POSTING_CLOSED))
    return frozenset(fact["subject"] for fact in facts if json.loads(fact["body"])["closed"])


def worlds(
    uow: Uow, people: Collection[str], span: tuple[int, int] | None, events: Iterable[Row], shared: Common
) -> dict[str, World]:
    """Each person's world; ``span`` limits plans to a stretch of time, None takes all."""
    plans = _plans(uow, people, span)
    decisions = _decisions(uow, people, events)
    return {
        person: World(
            plans=plans.get(person, ()),
            decisions=decisions.get(person, ()),
            rules=shared.rules,
            activities=shared.activities,
            working_days=shared.working_days,
        )
        for person in people
    }


def tap_of(row: Row) -> Tap:
    """A stored event as the rules see it."""
    return Tap(
        event_id=row["event_id"],
        at=row["at"],
        uncertainty=row["uncertainty"],
        kiosk_id=row["kiosk_id"],
        journal_id=row["journal_id"],
        seq=row["seq"],
        site_id=row["site_id"],
        volunteer=row["volunteer"],
        card_id=row["card_id"],
        proof=row["proof"],
        activity_id=row["activity_id"],
        activity_by=row["activity_by"],
        role=row["role"],
        action=row["action"],
        target=row["target"],
        members=tuple(row["members"]),
        shown=row["shown"],
        standing=TapStanding(row["standing"]),
        reason=row["standing_reason"],
        received_at=row["received_at"],
    )


def decision_of(row: Row) -> Decision:
    """A stored decision as the rules see it."""
    same = {name: row[name] for name in (*DECISION_FIELDS, "decision_id", "by", "recorded_at")}
    return Decision(**(same | {"kind": DecisionKind(row["kind"])}))


def plan_of(row: Row) -> Plan:
    """A planned turn as the rules see it."""
    return Plan(**{name: row[name] for name in ("plan_id", "activity_id", "site_id", "start", "end")})


def person_plan(row: Row, person: str) -> PersonPlan:
    """One version of a plan as it held for one person: taken off it, they see it cancelled."""
    return PersonPlan(
        plan=plan_of(row),
        holds_from=row["holds_from"],
        recorded_at=row["recorded_at"],
        cancelled=row["cancelled"] or person not in row["members"],
        members=tuple(row["members"]),
        team_id=row["team_id"],
    )


def _plans(uow: Uow, people: Collection[str], span: tuple[int, int] | None) -> dict[str, list[PersonPlan]]:
    low, high = (span[0] - PLAN_REACH, span[1] + PLAN_REACH) if span else (None, None)
    versions = uow.rows("plan_versions").between("start", low, high)
    # A version that moved a plan out of reach still counts: all versions of a plan found come along.
    known = {row["plan_id"] for row in versions}
    ever = defaultdict(list)
    for row in uow.rows("plan_members").rows(plan_id=known):
        if row["volunteer"] in people:
            ever[row["plan_id"]].append(row["volunteer"])
    found: dict[str, list[PersonPlan]] = defaultdict(list)
    for row in uow.rows("plan_versions").rows("fact_seq", plan_id=set(ever)):
        for person in ever[row["plan_id"]]:
            found[person].append(person_plan(row, person))
    return found


def _decisions(uow: Uow, people: Collection[str], events: Iterable[Row]) -> dict[str, list[Decision]]:
    people = set(people)
    concerned = {row["event_id"]: {row["volunteer"], *row["members"]} & people for row in events}
    rows = {row["decision_id"]: row for row in uow.rows("decisions").rows(volunteer=people)}
    about = uow.rows("decisions").rows(event_id=set(concerned))
    rows |= {row["decision_id"]: row for row in about}
    found: dict[str, list[Decision]] = defaultdict(list)
    for row in sorted(rows.values(), key=lambda row: row["fact_seq"]):
        whom = concerned.get(row["event_id"], set()) | {row["volunteer"]}
        for person in whom & people:
            found[person].append(decision_of(row))
    return found
