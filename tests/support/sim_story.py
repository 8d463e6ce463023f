"""What happens in one history: made from a seed alone, so that it can be told again and shortened.

Small scopes show most faults, so most histories are some hours of one or two people at a door, with a mishap
or two and perhaps weeks without a network afterwards; others are a day, several days at three doors, weeks at
five (``SIZES``). Every action carries its moment and small numbers that pick a person, machine or choice
*modulo* what there is when its time comes. So any action can be dropped and the rest still makes sense.
"""

import random
from dataclasses import dataclass
from typing import Any

from server.contract.rules import HOUR, MINUTE
from server.contract.wire import MAX_PUSH
from tests.support.sim_faults import DISK_FAULTS, FAULTS
from tests.support.sim_machine import Habit
from tests.support.sim_server import BEGIN, FIRST_DAY, KIOSKS, PEOPLE

DAY = 24 * HOUR
DESKS, GATE = (0, 1, 3, 4), 2
HTTP_EVERY = 50
"""Every so many seeds the kiosks speak through HTTP, sessions and signatures."""
LANES = ("both", "push", "pull")
_MISHAPS = {
    "reboot": 6, "restart": 2, "restore": 3, "clone": 2, "revoke": 3, "lose": 3, "new_card": 3,
    "plan_edit": 4, "set_aside": 2, "restore_tap": 2, "void": 2, "settle": 2, "rogue": 3, "spend": 4,
    "close_month": 2, "long_day": 1, "late office": 5, "pulled": 2, "seal": 3, "server_back": 3,
}  # fmt: skip
_DOUBTS = ("restore", "clone", "revoke")
_AFTER_A_SYNC = ("set_aside", "restore_tap", "void", "settle", "rogue", "spend", "close_month")
"""Mishaps that speak about what the server knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a history is; where there are several numbers, one of them is drawn."""

    of_thousand: int
    """Of a thousand histories, so many are of this size."""
    days: tuple[int, ...]
    people: tuple[int, ...]
    desks: tuple[int, ...]
    gate: float
    """How often a checkpoint is there, too."""
    presence: float
    """How often a person comes on a day."""
    plans: int
    """A day has fewer plans than this."""
    mishaps: tuple[int, ...] = ()
    """None: whatever happens in a house on each of its days."""


SIZES = {
    "hours": Size(
        of_thousand=765, days=(1,), people=(1, 1, 1, 2), desks=(1, 1, 1, 2), gate=0.1, presence=1.0, plans=2,
        mishaps=(0, 1, 1, 1),
    ),
    "day": Size(
        of_thousand=212, days=(1, 1, 1, 2), people=(1, 2, 2, 3), desks=(1, 2), gate=0.3, presence=0.85,
        plans=2, mishaps=(0, 1, 1, 2),
    ),
    "days": Size(
        of_thousand=20, days=(1, 2, 4), people=(PEOPLE,), desks=(2,), gate=1.0, presence=0.6, plans=4
    ),
    "weeks": Size(
        of_thousand=3, days=(9, 12, 16), people=(PEOPLE,), desks=(4,), gate=1.0, presence=0.5, plans=2
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Action:
    """One thing that happens; README of the kinds: ``tests/support/sim_history.py``."""

    at: int
    kind: str
    a: int = 0
    b: int = 0
    c: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """A whole history."""

    seed: int
    size: str
    habits: tuple[Habit, ...]
    """By kiosk."""
    actions: tuple[Action, ...]
    healed_after: int
    """How long after the last action the network is whole again."""


def story(seed: int) -> Story:
    """The history of a seed."""
    return _Teller(seed).tell()


def long_days(seed: int) -> Story:
    """A history in which most people serve longer than a day may credit."""
    teller = _Teller(seed)
    teller.presence, teller.long = 0.2, 0.9
    return teller.tell()


def kept(raw: dict[str, Any]) -> Story:
    """A history that was written down (``tests/system/once_wrong.json``), whatever seeds tell today."""
    habits = tuple(
        Habit(ppm=ppm, battery=battery, ntp=ntp, retention_days=days[0] if days else 20)
        for ppm, battery, ntp, *days in raw["habits"]
    )
    spare = (Habit(),) * (len(KIOSKS) - len(habits))
    actions = tuple(Action(BEGIN + after, *rest) for after, *rest in raw["actions"])
    return Story(raw["seed"], "days", habits + spare, actions, raw["healed_after"])


class _Teller:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = rng = random.Random(seed)
        self.actions: list[Action] = []
        names, weights = list(SIZES), [size.of_thousand for size in SIZES.values()]
        self.name = rng.choices(names, weights)[0]
        self.size = size = SIZES[self.name]
        self.days, self.presence = rng.choice(size.days), size.presence
        self.people = sorted(rng.sample(range(PEOPLE), rng.choice(size.people)))
        count = rng.choice(size.desks)
        self.desks = sorted(rng.sample(DESKS[: max(2, count)], count))
        self.kiosks = [*self.desks, *([GATE] if rng.random() < size.gate else [])]
        self.online = {kiosk: rng.choice([0.0, 0.3, 0.7]) for kiosk in self.kiosks}
        self.faulty = rng.choice([0.0, 0.3, 0.8])
        self.long = 0.05
        self.wild = rng.random()
        self.starts: list[tuple[int, int, int]] = []

    def tell(self) -> Story:
        rng = self.rng
        habits = tuple(self._habit() for _ in KIOSKS)
        self._plans()
        for kiosk in self.kiosks:
            if rng.random() < 0.95:
                self._add(BEGIN + 2 * HOUR + kiosk, "sync", kiosk, 0, 2, "none")
        healed = rng.choice([HOUR, 6 * HOUR, DAY, 4 * DAY, 20 * DAY, 40 * DAY])
        for day in range(self.days):
            self._day(FIRST_DAY + day * DAY)
        if self.size.mishaps:
            for _ in range(rng.choice(self.size.mishaps)):
                self._mishap(FIRST_DAY, healed)
        elif healed > DAY and rng.random() < 0.5:
            self._late_office(healed)
        return Story(self.seed, self.name, habits, tuple(sorted(self.actions)), healed)

    def _day(self, day: int) -> None:
        rng = self.rng
        for person in self.people:
            if rng.random() < self.presence:
                self._serve(day, person)
            elif rng.random() < self.long:
                self._long_day(day, person)
        if not self.size.mishaps:
            self._machines(day)
            self._office(day)

    def _add(self, at: int, kind: str, a: int = 0, b: int = 0, c: int = 0, text: str = "") -> None:
        self.actions.append(Action(at, kind, a, b, c, text))

    def _habit(self) -> Habit:
        rng = self.rng
        return Habit(
            ppm=rng.choice([0, 0, 40, -40]),
            battery=rng.choice(["good", "good", "bad", "none"]),
            ntp=rng.random() < 0.4,
            retention_days=rng.choice([0, 1, 20]),
            most=rng.choice([MAX_PUSH, MAX_PUSH, 1, 3]),
            http=self.seed % HTTP_EVERY == 0,
        )

    def _plans(self) -> None:
        rng = self.rng
        for day in range(self.days):
            last = FIRST_DAY + day * DAY + rng.randrange(8, 11) * HOUR
            for _ in range(rng.randrange(self.size.plans)):
                length = rng.choice([60, 90, 120, 240]) * MINUTE
                start = last + rng.choice([0, 0, 30, 120]) * MINUTE
                members = rng.randrange(1, 1 << PEOPLE)
                self._add(BEGIN + HOUR, "plan", (start - BEGIN) // MINUTE, length // MINUTE, members)
                self.starts.append((start, start + length, members))
                last = start + length

    def _serve(self, day: int, person: int) -> None:
        """One person's duty: at their plan or at some hour; ended, forgotten, doubled, doubted."""
        rng = self.rng
        mine = [(s, e) for s, e, m in self.starts if m >> person & 1 and day <= s < day + DAY]
        if mine and rng.random() < 0.8:
            start, end = rng.choice(mine)
            start += self._jitter()
            end += rng.choice([self._jitter(), rng.randrange(0, 6 * HOUR), -rng.randrange(0, 2 * HOUR)])
        else:
            start = day + rng.randrange(7 * HOUR, 19 * HOUR)
            long = rng.random() < 0.2
            end = start + (
                rng.randrange(6 * HOUR, 12 * HOUR) if long else rng.randrange(5 * MINUTE, 5 * HOUR)
            )
        desk = rng.choice(self.desks)
        self._tap(start, person, desk)
        if GATE in self.kiosks:
            for _ in range(rng.choice([0, 0, 1, 2])):
                self._tap(rng.randrange(start, max(start + 1, end)), person, GATE)
        if rng.random() < 0.85:
            last = desk if rng.random() < 0.7 else rng.choice(self.desks)
            self._tap(max(end, start + 2 * MINUTE), person, last)

    def _long_day(self, day: int, person: int) -> None:
        """From early to late, with a short break: more than a day may credit."""
        for hours in (6.0, 11.3, 11.5, 16.9):
            self._tap(day + int(hours * HOUR) + self.rng.randrange(60_000), person, self.desks[0])
        self._add(day + 20 * HOUR, "excess", person, self.rng.randrange(3))

    def _jitter(self) -> int:
        return self.rng.randrange(-40, 40) * MINUTE + self.rng.randrange(60_000)

    def _tap(self, at: int, person: int, kiosk: int) -> None:
        rng = self.rng
        touch = rng.randrange(1, 12) if rng.random() < 0.25 else 0
        fault = rng.choice(("dies", *DISK_FAULTS)) if rng.random() < self.faulty / 5 else ""
        self._add(at, "tap", person, kiosk, touch, fault)
        if rng.random() < 0.15:
            other = kiosk if rng.random() < 0.6 else rng.choice(self.desks)
            self._add(at + rng.randrange(4_000, 90_000), "tap", person, other, 0)
        if rng.random() < self.online[kiosk]:
            self._sync(at + rng.randrange(500, 20_000), kiosk)

    def _sync(self, at: int, kiosk: int) -> None:
        rng = self.rng
        fault = rng.choice((*FAULTS, *DISK_FAULTS)) if rng.random() < self.faulty else "none"
        lanes = rng.choice([0, 1, 1, 1])
        if fault.startswith("old_"):  # older than what it holds: it has to hold something newer
            self._add(at - 200, "sync", kiosk, 0, 0, "none")
            lanes = 0
        self._add(at, "sync", kiosk, 0 if lanes else rng.randrange(2), lanes, fault)
        if fault == "late_copy":
            self._add(at + rng.randrange(HOUR), "copies", kiosk)

    def _mishap(self, day: int, healed: int) -> None:
        """What can happen on a small day."""
        rng = self.rng
        kind = rng.choices(list(_MISHAPS), list(_MISHAPS.values()))[0]
        at = day + rng.randrange(6 * HOUR, self.days * DAY)
        kiosk = rng.choice(self.kiosks)
        own = {
            "reboot": lambda: self._add(at, "reboot", kiosk, rng.choice([1, 5, 60, 600])),
            "restart": lambda: self._add(at, "restart", kiosk),
            "pulled": lambda: self._add(at, "pulled", rng.choice(self.people), kiosk, at % 2),
            "seal": lambda: self._sealed(at, kiosk),
            "server_back": lambda: self._server_back(at, kiosk),
            "long_day": lambda: self._long_day(day, rng.choice(self.people)),
            "late office": lambda: self._late_office(healed),
            **dict.fromkeys(_DOUBTS, lambda: self._doubtful(kind, at, rng.choice(self.desks))),
        }
        own.get(kind, lambda: self._by_the_office(kind, at, kiosk))()

    def _by_the_office(self, kind: str, at: int, kiosk: int) -> None:
        if kind in _AFTER_A_SYNC:
            self._add(at - 1000, "sync", kiosk, 0, 1, "none")
        self._add(at, kind, *(self.rng.randrange(1000) for _ in range(3)))

    def _sealed(self, at: int, kiosk: int) -> None:
        for hours, what in ((0, "sync"), (1, "seal"), (2, "sync"), (4, "sync")):
            self._add(at + hours * HOUR, what, kiosk, self.rng.randrange(1000) if what == "seal" else 0)

    def _doubtful(self, kind: str, at: int, kiosk: int) -> None:
        rng = self.rng
        if kind == "restore":
            self._add(at - rng.randrange(8 * HOUR), "snapshot", kiosk)
            if rng.random() < 0.5:  # what the server has of this card goes on otherwise from here
                self._tap(at - rng.randrange(HOUR), rng.choice(self.people), kiosk)
                self._add(at - 100, "sync", kiosk, 0, 1, "none")
                self._tap(at + rng.randrange(HOUR), rng.choice(self.people), kiosk)
            self._add(at, "restore", kiosk, rng.randrange(2))
        else:
            self._add(at, kind, kiosk)

    def _server_back(self, at: int, kiosk: int) -> None:
        """The server is put back from a backup; what kiosks have pushed since then is only with them."""
        self._add(at - self.rng.randrange(12 * HOUR), "backup")
        self._sync(at - self.rng.randrange(HOUR), kiosk)
        self._add(at, "server_back")
        if self.rng.random() < 0.5:
            self._sync(at + self.rng.randrange(6 * HOUR), kiosk)

    def _machines(self, day: int) -> None:
        rng = self.rng
        for kiosk in self.kiosks:
            for _ in range(rng.choice([0, 0, 1, 2])):
                self._add(day + rng.randrange(DAY), "reboot", kiosk, rng.randrange(1, 90))
            if rng.random() < 0.2:
                self._add(day + rng.randrange(DAY), "restart", kiosk)
            if rng.random() < 0.3 + self.online[kiosk]:
                self._sync(day + rng.randrange(DAY), kiosk)
        for kind, low, high in (("restore", 0.0, 0.25), ("clone", 0.25, 0.35), ("revoke", 0.35, 0.45)):
            if low < self.wild < high:
                self._doubtful(kind, day + rng.randrange(8 * HOUR, 24 * HOUR), rng.choice(self.desks))

    def _office(self, day: int) -> None:
        rng = self.rng
        for kind, chance in (
            *(("lose", 0.12), ("new_card", 0.15), ("plan_edit", 0.4), ("decide", 0.5), ("spend", 0.1)),
            *(("settle", 0.3), ("set_aside", 0.1), ("restore_tap", 0.2), ("void", 0.1), ("excess", 0.2)),
            *(("close_month", 0.05), ("rogue", 0.05)),
        ):
            if rng.random() < chance:
                self._add(day + rng.randrange(30 * HOUR), kind, *(rng.randrange(1000) for _ in range(3)))
        if rng.random() < 0.05:
            self._server_back(day + rng.randrange(12 * HOUR, 30 * HOUR), rng.choice(self.kiosks))

    def _late_office(self, healed: int) -> None:
        """While one kiosk is still offline, the office decides and settles."""
        rng = self.rng
        end = FIRST_DAY + self.days * DAY
        kinds = ["sync", "decide", rng.choice(["settle", "decide", "restore_tap", "close_month"])]
        if not self.size.mishaps:
            kinds += ["settle", "decide", "settle", "sync", "restore_tap"]
        for at, kind in zip(sorted(rng.randrange(healed) for _ in kinds), kinds, strict=True):
            a = rng.randrange(1000) if kind != "sync" else rng.choice(self.kiosks)
            lanes = 1 if kind == "sync" else rng.randrange(1000)
            self._add(end + at, kind, a, rng.randrange(1000), lanes, "none")
