"""People and their cards: each step is a fact, and the register keeps its own promises."""

import json
from datetime import date

import pytest

from card_tools.credential import digest, open_name, verify
from server.contract.lookup import chip_key
from server.contract.wire import lookup_key
from server.errors import Conflict, Invalid, NotFound
from server.services.cards import credential_of, register_bound, register_static, register_uid, set_state
from server.services.members import (
    NewVolunteer,
    change_volunteer,
    has_consent,
    id_number,
    register_volunteer,
    set_consent,
    set_standing,
)
from server.services.roster import build


def test_a_person_gets_the_next_number(bench) -> None:
    assert bench.do(register_volunteer, NewVolunteer(name="新人")) == "M0013"


def test_a_number_is_given_once(bench) -> None:
    with pytest.raises(Conflict):
        bench.do(register_volunteer, NewVolunteer(name="新人", number="M0001"))


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"name": "好", "birth": "1956-02-30"}, {"name": "好", "name_display": "loud"}]
)
def test_a_person_that_cannot_be_is_refused(bench, wrong) -> None:
    with pytest.raises(Invalid):
        bench.do(register_volunteer, NewVolunteer(**wrong))


def test_an_id_number_is_kept_encrypted(bench) -> None:
    number = bench.do(register_volunteer, NewVolunteer(name="新人", id_number="320211195602290011"))
    assert b"3202" not in bench.rows("volunteers", number=number)[0]["id_number"]
    assert bench.do(id_number, number) == "320211195602290011"


def test_personal_data_is_corrected_and_standing_is_a_fact(bench) -> None:
    bench.do(change_volunteer, "M0001", {"phone": "1"})
    with pytest.raises(Invalid):
        bench.do(change_volunteer, "M0001", {"status": "left"})
    bench.do(set_standing, "M0001", {"trained": ["b", "a"], "status": "inactive"})
    row = bench.rows("volunteers", number="M0001")[0]
    assert (row["phone"], row["trained"], row["status"]) == ("1", ["a", "b"], "inactive")
    assert len(bench.rows("facts", kind="member", subject="M0001")) == 2


def test_a_consent_is_granted_and_withdrawn_and_both_moments_stay(bench) -> None:
    for granted in (True, False):
        bench.now += 1000
        bench.do(set_consent, "M0001", purpose="wall", granted=granted)
        with bench.uow() as uow:
            assert has_consent(uow, "M0001", "wall") is granted
    row = next(r for r in bench.rows("consents", number="M0001") if r["purpose"] == "wall")
    assert row["withdrawn_at"] - row["granted_at"] == 1000


def test_a_new_card_replaces_the_active_one(bench) -> None:
    card = bench.do(register_static, "M0001", expires=date(2028, 12, 31))
    states = {row["card_id"]: row["state"] for row in bench.rows("cards", volunteer="M0001")}
    assert sorted(states.values()) == ["active", "replaced"]
    assert states[card.card_id] == "active"
    issuer = bench.keys.issuer("meihu")
    verify(card.credential, {issuer.key_id: issuer.public_key}, today=date(2028, 12, 31))


def test_a_chip_belongs_to_one_person_at_a_time(bench) -> None:
    uid = bytes.fromhex("04a1b2c3d4e5f6")
    bench.do(register_uid, "M0001", uid=uid)
    with pytest.raises(Conflict):
        bench.do(register_uid, "M0002", uid=uid)
    bench.do(register_uid, "M0001", uid=uid)


def test_a_phones_random_number_is_no_card_and_a_felica_cards_eight_bytes_are_one(bench) -> None:
    for drawn in ("08123456", "01FE000102030405"):
        with pytest.raises(Invalid):
            bench.do(register_uid, "M0001", uid=bytes.fromhex(drawn))
    assert bench.do(register_uid, "M0001", uid=bytes.fromhex("0123456789ABCDEF")).card_id


def test_a_lost_card_can_be_found_and_a_replaced_one_cannot(bench) -> None:
    card = bench.cards["M0001"].split(":")[0]
    bench.do(set_state, card, "lost")
    assert bench.do(set_state, card, "active")["state"] == "active"
    bench.do(register_static, "M0001")
    with pytest.raises(Conflict):
        bench.do(set_state, card, "active")
    with pytest.raises(NotFound):
        bench.do(set_state, "ff" * 8, "lost")


def test_only_the_card_itself_opens_the_name_in_a_roster(bench) -> None:
    """The name a person chose to show, sealed for what this card says."""
    bench.do(change_volunteer, "M0001", {"name": "欧阳小华"})
    card = bench.do(register_bound, "M0001", uid=bytes.fromhex("04a1b2c3d4e5f6"))
    with bench.uow() as uow:
        roster = build(uow, bench.acting(), "hut")
    row = bench.rows("cards", card_id=card.card_id)[0]
    entry = roster[f"card:{row['lookup']}"]
    assert open_name(card.credential, bytes.fromhex(entry["name"])) == "欧阳女士"
    assert row["digest"] == digest(card.credential)
    assert bytes(credential_of(bench.acting(), row)) == bytes(card.credential)


def test_a_child_without_a_guardians_consent_is_blocked_until_grown(bench) -> None:
    child = NewVolunteer(name="小明", birth="2015-11-25", guardian={"name": "父"})
    number = bench.do(register_volunteer, child)
    with bench.uow() as uow:
        entries = build(uow, bench.acting(), "hut")
    assert entries[f"volunteer:{number}"]["blocked"] == "guardian_consent_missing"
    bench.do(set_standing, number, {"guardian_consent": True})
    with bench.uow() as uow:
        assert build(uow, bench.acting(), "hut")[f"volunteer:{number}"]["blocked"] is None


def test_a_kiosk_cannot_be_robbed_of_chips_numbers(bench) -> None:
    """Whoever has a roster and guesses a number quickly cannot tell whether it is somebody's."""
    uid = bytes.fromhex("04112233445566")
    card = bench.do(register_uid, "M0001", uid=uid).card_id
    with bench.uow() as uow:
        roster = build(uow, bench.acting(), "hut")
    assert roster[f"card:{chip_key('meihu', uid)}"]["card"] == card
    assert lookup_key("meihu", "uid", uid) not in json.dumps(roster)
