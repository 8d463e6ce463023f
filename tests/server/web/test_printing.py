"""Many cards as one PDF: whose, what stands on them, and how far it is."""

import json
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import pytest
from PIL import Image

from server.services.cards import register_uid
from server.services.logos import set_logo
from server.services.members import set_standing
from tests.support.qr import qr_codes

ALL = {"whom": "all", "layout": "cr80"}
ASKED = {"X-Requested-With": "yika"}


def parts(body: bytes) -> tuple[list[str], dict[str, Any], bytes]:
    """What a script receives: lines of progress, what is told at the end, the PDF."""
    lines, rest = [], body
    while not rest.startswith(b"{"):
        line, rest = rest.split(b"\n", 1)
        lines.append(line.decode())
    told, pdf = rest.split(b"\n", 1)
    return lines, json.loads(told), pdf


def codes(pdf: bytes, folder: Path) -> list[str]:
    """The codes on each page."""
    (folder / "cards.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "150", "-gray", "cards.pdf", "page"], cwd=folder, check=True)
    pages = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(folder.glob("page-*.pgm"))]
    return [code.text for page in pages for code in qr_codes(page)]


@pytest.mark.pdf
def test_everyones_active_card_is_drawn_with_progress(site: Any, tmp_path: Path) -> None:
    cards = site.bench.rows("cards", state="active")
    answer = site.client("staff").post("/staff/cards/print", data=ALL, headers=ASKED)
    lines, told, pdf = parts(answer.data)
    total = len({card["volunteer"] for card in cards})
    assert lines == [f"{done} {total}" for done in [*range(10, total, 10), total]]
    assert told == {"size": len(pdf), "faults": []}
    found = codes(pdf, tmp_path)
    assert len(set(found)) == sum(card["proof"] == "static" for card in cards)
    assert all(text.startswith("YIKA:") for text in found)
    with site.bench.uow(writes=False) as uow:
        (logged,) = uow.views.people.exports(what="cards as pdf")
    assert logged["rows"] == total


@pytest.mark.pdf
def test_a_chip_card_is_printed_without_a_code_and_with_the_communitys_picture(
    site: Any, tmp_path: Path
) -> None:
    drawn = BytesIO()
    Image.new("RGB", (300, 300), "red").save(drawn, "PNG")
    site.bench.do(set_logo, drawn.getvalue())
    site.bench.do(register_uid, "M0004", uid=bytes.fromhex("04A1B2C3D4E5F6"))
    data = {"whom": "numbers", "numbers": "M0004", "layout": "cr80"}
    answer = site.client("staff").post("/staff/cards/print", data=data)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert codes(answer.data, tmp_path) == []
    assert answer.data.count(b"/Subtype /Image") == 1, "once, for both sides"


def test_a_communitys_picture_is_shown_from_when_it_is_sent_until_it_is_removed(site: Any) -> None:
    client = site.client("staff")
    drawn = BytesIO()
    Image.new("RGB", (300, 300), "red").save(drawn, "PNG")
    assert client.get("/staff/cards/logo").status_code == 404
    for _ in range(2):
        sent = {"picture": (BytesIO(drawn.getvalue()), "mark.png")}
        assert "已保存" in client.post("/staff/cards/logo", data=sent, follow_redirects=True).text
    shown = client.get("/staff/cards/logo")
    assert (shown.mimetype, shown.data[:4]) == ("image/png", b"\x89PNG")
    assert [row["set_by"] for row in site.bench.rows("logos")] == ["staff"]
    (card,) = site.bench.rows("cards", volunteer="M0005")
    for path in ("/staff/cards/print", f"/staff/cards/{card['card_id']}/print"):
        assert 'src="/staff/cards/logo"' in client.get(path).text
    assert "不再印标志" in client.post("/staff/cards/logo", data={"remove": "1"}, follow_redirects=True).text
    assert client.get("/staff/cards/logo").status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("", b"", "先选一个图片文件"),
        ("a.svg", b"<svg/>", "不是 PNG 或 JPEG"),
        ("a.png", b"\x89PNG", "不是 PNG"),
    ],
)
def test_a_file_that_is_no_picture_is_told(site: Any, name: str, content: bytes, says: str) -> None:
    sent = {"picture": (BytesIO(content), name)}
    assert says in site.client("staff").post("/staff/cards/logo", data=sent, follow_redirects=True).text
    assert site.bench.rows("logos") == []


def test_who_has_no_card_gets_one_first_where_that_is_wished(site: Any) -> None:
    (card,) = site.bench.rows("cards", volunteer="M0004")
    client = site.client("staff")
    client.post(f"/staff/cards/{card['card_id']}/state", data={"state": "damaged", "reason": "other"})
    data = {"whom": "numbers", "numbers": "M0004", "layout": "labels"}
    refused = client.post("/staff/cards/print", data=data, follow_redirects=True)
    assert "没有在用的卡" in refused.text
    answer = client.post("/staff/cards/print", data={**data, "first": "1"})
    assert answer.mimetype == "application/pdf"
    assert len(site.bench.rows("cards", volunteer="M0004", state="active")) == 1


def test_who_has_left_is_not_printed(site: Any) -> None:
    site.bench.do(set_standing, "M0004", {"status": "left"})
    data = {"whom": "numbers", "numbers": "M0004", "layout": "cr80"}
    assert site.client("staff").post("/staff/cards/print", data=data).status_code == 302


@pytest.mark.parametrize("wrong", [{"whom": "nobody"}, {"layout": "a3"}])
def test_what_is_no_choice_prints_nothing(site: Any, wrong: dict[str, str]) -> None:
    answer = site.client("staff").post("/staff/cards/print", data={**ALL, **wrong})
    assert answer.status_code == 302
