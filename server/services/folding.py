"""From facts to view tables: the one fold that both ``record`` (row by row) and ``audit`` (from nothing) use.

Every fact's body holds the whole new state of its subject, so a row is simply the last fact about it. Only
``plan_members`` and ``team_members`` remember more: who was ever planned, and who is in the team now.
"""

from collections.abc import Callable
from typing import Any

from server.domain.facts import FactKind

Row = dict[str, Any]
Views = dict[str, dict[tuple[Any, ...], Row]]
"""Table -> key behind the community -> row."""

KEYS: dict[str, tuple[str, ...]] = {
    "sites": ("site_id",),
    "teams": ("team_id",),
    "team_members": ("team_id", "volunteer"),
    "activities": ("activity_id",),
    "plans": ("plan_id",),
    "plan_versions": ("plan_id", "fact_seq"),
    "plan_members": ("plan_id", "volunteer"),
    "policies": ("name", "fact_seq"),
    "cards": ("card_id",),
    "card_orders": ("order_id",),
    "kiosks": ("kiosk_id",),
    "decisions": ("decision_id",),
    "calendar": ("day",),
    "journals": ("kiosk_id", "journal_id"),
    "clock_samples": ("kiosk_id", "journal_id", "fact_seq"),
}
"""View tables and their keys; ``members`` (columns of ``volunteers``) is folded besides these."""
DECISION_FIELDS = (
    *("kind", "reason", "shift_id", "event_id", "at", "volunteer", "day"),
    *("activity_id", "site_id", "started_at", "ended_at"),
)
MEMBER_COLUMNS = ("status", "team_id", "trained", "guardian_consent")


def fold(fact: Row, views: Views) -> None:
    """Apply one fact (its ``body`` already a dict) to the views it concerns."""
    folder = _FOLDERS.get(FactKind(fact["kind"]))
    if folder is not None:
        folder(fact, views)


def _put(views: Views, table: str, row: Row) -> None:
    views.setdefault(table, {})[tuple(row[name] for name in KEYS[table])] = row


def _pick(body: Row, *names: str) -> Row:
    return {name: body[name] for name in names}


def _site(fact: Row, views: Views) -> None:
    names = ("name", "name_en", "role", "default_activity", "activities", "place", "active")
    _put(views, "sites", {"site_id": fact["subject"], **_pick(fact["body"], *names), "fact_seq": fact["seq"]})


def _team(fact: Row, views: Views) -> None:
    body, team_id = fact["body"], fact["subject"]
    row = {"team_id": team_id, **_pick(body, "name", "name_en", "active"), "fact_seq": fact["seq"]}
    _put(views, "teams", row)
    members = views.setdefault("team_members", {})
    for key in [key for key in members if key[0] == team_id]:
        del members[key]
    leaders = set(body["leaders"])
    for number in {*body["members"], *leaders}:
        _put(
            views,
            "team_members",
            {"team_id": team_id, "volunteer": number, "leader": number in leaders},
        )


def _activity(fact: Row, views: Views) -> None:
    names = ("name", "name_en", "kind", "category", "least_proof", "training", "checkpoints", "active")
    row = {"activity_id": fact["subject"], **_pick(fact["body"], *names), "fact_seq": fact["seq"]}
    _put(views, "activities", row)


def _plan(fact: Row, views: Views) -> None:
    body, plan_id = fact["body"], fact["subject"]
    names = ("activity_id", "site_id", "start", "end", "need", "members", "team_id", "cancelled")
    row = {"plan_id": plan_id, **_pick(body, *names), "fact_seq": fact["seq"]}
    row |= {"holds_from": fact["holds_from"], "recorded_at": fact["recorded_at"]}
    before = views.get("plans", {}).get((plan_id,))
    _put(views, "plans", row)
    _put(views, "plan_versions", dict(row))
    now = set(body["members"])
    for number in now | set(before["members"] if before else ()):
        _put(views, "plan_members", {"plan_id": plan_id, "volunteer": number, "current": number in now})


def _policy(fact: Row, views: Views) -> None:
    row = {"name": fact["subject"], "fact_seq": fact["seq"], "value": fact["body"]}
    row |= {name: fact[name] for name in ("holds_from", "recorded_at", "recorded_by")}
    _put(views, "policies", row)


def _binding(fact: Row, views: Views) -> None:
    names = ("volunteer", "state", "medium", "proof", "not_after", "lookup", "digest", "sealed", "issued_at")
    row = {"card_id": fact["subject"], **_pick(fact["body"], *names)}
    # The first facts about cards know of no phones, and of no chips.
    row |= {name: fact["body"].get(name) for name in ("public", "chip")}
    _put(views, "cards", row | {"since": fact["holds_from"], "fact_seq": fact["seq"]})


def _card_order(fact: Row, views: Views) -> None:
    names = ("volunteer", "kind", "state", "handover", "batch", "reason", "card_id")
    row = {"order_id": fact["subject"], **_pick(fact["body"], *names, "requested_at", "requested_by")}
    # The first orders know of one card a person only.
    row["replaces"] = fact["body"].get("replaces")
    _put(views, "card_orders", row | {"since": fact["holds_from"], "fact_seq": fact["seq"]})


def _kiosk(fact: Row, views: Views) -> None:
    row = {"kiosk_id": fact["subject"], **_pick(fact["body"], "name", "site_id", "state", "public_key")}
    row["desk"] = fact["body"].get("desk")
    _put(views, "kiosks", row | {"since": fact["holds_from"], "fact_seq": fact["seq"]})


def _decision(fact: Row, views: Views) -> None:
    row = {"decision_id": fact["subject"], **_pick(fact["body"], *DECISION_FIELDS), "by": fact["recorded_by"]}
    _put(views, "decisions", row | {"recorded_at": fact["recorded_at"], "fact_seq": fact["seq"]})


def _calendar(fact: Row, views: Views) -> None:
    row = {"day": fact["subject"], **_pick(fact["body"], "working", "school", "name")}
    _put(views, "calendar", row | {"fact_seq": fact["seq"]})


def _member(fact: Row, views: Views) -> None:
    row = {"number": fact["subject"], **_pick(fact["body"], *MEMBER_COLUMNS)}
    views.setdefault("members", {})[(fact["subject"],)] = row


def _batch(fact: Row, views: Views) -> None:
    body = fact["body"]
    key = (body["kiosk"], body["journal"])
    known = views.setdefault("journals", {}).get(key)
    row = known or {
        "kiosk_id": key[0],
        "journal_id": key[1],
        "prior_journal": body["prior_journal"],
        "prior_head": body["prior_head"],
        "head_seq": 0,
        "head_hash": "",
        "fork_seq": None,
        "first_received": fact["recorded_at"],
    }
    row = row | {"last_received": fact["recorded_at"]}
    if body["head_seq"] > row["head_seq"]:
        row |= {"head_seq": body["head_seq"], "head_hash": body["head_hash"]}
    forks = [seq for seq in (row["fork_seq"], body["fork_seq"]) if seq is not None]
    _put(views, "journals", row | {"fork_seq": min(forks, default=None)})
    sample = body["sample"]
    if sample:
        _put(
            views,
            "clock_samples",
            {"kiosk_id": key[0], "journal_id": key[1], "fact_seq": fact["seq"]}
            | _pick(sample, "boot_id", "uptime_ms", "wall", "clock", "server_time", "last_seq"),
        )


_FOLDERS: dict[FactKind, Callable[[Row, Views], None]] = {
    FactKind.SITE: _site,
    FactKind.TEAM: _team,
    FactKind.ACTIVITY: _activity,
    FactKind.PLAN: _plan,
    FactKind.POLICY: _policy,
    FactKind.BINDING: _binding,
    FactKind.CARD_ORDER: _card_order,
    FactKind.KIOSK: _kiosk,
    FactKind.DECISION: _decision,
    FactKind.CALENDAR: _calendar,
    FactKind.MEMBER: _member,
    FactKind.BATCH: _batch,
}
