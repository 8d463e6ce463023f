"""Forgetting how to reach those who left (PIPL art. 19, 47): contact data goes, name and hours stay.

Contact data stand in ``volunteers`` alone: no fact, event or ledger line ever held them; nothing is sealed.
"""

import json

from server.domain.calendar import DAY
from server.domain.facts import FactKind
from server.services.acting import Acting, Row, Uow
from server.services.members import STATUSES
from server.services.policies import policy_at

BLANK: Row = {"phone": None, "area": "", "guardian": {}, "id_number": None}
"""What is removed, and what stands in its place."""
HERE = "active"


def forget_contacts(uow: Uow, acting: Acting) -> int:
    """Remove the contact data of people who are not here for longer than the policy says; how many."""
    before = acting.now - policy_at(uow, acting.now)["contact_retention_days"] * DAY
    gone = {row["number"]: row for row in uow.rows("volunteers").rows(status=set(STATUSES) - {HERE})}
    reachable = {number for number, row in gone.items() if any(row[name] for name in BLANK)}
    due = {number for number, at in _left_at(uow, reachable).items() if at < before}
    if due:
        uow.rows("volunteers").set(BLANK | {"updated_at": acting.now}, number=due)
    return len(due)


def _left_at(uow: Uow, numbers: set[str]) -> dict[str, int]:
    """When each of these people was last here: a later change among the other standings begins nothing."""
    since: dict[str, int] = {}
    for fact in uow.rows("facts").rows("seq", kind=str(FactKind.MEMBER), subject=numbers):
        if json.loads(fact["body"])["status"] == HERE:
            since.pop(fact["subject"], None)
        else:
            since.setdefault(fact["subject"], fact["holds_from"])
    return since
