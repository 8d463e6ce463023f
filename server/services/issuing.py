"""Who is to get a card: orders, one at the counter or two hundred at once; each step is a fact.

What waits is the queue of a desk, in the order in which it was asked for or put off; it survives whatever
crashes. The desk itself, where cards lie on a reader, is ``server.services.desk``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from server.domain.calendar import day_of
from server.domain.card_life import CardState
from server.domain.facts import FactKind
from server.errors import Conflict, NotFound
from server.services.acting import Acting, Row, Uow
from server.services.cards import set_state
from server.services.facts import Draft, store
from server.services.holding import PHONE, check_replaces, holding
from server.services.members import needs_guardian

KINDS = ("write", "uid")
HANDOVERS = ("now", "later")
REASONS = ("first", "lost", "damaged", "expired", "other")
MOST_AT_ONCE = 500
ORDER_FIELDS = (
    *("volunteer", "kind", "state", "handover", "batch", "reason", "card_id", "replaces"),
    *("requested_at", "requested_by"),
)


class Obstacle(StrEnum):
    """Why somebody gets no card now."""

    UNKNOWN = "unknown"
    INACTIVE = "inactive"
    GUARDIAN_CONSENT_MISSING = "guardian_consent_missing"
    CONSENT_MISSING = "consent_missing"
    """Nothing may be recorded about a person who did not agree to it (PIPL art. 13)."""
    HAS_CARD = "has_card"
    """Only a warning: staff say that it shall be replaced."""
    ORDERED = "ordered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What kind of card people are to get, and why."""

    kind: str = "write"
    handover: str = "now"
    reason: str = "first"
    batch: str = ""
    replacing: bool = False
    """Whether those who have an active card get another one."""
    replaces: str | None = None
    """The card that the new one replaces; without it the one longest in use, where no more are allowed."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """What came of it: order ids in the order asked for, and who was left out, with the reason."""

    orders: list[str]
    refused: list[tuple[str, Obstacle]]


def order_cards(uow: Uow, acting: Acting, numbers: Sequence[str], wish: Wish) -> Ordered:
    """Put people into the queue, each once; who may have no card is left out by name, the others go on."""
    if wish.kind not in KINDS or wish.handover not in HANDOVERS:
        raise Conflict("no such kind of card or hand-over", zh="没有这种卡或交付方式，请刷新页面。")
    if len(numbers) > MOST_AT_ONCE:
        raise Conflict(f"at most {MOST_AT_ONCE} at once", zh=f"一次最多 {MOST_AT_ONCE} 人，请分批办理。")
    for number in numbers if wish.replaces is not None else ():
        check_replaces(holding(uow, acting, number), wish.replaces)
    found = obstacles(uow, acting, numbers, replacing=wish.replacing)
    good = [number for number in dict.fromkeys(numbers) if number not in found]
    drafts = [Draft(FactKind.CARD_ORDER, acting.ids(), _body(acting, number, wish)) for number in good]
    store(uow, acting, drafts)
    return Ordered([draft.subject for draft in drafts], list(found.items()))


def obstacles(uow: Uow, acting: Acting, numbers: Sequence[str], *, replacing: bool) -> dict[str, Obstacle]:
    """Who of these people gets no card now, and why."""
    wanted = set(numbers)
    people = {row["number"]: row for row in uow.rows("volunteers").rows(number=wanted)}
    agreed = {
        row["number"]
        for row in uow.rows("consents").rows(number=wanted, purpose="record", withdrawn_at=None)
        if row["granted_at"] is not None
    }
    active = uow.rows("cards").rows(volunteer=wanted, state=CardState.ACTIVE)
    having = {card["volunteer"] for card in active if card["proof"] != PHONE}
    waiting = {row["volunteer"] for row in uow.rows("card_orders").rows(volunteer=wanted, state="requested")}
    found: dict[str, Obstacle] = {}
    for number in dict.fromkeys(numbers):
        tests = (
            (number not in people, Obstacle.UNKNOWN),
            (number in people and people[number]["status"] != "active", Obstacle.INACTIVE),
            (
                number in people and needs_guardian(people[number], day_of(acting.now)),
                Obstacle.GUARDIAN_CONSENT_MISSING,
            ),
            (number not in agreed, Obstacle.CONSENT_MISSING),
            (number in waiting, Obstacle.ORDERED),
            (number in having and not replacing, Obstacle.HAS_CARD),
        )
        if obstacle := next((obstacle for holds, obstacle in tests if holds), None):
            found[number] = obstacle
    return found


def queue(uow: Uow, batch: str) -> list[Row]:
    """The orders of a batch that wait, first come first served."""
    return uow.rows("card_orders").rows("fact_seq", batch=batch, state="requested")


def order_of(uow: Uow, order_id: str) -> Row:
    """One order, or :class:`NotFound`."""
    row = uow.rows("card_orders").get(order_id=order_id)
    if row is None:
        raise NotFound(f"there is no order {order_id}", zh="没有这个办卡申请，请刷新页面。")
    return row


def put_off(uow: Uow, acting: Acting, order_id: str) -> None:
    """Let somebody who is not here wait behind all others."""
    change_order(uow, acting, _waiting(uow, order_id))


def cancel_order(uow: Uow, acting: Acting, order_id: str, *, reason: str) -> None:
    """Call an order off; what was begun on a chip for it never becomes a card."""
    order = _waiting(uow, order_id)
    change_order(uow, acting, order, state="cancelled", reason=reason)
    give_up(uow, acting, volunteer=order["volunteer"])


def give_up(uow: Uow, acting: Acting, **where: str) -> None:
    """What was only begun is over: the person, or the chip, has become something else."""
    for card in uow.rows("cards").rows("card_id", state=CardState.REQUESTED, **where):
        set_state(uow, acting, card["card_id"], CardState.DAMAGED, reason="given_up")


def change_order(uow: Uow, acting: Acting, order: Row, **changes: str) -> None:
    """Record an order's next state."""
    body = {name: order[name] for name in ORDER_FIELDS} | changes
    store(uow, acting, [Draft(FactKind.CARD_ORDER, order["order_id"], body)])


def _waiting(uow: Uow, order_id: str) -> Row:
    order = order_of(uow, order_id)
    if order["state"] != "requested":
        raise Conflict(
            f"this order is {order['state']} already", zh="这个办卡申请已经办完或取消，请刷新页面。"
        )
    return order


def _body(acting: Acting, number: str, wish: Wish) -> Row:
    return {
        "volunteer": number,
        "kind": wish.kind,
        "state": "requested",
        "handover": wish.handover,
        "batch": wish.batch,
        "reason": wish.reason,
        "card_id": None,
        "replaces": wish.replaces,
        "requested_at": acting.now,
        "requested_by": acting.by,
    }
