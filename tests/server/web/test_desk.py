"""The issuing desk's pages: who may be given a card, the queue, and a card's life from hand to hand."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from hardware.simulated.ntag import NtagCard
from server.services.members import NewVolunteer, register_volunteer, set_standing
from server.services.policies import set_policy
from tests.support.desk import Counter, counter

UID = bytes.fromhex("04A1B2C3D4E5F6")
ISSUE = {"kind": "write", "reason": "first", "replacing": "1", "now": "1"}


@pytest.fixture
def at(site: Any) -> Counter:
    """A kiosk that is a desk of the application's community."""
    return counter(site.bench)


@pytest.fixture
def staff(site: Any) -> FlaskClient:
    """A social worker's browser."""
    client: FlaskClient = site.client("staff")
    return client


def order(at: Counter, staff: FlaskClient, number: str, **more: Any) -> str:
    """Post the form for one person; the page that follows."""
    path = f"/staff/desk/{at.kiosk_id}/orders"
    answer = staff.post(path, data={**ISSUE, "number": number, **more}, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def live(at: Counter, staff: FlaskClient) -> str:
    """The changing part of the page."""
    return staff.get(f"/staff/desk/live/{at.kiosk_id}").text


def test_without_a_desk_the_page_says_how_to_get_one(staff: FlaskClient) -> None:
    assert "先选一台读卡器" in staff.get("/staff/desk").text


def test_a_kiosk_becomes_a_desk_and_is_one_no_longer(at: Counter, staff: FlaskClient) -> None:
    for desk, words in (("", "先选一台读卡器"), ("1", "为谁办卡")):
        staff.post(f"/staff/kiosks/{at.kiosk_id}/desk", data={"desk": desk})
        assert words in staff.get("/staff/desk").text


@pytest.mark.parametrize("typed", ["测试1", "M0002", "M0011"])
def test_a_search_finds_people_and_one_alone_at_once(at: Counter, staff: FlaskClient, typed: str) -> None:
    page = staff.get("/staff/desk", query_string={"q": typed}, follow_redirects=True).text
    assert typed in page
    assert ("现在发卡" in page) is (typed != "测试1")


def test_a_card_is_asked_for_laid_down_and_told_live(at: Counter, staff: FlaskClient) -> None:
    order(at, staff, "M0005")
    assert "正在叫读卡器" in live(at, staff)
    at.desk.ask_once()
    assert "请把新卡放到读卡器上" in live(at, staff)
    at.lay(NtagCard("ntag213", UID), frames=20)
    assert "拿开得太早" in live(at, staff)
    at.lay(NtagCard("ntag213", UID))
    page = live(at, staff)
    assert "写好了" in page
    (card,) = at.cards("M0005")
    assert f"/staff/cards/{card['card_id']}/receipt" in page
    receipt = staff.get(f"/staff/cards/{card['card_id']}/receipt").text
    assert "领卡人签名" in receipt
    assert "首次发卡" in receipt


def test_who_has_a_card_gets_another_only_when_staff_say_so(at: Counter, staff: FlaskClient) -> None:
    assert "已有在用的卡" in order(at, staff, "M0005", replacing="")
    assert at.bench.rows("card_orders") == []


def test_a_minor_without_a_guardians_consent_is_sent_to_the_form(
    site: Any, at: Counter, staff: FlaskClient
) -> None:
    number = site.bench.do(register_volunteer, NewVolunteer(name="小明", birth="2015-01-01"))
    page = staff.get(f"/staff/desk?person={number}").text
    assert f"/staff/volunteers/{number}/guardian" in page
    assert "现在发卡" not in page
    assert "监护人还没有同意" in order(at, staff, number)
    assert "监护人签名" in staff.get(f"/staff/volunteers/{number}/guardian").text
    assert at.bench.rows("card_orders") == []
    site.bench.do(set_standing, number, {"guardian_consent": True})
    assert "现在发卡" in staff.get(f"/staff/desk?person={number}").text


def test_consents_are_recorded_for_each_purpose_that_was_ticked(
    site: Any, at: Counter, staff: FlaskClient
) -> None:
    number = site.bench.do(register_volunteer, NewVolunteer(name="新人", consents=()))
    assert "还没有同意记录" in order(at, staff, number)
    order(at, staff, number, consents=["record", "wall"])
    given = {row["purpose"]: row["recorded_by"] for row in site.bench.rows("consents", number=number)}
    assert given == {"record": "staff", "wall": "staff"}
    assert [row["volunteer"] for row in at.bench.rows("card_orders")] == [number]


def test_people_in_the_queue_come_now_later_or_not_at_all(at: Counter, staff: FlaskClient) -> None:
    for number in ("M0005", "M0006", "M0007"):
        order(at, staff, number, now="")
    ids = {row["volunteer"]: row["order_id"] for row in at.bench.rows("card_orders")}

    def step(number: str, what: str) -> str:
        staff.post(f"/staff/desk/{at.kiosk_id}/orders/{ids[number]}/{what}")
        (desk,) = at.bench.rows("desks")
        return next((who for who, order_id in ids.items() if order_id == desk["order_id"]), "")

    assert step("M0007", "now") == "M0007"
    assert step("M0007", "later") == "M0005"
    assert step("M0005", "cancel") == "M0006"
    states = {row["volunteer"]: row["state"] for row in at.bench.rows("card_orders")}
    assert states == {"M0005": "cancelled", "M0006": "requested", "M0007": "requested"}


def test_the_page_holds_the_desk_open_and_closing_it_lets_taps_in(at: Counter, staff: FlaskClient) -> None:
    order(at, staff, "M0005")
    for _ in range(4):
        at.bench.now += 40_000
        live(at, staff)
    at.desk.ask_once()
    assert at.desk.is_open
    staff.post(f"/staff/desk/{at.kiosk_id}/close")
    at.desk.ask_once()
    assert not at.desk.is_open
    assert "发卡台没有打开" in live(at, staff)


class TestABatch:
    """Many people at once."""

    def add(self, staff: FlaskClient, **what: Any) -> str:
        form = {"title": "第一批", "whom": "numbers", "handover": "later", "replacing": "1", **what}
        return staff.post("/staff/desk/batches", data=form, follow_redirects=True).text

    def test_who_cannot_be_in_it_is_named_with_the_reason_and_the_others_go_on(
        self, site: Any, at: Counter, staff: FlaskClient
    ) -> None:
        site.bench.do(set_standing, "M0006", {"status": "inactive"})
        page = self.add(staff, numbers="M0005 M0006，M0007 M0005\nM9999")
        assert "已加入 2 人，未加入 2 人" in page
        assert "已停用或退出" in page
        assert "没有这个编号" in page
        assert "已在排队" in self.add(staff, numbers="M0005")

    @pytest.mark.parametrize(("whom", "count"), [("team", 1), ("without", 0)])
    def test_a_team_or_all_without_a_card(
        self, site: Any, at: Counter, staff: FlaskClient, whom: str, count: int
    ) -> None:
        site.bench.do(set_standing, "M0005", {"team_id": "t1"})
        self.add(staff, whom=whom, team_id="t1")
        assert len(at.bench.rows("card_orders")) == count

    def test_its_cards_are_made_one_after_another_and_handed_over_later(
        self, at: Counter, staff: FlaskClient
    ) -> None:
        self.add(staff, numbers="M0005 M0006")
        staff.post(f"/staff/desk/{at.kiosk_id}/open", data={"batch": "第一批"})
        at.desk.ask_once()
        for last in (1, 2):
            assert at.lay(NtagCard("ntag213", UID[:6] + bytes([last]))) == "made"
        assert "已发 2，还有 0 人" in staff.get("/staff/desk/batches").text
        page = staff.get("/staff/desk/batch", query_string={"title": "第一批"}).text
        assert page.count("本人来领") == 2
        (card,) = at.cards("M0005")
        receipt = staff.post(f"/staff/cards/{card['card_id']}/hand-over", follow_redirects=True).text
        assert "本人领取" in receipt
        assert at.cards("M0005")[0]["state"] == "active"
        again = staff.post(
            f"/staff/cards/{card['card_id']}/hand-over", headers={"Referer": "https://evil.example/"}
        )
        assert again.location == f"/staff/cards/{card['card_id']}"


class TestTheLifeOfACard:
    """On its page and the person's."""

    def test_each_step_with_who_when_and_why(self, site: Any, at: Counter, staff: FlaskClient) -> None:
        (card,) = site.bench.rows("cards", volunteer="M0005")
        path = f"/staff/cards/{card['card_id']}"
        staff.post(f"{path}/state", data={"state": "lost"})
        staff.post(f"{path}/state", data={"state": "active"})
        staff.post(f"{path}/state", data={"state": "damaged", "reason": "折断了"})
        page = staff.get(path).text
        for words in ("使用中", "已挂失", "本人报失", "找到了", "已损坏", "折断了", "staff"):
            assert words in page
        assert "改为" not in page

    def test_nobody_makes_a_card_active_that_has_ended(self, site: Any, staff: FlaskClient) -> None:
        (card,) = site.bench.rows("cards", volunteer="M0005")
        for state in ("returned", "active"):
            staff.post(f"/staff/cards/{card['card_id']}/state", data={"state": state, "reason": "交回"})
        assert site.bench.rows("cards", card_id=card["card_id"])[0]["state"] == "returned"

    def test_when_somebody_dies_every_card_ends(self, site: Any, staff: FlaskClient) -> None:
        form = {"name": "测试4", "name_display": "title", "status": "deceased", "birth": "1960-01-01"}
        answer = staff.post("/staff/volunteers/M0005/edit", data={**form, "sex": "f"})
        assert answer.status_code == 302, answer.text
        assert [row["state"] for row in site.bench.rows("cards", volunteer="M0005")] == ["deceased"]


class TestSeveralCards:
    """Where the policy allows a person more than one, staff see them and say which one goes."""

    @pytest.fixture(autouse=True)
    def two(self, site: Any) -> None:
        """Two are allowed, and M0005 has one."""
        site.bench.do(set_policy, "active_cards_per_person", 2)

    def active(self, site: Any) -> list[str]:
        rows = site.bench.rows("cards", "since", "fact_seq", volunteer="M0005", state="active")
        return [row["card_id"] for row in rows]

    def post(self, staff: FlaskClient, path: str, **form: str) -> str:
        return staff.post(f"/staff/{path}", data=form, follow_redirects=True).text

    def test_a_second_card_stands_beside_the_first_and_a_third_takes_the_chosen_ones_place(
        self, site: Any, staff: FlaskClient
    ) -> None:
        (first,) = self.active(site)
        assert "都留着用（每人最多 2 张）" in staff.get("/staff/volunteers/M0005").text
        self.post(staff, "volunteers/M0005/cards", reason="other", replaces="")
        second = next(card for card in self.active(site) if card != first)
        assert "请选换掉哪一张" in self.post(staff, "volunteers/M0005/cards", replaces="")
        assert set(self.active(site)) == {first, second}
        self.post(staff, "volunteers/M0005/cards", kind="uid", uid=UID.hex(), replaces=second)
        assert first in self.active(site)
        assert second not in self.active(site)
        assert "换成了另一张卡" in staff.get(f"/staff/cards/{second}").text

    def test_at_the_desk_the_choice_is_made_with_the_order(
        self, site: Any, at: Counter, staff: FlaskClient
    ) -> None:
        (first,) = self.active(site)
        self.post(staff, "volunteers/M0005/cards", replaces="")
        page = staff.get("/staff/desk?person=M0005").text
        assert page.count("<option value=") > 2
        assert "请选换掉哪一张" in order(at, staff, "M0005", replacing="", replaces="")
        order(at, staff, "M0005", replacing="", replaces=first)
        (ordered,) = at.bench.rows("card_orders")
        assert ordered["replaces"] == first

    def test_a_card_found_again_waits_for_the_choice(self, site: Any, staff: FlaskClient) -> None:
        (first,) = self.active(site)
        self.post(staff, f"cards/{first}/state", state="lost")
        for _ in range(2):
            self.post(staff, "volunteers/M0005/cards", replaces="")
        second, third = self.active(site)
        assert "请选换掉哪一张" in self.post(staff, f"cards/{first}/state", state="active")
        assert "换掉哪一张" in staff.get(f"/staff/cards/{first}").text
        self.post(staff, f"cards/{first}/state", state="active", replaces=third)
        assert set(self.active(site)) == {first, second}
