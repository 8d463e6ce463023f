"""Who may open which address: every view names its rule, and an address without one opens for nobody."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from server.errors import NotAllowed, Unauthenticated
from server.web.tokens import token

View = TypeVar("View", bound=Callable[..., object])

ADMIN = frozenset({"admin"})
STAFF = ADMIN | {"staff"}
READERS = STAFF | {"auditor"}
LEADERS = READERS | {"leader"}
DECIDERS = STAFF | {"leader"}
SIGNED_IN = LEADERS | {"volunteer"}
OWN_RULES = ("static", "healthz", "kiosk_api.", "kiosk_desk.")
"""Endpoints that prove their callers themselves, or have nothing to hide."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a view asks of its visitor: one of these roles (None: nobody is asked), or a bearer token."""

    roles: frozenset[str] | None
    token: bool = False


def allow(roles: frozenset[str]) -> Callable[[View], View]:
    """Only people with one of these roles."""
    return _ruled(Rule(roles))


def open_to_all(view: View) -> View:
    """Everybody, signed in or not."""
    return _ruled(Rule(None))(view)


def by_token(view: View) -> View:
    """A program with a bearer token."""
    return _ruled(Rule(None, token=True))(view)


def _ruled(rule: Rule) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.__dict__["rule"] = rule
        return view

    return mark


def rule_of(app: Flask, endpoint: str) -> Rule | None:
    """The rule of an endpoint; None when it has none."""
    rule: Rule | None = getattr(app.view_functions[endpoint], "rule", None)
    return rule


def guard() -> Response | None:
    """Before each request: let in, send to the login page, or refuse."""
    endpoint = request.endpoint
    if endpoint is None or endpoint.startswith(OWN_RULES):
        return None
    rule = rule_of(current_app, endpoint)
    if rule is None:
        raise NotAllowed(f"no rule says who may open {endpoint}", zh="此页尚未开放，请联系管理员。")
    if rule.token:
        token()
    if rule.roles is None:
        return None
    if not current_user.is_authenticated:
        return _to_login()
    if current_user.role not in rule.roles:
        raise NotAllowed(zh="您的账号没有权限打开此页，请换账号登录或联系管理员。")
    return None


def _to_login() -> Response:
    if request.method != "GET":
        raise Unauthenticated(zh="登录已失效，请重新登录。")
    return redirect(url_for("auth.login", next=request.full_path.rstrip("?")))


def local_target(target: str | None, fallback: str) -> str:
    """A path of our own to go on to; anything that leads elsewhere becomes the fallback."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return fallback
    parts = urlsplit(target.replace("\\", "/"))
    return fallback if parts.netloc or parts.scheme else target


def is_same_origin() -> bool:
    """Whether a posting browser came from our own pages; programs that send no origin are no browsers."""
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site", "same-origin") in {"same-origin", "none"}
    return urlsplit(origin).netloc == request.host
