"""Every address times every kind of visitor: who gets in is said here, once more and by hand."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

ADMIN = {"admin"}
STAFF = {"admin", "staff"}
READERS = STAFF | {"auditor"}
LEADERS = READERS | {"leader"}
DECIDERS = STAFF | {"leader"}
SIGNED_IN = LEADERS | {"volunteer"}
ALL = SIGNED_IN | {None}
PROVES_ITSELF: set[str | None] = set()
"""Kiosks sign, programs show tokens: these have tests of their own."""

WHO: dict[tuple[str, str], set[Any]] = {
    ("GET", "home.index"): ALL,
    ("GET", "home.wall"): ALL,
    ("GET", "healthz"): ALL,
    ("GET", "static"): ALL,
    ("GET", "metrics.metrics"): ALL,
    ("GET", "certificates.verify"): ALL,
    ("GET", "sun.read"): ALL,
    ("POST", "certificates.own"): SIGNED_IN,
    ("POST", "certificates.at_the_counter"): STAFF,
    ("GET", "auth.login"): ALL,
    ("POST", "auth.sign_in"): ALL,
    ("POST", "auth.logout"): ALL,
    ("GET", "auth.password"): SIGNED_IN,
    ("POST", "auth.change_password"): SIGNED_IN,
    ("GET", "auth.choose_language"): ALL,
    ("GET", "auth.choose_size"): ALL,
    ("GET", "api.openapi"): ALL,
    ("GET", "api_docs.reading_page"): ALL,
    ("GET", "api_docs.asset"): ALL,
    ("GET", "me.index"): SIGNED_IN,
    ("GET", "me.download"): SIGNED_IN,
    ("POST", "me.consent"): SIGNED_IN,
    ("GET", "me.phone"): SIGNED_IN,
    ("POST", "me.enrol_phone"): SIGNED_IN,
    ("POST", "me.lose_phone"): SIGNED_IN,
    ("GET", "staff.dashboard"): LEADERS,
    ("GET", "staff.live"): LEADERS,
    ("GET", "staff.shifts"): LEADERS,
    ("GET", "staff.shift"): LEADERS,
    ("GET", "staff.forgotten"): LEADERS,
    ("POST", "staff.settle_forgotten"): DECIDERS,
    ("GET", "staff.excess"): READERS,
    ("POST", "staff.approve"): STAFF,
    ("POST", "staff.decide_tap"): STAFF,
    ("POST", "staff.void"): STAFF,
    ("GET", "staff.declare_form"): STAFF,
    ("POST", "staff.declare"): STAFF,
    ("GET", "staff.volunteers"): READERS,
    ("GET", "staff.volunteer"): READERS,
    ("GET", "staff.new_volunteer"): STAFF,
    ("POST", "staff.register"): STAFF,
    ("GET", "staff.edit_volunteer"): STAFF,
    ("POST", "staff.change"): STAFF,
    ("POST", "staff.consent"): STAFF,
    ("GET", "staff.import_form"): STAFF,
    ("POST", "staff.import_volunteers"): STAFF,
    ("GET", "staff.cards"): READERS,
    ("POST", "staff.issue_card"): STAFF,
    ("POST", "staff.change_card"): STAFF,
    ("GET", "staff.print_card"): STAFF,
    ("GET", "staff.print_form"): STAFF,
    ("POST", "staff.print_book"): STAFF,
    ("GET", "staff.show_logo"): READERS,
    ("POST", "staff.save_logo"): STAFF,
    ("GET", "staff.card_life"): READERS,
    ("GET", "staff.receipt"): STAFF,
    ("GET", "staff.guardian_form"): STAFF,
    ("POST", "staff.hand_over"): STAFF,
    **{("GET", f"staff.{name}"): STAFF for name in ("desk", "desk_live", "batches", "batch")},
    **{("POST", f"staff.{name}"): STAFF for name in ("open_the_desk", "close_the_desk", "order_card")},
    **{("POST", f"staff.{name}"): STAFF for name in ("change_order", "add_batch", "set_desk")},
    ("GET", "staff.sites"): READERS,
    ("GET", "staff.site"): STAFF,
    ("POST", "staff.save_site"): STAFF,
    ("GET", "staff.activities"): READERS,
    ("GET", "staff.activity"): STAFF,
    ("POST", "staff.save_activity"): STAFF,
    ("GET", "staff.teams"): READERS,
    ("GET", "staff.team"): READERS,
    ("POST", "staff.save_team"): STAFF,
    ("GET", "staff.plans"): LEADERS,
    ("GET", "staff.plan"): LEADERS,
    ("POST", "staff.save_plan"): STAFF,
    ("POST", "staff.cancel"): STAFF,
    ("GET", "staff.kiosks"): READERS,
    ("POST", "staff.add"): STAFF,
    ("POST", "staff.code"): STAFF,
    ("POST", "staff.revoke"): STAFF,
    ("GET", "staff.policies"): READERS,
    ("POST", "staff.save_policy"): STAFF,
    ("GET", "staff.audits"): READERS,
    ("POST", "staff.run_audit"): READERS,
    ("GET", "staff.users"): ADMIN,
    ("POST", "staff.add_user"): ADMIN,
    ("POST", "staff.reset_password"): ADMIN,
    ("POST", "staff.close_user"): ADMIN,
    ("POST", "staff.add_token"): ADMIN,
    ("POST", "staff.end_token"): ADMIN,
    **{
        ("GET", f"api.{name}"): PROVES_ITSELF
        for name in (
            "volunteers teams activities sites cards events shifts entries balances kiosks statistics"
        ).split()
    },
    **{("POST", f"kiosk_api.{name}"): PROVES_ITSELF for name in ("enrol_kiosk", "session", "events")},
    ("GET", "kiosk_api.roster"): PROVES_ITSELF,
    ("GET", "kiosk_desk.state"): PROVES_ITSELF,
    ("POST", "kiosk_desk.card"): PROVES_ITSELF,
}
NEEDS_A_FILE_OF_ONES_OWN = {
    *("me.index", "me.download", "me.consent", "me.phone", "me.enrol_phone", "me.lose_phone"),
    "certificates.own",
}
SAMPLES = {
    "number": "M0005",
    "shift_id": "nothing",
    "site_id": "hut",
    "activity_id": "hut",
    "team_id": "t1",
    "plan_id": "p2",
    "name": "minimum",
    "day": "2026-11-24",
    "kind": "json",
    "language": "en",
    "size": "large",
    "filename": "yika.css",
}


def _addresses(app: Any) -> Iterator[tuple[str, str, str]]:
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: SAMPLES.get(found[1], "nothing"), rule.rule)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield method, rule.endpoint, path


def test_every_address_is_in_this_table(site: Any) -> None:
    """A new view must be added here, so that somebody thinks about who may open it."""
    assert {(method, endpoint) for method, endpoint, _ in _addresses(site.app)} == set(WHO)


@pytest.mark.parametrize("role", [None, "volunteer", "leader", "auditor", "staff", "admin"])
def test_each_role_gets_in_where_the_table_says_and_nowhere_else(site: Any, role: str | None) -> None:
    wrong = []
    for method, endpoint, path in _addresses(site.app):
        allowed = WHO[method, endpoint]
        if allowed is PROVES_ITSELF:
            continue
        with site.client(role).open(path, method=method) as answer:
            status = answer.status_code
        if role in allowed:
            good = status not in {401, 403, 405} and status < 500
            good |= endpoint == "auth.sign_in" and status == 401  # no password was sent
            good |= endpoint in NEEDS_A_FILE_OF_ONES_OWN and status == 404
        elif role is None:
            good = status == (302 if method == "GET" else 401)
        else:
            good = status == 403
        if not good:
            wrong.append(f"{role} {method} {path} ({endpoint}): {status}")
    assert wrong == []


@pytest.mark.parametrize("endpoint", sorted(e for (m, e), w in WHO.items() if e.startswith("api.") and not w))
def test_a_list_of_the_open_api_wants_a_token_that_holds(site: Any, endpoint: str) -> None:
    paths = [path for _, name, path in _addresses(site.app) if name == endpoint]
    client = site.client("admin")
    assert client.get(paths[0]).status_code == 401
    assert client.get(paths[0], headers={"Authorization": "Bearer yika_0"}).status_code == 401
    assert client.get(paths[0], headers=site.token()).status_code == 200


def test_a_view_without_a_rule_opens_for_nobody(site: Any) -> None:
    site.app.view_functions["home.index"] = lambda: "forgotten"
    assert site.client("admin").get("/").status_code == 403


def test_later_pages_do_not_exist_yet(site: Any) -> None:
    assert [site.client().get(path).status_code for path in ("/menu", "/wechat", "/map")] == [404, 404, 404]
