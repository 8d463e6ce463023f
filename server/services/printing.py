"""What is printed on many people's cards at once: their active cards, named as each person chose."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server.domain.card_life import CardState
from server.services.acting import Acting, Row, Uow
from server.services.cards import credential_of, register_many
from server.services.holding import PHONE
from server.services.issuing import obstacles
from server.services.names import shown_name


@dataclass(frozen=True, slots=True)
class Print:
    """A card to be printed; ``text`` is empty where a chip proves it."""

    number: str
    name: str
    team: str
    text: str


def first_cards(uow: Uow, acting: Acting, numbers: Sequence[str]) -> int:
    """A printed card for everyone of these who has none and may have one; how many were made."""
    hindered = obstacles(uow, acting, numbers, replacing=False)
    lacking = [number for number in numbers if number not in hindered]
    register_many(uow, acting, lacking)
    return len(lacking)


def prints(uow: Uow, acting: Acting, people: Sequence[Row]) -> Iterator[Print]:
    """The active cards of these people, in their order; who has none is left out."""
    wanted = {person["number"] for person in people}
    active = uow.rows("cards").rows("since", "fact_seq", volunteer=wanted, state=CardState.ACTIVE)
    cards: dict[str, list[Row]] = defaultdict(list)
    for card in active:
        if card["proof"] != PHONE:
            cards[card["volunteer"]].append(card)
    for person in people:
        for card in cards[person["number"]]:
            credential = credential_of(acting, card)
            text = credential.text if credential is not None and credential.proof == "static" else ""
            yield Print(person["number"], shown_name(person) or "", person["team"] or "", text)
