"""The screen's words: every outcome, in every language, short enough to be said and read while standing."""

import re
import string
from collections.abc import Iterator
from typing import Any

import pytest

from kiosk.errors import CHOICE_REFUSALS
from kiosk.screen.present import present_idle, present_result, spoken, variant_of
from kiosk.screen.words import LANGUAGES, words
from server.contract.wire import Kind, Shown
from tests.support.screen import IDLE, NOW, WORST, every_outcome, more_results, result

MOST_SPOKEN = {"zh": 14, "en": 8}
"""Signs or words that fit into three seconds of calm speech."""
ZONE = "Asia/Shanghai"


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a catalogue with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}/{key}")
    else:
        for place, inner in enumerate(value):
            yield from leaves(inner, f"{path}/{place}")


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_hold_the_same_texts_with_the_same_gaps() -> None:
    zh, en = (dict(leaves(words(language).entries)) for language in LANGUAGES)
    zh = {path: text for path, text in zh.items() if not path.endswith("/said")}  # pinyin for the voice
    assert zh.keys() == en.keys()
    dates = {"/days/date", "/screen/date"}
    assert {path for path in zh if gaps(zh[path]) != gaps(en[path])} <= dates


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("shown", Shown)
def test_every_outcome_has_a_title_a_sentence_and_a_spoken(shown: Shown, language: str) -> None:
    said = words(language).outcome(shown)
    assert said.title
    assert said.sentence
    assert said.spoken
    assert bool(said.staff) == (shown.kind is Kind.BROKEN), "broken states tell staff what to do"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_outcomes_say_the_same(language: str) -> None:
    sentences = [words(language).outcome(shown).sentence for shown in Shown]
    assert len(set(sentences)) == len(sentences)


def test_no_words_are_left_over_for_outcomes_that_do_not_exist() -> None:
    for language in LANGUAGES:
        known = {key.partition(".")[0] for key in words(language).entries["outcomes"]}
        assert known - {str(shown) for shown in Shown} == {"end_declined"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_spoken_lasts_three_seconds_at_most(language: str) -> None:
    for key, said in words(language).entries["outcomes"].items():
        spoken = re.sub(r"\{\w+\}", "3", said["spoken"])
        length = len(re.sub(r"\W", "", spoken)) if language == "zh" else len(spoken.split())
        assert length <= MOST_SPOKEN[language], f"{key}: {spoken}"


def test_chinese_uses_chinese_punctuation() -> None:
    for path, text in leaves(words("zh").entries):
        assert not re.search(r"[\u4e00-\u9fff][,;:?!]", text), path


@pytest.mark.parametrize("name", every_outcome() | more_results())
def test_no_gap_stays_open_in_what_is_shown_or_said(name: str) -> None:
    shown = (every_outcome() | more_results())[name]
    view = present_result(shown, LANGUAGES, ZONE)
    texts = [text for _, text in leaves(view["words"])]
    texts += [spoken(shown, language)[1] for language in LANGUAGES]
    assert not [text for text in texts if "{" in text or "None" in text]


def test_sign_in_and_sign_out_are_called_what_people_call_them() -> None:
    assert words("zh").outcome("shift_started").title == "签到成功"
    assert words("zh").outcome("shift_ended").title == "签退成功"


def test_each_family_has_a_shape_and_a_look_of_its_own() -> None:
    views = [present_result(shown, ("zh",), ZONE) for shown in every_outcome().values()]
    shapes = {(view["kind"], view["shape"]) for view in views}
    assert {kind for kind, _ in shapes} == set(Kind)
    assert len(shapes) == len(Kind)
    assert {view["look"] for view in views} == {"in", "out", "undone", "repeated", "refused", "broken"}


@pytest.mark.parametrize(
    ("minutes", "key"), [(40, "shift_ended"), (0, "shift_ended.short"), (None, "shift_ended.unknown")]
)
def test_a_sign_out_says_whether_its_time_counts(minutes: int | None, key: str) -> None:
    assert variant_of(result("shift_ended", minutes=minutes), words("zh")) == key


def test_a_reason_with_words_of_its_own_is_said_and_an_unknown_one_is_not_missed() -> None:
    catalogue = words("zh")
    assert variant_of(result("card_lost", reason="card_replaced"), catalogue) == "card_lost.card_replaced"
    assert variant_of(result("card_lost", reason="something_new"), catalogue) == "card_lost"


def test_a_forgotten_end_is_asked_with_its_day_activity_and_time() -> None:
    asked = present_result(every_outcome()["end_proposed"], LANGUAGES, ZONE)["words"]
    assert asked["zh"]["sentence"] == "昨天“爱心护学岗”没有签退。是08:02结束的吗？"
    assert asked["zh"]["choices"] == ["是，08:02结束", "不是", "撤销"]
    assert asked["en"]["sentence"] == 'Yesterday: no sign-out from "School crossing". Did it end at 08:02?'


def test_an_agreed_end_waits_for_the_leader() -> None:
    agreed = present_result(more_results()["end-agreed"], ("zh",), ZONE)
    assert "队长确认" in agreed["words"]["zh"]["sentence"]


def test_numbers_are_said_as_people_say_them() -> None:
    duration = words("zh").duration
    assert [duration(0), duration(59), duration(120), duration(7_700), duration(-90)] == [
        "0 分钟",
        "59 分钟",
        "2 小时",
        "128 小时 20 分",
        "-1 小时 30 分",
    ]


def test_a_result_shows_activity_minutes_and_total() -> None:
    facts = present_result(every_outcome()["shift_ended"], ("zh",), ZONE)["words"]["zh"]["facts"]
    assert [(fact["label"], fact["value"]) for fact in facts] == [
        ("服务", "爱心护学岗"),
        ("这次", "40 分钟"),
        ("累计", "129 小时"),
    ]


def test_a_time_of_day_from_a_clock_that_is_not_set_is_not_shown() -> None:
    facts = [
        present_result(result("shift_started", note=note), ("zh",), ZONE)["words"]["zh"]["facts"]
        for note in (None, "clock_unsynced")
    ]
    assert [[fact["value"] for fact in each] for each in facts] == [["08:02"], []]


def test_offline_and_clock_are_said_in_words() -> None:
    status = present_idle(WORST, LANGUAGES, NOW)["words"]["zh"]["status"]
    assert [line["text"] for line in status] == [
        "没有网络，打卡照常，已存 128 条",
        "机器时间还没对准，打卡照常",
    ]
    assert present_idle(IDLE, LANGUAGES, NOW)["words"]["zh"]["status"] == []


def test_turns_say_who_is_wanted_and_end_when_they_are_over() -> None:
    turns = present_idle(IDLE, LANGUAGES, NOW)["words"]["zh"]["turns"]
    assert [(turn["name"], turn["need"], turn["now"]) for turn in turns] == [
        ("爱心护学岗", "人已够", "正在进行"),
        ("早巡逻", "还差 2 人", ""),
        ("健康小屋", "人已够", ""),
        ("健康咨询", "还差 3 人", ""),
    ]
    later = present_idle(IDLE, LANGUAGES, IDLE.turns[1].end)["words"]["zh"]["turns"]
    assert [turn["name"] for turn in later] == ["健康小屋", "健康咨询"]


def test_a_broken_state_says_what_to_do_and_whom_to_call() -> None:
    said = present_idle(
        IDLE.__class__(broken=("reader_lost",), broken_detail={"reader_lost": "nfc"}, contact="值班室 1"),
        ("zh",),
        NOW,
    )["words"]["zh"]
    assert said["broken"][0]["title"] == "读卡器没反应"
    assert said["broken"][0]["staff"].startswith("工作人员：")
    assert said["broken"][0]["detail"] == "nfc"
    assert said["contact"] == "请联系：值班室 1"


def test_what_nobody_translated_is_shown_in_chinese() -> None:
    facts = present_result(result("shift_ended", activity_zh="早巡逻"), ("en",), ZONE)["words"]["en"]["facts"]
    assert facts[0]["value"] == "早巡逻"


def test_every_refused_choice_has_a_sentence_in_both_languages() -> None:
    assert all(zh and en for zh, en in CHOICE_REFUSALS.values())
