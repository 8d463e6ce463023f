"""A day at the desk: finding people, cards, plans, forgotten ends, lists from a spreadsheet."""

import io
from itertools import pairwise
from typing import Any

import pytest

from server.contract.rules import HOUR, MINUTE
from server.services.community import (
    ActivitySpec,
    PlanSpec,
    SiteSpec,
    set_activities,
    set_plans,
    set_sites,
)
from server.services.rounds import rounds_of_day


def _missing(site: Any) -> dict[str, Any]:
    (row,) = site.bench.rows("shifts", state="end_missing")
    return dict(row)


def test_the_desk_shows_who_is_on_duty_and_what_waits(site: Any) -> None:
    page = site.client("staff").get("/staff/").text
    assert "测试2" in page
    assert "待补签退" in page


@pytest.mark.parametrize("typed", ["测试2", "测试2 ", "M0003", "0003"])
def test_people_are_found_by_name_and_number(site: Any, typed: str) -> None:
    answer = site.client("staff").get("/staff/volunteers", query_string={"q": typed})
    assert answer.location == "/staff/volunteers/M0003"  # only one fits: no need to choose


def test_a_search_that_fits_many_shows_them_all(site: Any) -> None:
    assert "/staff/volunteers/M0003" in site.client("staff").get("/staff/volunteers?q=测试").text
    assert "没有找到" in site.client("staff").get("/staff/volunteers?q=nobody").text


def test_people_are_found_by_initials_and_phone(site: Any) -> None:
    client = site.client("staff")
    form = {"name": "王小花", "phone": "13900001111", "name_display": "full", "consent_record": "1"}
    made = client.post("/staff/volunteers/new", data=form)
    assert made.location == "/staff/volunteers/M0013"
    for typed in ("wxh", "wangxiao", "1390000"):
        answer = client.get("/staff/volunteers", query_string={"q": typed})
        assert answer.location == "/staff/volunteers/M0013"


def test_nobody_is_registered_without_consent_or_under_age_without_a_guardian(site: Any) -> None:
    client = site.client("staff")
    answer = client.post(
        "/staff/volunteers/new", data={"name": "小明", "name_display": "title", "birth": "2015-01-01"}
    )
    assert answer.status_code == 400
    assert "请填写监护人" in answer.text
    assert "须先告知并取得" in answer.text
    assert len(site.bench.rows("volunteers")) == len(site.bench.numbers)


def test_correcting_a_person_records_the_change_of_standing_as_a_fact(site: Any) -> None:
    client = site.client("staff")
    form = {"name": "测试甲", "name_display": "none", "status": "inactive", "team_id": "t1"}
    assert client.post("/staff/volunteers/M0005/edit", data=form).status_code == 302
    (row,) = site.bench.rows("volunteers", number="M0005")
    assert (row["name"], row["status"], row["team_id"]) == ("测试甲", "inactive", "t1")
    assert len(site.bench.rows("facts", kind="member", subject="M0005")) == 2


def test_a_consent_is_given_and_withdrawn_with_both_moments_kept(site: Any) -> None:
    client = site.client("staff")
    for granted in ("1", ""):
        client.post("/staff/volunteers/M0005/consents", data={"purpose": "wall", "granted": granted})
    (row,) = site.bench.rows("consents", number="M0005", purpose="wall")
    assert row["granted_at"] == row["withdrawn_at"] == site.bench.now


def test_a_new_card_replaces_the_old_one_and_can_be_printed(site: Any) -> None:
    client = site.client("staff")
    made = client.post("/staff/volunteers/M0005/cards", data={"kind": "static"})
    assert "<svg" in client.get(made.location).text
    states = [row["state"] for row in site.bench.rows("cards", "issued_at", volunteer="M0005")]
    assert sorted(states) == ["active", "replaced"]


def test_a_lost_card_is_blocked_and_can_be_found_again(site: Any) -> None:
    client = site.client("staff")
    (card,) = site.bench.rows("cards", volunteer="M0005")
    for state in ("lost", "active"):
        client.post(f"/staff/cards/{card['card_id']}/state", data={"state": state})
        assert site.bench.rows("cards", volunteer="M0005")[0]["state"] == state


def test_a_card_lost_earlier_makes_the_taps_since_then_doubtful(site: Any) -> None:
    (card,) = site.bench.rows("cards", volunteer="M0004")
    data = {"state": "lost", "since": "2026-11-23T10:00"}
    site.client("staff").post(f"/staff/cards/{card['card_id']}/state", data=data)
    standings = [event["standing"] for event in site.bench.events(volunteer="M0004")]
    assert standings == ["good", "contradicted"]
    assert site.bench.rows("shifts", volunteer="M0004")[0]["credited"] == 0


def test_what_judges_earlier_service_is_not_changed_with_an_activity(site: Any) -> None:
    form = {"name": "健康小屋(新)", "kind": "non_service", "least_proof": "challenge", "active": "1"}
    site.client("staff").post("/staff/activities/hut", data=form)
    (row,) = site.bench.rows("activities", activity_id="hut")
    assert (row["name"], row["kind"], row["least_proof"]) == ("健康小屋(新)", "service", "uid")


@pytest.mark.parametrize(
    ("uid", "cards"), [("04:A1:B2:C3:D4:E5:F6", 2), ("04A1B2", 1), ("xyz", 1), ("08112233", 1)]
)
def test_a_chip_is_registered_by_its_number(site: Any, uid: str, cards: int) -> None:
    site.client("staff").post("/staff/volunteers/M0005/cards", data={"kind": "uid", "uid": uid})
    assert len(site.bench.rows("cards", volunteer="M0005")) == cards


def test_a_forgotten_end_is_confirmed_at_the_planned_time(site: Any) -> None:
    shift = _missing(site)
    client = site.client("staff")
    assert "测试1" in client.get("/staff/forgotten").text
    client.post(
        f"/staff/forgotten/{shift['shift_id']}", data={"answer": "confirm", "at": "", "reason": "在场"}
    )
    (after,) = site.bench.rows("shifts", shift_id=shift["shift_id"])
    assert (after["state"], after["grade"]) == ("closed", "witnessed")
    assert after["ended_at"] == shift["proposed_end"]


def test_a_forgotten_end_may_be_earlier_but_never_later_than_planned(site: Any) -> None:
    shift = _missing(site)
    client = site.client("staff")
    late = {"answer": "confirm", "at": "2026-11-23T11:30", "reason": "在场"}
    refused = client.post(f"/staff/forgotten/{shift['shift_id']}", data=late, follow_redirects=True)
    assert "不能晚于排班结束时间" in refused.text
    client.post(f"/staff/forgotten/{shift['shift_id']}", data=late | {"at": "2026-11-23T10:00"})
    (after,) = site.bench.rows("shifts", shift_id=shift["shift_id"])
    assert after["credited"] == 63


def test_a_forgotten_end_can_be_denied_and_wants_a_reason(site: Any) -> None:
    shift = _missing(site)
    client = site.client("staff")
    client.post(f"/staff/forgotten/{shift['shift_id']}", data={"answer": "deny", "reason": " "})
    assert _missing(site)["shift_id"] == shift["shift_id"]
    client.post(f"/staff/forgotten/{shift['shift_id']}", data={"answer": "deny", "reason": "没来"})
    assert site.bench.rows("shifts", shift_id=shift["shift_id"])[0]["state"] == "settled_zero"


def test_a_leader_decides_for_his_team_and_for_nobody_else(site: Any) -> None:
    shift = _missing(site)
    leader = site.client("leader")
    assert "测试1" in leader.get("/staff/forgotten").text
    assert leader.get(f"/staff/shifts/{shift['shift_id']}").status_code == 200
    other = site.bench.rows("shifts", volunteer="M0004")[0]["shift_id"]
    assert leader.get(f"/staff/shifts/{other}").status_code == 403
    leader.post(f"/staff/forgotten/{shift['shift_id']}", data={"answer": "confirm", "reason": "我在场"})
    assert site.bench.rows("shifts", shift_id=shift["shift_id"])[0]["state"] == "closed"
    assert site.bench.rows("decisions")[0]["by"] == "M0001"


def test_nobody_decides_about_their_own_hours(site: Any) -> None:
    shift = _missing(site)
    with site.bench.uow() as uow:
        uow.rows("users").set({"volunteer": "M0002"}, user_id=site.users["staff"])
        uow.commit()
    client = site.client("staff")
    assert "请由其他人处理" in client.get("/staff/forgotten").text
    told = client.post(
        f"/staff/forgotten/{shift['shift_id']}",
        data={"answer": "confirm", "reason": "自己"},
        follow_redirects=True,
    )
    assert "不能审批自己的服务时长" in told.text
    assert _missing(site)["shift_id"] == shift["shift_id"]


def test_a_shift_shows_every_tap_with_its_proof_and_its_chain(site: Any) -> None:
    (shift,) = site.bench.rows("shifts", volunteer="M0004")
    page = site.client("auditor").get(f"/staff/shifts/{shift['shift_id']}").text
    for event in site.bench.events(volunteer="M0004"):
        assert event["hash"] in page
    assert "静态二维码" in page
    assert "恢复或搁置" not in page  # an auditor only reads


def test_a_tap_is_set_aside_and_the_hours_follow(site: Any) -> None:
    (shift,) = site.bench.rows("shifts", volunteer="M0004")
    data = {"answer": "set_aside", "reason": "误刷", "next": f"/staff/shifts/{shift['shift_id']}"}
    answer = site.client("staff").post(f"/staff/events/{shift['events'][1]}", data=data)
    assert answer.location == data["next"]
    assert site.bench.rows("shifts", volunteer="M0004")[0]["state"] == "end_missing"


def test_a_shift_entered_afterwards_is_labelled_and_must_be_over(site: Any) -> None:
    client = site.client("staff")
    form = {"volunteer": "M0006", "activity_id": "hut", "site_id": "hut", "reason": "签到表第3页"}
    ahead = form | {"started_at": "2026-11-24T10:00", "ended_at": "2026-11-24T12:00"}
    assert client.post("/staff/declare", data=ahead).status_code == 400
    past = form | {"started_at": "2026-11-22T10:00", "ended_at": "2026-11-22T12:00"}
    assert client.post("/staff/declare", data=past).status_code == 302
    (shift,) = site.bench.rows("shifts", volunteer="M0006")
    assert (shift["grade"], shift["credited"]) == ("declared", 120)


def test_what_lies_above_the_days_cap_counts_once_somebody_approves_it(site: Any) -> None:
    client = site.client("staff")
    form = {"volunteer": "M0006", "activity_id": "hut", "site_id": "hut", "reason": "全天活动"}
    form |= {"started_at": "2026-11-22T08:00", "ended_at": "2026-11-22T17:00"}
    client.post("/staff/declare", data=form)
    assert "M0006" in client.get("/staff/excess").text
    client.post("/staff/excess/M0006/20261122", data={"reason": "确有其事"})  # a date as well
    assert site.bench.rows("shifts", volunteer="M0006")[0]["credited"] == 9 * 60
    assert "M0006" not in client.get("/staff/excess").text


def test_a_weekly_turn_becomes_a_plan_for_each_week(site: Any) -> None:
    form = {"activity_id": "hut", "site_id": "hut", "day": "2026-12-02", "from": "09:00", "to": "11:00"}
    form |= {"need": "3", "weeks": "4", "members": "M0005、M0006"}
    assert site.client("staff").post("/staff/plans/new", data=form).location == "/staff/plans?week=2026-12-02"
    plans = [p for p in site.bench.rows("plans", "start") if p["need"] == 3]
    assert len(plans) == 4
    assert {b["start"] - a["start"] for a, b in pairwise(plans)} == {7 * 24 * HOUR}
    assert plans[0]["members"] == ["M0005", "M0006"]


def test_a_turn_over_midnight_ends_on_the_next_day(site: Any) -> None:
    form = {"activity_id": "hut", "site_id": "hut", "day": "2026-12-02", "from": "22:00", "to": "01:00"}
    site.client("staff").post("/staff/plans/new", data=form | {"need": "1", "weeks": "1"})
    (plan,) = [p for p in site.bench.rows("plans") if p["plan_id"] not in {"p1", "p2"}]
    assert plan["end"] - plan["start"] == 3 * HOUR


def test_a_turn_with_strangers_or_without_times_is_explained(site: Any) -> None:
    form = {
        "activity_id": "hut",
        "site_id": "hut",
        "day": "2026-12-02",
        "from": "9",
        "to": "",
        "members": "M9999",
    }
    answer = site.client("staff").post("/staff/plans/new", data=form)
    assert answer.status_code == 400
    assert "没有这些编号" in answer.text
    assert "时间写作 08:30" in answer.text


@pytest.mark.parametrize(
    ("path", "form", "fault"),
    [
        ("/staff/cards/{card}/state", {"state": "eaten"}, "改为：请从列表中选择。"),
        ("/staff/cards/{card}/state", {"state": "lost", "since": "昨天"}, "从什么时候起：时间写作"),
        ("/staff/cards/{card}/state", {"state": "lost", "reason": "丢" * 61}, "为什么：最多 60 个字。"),
        ("/staff/desk/{kiosk}/orders", {"kind": "wood", "reason": "first"}, "哪种卡：请从列表中选择。"),
        ("/staff/desk/batches", {"whom": "team", "handover": "now"}, "这一批叫什么：请填写此项。"),
        ("/staff/kiosks", {"site_id": "hub"}, "新打卡机的名称：请填写此项。"),
        ("/staff/users", {"role": "king", "username": "wang"}, "角色：请从列表中选择。"),
        ("/staff/tokens", {"scope": "read"}, "给哪个程序：请填写此项。"),
        ("/staff/cards/print", {"whom": "nobody"}, "请从列表中选择。"),
        ("/staff/volunteers/M0005/consents", {"purpose": "all"}, "请从列表中选择。"),
        ("/staff/excess/M0005/2026-11-22", {"reason": ""}, "理由：请填写此项。"),
    ],
)
def test_a_fault_in_a_form_is_told(site: Any, path: str, form: dict[str, str], fault: str) -> None:
    """Not swallowed: the page that follows names the field, and what is to be done."""
    (card,) = site.bench.rows("cards", volunteer="M0005")
    kiosk = site.bench.rows("kiosks")[0]
    path = path.format(card=card["card_id"], kiosk=kiosk["kiosk_id"])
    assert fault in site.client("admin").post(path, data=form, follow_redirects=True).text


def test_a_kiosk_gets_a_code_once_and_can_be_revoked(site: Any) -> None:
    client = site.client("staff")
    page = client.post("/staff/kiosks", data={"name": "新机", "site_id": "hub"}).text
    assert "yika-kiosk enrol http://localhost" in page
    assert "<svg" in page
    site.reached_at("https://yika.example.org")
    page = client.post("/staff/kiosks", data={"name": "另一台", "site_id": "hub"}).text
    assert "yika-kiosk enrol https://yika.example.org " in page
    (kiosk,) = site.bench.rows("kiosks", name="新机")
    client.post(f"/staff/kiosks/{kiosk['kiosk_id']}/revoke")
    assert site.bench.rows("kiosks", name="新机")[0]["state"] == "revoked"


def test_a_rule_changes_from_a_day_on_and_keeps_its_history(site: Any) -> None:
    client = site.client("staff")
    client.post("/staff/policies/day_cap", data={"value": "420", "from": "2026-12-01"})
    client.post("/staff/policies/star_hours", data={"value": "30, 60, 100"})
    told = client.post("/staff/policies/minimum", data={"value": "ten"}, follow_redirects=True)
    assert "规则 minimum 应填从 0 到 1440 的整数" in told.text
    page = client.get("/staff/policies").text
    assert "2026年12月1日 起：420" in page
    assert "30, 60, 100" in page


def test_sites_activities_and_teams_are_added_and_changed(site: Any) -> None:
    client = site.client("staff")
    client.post(
        "/staff/activities/new", data={"name": "理发", "kind": "service", "least_proof": "uid", "active": "1"}
    )
    (activity,) = site.bench.rows("activities", name="理发")
    form = {"name": "理发室", "role": "desk", "active": "1", "activities": [activity["activity_id"], "hut"]}
    wrong = client.post("/staff/sites/new", data=form | {"default_activity": "patrol"})
    assert wrong.status_code == 400
    client.post("/staff/sites/new", data=form | {"default_activity": "hut"})
    assert site.bench.rows("sites", name="理发室")[0]["default_activity"] == "hut"
    team = {"name": "理发队", "leaders": "M0005", "members": "M0006 M0007", "active": "1"}
    client.post("/staff/teams/new", data=team)
    assert "理发队" in client.get("/staff/teams").text
    assert client.post("/staff/teams/new", data=team | {"members": "M9999"}).status_code == 400


def test_logins_and_tokens_are_shown_once_and_closed(site: Any) -> None:
    client = site.client("admin")
    page = client.post("/staff/users", data={"username": "new", "role": "staff"}).text
    assert 'class="secret' in page
    told = client.post("/staff/users", data={"username": "lead", "role": "leader"}, follow_redirects=True)
    assert "须填志愿者编号" in told.text
    own = client.post(f"/staff/users/{site.users['admin']}/close", follow_redirects=True)
    assert "不能停用自己的账号" in own.text
    assert client.post(f"/staff/users/{site.users['staff']}/close").status_code == 302
    token = client.post("/staff/tokens", data={"name": "partner", "scope": "read"}).text
    assert "yika_" in token
    (row,) = site.bench.rows("tokens", name="partner")
    client.post(f"/staff/tokens/{row['token_hash']}/revoke")
    assert site.bench.rows("tokens", name="partner")[0]["revoked_at"] is not None


def test_an_audit_runs_on_demand_and_is_kept(site: Any) -> None:
    client = site.client("auditor")
    client.post("/staff/audit")
    assert "全部相符" in client.get("/staff/audit").text


def test_the_board_counts_people_who_want_no_name_there(site: Any) -> None:
    with site.bench.uow() as uow:
        uow.rows("volunteers").set({"name_display": "none"}, number="M0003")
        uow.commit()
    page = site.client("staff").get("/staff/live?part=1").text
    assert "<html" not in page
    assert "另 1 位志愿者" in page
    assert "测女士" in page


def test_the_board_names_the_points_a_round_missed_and_the_round_nobody_walked(site: Any) -> None:
    bench = site.bench
    gate = SiteSpec(site_id="gate", name="东门", name_en="East gate", role="checkpoint")
    yard = SiteSpec(site_id="yard", name="后院", name_en="Yard", role="checkpoint")
    bench.do(set_sites, [gate, yard])
    patrol = ActivitySpec(
        activity_id="patrol", name="巡逻", name_en="Patrol", kind="patrol", checkpoints=("gate", "yard")
    )
    bench.do(set_activities, [patrol])
    early = bench.now
    hub, post = bench.kiosk("hub", "desk"), bench.kiosk("gate", "post")
    bench.now += 2 * HOUR
    hub.tap("M0005", early, activity_id="patrol", activity_by="chosen")
    hub.tap("M0006", early + MINUTE, activity_id="patrol", activity_by="chosen")
    post.tap("M0005", early + 20 * MINUTE, role="checkpoint", shown="checkpoint_passed")
    for number in ("M0005", "M0006"):
        hub.tap(number, early + 40 * MINUTE, shown="shift_ended", activity_id="patrol")
    nobody = PlanSpec(
        plan_id="p3", activity_id="patrol", site_id="hub", start=bench.now - HOUR, end=bench.now - 30 * MINUTE
    )
    bench.do(set_plans, [nobody])
    for kiosk in (hub, post):
        bench.push(kiosk)
    with bench.uow() as uow:
        walked, missed = rounds_of_day(uow, early - HOUR, early + 24 * HOUR, bench.now)
    assert (walked.people, walked.ended_at) == (2, early + 40 * MINUTE)
    passed = [(point.name, point.passed_at) for point in walked.points]
    assert passed == [("东门", early + 20 * MINUTE), ("后院", None)]
    assert (missed.people, missed.passed, missed.started_at) == (0, 0, bench.now - HOUR)
    page = site.client("staff").get("/staff/live?part=1").text
    assert ("漏了 1 个点" in page, "漏了 2 个点" in page, "没有人来" in page) == (True, True, True)


def test_the_board_counts_who_came_to_a_turn_that_is_on(site: Any) -> None:
    bench = site.bench
    turn = PlanSpec(
        plan_id="p4",
        activity_id="hut",
        site_id="hut",
        start=bench.now - 10 * MINUTE,
        end=bench.now + HOUR,
        need=3,
        members=("M0002", "M0005", "M0006"),
    )
    bench.do(set_plans, [turn])
    kiosk = bench.kiosk("hut", "another")
    kiosk.tap("M0005", bench.now - MINUTE)
    bench.push(kiosk)
    page = site.client("staff").get("/staff/live?part=1").text
    assert "正在进行，到了 1 人" in page
    assert "还缺 2 人" in page


def test_who_forgot_to_tap_leaves_the_board_before_the_night_finds_it(site: Any) -> None:
    bench = site.bench
    kiosk = bench.kiosk("hub", "another")
    kiosk.tap("M0005", bench.now - MINUTE)
    bench.push(kiosk)
    (shift,) = bench.rows("shifts", volunteer="M0005")
    link = f"/staff/shifts/{shift['shift_id']}"
    client = site.client("staff")

    def people() -> str:
        board = client.get("/staff/live").text
        return board[board.index('class="count"') :].split("</span>")[0]

    assert (link in client.get("/staff/").text, people()) == (True, 'class="count">3 人')
    bench.now += 6 * HOUR + MINUTE  # longer than a shift without a plan may last
    assert (link in client.get("/staff/").text, people()) == (False, 'class="count">0 人')
    assert bench.rows("shifts", volunteer="M0005")[0]["state"] == "open"


def test_a_list_is_previewed_and_only_its_good_rows_go_in(site: Any) -> None:
    client = site.client("staff")
    text = "姓名,出生日期,团队\n李四,1960-01-02,平安美湖\n王五,1960-13-02,没有这队\n"
    file = {"file": (io.BytesIO(text.encode("gb18030")), "people.csv")}
    page = client.post("/staff/volunteers/import", data=file, content_type="multipart/form-data").text
    assert "出生日期写作" in page
    assert "没有这个志愿队" in page
    assert len(site.bench.rows("volunteers")) == len(site.bench.numbers)
    client.post("/staff/volunteers/import", data={"text": text, "confirmed": "1"})
    assert [row["name"] for row in site.bench.rows("volunteers", number="M0013")] == ["李四"]
    assert len(site.bench.rows("volunteers")) == len(site.bench.numbers) + 1


def test_a_file_that_is_no_list_is_explained(site: Any) -> None:
    client = site.client("staff")
    told = client.post("/staff/volunteers/import", data={"text": "a,b\n1,2\n"}, follow_redirects=True)
    assert "须有“姓名”列" in told.text


def test_silent_kiosks_are_named(site: Any) -> None:
    site.bench.now += 30 * MINUTE
    assert "没有消息" in site.client("staff").get("/staff/kiosks").text


def _patrol(bench: Any) -> None:
    gate = SiteSpec(site_id="gate", name="东门", name_en="East gate", role="checkpoint")
    bench.do(set_sites, [gate])
    patrol = ActivitySpec(
        activity_id="patrol", name="巡逻", name_en="Patrol", kind="patrol", checkpoints=("gate",)
    )
    bench.do(set_activities, [patrol])


def _rounds(bench: Any, walks: list[tuple[str, int, int]]) -> list[tuple[int, int, int | None]]:
    """People, start and end (minutes) of each round, of people who walked from … to … (minutes)."""
    base = bench.now
    taps = [(start, number, "shift_started") for number, start, _ in walks]
    taps += [(end, number, "shift_ended") for number, _, end in walks]
    hub = bench.kiosk("hub", "desk of the rounds")
    for minute, number, shown in sorted(taps):
        hub.tap(number, base + minute * MINUTE, shown=shown, activity_id="patrol", activity_by="chosen")
    bench.now += 6 * HOUR
    bench.push(hub)
    with bench.uow() as uow:
        found = rounds_of_day(uow, base - HOUR, base + 20 * HOUR, bench.now)
    return [
        (each.people, (each.started_at - base) // MINUTE, each.ended_at and (each.ended_at - base) // MINUTE)
        for each in found
    ]


def _turns(bench: Any, *turns: tuple[int, int, tuple[str, ...]]) -> None:
    base = bench.now
    plans = [
        PlanSpec(
            plan_id=f"round-{n}",
            activity_id="patrol",
            site_id="hub",
            start=base + start * MINUTE,
            end=base + end * MINUTE,
            members=members,
        )
        for n, (start, end, members) in enumerate(turns)
    ]
    bench.do(set_plans, plans, holds_from=base - HOUR)


def test_planned_rounds_that_overlap_stay_two(site: Any) -> None:
    """Someone of the first comes back late, someone of the second sets out early."""
    _patrol(site.bench)
    _turns(site.bench, (0, 45, ("M0005", "M0006")), (60, 105, ("M0007", "M0008")))
    walks = [("M0005", 0, 45), ("M0006", 2, 63), ("M0007", 55, 104), ("M0008", 61, 105)]
    assert _rounds(site.bench, walks) == [(2, 0, 63), (2, 55, 105)]


def test_who_comes_without_a_plan_walks_the_round_that_a_tap_would_belong_to(site: Any) -> None:
    _patrol(site.bench)
    _turns(site.bench, (0, 45, ("M0005",)), (120, 165, ("M0007",)))
    walks = [("M0005", 0, 45), ("M0006", 20, 50), ("M0007", 120, 165)]
    assert _rounds(site.bench, walks) == [(2, 0, 50), (1, 120, 165)]


def test_without_plans_those_who_set_out_together_walk_one_round_and_no_chain_joins_two(site: Any) -> None:
    _patrol(site.bench)
    walks = [("M0005", 0, 45), ("M0006", 10, 40), ("M0007", 40, 85), ("M0008", 80, 120)]
    assert _rounds(site.bench, walks) == [(2, 0, 45), (1, 40, 85), (1, 80, 120)]


@pytest.mark.parametrize(
    "address",
    [
        "plans/new?day=tomorrow",
        "plans/new?day=9999-12-31",
        "plans?week=0001-01-01",
        "plans?week=9999-12-31",
        "shifts?from=0001-01-01&to=9999-12-31",
        "shifts?after=99999999999999999999.x",
    ],
)
def test_an_address_that_somebody_spoiled_still_opens_a_page(site: Any, address: str) -> None:
    assert site.client("staff").get(f"/staff/{address}").status_code == 200


@pytest.mark.parametrize("address", ["shifts?after=1.%00", "volunteers?q=%00", "volunteers/%00", "teams/%00"])
def test_what_no_database_can_hold_is_refused_in_words(site: Any, address: str) -> None:
    answer = site.client("staff").get(f"/staff/{address}")
    assert answer.status_code == 400
    assert "请删去后重试" in answer.text
