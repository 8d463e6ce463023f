"""Codes that other people's programs make: each is read as it stands or not at all, and is no card."""

from collections.abc import Callable

import numpy as np
import pytest
import qrcode
import zxingcpp
from qrcode import util

from benchmarks import qr_pictures
from hardware.ports import CardRead, ContentKind
from hardware.qr_camera import CameraSettings, Watcher
from hardware.qr_decode import Decoder
from kiosk.cards import recognise
from kiosk.roster_view import RosterView
from server.contract.wire import Shown
from tests.support.kiosk_roster import entries
from tests.support.kiosk_world import now

BYTE_MODE, STRUCTURED_APPEND, ECI = 4, 3, 7
"""Mode indicators of ISO/IEC 18004, table 2."""


def by_hand(content: bytes, *header: tuple[int, int]) -> np.ndarray:
    """A code of version 4-M whose bits begin with what ``qrcode`` does not write: value and width."""
    code = qrcode.QRCode(version=4, error_correction=qrcode.ERROR_CORRECT_M, box_size=4)
    blocks = qrcode.base.rs_blocks(4, qrcode.ERROR_CORRECT_M)
    bits = util.BitBuffer()
    for value, width in (
        *header,
        (BYTE_MODE, 4),
        (len(content), 8),
        *((byte, 8) for byte in content),
        (0, 4),
    ):
        bits.put(value, width)
    while len(bits) % 8:
        bits.put_bit(False)
    room = sum(block.data_count for block in blocks)
    for number in range(room - len(bits) // 8):
        bits.put((0xEC, 0x11)[number % 2], 8)
    code.data_cache = util.create_bytes(bits, blocks)
    code.makeImpl(False, 3)
    return np.array(code.make_image().get_image().convert("L"))


def of_kind(content: str | bytes, kind: zxingcpp.BarcodeFormat) -> np.ndarray:
    made = zxingcpp.create_barcode(content, kind)
    return np.array(zxingcpp.write_barcode_to_image(made, scale=4, add_quiet_zones=True))


def outcome(content: bytes) -> Shown | None:
    """What a kiosk says of it."""
    read = CardRead(medium="qr", content=content, content_kind=ContentKind.TEXT)
    return recognise(read, RosterView(1, entries()), now(synced=True), last_step=lambda _: None).fault


@pytest.mark.parametrize(
    ("code", "content"),
    [
        (
            lambda: of_kind(b"\xff\xfe\x00\x80 no text", zxingcpp.BarcodeFormat.QRCode),
            b"\xff\xfe\x00\x80 no text",
        ),
        (lambda: by_hand("卡".encode("gb18030")), "卡".encode("gb18030")),
        (lambda: by_hand("カード".encode("shift_jis"), (ECI, 4), (20, 8)), "カード".encode("shift_jis")),
        (lambda: by_hand(b"of no known set", (ECI, 4), (127, 8)), b"of no known set"),
        (lambda: by_hand(b"YIKA:\xff\xff"), b"YIKA:\xff\xff"),
        (
            lambda: by_hand(b"the first of two", (STRUCTURED_APPEND, 4), (0, 4), (1, 4), (0x5A, 8)),
            b"the first of two",
        ),
    ],
    ids=["bytes", "GB 18030", "ECI 20", "unknown ECI", "our prefix", "structured append"],
)
def test_a_foreign_code_is_read_byte_for_byte_and_is_no_card(
    code: Callable[[], np.ndarray], content: bytes
) -> None:
    assert Decoder().read(code()) == content
    assert outcome(content) is Shown.CARD_UNREADABLE


@pytest.mark.parametrize("kind", ["MicroQRCode", "RMQRCode", "Aztec", "DataMatrix", "Code128", "PDF417"])
def test_other_kinds_of_codes_are_not_looked_for_in_a_single_picture(kind: str) -> None:
    """No card of ours is one; the smallest of them are "seen" in any clutter."""
    assert Decoder().read(of_kind("12345", getattr(zxingcpp.BarcodeFormat, kind))) is None


def shown(*codes: np.ndarray | None) -> list[bytes]:
    """What a camera tells that sees these codes one after the other, for a frame each, in an empty room."""
    rng, watcher, told = np.random.default_rng(9), Watcher(CameraSettings()), []
    for number, code in enumerate([None, *codes]):
        frame = np.full((360, 640), 110, np.uint8)
        if code is not None:
            frame[60 : 60 + len(code), 90 : 90 + len(code[0])] = code
        told += watcher.look(qr_pictures.grain(rng, frame), number * 40)
    return [found.content for found in told]


@pytest.mark.parametrize("kind", ["MicroQRCode", "RMQRCode"])
def test_a_small_code_that_stays_for_two_frames_is_told_once_and_is_no_card(kind: str) -> None:
    """Whoever shows one hears that it is no card of ours, and not nothing."""
    one, other = (of_kind(text, getattr(zxingcpp.BarcodeFormat, kind)) for text in ("12345", "67890"))
    assert shown(one, one, one) == [b"12345"]
    assert shown(one, other, None, one) == []
    assert outcome(b"12345") is Shown.CARD_UNREADABLE


def test_a_small_code_beside_a_card_is_passed_over() -> None:
    card, small = (
        of_kind("CARD", zxingcpp.BarcodeFormat.QRCode),
        of_kind("1", zxingcpp.BarcodeFormat.MicroQRCode),
    )
    both = np.full((len(card), len(card[0]) + len(small[0])), 255, np.uint8)
    both[:, : len(card[0])] = card
    both[: len(small), len(card[0]) :] = small
    assert shown(both, both) == [b"CARD"]


def test_a_code_whose_bits_make_no_sense_is_unread_or_at_least_no_card() -> None:
    """Modes and lengths at random, with error correction that holds: what a hostile printer could hand in."""
    rng, decoder = np.random.default_rng(4), Decoder()
    for _ in range(60):
        header = [(int(rng.integers(16)), 4), (int(rng.integers(256)), 8), (int(rng.integers(256)), 8)]
        found = decoder.glance(by_hand(rng.bytes(20), *header))
        assert all(outcome(one.content) is Shown.CARD_UNREADABLE for one in found)
