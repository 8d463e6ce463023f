"""The roster: believed only when our server signed it for this kiosk, kept whole, never older than before."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.errors import RosterRefused
from kiosk.roster import RosterStore
from kiosk.roster_view import RosterView
from server.contract.rules import HOUR
from tests.support.kiosk_roster import BARE_UID, SERVER_KEY, entries, signed
from tests.support.kiosk_world import AT


def store(folder: Path, **other: Any) -> RosterStore:
    given = {"community_id": "com1", "kiosk_id": "k1", "server_key": SERVER_KEY}
    return RosterStore(folder / "roster.json", **(given | other))


class TestTaking:
    def test_a_signed_roster_is_taken(self, tmp_path: Path) -> None:
        roster = store(tmp_path)
        roster.apply(signed(entries(), 5))
        assert (roster.version, roster.trouble) == (5, None)
        assert roster.view is not None

    def test_a_difference_is_applied_to_what_we_hold(self, tmp_path: Path) -> None:
        roster, old = store(tmp_path), entries()
        roster.apply(signed(old, 5))
        new = entries()
        del new["volunteer:M0002"]
        roster.apply(signed(new, 6, base=(5, old)))
        assert roster.version == 6
        assert roster.view is not None
        assert roster.view.person("M0002") is None

    def test_the_same_version_of_another_day_is_taken(self, tmp_path: Path) -> None:
        """Plans come into sight as days pass, without a change to count."""
        roster, new = store(tmp_path), entries()
        roster.apply(signed(entries(), 5))
        del new["plan:p1"]
        roster.apply(signed(new, 5))
        assert roster.hash == signed(new, 5)["manifest"]["hash"]


class TestRefusing:
    STRANGER = Ed25519PrivateKey.from_private_bytes(b"x" * 32)

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            (signed(entries(), 6, key=STRANGER), "not signed by our server"),
            (signed(entries(), 6, kiosk_id="k2"), "another kiosk's"),
            (signed(entries(), 6, community_id="com2"), "another kiosk's"),
            (signed(entries(), 4), "older than 5"),
            (signed(entries(), 6, hash="00" * 32), "not what its signature says"),
            (signed(entries(), 6, base=(3, {})), "difference to roster 3"),
            ({"manifest": {}, "signature": "", "entries": {}}, "not in the agreed form"),
            (signed({"community": {}}, 6), "not in the agreed form"),
        ],
        ids=["stranger", "kiosk", "community", "older", "hash", "base", "form", "content"],
    )
    def test_the_old_one_stays_and_the_reason_is_told(
        self, tmp_path: Path, body: dict[str, Any], says: str
    ) -> None:
        roster = store(tmp_path)
        roster.apply(signed(entries(), 5))
        with pytest.raises(RosterRefused, match=says):
            roster.apply(body)
        assert roster.version == 5
        assert roster.view is not None
        assert says in (roster.trouble or "")
        roster.apply(signed(entries(), 7))
        assert roster.trouble is None

    def test_a_disk_that_refuses_keeps_the_old_one(self, tmp_path: Path) -> None:
        roster = store(tmp_path / "gone")
        with pytest.raises(RosterRefused, match="could not be kept"):
            roster.apply(signed(entries(), 5))
        assert roster.version is None


class TestRestart:
    def test_a_restart_works_offline_with_what_was_kept(self, tmp_path: Path) -> None:
        first, old = store(tmp_path), entries()
        first.apply(signed(old, 5))
        first.apply(signed(entries(**{"volunteer:M0003": old["volunteer:M0001"]}), 6, base=(5, old)))
        again = store(tmp_path)
        assert (again.version, again.hash) == (6, first.hash)
        assert again.view is not None
        assert again.view.person("M0003") is not None

    def test_after_a_restart_an_older_one_is_still_refused(self, tmp_path: Path) -> None:
        store(tmp_path).apply(signed(entries(), 5))
        with pytest.raises(RosterRefused, match="older"):
            store(tmp_path).apply(signed(entries(), 4))

    @pytest.mark.parametrize("damage", ["cut", "edited", "another kiosk"])
    def test_a_file_that_does_not_verify_is_as_good_as_none(self, tmp_path: Path, damage: str) -> None:
        store(tmp_path).apply(signed(entries(), 5))
        path = tmp_path / "roster.json"
        if damage == "cut":
            path.write_bytes(path.read_bytes()[:-10])
        elif damage == "edited":
            kept = json.loads(path.read_bytes())
            kept["entries"]["volunteer:M0001"]["blocked"] = "x"
            path.write_text(json.dumps(kept))
        again = store(tmp_path, kiosk_id="k2" if damage == "another kiosk" else "k1")
        assert (again.version, again.view) == (None, None)
        assert "cannot be used" in (again.trouble or "")

    def test_nobody_else_may_read_it(self, tmp_path: Path) -> None:
        store(tmp_path).apply(signed(entries(), 5))
        assert (tmp_path / "roster.json").stat().st_mode & 0o077 == 0


class TestReading:
    def test_an_open_shift_carries_its_plan(self) -> None:
        whole = entries()
        whole["volunteer:M0002"] |= {
            "open": {"shift_id": "e1", "activity": "hut", "started_at": AT, "plan": "p1", "passed": ["s1"]},
            "proposal": {"shift_id": "e0", "activity": "hut", "proposed_end": AT - HOUR},
        }
        person = RosterView(1, whole).person("M0002")
        assert person is not None
        assert person.open is not None
        assert person.open.plan is not None
        assert (person.open.plan.plan_id, person.passed) == ("p1", frozenset({"s1"}))
        assert person.proposal is not None
        assert person.proposal.end == AT - HOUR

    def test_a_plan_concerns_its_named_members(self) -> None:
        view = RosterView(1, entries())
        assert [plan.plan_id for plan in view.plans_of("M0002")] == ["p1"]
        assert list(view.plans_of("M0001")) == []

    def test_a_plan_that_names_nobody_is_its_whole_teams(self) -> None:
        whole = entries()
        whole["plan:p1"] |= {"members": []}
        view = RosterView(1, whole)
        assert [plan.plan_id for plan in view.plans_of("M0001")] == ["p1"]
        person = view.person("M0001")
        assert person is not None
        assert list(view.musters_of(person)) == []

    def test_a_leader_sees_the_turns_of_the_teams_they_lead(self) -> None:
        whole = entries()
        whole["volunteer:M0001"] |= {"leads": ["t1"]}
        view = RosterView(1, whole)
        person = view.person("M0001")
        assert person is not None
        (muster,) = view.musters_of(person)
        assert (muster.zh, muster.members) == ("护卫队", ("M0002",))

    def test_turns_come_into_sight_ahead_of_time(self) -> None:
        view = RosterView(1, entries())
        assert view.turns(AT, ahead=0) == []
        assert [plan.plan_id for plan, _ in view.turns(AT, ahead=6 * HOUR)] == ["p1"]
        assert view.planned_here(AT + 5 * HOUR) == {"hut"}

    def test_what_is_not_listed_is_nothing(self) -> None:
        view = RosterView(1, entries())
        assert (view.card("x"), view.person("x"), view.activity("x"), view.activity(None)) == (None,) * 4

    def test_checkpoints_have_names_in_both_languages(self) -> None:
        whole = entries()
        whole["activity:hut"] |= {"checkpoints": [{"site": "s2", "name": "东门", "name_en": "East"}]}
        activity = RosterView(1, whole).activity("hut")
        assert activity is not None
        assert activity.checkpoints == (("s2", "东门", "East"),)

    def test_it_knows_how_a_bare_chip_is_filed(self) -> None:
        from server.contract.wire import lookup_key

        card = RosterView(1, entries()).card(lookup_key("com1", "uid", BARE_UID))
        assert card is not None
        assert card.volunteer == "M0001"
