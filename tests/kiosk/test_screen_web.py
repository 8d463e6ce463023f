"""The screen's web server: what it tells, to whom, and what it refuses."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from kiosk.screen.hub import ScreenHub
from kiosk.screen.serving import WebThread
from kiosk.screen.web import create_screen
from tests.support.processes import PATIENCE
from tests.support.screen import IDLE, NOW, FakeControls, FakeHand, every_outcome


@pytest.fixture
def hub() -> Iterator[ScreenHub]:
    hub = ScreenHub()
    yield hub
    hub.close()


@pytest.fixture
def controls() -> FakeControls:
    return FakeControls()


@pytest.fixture
def client(hub: ScreenHub, controls: FakeControls) -> FlaskClient:
    return create_screen(hub, controls).test_client()


@pytest.fixture
def demo(hub: ScreenHub, controls: FakeControls) -> tuple[FlaskClient, FakeHand]:
    hand = FakeHand()
    return create_screen(hub, controls, hand=hand).test_client(), hand


def parsed(part: str) -> list[tuple[str, Any]]:
    """The events of a piece of the stream, read as the specification says."""
    events = []
    for block in part.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        events.append((fields["event"], json.loads(fields["data"])))
    return events


def stream_of(client: FlaskClient) -> Iterator[list[tuple[str, Any]]]:
    response = client.get("/events")
    assert response.mimetype == "text/event-stream"
    for part in response.iter_encoded():
        yield parsed(part.decode())


def test_status_is_what_the_kiosk_says(client: FlaskClient, controls: FakeControls) -> None:
    answer = client.get("/api/status")
    assert answer.status_code == 200
    assert answer.json == controls.status()


def test_the_stream_begins_with_words_and_the_current_view(client: FlaskClient, hub: ScreenHub) -> None:
    hub.publish(every_outcome()["shift_started"])
    stream = stream_of(client)
    [(kind, hello)] = next(stream)
    assert kind == "hello"
    assert hello["languages"] == ["zh", "en"]
    assert hello["words"]["zh"]["tap"] == "请刷卡"
    told = dict(next(stream))
    assert told["beat"] == {"now": NOW}
    assert told["idle"]["words"]["zh"]["community"] == "美湖社区"
    assert told["result"]["words"]["zh"]["title"] == "签到成功"
    assert told["result"]["age_ms"] >= 0


def test_a_silent_stream_beats_and_tells_what_changed_without_being_told(
    client: FlaskClient, controls: FakeControls
) -> None:
    stream = stream_of(client)
    next(stream), next(stream)
    assert next(stream) == [("beat", {"now": NOW})]
    controls.view = IDLE.__class__(now=NOW, pending=7)
    told = dict(next(stream))
    assert told["idle"]["words"]["zh"]["status"][0]["text"] == "没有网络，打卡照常，已存 7 条"


def test_a_stream_ends_when_the_kiosk_stops_and_frees_its_place(client: FlaskClient, hub: ScreenHub) -> None:
    stream = stream_of(client)
    next(stream), next(stream)
    assert hub.watchers == 1
    hub.close()
    assert list(stream) == []
    assert hub.watchers == 0


def test_only_configured_languages_are_told(hub: ScreenHub, controls: FakeControls) -> None:
    client = create_screen(hub, controls, languages=("zh",)).test_client()
    stream = stream_of(client)
    assert list(dict(next(stream))["hello"]["words"]) == ["zh"]
    assert list(dict(next(stream))["idle"]["words"]) == ["zh"]


def test_a_choice_reaches_the_kiosk(client: FlaskClient, controls: FakeControls) -> None:
    answer = client.post("/api/choice", json={"event_id": "e1", "choice": "undo"})
    assert answer.status_code == 200
    assert controls.choices == [("e1", "undo")]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"[]", "not_json"),
        (b"{}", "event_id_missing"),
        (b'{"event_id": 1, "choice": "undo"}', "event_id_missing"),
        (b'{"event_id": "e1"}', "choice_missing"),
        (b'{"event_id": "e1", "choice": ""}', "choice_missing"),
        (b'{"event_id": "e1", "choice": "' + b"x" * 201 + b'"}', "choice_missing"),
    ],
)
def test_a_choice_that_says_nothing_is_refused_in_words(
    client: FlaskClient, controls: FakeControls, body: bytes, error: str
) -> None:
    answer = client.post("/api/choice", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error"] == error
    assert answer.json["message"]["zh"]
    assert answer.json["message"]["en"]
    assert controls.choices == []


def test_a_form_from_another_page_is_no_choice(client: FlaskClient, controls: FakeControls) -> None:
    answer = client.post("/api/choice", data={"event_id": "e1", "choice": "undo"})
    assert answer.status_code == 400
    assert controls.choices == []


def test_a_choice_that_comes_too_late_is_a_conflict_with_words(
    client: FlaskClient, controls: FakeControls
) -> None:
    controls.refuse = "too_late"
    answer = client.post("/api/choice", json={"event_id": "e1", "choice": "undo"})
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["error"] == "too_late"
    assert set(answer.json["message"]) == {"zh", "en"}


PATHS = ["/", "/events", "/api/status", "/hand", "/hand/cards", "/static/main.js"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host", ["evil.example", "192.168.1.9:8080", "127.0.0.1.evil.example", "0.0.0.0", ""]
)
def test_a_name_that_is_not_this_machine_gets_nothing(
    demo: tuple[FlaskClient, FakeHand], path: str, host: str
) -> None:
    answer = demo[0].get(path, headers={"Host": host})
    assert answer.status_code == 403
    assert answer.json is not None
    assert answer.json["error"] == "wrong_host"


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "localhost"])
def test_this_machine_by_any_of_its_names_is_served(client: FlaskClient, host: str) -> None:
    assert client.get("/api/status", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/api/choice", "/hand/put", "/hand/take"])
@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:9999", "null"])
def test_another_page_in_the_same_browser_cannot_post(
    demo: tuple[FlaskClient, FakeHand], controls: FakeControls, path: str, origin: str
) -> None:
    client, hand = demo
    body = {"event_id": "e1", "choice": "undo", "card": "0001"}
    answer = client.post(path, json=body, headers={"Origin": origin, "Host": "127.0.0.1:8080"})
    assert answer.status_code == 403
    assert (controls.choices, hand.put_down) == ([], [])


def test_the_page_itself_can_post(client: FlaskClient) -> None:
    headers = {"Origin": "http://127.0.0.1:8080", "Host": "127.0.0.1:8080"}
    answer = client.post("/api/choice", json={"event_id": "e1", "choice": "undo"}, headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/status", "/static/main.js", "/nowhere"])
def test_nothing_is_kept_and_nothing_comes_from_outside(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        headers = answer.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("page", ["screen.html", "hand.html"])
def test_pages_hold_no_script_or_style_of_their_own(client: FlaskClient, page: str) -> None:
    with client.get(f"/static/{page}") as answer:
        text = answer.text
    assert "<style" not in text
    assert " style=" not in text
    assert text.count("<script") == text.count('<script type="module" src="/static/')


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/hand"), ("GET", "/hand/cards"), ("POST", "/hand/put"), ("POST", "/hand/take")],
)
def test_without_a_simulated_reader_there_is_no_hand(client: FlaskClient, method: str, path: str) -> None:
    answer = client.open(path, method=method, json={"card": "0001"} if method == "POST" else None)
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["error"] == "no_hand"


def test_the_hand_lays_a_card_down_and_takes_it_away(demo: tuple[FlaskClient, FakeHand]) -> None:
    client, hand = demo
    with client.get("/hand") as page:
        assert page.status_code == 200
    assert client.get("/hand/cards").json == hand.cards()
    assert client.post("/hand/put", json={"card": "0001"}).status_code == 200
    assert hand.lying == "0001"
    assert client.post("/hand/take", json={}).status_code == 200
    assert hand.lying is None


def test_a_card_that_does_not_exist_is_named(demo: tuple[FlaskClient, FakeHand]) -> None:
    answer = demo[0].post("/hand/put", json={"card": "9999"})
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["error"] == "card_not_found"
    assert "9999" in answer.json["message"]["zh"]


@pytest.mark.parametrize(
    ("path", "status", "error"), [("/x", 404, "not_found"), ("/api/choice", 405, "method")]
)
def test_wrong_addresses_are_answered_in_words(
    client: FlaskClient, path: str, status: int, error: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["error"] == error


def test_waitress_streams_to_a_listener_and_stops_while_it_listens(
    hub: ScreenHub, controls: FakeControls
) -> None:
    web = WebThread(create_screen(hub, controls), before_stop=hub.close)
    web.start()
    with urllib.request.urlopen(f"{web.url}/events", timeout=PATIENCE) as answer:
        assert answer.readline() == b"event: hello\n"
        lines = iter(answer.readline, b"")
        assert next(line for line in lines if line.startswith(b"event: idle"))
        hub.publish(every_outcome()["card_lost"])
        assert next(line for line in lines if line == b"event: result\n")
        stopping = threading.Thread(target=web.stop)
        stopping.start()
        assert list(lines)[-1:] in ([], [b"\n"])
        stopping.join(PATIENCE)
    assert not stopping.is_alive()


def test_a_busy_port_is_an_error_at_once(hub: ScreenHub, controls: FakeControls) -> None:
    first = WebThread(create_screen(hub, controls))
    with pytest.raises(OSError, match="in use"):
        WebThread(create_screen(hub, controls), port=first.port)
    first.stop()


def test_the_voice_is_told_the_language_that_somebody_chose(hub: ScreenHub, controls: FakeControls) -> None:
    chosen: list[str] = []
    client = create_screen(hub, controls, languages=("zh", "en"), on_language=chosen.append).test_client()
    assert client.post("/api/language", json={"language": "en"}).status_code == 200
    refused = client.post("/api/language", json={"language": "de"})
    assert (refused.status_code, refused.get_json()["error"]) == (400, "language_unknown")
    assert client.post("/api/language", json={}).get_json()["error"] == "language_missing"
    assert chosen == ["en"]
