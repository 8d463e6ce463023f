"""The open API (design.md §3): read-only lists of what is known, for programs with a bearer token."""

from server.web.api import docs, evidence, offers, people, statistics
from server.web.api.base import blueprint
from server.web.api.docs import pages

__all__ = ["blueprint", "docs", "evidence", "offers", "pages", "people", "statistics"]
