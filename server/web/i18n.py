"""Languages and how templates show times, lengths, names; Chinese first, English when asked for."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from flask import Flask, request
from flask_babel import Babel, format_datetime, get_locale

from server.errors import ServerError
from server.services.names import shown_name
from server.web import times, words

LANGUAGES = {"zh": "中文", "en": "English"}
LANGUAGE_COOKIE = "yika_language"
SIZE_COOKIE = "yika_large"


def choose_language() -> str:
    """The language somebody chose with the switch; Chinese before that."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "zh")
    return chosen if chosen in LANGUAGES else "zh"


def is_chinese() -> bool:
    """Whether this page is shown in Chinese."""
    return str(get_locale()) == "zh"


def explain(error: ServerError) -> str:
    """What an error of the rules says, in the visitor's language."""
    return (error.zh if is_chinese() else "") or error.message


def when(at: int | None) -> str:
    """A moment for a list: ``11月24日 周二 08:30``."""
    if at is None:
        return "—"
    pattern = "M月d日 EEE HH:mm" if is_chinese() else "EEE d MMM, HH:mm"
    return str(format_datetime(times.local(at), pattern, rebase=False))


def on_day(at: int | None) -> str:
    """The day of a moment: ``2026年11月24日``."""
    if at is None:
        return "—"
    pattern = "y年M月d日" if is_chinese() else "d MMM y"
    return str(format_datetime(times.local(at), pattern, rebase=False))


def clock(at: int | None) -> str:
    """The time of day: ``08:30``."""
    return "—" if at is None else times.local(at).strftime("%H:%M")


def exact(at: int | None) -> str:
    """A moment to the second: ``2026-11-24 08:30:15``."""
    return "—" if at is None else times.local(at).strftime("%Y-%m-%d %H:%M:%S")


def local_name(row: Any, key: str = "name") -> str:
    """A name of ours in the visitor's language: the English one where there is one and it was asked for."""
    english = row.get(f"{key}_en")
    return str(english) if english and not is_chinese() else str(row.get(key) or "")


def recorder(community: Any) -> str:
    """Who records and certifies: the residents' committee (民政部令67 art. 26), never a team."""
    name = str(community["name"])
    return name if name.endswith(("委员会", "居委会")) else f"{name}居民委员会"


def install(app: Flask) -> None:
    """Languages and template filters."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(_catalogues())
    app.config["BABEL_DEFAULT_LOCALE"] = "zh"
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Asia/Shanghai"
    Babel(app, locale_selector=choose_language)
    app.jinja_env.filters.update(
        when=when,
        day=on_day,
        clock=clock,
        exact=exact,
        word=words.word,
        duration=words.duration,
        local_name=local_name,
        shown_name=shown_name,
        field_value=times.field_value,
        recorder=recorder,
    )
    app.jinja_env.globals.update(
        languages=LANGUAGES,
        language=lambda: str(get_locale()),
        is_large=lambda: request.cookies.get(SIZE_COOKIE) == "1",
        words=words.TABLES,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def _catalogues() -> Path:
    """Compiled catalogues, shipped with the package."""
    return Path(str(files("server") / "translations"))
