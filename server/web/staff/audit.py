"""The audit: everything derived again and compared; its last runs, and one on demand."""

from typing import Any

from flask import redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from server.services.audit import audit
from server.services.certificates import log_export
from server.web.access import READERS, allow
from server.web.context import acting, reading, writing
from server.web.staff.base import blueprint, done

SHOWN = 100
WHAT = "audit"


@blueprint.get("/audit")
@allow(READERS)
def audits() -> str:
    """What the last runs found, and what was taken out of the register."""
    with reading() as uow:
        runs = uow.views.people.exports(what=WHAT, limit=20)
        exports = [row for row in uow.views.people.exports(limit=100) if row["what"] != WHAT]
        heads = uow.rows("chain_heads").rows("chain")
    return render_template("staff/audit.html", runs=runs, exports=exports, heads=heads)


@blueprint.post("/audit")
@allow(READERS)
def run_audit() -> Response:
    """Run it now and keep what it found; an auditor may, since it changes nothing it looks at."""
    who = acting()
    with reading() as uow:
        found = audit(uow, who.keys)
    detail: dict[str, Any] = {"findings": [str(finding) for finding in found[:SHOWN]]}
    with writing() as uow:
        log_export(uow, who, WHAT, rows=len(found), detail=detail)
    done(_("核对完成，发现 %(count)s 处不符。", count=len(found)))
    return redirect(url_for("staff.audits"))
