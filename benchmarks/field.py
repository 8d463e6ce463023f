"""From a card in the reader's field to the result on the screen's stream, beyond the bytes on the wire.

The card is simulated down to its frames, the PN532 sits on a pseudo-terminal, both in a process of their own,
since a kiosk's processor does not have to do their work; above them run nfcpy and our own reader, service,
journal and hub as they are. The floor is the time the serial bytes alone need on a wire of 115200 baud, ten
bits each: no software can be faster there. Cards come at any moment of the polling.
"""

import multiprocessing
import random
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from time import perf_counter_ns

from benchmarks.held import held_to
from benchmarks.kiosk_parts import WAIT_S, Kiosk, Person, kiosk, reading
from benchmarks.report import Options, Result, quantile, spread
from card_tools.ndef import to_ndef
from hardware.presentation import Patience
from hardware.simulated import Field, NtagCard, Pn532Uart
from kiosk.screen.hub import Subscription

BAUD = 115_200
BYTE_MS = 10_000 / BAUD
SLOW = 0.25
HELD = f"paced, held to {SLOW:g} of a core"


class CountedUart(Pn532Uart):
    """A simulated chip that counts the bytes on its line, both ways."""

    bytes_passed = 0

    def _pace(self, count: int) -> None:
        self.bytes_passed += count
        super()._pace(count)


@dataclass(frozen=True, slots=True)
class Chip:
    """A simulated reader in another process: its terminal, and the line to whoever lays cards there."""

    path: str
    line: Connection
    paced: bool


def run(options: Options) -> Result:
    """Measure on a line at the pace of a wire, and on one without."""
    result = Result("field", "A card in the field to the result on the screen's stream (nfcpy, NTAG213)")
    count = options.size(40, least=2)
    for pace in (True, False):
        with _chip(paced=pace) as chip:
            _measure(result, options, f"paced {BAUD} baud" if pace else "unpaced line", chip, count)
    with _chip(paced=True) as chip, held_to(SLOW) as is_held:
        if is_held:
            _measure(result, options, HELD, chip, count)
            result.settings[HELD] = f"control group, {SLOW:g} of a core for the kiosk; chip, card outside"
        else:
            result.notes.append("this system lets us hold no process back: the slow kiosk was left out")
    result.settings["reader"] = f"hardware.nfc_reader, {Patience()}"
    result.settings["card"] = "NTAG213 with our signed NDEF record, verified and its name opened"
    result.notes.append(f"{count} cards each; a real reader adds 14 to 19 ms of radio (docs of NTAG213)")
    result.notes.append("TfL gates take ~350 to 500 ms, JR East 200 ms, from card to light")
    return result


def _measure(result: Result, options: Options, name: str, chip: Chip, count: int) -> None:
    with kiosk(options.room(name), count + 1) as door:
        whole, wire = _taps(door, chip)
    result.add(f"{name}: bytes on the wire at {BAUD}", spread(wire))
    floor = result.rows[-1].what
    result.add(f"{name}: card to stream", spread(whole), to=floor, aim="p50 < 200 ms (JR East)")
    if chip.paced:
        beyond = [all_of - bytes_of for all_of, bytes_of in zip(whole, wire, strict=True)]
        aim = "p50 < 100 ms" if name == HELD else "p50 < 30 ms"
        result.add(f"{name}: beyond its bytes", spread(beyond), aim=aim)
    result.detail[name] = {"p95 ms": quantile(whole, 0.95)}


def _taps(door: Kiosk, chip: Chip) -> tuple[list[float], list[float]]:
    whole, wire, chance = [], [], random.Random(1)
    seen = door.hub.subscribe()
    seen.next(0)
    with closing(seen), reading(door, chip.path):
        _one(chip, seen, door.people[0])
        for person in door.people[1:]:
            threading.Event().wait(chance.random() * 0.05)
            took, count = _one(chip, seen, person)
            whole.append(took)
            wire.append(count * BYTE_MS)
    return whole, wire


def _one(chip: Chip, seen: Subscription, person: Person) -> tuple[float, int]:
    """Lay one card down, wait for its result, take it away, and wait until the reader knows."""
    started = perf_counter_ns()
    chip.line.send((person.uid, to_ndef(person.bound)))
    update = seen.next(WAIT_S)
    took = (perf_counter_ns() - started) / 1e6
    if update is None or update.result is None or update.result.outcome != "shift_started":
        raise RuntimeError(f"the card of {person.number} was not taken: {update}")
    chip.line.send("seen")
    count: int = chip.line.recv()
    return took, count


@contextmanager
def _chip(*, paced: bool) -> Iterator[Chip]:
    apart = multiprocessing.get_context("spawn")
    ours, theirs = apart.Pipe()
    process = apart.Process(target=_serve, args=(theirs, paced), daemon=True)
    process.start()
    try:
        yield Chip(ours.recv(), ours, paced)
        ours.send(None)
    finally:
        process.join(WAIT_S)


def _serve(line: Connection, paced: bool) -> None:
    """For each card that is named: lay it down, and when its result was seen tell the bytes that it took."""
    with CountedUart(Field(), paced=paced, baud=BAUD if paced else None) as uart:
        assert isinstance(uart, CountedUart)
        line.send(uart.path)
        while (card := line.recv()) is not None:
            before = uart.bytes_passed
            uart.field.put(NtagCard("ntag213", card[0], ndef=card[1]))
            line.recv()
            count = uart.bytes_passed - before
            uart.field.take()
            due = perf_counter_ns() + (Patience().gone_ms + 100) * 1_000_000
            uart.field.wait_for(lambda due=due: perf_counter_ns() > due, WAIT_S)  # type: ignore[misc]
            line.send(count)
