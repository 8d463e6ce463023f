"""What the server says to a push, and what it keeps: nothing is thrown away, nothing stops the rest."""

from dataclasses import replace

import pytest

from server.contract.rules import HOUR, MINUTE
from server.contract.wire import Push, PushedEvent
from server.domain.calendar import day_start
from server.errors import Invalid
from server.services.audit import audit
from server.services.cards import set_state

NINE = day_start("2026-11-24") + 9 * HOUR


def words(reply):
    return [(r.status, r.reason) for r in reply.results]


def findings(bench):
    with bench.uow(writes=False) as uow:
        return audit(uow, bench.keys)


def state(bench):
    """Shifts and sums, as they must be equal in any order of arrival."""
    shifts = [{k: v for k, v in row.items() if k != "known_at"} for row in bench.rows("shifts", "shift_id")]
    sums: dict[tuple, int] = {}
    for line in bench.rows("ledger_lines"):
        place = (line["account"], line["book"], line["grade"], line["day"])
        sums[place] = sums.get(place, 0) + line["amount"]
    return shifts, {place: amount for place, amount in sums.items() if amount}


def test_a_pushed_tap_is_stored_with_its_hash_and_starts_a_shift(bench) -> None:
    """The answer names the event's place and chain hash, so that it fits this event only."""
    kiosk = bench.kiosk()
    event = kiosk.tap("M0001", NINE)
    bench.now = NINE + MINUTE
    reply = bench.push(kiosk)
    assert [(r.seq, r.hash, r.status) for r in reply.results] == [(1, kiosk.head(1), "stored")]
    [shift] = bench.rows("shifts")
    assert (shift["shift_id"], shift["volunteer"], shift["state"]) == (event.event_id, "M0001", "open")


def test_a_server_that_lacks_what_came_before_asks_for_it(bench) -> None:
    """It was restored from an older backup; from what it has on, and once only."""
    kiosk = bench.kiosk()
    for number in range(4):
        kiosk.tap("M0001", NINE + number * HOUR, shown="shift_ended" if number % 2 else "shift_started")
    bench.now = NINE + 5 * HOUR
    assert bench.push(kiosk, kiosk.push(1, 1)).resend_from is None
    assert bench.push(kiosk, kiosk.push(4, 4)).resend_from == 2
    assert bench.push(kiosk, kiosk.push(2, 3)).resend_from is None
    assert bench.push(kiosk, kiosk.push(4, 4)).resend_from is None
    assert [row["credited"] for row in bench.rows("shifts")] == [60, 60]
    assert findings(bench) == []


def test_two_taps_are_a_shift_and_its_minutes_are_in_the_ledger(bench) -> None:
    kiosk = bench.kiosk()
    kiosk.tap("M0001", NINE)
    kiosk.tap("M0001", NINE + 2 * HOUR, shown="shift_ended")
    bench.now = NINE + 3 * HOUR
    bench.push(kiosk)
    [shift] = bench.rows("shifts")
    assert (shift["state"], shift["grade"], shift["credited"]) == ("closed", "tapped", 120)
    held = {(r["book"], r["account"]): r["amount"] for r in bench.rows("balances")}
    assert held[("hours", "person:M0001")] == 120
    assert held[("hours", "community:service")] == -120
    assert held[("points", "person:M0001")] == 120


def test_a_push_whose_answer_was_lost_is_answered_again_and_changes_nothing(bench) -> None:
    """At least once: the second time every event is a duplicate with the same hash."""
    kiosk = bench.kiosk()
    kiosk.tap("M0001", NINE)
    kiosk.tap("M0001", NINE + HOUR, shown="shift_ended")
    bench.now = NINE + 2 * HOUR
    first = bench.push(kiosk)
    before = (state(bench), len(bench.rows("facts")), len(bench.rows("ledger_transactions")))
    second = bench.push(kiosk)
    assert [r.hash for r in second.results] == [r.hash for r in first.results]
    assert words(second) == [("duplicate", None)] * 2
    assert (state(bench), len(bench.rows("facts")), len(bench.rows("ledger_transactions"))) == before


def test_overlapping_ranges_store_only_what_is_new(bench) -> None:
    kiosk = bench.kiosk()
    for index in range(4):
        kiosk.tap(f"M000{index + 1}", NINE + index * MINUTE)
    bench.now = NINE + HOUR
    bench.push(kiosk, kiosk.push(1, 3, sent_at=bench.now))
    reply = bench.push(kiosk, kiosk.push(2, 4, sent_at=bench.now))
    assert words(reply) == [("duplicate", None), ("duplicate", None), ("stored", None)]
    assert findings(bench) == []


@pytest.mark.parametrize(
    "body",
    ["", "no event", "{}", '{"v":2}', "[1]", "x\x00y", "🙂"],
    ids=["empty", "words", "lacking", "newer", "list", "nul", "astral"],
)
def test_an_unreadable_event_is_quarantined_and_the_others_count(bench, body: str) -> None:
    """One bad event never stops the rest; it is kept as it came, byte for byte."""
    kiosk = bench.kiosk()
    event = kiosk.tap("M0001", NINE)
    kiosk.append(replace(event, event_id="unused"), body=body)
    kiosk.tap("M0001", NINE + HOUR, shown="shift_ended")
    bench.now = NINE + 2 * HOUR
    reply = bench.push(kiosk)
    assert words(reply) == [("stored", None), ("quarantined", "unreadable"), ("stored", None)]
    assert bench.rows("shifts")[0]["credited"] == 60
    assert words(bench.push(kiosk))[1] == ("duplicate", None)
    assert findings(bench) == []


def test_text_that_no_database_can_keep_is_quarantined(bench) -> None:
    """A NUL or half a surrogate pair inside a field is valid JSON, and no text."""
    kiosk = bench.kiosk()
    kiosk.tap("M0001", NINE, card_id="a\x00b")
    kiosk.tap("M0001", NINE + MINUTE, boot_id="ok")
    bench.now = NINE + HOUR
    assert words(bench.push(kiosk)) == [("quarantined", "unreadable"), ("stored", None)]


def test_an_event_id_that_names_other_content_is_kept_beside_the_first(bench) -> None:
    """Only the id means duplicate, but nothing green is thrown away for a reused id."""
    kiosk = bench.kiosk()
    event = kiosk.tap("M0001", NINE)
    kiosk.tap("M0002", NINE + MINUTE, event_id=event.event_id)
    bench.now = NINE + HOUR
    assert words(bench.push(kiosk)) == [("stored", None), ("quarantined", "event_id_reused")]
    assert words(bench.push(kiosk)) == [("duplicate", None), ("duplicate", None)]
    assert len(bench.events()) == 2
    assert findings(bench) == []


def test_an_event_of_another_kiosk_or_place_is_quarantined(bench) -> None:
    kiosk = bench.kiosk()
    kiosk.tap("M0001", NINE, kiosk_id="another")
    kiosk.tap("M0002", NINE, seq=77)
    bench.now = NINE + HOUR
    assert words(bench.push(kiosk)) == [("quarantined", "wrong_place")] * 2
    assert {(row["state"], row["credited"]) for row in bench.rows("shifts")} == {("held", 0)}
    assert findings(bench) == []


def test_a_range_that_does_not_lead_to_its_head_is_kept_in_quarantine(bench) -> None:
    kiosk = bench.kiosk()
    kiosk.tap("M0001", NINE)
    bench.now = NINE + HOUR
    push = replace(kiosk.push(sent_at=bench.now), head="0" * 64)
    assert words(bench.push(kiosk, push)) == [("quarantined", "chain_broken")]


def test_a_journal_must_begin_with_its_genesis(bench) -> None:
    kiosk = bench.kiosk()
    kiosk.tap("M0001", NINE)
    bench.now = NINE + HOUR
    push = replace(kiosk.push(sent_at=bench.now), prior_head="1" * 64)
    assert words(bench.push(kiosk, push)) == [("quarantined", "chain_broken")]


def test_a_push_of_another_kiosks_journal_is_refused(bench) -> None:
    kiosk = bench.kiosk()
    with pytest.raises(Invalid):
        bench.push(kiosk, replace(kiosk.push(sent_at=bench.now), kiosk_id="another"))


def test_a_push_with_half_a_character_is_refused_whole(bench) -> None:
    kiosk = bench.kiosk()
    push = replace(kiosk.push(sent_at=bench.now), events=(PushedEvent("00", "\ud800"),))
    with pytest.raises(Invalid):
        bench.push(kiosk, push)


def test_an_empty_push_tells_the_time_and_stores_nothing(bench) -> None:
    kiosk = bench.kiosk()
    reply = bench.push(kiosk, kiosk.push(sent_at=bench.now))
    assert (reply.results, reply.server_time) == ((), bench.now)
    assert bench.events() == []


def test_what_a_revoked_kiosk_still_pushes_is_kept_uncredited(bench) -> None:
    kiosk = bench.kiosk()
    kiosk.tap("M0001", NINE)
    kiosk.tap("M0001", NINE + HOUR, shown="shift_ended")
    bench.now = NINE + 2 * HOUR
    assert words(bench.push(kiosk, revoked=True)) == [("quarantined", "kiosk_revoked")] * 2
    assert [row["credited"] for row in bench.rows("shifts")] == [0]
    assert {row["standing"] for row in bench.events()} == {"quarantined"}


def forked(bench):
    """A copied memory card: two histories from the second tap on."""
    first = bench.kiosk()
    first.tap("M0001", NINE)
    other = replace(first, events=list(first.events), entropy=type(first.entropy)("copy"))
    first.tap("M0001", NINE + HOUR, shown="shift_ended")
    other.tap("M0002", NINE + 2 * HOUR)
    other.tap("M0002", NINE + 3 * HOUR, shown="shift_ended")
    bench.now = NINE + 4 * HOUR
    at = bench.now
    return first, [
        first.push(1, 1, sent_at=at),
        first.push(2, 2, sent_at=at),
        other.push(2, 2, sent_at=at),
        other.push(3, 3, sent_at=at),
    ]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 3, 1), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_a_forked_journal_counts_up_to_the_fork_in_any_order(bench, order) -> None:
    """Both histories are stored and flagged; from the fork on neither counts by itself."""
    kiosk, pushes = forked(bench)
    for index in order:
        bench.push(kiosk, pushes[index])
    standing = {(row["volunteer"], row["seq"]): row["standing"] for row in bench.events()}
    assert standing == {
        ("M0001", 1): "good",
        ("M0001", 2): "quarantined",
        ("M0002", 2): "quarantined",
        ("M0002", 3): "quarantined",
    }
    assert bench.rows("journals")[0]["fork_seq"] == 2
    assert sum(row["credited"] for row in bench.rows("shifts")) == 0
    assert findings(bench) == []


def month(bench):
    """Two kiosks, several days, one of them with a clock that stands in 1970."""
    hut, hub = bench.kiosk("hut"), bench.kiosk("hub", "second")
    for day in range(6):
        start = NINE + day * 24 * HOUR
        for index, number in enumerate(["M0001", "M0002", "M0003"]):
            hut.tap(number, start + index * MINUTE)
        hub.boot_id, hub.booted_at = f"boot-{day}", start - HOUR
        hub.tap("M0004", start + 5 * MINUTE, clock="unsynced", wall=1000 + day)
        hub.tap("M0001", start + 90 * MINUTE, shown="shift_ended", clock="unsynced", wall=2000 + day)
        for index, number in enumerate(["M0002", "M0003"]):
            if (day + index) % 3:
                hut.tap(number, start + 2 * HOUR + index * MINUTE, shown="shift_ended")
    bench.now = NINE + 7 * 24 * HOUR
    return hut, hub


@pytest.mark.parametrize("seed", range(4))
def test_any_order_and_any_repetition_gives_the_same_shifts_and_sums(bench, seed: int) -> None:
    """Pushes of one to three events, shuffled, some twice: the same as everything at once."""
    from random import Random

    rng = Random(seed)
    hut, hub = month(bench)
    pushes: list[tuple[object, Push]] = []
    for kiosk in (hut, hub):
        first = 1
        while first <= len(kiosk.events):
            last = min(len(kiosk.events), first + rng.randrange(3))
            pushes.append((kiosk, kiosk.push(first, last, sent_at=bench.now)))
            first = last + 1
    pushes += rng.sample(pushes, 4)
    rng.shuffle(pushes)
    for kiosk, push in pushes:
        bench.push(kiosk, push)
    shuffled = state(bench)
    assert findings(bench) == []
    with bench.uow() as uow:
        from server.services.reprojecting import reproject_all

        assert reproject_all(uow, bench.acting("system")) == 0
    assert len(shuffled[0]) >= 12


def test_a_card_reported_lost_for_the_past_takes_the_credit_back(bench) -> None:
    """The thief's taps are kept, flagged and uncredited; found again, they count again."""
    kiosk = bench.kiosk()
    kiosk.tap("M0001", NINE)
    kiosk.tap("M0001", NINE + HOUR, shown="shift_ended")
    bench.now = NINE + 2 * HOUR
    bench.push(kiosk)
    card = bench.cards["M0001"].split(":")[0]
    bench.do(set_state, card, "lost", since=NINE - HOUR)
    assert {row["standing_reason"] for row in bench.events()} == {"card_lost"}
    assert sum(row["credited"] for row in bench.rows("shifts")) == 0
    held = {r["book"]: r["amount"] for r in bench.rows("balances", account="person:M0001")}
    assert held == {"hours": 0, "points": 0}
    assert findings(bench) == []


def test_a_credential_that_was_never_issued_proves_nothing(bench) -> None:
    kiosk = bench.kiosk()
    kiosk.tap("M0001", NINE, evidence={"digest": "00" * 32})
    bench.now = NINE + HOUR
    bench.push(kiosk)
    [event] = bench.events()
    assert (event["proof"], event["standing"], event["standing_reason"]) == (
        "none",
        "contradicted",
        "card_forged",
    )
