"""A card read by a phone: proved by its SUN message, each message good once, whoever comes first."""

import secrets
import threading
from typing import Any

import pytest

from card_tools.conversation import converse
from card_tools.ndef import to_ndef
from card_tools.personalise import Order424, issue
from hardware.simulated.ntag424 import Ntag424Card
from server.errors import SunForged, SunReplayed
from server.services.audit import audit
from server.services.cards import register_challenge, set_state
from server.services.sun import ReadCard, read_by_phone
from tests.support.desk import read_on_a_phone

UID = bytes.fromhex("04a1b2c3d4e5f6")


def chip(bench: Any, number: str = "M0001", uid: bytes = UID) -> Ntag424Card:
    """A volunteer's NTAG 424 DNA, as the office makes it."""
    credential = bench.do(register_challenge, number, uid=uid).credential
    assert credential is not None
    order = Order424(
        uid=uid,
        message=to_ndef(credential),
        master=bench.keys.challenge_master("meihu"),
        address="https://meihu.example.cn/t",
    )
    card = Ntag424Card(uid, secrets.token_bytes)
    card.activate()
    converse(issue(order), card.apdu)
    return card


def test_a_card_read_by_a_phone_is_known_and_every_reading_counts_once(bench: Any) -> None:
    card = chip(bench)
    first, second = read_on_a_phone(card), read_on_a_phone(card)
    assert bench.do(read_by_phone, **first) == ReadCard("active", "M0001")
    assert bench.do(read_by_phone, **second) == ReadCard("active", "M0001")
    for old in (first, second):
        with pytest.raises(SunReplayed):
            bench.do(read_by_phone, **old)


def test_a_message_that_was_read_and_not_used_is_old_once_a_later_one_was(bench: Any) -> None:
    card = chip(bench)
    kept, later = read_on_a_phone(card), read_on_a_phone(card)
    bench.do(read_by_phone, **later)
    with pytest.raises(SunReplayed):
        bench.do(read_by_phone, **kept)


def test_a_lost_card_and_a_chip_that_is_nobodys_are_told_apart(bench: Any) -> None:
    card = chip(bench)
    (row,) = (
        row for row in bench.rows("cards", volunteer="M0001", state="active") if row["proof"] == "challenge"
    )
    bench.do(set_state, row["card_id"], "lost")
    assert bench.do(read_by_phone, **read_on_a_phone(card)).state == "lost"
    stranger = chip(bench, "M0002", bytes.fromhex("04ffffffffffff"))
    with bench.uow() as uow:
        uow.rows("cards").remove(volunteer="M0002", proof="challenge")
        seen = read_by_phone(uow, bench.acting(), **read_on_a_phone(stranger))
    assert seen == ReadCard("unknown", None)


@pytest.mark.parametrize(
    "edited",
    [
        {"cmac": "00" * 8},
        {"cmac": ""},
        {"picc_data": "00" * 16},
        {"picc_data": "zz"},
        {"picc_data": ""},
        {"picc_data": "00" * 15},
    ],
)
def test_an_edited_or_invented_message_is_forged(bench: Any, edited: dict[str, str]) -> None:
    with pytest.raises(SunForged):
        bench.do(read_by_phone, **(read_on_a_phone(chip(bench)) | edited))


def test_of_two_that_show_one_message_at_once_one_wins(bench: Any) -> None:
    said, results = read_on_a_phone(chip(bench)), []
    together = threading.Barrier(2, timeout=60)

    def show() -> None:
        together.wait()
        try:
            results.append(bench.do(read_by_phone, **said).state)
        except SunReplayed as error:
            results.append(error.code)

    threads = [threading.Thread(target=show) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(results) == ["active", "card_replayed"]


def test_what_phones_read_lies_in_the_chain_and_the_audit_is_clean(bench: Any) -> None:
    card = chip(bench)
    for _ in range(3):
        bench.do(read_by_phone, **read_on_a_phone(card))
    assert len(bench.rows("facts", kind="sun")) == 3
    with bench.uow() as uow:
        assert audit(uow, bench.keys) == []
