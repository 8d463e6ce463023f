"""Whose bearer token a request carries."""

from typing import Any

from flask import g, request

from server.errors import Unauthenticated
from server.services.users import token_row
from server.web.context import yika


def token() -> dict[str, Any]:
    """The row of the request's token; both scopes may read. :class:`Unauthenticated` without a good one."""
    if "yika_token" not in g:
        g.yika_token = _token()
    row: dict[str, Any] = g.yika_token
    return row


def _token() -> dict[str, Any]:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not value.strip():
        raise Unauthenticated("send Authorization: Bearer TOKEN", zh="请在请求头中带上令牌。")
    with yika().reading("") as uow:
        return dict(token_row(uow, value.strip(), yika().clock()))
