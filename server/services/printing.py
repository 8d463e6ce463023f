"""What is printed on many people's cards at once: each one's active card, named as the person chose."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server.domain.card_life import CardState
from server.services.acting import Acting, Row, Uow
from server.services.cards import PHONE, credential_of, register_many
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
    """The active card of each of these people, in their order; who has none is left out."""
    wanted = {person["number"] for person in people}
    active = uow.rows("cards").rows("card_id", volunteer=wanted, state=CardState.ACTIVE)
    cards = {card["volunteer"]: card for card in active if card["proof"] != PHONE}
    for person in people:
        card = cards.get(person["number"])
        if card is None:
            continue
        credential = credential_of(acting, card)
        text = credential.text if credential is not None and credential.proof == "static" else ""
        yield Print(person["number"], shown_name(person) or "", person["team"] or "", text)
