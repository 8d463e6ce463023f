"""An issuing desk: a card lies on a kiosk's reader, and the server decides every byte that reaches it.

The kiosk only carries frames (``server.contract.desk``). What must outlast a crash are facts: the orders, and
each card's life. A card is in the register as *requested* before the first byte of it is written, and becomes
*made* only when the chip has been read back; so a chip torn away half-way is never a card, and the same chip
laid down again gets the very same bytes: they follow from the order and the chip's UID.
"""

from dataclasses import dataclass
from itertools import count
from typing import Any

from card_tools import personalise
from card_tools.credential import CARD_ID_LENGTH, Credential
from card_tools.errors import CardError, ChipUnsuitable
from card_tools.ndef import to_ndef, to_type2
from card_tools.writer import Issued, Order, issue, password_for
from server.contract.desk import CardLaid, DeskReply, DeskState, DeskWord, Frame
from server.contract.rules import MINUTE
from server.contract.wire import lookup_key
from server.errors import Conflict, Invalid, NotFound
from server.services.acting import Acting, Row, Uow
from server.services.cards import (
    DOUBLE_UID,
    card_made,
    holder_of_chip,
    register_uid,
    request_card,
)
from server.services.issuing import Obstacle, change_order, give_up, obstacles, queue
from server.services.relay import ChallengeGuess, NtagGuess, advance

LEASE = MINUTE
"""How long a desk stays open without its page."""
HOLDS = 10_000
"""How long a kiosk that hears nothing more keeps cards for the desk: then they are taps again."""
GET_VERSION = b"\x60"
_TYPE_4_ANSWER = 2
"""Bytes of the status with which a chip that speaks APDUs answers anything else."""
WRITES = 0xA2


@dataclass(frozen=True, slots=True)
class _Scene:
    """A card at an open desk."""

    uow: Uow
    acting: Acting
    desk: Row
    order: Row
    laid: CardLaid
    address: str | None


def open_desk(
    uow: Uow, acting: Acting, kiosk_id: str, *, order_id: str | None = None, batch: str | None = None
) -> None:
    """Make cards at a kiosk from now on: one order, or a batch from its first one that waits."""
    kiosk = uow.rows("kiosks").get(kiosk_id=kiosk_id)
    if kiosk is None or kiosk["state"] != "active" or kiosk["desk"] is None:
        raise Conflict(
            f"kiosk {kiosk_id} is no issuing desk", zh="这台打卡机没有设为发卡台，请先在打卡机页面设置。"
        )
    uow.rows("desks").put(
        [
            {"kiosk_id": kiosk_id, "opened_by": acting.by, "opened_at": acting.now, "seen_at": None}
            | {"lease_until": acting.now + LEASE, "batch": batch, "attempt": None, "word": "waiting"}
            | {"order_id": order_id or _first(uow, acting, kiosk_id, batch), "detail": {}}
            | {"changed_at": acting.now}
        ]
    )


def close_desk(uow: Uow, kiosk_id: str) -> None:
    """Cards at this kiosk are taps again."""
    uow.rows("desks").remove(kiosk_id=kiosk_id)


def choose_order(uow: Uow, acting: Acting, kiosk_id: str, order_id: str | None) -> None:
    """Let another person be next, or the queue's first; what is being written for somebody else ends."""
    desk = open_one(uow, acting, kiosk_id)
    if desk is None:
        raise NotFound("no desk is open at this kiosk", zh="发卡台没有打开，请重新打开。")
    chosen = order_id or _first(uow, acting, kiosk_id, desk["batch"])
    _note(uow, acting, desk, "waiting", {}, order_id=chosen, attempt=None)


def open_one(uow: Uow, acting: Acting, kiosk_id: str) -> Row | None:
    """The desk at a kiosk while it is open."""
    desk = uow.rows("desks").get(kiosk_id=kiosk_id)
    return desk if desk is not None and acting.now < desk["lease_until"] else None


def hold_desk(uow: Uow, acting: Acting, kiosk_id: str) -> None:
    """The staff's page is still there."""
    uow.rows("desks").set({"lease_until": acting.now + LEASE}, kiosk_id=kiosk_id)


def desk_state(uow: Uow, acting: Acting, kiosk_id: str) -> DeskState:
    """What a kiosk is told that asks; the page sees that it did."""
    if open_one(uow, acting, kiosk_id) is None:
        return DeskState(open=False)
    uow.rows("desks").set({"seen_at": acting.now}, kiosk_id=kiosk_id)
    return DeskState(open=True, holds_ms=HOLDS)


def card_laid(
    uow: Uow, acting: Acting, kiosk_id: str, laid: CardLaid, *, address: str | None = None
) -> DeskReply:
    """A card at a kiosk, or what it answered: what to do with it.

    ``address`` is the page that a phone opens when it reads the card (``https://…/t``); None leaves it out.
    """
    uow.lock()
    desk = open_one(uow, acting, kiosk_id)
    if desk is None:
        return DeskReply(word=DeskWord.CLOSED)
    desk |= {"seen_at": acting.now}
    order = uow.rows("card_orders").get(order_id=desk["order_id"]) if desk["order_id"] else None
    if order is None or order["state"] != "requested":
        holder = holder_of_chip(uow, laid.uid)
        return _refuse(uow, acting, desk, "nobody_waits", volunteer=holder["volunteer"] if holder else None)
    return _answer(_Scene(uow, acting, desk, order, laid, address))


def _answer(scene: _Scene) -> DeskReply:
    laid, desk = scene.laid, scene.desk
    if laid.torn or (laid.attempt and laid.attempt != desk["attempt"]):
        return _again(scene, "torn")
    refusal = _refusal(scene)
    if refusal is not None:
        return _refuse(scene.uow, scene.acting, desk, refusal[0], volunteer=refusal[1])
    return _bind(scene) if scene.order["kind"] == "uid" else _write(scene)


def _refusal(scene: _Scene) -> tuple[str, str] | None:
    """Why this chip cannot become this person's card, and whose it is."""
    uow, order, laid = scene.uow, scene.order, scene.laid
    number = order["volunteer"]
    obstacle = obstacles(uow, scene.acting, [number], replacing=True).get(number)
    if obstacle not in {None, Obstacle.ORDERED}:
        return str(obstacle), number
    if len(laid.uid) == 4 and laid.uid[0] == 0x08:
        return "phone_uid_random", number
    holder = holder_of_chip(uow, laid.uid)
    if holder is not None and holder["volunteer"] != number:
        return "chip_in_use", holder["volunteer"]
    if holder is not None and order["kind"] == "uid":
        return "already_theirs", number
    if order["kind"] == "write" and (not laid.talks or len(laid.uid) != DOUBLE_UID):
        return "cannot_be_written", number
    return None


def _bind(scene: _Scene) -> DeskReply:
    try:
        card = register_uid(
            scene.uow,
            scene.acting,
            scene.order["volunteer"],
            uid=scene.laid.uid,
            reason=scene.order["reason"],
            replaces=scene.order["replaces"],
        )
    except Invalid as error:
        return _refuse(scene.uow, scene.acting, scene.desk, "chip_unsuitable", says=str(error))
    return _finish(scene, card.card_id, Issued("UID", 0))


def _write(scene: _Scene) -> DeskReply:
    """Go on with the conversation, as far as the chip's answers lead."""
    answers = scene.laid.answers
    if not answers:
        return _go(scene, (Frame(GET_VERSION),))
    credential = _credential(scene)
    challenged = len(answers[0]) == _TYPE_4_ANSWER
    converse = _challenged if challenged else _signed
    try:
        step = converse(scene, credential)
    except ChipUnsuitable as error:
        return _refuse(scene.uow, scene.acting, scene.desk, "chip_unsuitable", says=str(error))
    except CardError as error:
        return _again(scene, "again", says=str(error))
    if isinstance(step, Issued) or any(challenged or frame.send[0] == WRITES for frame in step):
        _require_requested(scene, credential, challenged=challenged)
    return _made(scene, credential, step) if isinstance(step, Issued) else _go(scene, step)


def _made(scene: _Scene, credential: Credential, issued: Issued) -> DeskReply:
    order, card_id = scene.order, credential.card_id.hex()
    card_made(
        scene.uow,
        scene.acting,
        card_id,
        reason=order["reason"],
        handed_over=order["handover"] == "now",
        replaces=order["replaces"],
    )
    return _finish(scene, card_id, issued)


def _signed(scene: _Scene, credential: Credential) -> tuple[Frame, ...] | Issued:
    """On an NTAG21x: the words, signed for this chip and closed with its own password."""
    uid = scene.laid.uid
    password, pack = password_for(scene.acting.keys.ntag_master(scene.uow.community_id), uid)
    area = to_type2(to_ndef(credential))
    order = Order(uid=uid, area=area, password=password, pack=pack)
    return advance(issue(order), scene.laid.answers, NtagGuess(pack))


def _challenged(scene: _Scene, credential: Credential) -> tuple[Frame, ...] | Issued:
    """On an NTAG 424 DNA: the same words, and keys of its own. The first answer was to GET_VERSION."""
    keys, uid = scene.acting.keys, scene.laid.uid
    master = keys.challenge_master(scene.uow.community_id)
    message = to_ndef(credential)
    order = personalise.Order424(uid=uid, message=message, master=master, address=scene.address)
    counter = count()

    def entropy(length: int) -> bytes:
        # Fresh for each attempt, and the same whenever that attempt is replayed.
        return keys.derive(f"attempt-1:{scene.laid.attempt}:{next(counter)}", length)

    conversation = personalise.issue(order, entropy=entropy)
    return advance(conversation, scene.laid.answers[1:], ChallengeGuess())


def _credential(scene: _Scene) -> Credential:
    """The bytes of this order on this chip: always the same, so that a torn card can be finished."""
    keys, community, uid = scene.acting.keys, scene.uow.community_id, scene.laid.uid
    purpose = f"card-1:{community}:{scene.order['order_id']}:{uid.hex()}"
    return keys.issuer(community).encode_bound(uid, keys.derive(purpose, CARD_ID_LENGTH))


def _require_requested(scene: _Scene, credential: Credential, *, challenged: bool) -> None:
    """Have the card in the register before any of it is on the chip."""
    if scene.uow.rows("cards").get(card_id=credential.card_id.hex()) is None:
        request_card(
            scene.uow,
            scene.acting,
            scene.order["volunteer"],
            credential,
            uid=scene.laid.uid,
            challenged=challenged,
            reason=scene.order["reason"],
        )


def _go(scene: _Scene, frames: tuple[Frame, ...]) -> DeskReply:
    attempt = scene.laid.attempt or scene.acting.ids()
    detail = {"answers": len(scene.laid.answers), "of": len(scene.laid.answers) + len(frames)}
    _note(scene.uow, scene.acting, scene.desk, "writing", detail, attempt=attempt)
    return DeskReply(word=DeskWord.GO, attempt=attempt, frames=frames)


def _again(scene: _Scene, word: str, **detail: Any) -> DeskReply:
    _note(scene.uow, scene.acting, scene.desk, word, detail, attempt=None)
    return DeskReply(word=DeskWord.AGAIN)


def _refuse(uow: Uow, acting: Acting, desk: Row, word: str, **detail: Any) -> DeskReply:
    _note(uow, acting, desk, word, detail, attempt=None)
    return DeskReply(word=DeskWord.REFUSED)


def _finish(scene: _Scene, card_id: str, issued: Issued) -> DeskReply:
    """Settle the order, and let the queue's next one come."""
    uow, acting, order = scene.uow, scene.acting, scene.order
    change_order(uow, acting, order, state="made", card_id=card_id)
    chip = lookup_key(uow.community_id, "uid", scene.laid.uid)
    give_up(uow, acting, volunteer=order["volunteer"])
    give_up(uow, acting, chip=chip)
    detail = {
        "volunteer": order["volunteer"],
        "card": card_id,
        "model": issued.model,
        "order": order["order_id"],
    }
    following = _first(uow, acting, scene.desk["kiosk_id"], scene.desk["batch"])
    _note(uow, acting, scene.desk, "made", detail, order_id=following, attempt=None)
    return DeskReply(word=DeskWord.MADE)


def _first(uow: Uow, acting: Acting, kiosk_id: str, batch: str | None) -> str | None:
    """The first of a queue that waits and is at no other desk: several may work on one batch."""
    if batch is None:
        return None
    open_desks = uow.rows("desks").between("lease_until", acting.now + 1, None)
    elsewhere = {desk["order_id"] for desk in open_desks if desk["kiosk_id"] != kiosk_id}
    waiting = (order["order_id"] for order in queue(uow, batch))
    return next((order_id for order_id in waiting if order_id not in elsewhere), None)


def _note(uow: Uow, acting: Acting, desk: Row, word: str, detail: Row, **changes: Any) -> None:
    row = desk | {"word": word, "detail": detail, "changed_at": acting.now} | changes
    uow.rows("desks").put([row])
