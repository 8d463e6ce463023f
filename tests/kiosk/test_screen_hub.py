"""The hub: a tap never waits for a browser, and every browser catches up."""

import threading

import pytest

from kiosk.screen.hub import MOST_KEPT, MOST_SUBSCRIBERS, HubClosed, ScreenHub
from tests.support.processes import PATIENCE
from tests.support.screen import every_outcome

STARTED = every_outcome()["shift_started"]
ENDED = every_outcome()["shift_ended"]
AT_ONCE = 0.0


def test_a_new_watcher_gets_the_current_view_at_once_with_its_age() -> None:
    now = [100.0]
    hub = ScreenHub(monotonic=lambda: now[0])
    hub.publish(STARTED)
    now[0] = 103.5
    update = hub.subscribe().next(AT_ONCE)
    assert update is not None
    assert (update.result, update.told[0].age_ms, update.idle_changed) == (STARTED, 3_500, True)


def test_a_watcher_that_knows_everything_is_told_nothing() -> None:
    hub = ScreenHub()
    watcher = hub.subscribe()
    assert watcher.next(AT_ONCE) is not None
    assert watcher.next(AT_ONCE) is None


def test_each_change_is_told_once_and_named() -> None:
    hub = ScreenHub()
    watcher = hub.subscribe()
    watcher.next(AT_ONCE)
    hub.idle_changed()
    told = watcher.next(AT_ONCE)
    assert told is not None
    assert (told.result, told.idle_changed) == (None, True)
    hub.publish(STARTED)
    told = watcher.next(AT_ONCE)
    assert told is not None
    assert (told.result, told.idle_changed) == (STARTED, False)


def test_a_slow_watcher_is_told_each_tap_and_the_newest_last() -> None:
    """Two readers at once: neither person goes untold because the other came in the same moment."""
    hub = ScreenHub()
    watcher = hub.subscribe()
    watcher.next(AT_ONCE)
    hub.publish(STARTED)
    hub.publish(ENDED)
    update = watcher.next(AT_ONCE)
    assert update is not None
    assert [told.result for told in update.told] == [STARTED, ENDED]
    assert len({told.serial for told in update.told}) == 2
    assert update.result == ENDED


def test_a_new_watcher_hears_of_the_last_tap_only() -> None:
    hub = ScreenHub()
    hub.publish(STARTED)
    hub.publish(ENDED)
    update = hub.subscribe().next(AT_ONCE)
    assert update is not None
    assert [told.result for told in update.told] == [ENDED]


def test_a_watcher_that_sleeps_for_ever_costs_no_memory() -> None:
    hub = ScreenHub()
    watcher = hub.subscribe()
    watcher.next(AT_ONCE)
    for _ in range(10 * MOST_KEPT):
        hub.publish(STARTED)
    update = watcher.next(AT_ONCE)
    assert update is not None
    assert len(update.told) == MOST_KEPT


def test_the_same_result_twice_is_two_results() -> None:
    hub = ScreenHub()
    watcher = hub.subscribe()
    hub.publish(STARTED)
    watcher.next(AT_ONCE)
    hub.publish(STARTED)
    told = watcher.next(AT_ONCE)
    assert told is not None
    assert told.result == STARTED


def test_a_waiting_watcher_wakes_when_somebody_taps() -> None:
    hub = ScreenHub()
    watcher = hub.subscribe()
    watcher.next(AT_ONCE)
    told = []
    thread = threading.Thread(target=lambda: told.append(watcher.next(PATIENCE)))
    thread.start()
    hub.publish(STARTED)
    thread.join(PATIENCE)
    assert [update.result for update in told if update] == [STARTED]


def test_taps_from_many_threads_never_wait_for_a_watcher_that_does_not_listen() -> None:
    hub = ScreenHub()
    watcher = hub.subscribe()
    threads = [threading.Thread(target=hub.publish, args=(STARTED,)) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)
    assert watcher.next(AT_ONCE) is not None


def test_the_oldest_watcher_makes_room() -> None:
    hub = ScreenHub()
    oldest = hub.subscribe()
    others = [hub.subscribe() for _ in range(MOST_SUBSCRIBERS)]
    assert hub.watchers == MOST_SUBSCRIBERS
    with pytest.raises(HubClosed):
        oldest.next(AT_ONCE)
    assert others[-1].next(AT_ONCE) is not None


def test_closing_sends_everybody_away_and_lets_nobody_in() -> None:
    hub = ScreenHub()
    watcher = hub.subscribe()
    hub.close()
    with pytest.raises(HubClosed):
        watcher.next(PATIENCE)
    with pytest.raises(HubClosed):
        hub.subscribe()


def test_leaving_twice_is_no_error() -> None:
    hub = ScreenHub()
    watcher = hub.subscribe()
    watcher.close()
    watcher.close()
    assert hub.watchers == 0
