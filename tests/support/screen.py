"""What the screen can be asked to show: one result for every outcome, idle views, and a fake kiosk."""

import threading
from dataclasses import dataclass, field, replace
from typing import Any

from playwright.sync_api import Page, expect

from kiosk.errors import CardNotFound, ChoiceRefused
from kiosk.screen.view import Choice, Honoured, Idle, Mine, Result, Turn
from server.contract.rules import HOUR, MINUTE
from server.contract.wire import Kind, Shown

NOW = 1_796_256_120_000
"""2026-12-03 08:02:00 in Shanghai, a Thursday."""
UNDO = Choice(choice="undo")
ACTIVITIES = (
    Choice(choice="activity:hut", zh="健康小屋", en="Health hut", planned=True),
    Choice(choice="activity:school", zh="爱心护学岗", en="School crossing"),
    Choice(choice="activity:green", zh="绿色环保", en="Green team"),
)
MINE = Mine(
    today=40,
    month=385,
    total=7_740,
    tapped=7_200,
    witnessed=480,
    declared=20,
    as_of=NOW - 32 * MINUTE,
)
MISSING = ({"zh": "美湖家园北门", "en": "Meihu north gate"}, {"zh": "中心广场", "en": "Central square"})


def result(outcome: str, **values: Any) -> Result:
    """A result with the sums and names of a plain day."""
    known = {"event_id": f"event-{outcome}", "kind": Shown(outcome).kind, "at": NOW, "durable": True}
    return Result(outcome=outcome, **(known | values))


def _person(outcome: str, **values: Any) -> Result:
    known = {"name": "王秀英", "activity_zh": "爱心护学岗", "activity_en": "School crossing"}
    return result(outcome, **(known | {"total_minutes": 7_700} | values))


def _accepted() -> dict[str, Result]:
    proposed = {
        "proposed_end": NOW - 24 * HOUR,
        "proposed_activity_zh": "爱心护学岗",
        "proposed_activity_en": "School crossing",
    }
    ends = (Choice(choice="end_yes"), Choice(choice="end_no"), UNDO)
    absent = tuple(
        Choice(choice=f"team_except:M00{n}", zh=name, en=name)
        for n, name in enumerate(("王女士", "李先生", "", "阿卜杜热合曼", "王女士", "陈女士", "小周"), 11)
    )
    checkpoint = {"passed": 4, "of": 6, "missing": MISSING}
    return {
        "shift_started": _person("shift_started", choices=(UNDO,)),
        "shift_ended": _person("shift_ended", minutes=40, total_minutes=7_740, choices=(UNDO,), mine=MINE),
        "handed_over": _person("handed_over", minutes=95, choices=(UNDO,)),
        "checkpoint_passed": _person("checkpoint_passed", activity_zh="早巡逻", checkpoint=checkpoint),
        "choose_activity": _person("choose_activity", choices=(*ACTIVITIES, UNDO)),
        "end_proposed": _person("end_proposed", choices=ends, **proposed),
        "team_opened": _person("team_opened", choices=(*absent, UNDO), choice_seconds=60),
        "team_closed": _person("team_closed", choices=(*absent[:2], UNDO), choice_seconds=60),
        "accepted_unlisted": result("accepted_unlisted", note="name_follows", choices=(UNDO,)),
        "undone": _person("undone", activity_zh=None, activity_en=None),
        "activity_changed": _person("activity_changed", activity_zh="绿色环保", choices=(UNDO,)),
        "already_done": _person("already_done", mine=MINE),
    }


def every_outcome() -> dict[str, Result]:
    """One result for each word of the closed list."""
    plain = {str(shown): result(shown) for shown in Shown}
    named = {word: _person(word) for word in ("training_missing", "volunteer_inactive")}
    return plain | named | _accepted()


def more_results() -> dict[str, Result]:
    """Variants, long names and unusual sums: what breaks a layout."""
    outcomes = every_outcome()
    long = {
        "name": "阿卜杜热合曼·买买提江",
        "activity_zh": "居家养老服务中心节日送餐和陪同就医",
        "activity_en": "Festival meals and hospital visits for the home care centre",
    }
    ended = outcomes["shift_ended"]
    started = outcomes["shift_started"]
    muster = Choice(choice="team_open:plan-1", zh="平安美湖", en="Safe Meihu")
    close = Choice(choice="team_close:event-1")
    return {
        "long": replace(ended, **long, minutes=485, total_minutes=754_321, note="late_end"),
        "long-choice": replace(outcomes["choose_activity"], **long),
        "leader": replace(started, choices=(muster, UNDO), note="early"),
        "leader-many": replace(outcomes["choose_activity"], choices=(*ACTIVITIES, muster, UNDO)),
        "leader-leaves": replace(ended, choices=(close, UNDO)),
        "too-short": replace(ended, minutes=0),
        "unknown-length": replace(ended, minutes=None, note="clock_unsynced"),
        "round-done": replace(
            outcomes["checkpoint_passed"], checkpoint={"passed": 6, "of": 6, "missing": ()}
        ),
        "end-agreed": replace(outcomes["end_proposed"], choices=()),
        "leader-starts": replace(outcomes["shift_started"], choices=(muster, UNDO), mine=MINE),
        "all-here": replace(outcomes["team_opened"], choices=(UNDO,)),
        "member-left-out": replace(
            outcomes["undone"], reason="member", member=outcomes["team_opened"].choices[0]
        ),
        "member-stays": replace(
            outcomes["undone"], reason="stays", member=Choice(choice="team_except:M0013")
        ),
        "card-replaced": replace(outcomes["card_lost"], reason="card_replaced"),
        "nameless": replace(started, name=None, total_minutes=None),
        "rare-name": replace(started, name="㛃媃𬀩"),
        "two-at-once": replace(ended, name="李建国"),
    }


def a_turn(zh: str, en: str, hour: int, minutes: int, people: tuple[int, int]) -> Turn:
    """A turn today, in hours and minutes of Shanghai; ``people`` is how many are needed and how many came."""
    start = NOW - 8 * HOUR - 2 * MINUTE + hour * HOUR
    return Turn(zh=zh, en=en, start=start, end=start + minutes * MINUTE, need=people[0], have=people[1])


TURNS = (
    a_turn("爱心护学岗", "School crossing", 7, 100, (6, 6)),
    a_turn("早巡逻", "Morning patrol", 9, 45, (4, 2)),
    a_turn("健康小屋", "Health hut", 10, 120, (2, 2)),
    a_turn("健康咨询", "Health advice", 14, 90, (4, 1)),
)
IDLE = Idle(
    community_zh="美湖社区",
    community_en="Meihu",
    site_zh="孵化园",
    site_en="Incubator",
    turns=TURNS,
    online=True,
    clock="synced",
    now=NOW,
    contact="值班室 0510-0000 0000",
)
HONOURED = (
    Honoured(name="王女士", minutes=7_740, team_zh="爱心护学岗", team_en="School crossing"),
    Honoured(
        name="阿卜杜热合曼·买买提江", minutes=754_321, team_zh="居家养老服务中心志愿队", team_en="Home care"
    ),
    Honoured(name="小周", minutes=95),
)
WORST = replace(IDLE, online=False, pending=128, clock="unsynced", demo=True)


@dataclass
class FakeControls:
    """A kiosk without cards: says what a test put into it and remembers what it was asked."""

    view: Idle = IDLE
    choices: list[tuple[str, str]] = field(default_factory=list)
    refuse: str | None = None
    chosen: threading.Event = field(default_factory=threading.Event)

    def status(self) -> dict[str, Any]:
        """A status that nobody else would make up."""
        return {"kiosk": "kiosk-1", "pending": 3, "roster_version": None, "last": None}

    def idle(self) -> Idle:
        """The view a test chose."""
        return self.view

    def choose(self, event_id: str, choice: str) -> None:
        """Take the choice, or refuse it with the code a test chose."""
        if self.refuse is not None:
            raise ChoiceRefused(self.refuse)
        self.choices.append((event_id, choice))
        self.chosen.set()


@dataclass
class FakeHand:
    """A hand with two cards."""

    lying: str | None = None
    put_down: list[str] = field(default_factory=list)
    taken: threading.Event = field(default_factory=threading.Event)

    def cards(self) -> list[dict[str, str]]:
        """Two people's cards."""
        return [{"card": "0001", "label": "王秀英 0001"}, {"card": "0002", "label": "李建国 0002"}]

    def put(self, card: str) -> None:
        """Lay one of the two down."""
        if card not in ("0001", "0002"):
            raise CardNotFound(f"没有这张卡：{card}")
        self.lying = card
        self.put_down.append(card)

    def take(self) -> None:
        """Take it away."""
        self.lying = None
        self.taken.set()


class FakeVoice:
    """A voice that remembers what it was asked to say."""

    def __init__(self) -> None:
        """Nothing said yet."""
        self.said: list[tuple[str, str, str]] = []

    def say(self, key: str, text: str, language: str) -> None:
        """Remember it."""
        self.said.append((key, text, language))

    def close(self) -> None:
        """Nothing to stop."""


BROKEN = tuple(str(shown) for shown in Shown if shown.kind is Kind.BROKEN)


def mode(page: Page, name: str) -> None:
    """One of the screen's four sections stands in front, at once or soon."""
    expect(page.locator("html")).to_have_attribute("data-mode", name)
