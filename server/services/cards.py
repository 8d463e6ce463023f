"""A card's life in the register: issue, bind, hand over, lose, find, replace. Every step is a fact."""

from dataclasses import dataclass
from datetime import date

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from card_tools.credential import CARD_ID_LENGTH, LENGTH, UID_LENGTHS, Credential, digest, is_random_uid
from card_tools.ntag424 import UID_LENGTH
from server.contract.lookup import chip_key
from server.contract.wire import lookup_key
from server.domain.calendar import day_start, next_day
from server.domain.card_life import HELD, CardState, making_way, may_follow
from server.domain.facts import FactKind
from server.errors import Conflict, Invalid, NotFound
from server.services.acting import Acting, Row, Uow
from server.services.deriving import regrade_cards
from server.services.facts import Draft, parsed, record
from server.services.holding import PHONE, holding
from server.services.members import volunteer as volunteer_row
from server.services.projection import project_events

CARD_FIELDS = (
    "volunteer",
    "state",
    "medium",
    "proof",
    "not_after",
    "lookup",
    "digest",
    "sealed",
    "public",
    "chip",
    "issued_at",
)
BY_HAND = ("active", "lost", "expired", "damaged", "returned", "deceased")
"""States that staff give a card themselves: making is the desk's, and replacing comes of another card."""
_EXPIRED = {"state": CardState.EXPIRED, "reason": "last_day"}
_REPLACED = {"state": CardState.REPLACED, "reason": "replaced"}
DOUBLE_UID = 7
"""Bytes of the number of a chip that can be written."""


@dataclass(frozen=True, slots=True)
class RegisteredCard:
    """What came of registering: the card, and what has to be printed or written, if anything."""

    card_id: str
    credential: Credential | None


def register_static(
    uow: Uow,
    acting: Acting,
    volunteer: str,
    *,
    expires: date | None = None,
    reason: str = "",
    replaces: str | None = None,
) -> RegisteredCard:
    """A new printed card for a person; where no more are allowed, it replaces an active one.

    ``replaces`` names that card; without it the one longest in use goes.
    """
    credential = acting.keys.issuer(uow.community_id).encode_static(
        acting.entropy(CARD_ID_LENGTH), expires=expires
    )
    return _with_credential(uow, acting, volunteer, credential, reason=reason, replaces=replaces)


def register_bound(
    uow: Uow, acting: Acting, volunteer: str, *, uid: bytes, expires: date | None = None
) -> RegisteredCard:
    """A credential that holds on this chip only, to be written to it; replaces as a printed card does."""
    _check_uid(uid)
    issuer = acting.keys.issuer(uow.community_id)
    credential = issuer.encode_bound(uid, acting.entropy(CARD_ID_LENGTH), expires=expires)
    return _with_credential(uow, acting, volunteer, credential, uid=uid)


def register_challenge(
    uow: Uow, acting: Acting, volunteer: str, *, uid: bytes, expires: date | None = None
) -> RegisteredCard:
    """The same for an NTAG 424 DNA, which proves at the kiosk that it holds a key of its own.

    The office personalises the chip under :meth:`Keys.challenge_master`; the register keeps the chip's UID
    sealed, since the key is derived from it for every roster and lies nowhere.
    """
    if len(uid) != UID_LENGTH:
        raise Invalid(
            "an NTAG 424 DNA has a number of 7 bytes", zh="NTAG 424 DNA 芯片编号是 14 位十六进制数。"
        )
    issuer = acting.keys.issuer(uow.community_id)
    credential = issuer.encode_bound(uid, acting.entropy(CARD_ID_LENGTH), expires=expires)
    return _with_credential(uow, acting, volunteer, credential, uid=uid, challenged=True)


def register_uid(
    uow: Uow, acting: Acting, volunteer: str, *, uid: bytes, reason: str = "", replaces: str | None = None
) -> RegisteredCard:
    """A card known by its chip's number alone; replaces as a printed card does."""
    _check_uid(uid)
    volunteer_row(uow, volunteer)
    chip = lookup_key(uow.community_id, "uid", uid)
    for other in uow.rows("cards").rows(chip=chip, proof="uid", state=CardState.ACTIVE):
        if other["volunteer"] != volunteer:
            raise Conflict(
                f"this chip is the active card of volunteer {other['volunteer']}",
                zh=f"这张卡正由志愿者 {other['volunteer']} 使用，请先停用那张卡或换一张。",
            )
    card_id = acting.entropy(CARD_ID_LENGTH).hex()
    body = _body(acting, volunteer, {"medium": "nfc", "proof": "uid", "chip": chip})
    body["lookup"] = chip_key(uow.community_id, uid)
    body |= {"reason": reason or _why(uow, volunteer)}
    _activate(uow, acting, Draft(FactKind.BINDING, card_id, body), replaces=replaces)
    return RegisteredCard(card_id, None)


def request_card(
    uow: Uow,
    acting: Acting,
    volunteer: str,
    credential: Credential,
    *,
    uid: bytes,
    challenged: bool,
    reason: str,
) -> None:
    """Note a card before its first byte is written: what lies on a chip meanwhile opens nothing."""
    draft = _credential_draft(uow, acting, volunteer, credential, uid=uid, challenged=challenged)
    draft.body.update(state=CardState.REQUESTED, reason=reason)
    _bind(uow, acting, [draft])


def card_made(
    uow: Uow, acting: Acting, card_id: str, *, reason: str, handed_over: bool, replaces: str | None = None
) -> None:
    """A card was read back and is right; handed over, it is active and replaces as any other does."""
    card = _card(uow, card_id)
    made = Draft(FactKind.BINDING, card_id, _fields(card) | {"state": CardState.MADE, "reason": reason})
    _bind(uow, acting, [made])
    if handed_over:
        active = _fields(card) | {"state": CardState.ACTIVE, "reason": reason}
        _activate(uow, acting, Draft(FactKind.BINDING, card_id, active), replaces=replaces)


def register_phone(uow: Uow, acting: Acting, volunteer: str, *, public: bytes) -> RegisteredCard:
    """A phone whose code is signed with a key of its own (P-256); replaces the person's other phone."""
    volunteer_row(uow, volunteer)
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), public)
    except ValueError as error:
        raise Invalid("this is no public key of a phone", zh="这不是手机公钥，请刷新页面后重试。") from error
    card_id = acting.entropy(CARD_ID_LENGTH)
    lookup = lookup_key(uow.community_id, "card", card_id)
    known = {"medium": "qr", "proof": PHONE, "lookup": lookup, "public": public.hex()}
    draft = Draft(FactKind.BINDING, card_id.hex(), _body(acting, volunteer, known))
    _activate(uow, acting, draft)
    return RegisteredCard(draft.subject, None)


def lose_phones(uow: Uow, acting: Acting, volunteer: str) -> int:
    """The person's phone is gone: its codes count no more from now on; how many there were."""
    phones = uow.rows("cards").rows("card_id", volunteer=volunteer, state="active", proof=PHONE)
    for phone in phones:
        set_state(uow, acting, phone["card_id"], "lost")
    return len(phones)


def register_many(uow: Uow, acting: Acting, volunteers: list[str]) -> list[RegisteredCard]:
    """First printed cards for many people at once; none of them may have an active card."""
    active = uow.rows("cards").rows(volunteer=set(volunteers), state="active")
    if any(card["proof"] != PHONE for card in active):
        raise Conflict(
            "some of these people have an active card", zh="其中有人已有在用的卡，请先去掉这些人。"
        )
    issuer = acting.keys.issuer(uow.community_id)
    cards = [issuer.encode_static(acting.entropy(CARD_ID_LENGTH)) for _ in volunteers]
    pairs = list(zip(volunteers, cards, strict=True))
    drafts = [_credential_draft(uow, acting, number, card) for number, card in pairs]
    for draft in drafts:
        draft.body["reason"] = "first"
    _bind(uow, acting, drafts)
    return [RegisteredCard(card.card_id.hex(), card) for card in cards]


def set_state(
    uow: Uow,
    acting: Acting,
    card_id: str,
    state: str,
    *,
    since: int | None = None,
    reason: str = "",
    replaces: str | None = None,
) -> Row:
    """Record a step of a card's life: handed over or found again (``active``), ``lost``, or an end.

    ``since`` may lie in the past ("I lost it on Monday"): taps since then are judged again. A card that
    becomes active replaces as a new one does.
    """
    card = _card(uow, card_id)
    if state not in set(CardState) or not may_follow(card["state"], state):
        raise Conflict(
            f"a card that is {card['state']} cannot become {state}",
            zh="这张卡现在的状态不能这样办理，请刷新页面，或办一张新卡。",
        )
    draft = Draft(FactKind.BINDING, card_id, _fields(card) | {"state": state, "reason": reason}, since)
    if state == CardState.ACTIVE:
        _activate(uow, acting, draft, replaces=replaces)
    else:
        _bind(uow, acting, [draft])
    return _card(uow, card_id)


def following_by_hand(state: str) -> list[str]:
    """The states that staff may give a card which is in this one."""
    return [following for following in BY_HAND if may_follow(state, following)]


def end_cards(uow: Uow, acting: Acting, volunteer: str, state: str, *, reason: str) -> int:
    """Let all of a person's cards and phones come to one end (returned, deceased); how many there were."""
    cards = uow.rows("cards").rows("card_id", volunteer=volunteer, state=set(HELD))
    drafts = [
        Draft(FactKind.BINDING, card["card_id"], _fields(card) | {"state": state, "reason": reason})
        for card in cards
    ]
    if drafts:
        _bind(uow, acting, drafts)
    return len(drafts)


def let_cards_expire(uow: Uow, acting: Acting) -> int:
    """Record that cards whose last day is over have ended with it; how many there were."""
    over = uow.rows("cards").between("not_after", None, acting.now + 1, state=set(HELD))
    drafts = [
        Draft(
            FactKind.BINDING, card["card_id"], _fields(card) | _EXPIRED, max(card["since"], card["not_after"])
        )
        for card in over
    ]
    if drafts:
        _bind(uow, acting, drafts)
    return len(drafts)


def holder_of_chip(uow: Uow, uid: bytes) -> Row | None:
    """The card that a chip is now, if it is anybody's."""
    key = lookup_key(uow.community_id, "uid", uid)
    return uow.rows("cards").last("fact_seq", chip=key, state=set(HELD))


def life_of(uow: Uow, card_id: str) -> list[Row]:
    """Every step of a card's life, oldest first: state, since when, recorded when and by whom, why."""
    steps = []
    for fact in uow.rows("facts").rows("seq", kind=str(FactKind.BINDING), subject=card_id):
        body = parsed(fact)["body"]
        step = {name: fact[name] for name in ("holds_from", "recorded_at", "recorded_by")}
        steps.append(step | {"state": body["state"], "reason": body.get("reason", "")})
    return steps


def credential_of(acting: Acting, card: Row) -> Credential | None:
    """The credential of a card in the register; None for a chip known by its number."""
    if not card["sealed"]:
        return None
    return Credential(acting.keys.unseal(card["sealed"], f"card:{card['card_id']}")[:LENGTH])


def _bind(uow: Uow, acting: Acting, drafts: list[Draft]) -> None:
    """Record steps of cards' lives, and judge again what these cards did."""
    record(uow, acting, drafts)
    known = {draft.subject for draft in drafts} | {draft.body["lookup"] for draft in drafts}
    project_events(uow, acting, regrade_cards(uow, known))


def _card(uow: Uow, card_id: str) -> Row:
    card = uow.rows("cards").get(card_id=card_id)
    if card is None:
        raise NotFound(f"there is no card {card_id}", zh="没有这张卡，请刷新页面。")
    return card


def _fields(card: Row) -> Row:
    return {name: card[name] for name in CARD_FIELDS}


def _activate(uow: Uow, acting: Acting, active: Draft, *, replaces: str | None = None) -> None:
    """Let a card be in use, and those that make way for it be so no more."""
    same = _same_chip(uow, active)
    ended = same | set(_making_way(uow, acting, active, {*same, *filter(None, [replaces])}))
    drafts = [
        Draft(FactKind.BINDING, card["card_id"], _fields(card) | _REPLACED)
        for card in uow.rows("cards").rows("card_id", card_id=ended)
    ]
    _bind(uow, acting, [*drafts, active])


def _making_way(uow: Uow, acting: Acting, active: Draft, chosen: set[str]) -> list[str]:
    volunteer = active.body["volunteer"]
    if active.body["proof"] == PHONE:
        phones = uow.rows("cards").rows("since", volunteer=volunteer, state=CardState.ACTIVE, proof=PHONE)
        return [phone["card_id"] for phone in phones]
    held = holding(uow, acting, volunteer)
    return making_way([card["card_id"] for card in held.cards], held.most, chosen=chosen)


def _same_chip(uow: Uow, active: Draft) -> set[str]:
    """What this chip was to this person before: one chip is one card at a time."""
    if active.body["chip"] is None:
        return set()
    before = uow.rows("cards").rows(
        chip=active.body["chip"], volunteer=active.body["volunteer"], state=set(HELD)
    )
    return {card["card_id"] for card in before} - {active.subject}


def _why(uow: Uow, volunteer: str) -> str:
    """The reason for a card where nobody gave one."""
    cards = uow.rows("cards").rows(volunteer=volunteer)
    return "other" if any(card["proof"] != PHONE for card in cards) else "first"


def _with_credential(
    uow: Uow,
    acting: Acting,
    volunteer: str,
    credential: Credential,
    *,
    uid: bytes = b"",
    challenged: bool = False,
    reason: str = "",
    replaces: str | None = None,
) -> RegisteredCard:
    volunteer_row(uow, volunteer)
    draft = _credential_draft(uow, acting, volunteer, credential, uid=uid, challenged=challenged)
    draft.body["reason"] = reason or _why(uow, volunteer)
    _activate(uow, acting, draft, replaces=replaces)
    return RegisteredCard(draft.subject, credential)


def _credential_draft(
    uow: Uow,
    acting: Acting,
    volunteer: str,
    credential: Credential,
    *,
    uid: bytes = b"",
    challenged: bool = False,
) -> Draft:
    card_id = credential.card_id.hex()
    known = {
        "medium": "nfc" if credential.proof == "signed" else "qr",
        "proof": "challenge" if challenged else credential.proof,
        "lookup": lookup_key(uow.community_id, "card", credential.card_id),
        "digest": digest(credential),
        # A challenged card's key is derived from its chip's UID, which lies nowhere else.
        "sealed": acting.keys.seal(credential.raw + (uid if challenged else b""), f"card:{card_id}"),
        "chip": lookup_key(uow.community_id, "uid", uid) if uid else None,
        "not_after": _end_of(credential.expires_on),
    }
    return Draft(FactKind.BINDING, card_id, _body(acting, volunteer, known))


def _body(acting: Acting, volunteer: str, known: Row) -> Row:
    empty: Row = dict.fromkeys(CARD_FIELDS)
    return empty | known | {"volunteer": volunteer, "state": "active", "reason": "", "issued_at": acting.now}


def _end_of(day: date | None) -> int | None:
    return None if day is None else day_start(next_day(day.isoformat()))


def _check_uid(uid: bytes) -> None:
    if len(uid) not in UID_LENGTHS:
        raise Invalid(
            "a chip's number has 4, 7, 8 or 10 bytes",
            zh="芯片编号是 8、14、16 或 20 位十六进制数，请重新读卡。",
        )
    if is_random_uid(uid):
        raise Invalid(
            "this number was drawn at random by a phone and will be another next time",
            zh="这是手机随机生成的编号，每次都会变，请改用实体卡。",
        )
