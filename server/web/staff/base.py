"""The blueprint of the staff's pages, and what its views share."""

from typing import Any

from flask import Blueprint, flash, request

from server.errors import ServerError
from server.services.holding import check_replaces, holding
from server.web.context import acting
from server.web.i18n import explain

blueprint = Blueprint("staff", __name__, url_prefix="/staff")
PAGE = 50
DAY = 86_400_000


def told(error: ServerError) -> None:
    """Show an error of the rules above the next page."""
    flash(explain(error), "bad")


def done(message: str) -> None:
    """Show above the next page what has been done."""
    flash(message, "good")


def card_making_way(uow: Any, number: str) -> str | None:
    """The card that staff chose to be replaced; an error where one has to be and none is chosen."""
    chosen = request.form.get("replaces") or None
    check_replaces(holding(uow, acting(), number), chosen)
    return chosen


def options(rows: list[dict[str, Any]], key: str) -> dict[str, str]:
    """Choices for a select field: id -> name, those in use only."""
    return {row[key]: row["name"] for row in rows if row.get("active", True)}
