"""What a kiosk may know: enough to decide a tap, signed, in differences, and nothing that harms if stolen."""

import json
from typing import Any

import pytest

from card_tools.credential import Credential, Note, open_name, open_note
from card_tools.errors import CardForged
from server.contract.hours import Hours
from server.contract.rules import HOUR, MINUTE
from server.contract.wire import Manifest, roster_apply, roster_hash
from server.domain.calendar import DAY
from server.services.cards import credential_of, register_many, set_state
from server.services.community import PlanSpec, TeamSpec, set_plans, set_teams
from server.services.honour import MOST
from server.services.members import (
    NewVolunteer,
    change_volunteer,
    register_volunteer,
    register_volunteers,
    set_consent,
)
from server.services.roster import roster_for
from server.services.sessions import KnownKiosk
from server.services.settling import settle


class Holder:
    """A kiosk that keeps what it is given, as the contract says."""

    def __init__(self, bench: Any, site: str = "hut", *, kiosk: Any = None) -> None:
        self.bench = bench
        kiosk = kiosk or bench.kiosk(site, f"at {site}")
        self.known = KnownKiosk(kiosk_id=kiosk.kiosk_id, site_id=kiosk.site, revoked=False)
        self.version: int | None = None
        self.entries: dict[str, Any] = {}
        self.last: dict[str, Any] | None = None

    def fetch(self) -> dict[str, Any]:
        digest = roster_hash(self.entries) if self.version is not None else ""
        reply = self.bench.do(roster_for, self.known, have=self.version, digest=digest)
        self.last = reply.body
        if reply.body is not None:
            delta = reply.body.get("delta")
            self.entries = roster_apply(self.entries, delta) if delta else reply.body["entries"]
            self.version = reply.version
        return self.entries


@pytest.fixture
def holder(bench: Any) -> Holder:
    return Holder(bench)


def test_the_manifest_is_signed_and_speaks_of_the_whole_result(bench: Any, holder: Holder) -> None:
    holder.fetch()
    manifest = Manifest(**holder.last["manifest"])
    assert bench.keys.holds(manifest.to_sign(), holder.last["signature"])
    assert manifest.hash == roster_hash(holder.entries)
    assert manifest.kiosk_id == holder.known.kiosk_id


def test_nothing_is_sent_when_nothing_is_new(holder: Holder) -> None:
    holder.fetch()
    holder.fetch()
    assert holder.last is None


def test_a_change_travels_as_a_difference_with_the_same_result_as_a_whole(bench: Any, holder: Holder) -> None:
    holder.fetch()
    bench.do(register_volunteer, NewVolunteer(name="新来的", birth="1961-02-03"))
    holder.fetch()
    assert "entries" not in holder.last
    fresh = Holder(bench)
    fresh.known = holder.known
    assert fresh.fetch() == holder.entries


def test_a_kiosk_is_told_the_next_day_what_was_sealed_of_its_events(bench: Any) -> None:
    """Old checkpoint taps: the kiosk's copies follow. Another kiosk hears nothing of them."""
    gate, other = bench.kiosk("gate", "gate"), bench.kiosk("hut", "hut")
    for number in range(3):
        gate.tap("M0001", bench.now + number * HOUR, role="checkpoint", shown="checkpoint_passed")
    gate.tap("M0001", bench.now + 60 * DAY, role="checkpoint", shown="checkpoint_passed")
    bench.now += 60 * DAY
    bench.push(gate)
    holder, others = Holder(bench, kiosk=gate), Holder(bench, kiosk=other)
    assert not any(name.startswith("sealed:") for name in holder.fetch())
    bench.now += 31 * DAY
    bench.as_user("sealer").do(settle, by="system")
    assert holder.fetch()[f"sealed:{gate.journal_id}"] == {"ranges": [[1, 3]]}
    assert not any(name.startswith("sealed:") for name in others.fetch())
    bench.do(register_volunteer, NewVolunteer(name="新来的", birth="1961-02-03"))
    assert holder.fetch()[f"sealed:{gate.journal_id}"] == {"ranges": [[1, 3]]}


def test_no_phone_address_birth_or_name_is_on_a_kiosk(bench: Any, holder: Holder) -> None:
    person = NewVolunteer(name="秦明远", birth="1955-06-07", phone="19900007777", area="蠡湖家园9幢")
    bench.do(register_volunteer, person)
    text = json.dumps(holder.fetch(), ensure_ascii=False)
    assert not any(secret in text for secret in ("秦明远", "1955-06-07", "19900007777", "蠡湖家园9幢"))


def test_a_name_opens_with_the_persons_own_card_only(bench: Any, holder: Holder) -> None:
    bench.do(change_volunteer, "M0002", {"name_display": "full"})
    cards = {e["volunteer"]: e for k, e in holder.fetch().items() if k.startswith("card:")}
    sealed = bytes.fromhex(cards["M0002"]["name"])
    assert open_name(_credential(bench, "M0002"), sealed) == "测试1"
    with pytest.raises(CardForged):
        open_name(_credential(bench, "M0003"), sealed)


def test_who_wants_no_name_shown_has_none_on_the_kiosk(bench: Any, holder: Holder) -> None:
    bench.do(change_volunteer, "M0002", {"name_display": "none"})
    cards = {e["volunteer"]: e for k, e in holder.fetch().items() if k.startswith("card:")}
    assert cards["M0002"]["name"] is None


def test_a_minor_without_a_guardians_consent_is_blocked(bench: Any, holder: Holder) -> None:
    child = bench.do(register_volunteer, NewVolunteer(name="小明", birth="2014-01-01"))
    assert holder.fetch()[f"volunteer:{child}"]["blocked"] == "guardian_consent_missing"


def test_a_lost_card_is_known_as_lost_at_the_next_fetch(bench: Any, holder: Holder) -> None:
    holder.fetch()
    card = bench.rows("cards", volunteer="M0002")[0]
    bench.do(set_state, card["card_id"], "lost")
    assert holder.fetch()[f"card:{card['lookup']}"]["state"] == "lost"


def test_an_open_round_says_which_checkpoints_it_has_passed(bench: Any) -> None:
    start = bench.now
    plan = PlanSpec(
        plan_id="round",
        activity_id="patrol",
        site_id="hub",
        start=start,
        end=start + HOUR,
        members=("M0002",),
    )
    bench.do(set_plans, [plan], holds_from=start - HOUR)
    hub, gate = bench.kiosk("hub", "hub kiosk"), bench.kiosk("gate", "gate kiosk")
    hub.tap("M0002", start + MINUTE)
    gate.tap("M0002", start + 5 * MINUTE, role="checkpoint", shown="checkpoint_passed")
    bench.now += 10 * MINUTE
    bench.push(hub)
    bench.push(gate)
    shift = Holder(bench, "hub").fetch()["volunteer:M0002"]["open"]
    assert (shift["plan"], shift["passed"]) == ("round", ["gate"])


def _credential(bench: Any, number: str) -> Credential:
    card = bench.rows("cards", volunteer=number, state="active")[0]
    credential = credential_of(bench.acting(), card)
    assert credential is not None
    return credential


def _note(bench: Any, entries: dict[str, Any], number: str, note: Note) -> str | None:
    """What a person's own card opens of its entry."""
    (entry,) = [e for k, e in entries.items() if k.startswith("card:") and e["volunteer"] == number]
    field = entry.get(str(note))
    return None if field is None else open_note(_credential(bench, number), note, bytes.fromhex(field))


def _served(bench: Any, number: str, *, minutes: int = 60, days_ago: int = 0) -> None:
    kiosk, end = bench.kiosk("hut", f"served {days_ago}"), bench.now - days_ago * DAY
    kiosk.booted_at = end - DAY
    kiosk.tap(number, end - minutes * MINUTE)
    kiosk.tap(number, end, shown="shift_ended")
    bench.push(kiosk)


def _hours(bench: Any, entries: dict[str, Any], number: str) -> Hours:
    return Hours.from_text(_note(bench, entries, number, Note.HOURS) or "")


def test_hours_of_today_of_the_month_and_by_grade_open_with_the_persons_own_card_only(
    bench: Any, holder: Holder
) -> None:
    bench.now += 12 * HOUR
    _served(bench, "M0002", minutes=40)
    _served(bench, "M0002", minutes=90, days_ago=3)
    _served(bench, "M0002", minutes=50, days_ago=40)
    entries = holder.fetch()
    assert _hours(bench, entries, "M0002") == Hours(today=40, month=130, tapped=180)
    assert _hours(bench, entries, "M0003") == Hours()
    assert entries["hours"] == {"as_of": bench.now}
    (entry,) = [e for k, e in entries.items() if k.startswith("card:") and e["volunteer"] == "M0002"]
    with pytest.raises(CardForged):
        open_note(_credential(bench, "M0003"), Note.HOURS, bytes.fromhex(entry["hours"]))


def test_a_shift_sends_the_hours_of_that_person_alone(bench: Any, holder: Holder) -> None:
    """Hours never make a roster of their own: the shift that moves them has raised its version already."""
    holder.fetch()
    _served(bench, "M0002")
    holder.fetch()
    changed = holder.last["delta"]["set"]
    cards = [entry["volunteer"] for key, entry in changed.items() if key.startswith("card:")]
    assert cards == ["M0002"]
    holder.fetch()
    assert holder.last is None


def test_a_new_month_begins_with_the_first_roster_of_its_first_day(bench: Any, holder: Holder) -> None:
    bench.now += 12 * HOUR
    _served(bench, "M0002")
    assert _hours(bench, holder.fetch(), "M0002").month == 60
    bench.now += 7 * DAY
    assert _hours(bench, holder.fetch(), "M0002") == Hours(tapped=60)


def test_a_lost_card_opens_no_hours_any_more(bench: Any, holder: Holder) -> None:
    card = bench.rows("cards", volunteer="M0002")[0]
    bench.do(set_state, card["card_id"], "lost")
    assert _note(bench, holder.fetch(), "M0002", Note.HOURS) is None


def test_a_leaders_card_names_the_members_of_the_turns_in_sight_as_each_chose(
    bench: Any, holder: Holder
) -> None:
    leader, member, nameless, elsewhere = "M0001", "M0002", "M0003", "M0004"
    _lead(bench, leader)
    turns = [_turn(bench, "near", 0, member, nameless, leader), _turn(bench, "far", 30, elsewhere)]
    bench.do(set_plans, turns, holds_from=bench.now - HOUR)
    bench.do(change_volunteer, member, {"name_display": "full"})
    bench.do(change_volunteer, nameless, {"name_display": "none"})
    entries = holder.fetch()
    assert json.loads(_note(bench, entries, leader, Note.MEMBERS) or "") == {member: "测试1"}
    assert _note(bench, entries, member, Note.MEMBERS) is None
    assert "测试1" not in json.dumps(entries, ensure_ascii=False)


def test_a_turn_that_names_nobody_is_its_whole_teams(bench: Any, holder: Holder) -> None:
    _lead(bench, "M0001", "M0002")
    bench.do(set_plans, [_turn(bench, "all", 0)], holds_from=bench.now - HOUR)
    assert list(json.loads(_note(bench, holder.fetch(), "M0001", Note.MEMBERS) or "")) == ["M0002"]


def _honoured(entries: dict[str, Any]) -> list[str]:
    return [person["name"] for person in entries["honour"]["people"]]


def test_only_who_asked_to_be_on_the_wall_is_honoured_and_named_as_they_chose(
    bench: Any, holder: Holder
) -> None:
    for number in ("M0002", "M0003", "M0004"):
        _served(bench, number)
    bench.do(change_volunteer, "M0003", {"name_display": "none"})
    for number in ("M0003", "M0004", "M0005"):
        bench.do(set_consent, number, purpose="wall", granted=True)
    (person,) = holder.fetch()["honour"]["people"]
    assert person == {"name": "测女士", "minutes": 60, "team": None}


def test_a_withdrawn_consent_is_gone_with_the_next_roster(bench: Any, holder: Holder) -> None:
    _served(bench, "M0002")
    bench.do(set_consent, "M0002", purpose="wall", granted=True)
    assert len(_honoured(holder.fetch())) == 1
    bench.do(set_consent, "M0002", purpose="wall", granted=False)
    assert _honoured(holder.fetch()) == []


def test_a_few_are_honoured_each_day_and_everybody_in_turn(bench: Any, holder: Holder) -> None:
    people = [NewVolunteer(name=f"人{n}", birth="1960-01-01", name_display="full") for n in range(20)]
    numbers = bench.do(register_volunteers, people)
    for card in bench.do(register_many, numbers):
        row = bench.rows("cards", card_id=card.card_id)[0]
        bench.cards[row["volunteer"]] = f"{card.card_id}:{row['digest']}"
    kiosk = bench.kiosk("hut", "all")
    kiosk.booted_at = bench.now - DAY
    for number in numbers:
        bench.do(set_consent, number, purpose="wall", granted=True)
        kiosk.tap(number, bench.now - HOUR)
    for number in numbers:
        kiosk.tap(number, bench.now, shown="shift_ended")
    bench.push(kiosk)
    today = set(_honoured(Holder(bench).fetch()))
    bench.now += DAY
    tomorrow = set(_honoured(Holder(bench).fetch()))
    assert (len(today), len(tomorrow), len(today | tomorrow)) == (MOST, MOST, 20)


def test_a_checkpoint_honours_nobody(bench: Any) -> None:
    assert "honour" not in Holder(bench, "gate").fetch()


def _lead(bench: Any, leader: str, *members: str) -> None:
    team = TeamSpec(team_id="led", name="队", name_en="Team", leaders=(leader,), members=(leader, *members))
    bench.do(set_teams, [team])


def _turn(bench: Any, name: str, days: int, *members: str) -> PlanSpec:
    start = bench.now + days * DAY
    given = {"activity_id": "hut", "site_id": "hut", "team_id": "led", "members": members}
    return PlanSpec(plan_id=name, start=start, end=start + HOUR, **given)
