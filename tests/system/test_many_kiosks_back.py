"""A town's power returns: sixty kiosks come back within two seconds, each with a day of taps."""

import json
from collections import Counter
from contextlib import closing

import pytest

from kiosk.journal_file import connect, read_all
from server.config import ServerConfig
from server.domain.ledger import person_account
from server.runtime import Runtime
from tests.support.comeback import Seen, Storm, peak_mb
from tests.support.outage import SERVED, Outage, Town, town
from tests.support.processes import running
from tests.support.returning import NO_ANSWER

OUTAGE = Outage(kiosks=60, days=1, people=6)
MEMORY_MB = 64
"""What the storm may cost the server beyond what it takes when nobody asks anything."""
FEW_REFUSALS = 10
"""Times that a kiosk's push is told to come back, in the mean: a slow server makes waits longer, not more."""
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def back(tmp_path_factory: pytest.TempPathFactory) -> tuple[Town, Seen, float]:
    """The town after its storm, and the memory of the server before it."""
    place = town(tmp_path_factory.mktemp("storm"), OUTAGE)
    with running(place.server):
        place.server.up()
        before = peak_mb(place.server)
        seen = Storm(place).run()
        assert place.server.stop() == 0
    return place, seen, before


def test_every_event_is_acknowledged_once_and_every_hour_counted(back: tuple[Town, Seen, float]) -> None:
    """In the journals each event bears the server's word *stored*; the books say two hours a day each."""
    place, _, _ = back
    words: Counter[str | None] = Counter()
    for cut in place.cut:
        with closing(connect(cut.folder / "journal.db", read_only=True)) as con:
            report = read_all(con)
        assert report.findings == []
        words.update(row.status for row in report.rows)
    assert words == {"stored": OUTAGE.events}
    assert _hours(place) == {SERVED * OUTAGE.days: OUTAGE.kiosks * OUTAGE.people}
    for community in place.communities[::5]:
        place.server.ask("audit", "--community", community, "--json")


def _hours(place: Town) -> Counter[int]:
    """How many people have how many tapped minutes."""
    home = place.server.home / "data"
    runtime = Runtime(ServerConfig(data_dir=home, database_url=f"sqlite:///{home / 'yika.sqlite'}"))
    found: Counter[int] = Counter()
    try:
        for community in place.communities:
            with runtime.reading(community) as uow:
                people = {person_account(row["number"]) for row in uow.rows("volunteers").rows()}
                rows = uow.rows("balances").rows(book="hours", grade="tapped")
                found.update(row["amount"] for row in rows if row["account"] in people)
    finally:
        runtime.dispose()
    return found


def test_nobody_waits_unheard_and_nothing_goes_wrong(back: tuple[Town, Seen, float]) -> None:
    """Every request was answered: no time-out, no refused connection, no fault; each push was taken once."""
    _, seen, _ = back
    assert [(what, status) for what, status in seen.answers if status not in (200, 304, 429)] == []
    assert sum(n for (_, status), n in seen.answers.items() if status == NO_ANSWER) == 0
    assert seen.troubles == {}
    assert seen.asked("events", 200) == OUTAGE.kiosks


def test_who_found_no_room_was_told_when_to_come_back(back: tuple[Town, Seen, float]) -> None:
    """Waits grow with the line and are spread, so that the same crowd does not come again together."""
    _, seen, _ = back
    told = sorted(seen.waits)
    assert told, "nobody was turned away: this was no crowd"
    assert seen.refused.total() / OUTAGE.kiosks < FEW_REFUSALS, json.dumps(seen.refused)
    assert told[-1] > 2 * told[0], "the last in line wait longer than the first"
    share = max(Counter(round(wait, 1) for wait in told).values()) / len(told)
    assert share < 0.25, f"{share:.0%} of them come back in the same tenth of a second"


def test_the_servers_memory_does_not_grow_with_the_crowd(back: tuple[Town, Seen, float]) -> None:
    _, seen, before = back
    assert seen.peak_mb - before < MEMORY_MB
