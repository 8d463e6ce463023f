"""Cards that prove themselves by a challenge: what the register keeps, a kiosk gets, a tap proves."""

import json
from typing import Any

import pytest

from card_tools.credential import Credential, open_key
from card_tools.errors import CardForged
from card_tools.ntag424 import CHALLENGE_KEY, key_for
from server.domain.calendar import day_start
from server.errors import Invalid
from server.services.audit import audit
from server.services.cards import credential_of, register_bound, register_challenge, set_state
from server.services.roster import build

UID = bytes.fromhex("04a1b2c3d4e5f6")
TODAY = day_start("2026-11-24")


def made(bench: Any, number: str = "M0001", uid: bytes = UID) -> Credential:
    credential = bench.do(register_challenge, number, uid=uid).credential
    assert credential is not None
    bench.cards[number] = f"{credential.card_id.hex()}:{row(bench, credential)['digest']}"
    return credential


def row(bench: Any, credential: Credential) -> dict[str, Any]:
    return bench.rows("cards", card_id=credential.card_id.hex())[0]


def entry(bench: Any, credential: Credential) -> dict[str, Any]:
    with bench.uow() as uow:
        roster = build(uow, bench.acting(), "hut")
    return roster[f"card:{row(bench, credential)['lookup']}"]


def key_of(bench: Any, uid: bytes = UID) -> bytes:
    """The key that the office puts on this chip."""
    return key_for(bench.keys.challenge_master("meihu"), uid, CHALLENGE_KEY)


def test_the_key_in_a_roster_opens_with_the_cards_own_words_only(bench: Any) -> None:
    first, other = made(bench), made(bench, "M0002", bytes(7))
    sealed = bytes.fromhex(entry(bench, first)["key"])
    assert open_key(first, sealed) == key_of(bench)
    with pytest.raises(CardForged):
        open_key(other, sealed)


def test_each_chip_and_each_community_has_a_key_of_its_own(bench: Any) -> None:
    keys = bench.keys
    masters = {keys.challenge_master(name) for name in ("meihu", "lihu")}
    assert len({key_for(master, uid, 1) for master in masters for uid in (UID, bytes(7))}) == 4


def test_neither_the_key_nor_the_chips_number_lies_in_the_database(bench: Any) -> None:
    credential = made(bench)
    kept = json.dumps([bench.rows(table) for table in ("cards", "facts")], default=repr).lower()
    for secret in (UID, key_of(bench), credential.signature):
        assert secret.hex() not in kept


def test_it_is_a_card_like_any_other_in_the_register(bench: Any) -> None:
    credential = made(bench)
    kept = row(bench, credential)
    assert (kept["proof"], kept["medium"], kept["state"]) == ("challenge", "nfc", "active")
    assert bytes(credential_of(bench.acting(), kept)) == bytes(credential)
    states = sorted(each["state"] for each in bench.rows("cards", volunteer="M0001"))
    assert states == ["active", "replaced"]


def test_a_card_that_was_replaced_is_not_challenged_any_more(bench: Any) -> None:
    credential = made(bench)
    bench.do(set_state, credential.card_id.hex(), "lost")
    assert entry(bench, credential)["key"]
    made(bench, uid=bytes(7))
    bench.do(set_state, credential.card_id.hex(), "replaced")
    assert "key" not in entry(bench, credential)


def test_cards_without_a_challenge_bring_no_key(bench: Any) -> None:
    credential = bench.do(register_bound, "M0001", uid=UID).credential
    assert "key" not in entry(bench, credential)


@pytest.mark.parametrize("uid", [b"", bytes(4), bytes(10)])
def test_a_number_that_no_such_chip_has_is_refused(bench: Any, uid: bytes) -> None:
    with pytest.raises(Invalid):
        bench.do(register_challenge, "M0001", uid=uid)


class TestWhatATapProves:
    """The server grades again what a kiosk says."""

    @pytest.mark.parametrize(
        ("evidence", "graded"),
        [
            ({"ti": "9d00c4df"}, ("challenge", "good", None)),
            ({}, ("signed", "good", None)),
            ({"ti": "no conversation"}, ("signed", "good", None)),
            ({"ti": 5}, ("signed", "good", None)),
            ({"ti": "9d00c4df", "digest": "0" * 64}, ("none", "contradicted", "card_forged")),
        ],
        ids=["a conversation", "none", "no name of one", "a number", "another credential"],
    )
    def test_a_challenge_counts_with_its_evidence(
        self, bench: Any, evidence: dict[str, Any], graded: tuple[str, str, str | None]
    ) -> None:
        made(bench)
        assert self.tap(bench, evidence) == graded

    def test_a_card_that_was_never_made_for_a_challenge_proves_what_it_can(self, bench: Any) -> None:
        credential = bench.do(register_bound, "M0001", uid=UID).credential
        bench.cards["M0001"] = f"{credential.card_id.hex()}:{row(bench, credential)['digest']}"
        assert self.tap(bench, {"ti": "9d00c4df"}) == ("signed", "good", None)

    def tap(self, bench: Any, evidence: dict[str, Any]) -> tuple[str, str, str | None]:
        bench.now = TODAY + 10 * 3_600_000
        kiosk = bench.kiosk()
        digest = bench.cards["M0001"].split(":")[1]
        kiosk.tap("M0001", bench.now, medium="nfc", proof="challenge", evidence={"digest": digest} | evidence)
        bench.push(kiosk)
        (event,) = bench.events()
        with bench.uow() as uow:
            assert audit(uow, bench.keys) == []
        return event["proof"], event["standing"], event["standing_reason"]
