"""The power goes at any instant: every tap whose light was green is on the disk when the machine wakes.

Killing a process proves nothing, since the kernel keeps what it wrote; see ``tests/support/powercut_rig.py``.
"""

import os
import random
import secrets
from collections import Counter
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.identity import Enrolment, load_enrolment, load_key, save_enrolment, save_key
from kiosk.journal import SqliteJournal
from kiosk.journal_mark import read_mark
from kiosk.journal_open import inspect
from tests.support.kiosk_journal import draft
from tests.support.powercut_rig import KEPT, STAGES, Rig, fresh_disk, rig, woken_disk
from tests.support.powercut_writer import KIOSK, MACHINE

CUTS = int(os.environ.get("YIKA_POWER_CUTS", "50"))
MUTANT_CUTS = 8
CUTS_PER_DISK = 100
pytestmark = [pytest.mark.powercut, pytest.mark.timeout(600 + 5 * CUTS)]


def test_no_power_cut_loses_a_tap_whose_light_was_green(capsys: pytest.CaptureFixture[str]) -> None:
    """And the journal goes on where it was, under its own name, unharmed."""
    rng, lost, greens, met = random.Random(7), set[str](), 0, Counter[str]()
    for first in range(0, CUTS, CUTS_PER_DISK):
        known = set[str]()
        with rig("FULL") as disk:
            for number in range(first, min(CUTS, first + CUTS_PER_DISK)):
                kept = rng.choice(KEPT)
                disk.run_into(list(STAGES)[number % len(STAGES)], rng.random())
                with disk.cut(kept, rng) as place:
                    lost |= lost_at(place, disk, known, number)
                met.update([f"in {disk.stage}", kept, *["with unsynced blocks"] * (disk.unsynced > 0)])
            greens += len(disk.greens)
        assert len(known) == 1, "one journal, before and after every cut"
    with capsys.disabled():
        print(f"\n{CUTS} power cuts: {len(lost)} of {greens} green taps lost; {dict(sorted(met.items()))}")
    assert greens > CUTS
    assert not lost
    assert all(met[f"in {stage}"] for stage in STAGES)
    assert all(met[kept] for kept in (*KEPT, "with unsynced blocks"))


def test_the_rig_sees_a_journal_that_does_not_wait_for_the_disk(capsys: pytest.CaptureFixture[str]) -> None:
    """The mutant ``synchronous=NORMAL`` loses taps; if it lost none, the test above would prove nothing."""
    rng, lost = random.Random(7), set[str]()
    with rig("NORMAL") as disk:
        for number in range(MUTANT_CUTS):
            disk.run_into(list(STAGES)[number % len(STAGES)], rng.random())
            with disk.cut(KEPT[number % len(KEPT)], rng) as place:
                lost |= set(disk.greens) - disk.may_be_gone - held_at(place)
    with capsys.disabled():
        print(
            f"\nsynchronous=NORMAL: {len(lost)} of {len(disk.greens)} taps lost in {MUTANT_CUTS} power cuts"
        )
    assert lost


def test_what_enrolling_keeps_is_there_though_the_power_goes_right_after() -> None:
    """The code is used by then: a key that was lost could not be enrolled again with it."""
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    enrolment = Enrolment(
        url="http://yika", kiosk_id=KIOSK, community_id="c", community="", site="s", server_key=""
    )
    with fresh_disk() as (folder, place):
        save_key(place, key)
        with woken_disk(folder) as found:
            assert load_key(found).private_bytes_raw() == key.private_bytes_raw()
        save_enrolment(place, enrolment)
        with woken_disk(folder) as found:
            assert load_enrolment(found) == enrolment


def lost_at(place: Path, disk: Rig, known: set[str], number: int) -> set[str]:
    """Green taps that the woken machine no longer has; it is left with one tap more."""
    path, mark = place / "journal.db", place / "journal.mark"
    assert inspect(path, read_mark(mark)) == []
    journal = woken(place)
    try:
        assert journal.trouble is None
        assert journal.journal_id is not None
        known.add(journal.journal_id)
        held = {past.event.event_id for past in journal.recent("M0001", "")}
        journal.append(draft(number))
    finally:
        journal.close()
    assert inspect(path, read_mark(mark)) == []
    return set(disk.greens) - disk.may_be_gone - held


def held_at(place: Path) -> set[str]:
    """What the woken machine has, in whichever journal."""
    journal = woken(place)
    try:
        return {past.event.event_id for past in journal.recent("M0001", "")}
    finally:
        journal.close()


def woken(place: Path) -> SqliteJournal:
    """The journal as the machine finds it."""
    return SqliteJournal(place, kiosk_id=KIOSK, machine=MACHINE, randomness=secrets.token_bytes)
