"""The open API as a program sees it: shapes, order, pages, filters, CSV, its own description."""

import base64
import csv
import io
from typing import Any

import msgspec
import pytest

from server.contract.rules import HOUR
from server.services.users import create_token
from server.web.api import models

LISTS = {
    "volunteers": models.Volunteers,
    "teams": models.Teams,
    "activities": models.Activities,
    "sites": models.Sites,
    "cards": models.Cards,
    "events": models.Events,
    "shifts": models.Shifts,
    "ledger/entries": models.Entries,
    "ledger/balances": models.Balances,
    "kiosks": models.Kiosks,
    "statistics": models.Statistics,
}


@pytest.mark.parametrize("path", LISTS)
def test_every_answer_has_the_shape_that_the_description_promises(site: Any, path: str) -> None:
    headers = site.token()
    body = site.app.test_client().get(f"/api/v1/{path}", headers=headers).data
    page = msgspec.json.decode(body, type=LISTS[path])
    assert page.items
    assert page.next is None


def test_a_volunteer_is_named_by_number_and_says_whether_she_is_on_duty(site: Any) -> None:
    found = {row["number"]: row for row in site.get("volunteers")["items"]}
    assert list(found) == sorted(found)
    assert found["M0003"]["on_duty"] is True
    assert found["M0004"]["on_duty"] is False
    assert found["M0004"]["credited_minutes"] == 90
    assert "phone" not in found["M0003"]


def test_volunteers_are_filtered_by_status_duty_and_team(site: Any) -> None:
    on_duty = site.get("volunteers", on_duty="true")["items"]
    assert [row["number"] for row in on_duty] == ["M0002", "M0003"]
    assert len(site.get("volunteers", on_duty="false")["items"]) == len(site.bench.numbers) - 2
    assert site.get("volunteers", status="left")["items"] == []
    assert site.get("volunteers", team="平安美湖")["items"] == []


def test_who_forgot_to_tap_out_is_on_duty_nowhere_once_no_tap_can_end_the_shift(site: Any) -> None:
    """Only the night finds the missing end; until then the table calls the shift open."""
    site.bench.now += 9 * HOUR
    assert len(site.get("shifts", state="open")["items"]) == 2
    assert site.get("volunteers", on_duty="true")["items"] == []
    assert len(site.get("volunteers", on_duty="false")["items"]) == len(site.bench.numbers)
    assert not any(row["on_duty"] for row in site.get("volunteers")["items"])
    assert "yika_on_duty 0" in site.app.test_client().get("/metrics").text
    staff = site.client("staff")
    assert "/staff/volunteers/M0003" not in staff.get("/staff/volunteers?on_duty=1").text
    assert "正在服务</span>" not in staff.get("/staff/volunteers/M0003").text


def test_an_open_shift_has_no_end_no_grade_and_no_minutes(site: Any) -> None:
    (shift, _) = site.get("shifts", state="open")["items"]
    assert shift["volunteer"] == "M0003"
    assert (shift["ended_at"], shift["grade"], shift["credited_minutes"]) == (None, None, None)
    assert shift["started_at"].endswith("+08:00")


def test_a_closed_shift_names_activity_and_site_and_the_taps_behind_it(site: Any) -> None:
    (shift,) = site.get("shifts", volunteer="M0004")["items"]
    assert shift["state"] == "closed"
    assert (shift["activity"], shift["site"], shift["grade"]) == ("健康小屋", "健康小屋", "tapped")
    assert shift["credited_minutes"] == 90
    taps = {row["id"]: row for row in site.get("events", volunteer="M0004")["items"]}
    assert set(shift["events"]) == set(taps)


def test_shifts_are_filtered_by_state_and_by_days_in_shanghai(site: Any) -> None:
    assert [s["volunteer"] for s in site.get("shifts", state="end_missing")["items"]] == ["M0002"]
    assert len(site.get("shifts", **{"from": "2026-11-24"})["items"]) == 2
    assert len(site.get("shifts", to="2026-11-24")["items"]) == 2
    assert len(site.get("shifts", **{"from": "2026-11-24T08:45:00+08:00"})["items"]) == 1
    assert len(site.get("shifts", **{"from": "2026-11-24T08:45:00 08:00"})["items"]) == 1


@pytest.mark.parametrize(
    "path", ["volunteers", "shifts", "events", "ledger/entries", "ledger/balances", "cards"]
)
def test_pages_of_two_add_up_to_the_whole_list(site: Any, path: str) -> None:
    whole = site.get(path)["items"]
    headers, client = site.token(), site.app.test_client()
    address, found = f"http://localhost/api/v1/{path}?limit=2", []
    while address:
        page = client.get(address, headers=headers).json
        assert len(page["items"]) <= 2
        found += page["items"]
        address = page["next"]
    assert found == whole


def test_the_next_page_is_where_people_reach_the_server(site: Any) -> None:
    site.reached_at("https://yika.example.org")
    assert site.get("shifts", limit=1)["next"].startswith("https://yika.example.org/api/v1/shifts?")


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "after=x",
        "after=WzFd",
        "format=xml",
        "statu=active",
        "on_duty=maybe",
    ],
)
def test_a_query_that_does_not_fit_is_refused_and_explained(site: Any, query: str) -> None:
    answer = site.app.test_client().get(f"/api/v1/volunteers?{query}", headers=site.token())
    assert answer.status_code == 400
    assert answer.json["error"] == "invalid"
    assert set(answer.json["message"]) == {"zh", "en"}


@pytest.mark.parametrize("query", ["from=yesterday", "state=odd"])
def test_a_shift_query_that_does_not_fit_is_refused(site: Any, query: str) -> None:
    answer = site.app.test_client().get(f"/api/v1/shifts?{query}", headers=site.token())
    assert answer.status_code == 400


def test_csv_holds_the_same_rows_and_is_written_down(site: Any) -> None:
    answer = site.app.test_client().get("/api/v1/shifts?format=csv&limit=3", headers=site.token())
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == 3
    assert 'rel="next"' in answer.headers["Link"]
    assert list(rows[0]) == [field.name for field in msgspec.structs.fields(models.Shift)]
    (logged,) = site.bench.rows("exports")
    assert (logged["what"], logged["rows"], logged["by"]) == ("csv /api/v1/shifts", 3, "token:test")


def test_lines_of_the_ledger_sum_to_zero_and_name_people(site: Any) -> None:
    lines = site.get("ledger/entries")["items"]
    assert sum(line["amount"] for line in lines if line["book"] == "hours") == 0
    mine = site.get("ledger/balances", volunteer="M0004", book="hours")["items"]
    assert [(row["account"], row["amount"]) for row in mine] == [("person:M0004", 90)]


def test_statistics_keep_grades_apart(site: Any) -> None:
    (month,) = site.get("statistics", by="month")["items"]
    assert (month["key"], month["shifts"], month["tapped_minutes"], month["declared_minutes"]) == (
        "2026-11",
        1,
        90,
        0,
    )
    assert site.get("statistics", by="activity")["items"][0]["key"] == "健康小屋"
    assert site.get("statistics", **{"from": "2026-11-24"})["items"] == []


def test_a_token_that_ran_out_or_names_nothing_opens_nothing(site: Any) -> None:
    token = site.bench.do(create_token, "short", scope="read", expires_at=site.bench.now + HOUR)
    headers = {"Authorization": f"Bearer {token}"}
    client = site.app.test_client()
    assert client.get("/api/v1/teams", headers=headers).status_code == 200
    site.bench.now += 2 * HOUR
    assert client.get("/api/v1/teams", headers=headers).status_code == 401
    assert client.get("/api/v1/teams", headers={"Authorization": "Basic x"}).status_code == 401
    assert client.get("/api/v1/teams", headers=site.token("write")).status_code == 200


def test_the_description_names_every_list_and_its_filters(site: Any) -> None:
    described = site.app.test_client().get("/api/v1/openapi.json").json
    assert set(described["paths"]) == {f"/api/v1/{path}" for path in LISTS}
    names = {p["name"] for p in described["paths"]["/api/v1/shifts"]["get"]["parameters"]}
    assert {"volunteer", "state", "from", "to", "limit", "format", "after"} <= names
    assert '"null"' not in site.app.test_client().get("/api/v1/openapi.json").text


def test_the_reading_page_loads_from_here_only(site: Any) -> None:
    client = site.app.test_client()
    page = client.get("/api/docs").text
    assert "http://" not in page
    assert "https://" not in page
    with client.get("/api/docs/swagger-ui-bundle.js") as script:
        assert script.status_code == 200
    assert client.get("/api/docs/index.html").status_code == 404


def test_metrics_are_for_this_machine_or_a_token(site: Any) -> None:
    client = site.app.test_client()
    text = client.get("/metrics").text
    assert "yika_on_duty 2" in text
    assert "yika_end_missing 1" in text
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 401
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 401
    far = {"environ_base": {"REMOTE_ADDR": "192.0.2.1"}}
    assert client.get("/metrics", headers=site.token(), **far).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "shifts?from=0001-01-01",
        "ledger/entries?to=9999-12-31",
        "statistics?from=0001-01-01",
        f"shifts?after={base64.urlsafe_b64encode(b'[99999999999999999999, 1]').decode()}",
        f"ledger/entries?after={base64.urlsafe_b64encode(b'[1, 18446744073709551615]').decode()}",
        f"volunteers?after={base64.urlsafe_b64encode(b'[1').decode()}",
    ],
)
def test_what_no_list_can_begin_with_is_the_callers_fault(site: Any, query: str) -> None:
    answer = site.app.test_client().get(f"/api/v1/{query}", headers=site.token())
    assert answer.status_code == 400, answer.text
