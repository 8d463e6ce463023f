"""Fill an empty community: the register by services, the month by ingest, nothing beside them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from random import Random
from typing import Any

from card_tools.credential import Credential, digest
from card_tools.ndef import to_ndef
from server.contract.rules import HOUR, MINUTE, Plan, Policy
from server.contract.wire import uuid7
from server.demo import community as meihu
from server.demo.history import (
    DAYS_BACK,
    SHANGHAI,
    PlannedTurn,
    Presence,
    plan,
    presences,
    teams_of,
)
from server.demo.kiosks import DemoCard, DemoKiosk, Memory
from server.demo.people import Person, age_on, people
from server.errors import Conflict
from server.runtime import Runtime
from server.services import cards, community, ingest, kiosks, members, sessions, settling
from server.services.acting import Acting, Uow
from server.services.sessions import KnownKiosk

DAY = 24 * HOUR
HANDED_OUT = 60
"""So many people, the first by number, have chip cards that the demo's hand can lay on a reader."""
CLOCK_LOST = "canteen"
"""This kiosk has no network for a week at a time and no clock battery."""
CLOCK_BEHIND = 3 * HOUR + 17 * MINUTE


@dataclass(slots=True, kw_only=True)
class Demo:
    """The demo in the making."""

    runtime: Runtime
    rng: Random
    now: int
    ids: dict[str, str] = field(default_factory=dict)
    """Team names, activity keys and site keys -> ids."""
    cards: dict[str, DemoCard] = field(default_factory=dict)
    hand: list[dict[str, Any]] = field(default_factory=list)

    @property
    def founded(self) -> int:
        """When everything but the taps was recorded: a day before the first turn."""
        return self.now - (DAYS_BACK + 1) * DAY

    def acting(self, *, by: str = "demo", at: int | None = None) -> Acting:
        """Circumstances whose ids and chances come from the seed."""
        moment = self.founded if at is None else at
        acting = self.runtime.acting(by, now=moment)
        return replace(acting, ids=lambda: uuid7(moment, self.rng.randbytes(10)), entropy=self.rng.randbytes)

    def new_id(self, key: str) -> str:
        """An id for a team, activity or site, remembered under its key."""
        self.ids[key] = uuid7(self.founded, self.rng.randbytes(10))
        return self.ids[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What the demo came to."""

    volunteers: int
    plans: int
    taps: int


def build(runtime: Runtime, *, seed: int = 20180705, now: int | None = None) -> Made:
    """Make the demo community; raises :class:`Conflict` when people are there already."""
    demo = Demo(runtime=runtime, rng=Random(seed), now=runtime.clock() if now is None else now)
    today = datetime.fromtimestamp(demo.now / 1000, SHANGHAI).date()
    everyone = people(demo.rng, today)
    teams = teams_of(demo.rng, everyone)
    planned = plan(demo.rng, everyone, teams, today=today)
    taps = presences(demo.rng, everyone, planned, now=demo.now - MINUTE)
    with runtime.unit_of_work() as uow:
        if uow.rows("volunteers").count():
            raise Conflict(
                "this community has people already; the demo fills an empty one only",
                zh="这个社区已有志愿者，演示数据只能填入空的社区，请换一个数据目录。",
            )
        _found(uow, demo, everyone, teams, age_on_day=today.toordinal())
        _bind_cards(uow, demo, everyone)
        plans = _plan(uow, demo, planned)
        machines = _enrol(uow, demo)
        uow.commit()
    count = _live(demo, machines, taps, plans)
    _hand_out(demo)
    return Made(volunteers=len(everyone), plans=len(planned), taps=count)


def _found(
    uow: Uow,
    demo: Demo,
    everyone: Sequence[Person],
    teams: Mapping[str, tuple[str, ...]],
    *,
    age_on_day: int,
) -> None:
    acting = demo.acting()
    today = datetime.fromordinal(age_on_day).date()
    for spec in meihu.ACTIVITIES:
        demo.new_id(f"activity:{spec.key}")
    for site in meihu.SITES:
        demo.new_id(f"site:{site.key}")
    for team in meihu.TEAMS:
        demo.new_id(f"team:{team.name}")
    community.set_activities(uow, acting, [_activity(demo, spec) for spec in meihu.ACTIVITIES])
    community.set_sites(uow, acting, [_site(demo, site) for site in meihu.SITES])
    team_of = {number: demo.ids[f"team:{name}"] for name, of in teams.items() for number in of}
    trained = demo.ids["activity:crossing"]
    members.register_volunteers(
        uow,
        acting,
        [_volunteer(p, team_of.get(p.number), (trained,), age_on(p.born, today)) for p in everyone],
    )
    community.set_teams(
        uow,
        acting,
        [
            community.TeamSpec(
                team_id=demo.ids[f"team:{team.name}"],
                name=team.name,
                name_en=team.name_en,
                leaders=teams[team.name][:2],
                members=teams[team.name],
            )
            for team in meihu.TEAMS
        ],
    )


def _activity(demo: Demo, spec: meihu.ActivitySpec) -> community.ActivitySpec:
    checkpoints = [s for s in meihu.SITES if s.role == "checkpoint" and s.kiosk]
    return community.ActivitySpec(
        activity_id=demo.ids[f"activity:{spec.key}"],
        name=spec.name,
        name_en=spec.name_en,
        kind=spec.kind,
        training=spec.training,
        checkpoints=tuple(demo.ids[f"site:{s.key}"] for s in checkpoints) if spec.kind == "patrol" else (),
    )


def _site(demo: Demo, site: meihu.SiteSpec) -> community.SiteSpec:
    offered = tuple(demo.ids[f"activity:{key}"] for key in site.offered)
    return community.SiteSpec(
        site_id=demo.ids[f"site:{site.key}"],
        name=site.name,
        name_en=site.name_en,
        role=site.role,
        default_activity=offered[0] if site.role == "desk" else None,
        activities=offered if site.role == "desk" else (),
    )


def _volunteer(
    person: Person, team_id: str | None, trained: tuple[str, ...], age: int
) -> members.NewVolunteer:
    guardian = {"name": person.guardian, "phone": person.phone or "", "relation": "家长"}
    return members.NewVolunteer(
        number=person.number,
        name=person.name,
        sex="m" if person.sex == "男" else "f",
        birth=person.born.isoformat(),
        phone=person.phone,
        area=person.area,
        skills=person.skills,
        team_id=team_id,
        name_display=person.name_display,
        nickname=f"小{person.name[-1]}" if person.name_display == "nickname" else "",
        guardian=guardian if person.guardian else {},
        guardian_consent=person.guardian_consent,
        trained=trained if age >= 18 else (),
        status="active" if person.active else "inactive",
        joined_on="2024-03-05",
        consents=("record", "wall") if person.wall_consent else ("record",),
    )


def _bind_cards(uow: Uow, demo: Demo, everyone: Sequence[Person]) -> None:
    acting = demo.acting()
    printed = [p for i, p in enumerate(everyone) if (i >= HANDED_OUT and i % 4 == 0) or p.lost_a_card]
    numbers = [person.number for person in printed]
    for number, card in zip(numbers, cards.register_many(uow, acting, numbers), strict=True):
        _keep(demo, number, card, "qr")
    lost = {person.number for person in printed if person.lost_a_card}
    for number in sorted(lost):
        cards.set_state(uow, acting, demo.cards[number].card_id, "lost")
    for index, person in enumerate(everyone):
        if person.number not in demo.cards or person.number in lost:
            _chip(uow, demo, acting, person, by_uid=index % 7 == 3)


def _chip(uow: Uow, demo: Demo, acting: Acting, person: Person, *, by_uid: bool) -> None:
    uid = b"\x04" + demo.rng.randbytes(6)
    register = cards.register_uid if by_uid else cards.register_bound
    card = register(uow, acting, person.number, uid=uid)
    _keep(demo, person.number, card, "nfc")
    if int(person.number[1:]) <= HANDED_OUT:
        entry = {"card": person.number, "label": f"{person.number} {person.name}", "uid": uid.hex()}
        ndef = to_ndef(card.credential).hex() if card.credential else None
        demo.hand.append(entry | {"ndef": ndef, "type": "UID" if by_uid else "NTAG213"})


def _keep(demo: Demo, number: str, card: cards.RegisteredCard, medium: str) -> None:
    credential: Credential | None = card.credential
    demo.cards[number] = DemoCard(
        card_id=card.card_id,
        medium=medium,
        proof=credential.proof if credential else "uid",
        digest=digest(credential) if credential else None,
    )


def _plan(uow: Uow, demo: Demo, planned: Sequence[PlannedTurn]) -> dict[str, list[Plan]]:
    acting = demo.acting()
    specs, of_person = [], dict[str, list[Plan]]()
    for turn in planned:
        known = Plan(
            plan_id=uuid7(turn.start, demo.rng.randbytes(10)),
            activity_id=demo.ids[f"activity:{turn.turn.activity}"],
            site_id=demo.ids[f"site:{turn.turn.site}"],
            start=turn.start,
            end=turn.end,
        )
        for number in turn.members:
            of_person.setdefault(number, []).append(known)
        specs.append(
            community.PlanSpec(
                plan_id=known.plan_id,
                activity_id=known.activity_id,
                site_id=known.site_id,
                start=known.start,
                end=known.end,
                need=turn.turn.size,
                members=turn.members,
                team_id=demo.ids[f"team:{turn.turn.team}"],
            )
        )
    community.set_plans(uow, acting, specs)
    return of_person


def _enrol(uow: Uow, demo: Demo) -> dict[str, DemoKiosk]:
    acting, machines = demo.acting(), {}
    for site in meihu.SITES:
        if not site.kiosk:
            continue
        site_id = demo.ids[f"site:{site.key}"]
        added = kiosks.add_kiosk(uow, acting, f"{site.name} 打卡机", site_id=site_id)
        kiosks.enrol(uow, acting, added.code, demo.rng.randbytes(32).hex())
        machines[site.key] = DemoKiosk(
            kiosk_id=added.kiosk_id,
            site_id=site_id,
            role=site.role,
            default_activity=demo.ids[f"activity:{site.offered[0]}"] if site.role == "desk" else None,
            rng=demo.rng,
            clock_behind=CLOCK_BEHIND if site.key == CLOCK_LOST else 0,
        )
    return machines


def _live(
    demo: Demo,
    machines: Mapping[str, DemoKiosk],
    taps: Sequence[Presence],
    plans: Mapping[str, Sequence[Plan]],
) -> int:
    """Let the month happen: kiosks boot at six, push at ten (one of them weekly), books settle at night."""
    policy, memory, count = Policy(), dict[str, Memory](), 0
    for day, of_day in groupby(taps, key=lambda tap: _day(tap.at)):
        _settle(demo, day * DAY - 8 * HOUR + 150 * MINUTE)
        begins = min(day * DAY - 8 * HOUR + 6 * HOUR, demo.now - HOUR)
        for key, machine in machines.items():
            if key != CLOCK_LOST or not machine.journal_id or day % 7 == 4:
                machine.boot(begins)
        for tap in of_day:
            known = memory.setdefault(tap.volunteer, Memory(plans=plans.get(tap.volunteer, ())))
            machines[tap.site].tap(demo.cards[tap.volunteer], tap.volunteer, tap.at, known, policy)
            count += 1
        sent_at = min(day * DAY - 8 * HOUR + 22 * HOUR, demo.now)
        for key, machine in machines.items():
            if key != CLOCK_LOST or day % 7 == 3:
                _send(demo, machine, sent_at)
    for machine in machines.values():
        _send(demo, machine, demo.now)
    return count


def _day(at: int) -> int:
    return (at + 8 * HOUR) // DAY


def _send(demo: Demo, machine: DemoKiosk, at: int) -> None:
    known = KnownKiosk(kiosk_id=machine.kiosk_id, site_id=machine.site_id, revoked=False)
    for push in machine.pushes(at):
        with demo.runtime.unit_of_work() as uow:
            acting = demo.acting(by=f"kiosk:{machine.kiosk_id}", at=at)
            ingest.ingest(uow, acting, push, known)
            sessions.saw(uow, acting, machine.kiosk_id, roster_version=None, clock=push.sent.clock)
            uow.commit()


def _settle(demo: Demo, at: int) -> None:
    with demo.runtime.unit_of_work() as uow:
        settling.settle(uow, demo.acting(at=min(at, demo.now)))
        uow.commit()


def _hand_out(demo: Demo) -> None:
    path = demo.runtime.config.data_dir / "demo_cards.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({"cards": demo.hand}, ensure_ascii=False, indent=1), encoding="utf-8")
