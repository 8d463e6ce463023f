"""The community's picture: what file is taken, how large it is printed, and what is told about the others."""

from contextlib import suppress
from io import BytesIO
from zlib import crc32

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from card_tools.errors import LogoUnsuitable
from card_tools.logo import HEIGHT, MOST_BYTES, WIDTH, fitted, read_logo, size_of

RED = (192, 32, 32)


def picture(
    size: tuple[int, int] = (300, 300),
    box: tuple[int, int, int, int] = (50, 50, 249, 249),
    *,
    mode: str = "RGB",
    ground: str | tuple[int, ...] = "white",
) -> Image.Image:
    """A red rectangle on a ground."""
    drawn = Image.new(mode, size, ground)
    ImageDraw.Draw(drawn).rectangle(box, fill=RED)
    return drawn


def saved(drawn: Image.Image, form: str = "PNG", **how: object) -> bytes:
    out = BytesIO()
    drawn.save(out, form, **how)
    return out.getvalue()


GOOD = saved(picture())


def claiming(side: int) -> bytes:
    """A small file that says it holds a picture of this many pixels each way."""
    head = b"IHDR" + side.to_bytes(4, "big") * 2 + GOOD[24:29]
    return GOOD[:12] + head + crc32(head).to_bytes(4, "big") + GOOD[33:]


def said(content: bytes) -> str:
    with pytest.raises(LogoUnsuitable) as refused:
        read_logo(content)
    assert refused.value.zh not in {"", LogoUnsuitable.zh}
    return str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        saved(picture(mode="RGBA", ground=(0, 0, 0, 0))),
        saved(picture().quantize(4)),
        saved(picture(), "JPEG", quality=80),
        saved(picture().convert("CMYK"), "JPEG", quality=95),
    ],
    ids=["png", "transparent", "palette", "jpeg", "for printers"],
)
def test_every_kind_of_png_and_jpeg_is_taken_and_its_white_margin_cut_away(content: bytes) -> None:
    read = read_logo(content)
    assert size_of(read) == pytest.approx((200, 200), abs=3)
    with Image.open(BytesIO(read)) as opened:
        assert opened.getpixel((100, 100)) == pytest.approx(RED, abs=16)


def test_a_picture_that_a_telephone_took_on_its_side_stands_upright() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    wide, high = size_of(read_logo(saved(picture(box=(20, 100, 279, 199)), "JPEG", exif=turned)))
    assert high > 2 * wide


def test_a_large_picture_is_kept_no_finer_than_printers_print() -> None:
    drawn = picture((3000, 3000), (0, 0, 2999, 2999))
    wide, high = size_of(read_logo(saved(drawn)))
    assert wide == high == round(HEIGHT / 25.4 * 600)


@pytest.mark.parametrize(
    ("wide", "high", "size"),
    [(100, 100, (HEIGHT, HEIGHT)), (400, 100, (WIDTH, 5.5)), (100, 200, (4.2, HEIGHT))],
)
def test_it_is_as_large_as_its_place_lets_it_be(wide: int, high: int, size: tuple[float, float]) -> None:
    assert fitted(wide, high) == pytest.approx(size)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no PNG or JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no PNG or JPEG"),
        (saved(picture(), "GIF"), "no PNG or JPEG"),
        (saved(picture(), "WEBP"), "no PNG or JPEG"),
        (b"PK\x03\x04 a document", "no PNG or JPEG"),
        (GOOD + bytes(MOST_BYTES), "2 MB is the most"),
        (GOOD[: len(GOOD) // 2], "damaged or cut off"),
        (saved(picture(), "JPEG")[:800], "damaged or cut off"),
        (saved(Image.new("RGB", (300, 300), "white")), "white or transparent all over"),
        (saved(Image.new("RGBA", (300, 300), (0, 0, 0, 0))), "white or transparent all over"),
        (saved(picture((30, 30), (5, 5, 24, 24))), "50 × 50 are the least"),
        (saved(picture((900, 300), (0, 140, 899, 159))), "too elongated"),
        (saved(Image.new("1", (5100, 5000))), "make it smaller"),
        (claiming(0xFFFF), "make it smaller"),
        (claiming(10_000), "make it smaller"),
    ],
)
def test_what_is_no_picture_for_a_card_is_told_with_what_to_do(content: bytes, says: str) -> None:
    assert says in said(content)


@given(st.binary(max_size=40), st.integers(0, len(GOOD)))
@example(b"", 0)
@settings(deadline=None)
def test_whatever_the_file_only_this_error_comes_out(noise: bytes, at: int) -> None:
    with suppress(LogoUnsuitable):
        assert size_of(read_logo(GOOD[:at] + noise + GOOD[at + len(noise) :])) > (0, 0)
