"""Corrected time: evidence from the same boot, bounds from its neighbours, order from seq."""

from hypothesis import given
from hypothesis import strategies as st

from server.domain.time import PPM, UNBOUNDED, Reading, Sample, correct, correct_after

NOON = 1_780_000_000_000
HOUR = 3_600_000
DAY = 24 * HOUR
MANY = 1000


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


def test_a_push_that_was_slow_on_its_way_is_found_out_by_the_next():
    """A network held it for ten minutes: what it said of the time is not believed any more."""
    taps, late = [reading(1, uptime=HOUR)], sample(uptime=HOUR, at=NOON + 600_000, seq=1)
    assert correct(taps, [late])[1].at == NOON + 600_000
    following = sample(uptime=2 * HOUR, at=NOON + HOUR, seq=1)
    assert correct(taps, [late, following])[1].at == NOON


def test_a_late_copy_of_a_push_moves_nothing():
    """Its uptime lies before that of a push which has long been heard."""
    taps = [reading(1, uptime=HOUR), reading(2, uptime=3 * HOUR)]
    heard = [sample(uptime=HOUR, at=NOON, seq=1), sample(uptime=4 * HOUR, at=NOON + 3 * HOUR, seq=2)]
    copy = sample(uptime=3 * HOUR, at=NOON + 3 * HOUR - 60_000, seq=2)
    assert correct(taps, [*heard, copy]) == correct(taps, heard)


def test_a_push_that_comes_later_than_its_kiosk_aged_waits_for_one_that_agrees():
    """Slow on its way, or was the server's clock put right? The next one tells."""
    taps = [reading(1, uptime=2 * HOUR)]
    heard, slow = sample(uptime=HOUR, at=NOON), sample(uptime=2 * HOUR, at=NOON + HOUR + 600_000, seq=1)
    assert correct(taps, [heard, slow])[1].at == NOON + HOUR
    agreeing = sample(uptime=3 * HOUR, at=NOON + 2 * HOUR + 600_000, seq=1)
    assert correct(taps, [heard, slow, agreeing])[1].at == NOON + HOUR + 600_000


def test_a_slow_push_is_found_out_even_where_weeks_of_drift_hide_it_from_the_next():
    """Twelve minutes late, twenty days before the next: as far off as a bad crystal could make it."""
    heard, slow = sample(uptime=HOUR, at=NOON), sample(uptime=2 * HOUR, at=NOON + HOUR + 724_000, seq=1)
    following = sample(uptime=20 * DAY, at=NOON + 20 * DAY - HOUR - 100_000, seq=1)
    assert not slow.was_late(following)
    found = correct([reading(1, uptime=2 * HOUR)], [heard, slow, following])[1]
    assert abs(found.at - NOON - HOUR) < 1_000


def test_a_clock_of_the_server_that_was_put_right_is_believed():
    """From some moment on every push seems ten minutes late: then it was the server that had been wrong."""
    after = [sample(uptime=hours * HOUR, at=NOON + (hours - 1) * HOUR + 600_000) for hours in (2, 3)]
    found = correct([reading(1, uptime=3 * HOUR)], [sample(uptime=HOUR, at=NOON), *after])[1]
    assert found.at == NOON + 2 * HOUR + 600_000


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


class Life:
    """A kiosk's readings and samples as they come about: its clocks may lie, its time since boot drifts."""

    def __init__(self):
        self.true, self.booted, self.boots, self.drift = NOON, NOON, 1, 0
        self.readings, self.samples = [], []
        self.pushed = 0

    @property
    def boot(self):
        return f"boot-{self.boots}"

    @property
    def uptime(self):
        return (self.true - self.booted) * (1_000_000 + self.drift) // 1_000_000

    def tap(self, error, clock):
        wall = self.true + error
        self.readings.append(reading(len(self.readings) + 1, self.boot, self.uptime, wall, clock))

    def push(self, latency, most=MANY):
        """So much of what waits comes in, and with it what the clocks say."""
        self.pushed = min(self.pushed + most, len(self.readings))
        self.samples.append(sample(self.boot, self.uptime, self.true + latency, self.pushed))

    def start(self, drift):
        self.boots, self.booted, self.drift = self.boots + 1, self.true, drift

    def known(self):
        """What the server holds."""
        return self.readings[: self.pushed], list(self.samples)


_ERRORS = st.sampled_from([0, 0, 1, -1, 700, -700, 4_000, -90_000, HOUR, -DAY, -NOON])
_LATENCIES = st.sampled_from([0, 0, 1, 150, 9_000, 600_000])
_STEPS = st.one_of(
    st.tuples(st.just(Life.tap), _ERRORS, st.sampled_from(["synced", "unsynced"])),
    st.tuples(st.just(Life.push), _LATENCIES, st.sampled_from([1, 2, MANY])),
    st.tuples(st.just(Life.start), st.integers(-100, 100)),
)
_LIVES = st.lists(st.tuples(_STEPS, st.sampled_from([0, 1, 800, 60_000, 20_000_000, 20 * DAY])), max_size=25)


def _anchors(readings, samples, push):
    """As ``server.services.timing`` looks for them when a push brings a sample."""
    before = [s for s in samples if s.boot_id == push.boot_id]
    if before and before[-1].was_late(push):
        return []
    top, latest = (before[-1].seq, push.at) if before else (len(readings), push.at - push.uptime_ms)
    taken = {s.seq for s in samples if s.seq and readings[s.seq - 1].boot_id == s.boot_id and s.at <= latest}
    return sorted(seq for seq in taken if seq <= top)


def _near(samples, known, rest, low):
    """What ``correct_after`` asks for."""
    home = sorted((s for s in samples if s.boot_id == known.boot_id), key=lambda s: s.uptime_ms)
    before = [s for s in home if s.uptime_ms <= known.uptime_ms]
    boots = {r.boot_id for r in rest} | {s.boot_id for s in samples if s.seq >= low}
    boots -= {known.boot_id}
    near = [s for s in samples if s.seq >= low or s.boot_id in boots]
    return near + [s for s in home if s.uptime_ms > known.uptime_ms] + before[-1:]


@given(_LIVES, st.integers(0, 5), st.sampled_from([0, 3, 900]), st.sampled_from([1, 3, MANY]))
def test_what_lies_before_an_anchor_need_not_be_corrected_again(steps, taps, latency, most):
    """From any anchor on the times are those of the whole journal, and none before it has moved."""
    life = Life()
    for (step, *how), later in steps:
        life.true += later
        step(life, *how)
    old, samples = life.known()
    for turn in range(taps):
        life.true += 700
        life.tap(turn, "unsynced" if turn % 2 else "synced")
    life.push(latency, most)
    readings, all_samples = life.known()
    was, now = correct(old, samples), correct(readings, all_samples)
    anchors = _anchors(old, samples, life.samples[-1])
    if not samples or any(s.at > life.samples[-1].at for s in samples):
        return
    for place, seq in enumerate(anchors):
        known, rest = readings[seq - 1], readings[seq:]
        low = anchors[place - 1] if place else 0
        near = _near(all_samples, known, rest, low)
        found = correct_after((known, was[seq]), rest, near)
        if found is not None:
            assert found == {place: at for place, at in now.items() if place >= seq}
            assert {p: at for p, at in was.items() if p < seq} == {p: at for p, at in now.items() if p < seq}


def test_what_contradicts_an_anchor_asks_for_the_whole_journal():
    """An uptime that fell, a boot the server has not timed, a time that comes out otherwise."""
    known = reading(1, "a", HOUR)
    stood = correct([known], [sample("a", HOUR, NOON, seq=1)])[1]
    timed = [sample("a", HOUR, NOON, seq=1)]
    assert correct_after((known, stood), [reading(2, "a", 2 * HOUR)], timed)
    assert correct_after((known, stood), [reading(2, "a", 5)], timed) is None
    assert correct_after((known, stood), [], [sample("b", HOUR, NOON, seq=1)]) is None
    assert correct_after((known, stood), [], [sample("a", HOUR, NOON - 1, seq=1)]) is None
