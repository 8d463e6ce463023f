"""The screen's words: one catalogue a language, every outcome in each of them, and how numbers are said."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("zh", "en")
FOLDER = files("kiosk.screen") / "words"
MOST_POINTS = 12
"""Points of a round that can be missing; a longer round's numbers are made when they are said."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one outcome says in one language."""

    title: str
    sentence: str
    spoken: str
    said: str = ""
    """The spoken sentence as a voice needs it: pinyin with tones in Chinese; empty where it is the same."""
    staff: str = ""
    """What staff should do about it; only broken states have it."""


@dataclass(frozen=True)
class Words:
    """One language's catalogue, read from ``words/LANGUAGE.json``."""

    language: str
    entries: Mapping[str, Any]

    def outcome(self, key: str) -> Said:
        """What an outcome, or ``outcome.variant``, says."""
        return Said(**self.entries["outcomes"][key])

    def variant(self, outcome: str, *variants: str | None) -> str:
        """The key of the first variant that the catalogue has words for, or the plain outcome."""
        known = self.entries["outcomes"]
        keys = (f"{outcome}.{variant}" for variant in variants if variant)
        return next((key for key in keys if key in known), outcome)

    def say(self, family: str, key: str, **values: object) -> str:
        """A short text by family and key, with its gaps filled."""
        text: str = self.entries[family][key]
        return text.format(**values)

    def plain(self, key: str, **values: object) -> str:
        """A short text that belongs to no family."""
        text: str = self.entries[key]
        return text.format(**values)

    def duration(self, minutes: int) -> str:
        """Minutes as a person says them: 45 分钟, 2 小时, 1 小时 30 分."""
        sign, (hours, rest) = "-" if minutes < 0 else "", divmod(abs(minutes), 60)
        form = "minutes" if hours == 0 else "hours" if rest == 0 else "hours_minutes"
        return sign + self.say("units", form, h=hours, m=rest)

    def day(self, when: datetime, now: datetime) -> str:
        """A day as seen from today: 昨天, 今天, 明天, otherwise its date."""
        distance = (when.date() - now.date()).days
        near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(distance)
        month_name = self.entries["screen"]["months"][when.month - 1]
        return self.say("days", near or "date", month_name=month_name, day=when.day)


@cache
def words(language: str) -> Words:
    """The catalogue of one language."""
    return Words(language, json.loads((FOLDER / f"{language}.json").read_text("utf-8")))


def phrases(language: str) -> dict[tuple[str, str], str]:
    """All that the voice says, by outcome and variant, with each number: made once, then only played."""
    catalogue = words(language)
    said = {key: catalogue.outcome(key) for key in catalogue.entries["outcomes"]}
    spoken = [filled for key, each in said.items() for filled in _filled(key, each.said or each.spoken)]
    return {(key, language): text for key, text in spoken}


def _filled(key: str, text: str) -> Iterator[tuple[str, str]]:
    if "{left}" not in text:
        yield key, text
        return
    for left in range(1, MOST_POINTS + 1):
        yield f"{key}.{left}", text.format(left=left)
