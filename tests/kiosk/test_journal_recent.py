"""What the journal remembers: of one person or card, in order, without looking at all the others."""

from kiosk.journal_recent import Recent
from kiosk.ports import Remembered
from server.contract.wire import TapEvent
from tests.support.kiosk_journal import draft


def event(number: int, **fields: object) -> TapEvent:
    return TapEvent(**draft(number, **fields).event, kiosk_id="k1", journal_id="j1", seq=number)


def seqs(found: list[Remembered]) -> list[int]:
    return [entry.event.seq for entry in found]


def test_a_person_is_found_by_number_or_by_card_and_once() -> None:
    recent = Recent()
    recent.add(event(1, volunteer="A", card_id="c1"))
    recent.add(event(2, volunteer="B", card_id="c2"))
    recent.add(event(3, volunteer="A", card_id="c3"))
    recent.add(event(4, volunteer=None, card_id="c1"))
    assert seqs(recent.of("A", "c1")) == [1, 3, 4]
    assert seqs(recent.of(None, "c2")) == [2]
    assert seqs(recent.of("B", "")) == [2]


def test_team_events_concern_everybody() -> None:
    recent = Recent()
    recent.add(event(1, volunteer="L", action="team_open", members=("A", "B")))
    recent.add(event(2, volunteer="A", card_id="c1"))
    recent.add(event(3, volunteer="L", medium="touch", action="undo", members=("A",)))
    recent.add(event(4, volunteer="L", action="team_close"))
    assert seqs(recent.of("A", "c1")) == [1, 2, 3, 4]
    assert seqs(recent.of(None, "")) == [1, 3, 4]


def test_an_event_without_a_card_is_not_everybody_elses() -> None:
    recent = Recent([Remembered(event(1, volunteer=None, card_id=""))])
    assert recent.of(None, "") == []


def test_since_when_the_server_knows_is_kept_with_the_event() -> None:
    recent = Recent([Remembered(event(1), 7), Remembered(event(2))])
    assert [entry.known_at for entry in recent.of("M0001", "")] == [7, None]
    recent.know(event(2).event_id, 8)
    assert [entry.known_at for entry in recent.of("M0001", "")] == [7, 8]


def test_the_oldest_are_forgotten_with_all_that_was_kept_of_them() -> None:
    recent = Recent(most=2)
    for number, volunteer in enumerate("ABA", 1):
        recent.add(event(number, volunteer=volunteer, card_id=""))
    recent.know(event(1).event_id, 9)
    assert seqs(recent.of("A", "")) == [3]
    assert recent.last == event(3, volunteer="A", card_id="")
    recent.add(event(4, volunteer="A", card_id=""))
    assert recent.of("B", "") == []
    assert Recent().last is None
