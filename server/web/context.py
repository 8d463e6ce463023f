"""What every view needs: units of work in the visitor's community, who acts, the clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import current_app, request
from flask_login import current_user

from server.services.acting import Acting


def yika() -> Any:
    """The running server's shared state (server/runtime.py)."""
    return current_app.extensions["yika"]


def now() -> int:
    """Milliseconds since the epoch, by the server's clock."""
    moment: int = yika().clock()
    return moment


def public_address() -> str:
    """Where people reach this server: as set, else as this request came in; no slash at the end."""
    return yika().config.public_url or request.host_url.rstrip("/")


def community_id() -> str:
    """The visitor's community; for visitors who did not sign in, the one this server speaks for."""
    return str(current_user.community_id if current_user.is_authenticated else yika().community)


@contextmanager
def reading() -> Iterator[Any]:
    """One consistent view of the visitor's community."""
    with yika().reading(community_id()) as uow:
        yield uow


@contextmanager
def writing() -> Iterator[Any]:
    """One transaction in the visitor's community, committed when the block ends without an error."""
    with yika().unit_of_work(community_id()) as uow:
        yield uow
        uow.commit()


def acting() -> Acting:
    """The signed-in person's circumstances: known by volunteer number where there is one (own-hours rule)."""
    by = current_user.volunteer or current_user.username
    circumstances: Acting = yika().acting(by, volunteer=current_user.volunteer)
    return circumstances
