"""Talking with the server: signed requests in 15-minute sessions; no answer is believed unsigned."""

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import urllib3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.errors import EnrolmentRefused
from kiosk.identity import Enrolment, checked_enrolment, normal_code
from kiosk.ports import Busy, Clock, LyingAnswer, Offline, Refused, RosterAnswer, RosterUnchanged, Trouble
from server.contract.desk import CardLaid, DeskReply, DeskState, laid_to_bytes, state_from_bytes
from server.contract.desk import reply_from_bytes as reply_from_bytes_of_desk
from server.contract.wire import (
    Push,
    PushReply,
    WireError,
    canonical,
    push_to_bytes,
    reply_from_bytes,
    reply_to_sign,
    request_to_sign,
    session_to_sign,
)

API = "/api/v1/kiosk"
T = TypeVar("T")
CONNECT_SECONDS, READ_SECONDS = 5.0, 20.0
MOST_BYTES = 64 << 20
RENEW_BEFORE_MS = 60_000
DEFAULT_PATIENCE = 10.0
_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which Python does not name


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, whole."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(slots=True)
class _Session:
    session: str
    until_uptime_ms: int
    counter: int = 0


class Wire:
    """Plain HTTP to one server: one request, one whole answer, or :class:`Offline`."""

    def __init__(self, url: str, clock: Clock) -> None:
        """``url`` is the server's; dates of its certificate count only while ``clock`` is synced."""
        self._url, self._clock = url.rstrip("/"), clock
        self._pool: tuple[bool, urllib3.PoolManager] | None = None

    def send(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer | Offline:
        """Send one request."""
        try:
            reply = self._manager().request(
                method,
                self._url + target,
                body=body or None,
                headers={"Content-Type": "application/json", **headers},
                redirect=False,
                preload_content=False,
            )
            try:
                content = reply.read(MOST_BYTES, decode_content=True)
            finally:
                reply.release_conn()
        except urllib3.exceptions.HTTPError as error:
            return Offline(_said(error))
        return Answer(reply.status, content, reply.headers)

    def _manager(self) -> urllib3.PoolManager:
        synced = self._clock.sample().clock == "synced"
        if self._pool is None or self._pool[0] != synced:
            self.close()
            self._pool = (synced, _manager(self._url, synced=synced))
        return self._pool[1]

    def close(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            self._pool[1].clear()
            self._pool = None


def _manager(url: str, *, synced: bool) -> urllib3.PoolManager:
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    if urlsplit(url).scheme != "https":
        return urllib3.PoolManager(retries=False, timeout=timeout, maxsize=2)
    context = ssl.create_default_context()  # reads every authority's certificate: 50 ms of a desktop's core
    if not synced:
        # A kiosk that woke in 1970 must still sync: whom it talks with is proved by the pinned key.
        context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
    return urllib3.PoolManager(retries=False, timeout=timeout, ssl_context=context, maxsize=2)


def _said(error: BaseException) -> str:
    reason = getattr(error, "reason", None) or error
    return f"{type(reason).__name__}: {reason}"[:300]


class ServerClient:
    """``kiosk.ports.ServerApi`` over HTTP; pushing never waits for a roster that is under way."""

    def __init__(
        self,
        enrolment: Enrolment,
        key: Ed25519PrivateKey,
        clock: Clock,
        *,
        wire: Callable[[str, Clock], Wire] = Wire,
    ) -> None:
        """Nothing is sent before the first call; ``wire`` makes the connection of each line."""
        self._clock = clock
        self._pushing = _Line(enrolment, key, clock, wire(enrolment.url, clock))
        self._pulling = _Line(enrolment, key, clock, wire(enrolment.url, clock))
        self._desk = _Line(enrolment, key, clock, wire(enrolment.url, clock))

    def close(self) -> None:
        """Close every connection."""
        self._pushing.close()
        self._pulling.close()
        self._desk.close()

    def push(self, push: Push) -> PushReply | Trouble:
        """Send a range of events; the signed answer also sets this boot's clock."""
        sent = self._clock.sample().uptime_ms
        answer = self._pushing.ask("POST", f"{API}/events", push_to_bytes(push))
        got = self._clock.sample().uptime_ms
        if not isinstance(answer, Answer):
            return answer
        try:
            reply = reply_from_bytes(answer.body)
        except WireError as error:
            return LyingAnswer(str(error))
        self._clock.learn(reply.server_time, sent_uptime_ms=sent, got_uptime_ms=got)
        return reply

    def roster(self, have: int | None, have_hash: str | None) -> RosterAnswer | RosterUnchanged | Trouble:
        """Ask for what is newer than what we hold."""
        query = "?" + urlencode({"have": have, "hash": have_hash or ""}) if have is not None else ""
        answer = self._pulling.ask("GET", f"{API}/roster{query}", b"")
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 304:
            return RosterUnchanged()
        body = _object(answer.body)
        return LyingAnswer("a roster that is not JSON") if body is None else RosterAnswer(body)

    def desk(self) -> DeskState | Trouble:
        """Ask whether cards are made here now (``kiosk.ports.DeskApi``)."""
        return _read(self._desk.ask("GET", f"{API}/desk", b""), state_from_bytes)

    def card_laid(self, laid: CardLaid) -> DeskReply | Trouble:
        """Tell of a card that lies here."""
        return _read(self._desk.ask("POST", f"{API}/desk", laid_to_bytes(laid)), reply_from_bytes_of_desk)


def _read(answer: Answer | Trouble, read: Callable[[bytes], T]) -> T | Trouble:
    if not isinstance(answer, Answer):
        return answer
    try:
        return read(answer.body)
    except WireError as error:
        return LyingAnswer(str(error))


class _Line:
    """One session at a time over one connection; its counter only rises, so one request goes at a time."""

    def __init__(self, enrolment: Enrolment, key: Ed25519PrivateKey, clock: Clock, wire: Wire) -> None:
        self._enrolment, self._key, self._clock = enrolment, key, clock
        self._server_key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(enrolment.server_key))
        self._wire = wire
        self._session: _Session | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        self._wire.close()

    def ask(self, method: str, target: str, body: bytes) -> Answer | Trouble:
        """One signed request; a session that the server has forgotten is opened once more."""
        with self._lock:
            answer = self._try_signed(method, target, body)
            if isinstance(answer, Refused) and answer.status == 401:
                self._session = None
                answer = self._try_signed(method, target, body)
            return answer

    def _try_signed(self, method: str, target: str, body: bytes) -> Answer | Trouble:
        session = self._open_session()
        if not isinstance(session, _Session):
            return session
        session.counter += 1
        message = request_to_sign(method, target, body, session.session, session.counter)
        headers = {
            "X-Yika-Session": session.session,
            "X-Yika-Counter": str(session.counter),
            "X-Yika-Signature": self._key.sign(message).hex(),
        }
        answer = self._wire.send(method, target, body, headers)
        if isinstance(answer, Offline):
            return answer
        trouble = _trouble(answer, (200, 304))
        if trouble is not None:
            return trouble
        return self._believed(answer, session)

    def _believed(self, answer: Answer, session: _Session) -> Answer | LyingAnswer:
        body = b"" if answer.status == 304 else answer.body
        try:
            signature = bytes.fromhex(answer.headers.get("X-Yika-Signature", ""))
            message = reply_to_sign(answer.status, body, session.session, session.counter)
            self._server_key.verify(signature, message)
        except (InvalidSignature, ValueError):
            return LyingAnswer("an answer that our server did not sign")
        return answer

    def _open_session(self) -> _Session | Trouble:
        now = self._clock.sample().uptime_ms
        if self._session is not None and now < self._session.until_uptime_ms - RENEW_BEFORE_MS:
            return self._session
        kiosk_id = self._enrolment.kiosk_id
        first = ask(self._wire.send, f"{API}/session", {"kiosk_id": kiosk_id})
        if not isinstance(first, dict):
            return first
        nonce = str(first.get("nonce", ""))
        signature = self._key.sign(session_to_sign(kiosk_id, nonce)).hex()
        answer = {"kiosk_id": kiosk_id, "nonce": nonce, "signature": signature}
        second = ask(self._wire.send, f"{API}/session", answer)
        if not isinstance(second, dict):
            return second
        try:
            until = now + int(second["expires_in"]) * 1000
            self._session = _Session(str(second["session"]), until)
        except (KeyError, TypeError, ValueError):
            return LyingAnswer("a session answer without a session")
        return self._session


def ask(
    send: Callable[[str, str, bytes, Mapping[str, str]], Answer | Offline],
    target: str,
    body: Mapping[str, Any],
) -> dict[str, Any] | Trouble:
    """One unsigned question in JSON."""
    answer = send("POST", target, canonical(dict(body)), {})
    if isinstance(answer, Offline):
        return answer
    trouble = _trouble(answer, (200,))
    if trouble is not None:
        return trouble
    found = _object(answer.body)
    return LyingAnswer("an answer that is not JSON") if found is None else found


def _trouble(answer: Answer, good: tuple[int, ...]) -> Trouble | None:
    if answer.status in good:
        return None
    if answer.status in (429, 503):
        return Busy(_patience(answer.headers.get("Retry-After")))
    body = _object(answer.body)
    if body is None or not 400 <= answer.status < 500:
        # A page in the way (a hotel's log-in, a proxy's error) is not our server refusing.
        return Offline(f"HTTP {answer.status} that is not our server's")
    return Refused(answer.status, str(body.get("error", "")))


def _patience(header: str | None) -> float:
    return float(header) if header is not None and header.strip().isdigit() else DEFAULT_PATIENCE


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def enrol(url: str, code: str, key: Ed25519PrivateKey, clock: Clock) -> Enrolment:
    """Enrol this machine at a server; raises :class:`EnrolmentRefused`."""
    url = url.rstrip("/")
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise EnrolmentRefused(f"{url!r} is not the address of a server: http://… or https://…")
    code, public_key = normal_code(code), key.public_key().public_bytes_raw().hex()
    wire = Wire(url, clock)
    try:
        answer = ask(wire.send, f"{API}/enrol", {"code": code, "public_key": public_key})
    finally:
        wire.close()
    match answer:
        case Offline(why=why):
            raise EnrolmentRefused(f"no server answers at {url}: {why}")
        case Busy(retry_after=seconds):
            raise EnrolmentRefused(f"the server is busy: try again in {seconds:.0f} s")
        case Refused(code=reason):
            raise EnrolmentRefused(f"the server refused: {reason or 'no reason given'}")
        case LyingAnswer(what=what):
            raise EnrolmentRefused(f"what answers at {url} is no Yika server: {what}")
        case body:
            return checked_enrolment(url, code, public_key, body)
