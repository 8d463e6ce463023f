"""What a leader may decide: for their own team, never for themselves, and within three working days."""

import pytest

from server.contract.rules import HOUR, MINUTE
from server.errors import Conflict, Invalid, NotAllowed, OwnHours
from server.services.community import PlanSpec, set_plans
from server.services.review import confirm_missing_end, deny_missing_end
from server.services.settling import settle

DAY = 24 * HOUR


@pytest.fixture
def forgotten(bench):
    """A round of M0002, who is in M0001's team, left open since this morning."""
    start = bench.now
    plan = PlanSpec(
        plan_id="p",
        activity_id="hut",
        site_id="hut",
        start=start,
        end=start + HOUR,
        members=("M0002", "M0001"),
    )
    bench.do(set_plans, [plan], holds_from=start - HOUR)
    kiosk = bench.kiosk("hut")
    kiosk.tap("M0002", start + MINUTE)
    kiosk.tap("M0001", start + 2 * MINUTE)
    bench.now += 8 * HOUR
    bench.push(kiosk)
    bench.do(settle, by="system")
    return {row["volunteer"]: row for row in bench.rows("shifts")}


def _confirm(bench, shift, *, as_leader: str | None, at: int | None = None):
    with bench.uow() as uow:
        acting = bench.acting("boss" if as_leader else "staff", volunteer=as_leader)
        confirm_missing_end(
            uow, acting, shift["shift_id"], at=at, reason="在场", leads_only=as_leader is not None
        )
        uow.commit()
    return bench.rows("shifts", shift_id=shift["shift_id"])[0]


def test_a_leader_confirms_the_planned_end_of_a_member(bench, forgotten) -> None:
    shift = _confirm(bench, forgotten["M0002"], as_leader="M0001")
    assert (shift["state"], shift["grade"], shift["credited"]) == ("closed", "witnessed", 59)


def test_a_leader_never_confirms_their_own(bench, forgotten) -> None:
    with pytest.raises(OwnHours):
        _confirm(bench, forgotten["M0001"], as_leader="M0001")


def test_nobody_leads_a_team_that_is_not_theirs(bench, forgotten) -> None:
    with pytest.raises(NotAllowed, match="own teams"):
        _confirm(bench, forgotten["M0002"], as_leader="M0003")


def test_no_end_later_than_planned_is_confirmed(bench, forgotten) -> None:
    with pytest.raises(Invalid):
        _confirm(bench, forgotten["M0002"], as_leader="M0001", at=forgotten["M0002"]["proposed_end"] + MINUTE)


def test_after_three_working_days_it_is_for_the_communitys_staff(bench, forgotten) -> None:
    bench.now += 6 * DAY
    with pytest.raises(NotAllowed, match="working days"):
        _confirm(bench, forgotten["M0002"], as_leader="M0001")
    assert _confirm(bench, forgotten["M0002"], as_leader=None)["state"] == "closed"


def test_after_ten_working_days_nobody_confirms_it_any_more(bench, forgotten) -> None:
    bench.now += 20 * DAY
    bench.do(settle, by="system")
    assert bench.rows("shifts", shift_id=forgotten["M0002"]["shift_id"])[0]["state"] == "settled_zero"


def test_an_end_that_is_not_missing_cannot_be_denied(bench, forgotten) -> None:
    """Nothing would follow from it, and the page would say that it was recorded."""
    shift = _confirm(bench, forgotten["M0002"], as_leader="M0001")
    decisions = len(bench.rows("facts", kind="decision"))
    with pytest.raises(Conflict):
        bench.do(deny_missing_end, shift["shift_id"], reason="没来")
    assert len(bench.rows("facts", kind="decision")) == decisions
