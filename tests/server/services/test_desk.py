"""Cards made at a desk: whole or not at all, whatever is torn, lost or laid down twice."""

from typing import Any

import pytest

from card_tools.writer import password_for
from hardware.ports import CardRead
from hardware.simulated.ntag import NtagCard
from hardware.simulated.plain import UidCard
from kiosk.ports import Offline
from server.services.audit import audit
from server.services.cards import life_of, set_state
from server.services.desk import LEASE, choose_order, close_desk, hold_desk
from server.services.issuing import put_off
from server.services.members import NewVolunteer, register_volunteers, set_consent, set_standing
from server.services.roster import build
from server.services.sun import ReadCard, read_by_phone
from tests.support.desk import Counter, counter, new_chip, read_on_a_phone, torn_at

UID = bytes.fromhex("04A1B2C3D4E5F6")
ADDRESS = "https://meihu.example.cn/t"
OTHER = bytes.fromhex("04A1B2C3D4E5F7")


@pytest.fixture
def at(bench: Any) -> Counter:
    """A desk that is open for M0001, who has a printed card."""
    desk = counter(bench)
    desk.open(order_id=desk.order("M0001")[0])
    return desk


def is_clean(at: Counter) -> bool:
    """Whether the audit finds nothing."""
    with at.bench.uow() as uow:
        return audit(uow, at.bench.keys) == []


@pytest.mark.parametrize("kind", ["ntag213", "ntag215", "ntag216"])
def test_a_chip_laid_down_becomes_the_persons_card(at: Counter, kind: str) -> None:
    card = NtagCard(kind, UID)
    assert at.lay(card) == "made"
    assert at.holds(card)
    (made,) = at.cards("M0001")
    assert (made["state"], made["proof"]) == ("active", "signed")
    assert [row["state"] for row in at.bench.rows("cards", volunteer="M0001", medium="qr")] == ["replaced"]
    assert is_clean(at)
    assert at.taps == []


def test_frames_travel_together(at: Counter) -> None:
    at.lay(NtagCard("ntag213", UID))
    assert len(at.pipe.asked) <= 7
    assert len(at.pipe.asked[-1].answers) > 45


def test_each_step_of_its_life_says_who_when_and_why(at: Counter) -> None:
    at.lay(NtagCard("ntag213", UID))
    (made,) = at.cards("M0001")
    with at.bench.uow() as uow:
        steps = life_of(uow, made["card_id"])
    assert [step["state"] for step in steps] == ["requested", "made", "active"]
    assert {(step["recorded_by"], step["recorded_at"]) for step in steps} == {("staff", at.bench.now)}
    assert steps[-1]["reason"] == "first"


@pytest.mark.parametrize("kind", ["ntag213", "ntag215", "ntag216", "ntag424"])
def test_torn_away_at_any_frame_it_is_no_card_and_is_finished_when_laid_down_again(
    bench: Any, kind: str
) -> None:
    at = counter(bench)
    at.pipe.address = ADDRESS
    at.open(order_id=at.order("M0001")[0])
    assert at.lay(new_chip(kind)) == "made"
    whole = len(at.pipe.asked[-1].answers)
    assert whole > 20
    for tear in torn_at(2 * whole):
        frames, last_is_lost = divmod(tear, 2)
        card = new_chip(kind, tear + 1)
        at.open(order_id=at.order("M0001")[0])
        assert at.lay(card, frames=frames, last_is_lost=bool(last_is_lost)) != "made", tear
        assert at.word == "torn", tear
        assert all(row["state"] == "requested" for row in at.chip_rows(card)), tear
        assert at.lay(card) == "made", tear
        assert at.holds(card), tear
        assert [row["state"] for row in at.chip_rows(card)] == ["active"]
    assert len(at.cards("M0001", state="active")) == 1
    assert is_clean(at)


def test_a_card_that_was_only_begun_opens_nothing_at_a_kiosk(at: Counter) -> None:
    card = NtagCard("ntag213", UID)
    at.lay(card, frames=44)
    (begun,) = at.chip_rows(card)
    with at.bench.uow() as uow:
        entry = build(uow, at.bench.acting(), "hut")[f"card:{begun['lookup']}"]
    assert (begun["state"], entry["state"], entry["name"]) == ("requested", "replaced", None)


def test_what_was_begun_on_one_chip_is_given_up_when_another_becomes_the_card(at: Counter) -> None:
    begun, card = NtagCard("ntag213", OTHER), NtagCard("ntag213", UID)
    at.lay(begun, frames=30)
    at.lay(card)
    assert [row["state"] for row in at.chip_rows(begun)] == ["damaged"]
    assert [row["state"] for row in at.chip_rows(card)] == ["active"]


def test_an_answer_that_was_lost_after_the_last_frame_costs_nothing(at: Counter) -> None:
    """The kiosk carried out everything and could not tell: the chip is found finished."""
    card = NtagCard("ntag213", UID)
    original = at.pipe.card_laid

    def lossy(laid: Any) -> Any:
        at.pipe.offline = len(laid.answers) > 45
        return original(laid)

    at.pipe.card_laid = lossy  # type: ignore[method-assign]
    assert at.lay(card) == "again"
    at.pipe.card_laid, at.pipe.offline = original, False  # type: ignore[method-assign]
    memory = bytes(card.memory)
    assert at.lay(card) == "made"
    assert bytes(card.memory) == memory
    assert is_clean(at)


class TestChipsThatWillNotDo:
    """Refused with the reason, and nothing is active."""

    def refused(self, at: Counter, card: Any, word: str) -> None:
        assert (at.lay(card), at.word) == ("refused", word)
        assert at.cards("M0001", state=["made", "active"]) == []

    def test_one_that_is_somebody_elses_card(self, at: Counter) -> None:
        card = NtagCard("ntag213", UID)
        at.lay(card)
        before = bytes(card.memory)
        at.open(order_id=at.order("M0002")[0])
        assert (at.lay(card), at.word) == ("refused", "chip_in_use")
        assert bytes(card.memory) == before
        assert at.cards("M0002") == []

    @pytest.mark.parametrize("foreign", ["password", "acknowledgement"])
    def test_one_with_a_wrong_password_or_a_wrong_acknowledgement(self, at: Counter, foreign: str) -> None:
        card = NtagCard("ntag213", UID)
        password, pack = password_for(at.bench.keys.ntag_master("meihu"), UID)
        at_config = card.model.config * 4
        card.memory[at_config + 3] = 4
        card.memory[at_config + 8 : at_config + 12] = b"theirs"[:4] if foreign == "password" else password
        card.memory[at_config + 12 : at_config + 14] = pack if foreign == "password" else b"no"
        before = bytes(card.memory)
        self.refused(at, card, "chip_unsuitable")
        assert bytes(card.memory) == before

    def test_one_that_only_tells_its_number(self, at: Counter) -> None:
        at.desk.tap(read_of(UidCard(bytes.fromhex("CAFE0001"))))
        assert (at.shown, at.word, at.taps) == (["refused"], "cannot_be_written", [])

    def test_one_whose_configuration_is_locked(self, at: Counter) -> None:
        card = NtagCard("ntag213", UID)
        card.memory[card.model.config * 4 + 4] = 0x40
        self.refused(at, card, "chip_unsuitable")


def read_of(card: UidCard) -> Any:
    """What a reader tells of a card that it cannot speak with."""
    return CardRead(medium="nfc", uid=card.uid)


class TestACardThatPeopleHaveAlready:
    """Bound by its number, nothing written."""

    @pytest.fixture
    def at(self, bench: Any) -> Counter:
        desk = counter(bench)
        desk.open(order_id=desk.order("M0001", kind="uid")[0])
        return desk

    def test_its_number_becomes_the_card(self, at: Counter) -> None:
        at.desk.tap(read_of(UidCard(bytes.fromhex("CAFE0001"))))
        assert at.shown == ["made"]
        (made,) = at.cards("M0001")
        assert (made["state"], made["proof"]) == ("active", "uid")
        assert is_clean(at)

    def test_a_chip_that_could_be_written_is_bound_too_and_stays_as_it_was(self, at: Counter) -> None:
        card = NtagCard("ntag213", UID)
        before = bytes(card.memory)
        assert at.lay(card) == "made"
        assert bytes(card.memory) == before
        assert at.cards("M0001")[0]["proof"] == "uid"

    def test_a_phones_number_is_refused_since_it_is_another_one_next_time(self, at: Counter) -> None:
        at.desk.tap(read_of(UidCard(bytes.fromhex("08112233"))))
        assert (at.shown, at.word) == (["refused"], "phone_uid_random")

    def test_a_card_is_one_persons(self, at: Counter) -> None:
        card = UidCard(bytes.fromhex("CAFE0001"))
        at.desk.tap(read_of(card))
        at.open(order_id=at.order("M0002", kind="uid")[0])
        at.desk.tap(read_of(card))
        assert (at.shown[-1], at.word) == ("refused", "chip_in_use")


class TestAChipThatIsChallenged:
    """An NTAG 424 DNA gets keys of its own, and proves at a kiosk that it holds them."""

    def test_it_becomes_the_persons_card(self, at: Counter) -> None:
        card = new_chip("ntag424")
        assert at.lay(card) == "made"
        (made,) = at.cards("M0001")
        assert (made["state"], made["proof"]) == ("active", "challenge")
        assert at.holds(card)
        assert is_clean(at)

    def test_a_phone_that_reads_it_finds_the_server(self, at: Counter) -> None:
        at.pipe.address = ADDRESS
        card = new_chip("ntag424")
        assert at.lay(card) == "made"
        assert at.holds(card)
        assert at.bench.do(read_by_phone, **read_on_a_phone(card)) == ReadCard("active", "M0001")
        assert is_clean(at)


class TestAQueue:
    """Two hundred people, one after another."""

    def test_the_next_one_comes_by_itself(self, bench: Any) -> None:
        at = counter(bench)
        at.order("M0001", "M0002", "M0003", batch="b", handover="later")
        at.open(batch="b")
        for last in range(3):
            assert at.lay(NtagCard("ntag213", UID[:6] + bytes([last]))) == "made"
        made = {row["volunteer"]: row["state"] for row in at.bench.rows("card_orders", batch="b")}
        assert made == dict.fromkeys(("M0001", "M0002", "M0003"), "made")
        assert [row["order_id"] for row in at.bench.rows("desks")] == [None]
        assert at.lay(NtagCard("ntag213", UID)) == "refused"
        assert at.word == "nobody_waits"

    def test_two_hundred_go_on_where_a_crash_in_the_middle_of_a_chip_left_them(self, bench: Any) -> None:
        names = [NewVolunteer(name=f"志愿者{place}") for place in range(200)]
        numbers = bench.do(register_volunteers, names)
        at = counter(bench)
        at.order(*numbers, batch="b")
        at.open(batch="b")
        assert at.lay(NtagCard("ntag213", UID[:6] + b"\x01")) == "made"
        original, half = at.pipe.card_laid, NtagCard("ntag213", UID[:6] + b"\x02")
        at.pipe.card_laid = lambda laid: Offline("gone") if laid.torn else original(laid)  # type: ignore[method-assign]
        at.lay(half, frames=30)
        assert at.word == "writing", "nobody could tell what had happened"
        at.pipe.card_laid = original  # type: ignore[method-assign]
        at.restart()
        assert at.lay(half) == "made"
        made = at.bench.rows("card_orders", "fact_seq", state="made")
        assert [row["volunteer"] for row in made] == numbers[:2]
        assert len(at.bench.rows("card_orders", state="requested")) == 198
        assert is_clean(at)

    def test_the_same_chip_twice_in_a_row_is_not_the_next_ones(self, bench: Any) -> None:
        at = counter(bench)
        at.order("M0001", "M0002", batch="b")
        at.open(batch="b")
        card = NtagCard("ntag213", UID)
        assert (at.lay(card), at.lay(card), at.word) == ("made", "refused", "chip_in_use")

    def test_cards_for_later_open_nothing_until_they_are_handed_over(self, bench: Any) -> None:
        at = counter(bench)
        at.order("M0001", batch="b", handover="later")
        at.open(batch="b")
        at.lay(NtagCard("ntag213", UID))
        (made,) = at.cards("M0001")
        printed = at.bench.rows("cards", volunteer="M0001", medium="qr")[0]
        assert (made["state"], printed["state"]) == ("made", "active")
        at.bench.do(set_state, made["card_id"], "active", reason="handed_over")
        assert at.cards("M0001")[0]["state"] == "active"
        assert at.bench.rows("cards", card_id=printed["card_id"])[0]["state"] == "replaced"
        assert is_clean(at)

    def test_who_is_not_here_waits_behind_the_others(self, bench: Any) -> None:
        at = counter(bench)
        first, *_ = at.order("M0001", "M0002", batch="b")
        at.open(batch="b")
        at.bench.do(put_off, first)
        at.bench.do(choose_order, at.kiosk_id, None)
        at.lay(NtagCard("ntag213", UID))
        assert at.cards("M0002")[0]["state"] == "active"

    def test_two_desks_share_a_queue_and_never_a_person(self, bench: Any) -> None:
        one, two = counter(bench), counter(bench)
        one.order("M0001", "M0002", "M0003", batch="b")
        one.open(batch="b")
        two.open(batch="b")
        for place, at in enumerate((two, one, two)):
            assert at.lay(NtagCard("ntag213", UID[:6] + bytes([place]))) == "made"
        made = [card["volunteer"] for card in one.bench.rows("cards", "fact_seq", medium="nfc")]
        assert made == ["M0002", "M0001", "M0003"]

    def test_another_person_chosen_while_a_chip_is_written_does_not_get_that_chip(self, at: Counter) -> None:
        second = at.order("M0002")[0]
        original = at.pipe.card_laid

        def interrupted(laid: Any) -> Any:
            if len(laid.answers) == 4:
                at.bench.do(choose_order, at.kiosk_id, second)
            return original(laid)

        at.pipe.card_laid = interrupted  # type: ignore[method-assign]
        assert at.lay(NtagCard("ntag213", UID)) == "again"
        assert at.cards("M0002") == []


class TestWhoMayHaveACard:
    """Asked again when the card is laid down: much can happen while people wait."""

    def test_a_minor_without_consent_gets_none(self, at: Counter) -> None:
        at.bench.do(set_standing, "M0001", {"status": "inactive"})
        assert (at.lay(NtagCard("ntag213", UID)), at.word) == ("refused", "inactive")

    def test_nor_does_somebody_who_withdrew_the_consent_to_be_recorded(self, at: Counter) -> None:
        at.bench.do(set_consent, "M0001", purpose="record", granted=False)
        assert (at.lay(NtagCard("ntag213", UID)), at.word) == ("refused", "consent_missing")


class TestTheDeskItself:
    """Open while its page is, and no longer."""

    def test_without_its_page_it_closes_and_cards_are_taps(self, at: Counter) -> None:
        at.bench.now += LEASE
        assert at.lay(NtagCard("ntag213", UID)) == "tap"
        assert len(at.taps) == 1

    def test_the_page_holds_it_open(self, at: Counter) -> None:
        at.bench.now += LEASE - 1
        at.bench.do(hold_desk, at.kiosk_id)
        at.bench.now += LEASE - 1
        assert at.lay(NtagCard("ntag213", UID)) == "made"

    def test_once_closed_cards_are_taps_at_once(self, at: Counter) -> None:
        with at.bench.uow() as uow:
            close_desk(uow, at.kiosk_id)
            uow.commit()
        assert at.lay(NtagCard("ntag213", UID)) == "tap"
