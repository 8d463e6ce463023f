"""Which step of a card's life may follow which, and what kiosks are told."""

import pytest

from server.domain.card_life import ENDED, HELD, CardState, making_way, may_follow, told


@pytest.mark.parametrize(
    ("state", "following"),
    [
        ("requested", "made"),
        ("made", "active"),
        ("active", "lost"),
        ("lost", "active"),
        ("active", "deceased"),
        ("lost", "returned"),
        ("made", "damaged"),
    ],
)
def test_a_life_goes_on(state: str, following: str) -> None:
    assert may_follow(state, following)


@pytest.mark.parametrize("state", sorted(ENDED))
@pytest.mark.parametrize("following", sorted(CardState))
def test_what_has_ended_stays_as_it_is(state: str, following: str) -> None:
    assert not may_follow(state, following)


def test_nothing_becomes_active_unmade() -> None:
    assert not may_follow("requested", "active")


def test_kiosks_take_an_active_card_only() -> None:
    assert {state: told(state) for state in CardState} == {
        "active": "active",
        "lost": "lost",
        "expired": "expired",
    } | dict.fromkeys(("requested", "made", "replaced", "damaged", "returned", "deceased"), "replaced")


def test_a_chip_is_free_again_after_every_end() -> None:
    assert HELD.isdisjoint(ENDED)


@pytest.mark.parametrize(
    ("held", "most", "chosen", "going"),
    [
        ("", 1, "", ""),
        ("a", 1, "", "a"),
        ("a", 2, "", ""),
        ("ab", 2, "", "a"),
        ("ab", 2, "b", "b"),
        ("abc", 2, "c", "ca"),
        ("abc", 1, "", "abc"),
        ("ab", 5, "a", "a"),
        ("ab", 2, "x", "a"),
    ],
)
def test_the_chosen_go_and_then_those_longest_in_use(held: str, most: int, chosen: str, going: str) -> None:
    assert making_way(list(held), most, chosen=set(chosen)) == list(going)
