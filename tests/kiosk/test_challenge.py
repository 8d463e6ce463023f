"""A 424 proves at the kiosk that it is itself: real nfcpy, real frames, a card made as ours are."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from card_tools.conversation import converse
from card_tools.credential import seal_key
from card_tools.ndef import to_ndef
from card_tools.ntag424 import CHALLENGE_KEY, key_for
from card_tools.personalise import Order424, issue
from hardware.ports import CardRead, ContentKind
from hardware.simulated import NtagCard
from hardware.simulated.field import VirtualCard
from hardware.simulated.ntag424 import Ntag424Card
from kiosk.challenge import Challenger
from kiosk.roster_view import RosterView
from server.contract.wire import Shown, lookup_key
from tests.support.hardware import bench
from tests.support.kiosk_parts import FakeRosterHolder, World, world
from tests.support.kiosk_roster import BARE_UID, CHIP, CHIP_UID, ISSUER, card_entry, entries

UID = bytes.fromhex("04A1B2C3D4E5F6")
MASTER = bytes(range(16))
OURS = ISSUER.encode_bound(UID, b"card0424")
KEY = key_for(MASTER, UID, CHALLENGE_KEY)


class Copy(Ntag424Card):
    """A chip that says what another one said, and repeats the native answers it has recorded, if any."""

    def __init__(self, uid: bytes, recorded: list[bytes] | None = None) -> None:
        super().__init__(uid, secrets.token_bytes)
        self.write_ndef(to_ndef(OURS))
        self.recorded = recorded

    def apdu(self, command: bytes) -> bytes:
        if self.recorded and command[0] == 0x90:
            return self.recorded.pop(0)
        return super().apdu(command)


class Overheard(Ntag424Card):
    """The real card, with a spy beside the reader."""

    def __init__(self) -> None:
        super().__init__(UID, secrets.token_bytes)
        self.said: list[bytes] = []

    def apdu(self, command: bytes) -> bytes:
        answer = super().apdu(command)
        if command[0] == 0x90:
            self.said.append(answer)
        return answer


def made(card: Ntag424Card) -> Ntag424Card:
    """The card as the office makes it from a chip of the factory."""
    card.activate()
    converse(issue(Order424(uid=UID, message=to_ndef(OURS), master=MASTER)), card.apdu)
    return card


def ours() -> Ntag424Card:
    return made(Ntag424Card(UID, secrets.token_bytes))


def listed(**fields: Any) -> dict[str, Any]:
    key = f"card:{lookup_key('com1', 'card', b'card0424')}"
    sealed = {"key": seal_key(OURS, KEY).hex()}
    entry = card_entry("M0001", b"card0424".hex(), OURS, medium="nfc", proof="challenge", **(sealed | fields))
    return entries(**{key: entry})


def laid_down(card: VirtualCard, whole: dict[str, Any] | None = None, *, frames: int | None = None) -> World:
    """A kiosk on whose reader this card was laid down."""
    kiosk = world(whole or listed())
    with bench(interrogator=Challenger(kiosk.roster)) as b:
        b.field.put(card, frames=frames)
        (read,) = b.log.wait_reads(1)
    kiosk.service.tap(read)
    return kiosk


def test_the_real_card_starts_a_shift_with_the_strongest_proof() -> None:
    kiosk = laid_down(ours())
    assert (kiosk.last.outcome, kiosk.last.name) == ("shift_started", "王小1")
    assert (kiosk.event.proof, kiosk.event.volunteer) == ("challenge", "M0001")


def test_the_event_keeps_which_conversation_it_was_and_no_key() -> None:
    event = laid_down(ours()).event
    assert event.evidence.keys() == {"digest", "ti"}
    assert len(bytes.fromhex(event.evidence["ti"])) == 4
    stored = event.to_bytes().lower()
    for secret in (KEY, UID, OURS.signature, MASTER):
        assert secret.hex().encode() not in stored


def test_two_taps_are_two_conversations() -> None:
    card = ours()
    assert len({laid_down(card).event.evidence["ti"] for _ in range(3)}) == 3


def test_what_it_says_copied_to_another_424_is_forged() -> None:
    kiosk = laid_down(Copy(BARE_UID))
    assert (kiosk.last.outcome, kiosk.event.proof) == ("card_forged", "none")


def test_a_424_that_lies_about_its_uid_as_well_lacks_the_key() -> None:
    kiosk = laid_down(Copy(UID))
    assert (kiosk.last.outcome, kiosk.event.proof, kiosk.event.volunteer) == ("card_forged", "none", None)


def test_recorded_answers_prove_nothing_a_second_time() -> None:
    """The kiosk's number is new each time, so what the real card said once answers no other question."""
    real = made(Overheard())
    real.said.clear()
    assert laid_down(real).event.proof == "challenge"
    assert len(real.said) == 3
    copy = Copy(UID, recorded=list(real.said))
    kiosk = laid_down(copy)
    assert kiosk.last.outcome == "card_forged"
    assert len(copy.recorded or []) == 1, "it was asked for its UID although it had failed"


def test_a_cheaper_chip_with_the_same_uid_and_words_is_forged() -> None:
    clone = NtagCard("ntag215", UID, ndef=to_ndef(OURS))
    assert laid_down(clone).last.outcome == "card_forged"


def test_a_card_torn_away_at_any_frame_is_never_called_forged() -> None:
    with bench(interrogator=Challenger(FakeRosterHolder(RosterView(1, listed())))) as b:
        b.field.put(ours())
        b.log.wait_reads(1)
        frames = len(b.field.history)
    proofs = set()
    for left in range(3, frames, 3):
        kiosk = laid_down(ours(), frames=left)
        assert kiosk.last.outcome in {"shift_started", "card_unreadable"}, left
        proofs.add(kiosk.event.proof)
    assert proofs == {"none", "signed"}


def test_where_the_activity_asks_for_the_challenge_a_torn_card_does_not_do() -> None:
    whole = listed()
    whole["activity:duty"] |= {"least_proof": "challenge"}
    assert laid_down(ours(), whole).last.outcome == "shift_started"
    with bench(interrogator=Challenger(FakeRosterHolder(RosterView(1, listed())))) as b:
        b.field.put(ours())
        b.log.wait_reads(1)
        frames = len(b.field.history)
    assert laid_down(ours(), whole, frames=frames - 4).last.outcome == "proof_too_weak"


def test_a_card_with_a_random_uid_is_known_by_the_one_it_tells_under_the_key() -> None:
    card = ours()
    card.random_uid = True
    assert laid_down(card).event.proof == "challenge"


def test_a_card_that_is_not_listed_with_a_key_is_not_asked() -> None:
    card = made(Overheard())
    card.said.clear()
    kiosk = laid_down(card, listed(key=None))
    assert (kiosk.event.proof, card.said) == ("signed", [])


def test_a_lost_card_is_lost_however_well_it_proves_itself() -> None:
    assert laid_down(ours(), listed(state="lost")).last.outcome == "card_lost"


class TestWhatIsAsked:
    """The interrogator alone, with a card that notes whether it was spoken to."""

    def silent(self, command: bytes) -> bytes:
        pytest.fail(f"the card was asked {command.hex()}")

    def ask(self, whole: dict[str, Any] | None, message: bytes, say: Callable[[bytes], bytes]) -> Any:
        return Challenger(FakeRosterHolder(RosterView(1, whole) if whole else None))(UID, message, say)

    @pytest.mark.parametrize(
        "message", [b"", b"\xd1\x01\x00T", to_ndef(CHIP)], ids=["empty", "other", "NTAG"]
    )
    def test_nobody_else_is_asked(self, message: bytes) -> None:
        assert self.ask(listed(), message, self.silent) is None

    def test_without_a_roster_nobody_is_asked(self) -> None:
        assert self.ask(None, to_ndef(OURS), self.silent) is None

    def test_the_key_does_not_open_for_an_edited_card(self) -> None:
        edited = bytearray(to_ndef(OURS))
        edited[-1] ^= 1
        found = self.ask(listed(), bytes(edited), self.silent)
        assert found["challenge"].keys() == {"refused"}

    def test_a_chip_that_answers_the_challenge_and_refuses_its_uid_is_refused(self) -> None:
        card = ours()
        card.activate()

        def say(command: bytes) -> bytes:
            return b"\x91\x9d" if command[1] == 0x51 else card.apdu(command)

        assert self.ask(listed(), to_ndef(OURS), say)["challenge"].keys() == {"refused"}


def test_an_answer_counts_only_where_the_roster_has_the_key_and_the_uid_is_the_cards() -> None:
    def seen(uid: bytes, whole: dict[str, Any], real: bytes) -> Any:
        kiosk = world(whole)
        answer = {"challenge": {"ti": "01020304", "uid": real.hex()}}
        found = to_ndef(OURS if uid == UID else CHIP)
        kiosk.service.tap(
            CardRead(medium="nfc", uid=uid, content=found, content_kind=ContentKind.NDEF, proof=answer)
        )
        return kiosk.event

    assert seen(UID, listed(), UID).proof == "challenge"
    assert seen(CHIP_UID, entries(), CHIP_UID).proof == "signed"
    assert seen(UID, listed(), CHIP_UID).shown == Shown.CARD_FORGED
