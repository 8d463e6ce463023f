"""What the screen does over time and under fingers. The page's clock is moved by hand: nothing here waits."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kiosk.screen.hub import ScreenHub
from kiosk.screen.web import create_screen
from tests.support.processes import PATIENCE, until
from tests.support.screen import HONOURED, IDLE, WORST, FakeControls, every_outcome, mode, more_results

pytestmark = pytest.mark.browser

OUTCOMES = every_outcome() | more_results()
Staged = Callable[..., Any]


def test_the_clock_shows_the_kiosks_time_not_the_browsers(stage: Staged) -> None:
    built = stage()
    assert built.text(".time") == "08:02"
    assert built.text(".date") == "12月3日 星期四"


def test_a_result_stays_five_seconds_and_then_leaves(stage: Staged) -> None:
    built = stage()
    built.show(OUTCOMES["shift_ended"])
    built.pass_time(5_000)
    assert built.page.is_visible("#result")
    built.pass_time(6_000)
    mode(built.page, "idle")


@pytest.mark.parametrize("outcome", ["card_unknown", "already_done", "reader_lost", "shift_started"])
def test_every_family_stays_at_least_five_seconds(stage: Staged, outcome: str) -> None:
    built = stage()
    built.show(OUTCOMES[outcome])
    built.pass_time(5_000)
    assert built.page.is_visible("#result")
    built.pass_time(6_000)
    mode(built.page, "idle")


def test_the_next_tap_replaces_a_result_at_once(stage: Staged) -> None:
    built = stage()
    built.show(OUTCOMES["choose_activity"])
    built.show(OUTCOMES["shift_ended"])
    assert built.text("#result h1") == "签退成功"
    assert "健康小屋" not in built.text("#result")


def test_two_people_in_one_moment_both_read_their_result(stage: Staged) -> None:
    built = stage()
    built.show(OUTCOMES["shift_started"])
    built.show(replace(OUTCOMES["shift_ended"], name="李建国"))
    assert built.text("#result .greeting") == "李建国，您好"
    assert built.text("#result .before") == "上一位 王秀英：签到成功"
    built.pass_time(3_000)
    built.show(OUTCOMES["card_lost"])
    assert built.page.is_hidden("#result .before")


def test_what_follows_ones_own_touch_is_nobody_elses_result(stage: Staged) -> None:
    built = stage()
    built.show(OUTCOMES["shift_started"])
    built.page.click("[data-choice=undo]")
    assert built.controls.chosen.wait(PATIENCE)
    built.show(OUTCOMES["undone"])
    assert built.page.is_hidden("#result .before")


def test_undo_is_offered_for_ten_seconds_and_counts_down(stage: Staged) -> None:
    built = stage()
    built.show(OUTCOMES["shift_started"])
    built.pass_time(4_000)
    assert built.text("[data-choice=undo]").split()[-2:] == ["6", "秒"]
    built.page.click("[data-choice=undo]")
    assert built.controls.chosen.wait(PATIENCE)
    [(event_id, choice)] = built.controls.choices
    assert choice == "undo"
    assert event_id.startswith("event-shift_started")
    built.show(OUTCOMES["undone"])
    assert built.text("#result h1") == "已经撤销"


def test_after_ten_seconds_nothing_can_be_undone_and_nothing_was_sent(stage: Staged) -> None:
    built = stage()
    built.show(OUTCOMES["choose_activity"])
    built.pass_time(10_500)
    mode(built.page, "idle")
    assert built.controls.choices == []


def test_choosing_an_activity_sends_it_once_even_when_touched_twice(stage: Staged) -> None:
    built = stage()
    built.show(OUTCOMES["choose_activity"])
    built.page.dblclick("[data-choice='activity:school']")
    assert built.controls.chosen.wait(PATIENCE)
    built.show(OUTCOMES["activity_changed"])
    assert [choice for _, choice in built.controls.choices] == ["activity:school"]


def test_the_planned_activity_comes_first_and_says_so(stage: Staged) -> None:
    built = stage()
    built.show(OUTCOMES["choose_activity"])
    first = built.page.locator(".answers button").first
    expect(first).to_contain_text("今天有班")


def test_a_choice_that_came_too_late_says_why(stage: Staged) -> None:
    built = stage(expect_errors=True)  # Chromium logs the 409 itself
    built.controls.refuse = "too_late"
    built.show(OUTCOMES["shift_started"])
    built.page.click("[data-choice=undo]")
    expect(built.page.locator("#result [role=alert]")).to_contain_text("请重新刷卡")


def test_a_forgotten_end_can_be_denied_and_the_person_hears_what_to_do(stage: Staged) -> None:
    built = stage()
    built.show(OUTCOMES["end_proposed"])
    assert built.page.locator(".answers button").count() == 2
    built.page.click("[data-choice=end_no]")
    expect(built.page.locator("#result h1")).to_have_text("好的，不改")
    expect(built.page.locator("#result .sentence")).to_contain_text("告诉队长")
    built.pass_time(11_000)
    mode(built.page, "idle")


def test_a_leader_leaves_out_an_absent_member_page_by_page(stage: Staged) -> None:
    built = stage()
    built.show(OUTCOMES["team_opened"])
    page = built.page
    page.click("[data-choice=open]")
    names = [page.locator(".answers button").all_inner_texts()]
    while page.inner_text(".actions button").startswith("下一页"):
        page.click(".actions button")
        names.append(page.locator(".answers button").all_inner_texts())
    assert [len(each) for each in names] == [3, 3, 1]
    assert names[0] == ["王女士 M0011", "李先生 M0012", "M0013 号"]
    page.click("[data-choice='team_except:M0017']")
    assert built.controls.chosen.wait(PATIENCE)
    assert built.controls.choices[0][1] == "team_except:M0017"


def test_turning_pages_gives_the_reading_time_again(stage: Staged) -> None:
    built = stage()
    built.show(replace(OUTCOMES["team_opened"], choice_seconds=10))
    built.pass_time(8_000)
    built.page.click("[data-choice=open]")
    built.pass_time(8_000)
    assert built.page.is_visible("#result")


def test_more_choices_than_four_wait_on_another_page(stage: Staged) -> None:
    built = stage()
    built.show(OUTCOMES["leader-many"])
    assert built.page.locator("#result button").count() == 4
    built.page.click("[data-choice=open]")
    built.page.click(".actions button")
    assert "替全队签到：平安美湖" in built.text(".answers")


def test_english_is_a_touch_away_and_chinese_comes_back_after_half_a_minute(stage: Staged) -> None:
    built = stage()
    built.page.click("text=English")
    assert built.text(".tap-word") == "Tap your card"
    assert built.page.get_attribute("html", "lang") == "en"
    built.show(OUTCOMES["shift_started"])
    assert built.text("#result h1") == "Signed in"
    until(lambda: built.spoken[-1:] == ["en"], "the voice speaks English")
    built.pass_time(29_000)
    assert built.page.get_attribute("html", "lang") == "en"
    built.pass_time(2_000)
    assert built.page.get_attribute("html", "lang") == "zh-CN"
    assert built.text(".tap-word") == "请刷卡"
    until(lambda: built.spoken[-1] == "zh", "the voice speaks Chinese again")


def test_bigger_and_clearer_are_a_touch_away_and_end_with_the_visit(stage: Staged) -> None:
    built = stage()
    size = "() => parseFloat(getComputedStyle(document.querySelector('.place')).fontSize)"
    before = built.page.evaluate(size)
    built.page.click("text=大字")
    assert built.page.evaluate(size) > before
    built.page.click("text=更清晰")
    assert (
        built.page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
        == "rgb(0, 0, 0)"
    )
    built.pass_time(31_000)
    assert built.page.evaluate(size) == before


def test_with_one_language_there_is_no_language_button(open_page: Callable[..., Page], serve: Any) -> None:
    hub = ScreenHub()
    url = serve(create_screen(hub, FakeControls(), languages=("zh",)), before_stop=hub.close)
    page = open_page(url)
    mode(page, "idle")
    assert page.locator(".tools button").all_inner_texts() == ["大字", "更清晰"]


def test_the_keyboard_reaches_every_button_and_a_stray_enter_presses_none(stage: Staged) -> None:
    """A scanner types its code and an Enter: that must not undo anybody's tap."""
    built = stage()
    built.show(OUTCOMES["shift_started"])
    built.page.keyboard.type("YK0123")
    built.page.keyboard.press("Enter")
    assert built.controls.choices == []
    built.page.keyboard.press("Tab")
    built.page.keyboard.press("Enter")
    assert built.controls.chosen.wait(PATIENCE)
    assert built.controls.choices[0][1] == "undo"


def test_escape_goes_back_to_the_clock(stage: Staged) -> None:
    built = stage()
    built.show(OUTCOMES["card_lost"])
    built.page.keyboard.press("Escape")
    mode(built.page, "idle")


def test_a_finger_works_as_a_mouse_does(stage: Staged) -> None:
    built = stage(has_touch=True)
    built.show(OUTCOMES["choose_activity"])
    built.page.tap("[data-choice='activity:hut']")
    assert built.controls.chosen.wait(PATIENCE)


def test_each_family_has_a_tone_of_its_own(stage: Staged) -> None:
    built = stage()
    tones = {}
    for outcome in ("shift_started", "shift_ended", "already_done", "card_lost", "undone"):
        built.show(OUTCOMES[outcome])
        tones[outcome] = built.page.get_attribute("html", "data-tone")
    assert len(set(tones.values())) == len(tones)
    notes = built.page.evaluate("() => import('/static/tone.js').then(m => m.NOTES)")
    assert len({str(notes[look]) for look in ("in", "out", "repeated", "refused")}) == 4


def test_who_asked_for_less_motion_gets_none(stage: Staged) -> None:
    built = stage(reduced_motion="reduce")
    built.show(OUTCOMES["shift_started"])
    assert built.page.evaluate("() => document.getAnimations().length") == 0


def test_broken_is_said_before_anyone_taps_and_leaves_by_itself(stage: Staged) -> None:
    built = stage(view=replace(IDLE, broken=("reader_lost",)))
    assert built.text("#broken h1") == "读卡器没反应"
    assert built.text("#broken .contact") == "请联系：值班室 0510-0000 0000"
    built.show(OUTCOMES["shift_started"])
    built.pass_time(11_000)
    mode(built.page, "broken")
    built.idle(IDLE)


def test_a_demo_says_so_on_every_screen_and_only_a_demo_does(stage: Staged) -> None:
    built = stage(view=WORST)
    assert built.page.is_visible(".demo")
    built.show(OUTCOMES["shift_started"])
    assert built.page.is_visible(".demo")
    built.page.keyboard.press("Escape")
    built.idle(IDLE)
    expect(built.page.locator(".demo")).to_be_hidden()


def test_the_hand_lays_a_card_on_the_reader_beside_the_screen(
    stage: Staged, check_axe: Callable[[Page], None], shoot: Callable[[Page, str], Any]
) -> None:
    built = stage("/hand", clock=False, view=replace(IDLE, demo=True), width=1600, height=900)
    built.page.click("text=王秀英 0001")
    assert built.hand.taken.wait(PATIENCE)
    assert built.hand.put_down == ["0001"]
    screen = built.page.frame_locator("iframe")
    expect(screen.locator(".tap-word")).to_have_text("请刷卡")
    expect(screen.locator("text=拿卡试试")).to_have_count(0)
    shoot(built.page, "kiosk/hand")
    check_axe(built.page)


def test_a_card_that_the_hand_cannot_find_is_named(stage: Staged) -> None:
    built = stage("/hand", clock=False, expect_errors=True)
    built.page.fill("#card", "9999")
    built.page.keyboard.press("Enter")
    expect(built.page.locator("#told")).to_contain_text("9999")


def test_where_turns_do_not_fit_those_that_want_people_stay(stage: Staged) -> None:
    built = stage("/?elder", view=WORST)
    rows = built.page.locator(".turns li").all_inner_texts()
    assert 1 <= len(rows) < len(WORST.turns)
    assert all("还差" in row for row in rows)
    names = [turn.zh for turn in WORST.turns if any(turn.zh in row for row in rows)]
    assert [next(name for name in names if name in row) for row in rows] == names


def test_my_hours_come_at_a_touch_stay_to_be_read_and_leave_with_the_next_person(stage: Staged) -> None:
    built = stage()
    built.show(OUTCOMES["shift_ended"])
    assert "本月" not in built.text("#result")
    built.pass_time(8_000)
    built.page.click("[data-choice=mine]")
    assert built.text("#result h1") == "我的时长"
    told = built.text("#result")
    assert all(sum_ in told for sum_ in ("40 分钟", "6 小时 25 分", "129 小时"))
    assert "刷卡 120 小时，队长确认 8 小时，补录 20 分钟（截至今天 07:30）" in told
    built.pass_time(8_000)
    assert built.page.is_visible("#result")
    built.show(OUTCOMES["shift_started"])
    assert "我的时长" not in built.text("#result")
    assert built.controls.choices == []


def test_back_from_my_hours_the_tap_can_still_be_taken_back(stage: Staged) -> None:
    built = stage()
    built.show(OUTCOMES["shift_ended"])
    built.page.click("[data-choice=mine]")
    built.page.click("text=返回")
    assert built.text("#result h1") == "签退成功"
    built.page.click("[data-choice=undo]")
    assert built.controls.chosen.wait(PATIENCE)


def test_who_is_asked_something_reads_the_question_and_not_their_hours(stage: Staged) -> None:
    built = stage()
    built.show(replace(OUTCOMES["choose_activity"], mine=OUTCOMES["shift_ended"].mine))
    assert built.page.locator("[data-choice=mine]").count() == 0


def test_a_leader_reads_who_is_missing_and_at_the_end_who_stays(stage: Staged) -> None:
    built = stage()
    built.show(OUTCOMES["team_opened"])
    missing = "没来的，请点“有人没来”。还有 7 人没刷卡：王女士 M0011、李先生 M0012、M0013 号…"
    assert missing in built.text("#result")
    built.show(OUTCOMES["team_closed"])
    built.page.click("text=有人还在")
    assert built.page.locator(".answers button").all_inner_texts() == [
        "王女士 M0011",
        "李先生 M0012",
    ]


def test_who_asked_to_be_honoured_comes_in_turn_slowly_and_a_touch_holds_them(stage: Staged) -> None:
    built = stage(view=replace(IDLE, honoured=HONOURED[::2]))
    assert built.text(".honour").split() == ["谢谢您", "王女士", "爱心护学岗", "129", "小时"]
    built.pass_time(10_000)
    assert "王女士" in built.text(".honour")
    built.pass_time(10_000)
    assert "小周" in built.text(".honour")
    built.page.mouse.click(400, 300)
    built.pass_time(40_000)
    assert "小周" in built.text(".honour")
    assert (built.page.is_visible(".time"), built.page.is_visible(".tap")) == (True, True)


def test_nobody_moves_for_who_asked_for_no_motion(stage: Staged) -> None:
    built = stage(view=replace(IDLE, honoured=HONOURED[::2]), reduced_motion="reduce")
    built.pass_time(40_000)
    assert "王女士" in built.text(".honour")


def test_who_withdrew_is_gone_with_the_next_view(stage: Staged) -> None:
    built = stage(view=replace(IDLE, honoured=HONOURED))
    expect(built.page.locator(".honour")).to_contain_text("王女士")
    built.idle(IDLE)
    expect(built.page.locator(".honour")).to_be_hidden()


def test_while_cards_are_made_here_the_screen_says_that_taps_do_not_count_and_returns_by_itself(
    stage: Staged,
) -> None:
    built = stage(view=replace(IDLE, desk=True))
    assert built.text("#broken h1") == "这里正在办卡"
    told = built.text("#broken")
    assert all(part in told for part in ("刷卡不算", "别的打卡机", "请联系：值班室"))
    built.idle(IDLE)
    assert built.text(".tap-word") == "请刷卡"
