"""What a roster says to one card only: its holder's name and hours, a leader's planned members, a chip's key.

All of it is locked with what the card itself says, so that a stolen kiosk lists no name and no hours. Hours
ride along with the roster: whatever moves them has raised its version already, and a difference carries the
cards of those alone whose minutes moved. They have no version and no schedule of their own.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from card_tools.credential import LENGTH, Credential, Note, seal_key, seal_name, seal_note
from card_tools.ntag424 import CHALLENGE_KEY, key_for
from server.contract.hours import Hours
from server.contract.wire import canonical
from server.domain.calendar import day_of, period_of
from server.domain.facts import Grade
from server.domain.ledger import person_account
from server.services.acting import Acting, Row, Uow
from server.services.keys import Keys
from server.services.names import shown_name

HELD = frozenset({"active", "lost"})
"""Cards that may still lie on a reader: a lost one is found again."""


def hours_of(uow: Uow, acting: Acting, balances: Iterable[Row]) -> dict[str, Hours]:
    """Everybody's hours by number: totals from the balances, today and this month from the shifts."""
    graded: dict[str, dict[str, int]] = defaultdict(dict)
    for row in balances:
        graded[row["account"]][row["grade"]] = row["amount"]
    today = day_of(acting.now)
    recent = {row["volunteer"]: row for row in uow.views.people.credited(f"{period_of(today)}-01", today)}
    accounts = {person_account(number) for number in recent} | graded.keys()
    found = {}
    for account in accounts:
        number = account.removeprefix(person_account(""))
        grades, shifts = graded.get(account, {}), recent.get(number, {"today": 0, "month": 0})
        found[number] = Hours(shifts["today"], shifts["month"], *(grades.get(grade, 0) for grade in Grade))
    return found


def for_card(
    acting: Acting,
    community_id: str,
    card: Row,
    person: Row | None,
    *,
    hours: Hours,
    members: Mapping[str, str],
) -> dict[str, Any]:
    """The locked fields of a card's entry; what a card does not need it does not have."""
    fields = {"name": _sealed_name(acting, card, person)} | _challenge(acting.keys, community_id, card)
    if person is None or not card["sealed"] or card["state"] != "active":
        return fields
    fields["hours"] = _sealed_note(acting, card, Note.HOURS, hours.to_text())
    if members:
        fields["members"] = _sealed_note(acting, card, Note.MEMBERS, canonical(dict(members)).decode())
    return fields


def members_of(
    plans: Iterable[Mapping[str, Any]], teams: Mapping[str, Any], people: Mapping[str, Row]
) -> dict[str, dict[str, str]]:
    """Of each team whom its turns in sight concern, by number, named as each person chose."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for plan in plans:
        team = plan["team"]
        whole = teams.get(f"team:{team}", {"members": ()})["members"]
        for number in (plan["members"] or whole) if team is not None else ():
            person = people.get(number)
            name = shown_name(person) if person else None
            if name is not None:
                found[team][number] = name
    return found


def _sealed_name(acting: Acting, card: Row, person: Row | None) -> str | None:
    name = shown_name(person) if person else None
    if name is None or not card["sealed"] or card["state"] not in HELD:
        return None
    return _wrap(acting.keys.unseal, card["sealed"], f"card:{card['card_id']}", name)


@lru_cache(maxsize=20_000)
def _wrap(unseal: Any, sealed: str, about: str, name: str) -> str:
    """Wrapping costs two key derivations, and a roster of 1,550 people is built after every change."""
    return seal_name(Credential(unseal(sealed, about)[:LENGTH]), name).hex()


def _challenge(keys: Keys, community_id: str, card: Row) -> dict[str, str]:
    """For an NTAG 424 DNA the key that it has to prove, which only the card's own words open."""
    if card["proof"] != "challenge" or card["state"] not in HELD:
        return {}
    return {"key": _wrap_key(keys, community_id, card["sealed"], f"card:{card['card_id']}")}


@lru_cache(maxsize=20_000)
def _wrap_key(keys: Keys, community_id: str, sealed: str, about: str) -> str:
    opened = keys.unseal(sealed, about)
    key = key_for(keys.challenge_master(community_id), opened[LENGTH:], CHALLENGE_KEY)
    return seal_key(Credential(opened[:LENGTH]), key).hex()


def _sealed_note(acting: Acting, card: Row, note: Note, text: str) -> str:
    return _wrap_note(acting.keys.unseal, card["sealed"], f"card:{card['card_id']}", note, text)


@lru_cache(maxsize=20_000)
def _wrap_note(unseal: Any, sealed: str, about: str, note: Note, text: str) -> str:
    return seal_note(Credential(unseal(sealed, about)[:LENGTH]), note, text).hex()
