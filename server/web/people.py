"""Who is signed in: the session names a user and the epoch of his sessions; a new password ends them all."""

from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask_login import LoginManager, UserMixin

from server.web.context import yika


@dataclass(frozen=True, slots=True)
class SignedIn(UserMixin):  # type: ignore[misc]  # flask-login carries no types
    """One login, as flask-login sees it."""

    user_id: str
    epoch: int
    community_id: str
    username: str
    role: str
    volunteer: str | None

    def get_id(self) -> str:
        """What the session remembers."""
        return f"{self.user_id}:{self.epoch}"


def signed_in(row: dict[str, Any]) -> SignedIn:
    """From a row of ``users``."""
    names = ("user_id", "epoch", "community_id", "username", "role", "volunteer")
    return SignedIn(*(row[name] for name in names))


def load(session_id: str) -> SignedIn | None:
    """The user a session speaks of, unless the login was closed or its password changed since."""
    user_id, _, epoch = session_id.partition(":")
    with yika().reading("") as uow:
        row = uow.rows("users").get(user_id=user_id)
    if row is None or not row["active"] or str(row["epoch"]) != epoch:
        return None
    return signed_in(row)


def install(app: Flask) -> None:
    """Sessions that end with the browser, for people only."""
    manager = LoginManager()
    manager.session_protection = "basic"
    manager.user_loader(load)
    manager.init_app(app)
