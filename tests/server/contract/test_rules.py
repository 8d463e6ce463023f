"""The rules of time that both sides apply: windows, deadlines, hand-over, debounce."""

import pytest

from server.contract.rules import (
    HOUR,
    MINUTE,
    OpenShift,
    Plan,
    Policy,
    Step,
    confirms_start,
    counted_minutes,
    end_deadline,
    is_late,
    is_repeat,
    next_plan_at,
    plan_at,
    proof_suffices,
    step_at,
)

POLICY = Policy()
T = 1_780_000_000_000
FIRST = Plan(plan_id="p1", activity_id="patrol", site_id="hub", start=T, end=T + 45 * MINUTE)
SECOND = Plan(plan_id="p2", activity_id="hut", site_id="hut", start=T + 45 * MINUTE, end=T + 2 * HOUR)
ON_PATROL = OpenShift(shift_id="a", activity_id="patrol", started_at=T, plan=FIRST)
WALK_IN = OpenShift(shift_id="a", activity_id="duty", started_at=T)


def test_proofs_are_ordered():
    """uid < static < signed < rotating < challenge."""
    assert proof_suffices("challenge", "uid")
    assert proof_suffices("static", "static")
    assert not proof_suffices("uid", "static")


def test_a_policy_reads_back_and_leaves_newer_settings_aside():
    """A newer server may say more than this kiosk knows."""
    policy = Policy(version=4, minimum=5)
    assert Policy.from_dict(policy.to_dict() | {"colour": "red"}) == policy


@pytest.mark.parametrize(
    ("minutes", "plan"),
    [(-61, None), (-60, FIRST), (0, FIRST), (22, FIRST), (44, SECOND), (119, SECOND), (120, None)],
)
def test_a_tap_belongs_to_a_plan_from_an_hour_before_until_its_end(minutes, plan):
    """The nearest start wins."""
    assert plan_at([FIRST, SECOND], T + minutes * MINUTE, POLICY) is plan


def test_of_two_plans_this_sites_comes_first():
    """Who taps at the hut means the hut."""
    assert plan_at([FIRST, SECOND], T, POLICY, site_id="hut") is SECOND


def test_a_hand_over_never_starts_the_open_shifts_own_plan_or_an_earlier_one():
    """At ten to the next, at the site of the first."""
    at = T + 35 * MINUTE
    assert next_plan_at(ON_PATROL, at, [FIRST, SECOND], POLICY, site_id="hub") is SECOND
    assert next_plan_at(WALK_IN, at, [FIRST, SECOND], POLICY) is SECOND


def test_a_leaders_start_is_confirmed_before_half_the_plan():
    """Not at the half, and not without a plan."""
    half = T + 45 * MINUTE // 2
    assert confirms_start(FIRST, half - 1)
    assert not confirms_start(FIRST, half)
    assert not confirms_start(None, T)


def test_a_shift_waits_until_four_hours_behind_its_plan_or_six_without_one():
    """Or until the person's next plan begins."""
    assert end_deadline(ON_PATROL, [FIRST], POLICY) == FIRST.end + 4 * HOUR
    assert end_deadline(ON_PATROL, [FIRST, SECOND], POLICY) == SECOND.start
    assert end_deadline(WALK_IN, [], POLICY) == T + 6 * HOUR
    assert end_deadline(WALK_IN, [FIRST, SECOND], POLICY) == SECOND.start


@pytest.mark.parametrize(
    ("minutes", "step"),
    [(34, Step.END), (35, Step.HAND_OVER), (60, Step.HAND_OVER), (61, Step.MISSING_THEN_START)],
)
def test_the_next_plan_hands_over_from_ten_before_until_fifteen_behind_its_start(minutes, step):
    """Later nobody can tell when the first was left."""
    at = T + minutes * MINUTE
    assert step_at(ON_PATROL, at, [FIRST, SECOND], POLICY) is step
    assert step_at(WALK_IN, at, [SECOND], POLICY) is step


def test_without_an_open_shift_a_tap_starts_one():
    """Whatever is planned or chosen."""
    assert step_at(None, T, [FIRST], POLICY, chosen="hut") is Step.START


def test_only_a_chosen_other_activity_hands_over_besides_plans():
    """The same one ends it; past the deadline it starts anew."""
    at = T + 30 * MINUTE
    assert step_at(ON_PATROL, at, [], POLICY) is Step.END
    assert step_at(ON_PATROL, at, [], POLICY, chosen="patrol") is Step.END
    assert step_at(ON_PATROL, at, [], POLICY, chosen="hut") is Step.HAND_OVER
    assert step_at(ON_PATROL, T + 9 * HOUR, [], POLICY, chosen="hut") is Step.MISSING_THEN_START


def test_a_plan_of_tomorrow_hands_over_nothing_that_was_forgotten_today():
    """The night lies between."""
    tomorrow = Plan(plan_id="p9", activity_id="hut", site_id="hut", start=T + 24 * HOUR, end=T + 25 * HOUR)
    for shift in (ON_PATROL, WALK_IN):
        assert step_at(shift, tomorrow.start - 5 * MINUTE, [tomorrow], POLICY) is Step.MISSING_THEN_START


def test_minutes_are_counted_inside_the_window_and_nothing_below_the_minimum():
    """Ten before, fifteen behind, whole minutes only."""
    assert counted_minutes(T - HOUR, T + 2 * HOUR, FIRST, POLICY) == 10 + 45 + 15
    assert counted_minutes(T, T + 10 * MINUTE, None, POLICY) == 10
    assert counted_minutes(T, T + 10 * MINUTE - 1, None, POLICY) == 0
    assert counted_minutes(T + 3 * HOUR, T + 4 * HOUR, FIRST, POLICY) == 0


def test_an_end_behind_the_window_is_late():
    """Fifteen minutes are grace; without a plan nothing is late."""
    assert not is_late(ON_PATROL, FIRST.end + 15 * MINUTE, POLICY)
    assert is_late(ON_PATROL, FIRST.end + 15 * MINUTE + 1, POLICY)
    assert not is_late(WALK_IN, T + 20 * HOUR, POLICY)


def test_within_a_minute_it_is_the_same_intention():
    """From the last accepted tap, and never backwards."""
    assert is_repeat(T, T + 59_999, POLICY)
    assert not is_repeat(T, T + 60_000, POLICY)
    assert not is_repeat(None, T, POLICY)
    assert not is_repeat(T, T - 1, POLICY)
