"""The cards that a person holds, and whose place one more takes: the policy ``active_cards_per_person``."""

from dataclasses import dataclass

from server.domain.card_life import CardState
from server.errors import Conflict
from server.services.acting import Acting, Row, Uow
from server.services.policies import policy_at

PHONE = "rotating"
"""What a phone proves: its code stands beside the person's cards and replaces another phone's only."""


@dataclass(frozen=True, slots=True)
class Holding:
    """The active cards that a person holds, the one longest in use first, and how many they may hold."""

    cards: list[Row]
    most: int

    @property
    def is_full(self) -> bool:
        """Whether one more card takes the place of another."""
        return len(self.cards) >= self.most

    @property
    def must_choose(self) -> bool:
        """Whether staff say whose place it takes: nothing follows from the policy alone."""
        return self.is_full and self.most > 1


def holding(uow: Uow, acting: Acting, volunteer: str) -> Holding:
    """What a person holds now, phones apart, under the policy ``active_cards_per_person``."""
    active = uow.rows("cards").rows("since", "fact_seq", volunteer=volunteer, state=CardState.ACTIVE)
    most = policy_at(uow, acting.now)["active_cards_per_person"]
    return Holding([card for card in active if card["proof"] != PHONE], most)


def check_replaces(held: Holding, card_id: str | None) -> None:
    """Refuse to go on without a choice where one is needed, or with a card that is in use no more."""
    if card_id is None and held.must_choose:
        raise Conflict(
            f"this person holds {len(held.cards)} cards: choose the one to be replaced",
            zh=f"此人已有 {len(held.cards)} 张在用的卡，每人最多 {held.most} 张，请选换掉哪一张。",
        )
    if card_id is not None and card_id not in {card["card_id"] for card in held.cards}:
        raise Conflict(
            "the card to be replaced is not in use", zh="要换掉的那张卡已经不在用了，请刷新页面重选。"
        )
