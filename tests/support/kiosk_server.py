"""A server for kiosks by hand, over real HTTP, that keeps the protocol and can break it in chosen ways."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from server.contract.wire import (
    EventResult,
    PushReply,
    canonical,
    chain_hash,
    enrolment_to_sign,
    fingerprint,
    push_from_bytes,
    reply_to_bytes,
    reply_to_sign,
    request_to_sign,
    session_to_sign,
)
from tests.support.kiosk_roster import SERVER, SERVER_KEY, entries, signed
from tests.support.kiosk_world import AT
from tests.support.processes import PATIENCE

CODE = f"0123456789-{fingerprint(SERVER_KEY)}"
STRANGER = Ed25519PrivateKey.from_private_bytes(b"x" * 32)


@dataclass
class FakeServer:
    """What it holds, what it was asked, and the faults that come next."""

    url: str = ""
    kiosk_key: Ed25519PublicKey | None = None
    whole: dict[str, Any] = field(default_factory=entries)
    version: int = 5
    faults: list[str] = field(default_factory=list)
    """Taken one a request to events or roster: html, error, busy, truncated, lost, lying, stranger, …"""
    stored: dict[str, str] = field(default_factory=dict)
    """Event id → chain hash."""
    pushes: int = 0
    asked: list[str] = field(default_factory=list)
    sessions: int = 0
    counters: dict[str, int] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)
    revoked: bool = False
    poison: str | None = None
    """A text that makes the server refuse a whole push, as one that it cannot digest."""
    changed: threading.Condition = field(default_factory=threading.Condition)
    lacks_from: int | None = None
    """From which place on it asks for everything again."""
    expires_in: int = 900
    roster_gate: threading.Event = field(default_factory=threading.Event)
    """Rosters wait for it; open unless :meth:`slow_roster` closes it."""

    @contextmanager
    def slow_roster(self) -> Iterator[None]:
        """A roster that is asked for now comes when this is over; begins when one is being waited for."""
        self.roster_gate.clear()
        asked = self.asked.count("roster")
        try:
            assert self.wait_for(lambda: self.asked.count("roster") > asked)
            yield
        finally:
            self.roster_gate.set()

    def wait_for(self, condition: Any, timeout: float = PATIENCE) -> bool:
        """Wait until something is true of this server."""
        with self.changed:
            return bool(self.changed.wait_for(condition, timeout))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "_Http"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _answer(self, body: bytes) -> None:
        fake, path = self.server.fake, urlsplit(self.path).path
        with fake.changed:
            fake.asked.append(path.rsplit("/", 1)[1])
            fake.changed.notify_all()
        if path.endswith("roster"):
            fake.roster_gate.wait(PATIENCE)
        with fake.changed:
            match path.rsplit("/", 1)[1]:
                case "enrol":
                    self._enrol(json.loads(body))
                case "session":
                    self._session(json.loads(body))
                case _:
                    self._signed(path, body)
            fake.changed.notify_all()

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: int, code: str, **headers: str) -> None:
        self._send(status, canonical({"error": code, "message": {"zh": "", "en": ""}}), **headers)

    def _enrol(self, asked: dict[str, str]) -> None:
        fake = self.server.fake
        fault = fake.faults.pop(0) if fake.faults else ""
        if fault == "busy":
            return self._refuse(429, "too_many", Retry_After="7")
        if asked["code"] != CODE:
            return self._refuse(401, "code_unknown")
        fake.kiosk_key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(asked["public_key"]))
        key = STRANGER if fault == "stranger" else SERVER
        named = STRANGER.public_key().public_bytes_raw() if fault == "impostor" else SERVER_KEY
        answer = {"kiosk_id": "k1", "community_id": "com1", "community": "美湖社区", "site": "s1"}
        answer |= {"server_key": named.hex(), "server_time": AT}  # type: ignore[dict-item]
        signature = key.sign(enrolment_to_sign(asked["code"], asked["public_key"], answer)).hex()
        body = {"nonsense": 1} if fault == "nonsense" else {"answer": answer, "signature": signature}
        return self._send(200, canonical(body))

    def _session(self, asked: dict[str, str]) -> None:
        fake = self.server.fake
        if "nonce" not in asked:
            fake.nonces.add(nonce := f"nonce-{len(fake.asked)}")
            return self._send(200, canonical({"nonce": nonce, "server_time": AT}))
        fake.nonces.remove(asked["nonce"])
        assert fake.kiosk_key is not None
        message = session_to_sign(asked["kiosk_id"], asked["nonce"])
        fake.kiosk_key.verify(bytes.fromhex(asked["signature"]), message)
        fake.sessions += 1
        session = f"session-{fake.sessions}"
        fake.counters[session] = 0
        return self._send(
            200, canonical({"session": session, "expires_in": fake.expires_in, "server_time": AT})
        )

    def _signed(self, path: str, body: bytes) -> None:
        fake = self.server.fake
        session, counter = self.headers["X-Yika-Session"], int(self.headers["X-Yika-Counter"])
        if session not in fake.counters:
            return self._refuse(401, "session_unknown")
        assert counter > fake.counters[session], "a counter only rises"
        fake.counters[session] = counter
        message = request_to_sign(self.command, self.path, body, session, counter)
        assert fake.kiosk_key is not None
        try:
            fake.kiosk_key.verify(bytes.fromhex(self.headers["X-Yika-Signature"]), message)
        except InvalidSignature:
            return self._refuse(401, "signature_invalid")
        fault = fake.faults.pop(0) if fake.faults else ""
        if fault in ("html", "error", "busy", "forget"):
            return self._before(fault, session)
        status, answer = self._events(body, fault) if path.endswith("events") else self._roster(fault)
        return self._finish(status, answer, fault, (session, counter))

    def _before(self, fault: str, session: str) -> None:
        if fault == "html":
            return self._send(200, b"<html>Please log in to the hotel</html>", Content_Type="text/html")
        if fault == "error":
            return self._send(500, b"<html>oops</html>", Content_Type="text/html")
        if fault == "forget":
            del self.server.fake.counters[session]
            return self._refuse(401, "session_unknown")
        return self._refuse(429, "too_many", Retry_After="1")

    def _events(self, body: bytes, fault: str) -> tuple[int, bytes]:
        fake, push = self.server.fake, push_from_bytes(body)
        fake.pushes += 1
        if fake.poison is not None and any(fake.poison in event.body for event in push.events):
            return 400, canonical({"error": "malformed"})
        results, prev = [], push.prev
        for seq, event in enumerate(push.events, push.from_seq):
            prev = chain_hash(prev, event.inner())
            event_id = json.loads(event.body)["event_id"]
            status = "duplicate" if event_id in fake.stored else "stored"
            fake.stored[event_id] = prev
            results.append(EventResult(seq, "00" * 32 if fault == "lying" else prev, status))
        if fault == "half":
            results = results[: len(results) // 2]
        journal = "another" if fault == "journal" else push.journal_id
        reply = PushReply(
            journal_id=journal,
            results=tuple(results),
            server_time=AT,
            roster_version=fake.version,
            resend_from=fake.lacks_from if fake.lacks_from != push.from_seq else None,
        )
        return 200, b"[]" if fault == "shape" else reply_to_bytes(reply)

    def _roster(self, fault: str) -> tuple[int, bytes]:
        fake = self.server.fake
        if fake.revoked:
            return 403, canonical({"error": "kiosk_revoked"})
        if fault == "shape":
            return 200, b"not json"
        asked = parse_qs(urlsplit(self.path).query)
        body = signed(fake.whole, fake.version, key=STRANGER if fault == "forged-roster" else SERVER)
        if asked.get("have") == [str(fake.version)] and asked.get("hash") == [body["manifest"]["hash"]]:
            return 304, b""
        if fault == "bad-delta":
            body = signed(fake.whole, fake.version, base=(1, {}))
        return 200, canonical(body)

    def _finish(self, status: int, body: bytes, fault: str, signed_by: tuple[str, int]) -> None:
        session, counter = signed_by
        key = STRANGER if fault == "stranger" else SERVER
        signature = key.sign(reply_to_sign(status, body, session, counter)).hex()
        if fault == "lost":
            self.close_connection = True
            return None
        if fault == "truncated":
            self.send_response(status)
            self.send_header("X-Yika-Signature", signature)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return None
        return self._send(status, body, X_Yika_Signature="zz" if fault == "unsigned" else signature)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    fake: FakeServer


@contextmanager
def running() -> Iterator[FakeServer]:
    """A fake server on a free port."""
    with _Http(("127.0.0.1", 0), _Handler) as http:
        http.fake = FakeServer(url=f"http://127.0.0.1:{http.server_port}")
        http.fake.roster_gate.set()
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield http.fake
        finally:
            http.shutdown()
            thread.join()
