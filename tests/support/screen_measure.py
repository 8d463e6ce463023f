"""What a ruler and a light meter say about a page: sizes, overlaps, and contrast measured on its pixels."""

import base64
import io
from dataclasses import dataclass
from typing import Any

import numpy
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

# Every piece of text that can be seen, with the box of each of its lines; every action with its box.
LOOK = """() => {
  const seen = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const box = ({ left, top, right, bottom }) => [left, top, right, bottom];
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const parent = node.parentElement;
    if (!node.data.trim() || !seen(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const style = getComputedStyle(parent);
    const tall = parseFloat(style.fontSize);
    const lines = [...range.getClientRects()].filter((line) => line.width > 0).map((line) => {
      const middle = (line.top + line.bottom) / 2;
      const upright = style.writingMode === "horizontal-tb";
      return upright ? [line.left, middle - tall / 2, line.right, middle + tall / 2] : box(line);
    });
    const title = parent.tagName === "H1";
    const begins = lineStarts(node, range);
    const action = !!parent.closest("button, a");
    const clipped = clippedBy(parent, lines);
    const text = node.data.trim(), color = style.color;
    texts.push({ text, size: tall, color, lines, title, action, clipped, begins });
  }
  function lineStarts(node, range) {
    let top = null;
    return [...node.data].flatMap((letter, n) => {
      range.setStart(node, n);
      range.setEnd(node, Math.min(n + 1, node.length));
      const { top: now, width } = range.getBoundingClientRect();
      const isNew = width > 0 && (top === null || now > top + 8);
      if (width > 0) top = now;
      return isNew ? [letter] : [];
    });
  }
  function clippedBy(parent, lines) {
    for (let around = parent; around; around = around.parentElement) {
      if (getComputedStyle(around).overflow === "visible") continue;
      const { left, top, right, bottom } = around.getBoundingClientRect();
      if (lines.some((l) => l[0] < left - 1 || l[1] < top - 1 || l[2] > right + 1 || l[3] > bottom + 1))
        return around.className || around.id || around.tagName;
    }
    return null;
  }
  const actions = [...document.querySelectorAll("button, a, input")].filter(seen)
    .map((node) => ({ text: node.innerText, box: box(node.getBoundingClientRect()) }));
  const root = document.documentElement;
  return { texts, actions, width: innerWidth, height: innerHeight,
    scrolls: [root.scrollWidth, root.scrollHeight, document.body.scrollWidth, document.body.scrollHeight] };
}"""
HIDE = """(hidden) => {
  for (const node of document.querySelectorAll("body *")) {
    if (hidden) node.style.setProperty("-webkit-text-fill-color", "transparent");
    else node.style.removeProperty("-webkit-text-fill-color");
  }
}"""
MOVES = "() => document.getAnimations().length > 0"
SMALLEST_TITLE, SMALLEST_TEXT, SMALLEST_ACTION, SMALLEST_GAP, MOST_ACTIONS = 64, 32, 96, 16, 4
CLOSING = "”’）》】」』，。、：；？！"
"""Marks that begin no line of Chinese text (GB/T 15834-2011, §5.1)."""
Box = tuple[float, float, float, float]
Floats = NDArray[numpy.float64]


@dataclass(frozen=True)
class Seen:
    """What was seen of a page at one moment."""

    look: dict[str, Any]
    ground: Image.Image
    """The page without its words."""


def see(page: Page) -> Seen:
    """Look at a page, then take the words away and look again."""
    look = page.evaluate(LOOK)
    page.evaluate(HIDE, True)
    ground = Image.open(io.BytesIO(_picture(page))).convert("RGB")
    page.evaluate(HIDE, False)
    return Seen(look, ground)


def _picture(page: Page) -> bytes:
    """A PNG of what stands on the screen; packed for speed, which ``page.screenshot`` does not offer."""
    if page.evaluate(MOVES):
        return page.screenshot(animations="disabled")
    session = page.context.new_cdp_session(page)
    taken = session.send("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True})
    session.detach()
    return base64.b64decode(taken["data"])


def faults(seen: Seen, *, title: float = SMALLEST_TITLE, contrast: float = 7.0) -> list[str]:
    """Everything about a page that an old person standing in front of it could not read or hit."""
    return [
        *_overflow(seen.look),
        *_sizes(seen.look, title),
        *_actions(seen.look),
        *_contrasts(seen, contrast),
    ]


def _overflow(look: dict[str, Any]) -> list[str]:
    width, height = look["width"], look["height"]
    across, down, *inner = look["scrolls"]
    found = [f"scrolls to {across}×{down}"] if across > width or down > height or inner[0] > width else []
    lines = [(text["text"], line) for text in look["texts"] for line in text["lines"]]
    found += [f"{t} leaves the screen" for t, b in lines if not _inside(b, (0, 0, width, height))]
    found += [
        f"a line of {text['text']} begins with {letter}"
        for text in look["texts"]
        for letter in text["begins"][1:]
        if letter in CLOSING
    ]
    found += [f"{text['text']} is clipped by {text['clipped']}" for text in look["texts"] if text["clipped"]]
    for place, (text, line) in enumerate(lines):
        found += [f"{text} stands on {other}" for other, box in lines[place + 1 :] if _meet(line, box)]
    for text in look["texts"]:
        if not text["action"]:
            boxes = [action["box"] for action in look["actions"]]
            found += [f"{text['text']} is under a button" for b in boxes if _meet(text["lines"][0], b)]
    return found


def _sizes(look: dict[str, Any], title: float) -> list[str]:
    return [
        f"{text['text']} is {text['size']} px"
        for text in look["texts"]
        if text["size"] < (title if text["title"] else SMALLEST_TEXT)
    ]


def _actions(look: dict[str, Any]) -> list[str]:
    actions = look["actions"]
    found = [f"{len(actions)} actions"] if len(actions) > MOST_ACTIONS else []
    for place, action in enumerate(actions):
        left, top, right, bottom = action["box"]
        if min(right - left, bottom - top) < SMALLEST_ACTION:
            found.append(f"{action['text']} is {right - left}×{bottom - top}")
        for other in actions[place + 1 :]:
            if _gap(action["box"], other["box"]) < SMALLEST_GAP:
                found.append(f"{action['text']} is too near to {other['text']}")
    return found


def _contrasts(seen: Seen, least: float) -> list[str]:
    found = []
    for text in seen.look["texts"]:
        ink = _luminance(_color(text["color"]))
        worst = min(float(_contrast(ink, _behind(seen.ground, line)).min()) for line in text["lines"])
        if worst < least:
            found.append(f"{text['text']} has contrast {worst:.2f}")
    return found


def _behind(ground: Image.Image, line: Box) -> Floats:
    """The luminance of every pixel behind a line of text."""
    left, top, right, bottom = (round(edge) for edge in line)
    return _luminance(numpy.asarray(ground.crop((max(left, 0), max(top, 0), right, bottom))))


def _color(css: str) -> NDArray[Any]:
    parts = css.removeprefix("rgb(").removesuffix(")").split(",")[:3]
    return numpy.array([int(part) for part in parts], dtype=numpy.uint8)


def _luminance(colors: NDArray[Any]) -> Floats:
    """Relative luminance (WCAG 2.2); red, green and blue stand in the last axis."""
    red, green, blue = (_LINEAR[colors[..., channel]] for channel in range(3))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


_PARTS = numpy.arange(256) / 255
_LINEAR = numpy.where(_PARTS <= 0.04045, _PARTS / 12.92, ((_PARTS + 0.055) / 1.055) ** 2.4)


def _contrast(one: Floats, other: Floats) -> Floats:
    return (numpy.maximum(one, other) + 0.05) / (numpy.minimum(one, other) + 0.05)


def _inside(inner: Box, outer: Box) -> bool:
    return (
        inner[0] >= outer[0] - 1
        and inner[1] >= outer[1] - 1
        and inner[2] <= outer[2] + 1
        and inner[3] <= outer[3] + 1
    )


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] - 1 and b[0] < a[2] - 1 and a[1] < b[3] - 1 and b[1] < a[3] - 1


def _gap(a: Box, b: Box) -> float:
    across, down = max(a[0], b[0]) - min(a[2], b[2]), max(a[1], b[1]) - min(a[3], b[3])
    return max(across, down) + 0.01
