"""A card on a chip: our record, among others, or as text that a phone app wrote."""

import io
from urllib.parse import quote

import ndef as ndeflib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from card_tools.credential import Issuer
from card_tools.errors import CardUnreadable
from card_tools.ndef import Record, from_ndef, from_type2, records, to_ndef, to_type2

CARD = Issuer(bytes(32)).encode_bound(bytes(7), b"\x01" * 8)


def _message(*parts: ndeflib.Record) -> bytes:
    stream = io.BytesIO()
    encoder = ndeflib.message_encoder(stream=stream)
    encoder.send(None)
    for part in (*parts, None):
        encoder.send(part)
    return stream.getvalue()


def test_the_message_is_one_short_external_record_that_an_ntag213_takes():
    message = to_ndef(CARD)
    assert message[:12] == b"\xd4\x09\x4fyika.cn:c"
    assert len(to_type2(message)) <= 144
    (record,) = ndeflib.message_decoder(message)
    assert (record.type, record.data) == ("urn:nfc:ext:yika.cn:c", CARD.raw)


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=4, max_size=10))
def test_what_was_written_is_read(card_id: bytes, uid: bytes):
    card = Issuer(bytes(32)).encode_bound(uid, card_id)
    assert from_ndef(from_type2(to_type2(to_ndef(card)))) == card


def test_our_record_is_found_among_others_in_short_and_long_form():
    ours = ndeflib.Record("urn:nfc:ext:yika.cn:c", "id", CARD.raw)
    others = ndeflib.UriRecord("https://example.org"), ndeflib.Record("text/plain", "", b"x" * 300)
    assert from_ndef(_message(*others, ours)) == CARD
    assert from_ndef(_message(ours, *others)) == CARD


def test_a_type_in_capitals_is_the_same_type():
    assert from_ndef(to_ndef(CARD).replace(b"yika.cn:c", b"YIKA.CN:C")) == CARD


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16"])
def test_a_cards_text_is_found_in_a_text_record(encoding: str):
    assert from_ndef(_message(ndeflib.TextRecord(CARD.text, "zh", encoding))) == CARD


@pytest.mark.parametrize(
    "address", [CARD.text, "https://example.org/c#" + CARD.text, quote(CARD.text, safe=":")]
)
def test_a_cards_text_is_found_in_an_address_record_even_escaped(address: str):
    raw = b"\xd1\x01" + bytes([len(address) + 1]) + b"U\x00" + address.encode()
    assert from_ndef(raw) == CARD


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (b"", "empty"),
        (b"\xd0\x00\x00", "no card"),
        (b"\xd1\x01\x00T", "no card"),
        (b"\xd1\x01\x05X12345", "no card"),
        (b"\xd4\x09\x4fyika", "in the middle"),
        (b"\xf4\x01\x01a1", "chunked"),
        (b"\xd6\x00\x01a", "chunked"),
        (b"\xd4\x09\x02yika.cn:cxx", "79 bytes"),
    ],
)
def test_a_message_without_a_card_is_unreadable_and_says_why(message: bytes, says: str):
    with pytest.raises(CardUnreadable, match=says):
        from_ndef(message)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_card_or_unreadable_and_never_anything_else(content: bytes):
    for read in (from_ndef, lambda area: from_ndef(from_type2(area))):
        try:
            read(content)
        except CardUnreadable:
            continue


def test_records_after_the_one_marked_last_are_not_read():
    assert list(records(to_ndef(CARD) + b"\xff\xff\xff")) == [Record(4, b"yika.cn:c", CARD.raw)]


def test_a_tags_memory_may_hold_other_blocks_before_the_message():
    area = b"\x00\x01\x03\xa0\x0c\x34" + to_type2(to_ndef(CARD))
    assert from_type2(area) == to_ndef(CARD)


def test_a_long_message_has_a_length_of_three_bytes():
    assert from_type2(to_type2(b"m" * 300)) == b"m" * 300


@pytest.mark.parametrize("area", [b"\xfe\x03\x00", b"\x00\x00", b""])
def test_a_tag_without_a_message_is_unreadable(area: bytes):
    with pytest.raises(CardUnreadable, match="no NDEF message"):
        from_type2(area)
