"""Shifts: every person's projected again, as of the moment for which theirs hold."""

from collections import defaultdict
from collections.abc import Iterator

from server.services.acting import Row, Uow
from server.services.audit.finding import Finding, differences
from server.services.keys import Keys
from server.services.projection import read_people, shift_row, whole_projection
from server.services.world import common

AT_ONCE = 300


def check_shifts(uow: Uow, _keys: Keys) -> Iterator[Finding]:
    """Project all people from all their events, and compare."""
    stored: dict[str, list[Row]] = defaultdict(list)
    for row in uow.rows("shifts").rows():
        stored[row["volunteer"]].append(row)
    as_of = {row["volunteer"]: row["as_of"] for row in uow.rows("projections").rows()}
    for stranger in sorted(stored.keys() - as_of.keys(), key=str):
        yield Finding("shifts", str(stranger), "has shifts, and was never projected")
    shared = common(uow)
    people = sorted(as_of)
    for start in range(0, len(people), AT_ONCE):
        part = set(people[start : start + AT_ONCE])
        for person in read_people(uow, part, None, shared):
            derived = {s.shift_id: shift_row(s) for s in whole_projection(person, as_of[person.number])}
            held = {row["shift_id"]: row for row in stored.get(person.number, [])}
            yield from differences("shifts", held, derived)
