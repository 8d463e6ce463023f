"""The blueprint of the staff's pages, and what its views share."""

from typing import Any

from flask import Blueprint, flash

from server.errors import ServerError
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


def options(rows: list[dict[str, Any]], key: str) -> dict[str, str]:
    """Choices for a select field: id -> name, those in use only."""
    return {row[key]: row["name"] for row in rows if row.get("active", True)}
