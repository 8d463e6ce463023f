"""The demo's people and their month: fictional, seeded, and fit for what the design promises."""

from collections import Counter
from datetime import date, datetime
from random import Random

import pytest

from server.contract.rules import HOUR
from server.demo.community import TEAMS, turns_on
from server.demo.history import (
    QUIET_DAYS,
    SETTLED_NUMBERS,
    SHANGHAI,
    PlannedTurn,
    Presence,
    plan,
    presences,
    teams_of,
)
from server.demo.people import NEVER, Person, age_on, people

TODAY = date(2026, 12, 2)
NOW = int(datetime(2026, 12, 2, 12, tzinfo=SHANGHAI).timestamp() * 1000)


@pytest.fixture(scope="module")
def everyone() -> list[Person]:
    return people(Random(7), TODAY)


@pytest.fixture(scope="module")
def month(everyone: list[Person]) -> tuple[list[PlannedTurn], list[Presence]]:
    rng = Random(7)
    planned = plan(rng, everyone, teams_of(rng, everyone), today=TODAY)
    return planned, presences(rng, everyone, planned, now=NOW)


def test_the_same_seed_gives_the_same_people(everyone: list[Person]) -> None:
    assert everyone == people(Random(7), TODAY)
    assert everyone != people(Random(8), TODAY)


def test_there_are_1550_volunteers_numbered_in_order(everyone: list[Person]) -> None:
    assert len(everyone) == 1550
    assert [p.number for p in everyone] == sorted({p.number for p in everyone})


def test_nobody_bears_the_name_of_a_real_person_of_the_article(everyone: list[Person]) -> None:
    assert not NEVER & {p.name for p in everyone}


def test_ages_are_mixed_as_in_the_community(everyone: list[Person]) -> None:
    ages = [age_on(p.born, TODAY) for p in everyone]
    assert 0.50 < sum(a >= 60 for a in ages) / len(ages) < 0.62
    assert 0.03 < sum(a < 18 for a in ages) / len(ages) < 0.08


def test_every_minor_has_a_guardian_and_one_lacks_the_consent(everyone: list[Person]) -> None:
    minors = [p for p in everyone if age_on(p.born, TODAY) < 18]
    assert all(p.guardian for p in minors)
    assert any(not p.guardian_consent for p in minors)


def test_the_first_twenty_are_active_adults(everyone: list[Person]) -> None:
    assert all(p.active and age_on(p.born, TODAY) >= 18 and p.guardian is None for p in everyone[:20])


def test_the_cases_that_trip_systems_are_there(everyone: list[Person]) -> None:
    names = Counter(p.name for p in everyone)
    assert max(names.values()) > 1
    assert any((p.born.month, p.born.day) == (2, 29) for p in everyone)


def test_22_teams_have_the_sizes_of_the_community(everyone: list[Person]) -> None:
    teams = teams_of(Random(7), everyone)
    assert len(teams) == 22
    youth = "青少年志愿团队"
    assert {n: len(m) for n, m in teams.items() if n != youth} == {
        t.name: t.members for t in TEAMS if t.name != youth
    }
    assert len({n for members in teams.values() for n in members}) == sum(len(m) for m in teams.values())


def test_two_patrols_a_day_and_crossings_on_school_days_only() -> None:
    school = Counter(t.activity for t in turns_on(date(2026, 12, 2), school_day=True))
    sunday = Counter(t.activity for t in turns_on(date(2026, 12, 6), school_day=False))
    assert (school["patrol"], school["crossing"]) == (2, 2)
    assert (sunday["patrol"], sunday["crossing"]) == (2, 0)


def test_nobody_is_planned_twice_on_one_day(month: tuple[list[PlannedTurn], list[Presence]]) -> None:
    per_day = Counter((t.day, n) for t in month[0] for n in t.members)
    assert max(per_day.values()) == 1


def test_the_first_twenty_rest_for_three_days_and_owe_no_tap_out(
    month: tuple[list[PlannedTurn], list[Presence]],
) -> None:
    taps = [t for t in month[1] if t.volunteer in SETTLED_NUMBERS]
    assert taps
    assert all(t.at < NOW - (QUIET_DAYS - 1) * 24 * HOUR for t in taps)
    balance = Counter({"in": 0, "out": 0}) + Counter(t.what for t in taps)
    assert balance["in"] == balance["out"]


def test_some_forget_to_tap_out_and_nothing_lies_in_the_future(
    month: tuple[list[PlannedTurn], list[Presence]],
) -> None:
    counts = Counter(t.what for t in month[1])
    assert counts["in"] > counts["out"] > 0
    assert all(t.at < NOW for t in month[1])
