"""What of a person's minutes the ledger shall hold: the day's cap, and what was approved above it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from server.domain.calendar import day_start
from server.domain.facts import Decision, DecisionKind, Flag, Grade, Shift, ShiftState, World
from server.domain.rules_in_force import rules_at

_OWN_FLAGS = {Flag.OVER_DAY_CAP, Flag.EXCESS_APPROVED}
_ORDER = list(Grade)


def credit(shifts: Iterable[Shift], world: World) -> list[Shift]:
    """One person's shifts with ``credited`` set; give all shifts of each day together.

    Minutes fill the day's cap in a fixed order: better-known ones first, then by start; what does not fit is
    held, not lost: it is credited once somebody else approves that day's excess.
    """
    days: dict[tuple[str, str], list[Shift]] = {}
    for shift in shifts:
        days.setdefault((shift.volunteer, shift.day), []).append(shift)
    credited = [done for found in days.values() for done in _credit_day(found, world)]
    return sorted(credited, key=lambda s: (s.started_at, s.shift_id))


def _credit_day(shifts: Sequence[Shift], world: World) -> list[Shift]:
    volunteer, day = shifts[0].volunteer, shifts[0].day
    approved = is_excess_approved(volunteer, day, world.decisions)
    room = rules_at(world.rules, day_start(day)).day_cap
    done = []
    for shift in sorted(shifts, key=_priority):
        wanted = shift.minutes if shift.state is ShiftState.CLOSED else 0
        given = wanted if approved else min(wanted, room)
        over = wanted > room
        room -= min(wanted, room)
        done.append(_with_credit(shift, given, over=over, approved=approved))
    return done


def _priority(shift: Shift) -> tuple[int, int, str]:
    known = len(_ORDER) if shift.grade is None else _ORDER.index(shift.grade)
    return known, shift.started_at, shift.shift_id


def _with_credit(shift: Shift, given: int, *, over: bool, approved: bool) -> Shift:
    flags = {flag for flag in shift.flags if flag not in _OWN_FLAGS}
    if over:
        flags.add(Flag.EXCESS_APPROVED if approved else Flag.OVER_DAY_CAP)
    after = tuple(sorted(flags))
    same = (given, after) == (shift.credited, shift.flags)
    return shift if same else replace(shift, credited=given, flags=after)


def is_excess_approved(volunteer: str, day: str, decisions: Iterable[Decision]) -> bool:
    """Whether somebody else approved what the cap holds of a person's day."""
    return any(
        d.kind is DecisionKind.APPROVE_EXCESS
        and (d.volunteer, d.day) == (volunteer, day)
        and d.by != volunteer
        for d in decisions
    )
