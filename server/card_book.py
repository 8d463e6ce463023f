"""Many cards as one PDF: the server's one door to the library that draws them."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from server.errors import Invalid

if TYPE_CHECKING:
    from card_tools.sheet import Printed

Drawing: TypeAlias = "Generator[tuple[int, int], None, Printed]"


@dataclass(frozen=True, slots=True)
class Face:
    """What a person's card shows; a chip card has no ``text``, since its picture would prove nothing."""

    number: str
    name: str
    team: str
    text: str


def read_logo(content: bytes) -> bytes:
    """The community's picture as cards show it; :class:`Invalid` says why a file is none."""
    from card_tools import logo
    from card_tools.errors import LogoUnsuitable

    try:
        return logo.read_logo(content)
    except LogoUnsuitable as error:
        raise Invalid(str(error), zh=error.zh) from error


def card_book(faces: Iterable[Face], community: dict[str, Any], layout: str, logo: bytes) -> Drawing:
    """Draw cards, told card by card; a fault's row is the card's place in the list, counted from 1."""
    # Here: the library takes a second that every other command and every start need not wait.
    from card_tools.face import CardFace, Community
    from card_tools.sheet import Layout, drawing

    shown = [
        CardFace(number=face.number, name=face.name, team=face.team, text=face.text, row=row)
        for row, face in enumerate(faces, 1)
    ]
    owner = Community(
        name=community["name"],
        name_en=community["name_en"] or "",
        contact=community["contact"] or "",
        logo=logo,
    )
    return drawing(shown, owner, layout=Layout(layout))
