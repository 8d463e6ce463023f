"""What a kiosk may know: built, signed, and sent as a difference to what the kiosk holds.

The version is the community's change counter. What also changes with the date (plans in sight, ages, expired
cards) is shown as of one day; on the first request of another day the counter is raised.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.contract.hours import Hours
from server.contract.rules import HOUR
from server.contract.wire import Manifest, canonical, roster_delta, roster_hash
from server.domain.calendar import day_of, day_start, next_day
from server.domain.card_life import told
from server.errors import NotFound
from server.services.acting import Acting, Row, Uow
from server.services.honour import honoured
from server.services.members import needs_guardian
from server.services.policies import rules
from server.services.roster_sealed import for_card, hours_of, members_of
from server.services.sessions import KnownKiosk

KEPT_SNAPSHOTS = 4
DAYS_BACK, DAYS_AHEAD = 2, 3


@dataclass(frozen=True, slots=True)
class RosterReply:
    """The body of an answer; None when the kiosk has everything."""

    version: int
    body: dict[str, Any] | None


def roster_for(uow: Uow, acting: Acting, kiosk: KnownKiosk, *, have: int | None, digest: str) -> RosterReply:
    """What this kiosk needs to come from what it has to what holds now."""
    version, today = _version(uow), day_of(acting.now)
    snapshot = uow.rows("roster_snapshots").get(kiosk_id=kiosk.kiosk_id, version=version)
    if snapshot is not None and snapshot["day"] != today:
        uow.bump()
        version, snapshot = _version(uow), None
    if snapshot is not None and have == version and digest == snapshot["hash"]:
        return RosterReply(version, None)
    entries = _entries(snapshot) if snapshot else _built(uow, acting, kiosk)
    whole = snapshot["hash"] if snapshot else roster_hash(entries)
    if snapshot is None:
        _keep(uow, kiosk.kiosk_id, {"version": version, "hash": whole, "day": today}, entries)
    base = _base(uow, kiosk.kiosk_id, have, digest)
    manifest = Manifest(
        community_id=uow.community_id,
        kiosk_id=kiosk.kiosk_id,
        version=version,
        base=have if base else None,
        hash=whole,
    )
    content = {"delta": roster_delta(_entries(base), entries)} if base else {"entries": entries}
    signed = {"manifest": _plain(manifest), "signature": acting.keys.sign(manifest.to_sign())}
    return RosterReply(version, signed | content)


def _built(uow: Uow, acting: Acting, kiosk: KnownKiosk) -> dict[str, Any]:
    sealed = _sealed(uow, kiosk.kiosk_id, day_of(acting.now))
    return build(uow, acting, kiosk.site_id) | _desk(kiosk) | sealed


def _sealed(uow: Uow, kiosk_id: str, today: str) -> dict[str, Any]:
    """Which of this kiosk's events are sealed, so that its copies follow: of each journal, ranges of seq.

    Looked up once a day, since sealing is nightly work and this reads all that the kiosk ever sent.
    """
    latest = next(iter(uow.rows("roster_snapshots").rows("-version", kiosk_id=kiosk_id, day=today)), None)
    if latest is not None:
        return {name: held for name, held in _entries(latest).items() if name.startswith("sealed:")}
    ranges: dict[str, list[list[int]]] = defaultdict(list)
    for row in uow.rows("events").rows("journal_id", "seq", kiosk_id=kiosk_id, body=None):
        held = ranges[row["journal_id"]]
        if held and row["seq"] <= held[-1][1] + 1:
            held[-1][1] = row["seq"]
        else:
            held.append([row["seq"], row["seq"]])
    return {f"sealed:{journal_id}": {"ranges": held} for journal_id, held in ranges.items()}


def build(uow: Uow, acting: Acting, site_id: str) -> dict[str, Any]:
    """The whole roster for a kiosk at a site."""
    site = uow.rows("sites").get(site_id=site_id)
    if site is None:
        raise NotFound(f"there is no site {site_id}", zh="没有这个地点，请从列表中重新选择。")
    plans = _plans(uow, acting.now)
    people = {row["number"]: row for row in uow.rows("volunteers").rows()}
    hours = hours_of(uow, acting, uow.rows("balances").rows(book="hours"))
    return {
        **_community(uow, acting),
        "site": {n: site[n] for n in ("name", "name_en", "role", "default_activity", "activities")}
        | {"id": site_id},
        "hours": {"as_of": acting.now},
        **_activities(uow),
        **plans,
        **_people(uow, acting, plans, people=people, hours=hours),
        **_honour(uow, site, people=people, hours=hours, today=day_of(acting.now)),
    }


def _honour(
    uow: Uow, site: Row, *, people: Mapping[str, Row], hours: Mapping[str, Hours], today: str
) -> dict[str, Any]:
    """Nobody's name at a checkpoint, where nobody stands and reads."""
    return {"honour": {"people": honoured(uow, people, hours, today)}} if site["role"] == "desk" else {}


def _desk(kiosk: KnownKiosk) -> dict[str, Any]:
    """Tells a kiosk that staff may make cards at it, so that it asks often whether they do."""
    return {"desk": {}} if kiosk.is_desk else {}


def _plain(manifest: Manifest) -> dict[str, Any]:
    return {name: getattr(manifest, name) for name in Manifest.__slots__}


def _version(uow: Uow) -> int:
    return int(uow.rows("communities").rows()[0]["roster_version"])


def _entries(snapshot: Row) -> dict[str, Any]:
    return dict(json.loads(zlib.decompress(snapshot["entries"])))


def _base(uow: Uow, kiosk_id: str, have: int | None, digest: str) -> Row | None:
    if have is None:
        return None
    return uow.rows("roster_snapshots").get(kiosk_id=kiosk_id, version=have, hash=digest)


def _keep(uow: Uow, kiosk_id: str, known: Row, entries: dict[str, Any]) -> None:
    packed = zlib.compress(canonical(entries), 1)
    snapshots = uow.rows("roster_snapshots")
    snapshots.put([{"kiosk_id": kiosk_id, "entries": packed} | known])
    held = sorted(row["version"] for row in snapshots.rows(kiosk_id=kiosk_id))
    for version in held[:-KEPT_SNAPSHOTS]:
        snapshots.remove(kiosk_id=kiosk_id, version=version)


def _community(uow: Uow, acting: Acting) -> dict[str, Any]:
    row = uow.rows("communities").rows()[0]
    names = ("name", "name_en", "zone", "contact")
    issuer = acting.keys.issuer(uow.community_id)
    in_force = [rule for rule in rules(uow) if rule.holds_from <= acting.now][-1]
    return {
        "community": {name: row[name] for name in names} | {"id": uow.community_id},
        "policy": in_force.shared.to_dict(),
        f"key:{issuer.key_id.hex()}": {"public": issuer.public_key.hex()},
    }


def _activities(uow: Uow) -> dict[str, Any]:
    sites = {row["site_id"]: row for row in uow.rows("sites").rows()}
    names = ("name", "name_en", "kind", "least_proof", "training")
    return {
        f"activity:{row['activity_id']}": {name: row[name] for name in names}
        | {
            "checkpoints": [
                {"site": site, "name": sites[site]["name"], "name_en": sites[site]["name_en"]}
                for site in row["checkpoints"]
                if site in sites
            ]
        }
        for row in uow.rows("activities").rows(active=True)
    }


def _plans(uow: Uow, now: int) -> dict[str, Any]:
    today = day_of(now)
    first = day_start(next_day(today, -DAYS_BACK))
    last = day_start(next_day(today, DAYS_AHEAD + 1))
    rows = uow.rows("plans").between("start", first - 24 * HOUR, last, cancelled=False)
    return {
        f"plan:{row['plan_id']}": {n: row[n] for n in ("start", "end", "need", "members")}
        | {"activity": row["activity_id"], "site": row["site_id"], "team": row["team_id"]}
        for row in rows
        if row["end"] > first
    }


def _people(
    uow: Uow,
    acting: Acting,
    plans: Mapping[str, Any],
    *,
    people: Mapping[str, Row],
    hours: Mapping[str, Hours],
) -> dict[str, Any]:
    leads: dict[str, list[str]] = defaultdict(list)
    teams = _teams(uow, leads)
    shifts = _shifts(uow)
    today = day_of(acting.now)
    volunteers = {
        f"volunteer:{number}": {
            "status": "active" if row["status"] == "active" else "inactive",
            "blocked": "guardian_consent_missing" if needs_guardian(row, today) else None,
            "trained": row["trained"],
            "leads": sorted(leads.get(number, [])),
            "team": row["team_id"],
            "total": hours.get(number, Hours()).total,
            "open": shifts["open"].get(number),
            "proposal": shifts["end_missing"].get(number),
        }
        for number, row in people.items()
    }
    named = members_of(plans.values(), teams, people)
    led = {
        number: {n: name for team in own for n, name in named.get(team, {}).items() if n != number}
        for number, own in leads.items()
    }
    return volunteers | teams | _cards(uow, acting, people, hours=hours, led=led)


def _teams(uow: Uow, leads: dict[str, list[str]]) -> dict[str, Any]:
    members: dict[str, list[str]] = defaultdict(list)
    leaders: dict[str, list[str]] = defaultdict(list)
    for row in uow.rows("team_members").rows("team_id", "volunteer"):
        members[row["team_id"]].append(row["volunteer"])
        if row["leader"]:
            leaders[row["team_id"]].append(row["volunteer"])
            leads[row["volunteer"]].append(row["team_id"])
    return {
        f"team:{row['team_id']}": {
            "name": row["name"],
            "name_en": row["name_en"],
            "leaders": leaders[row["team_id"]],
            "members": members[row["team_id"]],
        }
        for row in uow.rows("teams").rows(active=True)
    }


def _shifts(uow: Uow) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {"open": {}, "end_missing": {}}
    rows = uow.rows("shifts").rows("started_at", state=["open", "end_missing"])
    passed = _passed(uow, [row for row in rows if row["state"] == "open"])
    for row in rows:
        same = {"shift_id": row["shift_id"], "activity": row["activity_id"]}
        if row["state"] == "open":
            more = {
                "started_at": row["started_at"],
                "plan": row["plan_id"],
                "passed": passed[row["shift_id"]],
            }
            found["open"][row["volunteer"]] = same | more
        elif row["proposed_end"] is not None:
            found["end_missing"][row["volunteer"]] = same | {"proposed_end": row["proposed_end"]}
    return found


def _passed(uow: Uow, shifts: list[Row]) -> dict[str, list[str]]:
    """The checkpoints that each open round has passed: kiosks show what is still missing."""
    attached = {event_id for row in shifts for event_id in row["events"]}
    rows = uow.rows("events").rows(event_id=attached, role="checkpoint") if attached else []
    site_of = {row["event_id"]: row["site_id"] for row in rows}
    return {row["shift_id"]: sorted({site_of[e] for e in row["events"] if e in site_of}) for row in shifts}


def _cards(
    uow: Uow,
    acting: Acting,
    people: Mapping[str, Row],
    *,
    hours: Mapping[str, Hours],
    led: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    return {
        f"card:{row['lookup']}": {
            "card": row["card_id"],
            "volunteer": row["volunteer"],
            "since": row["since"],
            "medium": row["medium"],
            "proof": row["proof"],
            "not_after": row["not_after"],
            "state": _state(row, acting.now),
        }
        | ({"public": row["public"]} if row["public"] else {})
        | for_card(
            acting,
            uow.community_id,
            row,
            people.get(row["volunteer"]),
            hours=hours.get(row["volunteer"], Hours()),
            members=led.get(row["volunteer"], {}),
        )
        for row in sorted(uow.rows("cards").rows(), key=_newest_active_last)
    }


def _newest_active_last(card: Row) -> tuple[bool, int]:
    # One chip can have been several cards; its look-up key shows the one that holds.
    return (card["state"] == "active", card["fact_seq"])


def _state(card: Row, now: int) -> str:
    over = card["not_after"] is not None and card["not_after"] <= now
    return "expired" if over and card["state"] == "active" else told(card["state"])
