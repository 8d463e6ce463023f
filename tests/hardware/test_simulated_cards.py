"""Simulated cards as files, and the hand that puts them down."""

import json
from pathlib import Path
from typing import Any

import pytest

from hardware.ports import SettingWrong
from hardware.simulated import (
    Field,
    Hand,
    Ntag424Card,
    NtagCard,
    PhoneCard,
    UidCard,
    VirtualCard,
    card_from_dict,
    card_named,
    card_to_dict,
    load_card,
    save_card,
)
from tests.support.hardware import MESSAGE, ntag

UID = "04112233445566"


def test_a_card_may_be_named_by_its_uid() -> None:
    card = card_named("uid:DEADBEEF")
    assert isinstance(card, UidCard)
    assert (card.uid, card.sak) == (bytes.fromhex("DEADBEEF"), 0x08)


@pytest.mark.parametrize("kind", ["ntag213", "ntag215", "ntag216"])
def test_an_ntag_of_a_file_has_its_message(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "card.json"
    path.write_text(json.dumps({"type": kind, "uid": UID, "ndef": MESSAGE.hex()}))
    card = load_card(path)
    assert isinstance(card, NtagCard)
    assert MESSAGE in bytes(card.memory)


def changed_424() -> Ntag424Card:
    data = {"type": "ntag424", "uid": UID, "keys": {"1": "11" * 16}, "key_versions": {"1": 3}, "counter": 5}
    card = card_from_dict({**data, "settings": {"2": "4000E0C1F121200000430000430000"}, "random_uid": True})
    assert isinstance(card, Ntag424Card)
    card.write_ndef(MESSAGE)
    return card


@pytest.mark.parametrize(
    "card", [ntag(), ntag("ntag216"), changed_424(), UidCard(b"\x01\x02\x03\x04", sak=0x18), PhoneCard(bytes)]
)
def test_a_card_comes_back_from_its_file_as_it_was(tmp_path: Path, card: VirtualCard) -> None:
    save_card(card, tmp_path / "card.json")
    assert card_to_dict(load_card(tmp_path / "card.json")) == card_to_dict(card)
    assert [path.name for path in tmp_path.iterdir()] == ["card.json"]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"type": "magic"},
        {"type": "uid"},
        {"type": "uid", "uid": "01"},
        {"type": "uid", "uid": "xx"},
        {"type": "ntag213", "uid": UID, "memory": "00"},
        {"type": "ntag213", "uid": UID, "ndef": "00" * 200},
        {"type": "ntag424", "uid": UID, "keys": {"1": "11"}},
        {"type": "ntag424", "uid": UID, "keys": {"9": "11" * 16}},
        {"type": "ntag424", "uid": UID, "settings": {"2": "40"}},
    ],
)
def test_what_is_no_card_is_refused_with_the_reason(data: dict[str, Any]) -> None:
    with pytest.raises(SettingWrong):
        card_from_dict(data)


@pytest.mark.parametrize("text", ["", "[]", "{", "\xff"])
def test_a_file_without_a_card_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "card.json"
    path.write_text(text, "latin-1")
    with pytest.raises(SettingWrong, match=r"card\.json"):
        load_card(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingWrong, match="nowhere"):
        card_named(str(tmp_path / "nowhere"))


def test_a_card_of_another_kind_cannot_be_kept() -> None:
    class Strange(UidCard):
        pass

    assert card_to_dict(Strange(b"\x01\x02\x03\x04"))["type"] == "uid"
    with pytest.raises(SettingWrong):
        card_to_dict(object())  # type: ignore[arg-type]


def test_the_hand_holds_one_card_at_a_time() -> None:
    hand = Hand(Field())
    hand.put("uid:01020304")
    hand.put("uid:05060708")
    card = hand.field.card
    assert isinstance(card, UidCard)
    assert card.uid == b"\x05\x06\x07\x08"
    hand.take()
    hand.take()
    assert hand.field.card is None


def test_a_card_from_a_file_goes_back_into_it_with_what_it_has_learned(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    save_card(ntag(), path)
    hand = Hand(Field())
    hand.put(path)
    card = hand.field.card
    assert isinstance(card, NtagCard)
    card.activate()
    card.frame(bytes.fromhex("A20401020304"))
    hand.take()
    kept = load_card(path)
    assert isinstance(kept, NtagCard)
    assert kept.memory[16:20] == b"\x01\x02\x03\x04"


def test_a_file_is_left_alone_when_the_card_has_learned_nothing(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text('{"type": "NTAG213", "uid": "04112233445566", "note": "of mine"}')
    hand = Hand(Field())
    hand.put(str(path))
    hand.take()
    assert "of mine" in path.read_text()


def test_a_folder_that_went_away_does_not_keep_the_card_on_the_reader(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "cards"
    folder.mkdir()
    save_card(ntag(), folder / "card.json")
    hand = Hand(Field())
    hand.put(folder / "card.json")
    (folder / "card.json").unlink()
    folder.rmdir()
    card = hand.field.card
    assert isinstance(card, NtagCard)
    card.memory[16] ^= 1
    hand.take()
    assert hand.field.card is None
    assert "could not be kept" in caplog.text


def test_a_wrong_name_leaves_the_card_where_it_lies() -> None:
    hand = Hand(Field())
    hand.put("uid:01020304")
    with pytest.raises(SettingWrong):
        hand.put("uid:0")
    assert hand.field.card is not None
