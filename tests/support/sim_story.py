"""What happens in one history: made from a seed alone, so that it can be told again and shortened.

Every action carries its moment and small numbers that pick a person, machine or choice *modulo* what there
is when its time comes. So any action can be dropped and the rest still makes sense.
"""

import random
from dataclasses import dataclass

from server.contract.rules import HOUR, MINUTE
from tests.support.sim_machine import FAULTS, Habit
from tests.support.sim_server import BEGIN, FIRST_DAY, PEOPLE, SITES

DAY = 24 * HOUR


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
    habits: tuple[Habit, ...]
    actions: tuple[Action, ...]
    healed_after: int
    """How long after the last action the network is whole again."""


def story(seed: int) -> Story:
    """The history of a seed."""
    return _Teller(seed).tell()


class _Teller:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self.actions: list[Action] = []
        self.days = self.rng.choice([1, 1, 1, 2, 2, 4])
        self.online = [self.rng.choice([0.0, 0.3, 0.9]) for _ in SITES]
        self.wild = self.rng.random()

    def tell(self) -> Story:
        rng = self.rng
        habits = tuple(self._habit() for _ in SITES)
        self._plans()
        for machine in range(len(SITES)):
            self._add(BEGIN + 2 * HOUR + machine, "sync", machine)
        for day in range(self.days):
            for person in range(PEOPLE):
                if rng.random() < 0.6:
                    self._serve(FIRST_DAY + day * DAY, person)
                elif rng.random() < 0.1:
                    self._long_day(FIRST_DAY + day * DAY, person)
            self._machines(FIRST_DAY + day * DAY)
            self._office(FIRST_DAY + day * DAY)
        healed = rng.choice([HOUR, 6 * HOUR, DAY, 4 * DAY, 20 * DAY, 40 * DAY])
        if healed > DAY and rng.random() < 0.5:
            self._slow_office(healed)
        return Story(self.seed, habits, tuple(sorted(self.actions)), healed)

    def _add(self, at: int, kind: str, a: int = 0, b: int = 0, c: int = 0, text: str = "") -> None:
        self.actions.append(Action(at, kind, a, b, c, text))

    def _habit(self) -> Habit:
        rng = self.rng
        battery = rng.choice(["good", "good", "bad", "none"])
        return Habit(ppm=rng.choice([0, 0, 40, -40]), battery=battery, ntp=rng.random() < 0.4)

    def _plans(self) -> None:
        rng, self.starts = self.rng, []
        for day in range(self.days):
            last = FIRST_DAY + day * DAY + rng.randrange(8, 11) * HOUR
            for _ in range(rng.randrange(0, 4)):
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
            end = start + rng.choice(
                [rng.randrange(5 * MINUTE, 5 * HOUR), rng.randrange(6 * HOUR, 12 * HOUR)]
            )
        desk = rng.randrange(2)
        self._tap(start, person, desk)
        for _ in range(rng.choice([0, 0, 0, 1, 2])):
            self._tap(rng.randrange(start, max(start + 1, end)), person, 2)
        if rng.random() < 0.85:
            self._tap(max(end, start + 2 * MINUTE), person, desk if rng.random() < 0.7 else 1 - desk)

    def _long_day(self, day: int, person: int) -> None:
        """From early to late, with a short break: more than a day may credit."""
        for hours in (6.0, 11.3, 11.5, 16.9):
            self._tap(day + int(hours * HOUR) + self.rng.randrange(60_000), person, 0)

    def _jitter(self) -> int:
        return self.rng.randrange(-40, 40) * MINUTE + self.rng.randrange(60_000)

    def _tap(self, at: int, person: int, machine: int) -> None:
        rng = self.rng
        touch = rng.randrange(1, 12) if rng.random() < 0.25 else 0
        self._add(at, "crash_tap" if rng.random() < 0.04 else "tap", person, machine, touch)
        if rng.random() < 0.15:
            other = machine if rng.random() < 0.6 else rng.randrange(2)
            self._add(at + rng.randrange(4_000, 90_000), "tap", person, other, 0)
        if rng.random() < self.online[machine]:
            self._sync(at + rng.randrange(500, 20_000), machine)

    def _sync(self, at: int, machine: int) -> None:
        rng = self.rng
        fault = rng.choice(FAULTS) if rng.random() < 0.35 else "none"
        self._add(at, "sync", machine, rng.randrange(4), 0, fault)
        if fault == "late_copy":
            self._add(at + rng.randrange(HOUR), "copies", machine)

    def _machines(self, day: int) -> None:
        rng = self.rng
        for machine in range(len(SITES)):
            for _ in range(rng.choice([0, 0, 1, 2])):
                self._add(day + rng.randrange(DAY), "reboot", machine, rng.randrange(1, 90))
            if rng.random() < 0.2:
                self._add(day + rng.randrange(DAY), "restart", machine)
            if rng.random() < 0.3 + self.online[machine]:
                self._sync(day + rng.randrange(DAY), machine)
        if self.wild < 0.25:
            machine = rng.randrange(2)
            at = day + rng.randrange(16 * HOUR)
            self._add(at, "snapshot", machine)
            self._add(at + rng.randrange(8 * HOUR), "restore", machine, rng.randrange(2))
        if 0.25 < self.wild < 0.35:
            self._add(day + rng.randrange(18 * HOUR), "clone", rng.randrange(2))
        if 0.35 < self.wild < 0.45:
            self._add(day + rng.randrange(8 * HOUR, 40 * HOUR), "revoke", rng.randrange(2))

    def _office(self, day: int) -> None:
        rng = self.rng
        for kind, chance in (
            *(("lose", 0.12), ("new_card", 0.15), ("plan_edit", 0.4), ("decide", 0.5)),
            *(("settle", 0.3), ("set_aside", 0.1), ("restore_tap", 0.2), ("void", 0.1), ("excess", 0.2)),
        ):
            if rng.random() < chance:
                self._add(day + rng.randrange(30 * HOUR), kind, *(rng.randrange(1000) for _ in range(3)))

    def _slow_office(self, healed: int) -> None:
        """While one kiosk is still offline, the office decides and settles."""
        rng = self.rng
        end = FIRST_DAY + self.days * DAY
        for kind in ("sync", "settle", "decide", "decide", "settle", "sync", "restore_tap"):
            a = rng.randrange(1000) if kind != "sync" else rng.randrange(len(SITES))
            self._add(end + rng.randrange(healed), kind, a, rng.randrange(1000), rng.randrange(1000), "none")
