"""What one push, and one kiosk's tap, cost as history grows: they should cost the same for life.

A community grows day by day, then by copies of what it has lived through (history.py), all in one boot that
never ends. At each size one person's single tap is pushed again and again, then a desk's busiest ten minutes
(60 taps in one push). A single tap comes with a clock sample that tells nothing new, and with one that does
(every six hours); the 60 come on a morning, so they always bring a new one. The person who served every
single day is measured apart: nobody's past is longer.
"""

from collections.abc import Callable, Iterator
from time import perf_counter

from benchmarks.community import DAILY, DAY, FIRST_DAY, Town, town
from benchmarks.history import lengthen
from benchmarks.kiosk_parts import kiosk
from benchmarks.report import Options, Result, quantile, timed, timed_twice
from benchmarks.tap import CHECK_EVERY, chip
from server.contract.rules import HOUR, MINUTE
from server.contract.wire import Push, push_to_bytes

SIZES = (1_000, 10_000, 100_000, 1_000_000)
LIVED = 10_000
"""Events that are pushed; what is beyond is copied."""
TAPS_A_DAY, PEOPLE, KIOSKS = 200, 1550, 4
SINGLES = 15
"""Single taps of a kind at each size: an odd number, so that who comes every time is here at the end."""


def run(options: Options) -> Result:
    """Grow a community and a journal; the ratio is to the smallest size."""
    result = Result("growth", "One push and one tap as history grows")
    folder = options.room("growth")
    sizes = [options.size(size, least=20) for size in SIZES]
    with town(f"sqlite:///{folder / 'yika.sqlite'}", people=options.size(PEOPLE, least=70)) as own:
        for size in sizes:
            if size <= options.size(LIVED, least=20):
                result.detail[f"filled to {size}"] = {"events/s": round(_grow(own, size))}
            else:
                lengthen(own, round(size / _stored(own)) - 1)
            _server(result, own, f"{size} events", sizes)
            result.detail[f"at {size}"] = {"events stored": _stored(own)}
    for size in sizes[:2]:
        _kiosk(result, options, size, sizes)
    result.settings["server"] = "SQLite, synchronous=FULL, WAL; parse, ingest, commit and answer"
    result.notes.append(f"{KIOSKS} kiosks, {PEOPLE} people (times the scale), {TAPS_A_DAY} taps a day")
    return result


def _grow(own: Town, size: int) -> float:
    """Let days pass until so many events are stored, each kiosk pushing every fifth day."""
    stored = before = _stored(own)
    started = perf_counter()
    while stored < size:
        own.day(own.days, min(TAPS_A_DAY, max(6, size // 5)))
        own.days += 1
        stored += sum(len(kiosk.unsent) for kiosk in own.kiosks) if own.days % 5 == 0 else 0
        if own.days % 5 == 0:
            _send(own)
    _send(own)
    return (stored - before) / max(0.001, perf_counter() - started)


def _stored(own: Town) -> int:
    with own.uow() as uow:
        return int(uow.rows("events").count())


def _send(own: Town) -> None:
    for push in own.pushes(own.now):
        own.take(push)


def _server(result: Result, own: Town, name: str, sizes: list[int]) -> None:
    first = f"{sizes[0]} events"
    for what, pushes in _situations(own):
        times, worked = [], []
        for at, push in pushes:
            own.now, body = at, push_to_bytes(push)
            took, mine = timed_twice(lambda body=body: own.take_bytes(body))  # type: ignore[misc]
            times.append(took)
            worked.append(mine)
        figures = {"processor p50 ms": quantile(worked, 0.5), "p50 ms": quantile(times, 0.5)}
        figures["max ms"] = max(times)
        result.add(f"{what}: {name}", figures, to=f"{what}: {first}" if name != first else "", aim="flat")


def _situations(own: Town) -> Iterator[tuple[str, Iterator[tuple[int, Push]]]]:
    others = [number for number in own.cards if number != DAILY]
    yield "one tap", _singles(own, lambda turn: others[turn % len(others)], 20 * MINUTE)
    yield "one tap of who came daily", _singles(own, lambda _: DAILY, 20 * MINUTE)
    yield "one tap, new clock sample", _singles(own, lambda turn: others[turn % len(others)], 7 * HOUR)
    yield "60 taps in one push, new clock sample", _crowds(own, others)


def _singles(own: Town, who: Callable[[int], str], apart: int) -> Iterator[tuple[int, Push]]:
    at = _next_day(own)
    for turn in range(SINGLES):
        at += apart
        own.tap(who(turn), own.kiosks[0], at)
        yield at + 1000, own.kiosks[0].pushes(at + 1000)[0]
        if who(turn) != who(turn + 1) or turn + 1 == SINGLES:
            _go_home(own, [who(turn)], at + 12 * MINUTE)


def _crowds(own: Town, others: list[str]) -> Iterator[tuple[int, Push]]:
    for _ in range(5):
        at = _next_day(own)
        people = own.rng.sample(others, min(60, len(others)))
        for place, number in enumerate(people):
            own.tap(number, own.kiosks[0], at + place * 10_000)
        yield at + 11 * MINUTE, own.kiosks[0].pushes(at + 11 * MINUTE)[0]
        _go_home(own, people, at + HOUR)


def _go_home(own: Town, people: list[str], at: int) -> None:
    for place, number in enumerate(people):
        own.tap(number, own.kiosks[0], at + place * 10_000)
    own.now = at + len(people) * 10_000
    _send(own)


def _next_day(own: Town) -> int:
    """Seven in the morning of a day on which nothing has happened yet."""
    own.days = max(own.days, (own.now - FIRST_DAY) // DAY) + 1
    return FIRST_DAY + own.days * DAY + 7 * HOUR


def _kiosk(result: Result, options: Options, size: int, sizes: list[int]) -> None:
    """A volunteer's first tap at a kiosk whose journal holds so many events already, the others' taps."""
    others, mine = options.size(200, least=5), 50
    with kiosk(options.room(f"journal-{size}"), others + mine) as door:
        for turn in range(size):
            door.service.tap(chip(door.people[turn % others]))
            if turn % CHECK_EVERY == 0:
                door.service.check()
        reads = [chip(person) for person in door.people[others:]]
        times = [timed(lambda read=read: door.service.tap(read)) for read in reads]  # type: ignore[misc]
    to = f"kiosk's tap: {sizes[0]} events" if size != sizes[0] else ""
    figures = {"p50 ms": quantile(times, 0.5), "max ms": max(times)}
    result.add(f"kiosk's tap: {size} events", figures, to=to, aim="flat")
