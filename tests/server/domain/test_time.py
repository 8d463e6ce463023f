"""Corrected time: evidence from the same boot, bounds from its neighbours, order from seq."""

from hypothesis import given
from hypothesis import strategies as st

from server.domain.time import PPM, UNBOUNDED, Reading, Sample, correct

NOON = 1_780_000_000_000
HOUR = 3_600_000
DAY = 24 * HOUR


def reading(seq, boot="a", uptime=0, wall=0, clock="unsynced"):
    """A reading of a kiosk that believes in 1970 unless told."""
    return Reading(seq=seq, boot_id=boot, uptime_ms=uptime, wall=wall, clock=clock)


def sample(boot="a", uptime=0, at=NOON, seq=0):
    """A push as the server saw it."""
    return Sample(boot_id=boot, uptime_ms=uptime, at=at, seq=seq)


def test_a_kiosk_that_woke_in_1970_is_corrected_by_its_next_push():
    """The tap lay an hour before the push in the same boot."""
    found = correct([reading(1, uptime=HOUR)], [sample(uptime=2 * HOUR)])[1]
    assert (found.at, found.sure) == (NOON - HOUR, True)
    assert found.uncertainty == HOUR * PPM // 1_000_000


def test_between_two_samples_the_drift_is_shared_out():
    """A crystal that loses ten seconds a day has lost five by noon."""
    samples = [sample(uptime=0, at=NOON), sample(uptime=DAY, at=NOON + DAY + 10_000)]
    found = correct([reading(1, uptime=DAY // 2)], samples)[1]
    assert found.at == NOON + DAY // 2 + 5_000


def test_a_synced_event_is_its_own_sample():
    """NTP had set the clock: the wall clock stands, without uncertainty."""
    found = correct([reading(1, uptime=5, wall=NOON, clock="synced")], [])[1]
    assert (found.at, found.uncertainty, found.sure) == (NOON, 0, True)


def test_a_synced_event_dates_the_unsynced_ones_of_its_boot():
    """The taps before the network came back are found by time since boot."""
    readings = [reading(1, uptime=HOUR), reading(2, uptime=2 * HOUR, wall=NOON, clock="synced")]
    assert correct(readings, [])[1].at == NOON - HOUR


def test_a_kiosk_that_claims_to_be_synced_and_contradicts_the_server_is_not_believed():
    """A wrong NTP server moves nothing once the server has seen the boot."""
    readings = [reading(1, uptime=HOUR, wall=NOON + DAY, clock="synced")]
    assert correct(readings, [sample(uptime=2 * HOUR)])[1].at == NOON - HOUR


def test_of_two_samples_at_one_uptime_the_faster_network_is_right():
    """A slow request only ever makes the server's clock look later."""
    found = correct([reading(1)], [sample(at=NOON + 900), sample(at=NOON)])[1]
    assert found.at == NOON


def test_a_boot_without_samples_lies_between_its_neighbours_and_keeps_its_durations():
    """A power cut at eight, another at nine, nothing synced in between."""
    readings = [
        reading(1, "a", HOUR),
        reading(2, "b", 60_000),
        reading(3, "b", 60_000 + HOUR),
        reading(4, "c", 30_000),
    ]
    samples = [sample("a", HOUR, NOON), sample("c", 30_000, NOON + 3 * HOUR)]
    found = correct(readings, samples)
    assert found[3].at - found[2].at == HOUR
    assert found[1].at <= found[2].at
    assert found[3].at <= found[4].at
    assert not found[2].sure
    assert found[2].uncertainty == 2 * HOUR - 90_000
    assert found[4].sure


def test_a_believable_wall_clock_places_a_boot_inside_its_bounds():
    """A kiosk with a clock battery knows better than the middle of a gap."""
    readings = [reading(1, "a", 0), reading(2, "b", 0, wall=NOON + HOUR), reading(3, "c", 0)]
    samples = [sample("a", 0, NOON), sample("c", 0, NOON + 3 * HOUR)]
    assert correct(readings, samples)[2].at == NOON + HOUR


def test_boots_without_samples_leave_room_for_each_other():
    """Two unsynced boots in a row cannot lie in the same hour."""
    readings = [
        reading(1, "a", 0),
        reading(2, "b", HOUR, wall=NOON + DAY),
        reading(3, "c", HOUR),
        reading(4, "d", 0),
    ]
    samples = [sample("a", 0, NOON), sample("d", 0, NOON + 3 * HOUR)]
    found = correct(readings, samples)
    assert NOON + HOUR <= found[2].at <= NOON + 2 * HOUR
    assert found[2].at <= found[3].at <= NOON + 3 * HOUR
    assert found[3].at >= NOON + 2 * HOUR


def test_a_boot_that_nothing_bounds_is_a_guess_of_a_year():
    """Only the wall clock speaks; the date wants confirmation."""
    found = correct([reading(1, "a", 5, wall=NOON)], [])[1]
    assert (found.at, found.uncertainty, found.sure) == (NOON, UNBOUNDED, False)
    later = correct([reading(1, "a", 0), reading(2, "b", 0)], [sample("a")])[2]
    assert (later.at, later.uncertainty) == (NOON, UNBOUNDED)
    first = correct([reading(1, "a", 0, wall=NOON + DAY), reading(2, "b", 0)], [sample("b")])[1]
    assert (first.at, first.uncertainty) == (NOON, UNBOUNDED)


def test_a_sync_before_the_first_tap_bounds_what_came_after_it():
    """Set up on Monday, unplugged, woken in 1970: its taps are not of 1970, and no earlier than Monday."""
    readings = [reading(1, "b", HOUR), reading(2, "c", HOUR)]
    found = correct(readings, [sample("a", 5, NOON, seq=0), sample("d", 0, NOON + DAY, seq=2)])
    assert [found[seq].at for seq in (1, 2)] == [NOON + HOUR, NOON + 2 * HOUR]
    assert all(found[seq].at + found[seq].uncertainty >= NOON + DAY - HOUR for seq in (1, 2))


def test_nothing_happened_after_the_server_already_held_it():
    """A push of a later boot without any tap of its own still bounds what it carried."""
    readings = [reading(1, "a", 0, wall=NOON + DAY)]
    found = correct(readings, [sample("b", HOUR, NOON, seq=1)])[1]
    assert found.at == NOON - HOUR


def test_time_never_falls_along_a_journal():
    """Two boots both claim to be synced and disagree: seq decides."""
    readings = [
        reading(1, "a", 0, wall=NOON, clock="synced"),
        reading(2, "b", 0, wall=NOON - HOUR, clock="synced"),
    ]
    found = correct(readings, [])
    assert found[2].at == NOON
    assert found[2].uncertainty == HOUR


def test_a_boot_the_server_has_timed_is_not_pushed_by_one_it_has_not():
    """An evening of wrong NTP does not move the next morning into next year."""
    readings = [reading(1, "a", 0, wall=NOON + 365 * DAY, clock="synced"), reading(2, "b", 0)]
    found = correct(readings, [sample("b", 0, NOON, seq=2)])
    assert found[2].at == NOON
    assert found[1].at <= NOON


def test_bounds_that_contradict_each_other_leave_a_stated_uncertainty():
    """A clone's history may not fit between its neighbours: the earlier bound stands."""
    readings = [reading(1, "a", 0), reading(2, "b", 10 * HOUR), reading(3, "c", 0)]
    found = correct(readings, [sample("a", 0, NOON), sample("c", 0, NOON + HOUR)])[2]
    assert not found.sure
    assert found.uncertainty >= 9 * HOUR


def test_no_readings_give_no_times():
    """A journal of nothing but heartbeats."""
    assert correct([], [sample()]) == {}


def _readings():
    return st.builds(
        reading,
        st.integers(1, 12),
        st.sampled_from("abcd"),
        st.integers(0, DAY),
        st.integers(0, NOON + DAY),
        st.sampled_from(["synced", "unsynced"]),
    )


def _samples():
    return st.builds(
        sample,
        st.sampled_from("abcde"),
        st.integers(0, DAY),
        st.integers(NOON - DAY, NOON + DAY),
        st.integers(0, 12),
    )


@given(st.lists(_readings(), unique_by=lambda r: r.seq), st.lists(_samples()), st.randoms())
def test_the_order_of_arrival_changes_no_time(readings, samples, random):
    """Late samples change results, their order does not; and time follows seq."""
    expected = correct(readings, samples)
    shuffled, again = list(readings), [*samples, *samples]
    random.shuffle(shuffled)
    random.shuffle(again)
    assert correct(shuffled, again) == expected
    times = [expected[seq].at for seq in sorted(expected)]
    assert times == sorted(times)
