"""Whoever asks a card gets its answers, and faults there cost no tap: real nfcpy over a simulated chip."""

from dataclasses import replace
from typing import Any

import pytest

from hardware.ports import CardTornAway, ContentKind, ReaderState, Transceive
from tests.support.hardware import BRISK, FOR_SILENCE, MESSAGE, UID7, bench, ntag, ntag424


def test_the_interrogator_gets_uid_message_and_whole_commands_and_its_word_is_the_proof() -> None:
    def ask(uid: bytes, ndef: bytes, transceive: Transceive) -> dict[str, Any]:
        select = transceive(bytes.fromhex("00A4040C07D276000085010100"))
        return {
            "uid": uid,
            "ndef": ndef,
            "select": select,
            "challenge": transceive(bytes.fromhex("9071000002000000")),
        }

    with bench(interrogator=ask) as b:
        b.field.put(ntag424())
        (read,) = b.log.wait_reads(1)
    assert (read.proof["uid"], read.proof["ndef"], read.proof["select"]) == (UID7, MESSAGE, b"\x90\x00")
    assert read.proof["challenge"][16:] == b"\x91\xaf"


def test_an_interrogator_speaks_raw_commands_with_a_type_2_card_also_after_a_refusal() -> None:
    def ask(uid: bytes, ndef: bytes, transceive: Transceive) -> dict[str, Any]:
        refused = transceive(bytes.fromhex("1BFFFFFFFE"))
        return {"refused": refused, "version": transceive(b"\x60")}

    with bench(interrogator=ask) as b:
        b.field.put(ntag())
        (read,) = b.log.wait_reads(1)
    assert read.proof == {"refused": b"\x00", "version": bytes.fromhex("0004040201000F03")}


def test_an_interrogator_without_a_question_leaves_the_proof_empty() -> None:
    with bench(interrogator=lambda uid, ndef, transceive: None) as b:
        b.field.put(ntag())
        assert b.log.wait_reads(1)[0].proof == {}


def test_a_card_torn_away_while_it_is_asked_keeps_what_it_said_before() -> None:
    torn = []

    def ask(uid: bytes, ndef: bytes, transceive: Transceive) -> dict[str, Any]:
        b.field.take()
        try:
            transceive(b"\x60")
        except CardTornAway:
            torn.append(True)
            raise
        return {}

    with bench(interrogator=ask, patience=replace(BRISK, give_up_ms=60_000)) as b:
        b.field.put(ntag())
        (read,) = b.log.wait_reads(1)
    assert torn == [True]
    assert (read.content_kind, read.content, read.proof) == (ContentKind.NDEF, MESSAGE, {})
    assert read.evidence["note"] == "torn away"


def test_a_failing_interrogator_does_not_lose_the_tap(caplog: pytest.LogCaptureFixture) -> None:
    def ask(uid: bytes, ndef: bytes, transceive: Transceive) -> dict[str, Any]:
        raise RuntimeError("a fault of ours")

    with bench(interrogator=ask) as b:
        b.field.put(ntag())
        (read,) = b.log.wait_reads(1)
    assert (read.content, read.proof) == (MESSAGE, {})
    assert "a fault of ours" in caplog.text


def test_an_interrogator_that_meets_a_fault_of_its_own_does_not_make_the_reader_lost() -> None:
    def ask(uid: bytes, ndef: bytes, transceive: Transceive) -> dict[str, Any]:
        raise FileNotFoundError("a key file of ours")

    with bench(interrogator=ask) as b:
        b.field.put(ntag())
        (read,) = b.log.wait_reads(1)
    assert read.evidence["note"] == "interrogator failed: FileNotFoundError"
    assert b.log.states == [ReaderState.READY]


def test_a_line_that_dies_while_a_card_is_asked_is_a_lost_reader_and_the_card_is_asked_again() -> None:
    def ask(uid: bytes, ndef: bytes, transceive: Transceive) -> dict[str, Any]:
        b.uart.faults.mute = len(b.log.states) == 1
        return {"version": transceive(b"\x60")}

    with bench(interrogator=ask, patience=FOR_SILENCE) as b:
        b.field.put(ntag())
        b.log.wait_state(ReaderState.LOST)
        b.uart.faults.mute = False
        (read,) = b.log.wait_reads(1)
    assert read.proof == {"version": bytes.fromhex("0004040201000F03")}
