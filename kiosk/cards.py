"""From what a reader read to a card that is believed, or a word that says why not."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from card_tools import credential as cards
from card_tools import ndef, phone_code
from card_tools.errors import CardError, CardForged, CardUnreadable
from hardware.ports import CardRead, ContentKind
from kiosk.outcomes import Moment, SeenCard
from kiosk.roster_view import RosterView
from server.contract.hours import Hours
from server.contract.lookup import chip_key
from server.contract.wire import Shown, WireError, lookup_key


def recognise(
    read: CardRead, roster: RosterView, now: Moment, *, last_step: Callable[[str], int | None]
) -> SeenCard:
    """What a read is; ``last_step`` gives the newest phone step this kiosk accepted of a card."""
    if read.medium == "qr":
        return _code(read, roster, now, last_step)
    if read.content_kind in (ContentKind.NDEF, ContentKind.TEXT):
        try:
            found = (
                ndef.from_ndef(read.content)
                if read.content_kind is ContentKind.NDEF
                else cards.decode(read.content)
            )
        except CardUnreadable:
            pass  # a chip without our record is known by its UID, if at all
        else:
            return _credential(found, read, roster, now)
    return _chip(read, roster)


def _code(
    read: CardRead, roster: RosterView, now: Moment, last_step: Callable[[str], int | None]
) -> SeenCard:
    text = read.content.decode("utf-8", "replace")
    if phone_code.is_phone_code(text):
        return _phone(phone_code.decode(text), roster, now, last_step)
    try:
        return _credential(cards.decode(text), read, roster, now)
    except CardUnreadable:
        return SeenCard(medium="qr", fault=Shown.CARD_UNREADABLE)


def _credential(found: cards.Credential, read: CardRead, roster: RosterView, now: Moment) -> SeenCard:
    lookup, card_id = lookup_key(roster.community_id, "card", found.card_id), found.card_id.hex()
    evidence = {"digest": cards.digest(found)}
    today = datetime.fromtimestamp(now.at / 1000, roster.zone).date() if now.synced else None
    entry = roster.card_entry(lookup)
    try:
        answer = _answer(read, entry)
        uid = bytes.fromhex(answer["uid"]) if answer else read.uid
        cards.verify(found, roster.keys, today=today, uid=uid or None)
    except CardError as error:
        fault = Shown(error.word)
        return SeenCard(medium=read.medium, lookup=lookup, card_id=card_id, evidence=evidence, fault=fault)
    return SeenCard(
        medium=read.medium,
        lookup=lookup,
        card_id=card_id,
        proof=found.proof if answer is None else "challenge",
        evidence=evidence if answer is None else {**evidence, "ti": answer["ti"]},
        genuine=True,
        name=_opened(entry, "name", lambda blob: cards.open_name(found, blob)),
        hours=_hours(_opened(entry, "hours", lambda blob: cards.open_note(found, cards.Note.HOURS, blob))),
        members=_members(
            _opened(entry, "members", lambda blob: cards.open_note(found, cards.Note.MEMBERS, blob))
        ),
    )


def _answer(read: CardRead, entry: Mapping[str, Any] | None) -> Mapping[str, str] | None:
    """The chip's answer to the challenge; None when it was not asked, or was torn away before the end.

    Only what was asked with a key from the roster counts. :class:`CardForged` when the chip failed.
    """
    answer: Mapping[str, str] | None = read.proof.get("challenge") if entry and entry.get("key") else None
    if answer is None:
        return None
    if "refused" in answer:
        raise CardForged(answer["refused"])
    if not cards.is_random_uid(read.uid) and read.uid != bytes.fromhex(answer["uid"]):
        raise CardForged("the chip shows another UID than its own")
    return answer


def _opened(entry: Mapping[str, Any] | None, field: str, opener: Callable[[bytes], str]) -> str | None:
    """What an entry keeps for this card alone."""
    wrapped = entry.get(field) if entry else None
    if not wrapped:
        return None
    try:
        return opener(bytes.fromhex(wrapped))
    except CardForged:
        return None  # wrapped for this card's predecessor: the number stands, the name does not show


def _hours(text: str | None) -> Hours | None:
    try:
        return None if text is None else Hours.from_text(text)
    except WireError:
        return None  # a newer server's form: the tap counts, only the sums do not show


def _members(text: str | None) -> dict[str, str]:
    if not text:
        return {}
    try:
        read = json.loads(text)
        return {str(number): str(name) for number, name in read.items()}
    except (ValueError, AttributeError):
        return {}  # a newer server's form: numbers stand in for the names


def _phone(
    code: phone_code.PhoneCode,
    roster: RosterView,
    now: Moment,
    last_step: Callable[[str], int | None],
) -> SeenCard:
    card_id = code.card_id.hex()
    seen = SeenCard(
        medium="qr",
        lookup=lookup_key(roster.community_id, "card", code.card_id),
        card_id=card_id,
        evidence={"step": code.step},
    )
    entry = roster.card_entry(seen.lookup)
    if entry is None or not entry.get("public"):
        return replace(seen, fault=Shown.CARD_UNKNOWN)  # without the phone's public key nothing is proved
    try:
        proof = phone_code.verify(
            code,
            bytes.fromhex(entry["public"]),
            now=now.at,
            last_step=last_step(card_id),
            clock_synced=now.synced,
        )
    except CardError as error:
        return replace(seen, fault=Shown(error.word))
    return replace(seen, proof=proof, genuine=True)


def _chip(read: CardRead, roster: RosterView) -> SeenCard:
    if not read.uid:
        return SeenCard(medium=read.medium, fault=Shown.CARD_UNREADABLE)
    if cards.is_random_uid(read.uid):
        return SeenCard(medium=read.medium, fault=Shown.PHONE_UID_RANDOM)
    lookup = chip_key(roster.community_id, read.uid)
    at_first = lookup_key(roster.community_id, "uid", read.uid)
    if roster.card(lookup) is None and roster.card(at_first) is not None:
        lookup = at_first  # registered before keys were slow
    if read.content_kind is ContentKind.UNREADABLE and roster.card(lookup) is None:
        return SeenCard(medium=read.medium, lookup=lookup, card_id=lookup, fault=Shown.CARD_UNREADABLE)
    return SeenCard(medium=read.medium, lookup=lookup, proof="uid")


def unchecked(read: CardRead, community_id: str) -> SeenCard:
    """What a read says of itself while there is no roster to check it by: enough for staff to restore it."""
    try:
        content = read.content.decode("utf-8", "replace") if read.medium == "qr" else read.content
        found = cards.decode(content) if isinstance(content, str) else ndef.from_ndef(content)
    except CardUnreadable:
        lookup = chip_key(community_id, read.uid) if read.uid else ""
        return SeenCard(medium=read.medium, lookup=lookup, card_id=lookup)
    evidence = {"digest": cards.digest(found)}
    return SeenCard(medium=read.medium, card_id=found.card_id.hex(), evidence=evidence)
