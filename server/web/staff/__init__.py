"""Pages for staff, leaders and auditors: one module a subject, one blueprint."""

from server.web.staff import (
    audit,
    cards,
    dashboard,
    desk,
    desk_batch,
    kiosks,
    live,
    places,
    plans,
    policies,
    printing,
    review,
    shifts,
    teams,
    users,
    volunteer_import,
    volunteers,
)
from server.web.staff.base import blueprint

__all__ = [
    "audit",
    "blueprint",
    "cards",
    "dashboard",
    "desk",
    "desk_batch",
    "kiosks",
    "live",
    "places",
    "plans",
    "policies",
    "printing",
    "review",
    "shifts",
    "teams",
    "users",
    "volunteer_import",
    "volunteers",
]
