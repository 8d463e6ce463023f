"""A whole kiosk without network: real journal, roster, cards, clock and screen hub, nobody listening."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from card_tools.credential import Credential, Issuer, seal_name
from hardware.indicator import NoLights
from hardware.nfc_reader import NfcReader
from hardware.ports import ReaderState
from kiosk.clock import BootClock
from kiosk.journal import SqliteJournal
from kiosk.roster import RosterStore
from kiosk.screen.hub import ScreenHub
from kiosk.screen.view import Result
from kiosk.service import KioskService, Parts
from server.contract.rules import Policy
from server.contract.wire import Manifest, lookup_key, roster_hash

COMMUNITY, KIOSK = "meihu", "bench"
WAIT_S = 30.0
"""The longest that a benchmark waits for anything."""
_SERVER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
_ISSUER = Issuer(b"i" * 32)


@dataclass(frozen=True, slots=True)
class Link:
    """A server that is far away: every tap wakes syncing, which is another thread's work."""

    online: bool = False
    revoked: bool = False
    last_sync_at: int | None = None
    trouble: str | None = None

    def wake(self) -> None:
        """Nobody sleeps here."""


@dataclass(frozen=True, slots=True)
class Person:
    """One volunteer with a chip card (bound credential) and a printed one."""

    number: str
    uid: bytes
    bound: Credential
    printed: Credential


@dataclass(frozen=True, slots=True)
class Kiosk:
    """A kiosk and who may tap at it."""

    service: KioskService
    journal: SqliteJournal
    hub: ScreenHub
    people: list[Person]


def person(index: int) -> Person:
    """The index-th volunteer."""
    uid = b"\x04" + index.to_bytes(6, "big")
    return Person(
        f"M{index:04d}",
        uid,
        _ISSUER.encode_bound(uid, b"b" + index.to_bytes(7, "big")),
        _ISSUER.encode_static(b"p" + index.to_bytes(7, "big")),
    )


@contextmanager
def kiosk(folder: Path, people: int, *, speak: Callable[[Result], None] = lambda _: None) -> Iterator[Kiosk]:
    """A kiosk whose roster lists so many people, each with two cards."""
    known = [person(index) for index in range(1, people + 1)]
    roster = RosterStore(
        folder / "roster.json",
        community_id=COMMUNITY,
        kiosk_id=KIOSK,
        server_key=_SERVER.public_key().public_bytes_raw(),
    )
    roster.apply(_signed(_entries(known)))
    journal = SqliteJournal(folder, kiosk_id=KIOSK, machine="bench", randomness=os.urandom)
    hub = ScreenHub()
    parts = Parts(
        kiosk_id=KIOSK,
        community_id=COMMUNITY,
        journal=journal,
        roster=roster,
        clock=BootClock(),
        link=Link(),
        randomness=os.urandom,
        screen=hub,
        indicator=NoLights(),
        speak=speak,
    )
    try:
        yield Kiosk(KioskService(parts), journal, hub, known)
    finally:
        hub.close()
        journal.close()


@contextmanager
def reading(door: Kiosk, path: str) -> Iterator[None]:
    """Our reader serves the kiosk from the reader at ``path``; it is ready inside."""
    ready = threading.Event()

    def on_state(_: str, state: ReaderState) -> None:
        if state is ReaderState.READY:
            ready.set()

    reader = NfcReader(path, name="bench")
    reader.start(door.service.tap, on_state)
    try:
        if not ready.wait(WAIT_S):
            raise RuntimeError("the simulated reader did not become ready")
        yield
    finally:
        reader.stop()


def _entries(people: list[Person]) -> dict[str, Any]:
    entries: dict[str, Any] = {
        "community": {"id": COMMUNITY, "name": "美湖社区", "name_en": "Meihu", "zone": "Asia/Shanghai"},
        "site": {"id": "hub", "name": "孵化园", "name_en": "Hub", "role": "desk", "default_activity": "duty"},
        "policy": Policy().to_dict(),
        f"key:{_ISSUER.key_id.hex()}": {"public": _ISSUER.public_key.hex()},
        "activity:duty": {"name": "值班", "name_en": "Duty", "kind": "service", "least_proof": "uid"},
    }
    entries["community"]["contact"] = "8510"
    entries["site"]["activities"] = ["duty"]
    entries["activity:duty"] |= {"training": False, "checkpoints": []}
    volunteer: dict[str, Any] = {
        "status": "active",
        "blocked": None,
        "trained": [],
        "leads": [],
        "team": None,
    }
    volunteer |= {"total": 600, "open": None, "proposal": None}
    for each in people:
        entries[f"volunteer:{each.number}"] = dict(volunteer)
        for medium, card in (("nfc", each.bound), ("qr", each.printed)):
            known = {"card": card.card_id.hex(), "volunteer": each.number, "state": "active", "since": 0}
            known |= {"medium": medium, "proof": card.proof, "not_after": None}
            known["name"] = seal_name(card, f"王{each.number}").hex()
            entries[f"card:{lookup_key(COMMUNITY, 'card', card.card_id)}"] = known
    return entries


def _signed(entries: dict[str, Any]) -> dict[str, Any]:
    manifest = Manifest(
        community_id=COMMUNITY, kiosk_id=KIOSK, version=1, base=None, hash=roster_hash(entries)
    )
    return {
        "manifest": asdict(manifest),
        "signature": _SERVER.sign(manifest.to_sign()).hex(),
        "entries": entries,
    }
