"""A phone beside a person's card: its public key is a fact, and its code is graded by the time it names."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from card_tools.phone_code import step_at
from server.contract.rules import MINUTE
from server.domain.calendar import day_start
from server.domain.facts import DecisionKind
from server.errors import Invalid
from server.services.audit import audit
from server.services.cards import (
    credential_of,
    lose_phones,
    register_many,
    register_phone,
    register_static,
    set_state,
)
from server.services.decisions import Ruling, decide
from server.services.members import NewVolunteer, register_volunteer
from server.services.roster import build

NOON = day_start("2026-11-24") + 12 * 3_600_000


def point(secret: int = 7) -> bytes:
    key = ec.derive_private_key(secret, ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def states(bench: Any, number: str = "M0001") -> dict[str, str]:
    return {row["card_id"]: row["state"] for row in bench.rows("cards", volunteer=number)}


def test_a_phone_stands_beside_the_card_and_either_is_renewed_alone(bench: Any) -> None:
    printed = bench.cards["M0001"].split(":")[0]
    phone = bench.do(register_phone, "M0001", public=point()).card_id
    assert states(bench) == {printed: "active", phone: "active"}
    second = bench.do(register_phone, "M0001", public=point(8)).card_id
    assert states(bench) == {printed: "active", phone: "replaced", second: "active"}
    new = bench.do(register_static, "M0001").card_id
    assert states(bench)[printed] == "replaced"
    assert (states(bench)[second], states(bench)[new]) == ("active", "active")


def test_whoever_has_only_a_phone_can_still_get_a_first_card(bench: Any) -> None:
    number = bench.do(register_volunteer, NewVolunteer(name="新人"))
    bench.do(register_phone, number, public=point())
    bench.do(register_many, [number])
    assert sorted(states(bench, number).values()) == ["active", "active"]


def test_a_lost_phone_is_lost_and_the_card_is_not(bench: Any) -> None:
    printed = bench.cards["M0001"].split(":")[0]
    phone = bench.do(register_phone, "M0001", public=point()).card_id
    assert bench.do(lose_phones, "M0001") == 1
    assert states(bench) == {printed: "active", phone: "lost"}
    assert bench.do(lose_phones, "M0001") == 0
    bench.do(set_state, phone, "active")
    assert states(bench) == {printed: "active", phone: "active"}


@pytest.mark.parametrize("public", [b"", point()[:-1], b"\x04" + bytes(64), point()[1:]])
def test_what_is_no_public_key_is_refused(bench: Any, public: bytes) -> None:
    with pytest.raises(Invalid):
        bench.do(register_phone, "M0001", public=public)


def test_a_kiosk_gets_the_public_key_and_no_name(bench: Any) -> None:
    phone = bench.do(register_phone, "M0001", public=point()).card_id
    (row,) = bench.rows("cards", card_id=phone)
    with bench.uow() as uow:
        roster = build(uow, bench.acting(), "hut")
        assert audit(uow, bench.keys) == []
    entry = roster[f"card:{row['lookup']}"]
    assert (entry["public"], entry["proof"], entry["name"]) == (point().hex(), "rotating", None)
    assert [e for e in roster.values() if isinstance(e, dict) and "public" in e and "volunteer" in e] == [
        entry
    ]
    assert credential_of(bench.acting(), row) is None


@pytest.mark.parametrize(
    ("said", "steps", "clock", "graded"),
    [
        ("rotating", 0, "synced", "rotating"),
        ("rotating", 1, "synced", "rotating"),
        ("rotating", -2, "synced", "static"),
        ("rotating", 0, "unsynced", "static"),
        ("rotating", None, "synced", "static"),
        ("static", 0, "unsynced", "static"),
        ("challenge", 0, "unsynced", "static"),
        ("none", 0, "synced", "none"),
    ],
)
def test_a_code_proves_presence_in_its_own_half_minutes_only(
    bench: Any, said: str, steps: int | None, clock: str, graded: str
) -> None:
    bench.do(register_phone, "M0001", public=point())
    (row,) = bench.rows("cards", proof="rotating")
    bench.now = NOON
    kiosk = bench.kiosk()
    evidence = {} if steps is None else {"step": step_at(NOON) + steps}
    kiosk.tap("M0001", NOON, card_id=row["card_id"], proof=said, evidence=evidence, clock=clock)
    bench.push(kiosk)
    (event,) = bench.events()
    assert (event["proof"], event["standing"], event["volunteer"]) == (graded, "good", "M0001")


def test_a_printed_card_cannot_have_given_a_changing_code(bench: Any) -> None:
    kiosk = bench.kiosk()
    kiosk.tap("M0001", NOON, proof="rotating", evidence={"step": step_at(NOON)})
    bench.push(kiosk)
    (event,) = bench.events()
    assert (event["proof"], event["standing_reason"]) == ("none", "card_forged")


def used_at_two_kiosks(bench: Any, **second: Any) -> list[Any]:
    """One code shown at two kiosks of the same minute; the kiosks, nothing pushed yet."""
    bench.do(register_phone, "M0001", public=point())
    (row,) = bench.rows("cards", proof="rotating")
    bench.now = NOON + 5 * MINUTE
    kiosks = [bench.kiosk(), bench.kiosk()]
    said = {"card_id": row["card_id"], "proof": "rotating", "evidence": {"step": step_at(NOON)}}
    kiosks[0].tap("M0001", NOON + 2_000, **said)
    kiosks[1].tap("M0001", NOON + 20_000, **{**said, **second})
    return kiosks


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_one_code_at_two_kiosks_counts_once_in_either_order(bench: Any, order: tuple[int, int]) -> None:
    kiosks = used_at_two_kiosks(bench)
    for place in order:
        bench.push(kiosks[place])
    first, second = (bench.events(kiosk_id=kiosk.kiosk_id)[0] for kiosk in kiosks)
    assert (first["standing"], first["standing_reason"]) == ("good", None)
    assert (second["standing"], second["standing_reason"]) == ("contradicted", "card_replayed")
    assert [row["state"] for row in bench.rows("shifts")] == ["open"]
    with bench.uow() as uow:
        assert audit(uow, bench.keys) == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_clock_that_is_known_goes_before_one_that_is_not(bench: Any, order: tuple[int, int]) -> None:
    kiosks = used_at_two_kiosks(bench, clock="unsynced", wall=1_000, proof="static")
    for place in order:
        bench.push(kiosks[place])
    standing = {row["kiosk_id"]: row["standing"] for row in bench.events()}
    assert standing == {kiosks[0].kiosk_id: "good", kiosks[1].kiosk_id: "contradicted"}


@pytest.mark.parametrize(
    "second",
    [
        {"evidence": {"step": step_at(NOON) + 1}},
        {"shown": "card_replayed"},
        {"role": "checkpoint", "shown": "checkpoint_passed"},
        {"medium": "touch"},
        {"evidence": {"step": 1 << 40}},
    ],
)
def test_another_step_or_what_opened_nothing_is_no_second_use(bench: Any, second: dict[str, Any]) -> None:
    for kiosk in used_at_two_kiosks(bench, **second):
        bench.push(kiosk)
    assert {row["standing_reason"] for row in bench.events()} <= {None, "card_replayed"}
    assert [row["standing"] for row in bench.events()].count("contradicted") == 0


def test_a_code_used_twice_counts_once_staff_have_decided(bench: Any) -> None:
    """The second tap is kept: staff who know that it was right restore it, and a new step counts anyway."""
    kiosks = used_at_two_kiosks(bench)
    for kiosk in kiosks:
        bench.push(kiosk)
    second = bench.events()[1]
    bench.do(decide, Ruling(kind=DecisionKind.RESTORE_TAP, reason="本人在场", event_id=second["event_id"]))
    with bench.uow() as uow:
        assert audit(uow, bench.keys) == []
    assert second["event_id"] in {event for row in bench.rows("shifts") for event in row["events"]}
