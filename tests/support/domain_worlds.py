"""Random weeks of one person: taps at two kiosks, touches, team events, plans that change, decisions."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from server.contract.rules import HOUR, MINUTE, Plan
from server.domain.facts import Decision, DecisionKind, PersonPlan, Tap, TapStanding, World
from tests.support.domain import LEADER, ME, ms, rules, tap, world

MONDAY = ms("2026-11-30 00:00")
WEEK = 7 * 24 * HOUR
ACTIVITIES = ("duty", "hut", "patrol", "strict", "rehearsal")
SHOWN = ("shift_started", "shift_ended", "accepted_unlisted", "already_done", "card_lost")


def _moments() -> st.SearchStrategy[int]:
    return st.integers(0, WEEK // MINUTE // 5).map(lambda step: MONDAY + step * 5 * MINUTE)


@st.composite
def _tap(draw: st.DrawFn, number: int) -> Tap:
    mine = draw(st.integers(0, 9)) > 0
    kiosk = draw(st.sampled_from(["A", "B"]))
    changes: dict[str, Any] = {
        "volunteer": ME if mine else "M0002",
        "kiosk_id": kiosk,
        "site_id": kiosk,
        "activity_id": draw(st.sampled_from(ACTIVITIES)),
        "activity_by": draw(st.sampled_from(["default", "default", "planned", "chosen"])),
        "role": draw(st.sampled_from(["desk", "desk", "desk", "checkpoint"])),
        "shown": draw(st.sampled_from(SHOWN)),
        "standing": draw(st.sampled_from([TapStanding.GOOD] * 6 + list(TapStanding))),
        "proof": draw(st.sampled_from(["uid", "static", "signed"])),
        "action": draw(st.sampled_from(["auto"] * 5 + ["start", "end"])),
        "uncertainty": draw(st.sampled_from([0, 0, 3 * MINUTE])),
    }
    at = draw(_moments()) + draw(st.integers(0, 3)) * 20_000
    made = tap(f"e{number}", at, **changes)
    return made if draw(st.booleans()) else _with(made, received_at=at + draw(st.integers(0, 20)) * 24 * HOUR)


def _with(found: Tap, **changes: Any) -> Tap:
    return replace(found, **changes)


@st.composite
def _touch(draw: st.DrawFn, number: int, targets: list[Tap]) -> Tap:
    target = draw(st.sampled_from(targets))
    action = draw(st.sampled_from(["undo", "change", "end"]))
    delay = draw(st.sampled_from([5_000, 9_000, 2 * HOUR, 30 * HOUR]))
    return tap(
        f"t{number}",
        target.at + delay,
        kiosk_id=target.kiosk_id,
        volunteer=target.volunteer,
        action=action,
        target=target.event_id,
        activity_id=draw(st.sampled_from(ACTIVITIES)),
        activity_by="chosen",
        shown="undone",
    )


@st.composite
def _team(draw: st.DrawFn, number: int) -> list[Tap]:
    at = draw(_moments())
    fields = {
        "volunteer": draw(st.sampled_from([LEADER, LEADER, ME])),
        "kiosk_id": "C",
        "activity_id": "patrol",
        "members": draw(st.sampled_from([(ME,), ("M0002",), ()])),
    }
    opened = tap(f"o{number}", at, action="team_open", shown="team_opened", **fields)
    closed = tap(
        f"c{number}",
        at + draw(st.integers(1, 30)) * 20 * MINUTE,
        action="team_close",
        target=opened.event_id,
        shown="team_closed",
        **fields,
    )
    return [opened, closed]


@st.composite
def taps(draw: st.DrawFn) -> list[Tap]:
    """Anything that may have happened in a week; along a journal time and seq rise together."""
    plain = [draw(_tap(n)) for n in range(draw(st.integers(1, 14)))]
    touches = [draw(_touch(n, plain)) for n in range(draw(st.integers(0, 4)))]
    teams = [event for n in range(draw(st.integers(0, 2))) for event in draw(_team(n))]
    ordered = sorted([*plain, *touches, *teams], key=lambda t: (t.at, t.event_id))
    return [_with(found, seq=seq) for seq, found in enumerate(ordered, start=1)]


@st.composite
def _plan(draw: st.DrawFn, number: int) -> list[PersonPlan]:
    start = draw(_moments())
    versions = []
    for version in range(draw(st.integers(1, 3))):
        begins = start + draw(st.sampled_from([0, 0, 30, 120])) * MINUTE
        made = Plan(
            plan_id=f"p{number}",
            activity_id=draw(st.sampled_from(ACTIVITIES)),
            site_id=draw(st.sampled_from(["A", "B"])),
            start=begins,
            end=begins + draw(st.sampled_from([45, 90, 240])) * MINUTE,
        )
        versions.append(
            PersonPlan(
                plan=made,
                holds_from=0 if version == 0 else draw(_moments()),
                recorded_at=version // 2,
                seq=version,
                cancelled=draw(st.integers(0, 5)) == 0,
                members=draw(st.sampled_from([(ME,), (ME, "M0002"), ("M0002",), ()])),
                team_id=draw(st.sampled_from([None, "t1"])),
            )
        )
    return versions


@st.composite
def _decision(draw: st.DrawFn, number: int, events: list[Tap]) -> Decision:
    event = draw(st.sampled_from(events))
    start = draw(_moments())
    return Decision(
        decision_id=f"d{number}",
        kind=draw(st.sampled_from(list(DecisionKind))),
        by=draw(st.sampled_from([LEADER, LEADER, ME])),
        recorded_at=draw(_moments()) + WEEK,
        reason="",
        shift_id=event.event_id,
        event_id=event.event_id,
        at=event.at + draw(st.integers(0, 300)) * MINUTE,
        volunteer=draw(st.sampled_from([ME, ME, "M0002"])),
        day="2026-12-02",
        activity_id=draw(st.sampled_from(ACTIVITIES)),
        site_id="A",
        started_at=start,
        ended_at=start + draw(st.integers(0, 600)) * MINUTE,
    )


@st.composite
def worlds(draw: st.DrawFn, events: list[Tap]) -> World:
    """Plans, decisions and rules beside these events."""
    plans = [version for n in range(draw(st.integers(0, 3))) for version in draw(_plan(n))]
    decisions = [draw(_decision(n, events)) for n in range(draw(st.integers(0, 4)))]
    own = (
        (rules(),) if draw(st.booleans()) else (rules(), rules(holds_from=MONDAY + WEEK // 2, open_limit=90))
    )
    return world(*plans, *decisions, rules=own)


@st.composite
def weeks(draw: st.DrawFn) -> tuple[list[Tap], World, int]:
    """Events, the world beside them, and the moment as of which they are looked at."""
    events = draw(taps())
    return events, draw(worlds(events)), MONDAY + draw(st.integers(0, 40)) * 24 * HOUR
