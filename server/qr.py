"""QR codes as pictures for pages and commands: the server's one door to the drawing library."""

from card_tools.qr import any_matrix, card_matrix, svg


def qr_svg(text: str, *, card: bool = False, millimetres: float = 35.0) -> str:
    """A code as SVG: a card's (fixed density, as cameras at the door expect) or any other text's."""
    return svg(card_matrix(text) if card else any_matrix(text), millimetres=millimetres)
