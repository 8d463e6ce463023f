"""Figures for Prometheus (text format 0.0.4), for programs on this machine or with a token."""

from collections.abc import Iterator

from flask import Blueprint, Response, request

from server.errors import Unauthenticated
from server.services.on_duty import people_on_duty
from server.web.access import open_to_all
from server.web.context import yika
from server.web.tokens import token

blueprint = Blueprint("metrics", __name__)
LOOPBACK = frozenset({"127.0.0.1", "::1"})
PASSED_ON = ("X-Forwarded-For", "Forwarded", "X-Real-IP")
HELP = {
    "volunteers": "Active volunteers.",
    "on_duty": "Volunteers on duty.",
    "end_missing": "Shifts that miss their end.",
    "held": "Shifts held for a decision.",
    "events": "Stored tap events.",
    "quarantined": "Tap events in quarantine.",
    "facts": "Facts in the server's chain.",
}


@blueprint.get("/metrics")
@open_to_all
def metrics() -> Response:
    """Sums of the community, and when each kiosk last spoke; the view itself checks who asks."""
    community = yika().community if _is_local() else str(token()["community_id"])
    with yika().reading(community) as uow:
        present = people_on_duty(uow, uow.views.shifts.open(), yika().clock())
        sums = uow.views.totals.sums() | {"on_duty": len(present)}
        kiosks = uow.views.machines.kiosks()
    lines = list(_lines(sums, kiosks, yika().clock()))
    return Response("\n".join([*lines, ""]), content_type="text/plain; version=0.0.4; charset=utf-8")


def _is_local() -> bool:
    """Whether the caller runs on this machine; a request that a proxy passed on does not count as local."""
    if request.headers.get("Authorization"):
        return False
    if request.remote_addr in LOOPBACK and not any(name in request.headers for name in PASSED_ON):
        return True
    raise Unauthenticated(
        "metrics are for this machine, or for a token", zh="监控数据只供本机查看，请在请求头中带上令牌。"
    )


def _lines(sums: dict[str, int], kiosks: list[dict[str, object]], now: int) -> Iterator[str]:
    for name, value in sums.items():
        yield f"# HELP yika_{name} {HELP[name]}"
        yield f"# TYPE yika_{name} gauge"
        yield f"yika_{name} {value}"
    yield "# HELP yika_kiosk_silent_seconds Seconds since a kiosk last spoke."
    yield "# TYPE yika_kiosk_silent_seconds gauge"
    for kiosk in kiosks:
        if kiosk["state"] == "active" and isinstance(kiosk["at"], int):
            label = str(kiosk["name"]).replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
            yield f'yika_kiosk_silent_seconds{{kiosk="{label}"}} {(now - kiosk["at"]) // 1000}'
