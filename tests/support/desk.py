"""An issuing desk for tests: the real end of the kiosk over real services, and cards torn away at will."""

import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from card_tools.credential import verify
from card_tools.ndef import from_ndef, from_type2
from card_tools.ntag424 import SELECT_APPLICATION
from card_tools.writer import password_for
from hardware.ports import CardRead, CardTornAway, Transceive
from hardware.simulated.ntag import NtagCard
from hardware.simulated.ntag424 import Ntag424Card
from hardware.simulated.plain import UidCard
from kiosk.challenge import Challenger
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
from server.contract.wire import lookup_key
from server.services.desk import card_laid, desk_state, open_desk
from server.services.issuing import Wish, order_cards
from server.services.kiosks import make_desk
from server.services.roster import build
from tests.support.kiosk_parts import FakeClock, FakeRosterHolder
from tests.support.kiosk_roster import entries

TORN_FRAMES = os.environ.get("YIKA_TORN_FRAMES", "3")
"""At how many places of a card's making the desk's tests tear it away, or ``all``.

tests/card_tools tears each chip at every frame of its conversation; here it is how kiosk and server take it.
"""
CHIPS = ("ntag213", "ntag215", "ntag216", "ntag424", "uid")


def new_chip(kind: str, number: int = 0) -> Any:
    """A chip that nobody has used; ``number`` is the end of its UID."""
    uid = bytes.fromhex("04A1B2C3D4") + number.to_bytes(2, "big")
    if kind == "uid":
        return UidCard(uid[-4:])
    return Ntag424Card(uid, secrets.token_bytes) if kind == "ntag424" else NtagCard(kind, uid)


def torn_at(places: int) -> list[int]:
    """Of so many places the ones to tear at: all, or some from the first to the last."""
    if TORN_FRAMES == "all":
        return list(range(places))
    few = int(TORN_FRAMES)
    return [place * (places - 1) // (few - 1) for place in range(few)]


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

    def chip_rows(self, card: Any) -> list[dict[str, Any]]:
        """Cards in the register that are this chip."""
        chip = lookup_key("meihu", "uid", bytes(card.uid))
        return list(self.bench.rows("cards", chip=chip))

    def holds(self, card: Any) -> bool:
        """Whether the chip is wholly a card of ours; one known by its number alone always is."""
        if isinstance(card, NtagCard):
            return self._is_signed(card)
        return isinstance(card, UidCard) or self._is_challenged(card)

    def _is_signed(self, card: NtagCard) -> bool:
        """It says a card that verifies, and nobody else can write it."""
        keys = self.bench.keys
        issuer, config = keys.issuer("meihu"), card.memory[card.model.config * 4 :]
        found = from_ndef(from_type2(bytes(card.memory[16:160])))
        verify(found, {issuer.key_id: issuer.public_key}, uid=card.uid, today=None)
        own = b"".join(password_for(keys.ntag_master("meihu"), card.uid))
        return config[3:5] == b"\x04\x07" and bytes(config[8:14]) == own

    def _is_challenged(self, card: Ntag424Card) -> bool:
        """It answers a kiosk that learned of it by a roster."""
        with self.bench.uow() as uow:
            view = RosterView(1, build(uow, self.bench.acting(), "hut"))
        content = bytes(card.files[2].content)
        message = content[2 : 2 + int.from_bytes(content[:2], "big")]
        learned = Challenger(FakeRosterHolder(view))(card.uid, message, transceiver(card))
        return bool(learned) and learned["challenge"].get("uid") == card.uid.hex()


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
