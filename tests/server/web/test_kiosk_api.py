"""The kiosks' API as a kiosk sees it: enrolment, sessions, signed requests, signed answers."""

import contextlib
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient

from server.config import ServerConfig, make_key_file
from server.contract.rules import HOUR, MINUTE
from server.contract.wire import (
    Manifest,
    enrolment_to_sign,
    fingerprint,
    push_to_bytes,
    reply_from_bytes,
    reply_to_sign,
    request_to_sign,
    roster_apply,
    roster_hash,
    session_to_sign,
)
from server.errors import TooMany
from server.services.keys import signature_holds
from server.services.kiosks import add_kiosk, revoke_kiosk
from server.services.members import change_volunteer
from server.web.limits import LEAST_WAIT, MOST_WAIT
from tests.support.applications import application


@pytest.fixture
def app(bench, tmp_path):
    """The real application over the small community."""
    make_key_file(tmp_path / "server.key", b"s" * 32)
    url = bench.database.url.render_as_string(hide_password=False)
    with application(ServerConfig(data_dir=tmp_path, database_url=url, rate_limit=50, enrol_limit=40)) as app:
        yield app


@dataclass
class Device:
    """A kiosk's side of the conversation, as the contract describes it."""

    client: FlaskClient
    server_key: bytes
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    kiosk_id: str = ""
    session: str = ""
    counter: int = 0

    def enrol(self, code: str):
        public = self.key.public_key().public_bytes_raw().hex()
        answer = self.client.post("/api/v1/kiosk/enrol", json={"code": code, "public_key": public})
        if answer.status_code == 200:
            told = answer.json["answer"]
            message = enrolment_to_sign(code, public, told)
            assert signature_holds(bytes.fromhex(told["server_key"]), message, answer.json["signature"])
            assert fingerprint(bytes.fromhex(told["server_key"])) == code.replace(" ", "").upper()[-10:]
            self.kiosk_id = told["kiosk_id"]
        return answer

    def open(self):
        nonce = self.client.post("/api/v1/kiosk/session", json={"kiosk_id": self.kiosk_id}).json["nonce"]
        return self.open_with(nonce)

    def open_with(self, nonce: str):
        signature = self.key.sign(session_to_sign(self.kiosk_id, nonce)).hex()
        body = {"kiosk_id": self.kiosk_id, "nonce": nonce, "signature": signature}
        answer = self.client.post("/api/v1/kiosk/session", json=body)
        self.session, self.counter = answer.json.get("session", self.session), 0
        return answer

    def send(self, method: str, target: str, body: bytes = b"", **headers: Any):
        self.counter += 1
        message = request_to_sign(method, target, body, self.session, self.counter)
        signed = {
            "X-Yika-Session": self.session,
            "X-Yika-Counter": str(self.counter),
            "X-Yika-Signature": self.key.sign(message).hex(),
        }
        sent = {name: value for name, value in (signed | headers).items() if value is not None}
        answer = self.client.open(target, method=method, data=body, headers=sent)
        if answer.status_code in (200, 304):
            told = reply_to_sign(answer.status_code, answer.data, self.session, self.counter)
            assert signature_holds(self.server_key, told, answer.headers["X-Yika-Signature"])
        return answer

    def roster(self, have: int | None = None, digest: str = ""):
        query = f"?have={have}&hash={digest}" if have is not None else ""
        return self.send("GET", f"/api/v1/kiosk/roster{query}")


@pytest.fixture
def device(app, bench) -> Device:
    """An enrolled kiosk with a session."""
    runtime = app.extensions["yika"]
    with runtime.unit_of_work("meihu") as uow:
        added = add_kiosk(uow, runtime.acting("test"), "门口", site_id="hut")
        uow.commit()
    device = Device(app.test_client(), runtime.keys.public)
    assert device.enrol(added.code).status_code == 200
    assert device.open().json["expires_in"] == 900
    return device


def new_code(app, site: str = "hub") -> str:
    runtime = app.extensions["yika"]
    with runtime.unit_of_work("meihu") as uow:
        added = add_kiosk(uow, runtime.acting("test"), "新", site_id=site)
        uow.commit()
    return added.code


def test_a_code_may_be_typed_in_lower_case_with_spaces(app) -> None:
    code = new_code(app)
    device = Device(app.test_client(), b"")
    assert device.enrol(f" {code[:5]} {code[5:]} ".lower()).status_code == 200


def test_a_code_enrols_one_machine_once(app) -> None:
    code = new_code(app)
    assert Device(app.test_client(), b"").enrol(code).status_code == 200
    again = Device(app.test_client(), b"").enrol(code)
    assert (again.status_code, again.json["error"]) == (401, "code_unknown")
    assert set(again.json["message"]) == {"zh", "en"}


def test_a_machine_that_did_not_hear_the_answer_may_ask_again(app) -> None:
    """The same code and key get the same identity, and nothing is written twice."""
    device, code = Device(app.test_client(), b""), new_code(app)
    device.enrol(code)
    first, runtime = device.kiosk_id, app.extensions["yika"]
    with runtime.unit_of_work("meihu") as uow:
        facts = uow.rows("facts").count()
    assert device.enrol(code).status_code == 200
    assert device.kiosk_id == first
    with runtime.unit_of_work("meihu") as uow:
        assert uow.rows("facts").count() == facts
        revoke_kiosk(uow, runtime.acting("staff"), first)
        uow.commit()
    assert device.enrol(code).status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"code":1,"public_key":2}', b'{"code":"\\u0000","public_key":"x"}']
)
def test_a_malformed_enrolment_is_a_bad_request(app, body: bytes) -> None:
    answer = app.test_client().post("/api/v1/kiosk/enrol", data=body)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid")


def test_a_public_key_that_is_none_does_not_use_up_the_code(app) -> None:
    code = new_code(app)
    answer = app.test_client().post("/api/v1/kiosk/enrol", json={"code": code, "public_key": "zz"})
    assert answer.json["error"] == "key_malformed"
    assert Device(app.test_client(), b"").enrol(code).status_code == 200


def test_a_nonce_buys_one_session(device) -> None:
    client = device.client
    nonce = client.post("/api/v1/kiosk/session", json={"kiosk_id": device.kiosk_id}).json["nonce"]
    assert device.open_with(nonce).status_code == 200
    assert device.open_with(nonce).json["error"] == "nonce_unknown"


def test_a_nonce_is_gone_after_a_wrong_signature(device) -> None:
    nonce = device.client.post("/api/v1/kiosk/session", json={"kiosk_id": device.kiosk_id}).json["nonce"]
    body = {"kiosk_id": device.kiosk_id, "nonce": nonce, "signature": "00" * 64}
    assert device.client.post("/api/v1/kiosk/session", json=body).json["error"] == "signature_invalid"
    assert device.open_with(nonce).json["error"] == "nonce_unknown"


def test_an_unknown_kiosk_gets_no_nonce(app) -> None:
    answer = app.test_client().post("/api/v1/kiosk/session", json={"kiosk_id": "nobody"})
    assert (answer.status_code, answer.json["error"]) == (401, "kiosk_unknown")


def test_a_push_is_answered_for_each_event_and_signed(device, bench) -> None:
    kiosk = bench.kiosk("hub", "only for its journal")
    kiosk.kiosk_id = device.kiosk_id
    at = 1_764_000_000_000
    kiosk.booted_at = at - HOUR
    kiosk.tap("M0001", at)
    kiosk.tap("M0001", at + 40 * MINUTE, shown="shift_ended")
    answer = device.send("POST", "/api/v1/kiosk/events", push_to_bytes(kiosk.push()))
    reply = reply_from_bytes(answer.data)
    assert [(r.status, r.hash) for r in reply.results] == [
        ("stored", kiosk.head(1)),
        ("stored", kiosk.head(2)),
    ]


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({"X-Yika-Session": None}, "invalid"),
        ({"X-Yika-Counter": "x"}, "invalid"),
        ({"X-Yika-Counter": "99"}, "signature_invalid"),
        ({"X-Yika-Session": "00"}, "session_unknown"),
        ({"X-Yika-Signature": "00" * 64}, "signature_invalid"),
        ({"X-Yika-Signature": "no hex"}, "signature_invalid"),
    ],
)
@pytest.mark.parametrize("target", ["/api/v1/kiosk/roster", "/api/v1/kiosk/events"])
def test_every_wrong_caller_is_refused_everywhere(device, target: str, headers, error: str) -> None:
    method = "GET" if target.endswith("roster") else "POST"
    answer = device.send(method, target, b"", **headers)
    assert answer.status_code in (400, 401)
    assert answer.json["error"] == error


def test_a_request_cannot_be_sent_twice(device) -> None:
    assert device.roster().status_code == 200
    device.counter -= 1
    answer = device.roster()
    assert (answer.status_code, answer.json["error"]) == (401, "counter_replayed")


def test_a_push_that_is_none_is_a_bad_request_and_nothing_is_acknowledged(device) -> None:
    answer = device.send("POST", "/api/v1/kiosk/events", b"<html>")
    assert (answer.status_code, answer.json["error"]) == (400, "malformed")


def test_a_roster_is_whole_then_a_difference_then_nothing(device, app, bench) -> None:
    """Signed for this kiosk; the hash of the result is the manifest's."""
    first = json.loads(device.roster().data)
    manifest = Manifest(**first["manifest"])
    assert signature_holds(device.server_key, manifest.to_sign(), first["signature"])
    assert roster_hash(first["entries"]) == manifest.hash
    assert first["entries"]["site"]["id"] == "hut"
    assert first["entries"]["volunteer:M0001"]["status"] == "active"

    assert device.roster(manifest.version, manifest.hash).status_code == 304

    runtime = app.extensions["yika"]
    with runtime.unit_of_work("meihu") as uow:
        change_volunteer(uow, runtime.acting("test"), "M0001", {"name_display": "none"})
        uow.commit()
    second = json.loads(device.roster(manifest.version, manifest.hash).data)
    later = Manifest(**second["manifest"])
    assert (later.base, later.version > manifest.version) == (manifest.version, True)
    assert roster_hash(roster_apply(first["entries"], second["delta"])) == later.hash
    assert {key.split(":")[0] for key in second["delta"]["set"]} == {"card", "hours"}


def test_a_kiosk_with_a_base_that_nobody_gave_it_gets_the_whole_roster(device) -> None:
    answer = json.loads(device.roster(3, "00" * 32).data)
    assert answer["manifest"]["base"] is None
    assert "entries" in answer


def test_a_roster_holds_nothing_that_a_thief_could_use(device, bench) -> None:
    """No name in clear, no phone, no birth date, no credential."""
    text = device.roster().data.decode()
    assert "测试" not in text
    assert "1960" not in text
    assert "YIKA:" not in text
    for card in bench.rows("cards"):
        assert card["sealed"] not in text
        assert card["digest"] not in text


def test_a_revoked_kiosk_gets_no_roster_and_may_still_push(device, app, bench) -> None:
    runtime = app.extensions["yika"]
    with runtime.unit_of_work("meihu") as uow:
        revoke_kiosk(uow, runtime.acting("test"), device.kiosk_id)
        uow.commit()
    assert device.open().status_code == 200
    answer = device.roster()
    assert (answer.status_code, answer.json["error"]) == (403, "kiosk_revoked")
    kiosk = bench.kiosk("hub", "only for its journal")
    kiosk.kiosk_id = device.kiosk_id
    kiosk.tap("M0001", 1_764_000_000_000)
    reply = reply_from_bytes(device.send("POST", "/api/v1/kiosk/events", push_to_bytes(kiosk.push())).data)
    assert [(r.status, r.reason) for r in reply.results] == [("quarantined", "kiosk_revoked")]


def test_too_many_requests_are_told_to_wait(device) -> None:
    # Twice what one minute allows: the clock may pass from one minute to the next meanwhile.
    answers = [device.roster() for _ in range(104)]
    last = next(answer for answer in answers if answer.status_code != answers[0].status_code)
    assert (last.status_code, last.json["error"]) == (429, "too_many_requests")
    assert 1 <= int(last.headers["Retry-After"]) <= 60


def test_a_push_too_many_at_once_is_told_to_come_back_later(app, bench, device) -> None:
    """Nobody waits for a thread: the refusal costs nothing, and the same push is taken in afterwards."""
    kiosk = bench.kiosk("hub", "only for its journal")
    kiosk.kiosk_id = device.kiosk_id
    kiosk.tap("M0001", bench.now)
    body, gate = push_to_bytes(kiosk.push()), app.extensions["yika_kiosk_limits"].pushes
    held = Manifest(**json.loads(device.roster().data)["manifest"])
    with contextlib.ExitStack() as inside:
        for _ in range(app.extensions["yika"].config.pushes_at_once):
            inside.enter_context(gate.passing("another"))
        answer = device.send("POST", "/api/v1/kiosk/events", body)
        assert (answer.status_code, answer.json["error"]) == (429, "too_many_requests")
        assert LEAST_WAIT <= int(answer.headers["Retry-After"]) <= MOST_WAIT
        assert device.roster(held.version, held.hash).status_code == 429, "what can wait waits"
        assert device.roster().status_code == 200, "a kiosk without any roster does not"
    taken = reply_from_bytes(device.send("POST", "/api/v1/kiosk/events", body).data)
    assert [result.status for result in taken.results] == ["stored"]


def test_who_holds_a_roster_waits_while_others_cannot_even_open_a_session(app, device) -> None:
    """A town stands in line for sessions first: kiosks that are through must not keep it outside."""
    held = Manifest(**json.loads(device.roster().data)["manifest"])
    assert device.roster(held.version, held.hash).status_code == 304
    nonces = app.extensions["yika_kiosk_limits"].nonces
    with contextlib.ExitStack() as inside:
        for number in range(200):
            with contextlib.suppress(TooMany):
                inside.enter_context(nonces.passing(f"kiosk {number}"))
    assert device.roster(held.version, held.hash).status_code == 429
    assert device.roster().status_code == 200, "a kiosk without any roster does not"


def test_health_says_ok_when_the_database_answers(app) -> None:
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.json["status"]) == (200, "ok")


def test_an_unknown_address_of_the_api_answers_in_json(app) -> None:
    answer = app.test_client().get("/api/v1/kiosk/nothing")
    assert (answer.status_code, answer.json["error"]) == (404, "not_found")
