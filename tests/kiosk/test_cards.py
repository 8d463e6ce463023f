"""From a read to a card that is believed, or a word that says why not."""

from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from card_tools import phone_code
from card_tools.credential import Issuer, Note, digest
from card_tools.ndef import to_ndef
from hardware.ports import CardRead, ContentKind
from kiosk.cards import recognise, unchecked
from kiosk.outcomes import SeenCard
from kiosk.roster_view import RosterView
from server.contract.hours import Hours
from server.contract.lookup import chip_key
from server.contract.wire import Shown, lookup_key
from tests.support.kiosk_roster import (
    BARE_UID,
    CHIP,
    CHIP_UID,
    ISSUER,
    PRINTED,
    card_entry,
    entries,
    with_note,
)
from tests.support.kiosk_world import AT, now

PHONE = ec.derive_private_key(7, ec.SECP256R1())


def qr(text: str) -> CardRead:
    return CardRead(medium="qr", content=text.encode(), content_kind=ContentKind.TEXT)


def nfc(uid: bytes, ndef: bytes | None = None, kind: ContentKind | None = None) -> CardRead:
    found = ContentKind.NONE if ndef is None else ContentKind.NDEF
    return CardRead(medium="nfc", uid=uid, content=ndef or b"", content_kind=kind or found)


def seen(
    read: CardRead, *, whole: dict | None = None, synced: bool = True, last: int | None = None
) -> SeenCard:
    view = RosterView(1, whole or entries())
    return recognise(read, view, now(synced=synced), last_step=lambda card_id: last)


class TestPrintedCards:
    def test_a_printed_card_proves_static_and_opens_its_name(self) -> None:
        card = seen(qr(PRINTED.text))
        assert (card.proof, card.genuine, card.fault, card.name) == ("static", True, None, "王小1")
        assert card.lookup == lookup_key("com1", "card", b"card0001")
        assert card.card_id == b"card0001".hex()

    def test_the_evidence_cannot_make_a_card(self) -> None:
        card = seen(qr(PRINTED.text))
        assert card.evidence == {"digest": digest(PRINTED)}

    def test_a_code_of_something_else_is_unreadable(self) -> None:
        assert seen(qr("https://example.org/")).fault is Shown.CARD_UNREADABLE

    def test_an_edited_card_is_forged(self) -> None:
        edited = bytearray(PRINTED.raw)
        edited[6] ^= 1
        card = seen(CardRead(medium="qr", content=PRINTED.__class__(bytes(edited)).text.encode()))
        assert (card.fault, card.genuine, card.proof) == (Shown.CARD_FORGED, False, "none")

    def test_a_card_of_another_issuer_is_another_communitys(self) -> None:
        other = Issuer(b"o" * 32).encode_static(b"card0001")
        assert seen(qr(other.text)).fault is Shown.CARD_OTHER_COMMUNITY

    def test_a_card_past_its_day_is_expired_only_when_the_clock_is_set(self) -> None:
        old = ISSUER.encode_static(b"card0001", expires=date(2021, 1, 1))
        assert seen(qr(old.text)).fault is Shown.CARD_EXPIRED
        assert seen(qr(old.text), synced=False).fault is None

    def test_a_card_that_is_not_listed_yet_has_no_name(self) -> None:
        assert seen(qr(ISSUER.encode_static(b"card0099").text)).name is None

    def test_a_name_sealed_for_the_cards_predecessor_does_not_show(self) -> None:
        whole = entries()
        key = f"card:{lookup_key('com1', 'card', b'card0001')}"
        whole[key] = card_entry("M0001", "c", CHIP)
        assert seen(qr(PRINTED.text), whole=whole).name is None


class TestNotes:
    def test_a_card_opens_its_hours_and_a_leaders_card_its_members(self) -> None:
        whole = with_note(entries(), PRINTED, Note.HOURS, Hours(40, 385, 7200).to_text())
        whole = with_note(whole, PRINTED, Note.MEMBERS, '{"M0002":"王女士"}')
        card = seen(qr(PRINTED.text), whole=whole)
        assert (card.hours, card.members) == (Hours(40, 385, 7200), {"M0002": "王女士"})

    def test_without_them_there_is_nothing_to_open(self) -> None:
        card = seen(qr(PRINTED.text))
        assert (card.hours, card.members) == (None, {})

    @pytest.mark.parametrize("newer", ['["form 2"]', "form 2"])
    def test_a_newer_servers_form_is_left_aside_and_the_tap_counts(self, newer: str) -> None:
        whole = with_note(entries(), PRINTED, Note.HOURS, newer)
        whole = with_note(whole, PRINTED, Note.MEMBERS, newer)
        card = seen(qr(PRINTED.text), whole=whole)
        assert (card.hours, card.members, card.fault, card.name) == (None, {}, None, "王小1")

    def test_a_chip_known_by_its_uid_opens_nothing(self) -> None:
        whole = with_note(entries(), PRINTED, Note.HOURS, Hours(40).to_text())
        assert seen(nfc(BARE_UID), whole=whole).hours is None


class TestChips:
    def test_a_card_bound_to_its_chip_proves_signed(self) -> None:
        card = seen(nfc(CHIP_UID, to_ndef(CHIP)))
        assert (card.proof, card.fault, card.name) == ("signed", None, "王小2")

    def test_the_same_words_on_another_chip_are_forged(self) -> None:
        assert seen(nfc(BARE_UID, to_ndef(CHIP))).fault is Shown.CARD_FORGED

    def test_a_printed_cards_words_on_a_chip_stay_static(self) -> None:
        assert seen(nfc(BARE_UID, to_ndef(PRINTED))).proof == "static"

    def test_a_cards_text_on_a_chip_is_read_as_well(self) -> None:
        read = CardRead(
            medium="nfc", uid=BARE_UID, content=PRINTED.text.encode(), content_kind=ContentKind.TEXT
        )
        assert seen(read).proof == "static"

    @pytest.mark.parametrize("ndef", [None, b"", b"\xd1\x01\x00T"], ids=["none", "empty", "other"])
    def test_a_chip_without_our_record_is_known_by_its_uid(self, ndef: bytes | None) -> None:
        card = seen(nfc(BARE_UID, ndef))
        assert (card.proof, card.fault, card.name) == ("uid", None, None)
        assert card.lookup == lookup_key("com1", "uid", BARE_UID)

    def test_a_chip_that_nobody_knows_is_told_by_its_slow_key(self) -> None:
        card = seen(nfc(b"\x04unseen"))
        assert (card.proof, card.lookup) == ("uid", chip_key("com1", b"\x04unseen"))

    def test_a_registered_chip_that_could_only_give_its_uid_is_still_known(self) -> None:
        assert seen(nfc(BARE_UID, kind=ContentKind.UNREADABLE)).proof == "uid"

    def test_a_strange_chip_that_could_not_be_read_whole_is_unreadable(self) -> None:
        assert seen(nfc(CHIP_UID, kind=ContentKind.UNREADABLE)).fault is Shown.CARD_UNREADABLE

    def test_a_phones_random_uid_is_named_as_such(self) -> None:
        for uid in ("08A1B2C3", "01FE000102030405"):
            assert seen(nfc(bytes.fromhex(uid))).fault is Shown.PHONE_UID_RANDOM

    def test_a_read_without_uid_is_unreadable(self) -> None:
        assert seen(nfc(b"")).fault is Shown.CARD_UNREADABLE


class TestPhones:
    def phone(self, step: int) -> CardRead:
        def sign(message: bytes) -> bytes:
            r, s = decode_dss_signature(PHONE.sign(message, ec.ECDSA(SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")

        return qr(phone_code.encode(b"phone001", step, sign).text)

    def listed(self) -> dict:
        point = PHONE.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        key = f"card:{lookup_key('com1', 'card', b'phone001')}"
        return entries(**{key: card_entry("M0001", b"phone001".hex(), public=point.hex())})

    def test_a_fresh_code_proves_rotating(self) -> None:
        step = phone_code.step_at(AT)
        card = seen(self.phone(step), whole=self.listed())
        assert (card.proof, card.genuine, card.evidence) == ("rotating", True, {"step": step})

    def test_without_a_set_clock_it_counts_as_static(self) -> None:
        assert seen(self.phone(1), whole=self.listed(), synced=False).proof == "static"

    def test_an_old_code_is_expired(self) -> None:
        read = self.phone(phone_code.step_at(AT) - 2)
        assert seen(read, whole=self.listed()).fault is Shown.PHONE_CODE_EXPIRED

    def test_a_used_code_is_replayed_whatever_the_clock(self) -> None:
        step = phone_code.step_at(AT)
        card = seen(self.phone(step), whole=self.listed(), last=step, synced=False)
        assert card.fault is Shown.CARD_REPLAYED

    def test_a_phone_that_is_not_listed_proves_nothing(self) -> None:
        assert seen(self.phone(phone_code.step_at(AT))).fault is Shown.CARD_UNKNOWN


class TestWithoutARoster:
    def test_what_a_card_says_of_itself_is_kept_for_staff(self) -> None:
        card = unchecked(qr(PRINTED.text), "com1")
        assert (card.card_id, card.evidence, card.genuine) == (
            PRINTED.card_id.hex(),
            {"digest": digest(PRINTED)},
            False,
        )
        assert unchecked(nfc(CHIP_UID, to_ndef(CHIP)), "com1").card_id == CHIP.card_id.hex()

    def test_a_bare_chip_is_kept_as_its_look_up_key(self) -> None:
        assert unchecked(nfc(BARE_UID), "com1").card_id == chip_key("com1", BARE_UID)
        assert unchecked(qr("x"), "com1").card_id == ""
