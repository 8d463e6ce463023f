"""Keeping in step: in order, at least once, resumable; no answer but our server's own changes anything."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from kiosk.lane import Lane
from kiosk.ports import Busy, LyingAnswer, Offline, Refused
from kiosk.roster import RosterStore
from server.contract.wire import PUT_BACK
from tests.support.kiosk_journal import draft
from tests.support.kiosk_roster import entries
from tests.support.kiosk_server import FakeServer
from tests.support.kiosk_table import Table
from tests.support.kiosk_world import AT
from tests.support.processes import PATIENCE


@contextmanager
def looping(table: Table) -> Iterator[None]:
    thread = threading.Thread(target=table.syncer.run)
    thread.start()
    try:
        yield
    finally:
        table.syncer.stop()
        thread.join()


class TestAllGoesWell:
    def test_everything_is_pushed_in_order_and_the_roster_is_pulled(self, table: Table) -> None:
        table.tap(1, 2, 3)
        assert table.syncer.once() is None
        assert len(table.server.stored) == 3
        assert (table.journal.pending, table.journal.acked_seq) == (0, 3)
        assert table.roster.version == 5
        assert (table.syncer.online, table.syncer.trouble) == (True, None)

    def test_a_month_offline_goes_out_in_ranges(self, table: Table) -> None:
        table.tap(*range(1200))
        assert table.syncer.once() is None
        assert (table.server.pushes, len(table.server.stored), table.journal.pending) == (3, 1200, 0)

    def test_the_first_sync_of_a_boot_carries_a_clock_sample_though_nobody_tapped(self, table: Table) -> None:
        assert table.clock.sample().clock == "unsynced"
        table.syncer.once()
        assert table.server.pushes == 1
        sample = table.clock.sample()
        assert sample.clock == "synced"
        assert abs(sample.wall - AT) < 60_000
        table.syncer.once()
        assert table.server.pushes == 1

    def test_a_roster_that_did_not_change_is_not_sent_again(self, table: Table) -> None:
        table.syncer.once()
        held = table.roster.view
        table.syncer.once()
        assert table.roster.view is held

    def test_one_session_for_each_direction_serves_many_requests(self, table: Table) -> None:
        """So that no tap waits behind a roster that is under way."""
        for number in range(3):
            table.tap(number)
            table.syncer.once()
        assert table.server.sessions == 2

    def test_a_session_that_ends_soon_is_renewed(self, table: Table) -> None:
        table.server.expires_in = 30
        table.syncer.once()
        table.syncer.once()
        assert table.server.sessions == 3

    def test_what_is_pushed_is_known_to_rosters_from_the_answers_version_on(self, table: Table) -> None:
        table.tap(1)
        table.syncer.once()
        assert [past.known_at for past in table.journal.recent("M0001", "")] == [5]


class Endless(threading.Condition):
    """A wait that no time ends; says when one has begun: the lock is held until it has."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Semaphore(0)

    def wait(self, timeout: float | None = None) -> bool:
        if not timeout:
            return super().wait(timeout)
        self.begun.release()
        return super().wait()


FAULTS: list[tuple[str, Callable[[object], bool]]] = [
    ("html", lambda trouble: isinstance(trouble, LyingAnswer)),
    ("error", lambda trouble: isinstance(trouble, Offline)),
    ("busy", lambda trouble: trouble == Busy(1.0)),
    ("truncated", lambda trouble: isinstance(trouble, Offline | LyingAnswer)),
    ("lost", lambda trouble: isinstance(trouble, Offline)),
    ("lying", lambda trouble: isinstance(trouble, LyingAnswer)),
    ("journal", lambda trouble: isinstance(trouble, LyingAnswer)),
    ("stranger", lambda trouble: isinstance(trouble, LyingAnswer)),
    ("unsigned", lambda trouble: isinstance(trouble, LyingAnswer)),
    ("shape", lambda trouble: isinstance(trouble, LyingAnswer)),
]


class TestFaults:
    @pytest.mark.parametrize(("fault", "expected"), FAULTS, ids=[fault for fault, _ in FAULTS])
    def test_it_acknowledges_nothing_and_goes_through_the_next_time(
        self, table: Table, fault: str, expected: Callable[[object], bool]
    ) -> None:
        table.tap(1, 2)
        table.server.faults = [fault]
        trouble = table.syncer.once()
        assert expected(trouble), trouble
        assert (table.journal.pending, table.syncer.online) == (2, False)
        assert table.syncer.trouble
        assert table.syncer.once() is None
        assert table.journal.pending == 0
        assert len(table.server.stored) == 2

    def test_a_server_that_asks_for_patience_is_not_away(self, table: Table) -> None:
        """Or the screen would say offline, though nobody need look after the network."""
        table.syncer.once()
        table.tap(1)
        table.server.faults = ["busy"]
        assert table.syncer.push_once() == Busy(1.0)
        assert (table.syncer.online, table.syncer.trouble) == (True, "the server asks to wait 1 s")

    def test_an_answer_that_was_lost_makes_duplicates_and_no_harm(self, table: Table) -> None:
        table.tap(1)
        table.server.faults = ["lost"]
        table.syncer.once()
        assert len(table.server.stored) == 1
        assert table.syncer.once() is None
        assert (len(table.server.stored), table.journal.pending) == (1, 0)

    def test_an_answer_about_some_events_acknowledges_those(self, table: Table) -> None:
        table.tap(1, 2, 3, 4)
        table.server.faults = ["half"]
        table.syncer.once()
        assert (table.journal.pending, table.journal.acked_seq) == (2, 2)

    def test_an_event_that_the_server_cannot_digest_stops_no_other(self, table: Table) -> None:
        table.tap(*range(7))
        table.server.poison = draft(3).event["event_id"]
        trouble = table.syncer.once()
        assert isinstance(trouble, Refused)
        assert (len(table.server.stored), table.journal.pending) == (6, 1)
        assert table.roster.version == 5

    def test_a_session_that_the_server_forgot_is_opened_again_at_once(self, table: Table) -> None:
        table.syncer.once()
        table.tap(1)
        table.server.faults = ["forget"]
        assert table.syncer.once() is None
        assert (table.server.sessions, table.journal.pending) == (3, 0)

    def test_no_server_at_all_is_a_state_and_not_an_error(self, table: Table, tmp_path: Path) -> None:
        nowhere = FakeServer(url="http://127.0.0.1:9")
        (tmp_path / "other").mkdir()
        with closing(Table(nowhere, tmp_path / "other")) as other:
            assert isinstance(other.syncer.once(), Offline)
            assert (other.syncer.trouble or "").startswith("offline")

    def test_a_journal_that_cannot_be_read_is_told(self, table: Table) -> None:
        table.journal.close()
        table.journal.path.unlink()
        table.journal.path.mkdir()
        assert isinstance(table.syncer.once(), Offline)


class TestRosters:
    def test_a_roster_signed_by_another_is_refused_and_told(self, table: Table) -> None:
        table.tap(1)
        table.server.faults = ["", "forged-roster"]
        assert isinstance(table.syncer.once(), LyingAnswer)
        assert table.roster.version is None
        assert "not signed by our server" in (table.syncer.trouble or "")
        assert table.journal.pending == 0
        assert table.syncer.once() is None
        assert table.roster.version == 5

    def test_a_difference_that_does_not_fit_is_replaced_by_the_whole(self, table: Table) -> None:
        table.syncer.once()
        table.server.version, table.server.faults = 6, ["bad-delta"]
        assert table.syncer.once() is None
        assert table.roster.version == 6

    def test_a_whole_that_does_not_come_either_leaves_the_old_one(self, table: Table) -> None:
        table.syncer.once()
        table.server.version, table.server.faults = 6, ["bad-delta", "error"]
        assert isinstance(table.syncer.once(), LyingAnswer)
        assert table.roster.version == 5

    def test_a_roster_that_is_no_json_is_not_believed(self, table: Table) -> None:
        table.syncer.once()
        table.server.faults = ["shape"]
        assert isinstance(table.syncer.once(), LyingAnswer)

    def test_a_revoked_kiosk_still_pushes_and_knows_that_it_is_revoked(self, table: Table) -> None:
        table.server.revoked = True
        table.tap(1)
        assert table.syncer.once() == Refused(403, "kiosk_revoked")
        assert (table.syncer.revoked, table.syncer.online, table.journal.pending) == (True, True, 0)
        table.server.faults = ["error"]
        table.syncer.once()
        assert table.syncer.revoked
        table.server.revoked = False
        table.syncer.once()
        assert not table.syncer.revoked

    def test_whoever_asked_is_told_of_changes_and_of_nothing_else(self, table: Table) -> None:
        told: list[int | None] = []
        table.syncer.on_change = lambda: told.append(table.roster.version)
        table.syncer.once()
        table.syncer.once()
        table.server.version, table.server.whole = 6, entries()
        table.syncer.once()
        assert told == [5, 6]


class Overheard:
    """The roster of a kiosk that has none yet; something happens just as its version is asked for."""

    def __init__(self, roster: RosterStore, meanwhile: Callable[[], object]) -> None:
        self._roster, self._meanwhile, self._asked = roster, meanwhile, False
        self.hash, self.sealed = roster.hash, roster.sealed

    @property
    def version(self) -> int | None:
        held = self._roster.version
        if self._asked:
            self._asked = False
            self._meanwhile()
        return held

    def apply(self, body: Mapping[str, Any], *, first: Callable[[int], object]) -> None:
        self._asked = True
        self._roster.apply(body, first=first)


def test_what_one_lane_has_pushed_is_not_doubted_by_the_other_at_a_kiosks_first_roster(table: Table) -> None:
    """Both hear the server's version for the first time, at the same moment."""
    table.tap(1, 2, 3)
    push = threading.Thread(target=lambda: table.syncer.push_once())

    def meanwhile() -> None:
        push.start()
        push.join(timeout=0.5)  # all of the push, unless it has to wait

    table.syncer = table.new_syncer(roster=Overheard(table.roster, meanwhile))
    assert table.syncer.pull_once() is None
    push.join()
    assert (table.journal.pending, table.journal.acked_seq, table.server.pushes) == (0, 3, 1)


class TestARestoredServer:
    """It has a backup's events only, and a roster whose version is far beyond all that went before."""

    @pytest.fixture(autouse=True)
    def _three_taps_and_then_a_backup_is_put_back(self, table: Table) -> None:
        table.tap(1, 2, 3)
        assert table.syncer.once() is None
        table.server.stored.clear()
        table.server.version += PUT_BACK // 2

    def test_it_gets_all_that_is_held_though_it_asks_for_nothing_and_nobody_taps(self, table: Table) -> None:
        assert table.syncer.pull_once() is None
        assert table.journal.pending == 3
        assert table.syncer.once() is None
        assert (len(table.server.stored), table.journal.pending) == (3, 0)
        assert table.syncer.once() is None
        assert table.server.pushes == 2

    def test_its_answer_to_a_push_says_it_too_and_what_was_pushed_is_not_pushed_again(
        self, table: Table
    ) -> None:
        table.tap(4)
        assert table.syncer.push_once() is None
        assert (len(table.server.stored), table.journal.pending) == (1, 3)
        assert table.syncer.once() is None
        assert (len(table.server.stored), table.journal.pending) == (4, 0)
        assert table.server.pushes == 3

    def test_the_lane_that_hears_of_it_wakes_the_other(self, table: Table) -> None:
        lanes = [Endless(), Endless()]
        made = iter(lanes)
        table.syncer = table.new_syncer(condition=lambda: next(made))
        table.syncer.push_once()
        table.server.version += PUT_BACK
        with looping(table):
            assert table.server.wait_for(lambda: len(table.server.stored) == 3)

    def test_its_roster_is_kept_after_the_journal_has_noted_what_is_sent_again(self, table: Table) -> None:
        """Or a kiosk that loses power in between would never know."""
        table.journal.close()
        table.journal.path.unlink()
        table.journal.path.mkdir()
        assert isinstance(table.syncer.pull_once(), Offline)
        assert table.roster.version == 5

    def test_a_register_that_changed_a_lot_is_no_restored_server(self, table: Table) -> None:
        table.server.version -= 1
        assert table.syncer.once() is None
        assert (table.server.stored, table.server.pushes, table.journal.pending) == ({}, 1, 0)


class TestTheLoop:
    def test_the_first_sync_is_immediate_and_a_tap_is_pushed_at_once(self, table: Table) -> None:
        with looping(table):
            assert table.server.wait_for(lambda: "roster" in table.server.asked)
            table.tap(1)
            table.syncer.wake()
            assert table.server.wait_for(lambda: len(table.server.stored) == 1)

    def test_a_tap_wakes_a_lane_that_nothing_else_would(self, table: Table) -> None:
        lanes = [Endless(), Endless()]
        made = iter(lanes)
        table.syncer = table.new_syncer(condition=lambda: next(made))
        with looping(table):
            assert all(lane.begun.acquire(timeout=PATIENCE) for lane in lanes)
            table.tap(1)
            table.syncer.wake()
            assert table.server.wait_for(lambda: len(table.server.stored) == 1)
        assert table.server.asked.count("roster") == 1, "the other lane slept on"

    def test_it_polls_the_roster_again_and_again(self, table: Table) -> None:
        with looping(table):
            assert table.server.wait_for(lambda: table.server.asked.count("roster") >= 2)

    def test_it_comes_back_by_itself_after_a_fault(self, table: Table) -> None:
        table.server.faults = ["error"]
        table.tap(1)
        with looping(table):
            assert table.server.wait_for(lambda: len(table.server.stored) == 1)

    def test_a_tap_does_not_wait_for_a_roster_that_is_under_way(self, table: Table) -> None:
        with looping(table):
            assert table.server.wait_for(lambda: "roster" in table.server.asked)
            with table.server.slow_roster():
                table.tap(1)
                table.syncer.wake()
                assert table.server.wait_for(lambda: len(table.server.stored) == 1)

    def test_it_stops_at_once_in_the_middle_of_waiting(self, table: Table) -> None:
        with looping(table):
            assert table.server.wait_for(lambda: "roster" in table.server.asked)


class TestWaiting:
    def lane(self, number: float) -> Lane:
        return Lane(lambda: None, lambda: number)

    def test_all_is_well_means_three_seconds_that_a_tap_cuts_short(self) -> None:
        assert self.lane(0.5).delay(None) == (3.0, 0.0)

    def test_failures_wait_longer_each_time_up_to_a_minute_with_jitter(self) -> None:
        lane = self.lane(1.0)
        delays = [lane.delay(Offline(""))[0] for _ in range(9)]
        assert delays[:3] == [2.5, 4.5, 8.5]
        assert delays[-1] == 60.5
        assert self.lane(0.0).delay(Offline("")) == (0.5, 0.5)

    def test_while_offline_a_tap_asks_again_after_two_seconds_at_most(self) -> None:
        assert self.lane(1.0).delay(Offline("")) == (2.5, 2.0)

    def test_success_forgets_earlier_failures(self) -> None:
        lane = self.lane(1.0)
        for trouble in (Offline(""), Offline(""), None):
            lane.delay(trouble)
        assert lane.delay(Offline(""))[0] == 2.5

    def test_what_the_server_asks_for_is_honoured_and_a_tap_waits_too(self) -> None:
        assert self.lane(0.0).delay(Busy(30)) == (30.0, 30.0)
        assert self.lane(1.0).delay(Busy(30)) == (45.0, 45.0)

    def test_a_fault_of_ours_does_not_end_the_lane(self) -> None:
        tried = threading.Event()

        def attempt() -> None:
            tried.set()
            raise RuntimeError("a bug")

        lane = Lane(attempt, lambda: 0.0)
        thread = threading.Thread(target=lane.run)
        thread.start()
        assert tried.wait(PATIENCE)
        assert thread.is_alive()
        lane.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()
