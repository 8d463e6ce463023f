"""Which step of a card's life may follow which, and what kiosks are told."""

import pytest

from server.domain.card_life import ENDED, HELD, CardState, may_follow, told


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
