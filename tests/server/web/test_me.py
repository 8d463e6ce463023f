"""A volunteer's own pages, certificates and the wall."""

import csv
import io
import re
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.services.members import set_consent


def test_one_sees_ones_own_hours_by_grade_and_nothing_of_others(site: Any) -> None:
    page = site.client("volunteer").get("/me/").text
    assert "1 小时 30 分" in page
    assert "刷卡" in page
    assert "测试2" not in page


def test_a_login_without_a_volunteer_has_no_page(site: Any) -> None:
    assert site.client("staff").get("/me/").status_code == 404


def test_all_of_ones_data_can_be_taken_away_and_that_is_written_down(site: Any) -> None:
    client = site.client("volunteer")
    whole = client.get("/me/data.json").json
    assert whole["volunteer"]["number"] == "M0004"
    assert whole["shifts"][0]["credited"] == 90
    assert whole["consents"][0]["purpose"] == "record"
    table = client.get("/me/data.csv")
    (row,) = csv.DictReader(io.StringIO(table.text.removeprefix("\ufeff")))
    assert row["credited"] == "90"
    assert client.get("/me/data.xml").status_code == 404
    assert [e["by"] for e in site.bench.rows("exports", "at")] == ["M0004", "M0004"]


def test_a_consent_is_withdrawn_as_easily_as_given(site: Any) -> None:
    client = site.client("volunteer")
    for granted in ("1", ""):
        client.post("/me/consents", data={"purpose": "wall", "granted": granted})
    (row,) = site.bench.rows("consents", number="M0004", purpose="wall")
    assert row["withdrawn_at"] is not None
    client.post("/me/consents", data={"purpose": "record", "granted": ""})
    assert site.bench.rows("consents", number="M0004", purpose="record")[0]["withdrawn_at"] is None


def test_a_phone_is_enrolled_with_a_public_key_and_switched_off(site: Any) -> None:
    client = site.client("volunteer")
    assert client.post("/me/phone", data={"public": "not hex"}).status_code == 400
    assert client.post("/me/phone", data={"public": "04" + "00" * 64}).status_code == 400
    key = ec.derive_private_key(7, ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()
    card = client.post("/me/phone", data={"public": point}).json["card"]
    assert f'data-card="{card}"' in client.get("/me/phone").text
    (row,) = site.bench.rows("cards", card_id=card)
    assert (row["volunteer"], row["public"], row["state"]) == ("M0004", point, "active")
    client.post("/me/phone/lost")
    assert site.bench.rows("cards", card_id=card)[0]["state"] == "lost"
    assert 'data-card=""' in client.get("/me/phone").text


def test_a_certificate_says_time_service_and_recorder_and_can_be_checked(site: Any) -> None:
    paper = site.client("volunteer").post("/me/certificate").text
    for words in ("服务时间", "1.5 小时", "服务内容", "健康小屋", "记录单位", "美湖社区居民委员会"):
        assert words in paper
    number, code = _number_and_code(paper)
    shown = site.client().get("/verify", query_string={"number": number.lower(), "code": code})
    assert "本社区出具" in shown.text
    assert "1 小时 30 分" in shown.text
    assert "测试3" not in shown.text  # the name is masked: whoever holds the paper knows it


def test_a_wrong_check_code_and_an_invented_number_are_told_alike(site: Any) -> None:
    number, code = _number_and_code(site.client("volunteer").post("/me/certificate").text)
    for query in ({"number": number, "code": "0" * len(code)}, {"number": "ZM0000000000", "code": code}):
        answer = site.client().get("/verify", query_string=query)
        assert answer.status_code == 404
        assert "查无此证明" in answer.text


def test_a_certificate_says_when_the_record_has_changed_since(site: Any) -> None:
    number, code = _number_and_code(site.client("volunteer").post("/me/certificate").text)
    site.bench.now += 1000
    (shift,) = site.bench.rows("shifts", volunteer="M0004")
    site.client("staff").post(f"/staff/void/{shift['shift_id']}", data={"reason": "误记"})
    shown = site.client().get("/verify", query_string={"number": number, "code": code}).text
    assert "出具之后记录有变化" in shown


def test_checking_is_slowed_down(site: Any) -> None:
    client = site.client()
    statuses = [client.get("/verify?number=ZM1&code=1").status_code for _ in range(21)]
    assert statuses[-1] == 429


def test_a_certificate_leads_to_where_people_reach_the_server(site: Any) -> None:
    """A proxy may stand between, of whose address the request knows nothing."""
    assert "http://localhost/verify" in site.client("volunteer").post("/me/certificate").text
    site.reached_at("https://yika.example.org")
    paper = site.client("volunteer").post("/me/certificate").text
    assert "https://yika.example.org/verify" in paper
    assert "localhost" not in paper


def test_a_certificate_at_the_counter_is_for_the_person_who_asks(site: Any) -> None:
    paper = site.client("staff").post("/staff/volunteers/M0004/certificate").text
    assert "测试3" in paper
    assert "全国" in paper


def test_the_wall_shows_only_who_asked_to_be_on_it(site: Any) -> None:
    assert "测女士" not in site.client().get("/wall").text
    site.bench.do(set_consent, "M0004", purpose="wall", granted=True)
    assert "测女士" in site.client().get("/wall").text
    site.bench.do(set_consent, "M0004", purpose="wall", granted=False)
    assert "测女士" not in site.client().get("/wall").text


def _number_and_code(paper: str) -> tuple[str, str]:
    found = re.search(r'证明编号 <b class="num">(\w+)</b><br>校验码 <b class="num">(\w+)</b>', paper)
    assert found is not None
    return found[1], found[2]
