"""How many cards a person may hold: the policy ``active_cards_per_person``, wherever one becomes active."""

from typing import Any

import pytest

from hardware.simulated.ntag import NtagCard
from server.contract.rules import HOUR
from server.errors import Conflict, Invalid
from server.services.audit import audit
from server.services.cards import register_bound, register_static, register_uid, set_state
from server.services.holding import check_replaces, holding
from server.services.issuing import Wish, order_cards
from server.services.policies import set_policy
from server.services.printing import prints
from tests.support.desk import counter

UID = bytes.fromhex("04a1b2c3d4e5f6")
PERSON = "M0001"


def allow(bench: Any, most: int, **when: Any) -> None:
    bench.do(set_policy, "active_cards_per_person", most, **when)


def first(bench: Any) -> str:
    """The printed card that everybody has from the start."""
    return str(bench.cards[PERSON].split(":")[0])


def issue(bench: Any, **more: Any) -> str:
    """A further printed card, an hour later."""
    bench.now += HOUR
    return str(bench.do(register_static, PERSON, **more).card_id)


def active(bench: Any) -> list[str]:
    """Active cards of the person, the one longest in use first."""
    with bench.uow() as uow:
        return [card["card_id"] for card in holding(uow, bench.acting(), PERSON).cards]


def is_clean(bench: Any) -> bool:
    with bench.uow() as uow:
        return audit(uow, bench.keys) == []


def test_one_is_the_rule_where_nothing_is_set(bench: Any) -> None:
    assert active(bench) == [first(bench)]
    new = issue(bench)
    assert active(bench) == [new]


def test_a_further_card_stands_beside_the_others_until_the_policy_is_reached(bench: Any) -> None:
    """Then the one longest in use goes, and nobody is asked."""
    allow(bench, 2)
    second = issue(bench)
    assert active(bench) == [first(bench), second]
    third = issue(bench)
    assert active(bench) == [second, third]
    assert bench.rows("cards", card_id=first(bench))[0]["state"] == "replaced"
    assert is_clean(bench)


def test_the_card_that_was_chosen_goes_whether_there_is_room_or_not(bench: Any) -> None:
    allow(bench, 3)
    second = issue(bench)
    third = issue(bench, replaces=second)
    assert active(bench) == [first(bench), third]


def test_a_policy_holds_from_its_date(bench: Any) -> None:
    allow(bench, 2, holds_from=bench.now + 10 * HOUR)
    second = issue(bench)
    assert active(bench) == [second]
    bench.now += 10 * HOUR
    third = issue(bench)
    assert active(bench) == [second, third]


def test_when_fewer_are_allowed_cards_stay_until_the_next_one_comes(bench: Any) -> None:
    allow(bench, 3)
    issue(bench)
    issue(bench)
    allow(bench, 1)
    assert len(active(bench)) == 3
    new = issue(bench)
    assert active(bench) == [new]


@pytest.mark.parametrize("wrong", [0, 11, 1.5, True, "two"])
def test_it_is_a_small_whole_number(bench: Any, wrong: Any) -> None:
    with pytest.raises(Invalid):
        allow(bench, wrong)


def test_a_card_that_is_found_takes_a_place_too(bench: Any) -> None:
    allow(bench, 2)
    bench.do(set_state, first(bench), "lost")
    second, third = issue(bench), issue(bench)
    bench.now += HOUR
    bench.do(set_state, first(bench), "active", replaces=third)
    assert active(bench) == [second, first(bench)]


def test_one_chip_is_one_card_however_many_are_allowed(bench: Any) -> None:
    """Also when the card that it was is lost: what was written over is not found again."""
    allow(bench, 5)
    by_number = bench.do(register_uid, PERSON, uid=UID).card_id
    bench.do(set_state, by_number, "lost")
    written = bench.do(register_bound, PERSON, uid=UID).card_id
    assert set(active(bench)) == {first(bench), written}
    with pytest.raises(Conflict):
        bench.do(set_state, by_number, "active")


def test_staff_choose_where_nothing_follows_from_the_policy(bench: Any) -> None:
    def check(card_id: str | None) -> None:
        with bench.uow() as uow:
            check_replaces(holding(uow, bench.acting(), PERSON), card_id)

    check(None)
    allow(bench, 2)
    check(None)
    issue(bench)
    with pytest.raises(Conflict, match="choose"):
        check(None)
    check(first(bench))
    with pytest.raises(Conflict, match="not in use"):
        check("ff" * 8)


@pytest.mark.parametrize(("chosen", "goes"), [(True, "second"), (False, "first")])
def test_at_the_desk_the_choice_waits_with_the_order(bench: Any, chosen: bool, goes: str) -> None:
    """And while it waits, every card works."""
    allow(bench, 2)
    held = {"first": first(bench), "second": issue(bench)}
    at = counter(bench)
    at.order(PERSON, replaces=held["second"] if chosen else None)
    at.open(batch="")
    assert set(active(bench)) == set(held.values())
    assert at.lay(NtagCard("ntag213", UID)) == "made"
    (made,) = at.cards(PERSON)
    assert active(bench) == [card for name, card in held.items() if name != goes] + [made["card_id"]]
    assert is_clean(bench)


def test_what_is_not_in_use_cannot_be_chosen_at_the_desk(bench: Any) -> None:
    with pytest.raises(Conflict, match="not in use"):
        bench.do(order_cards, [PERSON], Wish(replacing=True, replaces="ff" * 8))


def test_every_active_card_of_a_person_is_printed(bench: Any) -> None:
    allow(bench, 2)
    issue(bench)
    with bench.uow() as uow:
        people = uow.views.people.page({"search": PERSON}, limit=5)
        texts = {card.text for card in prints(uow, bench.acting(), people)}
    assert len(texts) == 2, "two codes"
