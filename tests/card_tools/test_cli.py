"""The workshop: from a list to cards in the hand, and every mistake told with its exit code."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from card_tools.cli import main
from card_tools.credential import Issuer, decode
from card_tools.errors import CardUnreadable
from card_tools.image import load
from card_tools.keys import load_issuer, load_ring
from card_tools.ndef import from_ndef, to_ndef
from card_tools.store import load_cards

UID = "04a1b2c3d4e5f6"
LIST = f"编号,姓名,队伍,有效期,芯片号\n0001,王小明,护学岗,2030-12-31,\n0002,李娜,,,{UID}\n"


class Workshop:
    """A folder with keys in it, and the command at work there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            "LANGUAGE": "C",
            "YIKA_CARDS_KEY": str(folder / "issuer.pem"),
            "YIKA_CARDS_RING": str(folder / "ring.txt"),
            "YIKA_CARDS_CHIP_SECRET": str(folder / "chips.secret"),
        }

    def run(self, *words: str, given: bytes = b"") -> Result:
        return CliRunner().invoke(main, words, input=given, env=self.env)

    def json(self, *words: str, code: int = 0, given: bytes = b"") -> Any:
        done = self.run(*words, "--json", given=given)
        assert (done.exit_code, done.exception is None or code != 0) == (code, True), done.output
        return json.loads(done.stdout)

    def path(self, name: str, content: bytes = b"") -> str:
        if content:
            (self.folder / name).write_bytes(content)
        return str(self.folder / name)

    def issue(self, text: str = LIST, *more: str, code: int = 0) -> Any:
        people = self.path("people.csv", text.encode("gbk"))
        return self.json("issue", people, "--out", str(self.folder / "out"), *more, code=code)

    @property
    def cards(self) -> str:
        return str(self.folder / "out" / "cards.json")


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    shop = Workshop(tmp_path)
    shop.json("keygen", "--comment", "蠡湖 2026")
    return shop


def test_keygen_makes_key_ring_and_secret_and_never_overwrites(shop: Workshop):
    assert list(load_ring([shop.folder / "ring.txt"])) == [load_issuer(shop.folder / "issuer.pem").key_id]
    assert (shop.folder / "chips.secret").stat().st_mode & 0o777 == 0o600
    assert shop.json("keygen", code=2)["error"] == "setup"
    done = shop.run("keygen", "--key", shop.path("second.pem"), "--chip-secret", shop.path("second.secret"))
    assert done.exit_code == 0
    assert "its public half in" in done.stdout
    assert len(load_ring([shop.folder / "ring.txt"])) == 2, "a second key joins the ring"


def test_issue_makes_a_card_a_row_and_a_report(shop: Workshop):
    answer = shop.issue()
    assert (answer["issued"], answer["faults"]) == (2, [])
    first, second = load_cards(Path(shop.cards))
    assert (first.number, first.name, first.team, first.credential.proof) == (
        "0001",
        "王小明",
        "护学岗",
        "static",
    )
    assert str(first.credential.expires_on) == "2030-12-31"
    assert (second.credential.proof, second.uid.hex()) == ("signed", UID)
    assert (first.face().text, second.face().text) == (first.credential.text, "")
    assert (shop.folder / "out" / "cards.json").stat().st_mode & 0o777 == 0o600
    report = (shop.folder / "out" / "report.csv").read_text("utf-8-sig")
    assert "2,0001,已制卡 issued" in report


def test_a_wrong_row_is_named_and_the_others_go_on(shop: Workshop):
    answer = shop.issue("编号,有效期\n=1,\n2,昨天\n3,\n3,\n", "--expires", "2031-01-01", code=1)
    assert answer["issued"] == 1
    assert [(f["row"], f["field"]) for f in answer["faults"]] == [
        (2, "number"),
        (3, "expires"),
        (5, "number"),
    ]
    assert str(load_cards(Path(shop.cards))[0].credential.expires_on) == "2031-01-01"
    assert "第 4 行已有" in (shop.folder / "out" / "report.csv").read_text("utf-8-sig")


def test_words_for_people_go_to_standard_error_beside_json(shop: Workshop):
    people = shop.path("people.csv", "编号\n1\n1\n".encode())
    done = shop.run("issue", people, "--out", shop.path("out"), "--json")
    assert json.loads(done.stdout)["issued"] == 1
    assert "row 3" in done.stderr
    plain = shop.run("issue", people, "--out", shop.path("out"))
    assert (plain.exit_code, "1 cards in" in plain.stdout) == (1, True)


def test_an_unreadable_list_is_a_fault(shop: Workshop):
    assert shop.issue("姓名\n王\n", code=1)["error"] == "card_unreadable"


def test_issued_cards_verify_with_the_ring(shop: Workshop):
    shop.issue()
    text = load_cards(Path(shop.cards))[0].credential.text
    answer = shop.json("verify", text)
    assert (answer["valid"], answer["proof"], answer["expires"]) == (True, "static", "2030-12-31")
    assert shop.json("verify", "-", given=text.encode() + b"\n")["valid"]
    assert shop.run("verify", text).stdout.startswith("good: proves static")


def test_a_card_that_does_not_hold_says_the_word_that_a_kiosk_shows(shop: Workshop):
    shop.issue()
    card = load_cards(Path(shop.cards))[0].credential
    edited = bytearray(card.raw)
    edited[7] ^= 1
    strange = Issuer(bytes(32)).encode_static(bytes(8))
    assert shop.json("verify", card.text, "--today", "2031-01-01", code=1)["error"] == "card_expired"
    assert shop.json("verify", shop.path("edited", bytes(edited)), code=1)["error"] == "card_forged"
    assert shop.json("verify", strange.text, code=1)["error"] == "card_other_community"
    assert shop.json("verify", "YIKA:1", code=1)["error"] == "card_unreadable"
    assert "card_unreadable" in shop.run("verify", "YIKA:1").stderr


def test_a_chip_is_written_on_a_file_and_read_from_it(shop: Workshop):
    shop.issue()
    chip = shop.path("chip.json")
    done = shop.json("write", shop.cards, chip, "--number", "0002", "--kind", "ntag213")
    assert (done["chip"], done["uid"], done["pages_written"] > 20) == ("NTAG213", UID, True)
    assert shop.json("write", shop.cards, chip, "--number", "0002")["pages_written"] == 0
    assert shop.json("verify", chip)["proof"] == "signed"
    assert shop.json("read", chip)["uid"] == UID
    assert from_ndef(load(Path(chip)).message).proof == "signed"


def test_a_bound_card_does_not_hold_on_another_chip(shop: Workshop):
    shop.issue()
    card = load_cards(Path(shop.cards))[1].credential
    message = shop.path("card.ndef", to_ndef(card))
    assert shop.json("verify", message, "--uid", UID)["proof"] == "signed"
    assert shop.json("verify", message, "--uid", "04" * 7, code=1)["error"] == "card_forged"
    assert shop.json("verify", message, code=1)["error"] == "card_forged"
    assert shop.run("verify", message, "--uid", "xyz").exit_code == 2
    assert shop.json("write", shop.cards, shop.path("x.bin"), "--number", "0001", "--kind", "ntag213", code=1)


def test_a_static_card_can_be_written_on_any_chip(shop: Workshop):
    shop.issue()
    chip = shop.path("chip.json", json.dumps({"type": "ntag215", "uid": UID}).encode())
    assert shop.json("write", shop.cards, chip, "--number", "0001")["chip"] == "NTAG215"
    assert shop.json("verify", chip)["proof"] == "static"


def test_read_says_what_a_card_says_without_believing_it(shop: Workshop):
    strange = Issuer(bytes(32)).encode_static(b"\x09" * 8)
    told = shop.json("read", shop.path("card.txt", strange.text.encode() + b"\n"))
    assert (told["kind"], told["card_id"], told["expires"], told["uid"]) == ("static", "09" * 8, None, None)
    assert "card_id: 0909090909090909" in shop.run("read", strange.text).stdout
    assert shop.json("read", shop.path("none"), code=1)["error"] == "card_unreadable"


def test_cards_are_printed_as_pdf_with_the_communitys_picture(shop: Workshop):
    shop.issue()
    pdf, drawn = shop.path("cards.pdf"), BytesIO()
    Image.new("RGB", (200, 200), "red").save(drawn, "PNG")
    words = ["print", shop.cards, "--out", pdf, "--community", "蠡湖社区", "--layout", "cr80"]
    answer = shop.json(*words, "--logo", shop.path("mark.png", drawn.getvalue()))
    assert (answer["printed"], answer["faults"]) == (2, [])
    assert Path(pdf).read_bytes().startswith(b"%PDF")
    assert Path(pdf).read_bytes().count(b"/Subtype /Image") == 1


def test_a_picture_that_cannot_be_printed_is_told_before_anything_is_drawn(shop: Workshop):
    shop.issue()
    words = ["print", shop.cards, "--out", shop.path("c.pdf"), "--community", "蠡湖"]
    wrong = shop.json(*words, "--logo", shop.path("mark.svg", b"<svg/>"), code=2)
    assert (wrong["error"], "PNG" in wrong["message"], "PNG" in wrong["message_zh"]) == ("setup", True, True)
    assert shop.json(*words, "--logo", shop.path("none.png"), code=2)["error"] == "setup"
    assert not (shop.folder / "c.pdf").exists()


def test_a_name_that_no_font_draws_is_left_out_with_exit_1(shop: Workshop):
    people = shop.path("people.csv", "编号,姓名\n1,王\U00013000\n".encode())
    shop.json("issue", people, "--out", shop.path("out"))
    answer = shop.json("print", shop.cards, "--out", shop.path("p.pdf"), "--community", "蠡湖", code=1)
    assert (answer["printed"], answer["pdf"], answer["faults"][0]["row"]) == (0, None, 2)
    assert not (shop.folder / "p.pdf").exists()


def test_bad_usage_is_exit_2(shop: Workshop):
    shop.issue()
    assert shop.run("nonsense").exit_code == 2
    assert shop.run("print", shop.cards).exit_code == 2, "no community"
    assert shop.run("write", shop.cards, shop.path("x"), "--number", "9").exit_code == 2
    assert shop.json("verify", "YIKA:1", "--ring", shop.path("none"), code=1)["error"] == "card_unreadable"
    good = load_cards(Path(shop.cards))[0].credential.text
    assert shop.json("verify", good, "--ring", shop.path("none"), code=2)["error"] == "setup"
    (shop.folder / "issuer.pem").chmod(0o644)
    assert "chmod 600" in shop.json("issue", shop.path("people.csv"), code=2)["message"]


@pytest.mark.parametrize("content", [b"{}[", b"[{}]", b"[1]", b'[{"number": "1", "card": "x"}]', b"\xff"])
def test_a_file_that_holds_no_issued_cards_is_named(shop: Workshop, content: bytes):
    with pytest.raises(CardUnreadable):
        load_cards(Path(shop.path("cards.json", content)))
    assert (
        shop.json("print", shop.path("none.json"), "--community", "x", code=1)["error"] == "card_unreadable"
    )


def test_every_command_explains_itself():
    for name, command in main.commands.items():
        assert command.help, name
        shown = CliRunner().invoke(main, [name, "--help"])
        assert (shown.exit_code, "--json" in shown.output) == (0, True)
    assert decode(Issuer(bytes(32)).encode_static(bytes(8)).text)
