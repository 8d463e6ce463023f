"""People and their cards: each step is a fact, and the register keeps its own promises."""

from datetime import date

import pytest

from card_tools.credential import digest, open_name, verify
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


def test_a_person_gets_the_next_number(sqlite_bench) -> None:
    assert sqlite_bench.do(register_volunteer, NewVolunteer(name="新人")) == "M0013"


def test_a_number_is_given_once(sqlite_bench) -> None:
    with pytest.raises(Conflict):
        sqlite_bench.do(register_volunteer, NewVolunteer(name="新人", number="M0001"))


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"name": "好", "birth": "1956-02-30"}, {"name": "好", "name_display": "loud"}]
)
def test_a_person_that_cannot_be_is_refused(sqlite_bench, wrong) -> None:
    with pytest.raises(Invalid):
        sqlite_bench.do(register_volunteer, NewVolunteer(**wrong))


def test_an_id_number_is_kept_encrypted(sqlite_bench) -> None:
    number = sqlite_bench.do(register_volunteer, NewVolunteer(name="新人", id_number="320211195602290011"))
    assert b"3202" not in sqlite_bench.rows("volunteers", number=number)[0]["id_number"]
    assert sqlite_bench.do(id_number, number) == "320211195602290011"


def test_personal_data_is_corrected_and_standing_is_a_fact(sqlite_bench) -> None:
    sqlite_bench.do(change_volunteer, "M0001", {"phone": "1"})
    with pytest.raises(Invalid):
        sqlite_bench.do(change_volunteer, "M0001", {"status": "left"})
    sqlite_bench.do(set_standing, "M0001", {"trained": ["b", "a"], "status": "inactive"})
    row = sqlite_bench.rows("volunteers", number="M0001")[0]
    assert (row["phone"], row["trained"], row["status"]) == ("1", ["a", "b"], "inactive")
    assert len(sqlite_bench.rows("facts", kind="member", subject="M0001")) == 2


def test_a_consent_is_granted_and_withdrawn_and_both_moments_stay(sqlite_bench) -> None:
    for granted in (True, False):
        sqlite_bench.now += 1000
        sqlite_bench.do(set_consent, "M0001", purpose="wall", granted=granted)
        with sqlite_bench.uow() as uow:
            assert has_consent(uow, "M0001", "wall") is granted
    row = next(r for r in sqlite_bench.rows("consents", number="M0001") if r["purpose"] == "wall")
    assert row["withdrawn_at"] - row["granted_at"] == 1000


def test_a_new_card_replaces_the_active_one(sqlite_bench) -> None:
    card = sqlite_bench.do(register_static, "M0001", expires=date(2028, 12, 31))
    states = {row["card_id"]: row["state"] for row in sqlite_bench.rows("cards", volunteer="M0001")}
    assert sorted(states.values()) == ["active", "replaced"]
    assert states[card.card_id] == "active"
    issuer = sqlite_bench.keys.issuer("meihu")
    verify(card.credential, {issuer.key_id: issuer.public_key}, today=date(2028, 12, 31))


def test_a_chip_belongs_to_one_person_at_a_time(sqlite_bench) -> None:
    uid = bytes.fromhex("04a1b2c3d4e5f6")
    sqlite_bench.do(register_uid, "M0001", uid=uid)
    with pytest.raises(Conflict):
        sqlite_bench.do(register_uid, "M0002", uid=uid)
    sqlite_bench.do(register_uid, "M0001", uid=uid)


def test_a_phones_random_number_is_no_card(sqlite_bench) -> None:
    with pytest.raises(Invalid):
        sqlite_bench.do(register_uid, "M0001", uid=bytes.fromhex("08123456"))


def test_a_lost_card_can_be_found_and_a_replaced_one_cannot(sqlite_bench) -> None:
    card = sqlite_bench.cards["M0001"].split(":")[0]
    sqlite_bench.do(set_state, card, "lost")
    assert sqlite_bench.do(set_state, card, "active")["state"] == "active"
    sqlite_bench.do(register_static, "M0001")
    with pytest.raises(Conflict):
        sqlite_bench.do(set_state, card, "active")
    with pytest.raises(NotFound):
        sqlite_bench.do(set_state, "ff" * 8, "lost")


def test_only_the_card_itself_opens_the_name_in_a_roster(sqlite_bench) -> None:
    """The name a person chose to show, sealed for what this card says."""
    sqlite_bench.do(change_volunteer, "M0001", {"name": "欧阳小华"})
    card = sqlite_bench.do(register_bound, "M0001", uid=bytes.fromhex("04a1b2c3d4e5f6"))
    with sqlite_bench.uow() as uow:
        roster = build(uow, sqlite_bench.acting(), "hut")
    row = sqlite_bench.rows("cards", card_id=card.card_id)[0]
    entry = roster[f"card:{row['lookup']}"]
    assert open_name(card.credential, bytes.fromhex(entry["name"])) == "欧阳女士"
    assert row["digest"] == digest(card.credential)
    assert bytes(credential_of(sqlite_bench.acting(), row)) == bytes(card.credential)


def test_a_child_without_a_guardians_consent_is_blocked_until_grown(sqlite_bench) -> None:
    child = NewVolunteer(name="小明", birth="2015-11-25", guardian={"name": "父"})
    number = sqlite_bench.do(register_volunteer, child)
    with sqlite_bench.uow() as uow:
        entries = build(uow, sqlite_bench.acting(), "hut")
    assert entries[f"volunteer:{number}"]["blocked"] == "guardian_consent_missing"
    sqlite_bench.do(set_standing, number, {"guardian_consent": True})
    with sqlite_bench.uow() as uow:
        assert build(uow, sqlite_bench.acting(), "hut")[f"volunteer:{number}"]["blocked"] is None
