"""Draws QR codes as a camera may see them: one fault at a time, mixed, and in sequences; seeded."""

import string
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import qrcode

Gray = np.ndarray[Any, np.dtype[Any]]
Rng = np.random.Generator
BASE45 = string.digits + string.ascii_uppercase + " $%*+-./:"
SIZES = {"card": (7, "Q", 117), "small": (2, "M", 25), "plain": (4, "M", 60), "large": (10, "M", 220)}
"""Version, error level and length of what the codes say; ``card`` is Yika's own."""


@lru_cache(maxsize=512)
def _modules(text: str, version: int, level: str) -> Gray:
    code = qrcode.QRCode(
        version=version, error_correction=getattr(qrcode.constants, f"ERROR_CORRECT_{level}")
    )
    code.add_data(text, optimize=0)
    code.make(fit=True)
    return np.where(np.array(code.get_matrix(), dtype=bool), 0, 255).astype(np.uint8)


def code(rng: Rng, size: str | None = None) -> tuple[bytes, Gray]:
    """A random text and its modules with the quiet zone, one pixel each; half of all are Yika's own size."""
    size = size or str(rng.choice(["card", "card", "card", "small", "plain", "large"]))
    version, level, length = SIZES[size]
    text = "".join(rng.choice(list(BASE45), length))
    return text.encode(), _modules(text, version, level)


def scene(rng: Rng, width: int, height: int) -> Gray:
    """A room out of focus: slopes of light and some furniture."""
    coarse = rng.uniform(60, 190, (6, 8)).astype(np.float32)
    room = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(6):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        corner = (x + int(rng.integers(20, width // 3)), y + int(rng.integers(20, height // 3)))
        cv2.rectangle(room, (x, y), corner, float(rng.uniform(40, 220)), -1)
    return cv2.GaussianBlur(room, (0, 0), 3)


def _corners(rng: Rng, width: int, height: int, side: float, turn: float, tilt: float) -> Gray:
    """Where the four corners of a square land, turned in the plane and tilted about a random axis."""
    axis = rng.uniform(0, np.pi)
    unit = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], dtype=float) * side / 2
    across = np.array([np.cos(axis), np.sin(axis), 0.0])
    for angle, about in ((np.radians(turn), np.array([0, 0, 1.0])), (np.radians(tilt), across)):
        rotation, _ = cv2.Rodrigues(about * angle)
        unit = unit @ rotation.T
    distance = 3.0 * side
    seen = unit[:, :2] * (distance / (distance + unit[:, 2:3]))
    reach = np.abs(seen).max(axis=0) + 4
    center = [
        rng.uniform(min(r, s / 2), max(s - r, s / 2)) for r, s in zip(reach, (width, height), strict=True)
    ]
    return (seen + center).astype(np.float32)


def paste(room: Gray, modules: Gray, corners: Gray, contrast: tuple[float, float] = (20, 235)) -> Gray:
    """Lay the code, printed on a card, into the room; four samples a pixel each way keep its edges true."""
    over, cell = 3, 8
    big = cv2.resize(modules, None, fx=cell, fy=cell, interpolation=cv2.INTER_NEAREST).astype(np.float32)
    dark, light = contrast
    big = dark + big / 255 * (light - dark)
    size = big.shape[0]
    source = np.array([[0, 0], [size, 0], [size, size], [0, size]], dtype=np.float32)
    low, high = np.floor(corners.min(axis=0)) - 2, np.ceil(corners.max(axis=0)) + 2
    low, high = np.maximum(low, 0).astype(int), np.minimum(high, room.shape[::-1]).astype(int)
    matrix = cv2.getPerspectiveTransform(source, ((corners - low) * over).astype(np.float32))
    window = tuple(int(v) for v in (high - low) * over)
    drawn = cv2.warpPerspective(big, matrix, window, flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.ones_like(big), matrix, window)
    drawn, mask = (
        cv2.resize(a, tuple(int(v) for v in high - low), interpolation=cv2.INTER_AREA) for a in (drawn, mask)
    )
    frame = room.copy()
    part = frame[low[1] : high[1], low[0] : high[0]]
    part[:] = part * (1 - mask) + drawn
    return frame


def shot(rng: Rng, **how: Any) -> tuple[bytes, Gray, float, Gray]:
    """A sharp picture: text, picture, pixels a module, corners."""
    width, height = how.get("frame", (640, 480))
    text, modules = code(rng, how.get("size"))
    module = how.get("module", float(rng.uniform(2.6, 4.5)))
    module = min(module, 0.92 * height / len(modules))
    side = module * len(modules)
    turn = how.get("turn", float(rng.uniform(-15, 15)))
    corners = _corners(rng, width, height, side, turn, how.get("tilt", float(rng.uniform(0, 12))))
    picture = paste(scene(rng, width, height), modules, corners, how.get("contrast", (20, 235)))
    return text, picture, module, corners


def grain(rng: Rng, picture: Gray, sigma: float = 4.0) -> Gray:
    """The sensor's noise, and back to bytes."""
    noisy = picture + rng.normal(0, sigma, picture.shape).astype(np.float32)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def smear(picture: Gray, length: float, angle: float) -> Gray:
    """A straight movement during the exposure."""
    size = int(np.ceil(length)) | 1
    size = max(3, size + 2)
    kernel = np.zeros((size * 8, size * 8), np.float32)
    middle = size * 4
    dx, dy = np.cos(angle) * length * 4, np.sin(angle) * length * 4
    ends = [(int(middle + s * dx), int(middle + s * dy)) for s in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 8)
    kernel = cv2.resize(kernel, (size, size), interpolation=cv2.INTER_AREA)
    return cv2.filter2D(picture, -1, kernel / kernel.sum())


def bleach(rng: Rng, picture: Gray, corners: Gray, share: float) -> Gray:
    """A lamp's reflection: an ellipse over that share of the code, white in the middle, soft at its edge."""
    side = float(np.linalg.norm(corners[0] - corners[1]))
    ratio = rng.uniform(0.5, 2.0)
    radius = np.sqrt(share * side * side / np.pi)
    center = corners.mean(axis=0) + rng.uniform(-0.25, 0.25, 2) * side
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    distance = np.hypot((x - center[0]) / ratio**0.5, (y - center[1]) * ratio**0.5) / radius
    return picture + 330 * np.clip(1.5 - distance, 0, 1) ** 1.2


def _curl(rng: Rng, degrees: float) -> tuple[bytes, Gray]:
    text, flat, _, corners = shot(rng, tilt=0.0, turn=float(rng.uniform(-5, 5)), module=3.4)
    center = corners.mean(axis=0)
    half = float(np.abs(corners - center).max())
    bend = np.radians(degrees)
    radius = 2 * half / bend
    y, x = np.mgrid[: flat.shape[0], : flat.shape[1]].astype(np.float32)
    sideways = rng.random() < 0.5
    along = (x - center[0] if sideways else y - center[1]).astype(np.float32)

    bent = (radius * np.arcsin(np.clip(along / radius, -1, 1)) - along).astype(np.float32)
    moved = (x + bent, y) if sideways else (x, y + bent)
    shade = 0.55 + 0.45 * np.cos((along + bent) / radius)
    return text, cv2.remap(
        flat, moved[0], moved[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ) * shade


def _moire(rng: Rng, picture: Gray) -> Gray:
    """A phone's screen filmed: its raster beats with the camera's."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    pitch, angle = rng.uniform(2.1, 3.2), rng.uniform(-0.3, 0.3)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    raster = (np.sin(2 * np.pi * u / pitch) + np.sin(2 * np.pi * v / pitch)) / 2
    slow = np.sin(2 * np.pi * (u * 0.9 + v * 0.4) / rng.uniform(14, 40))
    return picture * (1 + 0.55 * raster + 0.2 * slow)


def _uneven(rng: Rng, picture: Gray, depth: float) -> Gray:
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    slope = (x * np.cos(angle) / picture.shape[1] + y * np.sin(angle) / picture.shape[0]) * 2
    edge = 1 / (1 + np.exp(-(slope - slope.mean()) * 14))
    return picture * (1 - depth * edge)


def _dirt(rng: Rng, picture: Gray, corners: Gray) -> Gray:
    side = float(np.linalg.norm(corners[0] - corners[1]))
    center = corners.mean(axis=0)
    dirty = picture.copy()
    for _ in range(int(rng.integers(3, 8))):
        where = center + rng.uniform(-0.45, 0.45, 2) * side
        end = where + rng.uniform(-0.4, 0.4, 2) * side
        shade, width = float(rng.choice([30.0, 225.0])), max(1, int(side * rng.uniform(0.01, 0.04)))
        cv2.line(dirty, tuple(int(v) for v in where), tuple(int(v) for v in end), shade, width)
    return dirty


def _jpeg(picture: Gray, quality: int) -> Gray:
    _, data = cv2.imencode(
        ".jpg", np.clip(picture, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE).astype(np.float32)


def _clean(rng: Rng) -> tuple[bytes, Gray]:
    text, sharp, _, _ = shot(rng)
    return text, sharp


def _small(rng: Rng) -> tuple[bytes, Gray]:
    text, sharp, _, _ = shot(rng, module=float(rng.uniform(1.3, 1.8)), tilt=0.0)
    return text, sharp


def _blur(rng: Rng) -> tuple[bytes, Gray]:
    text, sharp, module, _ = shot(rng)
    return text, cv2.GaussianBlur(sharp, (0, 0), float(rng.uniform(0.38, 0.62)) * module)


def _motion(rng: Rng) -> tuple[bytes, Gray]:
    text, sharp, module, _ = shot(rng)
    return text, smear(sharp, float(rng.uniform(1.1, 2.1)) * module, float(rng.uniform(0, np.pi)))


def _tilt(rng: Rng) -> tuple[bytes, Gray]:
    text, sharp, _, _ = shot(rng, tilt=float(rng.uniform(48, 66)), module=4.5)
    return text, sharp


def _glare(rng: Rng) -> tuple[bytes, Gray]:
    text, sharp, _, corners = shot(rng)
    return text, bleach(rng, sharp, corners, float(rng.uniform(0.08, 0.22)))


def _dark(rng: Rng) -> tuple[bytes, Gray]:
    text, sharp, _, _ = shot(rng)
    return text, sharp * float(rng.uniform(0.04, 0.09))


def _moired(rng: Rng) -> tuple[bytes, Gray]:
    text, sharp, _, _ = shot(rng)
    return text, _moire(rng, sharp)


def _noise(rng: Rng) -> tuple[bytes, Gray]:
    text, sharp, _, _ = shot(rng)
    return text, sharp + rng.normal(0, float(rng.uniform(40, 80)), sharp.shape)


def _pale(rng: Rng) -> tuple[bytes, Gray]:
    level = float(rng.uniform(80, 160))
    text, sharp, _, _ = shot(rng, contrast=(level, level + float(rng.uniform(12, 30))))
    return text, sharp


def _inverted(rng: Rng) -> tuple[bytes, Gray]:
    text, sharp, _, _ = shot(rng, contrast=(235, 20))
    return text, sharp


def _rotated(rng: Rng) -> tuple[bytes, Gray]:
    text, sharp, _, _ = shot(rng, turn=float(rng.uniform(0, 360)))
    return text, sharp


def _shadow(rng: Rng) -> tuple[bytes, Gray]:
    text, sharp, _, _ = shot(rng)
    return text, _uneven(rng, sharp, float(rng.uniform(0.75, 0.93)))


def _dirty(rng: Rng) -> tuple[bytes, Gray]:
    text, sharp, _, corners = shot(rng)
    return text, _dirt(rng, sharp, corners)


def _blocky(rng: Rng) -> tuple[bytes, Gray]:
    text, sharp, _, _ = shot(rng)
    return text, _jpeg(sharp, int(rng.integers(4, 10)))


def _mixed(rng: Rng) -> tuple[bytes, Gray]:
    text, sharp, module, corners = shot(
        rng, turn=float(rng.uniform(-30, 30)), tilt=float(rng.uniform(10, 40))
    )
    return text, _several(rng, sharp, module, corners, float(rng.uniform(0.5, 1.0)))


def _several(rng: Rng, picture: Gray, module: float, corners: Gray, hardness: float) -> Gray:
    """Blur, movement, glare, shadow and poor light together, each milder than it would be alone."""
    faults: list[Callable[[Gray], Gray]] = [
        lambda p: cv2.GaussianBlur(p, (0, 0), 0.05 + hardness * float(rng.uniform(0.2, 0.5)) * module),
        lambda p: smear(p, hardness * float(rng.uniform(0.6, 1.9)) * module, float(rng.uniform(0, np.pi))),
        lambda p: bleach(rng, p, corners, hardness * float(rng.uniform(0.02, 0.14))),
        lambda p: _uneven(rng, p, hardness * float(rng.uniform(0.3, 0.8))),
        lambda p: p * float(rng.uniform(0.12, 0.5)),
    ]
    for index in sorted(rng.choice(len(faults), 2, replace=False)):
        picture = np.clip(faults[index](picture), 0, 255)
    return picture


FAULTS: dict[str, Callable[[Rng], tuple[bytes, Gray]]] = {
    "clean": _clean,
    "small module": _small,
    "blur": _blur,
    "motion": _motion,
    "tilt": _tilt,
    "glare": _glare,
    "curl": lambda rng: _curl(rng, float(rng.uniform(60, 100))),
    "dark": _dark,
    "moiré": _moired,
    "noise": _noise,
    "low contrast": _pale,
    "inverted": _inverted,
    "rotated": _rotated,
    "shadow": _shadow,
    "dirt": _dirty,
    "JPEG": _blocky,
    "mixed": _mixed,
}
KINDS = tuple(FAULTS)


def picture(kind: str, rng: Rng) -> tuple[bytes, Gray]:
    """What the code says, and a gray picture of it with this fault."""
    text, faulty = FAULTS[kind](rng)
    return text, grain(rng, faulty, 1.5 if kind in ("dark", "low contrast") else 4.0)


def sequence(rng: Rng, length: int = 8) -> tuple[bytes, list[Gray], list[Gray]]:
    """What the code says, some frames of the empty scene, and hard frames of a card in a hand, 1280 × 720."""
    width, height = 1280, 720
    room = scene(rng, width, height)
    text, modules = code(rng, "card")
    module = float(rng.uniform(2.2, 4.2))
    side = module * len(modules)
    turn, tilt, angle = rng.uniform(-25, 25), rng.uniform(5, 45), rng.uniform(0, np.pi)
    corners = _corners(rng, width, height, side, turn, tilt)
    light = rng.uniform(0.25, 1.0)
    frames = []
    for _ in range(length):
        corners = (
            corners + rng.normal(0, 6, 2).astype(np.float32) + rng.normal(0, 1.5, (4, 2)).astype(np.float32)
        )
        corners += np.clip(40 - corners.min(axis=0), 0, None) - np.clip(
            corners.max(axis=0) - (width - 40, height - 40), 0, None
        )
        held = paste(room, modules, corners.astype(np.float32)) * light
        held = cv2.GaussianBlur(held, (0, 0), 0.05 + float(rng.uniform(0.22, 0.5)) * module)
        held = smear(held, float(rng.uniform(0.2, 1.7)) * module, angle + float(rng.normal(0, 0.5)))
        if rng.random() < 0.35:
            held = bleach(rng, held, corners, float(rng.uniform(0.02, 0.12)))
        frames.append(grain(rng, held, 5.0))
    return text, [grain(rng, room * light, 5.0) for _ in range(3)], frames
