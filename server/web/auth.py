"""Signing in and out, the language switch, large text, one's own password."""

from typing import Any

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from server.errors import Invalid, NotAllowed, Unauthenticated
from server.services.users import authenticate, set_password
from server.web.access import SIGNED_IN, allow, is_same_origin, local_target, open_to_all
from server.web.context import acting, writing, yika
from server.web.forms import Fields
from server.web.i18n import LANGUAGE_COOKIE, LANGUAGES, SIZE_COOKIE, explain
from server.web.limits import Allowance, clock_of
from server.web.people import signed_in

blueprint = Blueprint("auth", __name__)
YEAR = 365 * 24 * 3600
PER_ADDRESS = 30
PER_NAME = 8
"""Attempts a minute: a counter's staff share one address, a name belongs to one person."""


def install(app: Flask) -> None:
    """Allowances for this process."""
    clock = clock_of(app)
    app.extensions["yika_login_limits"] = (Allowance(PER_ADDRESS, clock), Allowance(PER_NAME, clock))


@blueprint.get("/login")
@open_to_all
def login() -> Any:
    """The form; whoever is signed in goes on."""
    if current_user.is_authenticated:
        return redirect(_home(request.args.get("next")))
    return render_template("login.html", fault=None, username="")


@blueprint.post("/login")
@open_to_all
def sign_in() -> Any:
    """Check name and password; programs sign in too, so the origin is checked instead of a form token."""
    if not is_same_origin():
        raise NotAllowed(zh="登录请求来自其他网站，已拒绝，请直接打开登录页。")
    username = request.form.get("username", "").strip()
    addresses, names = current_app.extensions["yika_login_limits"]
    addresses.take(request.remote_addr or "")
    names.take(f"{request.remote_addr}:{username.lower()}")
    try:
        with yika().reading("") as uow:
            row = authenticate(uow, username, request.form.get("password", ""))
    except Unauthenticated:
        page = render_template("login.html", fault=_("用户名或密码不正确。"), username=username)
        return page, 401
    # A session that somebody else may have planted ends here.
    session.clear()
    login_user(signed_in(row))
    return redirect(_home(request.form.get("next")))


@blueprint.post("/logout")
@open_to_all
def logout() -> Response:
    """End the session."""
    logout_user()
    session.clear()
    return redirect(url_for("home.index"))


@blueprint.get("/password")
@allow(SIGNED_IN)
def password() -> str:
    """The form for a new password."""
    return render_template("password.html", errors={})


@blueprint.post("/password")
@allow(SIGNED_IN)
def change_password() -> Any:
    """A new password of one's own; every other session ends."""
    fields = Fields(request.form)
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        fields.errors["again"] = _("两次输入不一致。")
    try:
        with writing() as uow:
            row = authenticate(uow, current_user.username, request.form.get("old", ""))
            if fields.good:
                set_password(uow, acting(), row["user_id"], new)
    except Unauthenticated:
        fields.errors["old"] = _("原密码不正确。")
    except Invalid as error:
        fields.errors["new"] = explain(error)
    if not fields.good:
        return render_template("password.html", errors=fields.errors), 400
    logout_user()
    session.clear()
    flash(_("密码已修改，请用新密码登录。"), "good")
    return redirect(url_for("auth.login"))


@blueprint.get("/language/<language>")
@open_to_all
def choose_language(language: str) -> Response:
    """Remember the language for a year."""
    return _remember(LANGUAGE_COOKIE, language if language in LANGUAGES else "zh")


@blueprint.get("/text-size/<size>")
@open_to_all
def choose_size(size: str) -> Response:
    """Remember large text (长辈模式) for a year."""
    return _remember(SIZE_COOKIE, "1" if size == "large" else "0")


def _remember(cookie: str, value: str) -> Response:
    answer = redirect(local_target(request.args.get("next"), url_for("home.index")))
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    answer.set_cookie(cookie, value, max_age=YEAR, secure=secure, samesite="Lax", httponly=True)
    return answer


def _home(target: str | None) -> str:
    first = url_for("me.index") if current_user.role == "volunteer" else url_for("staff.dashboard")
    return local_target(target, first)
