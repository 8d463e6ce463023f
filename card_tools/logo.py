"""The community's picture on its cards: which file is taken, and why another is not.

PNG or JPEG. What is white or transparent around the picture is cut away, so that it fills its place; what it
is drawn on is white, whatever the colour of the team. An SVG is not taken: it may draw with fonts and from
files that are not here, so that nobody could promise what is printed.
"""

from io import BytesIO

from PIL import Image, ImageChops, ImageOps, UnidentifiedImageError

from card_tools.errors import LogoUnsuitable

WIDTH, HEIGHT = 22.0, 8.4
"""Millimetres that it has on a card at most."""
MOST_BYTES = 2 << 20
MOST_PIXELS = 25_000_000
"""A picture this large takes 75 MB while it is read; more may be made to exhaust the memory."""
LEAST_DPI = 150
KEPT_DPI = 600
MOST_ELONGATED = 6
_MM = 25.4


def read_logo(content: bytes) -> bytes:
    """The picture as it is printed, a PNG; :class:`LogoUnsuitable` says what is wrong with the file."""
    if len(content) > MOST_BYTES:
        raise LogoUnsuitable(
            f"the picture has {len(content) / (1 << 20):.1f} MB; 2 MB is the most",
            zh=f"图片有 {len(content) / (1 << 20):.1f} MB，最多 2 MB，请缩小后再用。",
        )
    picture = _trimmed(_opened(content))
    _check_size(picture)
    wide, high = fitted(picture.width, picture.height)
    most = round(wide / _MM * KEPT_DPI), round(high / _MM * KEPT_DPI)
    picture.thumbnail((max(1, most[0]), max(1, most[1])))
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def fitted(wide: int, high: int) -> tuple[float, float]:
    """Width and height in millimetres of a picture of so many pixels, as large as its place lets it be."""
    scale = min(WIDTH / wide, HEIGHT / high)
    return wide * scale, high * scale


def size_of(picture: bytes) -> tuple[int, int]:
    """Pixels of what :func:`read_logo` gave."""
    with Image.open(BytesIO(picture)) as opened:
        return opened.size


def _opened(content: bytes) -> Image.Image:
    """The picture upright, in red, green and blue on white."""
    try:
        opened = Image.open(BytesIO(content), formats=("PNG", "JPEG"))
    except UnidentifiedImageError as error:
        raise LogoUnsuitable(
            "the file is no PNG or JPEG picture", zh="这个文件不是 PNG 或 JPEG 图片，请另存为 PNG 再用。"
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large("too many") from error
    with opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise _too_large(f"{opened.width} × {opened.height}")
        try:
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
        # Damaged files end in errors of Pillow's own, of zlib, of whatever reads their numbers.
        except (OSError, SyntaxError, ValueError) as error:
            raise LogoUnsuitable(
                f"the picture is damaged or cut off: {error}", zh="图片已损坏或不完整，请重新导出一份。"
            ) from error
    white = Image.new("RGBA", upright.size, "white")
    return Image.alpha_composite(white, upright).convert("RGB")


def _too_large(pixels: str) -> LogoUnsuitable:
    return LogoUnsuitable(
        f"the picture has {pixels} pixels: make it smaller", zh="图片的像素太多，请缩小后再用。"
    )


def _trimmed(picture: Image.Image) -> Image.Image:
    """Without the white around it; a picture of nothing but white is none."""
    white = Image.new("RGB", picture.size, "white")
    # What a camera or JPEG leaves of white is not quite white.
    ink = ImageChops.difference(picture, white).convert("L").point(lambda grey: 255 if grey > 12 else 0)
    box = ink.getbbox()
    if box is None:
        raise LogoUnsuitable(
            "the picture is white or transparent all over, and it is printed on white",
            zh="图片全是白色或透明的，印在白底上看不见，请换一个深色的。",
        )
    return picture.crop(box)


def _check_size(picture: Image.Image) -> None:
    wide, high = picture.size
    if max(wide, high) > MOST_ELONGATED * min(wide, high):
        raise LogoUnsuitable(
            f"the picture is too elongated for a card: {wide} × {high} pixels",
            zh=f"图片太长太窄（{wide} × {high} 像素），在卡上会小得看不清。",
        )
    least = LEAST_DPI / _MM
    need = [round(side * least) for side in fitted(wide, high)]
    if wide < need[0]:
        raise LogoUnsuitable(
            f"the picture has {wide} × {high} pixels without its margin: it would print blurred, "
            f"{need[0]} × {need[1]} are the least",
            zh=f"去掉白边后图片只有 {wide} × {high} 像素，印出来会模糊，至少要 {need[0]} × {need[1]}。",
        )
