"""An issuing desk for tests: the real end of the kiosk over real services, and cards torn away at will."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from card_tools.ntag424 import SELECT_APPLICATION
from hardware.ports import CardRead, CardTornAway, Transceive
from hardware.simulated.ntag import NtagCard
from hardware.simulated.ntag424 import Ntag424Card
from kiosk.desk import Desk
from kiosk.ports import Offline, Trouble
from kiosk.roster_view import RosterView
from server.contract.desk import (
    CardLaid,
    DeskReply,
    DeskState,
    laid_from_bytes,
    laid_to_bytes,
    reply_from_bytes,
    reply_to_bytes,
    state_from_bytes,
    state_to_bytes,
)
from server.services.desk import card_laid, desk_state, open_desk
from server.services.issuing import Wish, order_cards
from server.services.kiosks import make_desk
from tests.support.kiosk_parts import FakeClock, FakeRosterHolder
from tests.support.kiosk_roster import entries


def transceiver(card: Any, *, frames: int = 10_000, last_is_lost: bool = False) -> Transceive:
    """A card on a reader, torn away after some frames; the last may have been carried out unseen."""
    card.activate()
    say: Callable[[bytes], bytes | None] = card.apdu if isinstance(card, Ntag424Card) else card.frame
    left = frames

    def transceive(command: bytes) -> bytes:
        nonlocal left
        left -= 1
        if left < 0 and not last_is_lost:
            raise CardTornAway
        answer = say(command)
        if left < 0 or answer is None:
            raise CardTornAway
        if isinstance(card, NtagCard) and len(answer) == 1 and answer != b"\x0a":
            card.activate()  # as a reader does after a refusal
        return bytes(answer)

    return transceive


def read_on_a_phone(card: Ntag424Card) -> dict[str, str]:
    """The query of the address that a phone finds on a card."""
    card.activate()
    for command in (SELECT_APPLICATION, bytes.fromhex("00a4000c02e104")):
        card.apdu(command)
    text = card.apdu(bytes.fromhex("00b0000000")).decode("latin-1")
    query = text[text.index("?") + 1 :][: 10 + 32 + 6 + 16]
    return dict(part.split("=") for part in query.split("&"))


@dataclass
class ServicePipe:
    """``kiosk.ports.DeskApi`` over the services of a test's database, by way of the wire's bytes."""

    bench: Any
    kiosk_id: str
    offline: bool = False
    address: str | None = None
    asked: list[CardLaid] = field(default_factory=list)

    def desk(self) -> DeskState | Trouble:
        if self.offline:
            return Offline("a test's")
        return state_from_bytes(state_to_bytes(self.bench.do(desk_state, self.kiosk_id)))

    def card_laid(self, laid: CardLaid) -> DeskReply | Trouble:
        if self.offline:
            return Offline("a test's")
        self.asked.append(laid)
        reply = self.bench.do(
            card_laid, self.kiosk_id, laid_from_bytes(laid_to_bytes(laid)), address=self.address
        )
        return reply_from_bytes(reply_to_bytes(reply))


@dataclass
class Counter:
    """A desk with its staff and its kiosk."""

    bench: Any
    kiosk_id: str
    pipe: ServicePipe
    desk: Desk
    taps: list[CardRead]
    shown: list[str]

    def order(self, *numbers: str, **wish: Any) -> list[str]:
        """Put people into the queue; their orders."""
        ordered = self.bench.do(order_cards, numbers, Wish(**({"replacing": True} | wish)))
        assert ordered.refused == []
        return list(ordered.orders)

    def open(self, **what: Any) -> None:
        """Staff open the desk, and the kiosk hears of it."""
        self.bench.do(open_desk, self.kiosk_id, **what)
        self.desk.ask_once()

    def lay(self, card: Any, **torn: Any) -> str:
        """Lay a card down and take it away; what the kiosk showed."""
        uid, count = bytes(card.uid), len(self.shown)
        proof: Mapping[str, Any] = {}
        with suppress(CardTornAway):
            proof = self.desk(uid, b"", transceiver(card, **torn)) or {}
        self.desk.tap(CardRead(medium="nfc", uid=uid, proof=proof))
        return self.shown[-1] if len(self.shown) > count else "tap"

    def restart(self) -> None:
        """The kiosk's program ends and begins again, and hears of the desk; so does the server's, in effect.

        Services keep nothing between two messages but what is in the database.
        """
        self.desk = a_desk(self.pipe, self.taps, self.shown)
        self.desk.ask_once()

    @property
    def word(self) -> str:
        """What the staff's page would say."""
        (row,) = self.bench.rows("desks")
        return str(row["word"])

    def cards(self, volunteer: str, **where: Any) -> list[dict[str, Any]]:
        """A person's cards that were made of chips."""
        rows = self.bench.rows("cards", "fact_seq", volunteer=volunteer, **where)
        return [row for row in rows if row["medium"] == "nfc"]


def counter(bench: Any) -> Counter:
    """A kiosk that is a desk, before any card is asked for."""
    kiosk = bench.kiosk(name="desk")
    bench.do(make_desk, kiosk.kiosk_id, is_desk=True)
    pipe = ServicePipe(bench, kiosk.kiosk_id)
    taps: list[CardRead] = []
    shown: list[str] = []
    return Counter(bench, kiosk.kiosk_id, pipe, a_desk(pipe, taps, shown), taps, shown)


def a_desk(pipe: ServicePipe, taps: list[CardRead], shown: list[str]) -> Desk:
    """The kiosk's end, as it begins."""
    return Desk(
        pipe,
        FakeRosterHolder(RosterView(1, entries() | {"desk": {}})),
        FakeClock(),
        tap=taps.append,
        interrogator=lambda _uid, _ndef, _transceive: None,
        show=lambda word: shown.append(str(word)),
    )
