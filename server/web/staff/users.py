"""Logins and tokens: who may come in, and which programs."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from server.errors import Invalid, NotFound, ServerError
from server.services.users import (
    SCOPES,
    create_token,
    create_user,
    deactivate_user,
    new_password,
    revoke_token,
    set_password,
)
from server.web import words
from server.web.access import ADMIN, allow
from server.web.context import acting, reading, writing
from server.web.forms import Fields
from server.web.staff.base import blueprint, done, told


@blueprint.get("/users")
@allow(ADMIN)
def users() -> str:
    """Logins and tokens of this community."""
    return _page()


@blueprint.post("/users")
@allow(ADMIN)
def add_user() -> Any:
    """A new login; its first password is shown once."""
    fields = Fields(request.form)
    username = fields.text("username", required=True, most=100)
    role = fields.choice("role", words.ROLES)
    volunteer = fields.text("volunteer") or None
    if not fields.good:
        fields.told(username=_("新账号的用户名"), role=_("角色"), volunteer=_("志愿者编号"))
        return redirect(url_for("staff.users"))
    try:
        if role in {"leader", "volunteer"} and volunteer is None:
            raise Invalid("a leader or volunteer has a number", zh="队长和志愿者账号须填志愿者编号，请补填。")
        password = new_password(acting())
        with writing() as uow:
            create_user(uow, acting(), username, role=role, password=password, volunteer=volunteer)
    except ServerError as error:
        told(error)
        return redirect(url_for("staff.users"))
    return _page(secret={"title": username, "value": password})


@blueprint.post("/users/<user_id>/password")
@allow(ADMIN)
def reset_password(user_id: str) -> Any:
    """A new first password, shown once; the old one and its sessions end."""
    password = new_password(acting())
    with writing() as uow:
        row = _user(uow, user_id)
        set_password(uow, acting(), user_id, password)
    return _page(secret={"title": row["username"], "value": password})


@blueprint.post("/users/<user_id>/close")
@allow(ADMIN)
def close_user(user_id: str) -> Response:
    """Let nobody in by this login any more."""
    if user_id == current_user.user_id:
        told(Invalid("nobody closes their own login", zh="不能停用自己的账号，请由另一位管理员办理。"))
        return redirect(url_for("staff.users"))
    with writing() as uow:
        _user(uow, user_id)
        deactivate_user(uow, user_id)
    done(_("账号已停用。"))
    return redirect(url_for("staff.users"))


@blueprint.post("/tokens")
@allow(ADMIN)
def add_token() -> Any:
    """A token for a program, shown once."""
    fields = Fields(request.form)
    name = fields.text("name", required=True, most=60)
    scope = fields.choice("scope", SCOPES)
    if not fields.good:
        fields.told(name=_("给哪个程序"), scope=_("权限"))
        return redirect(url_for("staff.users"))
    with writing() as uow:
        token = create_token(uow, acting(), name, scope=scope)
    return _page(secret={"title": name, "value": token})


@blueprint.post("/tokens/<token_hash>/revoke")
@allow(ADMIN)
def end_token(token_hash: str) -> Response:
    """Let a token open nothing any more."""
    with writing() as uow:
        row = uow.rows("tokens").get(token_hash=token_hash)
        if row is None or row["community_id"] != uow.community_id:
            raise NotFound(zh="没有这个令牌，请刷新页面。")
        revoke_token(uow, acting(), token_hash)
    done(_("令牌已作废。"))
    return redirect(url_for("staff.users"))


def _user(uow: Any, user_id: str) -> dict[str, Any]:
    row = uow.rows("users").get(user_id=user_id)
    if row is None or row["community_id"] != uow.community_id:
        raise NotFound(zh="没有这个账号，请刷新页面。")
    return dict(row)


def _page(secret: dict[str, str] | None = None) -> str:
    with reading() as uow:
        logins, tokens = uow.views.people.users(), uow.views.people.tokens()
    return render_template("staff/users.html", users=logins, tokens=tokens, secret=secret, scopes=SCOPES)
