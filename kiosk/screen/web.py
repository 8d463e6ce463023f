"""The screen's web server, loopback only: pages, one event stream, and what a finger can cause."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, jsonify, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from kiosk.errors import CardNotFound, ChoiceRefused
from kiosk.screen.hub import HubClosed, ScreenHub, Update
from kiosk.screen.present import present_idle, present_result
from kiosk.screen.view import Controls, Hand
from kiosk.screen.words import LANGUAGES, words

BEAT_SECONDS = 1.0
"""How often a silent stream says that it lives; the screen gives up after five."""
LONGEST_TEXT = 200
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; object-src 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Refusal(Exception):
    """A request that is answered with an error: its code is also the key of its sentence."""

    def __init__(self, status: int, code: str) -> None:
        """Name the HTTP status and the code of the catalogue's family ``errors``."""
        super().__init__(code)
        self.status = status
        self.code = code


def create_screen(
    hub: ScreenHub,
    controls: Controls,
    *,
    hand: Hand | None = None,
    languages: Sequence[str] = LANGUAGES,
    on_language: Callable[[str], None] = lambda _: None,
    now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
) -> Flask:
    """The screen's Flask application; ``hand`` exists only above a simulated reader.

    ``on_language`` is told which of ``languages`` the person in front has chosen, for the voice.
    """
    app = Flask("kiosk.screen", static_folder="static", static_url_path="/static")
    build = _build()
    app.register_blueprint(_pages(controls, languages, on_language))
    app.register_blueprint(_stream(_Streamer(hub, controls, tuple(languages), now, build)))
    if hand is not None:
        app.register_blueprint(_hand(hand))
    app.before_request(_only_this_machine)
    app.after_request(_with_headers)
    app.register_error_handler(Refusal, _on_refusal)
    app.register_error_handler(ChoiceRefused, _on_choice_refused)
    app.register_error_handler(CardNotFound, _on_card_not_found)
    app.register_error_handler(HTTPException, _on_http_error)
    return app


def _pages(controls: Controls, languages: Sequence[str], on_language: Callable[[str], None]) -> Blueprint:
    pages = Blueprint("pages", __name__)

    @pages.get("/")
    def screen() -> Response:
        return current_app.send_static_file("screen.html")

    @pages.get("/favicon.ico")
    def icon() -> Response:
        return current_app.send_static_file("mark.svg")

    @pages.get("/api/status")
    def status() -> Response:
        return jsonify(controls.status())

    @pages.post("/api/choice")
    def choice() -> Response:
        body = _body()
        controls.choose(_text(body, "event_id"), _text(body, "choice"))
        return jsonify({"ok": True})

    @pages.post("/api/language")
    def language() -> Response:
        chosen = _text(_body(), "language")
        if chosen not in languages:
            raise Refusal(400, "language_unknown")
        on_language(chosen)
        return jsonify({"ok": True})

    return pages


def _hand(hand: Hand) -> Blueprint:
    pages = Blueprint("hand", __name__, url_prefix="/hand")

    @pages.get("", strict_slashes=False)
    def page() -> Response:
        return current_app.send_static_file("hand.html")

    @pages.get("/cards")
    def cards() -> Response:
        return jsonify(hand.cards())

    @pages.post("/put")
    def put() -> Response:
        hand.put(_text(_body(), "card"))
        return jsonify({"ok": True})

    @pages.post("/take")
    def take() -> Response:
        hand.take()
        return jsonify({"ok": True})

    return pages


class _Streamer:
    """Turns the hub's updates into server-sent events for one browser after another."""

    def __init__(
        self,
        hub: ScreenHub,
        controls: Controls,
        languages: tuple[str, ...],
        now: Callable[[], int],
        build: str,
    ) -> None:
        self.hub = hub
        self.controls = controls
        self.languages = languages
        self.now = now
        self.build = build

    def events(self) -> Iterator[str]:
        """What one browser is told, from its first moment until the hub closes."""
        subscription = self.hub.subscribe()
        try:
            screen = {language: words(language).entries["screen"] for language in self.languages}
            yield event("hello", {"build": self.build, "languages": self.languages, "words": screen})
            told: dict[str, Any] = {}
            while True:
                update = subscription.next(BEAT_SECONDS)
                told, parts = self._parts(update, told)
                yield "".join(parts)
        except HubClosed:
            return
        finally:
            subscription.close()

    def _parts(self, update: Update | None, told: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """The idle view is looked at with every beat: turns end, clocks get set, and nobody says so."""
        idle = self.controls.idle()
        now = self.now() if idle.now is None else idle.now
        view = present_idle(idle, self.languages, now)
        parts = [event("beat", {"now": now})]
        if view != told:
            parts.append(event("idle", view))
        for each in update.told if update is not None else ():
            result = present_result(each.result, self.languages, idle.zone)
            parts.append(event("result", result | {"age_ms": each.age_ms, "serial": each.serial}))
        return view, parts


def event(name: str, data: object) -> str:
    """One server-sent event (WHATWG HTML §9.2); JSON holds no line break, so one data line carries it."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _stream(streamer: _Streamer) -> Blueprint:
    pages = Blueprint("stream", __name__)

    @pages.get("/events")
    def events() -> Response:
        return Response(streamer.events(), mimetype="text/event-stream")

    return pages


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Refusal(400, "not_json")
    return body


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT:
        raise Refusal(400, f"{key}_missing")
    return value


def _only_this_machine() -> None:
    """Against DNS rebinding and other pages in the same browser: names and origins must be this machine's."""
    if not _is_loopback(request.host):
        raise Refusal(403, "wrong_host")
    origin = request.headers.get("Origin")
    if request.method != "GET" and origin is not None and urlsplit(origin).netloc != request.host:
        raise Refusal(403, "wrong_origin")


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def _with_headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response


def _answer(status: int, code: str, zh: str, en: str) -> tuple[Response, int]:
    return jsonify({"error": code, "message": {"zh": zh, "en": en}}), status


def _on_refusal(error: Refusal) -> tuple[Response, int]:
    zh, en = (words(language).say("errors", error.code) for language in LANGUAGES)
    return _answer(error.status, error.code, zh, en)


def _on_choice_refused(error: ChoiceRefused) -> tuple[Response, int]:
    return _answer(409, error.code, error.zh, error.en)


def _on_card_not_found(error: CardNotFound) -> tuple[Response, int]:
    return _answer(404, "card_not_found", str(error), str(error))


def _on_http_error(error: HTTPException) -> tuple[Response, int]:
    code = error.code or 500
    if code == 404:
        return _on_refusal(Refusal(404, "no_hand" if request.path.startswith("/hand") else "not_found"))
    if isinstance(error, MethodNotAllowed):
        return _on_refusal(Refusal(405, "method"))
    return _answer(code, error.name.lower().replace(" ", "_"), error.name, error.name)


def _build() -> str:
    """A name for this exact set of pages and words: a browser that holds another one loads itself again."""
    digest = sha256()
    for folder in ("static", "words"):
        for name, content in _contents(files("kiosk.screen") / folder):
            digest.update(f"{folder}/{name}:{len(content)}:".encode() + content)
    return digest.hexdigest()[:16]


def _contents(folder: Traversable) -> list[tuple[str, bytes]]:
    return sorted((entry.name, entry.read_bytes()) for entry in folder.iterdir() if entry.is_file())
