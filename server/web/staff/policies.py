"""The community's rules: each with its value now, its history, and a new value from a date on."""

import json
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from server.errors import ServerError
from server.services.policies import SETTINGS, policy_at, set_policy
from server.services.reprojecting import reproject_since
from server.web.access import READERS, STAFF, allow
from server.web.context import acting, now, reading, writing
from server.web.forms import Fields
from server.web.staff.base import blueprint, done, told
from server.web.times import day_start


@blueprint.get("/policies")
@allow(READERS)
def policies() -> str:
    """Every setting as it holds now, with what was and what is to come."""
    moment = now()
    with reading() as uow:
        values = policy_at(uow, moment)
        history: dict[str, list[dict[str, Any]]] = {}
        for row in uow.rows("policies").rows("holds_from", "fact_seq"):
            history.setdefault(row["name"], []).append(row)
    return render_template(
        "staff/policies.html", settings=SETTINGS, values=values, history=history, now=moment
    )


@blueprint.post("/policies/<name>")
@allow(STAFF)
def save_policy(name: str) -> Response:
    """Let a setting hold from a day on; shifts since then are derived again."""
    fields = Fields(request.form)
    day = fields.day("from")
    holds_from = day_start(day) if day else now()
    try:
        with writing() as uow:
            set_policy(uow, acting(), name, _value(name, fields.text("value")), holds_from=holds_from)
            changed = reproject_since(uow, acting(), holds_from) if holds_from < now() else 0
        done(_("已保存，%(changed)s 次服务重新计算。", changed=changed))
    except ServerError as error:
        told(error)
    return redirect(url_for("staff.policies") + f"#{name}")


def _value(name: str, typed: str) -> Any:
    """The typed value in the type of the setting's default; what does not fit is refused by the rules."""
    default = SETTINGS[name].default if name in SETTINGS else ""
    if isinstance(default, str):
        return typed
    try:
        return json.loads(f"[{typed.strip('[]')}]" if isinstance(default, list) else typed)
    except ValueError:
        return typed
