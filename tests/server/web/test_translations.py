"""Words: every one on a page has its English, and what is shipped is what was written."""

import io
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from server.web import words

SERVER = Path(__file__).parents[3] / "server"
ENGLISH = SERVER / "translations" / "en" / "LC_MESSAGES"
METHODS = [("web/**.py", "python"), ("web/templates/**.html", "jinja2")]
KEYWORDS: dict[str, Any] = {"_": None, "gettext": None, "lazy_gettext": None}


def _used() -> set[str]:
    options = {"web/templates/**.html": {"trimmed": "true"}}
    found = extract_from_dir(str(SERVER), METHODS, options, keywords=KEYWORDS)
    return {str(message) for _, _, message, _, _ in found}


def test_every_word_on_a_page_has_its_english_and_none_is_left_over() -> None:
    with (ENGLISH / "messages.po").open("rb") as file:
        catalogue = {str(message.id): message.string for message in read_po(file) if message.id}
    assert set(catalogue) == _used()
    assert [word for word, english in catalogue.items() if not english] == []


def test_the_compiled_catalogue_is_the_written_one() -> None:
    with (ENGLISH / "messages.po").open("rb") as file:
        compiled = io.BytesIO()
        write_mo(compiled, read_po(file))
    assert compiled.getvalue() == (ENGLISH / "messages.mo").read_bytes()


def test_no_translation_loses_a_value() -> None:
    with (ENGLISH / "messages.po").open("rb") as file:
        wrong = [m.id for m in read_po(file) if m.id and list(m.check())]
    assert wrong == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_shows_in_both_languages(site: Any, language: str) -> None:
    client = site.client("admin")
    client.get(f"/language/{language}")
    for path in (
        "/staff/",
        "/staff/live",
        "/staff/volunteers/M0002",
        "/staff/shifts",
        "/staff/policies",
        "/wall",
    ):
        page = client.get(path)
        assert page.status_code == 200
        assert f'lang="{"zh-CN" if language == "zh" else "en"}"' in page.text


def test_every_outcome_that_a_kiosk_shows_has_words() -> None:
    from server.contract.wire import Kind, Shown

    told = {shown for shown in Shown if shown.kind is not Kind.BROKEN}
    assert told <= set(words.SHOWN)


def test_lengths_are_said_as_people_say_them(site: Any) -> None:
    with site.app.test_request_context():
        said = [words.duration(minutes) for minutes in (0, 45, 60, 90, -30, None)]
    assert said == ["0 分钟", "45 分钟", "1 小时", "1 小时 30 分", "−30 分钟", "—"]
