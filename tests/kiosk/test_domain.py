"""What a tap means: the rule book, in the order in which the rules are asked."""

from dataclasses import replace

import pytest

from kiosk.domain import after_touch, decide
from kiosk.outcomes import (
    Card,
    Changed,
    EndAgreed,
    Ended,
    Gain,
    HandedOver,
    Muster,
    Offer,
    Outcome,
    Passed,
    Proposal,
    Refused,
    Repeated,
    Round,
    SeenCard,
    Started,
    TeamClosed,
    TeamOpened,
    Undone,
    Unlisted,
    Verdict,
    shown_of,
)
from kiosk.ports import Remembered
from server.contract.rules import HOUR, MINUTE, OpenShift
from server.contract.wire import Kind, Shown
from tests.support.kiosk_world import AT, DUTY, HUT, NUMBER, POLICY, FakeRoster, card, now, plan, tap, touch

SECOND = 1000
DAY = 24 * HOUR


def at(
    after: int,
    roster: FakeRoster | None = None,
    *recent: Remembered,
    seen: object = None,
    synced: bool = True,
    boot: str = "b1",
) -> Verdict:
    moment = now(after, synced=synced, boot=boot)
    return decide(seen or card(), roster or FakeRoster(), recent, POLICY, moment)  # type: ignore[arg-type]


def shown(verdict: Verdict) -> Shown:
    return shown_of(verdict.outcome)


def choices(verdict: Verdict) -> list[str]:
    return [offer.choice for offer in verdict.offers]


class TestRefusals:
    def test_without_a_roster_nothing_can_be_said(self) -> None:
        verdict = decide(card(), None, (), POLICY, now())
        assert (shown(verdict), verdict.card_id) == (Shown.ROSTER_MISSING, "c1")

    @pytest.mark.parametrize(
        "fault",
        [
            Shown.CARD_UNREADABLE,
            Shown.CARD_FORGED,
            Shown.CARD_OTHER_COMMUNITY,
            Shown.CARD_EXPIRED,
            Shown.CARD_REPLAYED,
            Shown.PHONE_CODE_EXPIRED,
            Shown.PHONE_UID_RANDOM,
        ],
    )
    def test_a_card_that_does_not_hold_is_refused_for_its_own_reason(self, fault: Shown) -> None:
        verdict = at(0, seen=card(fault=fault, reason="why"))
        assert verdict.outcome == Refused(shown=fault, reason="why")
        assert verdict.volunteer is None

    def test_a_chip_that_nobody_listed_is_unknown(self) -> None:
        verdict = at(0, seen=card(lookup="L9", genuine=False, proof="uid", card_id=""))
        assert (shown(verdict), verdict.card_id) == (Shown.CARD_UNKNOWN, "L9")

    @pytest.mark.parametrize(
        ("state", "outcome"),
        [
            ("lost", Refused(shown=Shown.CARD_LOST)),
            ("replaced", Refused(shown=Shown.CARD_LOST, reason="card_replaced")),
            ("expired", Refused(shown=Shown.CARD_EXPIRED)),
        ],
    )
    def test_a_card_that_is_not_active_any_more(self, state: str, outcome: Outcome) -> None:
        roster = FakeRoster(cards={"L1": Card(card_id="c1", volunteer=NUMBER, state=state)})
        verdict = at(0, roster)
        assert (verdict.outcome, verdict.volunteer) == (outcome, NUMBER)

    def test_a_card_past_its_day_is_expired_when_the_clock_can_be_trusted(self) -> None:
        roster = FakeRoster(cards={"L1": Card(card_id="c1", volunteer=NUMBER, state="active", not_after=AT)})
        assert shown(at(0, roster)) is Shown.CARD_EXPIRED
        assert shown(at(-1, roster)) is Shown.SHIFT_STARTED

    def test_while_the_clock_is_unset_nothing_is_refused_on_time_grounds(self) -> None:
        roster = FakeRoster(cards={"L1": Card(card_id="c1", volunteer=NUMBER, state="active", not_after=AT)})
        assert shown(at(0, roster, synced=False)) is Shown.SHIFT_STARTED

    def test_a_person_who_is_not_listed_any_more_is_inactive(self) -> None:
        verdict = at(0, FakeRoster(people={}))
        assert verdict.outcome == Refused(shown=Shown.VOLUNTEER_INACTIVE, reason="volunteer_unlisted")

    def test_a_paused_person_is_inactive(self) -> None:
        assert shown(at(0, FakeRoster().with_person(active=False))) is Shown.VOLUNTEER_INACTIVE

    def test_a_minor_without_consent_is_told_so(self) -> None:
        roster = FakeRoster().with_person(blocked="guardian_consent_missing")
        assert shown(at(0, roster)) is Shown.GUARDIAN_CONSENT_MISSING

    def test_a_block_of_a_newer_server_counts_as_inactive(self) -> None:
        verdict = at(0, FakeRoster().with_person(blocked="insurance_missing"))
        assert verdict.outcome == Refused(shown=Shown.VOLUNTEER_INACTIVE, reason="insurance_missing")

    def test_an_activity_that_wants_training_refuses_the_untrained(self) -> None:
        roster = FakeRoster(activities={"duty": replace(DUTY, training=True)})
        assert shown(at(0, roster)) is Shown.TRAINING_MISSING
        assert shown(at(0, roster.with_person(trained=frozenset({"duty"})))) is Shown.SHIFT_STARTED

    def test_an_activity_that_wants_more_proof_refuses_a_weaker_card(self) -> None:
        roster = FakeRoster(activities={"duty": replace(DUTY, least_proof="signed")})
        assert shown(at(0, roster)) is Shown.PROOF_TOO_WEAK
        assert shown(at(0, roster, seen=card(proof="signed"))) is Shown.SHIFT_STARTED

    def test_a_planned_activity_is_checked_as_well(self) -> None:
        roster = FakeRoster(plans={NUMBER: [plan(0, 60)]}, activities={"hut": replace(HUT, training=True)})
        assert shown(at(0, roster)) is Shown.TRAINING_MISSING

    def test_an_end_is_refused_too_when_the_proof_is_too_weak(self) -> None:
        roster = FakeRoster(activities={"duty": replace(DUTY, least_proof="signed")})
        verdict = at(HOUR, roster, tap(0, Shown.SHIFT_STARTED))
        assert shown(verdict) is Shown.PROOF_TOO_WEAK


class TestUnlisted:
    def test_a_genuine_card_newer_than_the_list_is_recorded(self) -> None:
        verdict = at(0, seen=card(lookup="L9", card_id="c9"))
        assert verdict.outcome == Unlisted(activity_id="duty")
        assert (verdict.volunteer, verdict.card_id) == (None, "c9")

    def test_the_same_unlisted_card_again_is_already_done(self) -> None:
        first = tap(0, Shown.ACCEPTED_UNLISTED, card_id="c9", volunteer=None)
        verdict = at(30 * SECOND, None, first, seen=card(lookup="L9", card_id="c9"))
        assert verdict.outcome == Repeated(first_at=AT, activity_id="duty")

    def test_a_proof_too_weak_for_the_site_is_refused(self) -> None:
        roster = FakeRoster(activities={"duty": replace(DUTY, least_proof="signed")})
        assert shown(at(0, roster, seen=card(lookup="L9"))) is Shown.PROOF_TOO_WEAK

    def test_a_site_without_an_activity_records_it_all_the_same(self) -> None:
        roster = FakeRoster().with_site(default_activity=None, activities=())
        assert at(0, roster, seen=card(lookup="L9")).outcome == Unlisted(activity_id=None)


class TestDebounce:
    def test_a_second_tap_within_a_minute_is_already_done_and_says_when_the_first_was(self) -> None:
        verdict = at(59 * SECOND, None, tap(0, Shown.SHIFT_STARTED))
        assert verdict.outcome == Repeated(first_at=AT, activity_id="duty")
        assert shown(verdict).kind is Kind.REPEATED

    def test_after_a_minute_it_is_another_intention(self) -> None:
        assert shown(at(60 * SECOND, None, tap(0, Shown.SHIFT_STARTED))) is Shown.SHIFT_ENDED

    def test_a_repeated_tap_does_not_prolong_the_minute(self) -> None:
        recent = (tap(0, Shown.SHIFT_STARTED), tap(50 * SECOND, Shown.ALREADY_DONE))
        assert shown(at(61 * SECOND, None, *recent)) is Shown.SHIFT_ENDED

    def test_a_refused_tap_starts_no_minute(self) -> None:
        assert shown(at(10 * SECOND, None, tap(0, Shown.TRAINING_MISSING))) is Shown.SHIFT_STARTED

    def test_an_undone_tap_starts_no_minute(self) -> None:
        first = tap(0, Shown.SHIFT_STARTED)
        undo = touch(5 * SECOND, Shown.UNDONE, "undo", first.event.event_id)
        assert shown(at(10 * SECOND, None, first, undo)) is Shown.SHIFT_STARTED

    def test_one_tap_has_one_time_though_the_clock_is_trimmed_afterwards(self) -> None:
        first = tap(0, Shown.SHIFT_STARTED, wall=AT + 106)
        assert at(30 * SECOND, None, first).outcome == Repeated(first_at=AT + 106, activity_id="duty")

    def test_a_clock_trimmed_back_behind_the_first_tap_makes_the_second_no_end(self) -> None:
        first = tap(0, Shown.SHIFT_STARTED, wall=AT + 900)
        assert at(400, None, first).outcome == Repeated(first_at=AT + 900, activity_id="duty")

    def test_a_tap_from_the_future_of_another_boot_is_no_repetition(self) -> None:
        first = tap(HOUR, Shown.SHIFT_STARTED, boot_id="b0")
        assert shown(at(0, None, first)) is not Shown.ALREADY_DONE

    def test_within_a_boot_it_is_measured_by_time_since_boot(self) -> None:
        """The clock was set between the two taps: the first one's wall clock says 1970."""
        first = tap(0, Shown.SHIFT_STARTED, wall=5000, clock="unsynced")
        assert at(30 * SECOND, None, first).outcome == Repeated(first_at=AT, activity_id="duty")


class TestCheckpoints:
    def patrol(self, **person: object) -> FakeRoster:
        points = (("s1", "东门", "East gate"), ("s2", "西门", "West gate"))
        roster = FakeRoster(activities={"patrol": replace(HUT, activity_id="patrol", checkpoints=points)})
        return roster.with_site(role="checkpoint", default_activity="patrol").with_person(**person)

    def test_a_checkpoint_never_starts_a_shift(self) -> None:
        assert at(0, self.patrol()).outcome == Passed(activity_id="patrol")

    def test_a_checkpoint_never_ends_a_shift_and_belongs_to_the_open_round(self) -> None:
        held = OpenShift(shift_id="x", activity_id="duty", started_at=AT - HOUR)
        assert at(0, self.patrol(open=held)).outcome == Passed(activity_id="duty")

    def test_missing_points_are_named_when_the_server_tells_what_was_passed(self) -> None:
        held = OpenShift(shift_id="x", activity_id="patrol", started_at=AT - HOUR)
        verdict = at(0, self.patrol(open=held, passed=frozenset()))
        round_ = Round(passed=1, of=2, missing=(("西门", "West gate"),))
        assert verdict.outcome == Passed(activity_id="patrol", round=round_)

    def test_a_plan_of_the_person_names_the_activity(self) -> None:
        roster = self.patrol()
        roster.plans = {NUMBER: [plan(0, 60, activity="patrol")]}
        assert at(0, roster).outcome == Passed(activity_id="patrol")

    def test_a_proof_too_weak_does_not_pass(self) -> None:
        roster = self.patrol()
        roster.activities["patrol"] = replace(roster.activities["patrol"], least_proof="signed")
        assert shown(at(0, roster)) is Shown.PROOF_TOO_WEAK


class TestStarting:
    def test_with_nothing_planned_the_sites_general_duty_starts(self) -> None:
        verdict = at(0)
        assert verdict.outcome == Started(activity_id="duty", by="default")
        assert (verdict.volunteer, verdict.card_id, verdict.total) == (NUMBER, "c1", 600)
        assert choices(verdict) == ["undo"]

    def test_the_persons_own_plan_comes_first(self) -> None:
        roster = FakeRoster(plans={NUMBER: [plan(5, 60)]}).with_site(activities=("duty", "hut"))
        assert at(0, roster).outcome == Started(activity_id="hut", by="planned")

    def test_who_comes_long_before_the_plan_is_told_that_it_is_early(self) -> None:
        roster = FakeRoster(plans={NUMBER: [plan(30, 60)]})
        assert at(0, roster).outcome == Started(activity_id="hut", by="planned", early=True)

    def test_several_activities_and_no_plan_offer_a_choice_with_the_default_taken(self) -> None:
        roster = FakeRoster(here=frozenset({"hut"})).with_site(activities=("duty", "hut"))
        verdict = at(0, roster)
        assert verdict.outcome == Started(activity_id="duty", by="default", choose=True)
        assert shown(verdict) is Shown.CHOOSE_ACTIVITY
        assert choices(verdict) == ["activity:hut", "activity:duty", "undo"]
        assert [offer.planned for offer in verdict.offers] == [True, False, False]
        assert verdict.offers[0].touch == Changed(activity_id="hut")

    def test_what_this_person_may_not_do_is_not_offered(self) -> None:
        roster = FakeRoster(activities={"duty": replace(DUTY, training=True), "hut": HUT})
        verdict = at(0, roster.with_site(activities=("duty", "hut")))
        assert verdict.outcome == Started(activity_id="hut", by="default")

    def test_an_activity_that_the_list_does_not_describe_is_no_button(self) -> None:
        verdict = at(0, FakeRoster().with_site(activities=("duty", "new")))
        assert choices(verdict) == ["activity:duty", "undo"]

    def test_a_site_without_activities_starts_an_open_one(self) -> None:
        roster = FakeRoster().with_site(default_activity=None, activities=())
        assert at(0, roster).outcome == Started(activity_id=None, by="default")

    def test_a_total_that_the_server_did_not_say_stays_unknown(self) -> None:
        assert at(0, FakeRoster().with_person(total=None)).total is None


class TestEnding:
    def test_the_second_tap_ends_and_counts_whole_minutes(self) -> None:
        verdict = at(90 * MINUTE + 59 * SECOND, None, tap(0, Shown.SHIFT_STARTED))
        assert verdict.outcome == Ended(activity_id="duty", minutes=90)
        assert verdict.total == 690
        assert choices(verdict) == ["undo"]

    def test_a_shift_that_another_kiosk_opened_is_ended_here(self) -> None:
        held = OpenShift(shift_id="x", activity_id="duty", started_at=AT - HOUR)
        assert at(0, FakeRoster().with_person(open=held)).outcome == Ended(activity_id="duty", minutes=60)

    def test_too_short_counts_nothing(self) -> None:
        assert at(9 * MINUTE, None, tap(0, Shown.SHIFT_STARTED)).outcome == Ended(
            activity_id="duty", minutes=0
        )

    def test_only_the_planned_window_counts_and_a_late_end_says_so(self) -> None:
        roster = FakeRoster(plans={NUMBER: [plan(0, 60)]})
        first = tap(-20 * MINUTE, Shown.SHIFT_STARTED, activity_id="hut", activity_by="planned")
        verdict = at(2 * HOUR, roster, first)
        assert verdict.outcome == Ended(activity_id="hut", minutes=85, late=True)

    def test_an_unknown_total_stays_unknown(self) -> None:
        assert at(HOUR, FakeRoster().with_person(total=None), tap(0, Shown.SHIFT_STARTED)).total is None

    def test_minutes_are_not_told_when_the_clocks_cannot_say(self) -> None:
        """Started in another boot, and this boot's clock is not set."""
        first = tap(0, Shown.SHIFT_STARTED, boot_id="b0")
        verdict = at(HOUR, None, first, synced=False)
        assert verdict.outcome == Ended(activity_id="duty", minutes=None)
        assert verdict.total == 600

    def test_within_one_boot_minutes_stand_without_a_clock(self) -> None:
        first = tap(0, Shown.SHIFT_STARTED, wall=7, clock="unsynced")
        assert at(HOUR, None, first, synced=False).outcome == Ended(activity_id="duty", minutes=60)

    def test_a_shift_from_another_boot_is_timed_by_two_set_clocks(self) -> None:
        first = tap(0, Shown.SHIFT_STARTED, boot_id="b0")
        assert at(HOUR, None, first).outcome == Ended(activity_id="duty", minutes=60)

    def test_the_third_tap_starts_again(self) -> None:
        recent = (tap(0, Shown.SHIFT_STARTED), tap(HOUR, Shown.SHIFT_ENDED))
        verdict = at(2 * HOUR, None, *recent)
        assert shown(verdict) is Shown.SHIFT_STARTED
        assert verdict.total == 660

    def test_a_chosen_activity_is_the_one_that_ends(self) -> None:
        first = tap(0, Shown.CHOOSE_ACTIVITY)
        change = touch(4 * SECOND, Shown.ACTIVITY_CHANGED, "change", first.event.event_id, activity_id="hut")
        assert at(HOUR, None, first, change).outcome == Ended(activity_id="hut", minutes=60)


class TestMergingTheRosterWithTheJournal:
    def test_what_the_roster_already_counts_is_not_counted_twice(self) -> None:
        recent = (tap(0, Shown.SHIFT_STARTED, known_at=9), tap(HOUR, Shown.SHIFT_ENDED, known_at=10))
        verdict = at(2 * HOUR, FakeRoster(version=10), *recent)
        assert (shown(verdict), verdict.total) == (Shown.SHIFT_STARTED, 600)

    def test_a_later_tap_here_is_told_over_the_rosters_last_word(self) -> None:
        held = OpenShift(shift_id="x", activity_id="duty", started_at=AT - HOUR)
        roster = FakeRoster(version=10).with_person(open=held)
        verdict = at(2 * HOUR, roster, tap(0, Shown.SHIFT_ENDED, known_at=11))
        assert (shown(verdict), verdict.total) == (Shown.SHIFT_STARTED, 660)

    def test_a_touch_the_roster_does_not_know_yet_takes_back_a_tap_it_knows(self) -> None:
        first = tap(0, Shown.SHIFT_STARTED, known_at=10)
        held = OpenShift(shift_id=first.event.event_id, activity_id="duty", started_at=AT)
        undo = touch(5 * SECOND, Shown.UNDONE, "undo", first.event.event_id)
        verdict = at(HOUR, FakeRoster().with_person(open=held), first, undo)
        assert shown(verdict) is Shown.SHIFT_STARTED

    def test_an_end_that_was_taken_back_leaves_the_shift_open(self) -> None:
        recent = (tap(0, Shown.SHIFT_STARTED), end := tap(HOUR, Shown.SHIFT_ENDED))
        undo = touch(HOUR + 5 * SECOND, Shown.UNDONE, "undo", end.event.event_id)
        assert at(2 * HOUR, None, *recent, undo).outcome == Ended(activity_id="duty", minutes=120)

    def test_refusals_and_checkpoints_move_nothing(self) -> None:
        recent = (tap(0, Shown.SHIFT_STARTED), tap(HOUR, Shown.CHECKPOINT_PASSED), tap(HOUR, Shown.CARD_LOST))
        assert shown(at(2 * HOUR, None, *recent)) is Shown.SHIFT_ENDED

    def test_an_end_without_a_start_that_we_know_gains_nothing(self) -> None:
        verdict = at(2 * HOUR, None, tap(0, Shown.SHIFT_ENDED))
        assert (shown(verdict), verdict.total) == (Shown.SHIFT_STARTED, 600)


class TestHandingOver:
    def test_the_persons_next_plan_takes_over(self) -> None:
        plans = [plan(0, 60), plan(60, 120, plan_id="p2", activity="duty")]
        first = tap(0, Shown.SHIFT_STARTED, activity_id="hut", activity_by="planned")
        verdict = at(58 * MINUTE, FakeRoster(plans={NUMBER: plans}), first)
        assert verdict.outcome == HandedOver(activity_id="duty", by="planned", minutes=58)
        assert (verdict.total, choices(verdict)) == (658, ["undo"])

    def test_after_a_hand_over_the_next_tap_ends_the_new_one(self) -> None:
        plans = [plan(0, 60), plan(60, 120, plan_id="p2", activity="duty")]
        recent = (
            tap(0, Shown.SHIFT_STARTED, activity_id="hut"),
            tap(58 * MINUTE, Shown.HANDED_OVER, activity_id="duty"),
        )
        verdict = at(120 * MINUTE, FakeRoster(plans={NUMBER: plans}), *recent)
        assert verdict.outcome == Ended(activity_id="duty", minutes=62)
        assert verdict.total == 600 + 58 + 62

    def test_a_next_plan_that_the_person_may_not_do_is_refused(self) -> None:
        plans = [plan(0, 60), plan(60, 120, plan_id="p2", activity="duty")]
        roster = FakeRoster(
            plans={NUMBER: plans}, activities={"duty": replace(DUTY, training=True), "hut": HUT}
        )
        first = tap(0, Shown.SHIFT_STARTED, activity_id="hut")
        assert shown(at(58 * MINUTE, roster, first)) is Shown.TRAINING_MISSING

    def test_a_next_plan_that_is_over_already_leaves_the_sites_duty(self) -> None:
        """A turn of ten minutes hands over for a quarter of an hour."""
        roster = FakeRoster(plans={NUMBER: [plan(60, 70, activity="duty")]})
        first = tap(0, Shown.SHIFT_STARTED, activity_id="hut")
        verdict = at(72 * MINUTE, roster, first)
        assert verdict.outcome == HandedOver(activity_id="duty", by="default", minutes=72)


class TestForgottenEnds:
    def yesterday(self) -> FakeRoster:
        return FakeRoster(plans={NUMBER: [plan(-1440, -1380)]})

    def forgotten(self) -> Remembered:
        return tap(-DAY, Shown.SHIFT_STARTED, activity_id="hut", activity_by="planned")

    def test_today_starts_and_yesterdays_planned_end_is_proposed(self) -> None:
        first = self.forgotten()
        verdict = at(0, self.yesterday(), first)
        proposal = Proposal(shift_id=first.event.event_id, activity_id="hut", end=AT - DAY + HOUR)
        assert verdict.outcome == Started(activity_id="duty", by="default", proposal=proposal)
        assert shown(verdict) is Shown.END_PROPOSED
        assert choices(verdict) == ["end_yes", "end_no", "undo"]
        assert verdict.offers[0].touch == EndAgreed(proposal=proposal)
        assert verdict.offers[1].touch is None

    def test_the_shift_of_today_is_open_afterwards(self) -> None:
        recent = (self.forgotten(), tap(0, Shown.END_PROPOSED))
        assert at(HOUR, self.yesterday(), *recent).outcome == Ended(activity_id="duty", minutes=60)

    def test_without_a_plan_nothing_is_proposed(self) -> None:
        assert shown(at(0, None, tap(-DAY, Shown.SHIFT_STARTED))) is Shown.SHIFT_STARTED

    def test_what_the_server_waits_for_is_proposed_at_the_next_start(self) -> None:
        proposal = Proposal(shift_id="old", activity_id="hut", end=AT - DAY)
        verdict = at(0, FakeRoster().with_person(proposal=proposal))
        assert verdict.outcome == Started(activity_id="duty", by="default", proposal=proposal)

    def test_what_was_answered_is_not_asked_again(self) -> None:
        proposal = Proposal(shift_id="old", activity_id="hut", end=AT - DAY)
        answer = touch(-HOUR, Shown.END_PROPOSED, "end", "old")
        assert shown(at(0, FakeRoster().with_person(proposal=proposal), answer)) is Shown.SHIFT_STARTED


class TestTeams:
    def led(self, *members: str, leads: tuple[str, ...] = ("t1",)) -> FakeRoster:
        turn = plan(0, 60)
        muster = Muster(team_id="t1", zh="护卫队", en="Guards", plan=turn, members=members)
        roster = FakeRoster(plans={NUMBER: [turn]}, musters=[muster])
        roster.people["M0002"] = roster.people[NUMBER].__class__(number="M0002", total=0)
        roster.plans["M0002"] = [turn]  # type: ignore[index]
        roster.cards["L2"] = Card(card_id="c2", volunteer="M0002", state="active")
        return roster.with_person(leads=leads)

    def opening(self, **fields: object) -> Remembered:
        given = {"activity_id": "hut", "activity_by": "planned", "members": ("M0002", "M0003")}
        return touch(MINUTE, Shown.TEAM_OPENED, "team_open", "tap", **(given | fields))

    def test_a_leaders_start_offers_to_open_the_team_without_the_leader(self) -> None:
        verdict = at(0, self.led(NUMBER, "M0002"))
        assert choices(verdict) == ["team_open:p1", "undo"]
        touch_ = verdict.offers[0].touch
        assert isinstance(touch_, TeamOpened)
        assert touch_.muster.members == ("M0002",)

    def opened_by(self, after: int, *recent: Remembered, seen: SeenCard | None = None) -> TeamOpened:
        roster = self.led(NUMBER, "M0002", "M0003")
        touch_ = at(after, roster, *recent, seen=seen or card()).offers[0].touch
        assert isinstance(touch_, TeamOpened)
        return touch_

    def test_members_are_named_as_their_leaders_card_opens_them(self) -> None:
        named = card(members={"M0002": "王女士"})
        assert self.opened_by(0, seen=named).names == {"M0002": "王女士"}

    def test_who_has_tapped_is_not_looked_for(self) -> None:
        own = tap(0, Shown.SHIFT_STARTED, volunteer="M0002", activity_id="hut")
        assert self.opened_by(5 * MINUTE, own).here == {"M0002"}
        assert self.opened_by(5 * MINUTE).here == frozenset()

    def test_who_left_again_or_forgot_to_leave_long_ago_is_not_here(self) -> None:
        own = tap(-30 * MINUTE, Shown.SHIFT_STARTED, volunteer="M0002", activity_id="hut")
        ended = tap(-5 * MINUTE, Shown.SHIFT_ENDED, volunteer="M0002", activity_id="hut")
        assert self.opened_by(0, own, ended).here == frozenset()
        forgotten = tap(-24 * HOUR, Shown.SHIFT_STARTED, volunteer="M0002")
        assert self.opened_by(0, forgotten).here == frozenset()

    def test_whom_only_a_leader_signed_in_is_not_seen_to_be_here(self) -> None:
        others = self.opening(volunteer="M0009", activity_id="duty")
        assert self.opened_by(5 * MINUTE, others).here == frozenset()

    def test_nobody_else_planned_is_nobody_to_open(self) -> None:
        assert choices(at(0, self.led(NUMBER))) == ["undo"]

    def test_a_turn_that_is_over_is_not_opened(self) -> None:
        verdict = at(3 * HOUR, self.led(NUMBER, "M0002"))
        assert choices(verdict) == ["undo"]

    def test_a_team_is_opened_once(self) -> None:
        roster = self.led(NUMBER, "M0002")
        verdict = at(5 * MINUTE, roster, self.opening(volunteer="M0009"))
        assert choices(verdict) == ["undo"]

    def test_an_opening_that_was_taken_back_is_offered_again(self) -> None:
        opening = self.opening(volunteer="M0009")
        undo = touch(2 * MINUTE, Shown.UNDONE, "undo", opening.event.event_id, volunteer="M0009")
        verdict = at(5 * MINUTE, self.led(NUMBER, "M0002"), opening, undo)
        assert choices(verdict) == ["team_open:p1", "undo"]

    def test_the_leaders_end_offers_to_close_what_the_leader_opened(self) -> None:
        start = tap(0, Shown.SHIFT_STARTED, activity_id="hut")
        opening = self.opening()
        left_out = touch(2 * MINUTE, Shown.UNDONE, "undo", opening.event.event_id, members=("M0003",))
        verdict = at(59 * MINUTE, self.led(NUMBER, "M0002"), start, opening, left_out)
        assert choices(verdict) == [f"team_close:{opening.event.event_id}", "undo"]
        closed = TeamClosed(opened=opening.event.event_id, activity_id="hut", members=("M0002",))
        assert verdict.offers[0].touch == closed

    def test_what_is_closed_is_not_offered_again(self) -> None:
        start, opening = tap(0, Shown.SHIFT_STARTED, activity_id="hut"), self.opening()
        closing = touch(50 * MINUTE, Shown.TEAM_CLOSED, "team_close", opening.event.event_id)
        verdict = at(59 * MINUTE, self.led(NUMBER, "M0002"), start, opening, closing)
        assert choices(verdict) == ["undo"]

    def test_a_closing_that_was_taken_back_is_offered_again(self) -> None:
        start, opening = tap(0, Shown.SHIFT_STARTED, activity_id="hut"), self.opening()
        closing = touch(50 * MINUTE, Shown.TEAM_CLOSED, "team_close", opening.event.event_id)
        undo = touch(51 * MINUTE, Shown.UNDONE, "undo", closing.event.event_id)
        verdict = at(59 * MINUTE, self.led(NUMBER, "M0002"), start, opening, closing, undo)
        assert choices(verdict) == [f"team_close:{opening.event.event_id}", "undo"]

    def member(self, after: int, *recent: Remembered) -> Verdict:
        return at(after, self.led(NUMBER, "M0002"), *recent, seen=card(lookup="L2", card_id="c2"))

    def test_a_members_first_tap_before_half_the_plan_confirms_the_start(self) -> None:
        verdict = self.member(10 * MINUTE, self.opening())
        assert verdict.outcome == Started(activity_id="hut", by="planned")

    def test_after_half_the_plan_it_ends_what_the_leader_opened(self) -> None:
        verdict = self.member(50 * MINUTE, self.opening())
        assert verdict.outcome == Ended(activity_id="hut", minutes=49)

    def test_a_confirmed_start_keeps_the_leaders_time(self) -> None:
        confirmed = tap(10 * MINUTE, Shown.SHIFT_STARTED, volunteer="M0002", activity_id="hut")
        verdict = self.member(25 * MINUTE, self.opening(), confirmed)
        assert verdict.outcome == Ended(activity_id="hut", minutes=24)

    def test_an_opening_ends_nobodys_own_shift(self) -> None:
        own = tap(0, Shown.SHIFT_STARTED, volunteer="M0002", activity_id="hut")
        assert self.member(50 * MINUTE, own, self.opening()).outcome == Ended(activity_id="hut", minutes=50)

    def test_a_member_who_was_left_out_was_never_opened(self) -> None:
        opening = self.opening()
        left_out = touch(2 * MINUTE, Shown.UNDONE, "undo", opening.event.event_id, members=("M0002",))
        assert shown(self.member(50 * MINUTE, opening, left_out)) is Shown.SHIFT_STARTED

    def test_a_team_close_ends_only_what_the_team_open_opened(self) -> None:
        opening = self.opening()
        closing = touch(
            40 * MINUTE, Shown.TEAM_CLOSED, "team_close", opening.event.event_id, members=("M0002",)
        )
        verdict = self.member(50 * MINUTE, opening, closing)
        assert (shown(verdict), verdict.total) == (Shown.SHIFT_STARTED, 39)
        own = tap(0, Shown.SHIFT_STARTED, volunteer="M0002", activity_id="hut")
        assert shown(self.member(50 * MINUTE, own, opening, closing)) is Shown.SHIFT_ENDED


class TestAfterATouch:
    def test_a_changed_activity_can_still_be_taken_back(self) -> None:
        offers = after_touch(Changed(activity_id="hut"), "e", ())
        assert [(offer.choice, offer.touch) for offer in offers] == [("undo", Undone())]

    def test_after_opening_a_team_each_member_can_be_left_out(self) -> None:
        muster = Muster(team_id="t1", zh="", en="", plan=plan(0, 60), members=("M0002", "M0003"))
        offers = after_touch(TeamOpened(muster=muster), "e", ())
        assert [(offer.choice, offer.touch) for offer in offers] == [
            ("team_except:M0002", Undone(target="e", member="M0002")),
            ("team_except:M0003", Undone(target="e", member="M0003")),
            ("undo", Undone(target="e")),
        ]

    def test_who_has_tapped_is_not_offered_to_be_left_out(self) -> None:
        muster = Muster(team_id="t1", zh="", en="", plan=plan(0, 60), members=("M0002", "M0003"))
        touch_ = TeamOpened(muster=muster, names={"M0003": "王女士"}, here=frozenset({"M0002"}))
        (out, undo) = after_touch(touch_, "e", ())
        assert (out.choice, out.zh, undo.choice) == ("team_except:M0003", "王女士", "undo")
        assert out.touch == Undone(target="e", member="M0003", name="王女士")

    def test_after_closing_a_team_each_member_can_stay(self) -> None:
        touch_ = TeamClosed(opened="o", activity_id=None, members=("M0002",), names={"M0002": "王女士"})
        assert [(offer.choice, offer.touch) for offer in after_touch(touch_, "e", ())] == [
            ("team_except:M0002", Undone(target="e", member="M0002", name="王女士", stays=True)),
            ("undo", Undone(target="e")),
        ]

    def test_after_leaving_one_out_the_others_can_still_be(self) -> None:
        rest = (Offer(choice="team_except:M0003", touch=Undone(target="e", member="M0003")),)
        assert after_touch(Undone(target="e", member="M0002"), "x", rest) == rest

    def test_after_the_last_word_nothing_is_offered(self) -> None:
        assert after_touch(Undone(), "e", ()) == ()

    def test_a_touch_that_nobody_thought_of_is_a_fault_and_not_silence(self) -> None:
        with pytest.raises(AssertionError):
            after_touch("surprise", "e", ())  # type: ignore[arg-type]


class TestGains:
    def test_what_ended_here_since_the_roster_is_told_with_its_start(self) -> None:
        start, end = tap(0, Shown.SHIFT_STARTED), tap(HOUR, Shown.SHIFT_ENDED)
        verdict = at(2 * HOUR, None, start, end)
        assert (verdict.total, verdict.gained) == (660, (Gain(AT, 60),))

    def test_the_tap_that_ends_a_shift_gains_it(self) -> None:
        verdict = at(HOUR, None, tap(0, Shown.SHIFT_STARTED))
        assert (verdict.total, verdict.gained) == (660, (Gain(AT, 60),))

    def test_what_the_roster_counts_already_is_no_gain(self) -> None:
        start = tap(0, Shown.SHIFT_STARTED, known_at=10)
        end = tap(HOUR, Shown.SHIFT_ENDED, known_at=10)
        assert at(2 * HOUR, None, start, end).gained == ()
