"""The network in the simulator's hands: what befalls requests, over real HTTP or past it.

Most histories speak to the server's services directly (``SimPort``: what the blueprint does, without HTTP,
sessions and signatures), some through everything (``SimWire`` under the real client and the Flask app). Both
know the same faults.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kiosk.ports import (
    Busy,
    Clock,
    LyingAnswer,
    Offline,
    Refused,
    RosterAnswer,
    RosterUnchanged,
    Trouble,
)
from kiosk.server_client import Answer
from server.contract.rules import HOUR
from server.contract.wire import (
    EventResult,
    Push,
    PushReply,
    Status,
    chain_hash,
    push_from_bytes,
    push_to_bytes,
    reply_to_bytes,
    reply_to_sign,
)
from tests.support.sim_disk import Crashed
from tests.support.sim_server import SimServer

_JUNK = {
    "html": Answer(200, b"<html><body>Please log in</body></html>", {}),
    "error": Answer(500, b"oops", {}),
    "busy": Answer(429, b'{"error":"too_many_requests"}', {"Retry-After": "7"}),
    "too_large": Answer(413, b'{"error":"too_large"}', {}),
    "indigestible": Answer(400, b'{"error":"invalid"}', {}),
}
_UNANSWERED: dict[str, Trouble] = {
    "drop_request": Offline("request lost"),
    "error": Offline("HTTP 500 that is not our server's"),
    "busy": Busy(7),
    "html": LyingAnswer("an answer that our server did not sign"),
    "unsigned_lie": LyingAnswer("an answer that our server did not sign"),
    "too_large": Refused(413, "too_large"),
    "indigestible": Refused(400, "invalid"),
}
_UNHEARD: dict[str, Trouble] = {
    "drop_reply": Offline("answer lost"),
    "truncate": LyingAnswer("an answer that our server did not sign"),
}


@dataclass
class SimNet:
    """One kiosk's network; ``fault`` befalls the ``when``-th request from now."""

    server: SimServer
    fault: str = "none"
    when: int = 0
    old: bytes | Mapping[str, object] | None = None
    """The first roster that came, which a server put back from a backup would send again."""
    delta: bytes | Mapping[str, object] | None = None
    """A difference that came before, and does not fit any more."""

    def strikes(self, target: str, events: int = 0) -> str:
        """What befalls this request."""
        roster, fault = "/roster" in target, self.fault
        due, self.when = self.when == 0, self.when - 1
        if fault == "old_roster":
            due = roster and self.old is not None
        elif fault == "old_delta":
            due = roster and self.delta is not None
        elif fault == "too_large":  # a proxy that takes small bodies only
            due = events > 1
        elif fault == "indigestible":
            due = due and bool(events)
        elif fault == "signed_lie":
            # With its own key it could hide what it lacks, until no kiosk has it: nothing helps against that.
            due = due and not roster and not self.server.was_put_back
        if not due or fault == "none":
            return "none"
        if fault == "old_delta":  # who asks again gets the whole
            self.fault = "none"
        self.server.tally[f"net: {fault}"] += 1
        return fault


def _lie(server: SimServer, push: Push, *, signed: bool) -> PushReply:
    """Claims that everything is stored, of which the server never heard; signed, about other events."""
    digest, results = push.prev, []
    for place, event in enumerate(push.events):
        digest = chain_hash(digest, event.inner())
        results.append(EventResult(push.from_seq + place, "f" * 64 if signed else digest, Status.STORED))
    return PushReply(
        journal_id=push.journal_id,
        results=tuple(results),
        server_time=server.runtime.now + (0 if signed else HOUR),
        roster_version=1 << 20,
    )


class SimPort:
    """``kiosk.ports.ServerApi`` without HTTP: the bytes of a push go to the services the blueprint calls."""

    def __init__(self, net: SimNet, kiosk_id: str, clock: Clock) -> None:
        self._net, self._kiosk_id, self._clock = net, kiosk_id, clock
        self.copies: list[bytes] = []

    def push(self, push: Push) -> PushReply | Trouble:
        sent = self._clock.sample().uptime_ms
        answer = self._pushed(push, self._net.strikes("/events", len(push.events)))
        if isinstance(answer, PushReply):
            self._clock.learn(answer.server_time, sent_uptime_ms=sent, got_uptime_ms=sent)
        return answer

    def _pushed(self, push: Push, fault: str) -> PushReply | Trouble:
        if fault in _UNANSWERED:
            return _UNANSWERED[fault]
        if fault == "signed_lie":
            return _lie(self._net.server, push, signed=True)
        body = push_to_bytes(push)
        answer = self._net.server.take_in(self._kiosk_id, body)
        if fault == "dies":
            raise Crashed
        if fault == "late_copy":
            self.copies.append(body)
        if fault == "twice":
            return self._net.server.take_in(self._kiosk_id, body)
        return _UNHEARD.get(fault, answer)

    def roster(self, have: int | None, have_hash: str | None) -> RosterAnswer | RosterUnchanged | Trouble:
        fault = self._net.strikes("/roster")
        if fault in _UNANSWERED:
            return _UNANSWERED[fault]
        if fault == "old_roster":
            assert isinstance(self._net.old, Mapping)
            return RosterAnswer(self._net.old)
        if fault == "old_delta":
            assert isinstance(self._net.delta, Mapping)
            return RosterAnswer(self._net.delta)
        answer = self._net.server.give_roster(self._kiosk_id, have, have_hash)
        if fault == "dies":
            raise Crashed
        if self._net.old is None and isinstance(answer, RosterAnswer):
            self._net.old = answer.body
        if isinstance(answer, RosterAnswer) and "delta" in answer.body:
            self._net.delta = answer.body
        return _UNHEARD.get(fault, answer)

    def deliver_copies(self) -> None:
        """Requests that a slow network kept come in once more; nobody hears the answers."""
        for body in self.copies:
            self._net.server.take_in(self._kiosk_id, body)
        self.copies.clear()


@dataclass
class SimWire:
    """HTTP between one kiosk and the server: ``kiosk.server_client.Wire``."""

    net: SimNet
    copies: list[tuple[str, str, bytes, dict[str, str]]] = field(default_factory=list)

    def send(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer | Offline:
        """One request, or what becomes of it."""
        request = (method, target, body, dict(headers))
        events = len(push_from_bytes(body).events) if target.endswith("/events") else 0
        answer = self._sent(request, self.net.strikes(target, events))
        if self.net.old is None and "/roster" in target and isinstance(answer, Answer):
            self.net.old = answer.body if answer.status == 200 else None
        if "/roster" in target and isinstance(answer, Answer) and b'"delta"' in answer.body:
            self.net.delta = answer.body
        return answer

    def _sent(self, request: tuple[str, str, bytes, dict[str, str]], fault: str) -> Answer | Offline:
        pushed = request[1].endswith("/events")
        if fault in _JUNK:
            return _JUNK[fault]
        if fault == "drop_request" or (fault.endswith("_lie") and not pushed):
            return Offline("request lost")
        if fault.endswith("_lie"):
            return self._lie(request, signed=fault == "signed_lie")
        if fault == "old_roster":
            assert isinstance(self.net.old, bytes)
            return self._signed(self.net.old, request[3])
        if fault == "old_delta":
            assert isinstance(self.net.delta, bytes)
            return self._signed(self.net.delta, request[3])
        return self._heard(request, fault)

    def _heard(self, request: tuple[str, str, bytes, dict[str, str]], fault: str) -> Answer | Offline:
        answer: Answer = self.net.server.http(*request)
        if fault == "dies":
            raise Crashed
        if fault == "drop_reply":
            return Offline("answer lost")
        if fault == "late_copy":
            self.copies.append(request)
        if fault == "twice":
            self.net.server.http(*request)
        if fault == "truncate":
            return Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers)
        return answer

    def _lie(self, request: tuple[str, str, bytes, dict[str, str]], *, signed: bool) -> Answer:
        body = reply_to_bytes(_lie(self.net.server, push_from_bytes(request[2]), signed=signed))
        return (
            self._signed(body, request[3]) if signed else Answer(200, body, {"X-Yika-Signature": "00" * 64})
        )

    def _signed(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """An answer that our server might have given, wrongly: from an old backup, or about others."""
        message = reply_to_sign(200, body, headers["X-Yika-Session"], int(headers["X-Yika-Counter"]))
        return Answer(200, body, {"X-Yika-Signature": self.net.server.runtime.keys.sign(message)})

    def deliver_copies(self) -> None:
        """Requests that a slow network kept come in once more; nobody hears the answers."""
        for request in self.copies:
            self.net.server.http(*request)
        self.copies.clear()

    def close(self) -> None:
        """Nothing is held open."""
