"""A community as lines of JSON, and back.

Passing state (sessions, nonces, codes, snapshots) is left out, and so are ID numbers: they are never
exported, only a backup of the whole database carries them, encrypted as they are.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

from sqlalchemy import LargeBinary, Table, insert, select
from sqlalchemy.exc import StatementError

from server.db.base import Base
from server.db.copies import look_at
from server.db.unit_of_work import UnitOfWork
from server.errors import Conflict, Invalid

FORMAT = "yika-community-1"
AT_ONCE = 500
"""Rows in one statement."""
LEFT_OUT = frozenset(
    {"kiosk_nonces", "kiosk_sessions", "roster_snapshots", "enrolment_codes", "last_seen", "desks"}
)
WITHHELD = {"volunteers": {"id_number": None}}


def tables_in_order() -> list[Table]:
    """Every table that is carried over, parents before children."""
    return [table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT]


def dump(uow: UnitOfWork) -> Iterator[str]:
    """One line a row, after a line that says what this is."""
    yield json.dumps({"format": FORMAT, "community": uow.community_id})
    for table in tables_in_order():
        mine = table.c.community_id == uow.community_id
        query = select(table).where(mine).order_by(*table.primary_key.columns)
        for row in uow.connection.execute(query).mappings():
            plain = {name: _plain(value) for name, value in row.items()} | WITHHELD.get(table.name, {})
            yield json.dumps({"table": table.name, "row": plain}, ensure_ascii=False)


def load(uow: UnitOfWork, lines: Iterable[str | bytes]) -> int:
    """Write a dumped community, which must not exist here; how many rows."""
    rest = iter(lines)
    head = _parsed(next(rest, ""))
    if head.get("format") != FORMAT:
        raise Invalid(f"this is no {FORMAT} file", zh=f"这不是 {FORMAT} 文件，请选择由 export 导出的文件。")
    if not isinstance(head.get("community"), str):
        raise Invalid("the file names no community", zh="文件里没有写明社区，请重新导出。")
    if head["community"] in uow.community_ids():
        raise Conflict(
            f"community {head['community']} exists here already",
            zh=f"这里已有社区 {head['community']}，请导入到另一个数据库。",
        )
    uow.become(head["community"])
    known = {table.name: table for table in tables_in_order()}
    found: dict[str, list[dict[str, Any]]] = {}
    for line in rest:
        entry = _parsed(line)
        row = entry.get("row")
        if entry.get("table") not in known or not _is_of(row, uow.community_id):
            raise Invalid(
                "the file holds a row of another table or community",
                zh="文件里有不属于这个社区的内容，请重新导出。",
            )
        found.setdefault(entry["table"], []).append(_read(known[entry["table"]], row))
    for name, table in known.items():
        rows = found.get(name, [])
        for start in range(0, len(rows), AT_ONCE):
            _insert(uow, table, rows[start : start + AT_ONCE])
        look_at(uow.connection, name)
    return sum(map(len, found.values()))


def _insert(uow: UnitOfWork, table: Table, rows: list[dict[str, Any]]) -> None:
    try:
        uow.connection.execute(insert(table), rows)
    except StatementError as error:
        raise Invalid(
            f"rows of {table.name} do not fit: {error.orig}", zh=f"{table.name} 的内容不完整，请重新导出。"
        ) from error


def _is_of(row: Any, community: str) -> TypeGuard[dict[str, Any]]:
    return isinstance(row, dict) and row.get("community_id") == community


def _plain(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _read(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    unknown, lacking = row.keys() - table.columns.keys(), table.primary_key.columns.keys() - row.keys()
    if unknown or lacking:
        which = ", ".join(sorted(unknown | lacking))
        raise Invalid(
            f"rows of {table.name} do not fit: {which}",
            zh=f"{table.name} 的 {which} 不符，请用同一版本重新导出。",
        )
    return {
        name: base64.b64decode(value["base64"])
        if isinstance(table.c[name].type, LargeBinary) and value is not None
        else value
        for name, value in row.items()
    }


def _parsed(line: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise Invalid(
            "the file holds a line that is not JSON", zh="文件里有一行不是 JSON，请重新导出。"
        ) from error
    if not isinstance(found, dict):
        raise Invalid(
            "the file holds a line that is no object", zh="文件里有一行不是 JSON 对象，请重新导出。"
        )
    return found
