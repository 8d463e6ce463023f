"""From plain views to what the screen says in every language: titles, sentences, numbers, buttons. PURE."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kiosk.screen.view import Choice, Honoured, Idle, Result, Turn
from kiosk.screen.words import Words, words
from server.contract.wire import Kind, Shown

OUT = frozenset({Shown.SHIFT_ENDED, Shown.TEAM_CLOSED})
GLYPHS = {
    Shown.SHIFT_ENDED: "leave",
    Shown.HANDED_OVER: "swap",
    Shown.CHECKPOINT_PASSED: "pin",
    Shown.END_PROPOSED: "question",
    Shown.TEAM_OPENED: "people",
    Shown.TEAM_CLOSED: "people",
    Shown.UNDONE: "back",
    Shown.ALREADY_DONE: "twice",
    Shown.CARD_REPLAYED: "phone",
    Shown.PHONE_CODE_EXPIRED: "phone",
    Shown.PHONE_UID_RANDOM: "phone",
    Shown.VOLUNTEER_INACTIVE: "person",
    Shown.GUARDIAN_CONSENT_MISSING: "person",
    Shown.TRAINING_MISSING: "person",
}
BY_KIND = {Kind.ACCEPTED: "check", Kind.REPEATED: "twice", Kind.REFUSED: "card", Kind.BROKEN: "alarm"}
SHAPES = {Kind.ACCEPTED: "circle", Kind.REPEATED: "square", Kind.REFUSED: "octagon", Kind.BROKEN: "triangle"}


@dataclass(frozen=True, slots=True)
class _Speaker:
    """One language at one place: knows its words and the wall clock of its zone."""

    words: Words
    zone: ZoneInfo

    def pick(self, zh: str | None, en: str | None) -> str:
        """Data in this language; Chinese stands in where nobody translated it."""
        return (zh if self.words.language == "zh" else en or zh) or ""

    def clock(self, at: int | None) -> str:
        return "" if at is None else self.moment(at).strftime("%H:%M")

    def moment(self, at: int) -> datetime:
        return datetime.fromtimestamp(at / 1000, UTC).astimezone(self.zone)


def present_result(result: Result, languages: Sequence[str], zone: str) -> dict[str, Any]:
    """A result as the browser draws it: how it looks and sounds, and its words in each language."""
    shown = Shown(result.outcome)
    speakers = {language: _Speaker(words(language), ZoneInfo(zone)) for language in languages}
    return {
        "event_id": result.event_id,
        "outcome": result.outcome,
        "kind": result.kind,
        "look": _look(shown),
        "shape": SHAPES[shown.kind],
        "glyph": _glyph(result),
        "choices": [{"choice": c.choice, "planned": c.planned} for c in result.choices],
        "choice_seconds": result.choice_seconds,
        "checkpoint": _progress(result),
        "words": {language: _result_words(result, speaker) for language, speaker in speakers.items()},
    }


def spoken(result: Result, language: str) -> tuple[str, str]:
    """The one sentence of the kiosk's voice: its key among the phrases, and its words (Chinese in pinyin)."""
    speaker = _Speaker(words(language), ZoneInfo("UTC"))
    key = variant_of(result, speaker.words)
    said = speaker.words.outcome(key)
    gaps = _gaps(result, speaker)
    sentence = said.said or said.spoken
    return f"{key}.{gaps['left']}" if "{left}" in sentence else key, sentence.format(**gaps)


def variant_of(result: Result, catalogue: Words) -> str:
    """Which words fit: an outcome has variants for what a person must do differently."""
    return catalogue.variant(result.outcome, result.reason, _variant(result))


def _variant(result: Result) -> str | None:
    match result.outcome:
        case Shown.SHIFT_ENDED:
            return "unknown" if result.minutes is None else "short" if result.minutes <= 0 else None
        case Shown.CHECKPOINT_PASSED if result.checkpoint:
            return "more" if result.checkpoint["missing"] else "done"
        case Shown.TEAM_OPENED if _members(result):
            return "some"
        case Shown.CHOOSE_ACTIVITY if not result.activity_zh:
            return "open"
        case Shown.END_PROPOSED if not any(c.choice == "end_yes" for c in result.choices):
            return "agreed"
        case _:
            return None


def _look(shown: Shown) -> str:
    if shown is Shown.UNDONE:
        return "undone"
    if shown.kind is Kind.ACCEPTED:
        return "out" if shown in OUT else "in"
    return shown.kind


def _glyph(result: Result) -> str:
    shown = Shown(result.outcome)
    if _variant(result) == "agreed":
        return BY_KIND[Kind.ACCEPTED]
    return GLYPHS.get(shown, BY_KIND[shown.kind])


def _progress(result: Result) -> dict[str, int] | None:
    if result.checkpoint is None:
        return None
    return {"passed": result.checkpoint["passed"], "of": result.checkpoint["of"]}


def _result_words(result: Result, speaker: _Speaker) -> dict[str, Any]:
    catalogue = speaker.words
    gaps = _gaps(result, speaker)
    said = catalogue.outcome(variant_of(result, catalogue))
    known_notes = catalogue.entries["notes"]
    named = "named" if result.name else "nameless"
    return {
        "title": said.title,
        "sentence": said.sentence.format(**gaps),
        "staff": said.staff,
        "greeting": catalogue.plain("greeting", name=result.name) if result.name else "",
        "before": catalogue.say("before", named, name=result.name, title=said.title),
        "facts": _facts(result, speaker),
        "note": known_notes.get(result.note, "") if result.note else "",
        "choices": [_label(choice, speaker, gaps) for choice in result.choices],
        "members": catalogue.say("screen", "members_stay" if _is_closing(result) else "members"),
        "mine": _mine(result, speaker),
        "declined": asdict(catalogue.outcome("end_declined")),
        "progress": catalogue.say("screen", "progress", **progress)
        if (progress := _progress(result))
        else "",
    }


def _gaps(result: Result, speaker: _Speaker) -> dict[str, object]:
    proposed = result.outcome == Shown.END_PROPOSED
    missing = [speaker.pick(m["zh"], m["en"]) for m in (result.checkpoint or {}).get("missing", [])]
    missing += [_member(choice, speaker) for choice in _members(result)]
    ended = result.proposed_end
    activity = speaker.pick(result.activity_zh, result.activity_en)
    if proposed:
        activity = speaker.pick(result.proposed_activity_zh, result.proposed_activity_en)
    day = "" if ended is None else speaker.words.day(speaker.moment(ended), speaker.moment(result.at))
    return {
        "activity": activity or speaker.words.plain("activity_unknown"),
        "time": speaker.clock(ended if proposed else result.at),
        "day": day,
        "left": len(missing),
        "missing": _listed(missing, speaker),
        "member": _member(result.member, speaker) if result.member else "",
    }


def _listed(names: Sequence[str], speaker: _Speaker, most: int = 3) -> str:
    """A few names; more would not be read while standing."""
    joint, more = ("、", "…") if speaker.words.language == "zh" else (", ", "…")
    return joint.join(names[:most]) + (more if len(names) > most else "")


def _facts(result: Result, speaker: _Speaker) -> list[dict[str, str]]:
    catalogue = speaker.words
    rows = [
        ("activity", speaker.pick(result.activity_zh, result.activity_en)),
        ("minutes", catalogue.duration(result.minutes) if result.minutes else ""),
        ("total", catalogue.duration(result.total_minutes) if result.total_minutes is not None else ""),
    ]
    if result.outcome in (Shown.END_PROPOSED, Shown.CHOOSE_ACTIVITY, Shown.UNDONE):
        return []  # a person who is asked something reads the question, nothing else
    if result.outcome in (Shown.SHIFT_STARTED, Shown.ACCEPTED_UNLISTED) and result.note != "clock_unsynced":
        rows.insert(1, ("at", speaker.clock(result.at)))
    return [
        {"key": key, "label": catalogue.say("facts", key), "value": value} for key, value in rows if value
    ]


def _mine(result: Result, speaker: _Speaker) -> dict[str, Any]:
    """A person's own hours: the sums in large figures, what they are made of in one line."""
    mine, catalogue = result.mine, speaker.words
    if mine is None:
        return {}
    parts = [
        catalogue.say("mine", grade, time=catalogue.duration(minutes))
        for grade in ("tapped", "witnessed", "declared")
        if (minutes := getattr(mine, grade))
    ]
    day = catalogue.day(speaker.moment(mine.as_of), speaker.moment(result.at))
    sums = {"today": mine.today, "month": mine.month, "total": mine.total}
    joint = "，" if catalogue.language == "zh" else ", "
    as_of = {"parts": joint.join(parts), "day": day, "time": speaker.clock(mine.as_of)}
    return {
        "title": catalogue.say("mine", "title"),
        "sentence": catalogue.say("mine", "as_of" if parts else "nothing", **as_of),
        "facts": [
            {"key": key, "label": catalogue.say("mine", key), "value": catalogue.duration(minutes)}
            for key, minutes in sums.items()
            if minutes is not None
        ],
    }


def _members(result: Result) -> list[Choice]:
    return [choice for choice in result.choices if choice.choice.startswith("team_except:")]


def _is_closing(result: Result) -> bool:
    return result.outcome == Shown.TEAM_CLOSED or result.reason == "stays"


def _member(choice: Choice, speaker: _Speaker) -> str:
    """A member by name and number: two of one team may have chosen the same name."""
    form = "team_named" if choice.zh else "team_except"
    number = choice.choice.partition(":")[2]
    return speaker.words.say("choices", form, name=speaker.pick(choice.zh, choice.en), number=number)


def _label(choice: Choice, speaker: _Speaker, gaps: Mapping[str, object]) -> str:
    word, _, _ = choice.choice.partition(":")
    data = speaker.pick(choice.zh, choice.en)
    if word == "activity":
        return data
    if word == "team_except":
        return _member(choice, speaker)
    label = speaker.words.say("choices", word, **gaps)
    return speaker.words.plain("labelled", label=label, data=data) if data else label


def present_idle(idle: Idle, languages: Sequence[str], now: int) -> dict[str, Any]:
    """The idle screen in each of its languages; ``now`` decides which turns are over and which are on."""
    speakers = {language: _Speaker(words(language), ZoneInfo(idle.zone)) for language in languages}
    return {
        "demo": idle.demo,
        "zone": idle.zone,
        "broken": list(idle.broken),
        "desk": idle.desk,
        "words": {language: _idle_words(idle, speaker, now) for language, speaker in speakers.items()},
    }


def _idle_words(idle: Idle, speaker: _Speaker, now: int) -> dict[str, Any]:
    catalogue = speaker.words
    contact = catalogue.say("screen", "contact", contact=idle.contact) if idle.contact else ""
    return {
        "community": speaker.pick(idle.community_zh, idle.community_en),
        "site": speaker.pick(idle.site_zh, idle.site_en),
        "contact": contact,
        "status": list(_status(idle, catalogue)),
        "turns": [_turn(turn, speaker, now) for turn in idle.turns if turn.end > now],
        "honoured": [_honoured(person, speaker) for person in idle.honoured],
        "desk": catalogue.entries["desk"],
        "broken": [_broken(word, idle, catalogue) for word in idle.broken],
    }


def _honoured(person: Honoured, speaker: _Speaker) -> dict[str, str]:
    return {
        "name": person.name,
        "team": speaker.pick(person.team_zh, person.team_en),
        "hours": speaker.words.duration(person.minutes),
    }


def _status(idle: Idle, catalogue: Words) -> list[dict[str, str]]:
    lines = []
    if not idle.online:
        form = "pending" if idle.pending else "empty"
        lines.append({"key": "offline", "text": catalogue.say("offline", form, n=idle.pending)})
    if idle.clock != "synced":
        lines.append({"key": "clock", "text": catalogue.plain("clock_unsynced")})
    return lines


def _turn(turn: Turn, speaker: _Speaker, now: int) -> dict[str, Any]:
    catalogue = speaker.words
    wanted = max(0, turn.need - turn.have)
    start, today = speaker.moment(turn.start), speaker.moment(now)
    return {
        "day": "" if start.date() == today.date() else catalogue.day(start, today),
        "start": speaker.clock(turn.start),
        "end": speaker.clock(turn.end),
        "name": speaker.pick(turn.zh, turn.en),
        "need": catalogue.say("turn", "short", n=wanted) if wanted else catalogue.say("turn", "full"),
        "wanted": wanted > 0,
        "now": catalogue.say("turn", "now") if turn.start <= now else "",
    }


def _broken(word: str, idle: Idle, catalogue: Words) -> dict[str, str]:
    said = catalogue.outcome(word)
    detail = idle.broken_detail.get(word, "")
    return {"title": said.title, "sentence": said.sentence, "staff": said.staff, "detail": detail}
