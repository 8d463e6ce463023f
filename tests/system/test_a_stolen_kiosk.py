"""Everything on a kiosk's disk, in a thief's hands: it names nobody, and it neither makes nor plays a card.

A real server, a real kiosk, a tap with every kind of card, and an outage so that the journal holds what was
not pushed yet; then every file of the kiosk is searched for secrets in every form they could take there. What
the thief does get is said in ``test_what_a_thief_does_learn``.
"""

import base64
import json
import re
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from card_tools.conversation import converse
from card_tools.credential import LENGTH, Credential, Note, decode, open_key, open_name, open_note
from card_tools.errors import CardForged
from card_tools.ndef import from_ndef, to_ndef
from card_tools.ntag424 import CHALLENGE_KEY, key_for
from card_tools.personalise import KEY_COUNT, Order424, issue
from hardware.simulated import NtagCard
from hardware.simulated.card_file import save_card
from hardware.simulated.field import VirtualCard
from hardware.simulated.ntag424 import Ntag424Card
from hardware.simulated.plain import UidCard
from server.config import ServerConfig
from server.runtime import Runtime
from server.services.members import NewVolunteer, register_volunteers
from tests.support.processes import Kiosk, Server, new_kiosk, new_server, running, until

NAMES = {
    "printed": "欧阳婉清",
    "bound": "慕容雪莹",
    "bare": "诸葛明远",
    "challenged": "皇甫秋实",
    "absent": "尉迟若兰",
}
SHOWN = {"printed": "欧阳婉清", "bound": "慕容女士", "challenged": "皇甫秋实"}
"""What the screen called them: the name as each one chose it."""
SPELLINGS = [
    *("ouyang wanqing", "murong xueying", "zhuge mingyuan", "huangfu qiushi", "yuchi ruolan"),
    *("ouyang", "murong", "zhuge", "huangfu", "yuchi"),
]
UIDS = {kind: bytes.fromhex(f"04A1B2C3D4{n:02X}80") for n, kind in enumerate(NAMES, start=0xE1)}


@dataclass
class Theft:
    """What stood in the office, and what the thief has."""

    master: bytes
    credentials: dict[str, Credential]
    names: dict[str, str | None] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    journal: list[dict[str, Any]] = field(default_factory=list)

    @cached_property
    def loot(self) -> bytes:
        """All that lies on the disk, and the same with the journal's bodies and the roster as plain text."""
        plain = json.dumps([self.journal, self.roster], ensure_ascii=False).encode()
        return b"\n".join([*self.files.values(), plain]).lower()

    @cached_property
    def roster(self) -> dict[str, Any]:
        return dict(json.loads(self.files["roster.json"])["entries"])

    @cached_property
    def cards(self) -> dict[str, dict[str, Any]]:
        """The roster's cards by the kind of card that they are: numbers were given in that order."""
        entries = [value for key, value in self.roster.items() if key.startswith("card:")]
        return dict(zip(NAMES, sorted(entries, key=lambda entry: str(entry["volunteer"])), strict=True))

    def guesses(self) -> Iterator[Credential]:
        """All that has the form of a card in the files, or in runs of hex digits in them."""
        whole = b"\n".join(self.files.values())
        runs = [run[i:] for run in re.findall(rb"[0-9a-fA-F]{158,}", whole) for i in (0, 1)]
        for content in (whole, *(bytes.fromhex(run[: len(run) & ~1].decode()) for run in runs)):
            for found in re.finditer(rb"(?s)(?=[\x11\x12].{78})", content):
                yield Credential(content[found.start() : found.start() + LENGTH])


def open_hours(credential: Credential, blob: bytes) -> str:
    """A person's minutes as the roster seals them."""
    return open_note(credential, Note.HOURS, blob)


def forms_of(secret: bytes) -> list[bytes]:
    """Every form in which a program writes bytes down; in lower case, as the loot is."""
    return [
        form.lower()
        for form in (
            secret,
            secret[::-1],
            secret.hex().encode(),
            secret.hex(":").encode(),
            secret.hex(" ").encode(),
            base64.b64encode(secret).rstrip(b"="),
            base64.urlsafe_b64encode(secret).rstrip(b"="),
            repr(secret)[2:-1].encode(),
            json.dumps(list(secret)).encode(),
        )
    ]


@pytest.fixture(scope="module")
def theft(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theft]:
    home = tmp_path_factory.mktemp("stolen")
    server = new_server(home / "server")
    numbers = _people(server)
    with running(server):
        server.up()
        kiosk = new_kiosk(home / "kiosk", server, "孵化园", "stolen")
        with running(kiosk):
            yield _stolen(home, server, kiosk, numbers)


def _stolen(home: Path, server: Server, kiosk: Kiosk, numbers: dict[str, str]) -> Theft:
    theft, wallet = _cards(home, server, numbers)
    kiosk.up()
    until(lambda: len(_roster_cards(kiosk)) == len(NAMES), "a roster with every card", said=kiosk.log)
    for kind in ("printed", "bound"):
        _tap(theft, kiosk, kind, wallet[kind])
    assert server.stop() == 0
    for kind in ("bare", "challenged"):
        _tap(theft, kiosk, kind, wallet[kind])
    kiosk.kill()  # so that nothing is tidied up: write-ahead log and all
    folder = home / "kiosk" / "data"
    theft.files = {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    theft.files["log"] = kiosk.log().encode()
    theft.journal = _journal(folder, home / "copy")
    return theft


def _people(server: Server) -> dict[str, str]:
    """Five people of whom the fifth never comes to this kiosk; numbers by kind of card."""
    runtime = Runtime(ServerConfig(data_dir=server.home / "data", database_url=_url(server)))
    people = [
        NewVolunteer(
            name=name,
            sex="f",
            birth="1955-06-07",
            phone="19900007777",
            name_display="title" if kind == "bound" else "full",
        )
        for kind, name in NAMES.items()
    ]
    with runtime.unit_of_work() as uow:
        numbers = register_volunteers(uow, runtime.acting("test"), people)
        uow.commit()
    runtime.dispose()
    return dict(zip(NAMES, numbers, strict=True))


def _url(server: Server) -> str:
    return f"sqlite:///{server.home / 'data' / 'yika.sqlite'}"


def _cards(home: Path, server: Server, numbers: dict[str, str]) -> tuple[Theft, dict[str, Path]]:
    """Register every kind of card, make it, and put it into a wallet."""
    runtime = Runtime(ServerConfig(data_dir=server.home / "data", database_url=_url(server)))
    theft = Theft(runtime.keys.challenge_master(runtime.community), {})
    runtime.dispose()
    more = {"printed": (), "bound": ("--ndef",), "bare": (), "challenged": ("--challenge",), "absent": ()}
    wallet = {}
    for kind, options in more.items():
        uid = () if kind in {"printed", "absent"} else ("--uid", UIDS[kind].hex())
        said = server.ask("register-card", "--volunteer", numbers[kind], *uid, *options, "--json")
        if "ndef" in said:
            theft.credentials[kind] = from_ndef(bytes.fromhex(said["ndef"]))
        elif "credential" in said:
            theft.credentials[kind] = decode(said["credential"])
        wallet[kind] = home / f"{kind}.json"
        save_card(_chip(kind, theft), wallet[kind])
    return theft, wallet


def _chip(kind: str, theft: Theft) -> VirtualCard:
    if kind == "bare":
        return UidCard(UIDS[kind], sak=0x08)
    message = to_ndef(theft.credentials[kind])
    if kind != "challenged":
        return NtagCard("ntag213", UIDS[kind], ndef=message)
    card = Ntag424Card(UIDS[kind], secrets.token_bytes)
    card.activate()
    converse(issue(Order424(uid=UIDS[kind], message=message, master=theft.master)), card.apdu)
    return card


def _roster_cards(kiosk: Kiosk) -> list[str]:
    path = kiosk.home / "data" / "roster.json"
    entries = json.loads(path.read_bytes())["entries"] if path.exists() else {}
    return [key for key in entries if key.startswith("card:")]


def _tap(theft: Theft, kiosk: Kiosk, kind: str, card: Path) -> None:
    last = kiosk.tap(str(card))
    assert (last["outcome"], last["durable"]) == ("shift_started", True), (kind, last)
    theft.names[kind] = last["name"]


def _journal(folder: Path, copy: Path) -> list[dict[str, Any]]:
    """The journal's events in plain text, from a copy: opening it would tidy it up."""
    shutil.copytree(folder, copy)
    (journal,) = (path for path in copy.iterdir() if path.read_bytes()[:15] == b"SQLite format 3")
    with closing(sqlite3.connect(journal)) as connection:
        return [json.loads(body) for (body,) in connection.execute("SELECT body FROM events ORDER BY seq")]


def test_every_card_worked_and_the_screen_knew_the_names(theft: Theft) -> None:
    """Else the rest would prove nothing."""
    assert theft.names == {**SHOWN, "bare": None}
    proofs = [event["proof"] for event in theft.journal]
    assert proofs == ["static", "signed", "uid", "challenge"]


@pytest.mark.parametrize("text", [*NAMES.values(), *SHOWN.values(), *SPELLINGS])
def test_nobodys_name_stands_there(theft: Theft, text: str) -> None:
    escaped = json.dumps(text).strip('"').encode()
    for form in (
        text.encode(),
        text.encode("utf-16-le"),
        text.encode("utf-16-be"),
        text.encode("gb18030"),
        escaped,
    ):
        assert form.lower() not in theft.loot
    for form in forms_of(text.encode()):
        assert form not in theft.loot


def test_nor_birth_nor_telephone(theft: Theft) -> None:
    for text in (b"1955-06-07", b"19550607", b"19900007777"):
        assert text not in theft.loot


def test_no_card_and_no_signature_of_one_stands_there(theft: Theft) -> None:
    assert set(theft.credentials) == {"printed", "bound", "challenged", "absent"}
    for credential in theft.credentials.values():
        for form in (
            *forms_of(credential.raw),
            *forms_of(credential.signature),
            *forms_of(credential.signature[:16]),
            credential.text.lower().encode(),
            credential.text[20:60].lower().encode(),
        ):
            assert form not in theft.loot


def test_no_key_of_a_chip_stands_there_and_no_chips_number(theft: Theft) -> None:
    keys = [key_for(theft.master, UIDS["challenged"], number) for number in range(KEY_COUNT)]
    for secret in (theft.master, *keys, *UIDS.values()):
        for form in forms_of(secret):
            assert form not in theft.loot


def test_the_search_itself_finds_what_is_there(theft: Theft) -> None:
    """A secret put on that disk in any of these forms would have been found."""
    secret = theft.credentials["bound"].signature
    for form in forms_of(secret):
        planted = replace(theft, files={**theft.files, "planted": b"..." + form.upper() + b"..."})
        assert any(found in planted.loot for found in forms_of(secret))


def test_no_79_bytes_of_the_disk_open_a_name_or_a_key(theft: Theft) -> None:
    """A thief tries everything there that could be a card, as it lies and where it is written in hex."""
    sealed = [(blob, open_name) for entry in theft.cards.values() if (blob := entry.get("name"))]
    sealed += [(blob, open_key) for entry in theft.cards.values() if (blob := entry.get("key"))]
    sealed += [(blob, open_hours) for entry in theft.cards.values() if (blob := entry.get("hours"))]
    assert len(sealed) == 9
    for guess in theft.guesses():
        for blob, opening in sealed:
            with pytest.raises(CardForged):
                opening(guess, bytes.fromhex(blob))
    card = theft.credentials["bound"]
    for form in (card.raw, card.raw.hex().encode()):
        planted = replace(theft, files={"planted": b"{" + form + b"}"})
        assert card in list(planted.guesses())


def test_a_kiosk_and_a_found_card_give_that_cards_name_and_no_other(theft: Theft) -> None:
    for holder, credential in theft.credentials.items():
        opened = {}
        for kind, entry in theft.cards.items():
            if entry["name"] is not None:
                with suppress(CardForged):
                    opened[kind] = open_name(credential, bytes.fromhex(entry["name"]))
        assert opened == {holder: {**SHOWN, "absent": NAMES["absent"]}[holder]}


def test_each_cards_hours_are_opened_by_that_card_only(theft: Theft) -> None:
    for holder, credential in theft.credentials.items():
        opened = {}
        for kind, entry in theft.cards.items():
            with suppress(CardForged):
                opened[kind] = open_hours(credential, bytes.fromhex(entry.get("hours", "")))
        assert opened == {holder: "[0,0,0,0,0]"}


def test_only_the_challenged_card_has_a_key_and_only_it_opens_it(theft: Theft) -> None:
    (kind,) = [kind for kind, entry in theft.cards.items() if entry.get("key")]
    sealed = bytes.fromhex(theft.cards[kind]["key"])
    right = theft.credentials["challenged"]
    assert kind == "challenged"
    assert open_key(right, sealed) == key_for(theft.master, UIDS[kind], CHALLENGE_KEY)
    for other, credential in theft.credentials.items():
        if other != kind:
            with pytest.raises(CardForged):
                open_key(credential, sealed)


def test_what_a_thief_does_learn(theft: Theft) -> None:
    """Numbers without names, which are this list and no more; the kiosk's own key ends when it is revoked."""
    person = {"status", "blocked", "trained", "leads", "team", "total", "open", "proposal"}
    card = {"card", "volunteer", "state", "since", "medium", "proof", "not_after", "name"}
    locked = {"printed": {"hours"}, "bound": {"hours"}, "challenged": {"hours", "key"}, "absent": {"hours"}}
    for key, entry in theft.roster.items():
        if key.startswith("volunteer:"):
            assert entry.keys() == person
    for kind, entry in theft.cards.items():
        assert entry.keys() == card | locked.get(kind, set())
    evidence = [event["evidence"].keys() for event in theft.journal]
    assert evidence == [{"digest"}, {"digest"}, set(), {"digest", "ti"}]
