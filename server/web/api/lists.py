"""What every list of the open API does alike: checks its query, pages by keys, answers as JSON or CSV."""

import csv
import io
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from flask import Response, request, url_for

from server.errors import Invalid
from server.services.certificates import log_export
from server.web.api.models import Page
from server.web.cells import safe_cell
from server.web.context import public_address, yika
from server.web.times import day_of, moment
from server.web.tokens import token

MOST = 1000
FORMATS = ("json", "csv")


@contextmanager
def reading() -> Iterator[Any]:
    """One consistent view of the token's community."""
    with yika().reading(str(token()["community_id"])) as uow:
        yield uow


def checked(query: Page) -> int:
    """How many rows to ask for: one more than a page, to know whether there is another."""
    if not 1 <= query.limit <= MOST:
        raise Invalid(f"limit is from 1 to {MOST}", zh=f"limit 请填 1 到 {MOST}。")
    if query.format not in FORMATS:
        raise Invalid("format is json or csv", zh="format 请填 json 或 csv。")
    return query.limit + 1


def page(
    query: Page, rows: Sequence[dict[str, Any]], items: Sequence[msgspec.Struct], keys: Sequence[str]
) -> Response:
    """The answer for one page; ``keys`` name the columns of a row by which the next page goes on."""
    following = None
    if len(rows) > query.limit:
        following = _next([rows[query.limit - 1][key] for key in keys])
    shown = list(items[: query.limit])
    if query.format == "csv":
        return _csv(shown, following)
    return Response(msgspec.json.encode({"items": shown, "next": following}), mimetype="application/json")


def small_page(query: Page, rows: Sequence[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """Rows behind ``after`` of a list that fits in memory (sites, teams, kiosks), in order of their key."""
    wanted = checked(query)
    place = after(query, str)
    ordered = sorted(rows, key=lambda row: str(row[key]))
    return [row for row in ordered if place is None or str(row[key]) > place[0]][:wanted]


def after(query: Page, *kinds: type) -> tuple[Any, ...] | None:
    """Where the page before ended."""
    if query.after is None:
        return None
    try:
        found = msgspec.json.decode(urlsafe_b64decode(query.after.encode()), type=list)
    except (ValueError, msgspec.MsgspecError) as error:
        raise Invalid("after is taken from next, not made up", zh="after 请用上一页 next 里的值。") from error
    if len(found) != len(kinds) or not all(map(isinstance, found, kinds)) or not all(map(_is_key, found)):
        raise Invalid("after is taken from next, not made up", zh="after 请用上一页 next 里的值。")
    return tuple(found)


def _is_key(value: object) -> bool:
    """Whether a database could hold it."""
    return "\0" not in value if isinstance(value, str) else isinstance(value, int) and abs(value) < 1 << 53


def at(text: str | None, name: str) -> int | None:
    """A filter's moment, from a date or a time."""
    try:
        return moment(text) if text else None
    except ValueError as error:
        message = f"{name} is a date or an RFC 3339 time, not {text}"
        raise Invalid(message, zh=f"{name} 请填日期或时间，如 2026-12-31。") from error


def day(text: str | None, name: str) -> str | None:
    """A filter's date."""
    found = at(text, name)
    return None if found is None else day_of(found)


def _next(keys: Sequence[object]) -> str:
    place = urlsafe_b64encode(msgspec.json.encode(list(keys))).decode()
    args: dict[str, Any] = request.args.to_dict() | {"after": place}
    assert request.endpoint is not None
    return public_address() + url_for(request.endpoint, **args)


def _csv(items: list[msgspec.Struct], following: str | None) -> Response:
    out = io.StringIO()
    rows = [msgspec.to_builtins(item) for item in items]
    if rows:
        writer = csv.writer(out)
        writer.writerow(rows[0])
        writer.writerows([safe_cell(value) for value in row.values()] for row in rows)
    _log(len(rows))
    # Spreadsheets take the byte-order mark for the sign of UTF-8.
    answer = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    if following:
        answer.headers["Link"] = f'<{following}>; rel="next"'
    return answer


def _log(rows: int) -> None:
    """A file that somebody takes away is written down (PIPL art. 55)."""
    who = yika().acting(f"token:{token()['name']}")
    with yika().unit_of_work(str(token()["community_id"])) as uow:
        detail = {"query": request.query_string.decode()[:500]}
        log_export(uow, who, f"csv {request.path}", rows=rows, detail=detail)
        uow.commit()
