"""The power goes at any instant: every tap whose light was green is on the disk when the machine wakes.

Killing a process proves nothing, since the kernel keeps what it wrote; see ``tests/support/powercut_rig.py``.
"""

import os
import random
import secrets

import pytest

from kiosk.journal import SqliteJournal
from kiosk.journal_mark import read_mark
from kiosk.journal_open import inspect
from tests.support.kiosk_journal import draft
from tests.support.powercut_rig import Rig, lights, rig
from tests.support.powercut_writer import KIOSK, MACHINE

CUTS = int(os.environ.get("YIKA_POWER_CUTS", "50"))
MUTANT_CUTS = 8
pytestmark = [pytest.mark.powercut, pytest.mark.timeout(600)]


def test_no_power_cut_loses_a_tap_whose_light_was_green() -> None:
    """And the journal goes on where it was, under its own name, unharmed."""
    rng, lost, known = random.Random(7), set[str](), set[str]()
    with rig("FULL") as disk:
        for number in range(CUTS):
            disk.wait_for_light(lights(rng))
            lost |= lost_in_cut(disk, known, number)
    assert len(disk.greens) > CUTS
    assert not lost, f"{len(lost)} of {len(disk.greens)} taps lost in {CUTS} cuts"
    assert len(known) == 1, "one journal, before and after every cut"


def test_the_rig_sees_a_journal_that_does_not_wait_for_the_disk(capsys: pytest.CaptureFixture[str]) -> None:
    """The mutant ``synchronous=NORMAL`` loses taps; if it lost none, the test above would prove nothing."""
    rng, lost = random.Random(7), set[str]()
    with rig("NORMAL") as disk:
        for number in range(MUTANT_CUTS):
            disk.wait_for_light(lights(rng))
            lost |= lost_in_cut(disk, set(), number)
    with capsys.disabled():
        print(
            f"\nsynchronous=NORMAL: {len(lost)} of {len(disk.greens)} taps lost in {MUTANT_CUTS} power cuts"
        )
    assert lost


def lost_in_cut(disk: Rig, known: set[str], number: int) -> set[str]:
    """Green taps that the woken machine no longer has; it is left with one tap more."""
    with disk.cut() as place:
        path = place / "journal.db"
        assert inspect(path, read_mark(place / "journal.mark")) == []
        journal = SqliteJournal(place, kiosk_id=KIOSK, machine=MACHINE, randomness=secrets.token_bytes)
        try:
            assert journal.trouble is None
            assert journal.journal_id is not None
            known.add(journal.journal_id)
            held = {past.event.event_id for past in journal.recent("M0001", "")}
            journal.append(draft(number))
        finally:
            journal.close()
        assert inspect(path, read_mark(place / "journal.mark")) == []
    return set(disk.greens) - held
