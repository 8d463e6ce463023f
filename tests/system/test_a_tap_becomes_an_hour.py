"""From a card on the reader to a shift in the open API: real processes, real nfcpy, real HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import Kiosk, Server, new_kiosk, new_server, running, until

SITE = "孵化园"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the demo community."""
    server = new_server(tmp_path_factory.mktemp("server"))
    server.really("demo-data")
    server.ask("policy", "set", "debounce_seconds", "600")  # a restart may take its time
    server.token = server.ask("create-token", "tests", "--scope", "read", "--json")["token"]
    with running(server):
        server.up()
        yield server


@pytest.fixture
def kiosk(server: Server, tmp_path: Path) -> Iterator[Kiosk]:
    """A kiosk of its own for each test, enrolled and with a roster."""
    kiosk = new_kiosk(tmp_path, server, SITE, tmp_path.name)
    with running(kiosk):
        kiosk.up()
        until(lambda: kiosk.status().get("roster_version"), "a roster", said=kiosk.log)
        yield kiosk


def test_the_first_tap_is_on_the_screen_and_in_the_open_api(server: Server, kiosk: Kiosk) -> None:
    _give_card(server, kiosk, "M0001", "04A1B2C3D4E501")
    card = "uid:04A1B2C3D4E501"
    kiosk.really("hand", "put", card)
    last = until(lambda: kiosk.status().get("last"), "an outcome", said=kiosk.log)
    kiosk.really("hand", "take")
    assert (last["outcome"], last["kind"], last["durable"]) == ("shift_started", "accepted", True)
    shift = until(lambda: server.items("shifts?volunteer=M0001&state=open"), "an open shift")[0]
    assert shift["volunteer"] == "M0001"
    assert (shift["ended_at"], shift["grade"], shift["credited_minutes"]) == (None, None, None)
    assert shift["events"][0] == last["event_id"]


def test_a_second_tap_within_the_debounce_is_already_done_also_after_a_restart(
    server: Server, kiosk: Kiosk
) -> None:
    _give_card(server, kiosk, "M0002", "04A1B2C3D4E502")
    card = "uid:04A1B2C3D4E502"
    first = kiosk.tap(card)
    again = kiosk.tap(card)
    assert (again["outcome"], again["kind"]) == ("already_done", "repeated")
    assert again["at"] == first["at"]
    assert kiosk.stop() == 0
    kiosk.up()
    once_more = kiosk.tap(card)
    assert (once_more["outcome"], once_more["at"]) == ("already_done", first["at"])


def test_what_was_green_without_a_server_arrives_when_it_is_back(server: Server, kiosk: Kiosk) -> None:
    _give_card(server, kiosk, "M0003", "04A1B2C3D4E503")
    card = "uid:04A1B2C3D4E503"
    assert server.stop() == 0
    last = kiosk.tap(card)
    assert (last["outcome"], last["durable"]) == ("shift_started", True)
    kiosk.kill()
    kiosk.up()
    assert kiosk.status()["pending"] >= 1
    server.up()
    until(lambda: server.items("shifts?volunteer=M0003&state=open"), "the shift")
    until(lambda: kiosk.status()["pending"] == 0, "everything acknowledged")


def test_a_lost_card_is_refused_and_an_unknown_one_told_so(server: Server, kiosk: Kiosk) -> None:
    assert kiosk.tap("uid:04FFFFFFFFFF01")["outcome"] == "card_unknown"
    _give_card(server, kiosk, "M0004", "04A1B2C3D4E504")
    _give_card(server, kiosk, "M0004", "04A1B2C3D4E514")
    last = kiosk.tap("uid:04A1B2C3D4E514")
    assert last["outcome"] == "shift_started"
    assert kiosk.tap("uid:04A1B2C3D4E504")["kind"] == "refused"


def test_the_books_are_whole_after_all_of_it(server: Server) -> None:
    server.really("audit")


def _give_card(server: Server, kiosk: Kiosk, number: str, uid: str) -> None:
    """Register a chip and wait until the kiosk's roster has it (fetched every few seconds)."""
    server.ask("register-card", "--volunteer", number, "--uid", uid, "--json")
    kiosk.hear(server)
