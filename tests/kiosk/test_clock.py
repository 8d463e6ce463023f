"""A machine without a clock battery: the wall clock is believed for a reason only."""

from dataclasses import dataclass

from kiosk.clock import BORN, LASTS_MS, BootClock, Sources, boot_id, ntp_synced, uptime_ms, wall_ms

SERVER = BORN + 86_400_000


@dataclass
class Told:
    wall: int = 5000
    uptime: int = 0
    ntp: bool = False

    def clock(self) -> BootClock:
        return BootClock(
            Sources(
                wall_ms=lambda: self.wall,
                uptime_ms=lambda: self.uptime,
                ntp_synced=lambda: self.ntp,
                boot_id="b",
            )
        )


def test_a_clock_that_nobody_set_is_unsynced() -> None:
    sample = Told(uptime=7).clock().sample()
    assert (sample.clock, sample.wall, sample.uptime_ms, sample.boot_id) == ("unsynced", 5000, 7, "b")


def test_ntp_is_a_reason() -> None:
    assert Told(wall=BORN, ntp=True).clock().sample().clock == "synced"


def test_ntp_that_says_synced_in_1970_is_not() -> None:
    assert Told(ntp=True).clock().sample().clock == "unsynced"


def test_a_servers_time_sets_this_boots_clock() -> None:
    told = Told(uptime=1000)
    clock = told.clock()
    clock.learn(SERVER, sent_uptime_ms=900, got_uptime_ms=1100)
    told.uptime = 61_000
    sample = clock.sample()
    assert (sample.clock, sample.wall) == ("synced", SERVER + 60_000)


def test_the_servers_word_beats_ntp() -> None:
    told = Told(wall=BORN, ntp=True)
    clock = told.clock()
    clock.learn(SERVER, sent_uptime_ms=0, got_uptime_ms=0)
    assert clock.sample().wall == SERVER


def test_a_wall_clock_that_jumps_moves_nothing_afterwards() -> None:
    told = Told()
    clock = told.clock()
    clock.learn(SERVER, sent_uptime_ms=0, got_uptime_ms=0)
    told.wall = 99
    assert clock.sample().wall == SERVER


def test_the_shortest_round_trip_wins_until_it_is_an_hour_old() -> None:
    told = Told()
    clock = told.clock()
    clock.learn(SERVER, sent_uptime_ms=0, got_uptime_ms=100)
    clock.learn(SERVER + 9000, sent_uptime_ms=1000, got_uptime_ms=9000)
    assert clock.sample().wall == SERVER - 50
    clock.learn(SERVER, sent_uptime_ms=4_000_000, got_uptime_ms=4_000_400)
    told.uptime = 4_000_200
    assert clock.sample().wall == SERVER


def test_a_servers_word_wears_off_and_its_offset_stays_the_best_guess() -> None:
    told = Told(wall=5000)
    clock = told.clock()
    clock.learn(SERVER, sent_uptime_ms=0, got_uptime_ms=0)
    told.uptime = LASTS_MS
    assert clock.sample().clock == "synced"
    told.uptime += 1
    sample = clock.sample()
    assert (sample.clock, sample.wall) == ("unsynced", SERVER + LASTS_MS + 1)


def test_when_the_servers_word_has_worn_off_ntp_counts_again() -> None:
    told = Told(wall=SERVER + 60_000, ntp=True)
    clock = told.clock()
    clock.learn(SERVER, sent_uptime_ms=0, got_uptime_ms=0)
    told.uptime = LASTS_MS + 1
    sample = clock.sample()
    assert (sample.clock, sample.wall) == ("synced", SERVER + 60_000)


def test_this_machines_own_clocks_can_be_read() -> None:
    assert len(boot_id()) == 36
    assert uptime_ms() > 0
    assert wall_ms() > BORN
    assert ntp_synced() in (True, False)
    assert BootClock().sample().boot_id == boot_id()
