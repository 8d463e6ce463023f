"""One tap from card to light: nothing green before the disk has it, every touch a second event."""

from typing import NoReturn

import pytest

from card_tools.credential import Issuer, Note
from hardware.ports import CardRead, ContentKind, ReaderState
from kiosk.errors import ChoiceRefused
from kiosk.screen.view import Honoured, Mine
from kiosk.service import KEPT_OFFERS
from server.contract.hours import Hours
from server.contract.rules import HOUR, MINUTE
from tests.support.kiosk_parts import World, world
from tests.support.kiosk_roster import BARE_UID, CHIP, ISSUER, PRINTED, entries, with_note
from tests.support.kiosk_world import AT

SECOND = 1000


def show(kiosk: World, text: str = PRINTED.text, *, after: int | None = None) -> None:
    if after is not None:
        kiosk.clock.after = after
    kiosk.service.tap(CardRead(medium="qr", content=text.encode(), content_kind=ContentKind.TEXT))


def touch(kiosk: World, choice: str) -> None:
    kiosk.service.choose(kiosk.last.event_id, choice)


@pytest.fixture
def kiosk() -> World:
    return world(entries())


def choosing() -> World:
    whole = entries()
    whole["site"] |= {"activities": ["duty", "hut"]}
    return world(whole)


class TestATap:
    def test_it_is_on_disk_before_anyone_is_told(self, kiosk: World) -> None:
        show(kiosk)
        assert kiosk.told.order == ["screen with 1 on disk", "light shift_started", "voice shift_started"]
        assert kiosk.last.durable

    def test_the_screen_shows_who_what_and_how_much(self, kiosk: World) -> None:
        show(kiosk)
        told = kiosk.last
        assert (told.outcome, told.kind, told.name) == ("shift_started", "accepted", "王小1")
        assert (told.activity_zh, told.activity_en, told.total_minutes, told.at) == ("值班", "Duty", 600, AT)
        assert [choice.choice for choice in told.choices] == ["undo"]

    def test_the_event_says_everything_the_server_grades_by(self, kiosk: World) -> None:
        show(kiosk)
        event = kiosk.event
        assert (event.volunteer, event.card_id, event.proof) == ("M0001", PRINTED.card_id.hex(), "static")
        assert (event.activity_id, event.activity_by, event.action) == ("duty", "default", "auto")
        assert (event.shown, event.role, event.medium) == ("shift_started", "desk", "qr")
        assert (event.roster_version, event.policy_version) == (10, 1)
        assert (event.clock, event.wall, event.boot_id) == ("synced", AT, "b1")
        assert event.evidence.keys() == {"digest"}

    def test_syncing_is_woken(self, kiosk: World) -> None:
        show(kiosk)
        assert kiosk.link.woken == 1

    def test_a_refused_card_is_journalled_too(self, kiosk: World) -> None:
        show(kiosk, Issuer(b"o" * 32).encode_static(b"card0001").text)
        assert (kiosk.event.shown, kiosk.event.volunteer) == ("card_other_community", None)
        assert kiosk.told.order[1] == "light card_other_community"

    def test_a_repeat_shows_when_the_first_was(self, kiosk: World) -> None:
        show(kiosk)
        show(kiosk, after=10 * SECOND)
        assert (kiosk.last.outcome, kiosk.last.at) == ("already_done", AT)

    def test_the_end_shows_minutes_and_the_new_total(self, kiosk: World) -> None:
        show(kiosk)
        show(kiosk, after=HOUR)
        assert (kiosk.last.outcome, kiosk.last.minutes, kiosk.last.total_minutes) == ("shift_ended", 60, 660)

    def test_an_unlisted_card_is_told_that_its_name_follows(self, kiosk: World) -> None:
        show(kiosk, ISSUER.encode_static(b"card0099").text)
        assert (kiosk.last.outcome, kiosk.last.note) == ("accepted_unlisted", "name_follows")

    def test_an_unset_clock_is_told(self, kiosk: World) -> None:
        kiosk.clock.synced = False
        show(kiosk)
        assert (kiosk.last.note, kiosk.event.clock) == ("clock_unsynced", "unsynced")

    def test_a_chip_known_by_uid_shows_no_name(self, kiosk: World) -> None:
        kiosk.service.tap(CardRead(medium="nfc", uid=BARE_UID))
        assert (kiosk.last.outcome, kiosk.last.name, kiosk.event.card_id) == (
            "shift_started",
            None,
            "uid-card",
        )

    def test_a_used_phone_step_is_looked_up_in_the_journal(self, kiosk: World) -> None:
        show(kiosk)
        assert kiosk.service._last_step(PRINTED.card_id.hex()) is None


class TestMyHours:
    def counted(self, *, as_of: int = AT - HOUR) -> World:
        whole = with_note(
            entries(hours={"as_of": as_of}), PRINTED, Note.HOURS, Hours(40, 100, 500, 80, 20).to_text()
        )
        return world(whole)

    def test_the_servers_sums_are_told_to_the_card_they_are_locked_for(self) -> None:
        kiosk = self.counted()
        show(kiosk)
        assert kiosk.last.mine == Mine(
            today=40, month=100, total=600, tapped=500, witnessed=80, declared=20, as_of=AT - HOUR
        )

    def test_what_ended_here_since_is_in_todays_sum_without_a_network(self) -> None:
        kiosk = self.counted()
        show(kiosk)
        show(kiosk, after=HOUR)
        mine = kiosk.last.mine
        assert mine is not None
        assert (mine.today, mine.month, mine.total, mine.tapped) == (100, 160, 660, 500)

    def test_after_a_night_offline_today_begins_at_nothing_and_after_the_month_the_month(self) -> None:
        kiosk = self.counted()
        show(kiosk, after=24 * HOUR)
        tomorrow = kiosk.last.mine
        show(kiosk, after=40 * 24 * HOUR)
        later = kiosk.last.mine
        assert tomorrow is not None
        assert later is not None
        assert (tomorrow.today, tomorrow.month) == (0, 100)
        assert (later.today, later.month, later.total) == (0, 0, 600)

    def test_without_a_clock_nobody_says_what_today_was(self) -> None:
        kiosk = self.counted()
        kiosk.clock.synced = False
        show(kiosk)
        assert kiosk.last.mine is not None
        assert (kiosk.last.mine.today, kiosk.last.mine.month, kiosk.last.mine.total) == (None, None, 600)

    def test_an_older_server_and_a_touch_tell_no_hours(self, kiosk: World) -> None:
        show(kiosk)
        assert kiosk.last.mine is None
        counted = self.counted()
        show(counted)
        touch(counted, "undo")
        assert counted.last.mine is None


class TestBesideTheClock:
    def test_who_is_honoured_stands_there_only_while_a_withdrawal_could_be_heard(self) -> None:
        people = [
            {"name": "王女士", "minutes": 60, "team": "t1"},
            {"name": "小周", "minutes": 5, "team": None},
        ]
        kiosk = world(entries(honour={"people": people}))
        assert kiosk.service.idle().honoured == (
            Honoured(name="王女士", minutes=60, team_zh="护卫队", team_en="Guards"),
            Honoured(name="小周", minutes=5),
        )
        kiosk.link.online = False
        assert kiosk.service.idle().honoured == ()

    def test_an_older_server_honours_nobody(self, kiosk: World) -> None:
        assert kiosk.service.idle().honoured == ()

    def test_an_open_desk_is_told(self, kiosk: World) -> None:
        assert not kiosk.service.idle().desk
        assert world(entries(), desk_open=lambda: True).service.idle().desk


class Unreadable:
    """A roster that a fault of ours made useless."""

    def __getattr__(self, name: str) -> NoReturn:
        raise RuntimeError(name)


class TestAFaultOfOurs:
    def test_is_red_and_in_words_and_in_the_log(self, kiosk: World, caplog: pytest.LogCaptureFixture) -> None:
        kiosk.roster.view = Unreadable()  # type: ignore[assignment]
        show(kiosk)
        told = kiosk.last
        assert (told.outcome, told.kind, told.reason) == ("journal_unavailable", "broken", "kiosk_fault")
        assert (told.durable, told.name, kiosk.journal.events) == (False, None, [])
        assert kiosk.told.order[1] == "light journal_unavailable"
        assert "RuntimeError" in caplog.text

    def test_does_not_touch_the_next_tap(self, kiosk: World) -> None:
        sound, kiosk.roster.view = kiosk.roster.view, Unreadable()  # type: ignore[assignment]
        show(kiosk)
        kiosk.roster.view = sound
        show(kiosk)
        assert (kiosk.last.outcome, kiosk.last.durable) == ("shift_started", True)


class TestNotes:
    def test_a_late_end_and_an_early_start(self) -> None:
        whole = entries()
        whole["plan:p1"] |= {"start": AT + 30 * MINUTE, "end": AT + 90 * MINUTE, "members": ["M0001"]}
        kiosk = world(whole)
        show(kiosk)
        assert (kiosk.last.note, kiosk.event.activity_by) == ("early", "planned")
        show(kiosk, after=3 * HOUR)
        assert (kiosk.last.outcome, kiosk.last.note) == ("shift_ended", "late_end")


class TestTouches:
    def test_a_chosen_activity_is_a_second_event_that_names_the_first(self) -> None:
        kiosk = choosing()
        show(kiosk)
        assert kiosk.last.outcome == "choose_activity"
        tap = kiosk.event
        touch(kiosk, "activity:hut")
        event = kiosk.event
        assert (event.medium, event.action, event.target) == ("touch", "change", tap.event_id)
        assert (event.activity_id, event.activity_by) == ("hut", "chosen")
        assert (event.card_id, event.proof, event.volunteer) == (tap.card_id, tap.proof, tap.volunteer)
        assert (kiosk.last.outcome, kiosk.last.activity_zh, kiosk.last.name) == (
            "activity_changed",
            "健康小屋",
            "王小1",
        )

    def test_undo_is_an_event_too(self, kiosk: World) -> None:
        show(kiosk)
        tap = kiosk.event
        touch(kiosk, "undo")
        assert (kiosk.event.action, kiosk.event.target, kiosk.last.outcome) == (
            "undo",
            tap.event_id,
            "undone",
        )
        assert kiosk.link.woken == 2

    def test_after_a_change_undo_still_means_the_tap(self) -> None:
        kiosk = choosing()
        show(kiosk)
        tap = kiosk.event
        touch(kiosk, "activity:hut")
        touch(kiosk, "undo")
        assert (kiosk.event.action, kiosk.event.target) == ("undo", tap.event_id)

    def test_agreeing_with_a_proposed_end_names_the_old_shift(self) -> None:
        whole = entries()
        whole["volunteer:M0001"] |= {
            "proposal": {"shift_id": "old", "activity": "hut", "proposed_end": AT - HOUR}
        }
        kiosk = world(whole)
        show(kiosk)
        told = kiosk.last
        assert (told.outcome, told.proposed_end, told.proposed_activity_zh) == (
            "end_proposed",
            AT - HOUR,
            "健康小屋",
        )
        touch(kiosk, "end_yes")
        assert (kiosk.event.action, kiosk.event.target, kiosk.last.reason) == ("end", "old", "agreed")
        assert kiosk.last.choices == ()

    def test_declining_a_proposed_end_journals_nothing(self) -> None:
        whole = entries()
        whole["volunteer:M0001"] |= {
            "proposal": {"shift_id": "old", "activity": "hut", "proposed_end": AT - HOUR}
        }
        kiosk = world(whole)
        show(kiosk)
        touch(kiosk, "end_no")
        assert len(kiosk.journal.events) == 1

    def test_a_time_out_journals_nothing_and_the_default_stands(self) -> None:
        kiosk = choosing()
        show(kiosk)
        kiosk.clock.after = 13 * SECOND
        with pytest.raises(ChoiceRefused, match="tap again"):
            touch(kiosk, "activity:hut")
        assert [event.activity_id for event in kiosk.journal.events] == ["duty"]

    def test_dismissing_journals_nothing_and_is_always_taken(self, kiosk: World) -> None:
        kiosk.service.choose("any", "dismiss")
        assert kiosk.journal.events == []

    def test_a_choice_is_taken_once(self, kiosk: World) -> None:
        show(kiosk)
        tap_id = kiosk.last.event_id
        touch(kiosk, "undo")
        with pytest.raises(ChoiceRefused) as refused:
            kiosk.service.choose(tap_id, "undo")
        assert refused.value.code == "too_late"
        assert len(kiosk.journal.events) == 2

    def test_what_was_not_offered_is_refused(self, kiosk: World) -> None:
        show(kiosk)
        with pytest.raises(ChoiceRefused) as refused:
            touch(kiosk, "activity:hut")
        assert refused.value.code == "unknown_choice"

    def test_two_people_in_a_row_can_both_still_choose(self, kiosk: World) -> None:
        show(kiosk)
        first = kiosk.last.event_id
        kiosk.service.tap(CardRead(medium="nfc", uid=bytes.fromhex("08000001")))
        kiosk.service.choose(first, "undo")
        assert kiosk.last.outcome == "undone"

    def test_old_offers_are_forgotten(self, kiosk: World) -> None:
        show(kiosk)
        first = kiosk.last.event_id
        for _ in range(KEPT_OFFERS):
            show(kiosk, "x")
        with pytest.raises(ChoiceRefused):
            kiosk.service.choose(first, "undo")

    def test_a_touch_that_the_disk_refuses_can_be_touched_again(self, kiosk: World) -> None:
        show(kiosk)
        tap_id = kiosk.last.event_id
        kiosk.journal.full = True
        with pytest.raises(ChoiceRefused) as refused:
            kiosk.service.choose(tap_id, "undo")
        assert (refused.value.code, kiosk.last.outcome) == ("journal_unavailable", "journal_unavailable")
        kiosk.journal.full = False
        kiosk.service.choose(tap_id, "undo")
        assert kiosk.last.outcome == "undone"


class TestTeams:
    def led(self) -> World:
        whole = entries()
        whole["volunteer:M0001"] |= {"leads": ["t1"]}
        whole["plan:p1"] |= {"start": AT, "end": AT + HOUR, "members": ["M0001", "M0002", "M0003"]}
        return world(whole)

    def test_a_leader_opens_the_team_leaves_one_out_and_closes_it(self) -> None:
        kiosk = self.led()
        show(kiosk)
        touch(kiosk, "team_open:p1")
        opened = kiosk.event
        assert (opened.action, opened.members, opened.activity_id) == ("team_open", ("M0002", "M0003"), "hut")
        assert [choice.choice for choice in kiosk.last.choices] == [
            "team_except:M0002",
            "team_except:M0003",
            "undo",
        ]
        touch(kiosk, "team_except:M0003")
        assert (kiosk.event.action, kiosk.event.target, kiosk.event.members) == (
            "undo",
            opened.event_id,
            ("M0003",),
        )
        assert kiosk.last.reason == "member"
        assert [choice.choice for choice in kiosk.last.choices] == ["team_except:M0002", "undo"]
        show(kiosk, after=HOUR)
        touch(kiosk, f"team_close:{opened.event_id}")
        assert (kiosk.event.action, kiosk.event.target, kiosk.event.members) == (
            "team_close",
            opened.event_id,
            ("M0002",),
        )
        assert kiosk.last.outcome == "team_closed"

    def test_a_leader_has_a_minute_to_look_around_for_who_is_missing(self) -> None:
        kiosk = self.led()
        show(kiosk)
        assert kiosk.last.choice_seconds == 10
        touch(kiosk, "team_open:p1")
        assert kiosk.last.choice_seconds == 60
        for number in ("M0002", "M0003"):
            kiosk.clock.after += 55_000
            touch(kiosk, f"team_except:{number}")
            assert (kiosk.event.action, kiosk.event.members) == ("undo", (number,))

    def test_a_whole_opening_can_be_taken_back(self) -> None:
        kiosk = self.led()
        show(kiosk)
        touch(kiosk, "team_open:p1")
        opened = kiosk.event
        touch(kiosk, "undo")
        assert (kiosk.event.action, kiosk.event.target, kiosk.event.members) == ("undo", opened.event_id, ())


class TestCheckpoints:
    def test_the_round_is_shown_with_missing_points(self) -> None:
        whole = entries()
        whole["site"] |= {"role": "checkpoint", "default_activity": "hut"}
        points = [{"site": site, "name": site, "name_en": site} for site in ("s1", "s2")]
        whole["activity:hut"] |= {"checkpoints": points}
        whole["volunteer:M0001"] |= {
            "open": {"shift_id": "e", "activity": "hut", "started_at": AT - HOUR, "plan": None, "passed": []}
        }
        kiosk = world(whole)
        show(kiosk)
        assert (kiosk.event.role, kiosk.last.outcome) == ("checkpoint", "checkpoint_passed")
        assert kiosk.last.checkpoint == {"passed": 1, "of": 2, "missing": [{"zh": "s2", "en": "s2"}]}

    def test_a_checkpoint_without_a_round_shows_none(self) -> None:
        whole = entries()
        whole["site"] |= {"role": "checkpoint"}
        kiosk = world(whole)
        show(kiosk)
        assert kiosk.last.checkpoint is None


class TestADiskThatRefuses:
    def test_the_light_is_red_and_the_screen_says_so(self, kiosk: World) -> None:
        kiosk.journal.full = True
        show(kiosk)
        assert (kiosk.last.outcome, kiosk.last.kind, kiosk.last.durable) == (
            "journal_unavailable",
            "broken",
            False,
        )
        assert kiosk.told.order[1] == "light journal_unavailable"
        assert (kiosk.last.choices, kiosk.last.name, kiosk.link.woken) == ((), None, 0)

    def test_it_shows_before_anyone_taps_and_goes_when_there_is_room(self, kiosk: World) -> None:
        kiosk.journal.full = True
        kiosk.service.check()
        assert kiosk.service.idle().broken == ("journal_unavailable",)
        assert kiosk.service.idle().broken_detail == {"journal_unavailable": "disk full"}
        assert kiosk.told.idle == 1
        kiosk.service.check()
        assert kiosk.told.idle == 1
        kiosk.journal.full = False
        kiosk.service.check()
        assert (kiosk.service.idle().broken, kiosk.told.idle) == ((), 2)

    def test_the_next_tap_is_taken_as_soon_as_there_is_room(self, kiosk: World) -> None:
        kiosk.journal.full = True
        show(kiosk)
        kiosk.journal.full = False
        show(kiosk)
        assert (kiosk.last.outcome, kiosk.service.status()["trouble"]) == ("shift_started", {})


class TestBrokenStates:
    def test_without_a_roster_a_tap_is_kept_for_staff_and_told(self) -> None:
        kiosk = world(None)
        show(kiosk)
        assert (kiosk.last.outcome, kiosk.last.kind) == ("roster_missing", "broken")
        assert (kiosk.event.card_id, kiosk.event.roster_version) == (PRINTED.card_id.hex(), None)
        idle = kiosk.service.idle()
        assert (idle.broken, idle.community_zh) == (("roster_missing",), "")
        assert kiosk.service.status()["roster_version"] is None

    def test_a_revoked_kiosk_says_so_and_keeps_the_tap(self, kiosk: World) -> None:
        kiosk.link.revoked = True
        show(kiosk)
        assert (kiosk.last.outcome, kiosk.event.shown, kiosk.event.volunteer) == (
            "kiosk_revoked",
            "kiosk_revoked",
            "M0001",
        )
        assert kiosk.last.choices == ()
        assert kiosk.service.broken() == ("kiosk_revoked",)

    def test_a_lost_reader_is_told_by_name_and_forgotten_when_it_is_back(self, kiosk: World) -> None:
        assert kiosk.service.status()["readers"] == [
            {"name": "nfcpy", "state": "starting"},
            {"name": "camera", "state": "starting"},
        ]
        kiosk.service.reader_state("nfcpy", ReaderState.LOST)
        assert kiosk.service.idle().broken_detail == {"reader_lost": "nfcpy"}
        kiosk.service.reader_state("nfcpy", ReaderState.READY)
        assert kiosk.service.broken() == ()
        assert kiosk.service.status()["readers"][0] == {"name": "nfcpy", "state": "ready"}


class TestStatus:
    def test_before_the_first_tap_there_is_no_last(self, kiosk: World) -> None:
        assert kiosk.service.status() == {
            "kiosk": "k1",
            "pending": 0,
            "acked_seq": 0,
            "head_seq": 0,
            "clock": "synced",
            "readers": [{"name": "nfcpy", "state": "starting"}, {"name": "camera", "state": "starting"}],
            "roster_version": 10,
            "last": None,
            "online": True,
            "trouble": {},
        }

    def test_the_last_tap_is_told_whole(self, kiosk: World) -> None:
        show(kiosk)
        assert kiosk.service.status()["last"] == {
            "event_id": kiosk.event.event_id,
            "outcome": "shift_started",
            "kind": "accepted",
            "reason": None,
            "name": "王小1",
            "activity": "值班",
            "minutes": None,
            "total_minutes": 600,
            "at": AT,
            "durable": True,
        }

    def test_what_syncing_and_the_roster_ran_into_is_told(self, kiosk: World) -> None:
        kiosk.link.trouble, kiosk.roster.trouble = "offline: x", "not signed by our server"
        assert kiosk.service.status()["trouble"] == {
            "sync": "offline: x",
            "roster": "not signed by our server",
        }


class TestIdle:
    def test_it_shows_place_turns_and_who_is_wanted(self, kiosk: World) -> None:
        idle = kiosk.service.idle()
        assert (idle.community_zh, idle.site_en, idle.contact) == ("美湖社区", "Incubator", "8510")
        (turn,) = idle.turns
        assert (turn.zh, turn.need, turn.have, turn.start) == ("健康小屋", 3, 1, AT + 5 * HOUR)
        assert (idle.online, idle.clock, idle.now, idle.zone) == (True, "synced", AT, "Asia/Shanghai")

    def test_a_turn_of_an_activity_that_is_not_described_has_no_name(self) -> None:
        whole = entries()
        del whole["activity:hut"]
        assert world(whole).service.idle().turns[0].zh == ""


def test_a_bound_chip_names_its_person(kiosk: World) -> None:
    from card_tools.ndef import to_ndef
    from tests.support.kiosk_roster import CHIP_UID

    read = CardRead(medium="nfc", uid=CHIP_UID, content=to_ndef(CHIP), content_kind=ContentKind.NDEF)
    kiosk.service.tap(read)
    assert (kiosk.event.volunteer, kiosk.event.proof, kiosk.last.name) == ("M0002", "signed", "王小2")
