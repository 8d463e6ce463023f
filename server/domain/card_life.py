"""A card's life: its states, which may follow which, and what a kiosk is told of them. Pure.

    requested ──▶ made ──▶ active ◀──▶ lost
        │           │         │          │
        └───────────┴─────────┴──────────┴──▶ replaced · expired · damaged · returned · deceased

Requested: its bytes are decided, and may lie on a chip already. Made: read back and right, not handed over.
Only an active card opens anything. What has ended stays as it is; the person gets another card.
How many active cards a person may hold is the policy ``active_cards_per_person``.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum


class CardState(StrEnum):
    """Where a card stands."""

    REQUESTED = "requested"
    MADE = "made"
    ACTIVE = "active"
    LOST = "lost"
    REPLACED = "replaced"
    EXPIRED = "expired"
    DAMAGED = "damaged"
    RETURNED = "returned"
    DECEASED = "deceased"


ENDED = frozenset(
    {CardState.REPLACED, CardState.EXPIRED, CardState.DAMAGED, CardState.RETURNED, CardState.DECEASED}
)
HELD = frozenset({CardState.MADE, CardState.ACTIVE, CardState.LOST})
"""States in which a chip is somebody's card: nobody else's card is written over it."""
FOLLOWS: dict[CardState, frozenset[CardState]] = {
    CardState.REQUESTED: frozenset({CardState.MADE, CardState.DAMAGED}),
    CardState.MADE: ENDED | {CardState.ACTIVE, CardState.LOST},
    CardState.ACTIVE: ENDED | {CardState.LOST},
    CardState.LOST: ENDED | {CardState.ACTIVE},
}
"""What may follow; after an end, nothing."""
TOLD = {CardState.ACTIVE: "active", CardState.LOST: "lost", CardState.EXPIRED: "expired"}


def may_follow(state: str, following: str) -> bool:
    """Whether a card in one state can come into another."""
    return CardState(following) in FOLLOWS.get(CardState(state), frozenset())


def told(state: str) -> str:
    """What a kiosk is told: it refuses every card that is not active, and needs no more words for it."""
    return TOLD.get(CardState(state), "replaced")


def making_way(held: Sequence[str], most: int, *, chosen: Collection[str] = ()) -> list[str]:
    """Which of a person's active cards, the one longest in use first, end when one more becomes active.

    Those that were chosen end in any case; then the longest in use, until the new one is within ``most``.
    """
    going = [card for card in held if card in chosen]
    staying = [card for card in held if card not in chosen]
    return going + staying[: max(0, len(staying) + 1 - most)]
