"""What the register said at a moment: cards, kiosks and forks through time, as grading needs them. Pure."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from card_tools.phone_code import TOLERANCE, step_at
from server.contract.rules import PROOFS
from server.contract.wire import TapEvent
from server.domain.facts import TapStanding
from server.services.phone_codes import GREEN, Code, code_of

Row = dict[str, Any]
OF_A_CREDENTIAL = frozenset({"static", "signed", "rotating", "challenge"})
"""Proofs that a card with a credential can only have given with the digest of what it says."""


@dataclass(slots=True)
class History:
    """States of one subject, each holding from a moment; of two for one moment the later recorded counts."""

    starts: list[tuple[int, int]] = field(default_factory=list)
    bodies: list[Row] = field(default_factory=list)

    def at(self, moment: int) -> Row | None:
        """The state that held at a moment; the first one for moments before it."""
        if not self.bodies:
            return None
        place = bisect_right(self.starts, (moment, 1 << 62))
        return self.bodies[max(0, place - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Cards by id and by look-up key, kiosks by id, and where journals fork."""

    cards: dict[str, History]
    lookups: dict[str, str]
    kiosks: dict[str, History]
    forks: dict[tuple[str, str], int | None]
    used: dict[Code, str] = field(default_factory=dict)
    """Phones' codes by the event that used each first."""


def histories(facts: Iterable[Row]) -> dict[str, History]:
    """Histories by subject from facts with parsed bodies."""
    by_subject: dict[str, list[Row]] = defaultdict(list)
    for fact in facts:
        by_subject[fact["subject"]].append(fact)
    found = {}
    for subject, mine in by_subject.items():
        mine.sort(key=lambda fact: (fact["holds_from"], fact["seq"]))
        starts = [(fact["holds_from"], fact["seq"]) for fact in mine]
        found[subject] = History(starts, [fact["body"] for fact in mine])
    return found


def card_id_of(event: TapEvent, register: Register) -> str:
    """The register's id for the card of an event; what the kiosk said when the register does not know it."""
    if event.card_id in register.cards:
        return event.card_id
    return register.lookups.get(event.card_id, event.card_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """What the register makes of one event."""

    volunteer: str | None
    card_id: str
    site_id: str
    proof: str
    standing: TapStanding
    reason: str | None


def grade(event: TapEvent, stored: Row, at: int, register: Register) -> Graded:
    """Whose tap it was, what it proves, and whether it may count."""
    card_id = card_id_of(event, register)
    history = register.cards.get(card_id)
    card = history.at(at) if history else None
    kiosk = register.kiosks[stored["kiosk_id"]].at(at) if stored["kiosk_id"] in register.kiosks else None
    proof, doubt = _proof(event, card, at)
    standing, reason = _standing(event, stored, register)
    if standing is TapStanding.GOOD:
        reason = doubt or _contradiction(event, card, at) or _second_use(event, register)
        standing = TapStanding.CONTRADICTED if reason else TapStanding.GOOD
    return Graded(
        volunteer=card["volunteer"] if card else event.volunteer,
        card_id=card_id,
        site_id=kiosk["site_id"] if kiosk else "",
        proof=proof,
        standing=standing,
        reason=reason,
    )


def _standing(event: TapEvent, stored: Row, register: Register) -> tuple[TapStanding, str | None]:
    fork = register.forks.get((stored["kiosk_id"], stored["journal_id"]))
    if fork is not None and stored["seq"] >= fork:
        return TapStanding.QUARANTINED, "forked"
    if stored["status"] == "quarantined":
        return TapStanding.QUARANTINED, stored["reason"]
    if event.shown not in GREEN:
        return TapStanding.SHOWN_REFUSED, event.shown
    return TapStanding.GOOD, None


def _proof(event: TapEvent, card: Row | None, at: int) -> tuple[str, str | None]:
    """The proof as the evidence bears it out, and what speaks against the tap."""
    if card is None or event.medium == "touch":
        return event.proof, None
    if card.get("public"):
        return _phone_proof(event, at), None
    if card["digest"] and event.proof in OF_A_CREDENTIAL:
        # The digest is of this very credential: another one with this card's id was never issued.
        if event.evidence.get("digest") != card["digest"]:
            return "none", "card_forged"
        proof = "signed" if event.proof == "challenge" and not _is_ti(event) else event.proof
        return min(proof, card["proof"], key=PROOFS.index), None
    return min(event.proof, card["proof"], key=PROOFS.index), None


def _phone_proof(event: TapEvent, at: int) -> str:
    """A phone's code proves presence only in the half minutes around the one that it names."""
    step = event.evidence.get("step")
    in_time = isinstance(step, int) and abs(step - step_at(at)) <= TOLERANCE
    fresh = event.proof == "rotating" and event.clock == "synced" and in_time
    return "rotating" if fresh else min(event.proof, "static", key=PROOFS.index)


def _second_use(event: TapEvent, register: Register) -> str | None:
    """Whether another tap had used this code before, at another kiosk."""
    code = code_of(event)
    if code is None or register.used.get(code, event.event_id) == event.event_id:
        return None
    return "card_replayed"


def _is_ti(event: TapEvent) -> bool:
    """Whether the evidence names the conversation: the four bytes that the chip chose for it."""
    return re.fullmatch("[0-9a-f]{8}", str(event.evidence.get("ti"))) is not None


def _contradiction(event: TapEvent, card: Row | None, at: int) -> str | None:
    if card is None:
        return "card_unknown"
    if card["state"] != "active":
        return f"card_{card['state']}"
    if card["not_after"] is not None and at >= card["not_after"]:
        return "card_expired"
    if event.volunteer is not None and event.volunteer != card["volunteer"]:
        return "card_of_another"
    return None
