"""What every table shares: the metadata with named constraints, and the community that leads every key."""

import json
from functools import lru_cache
from typing import Annotated, Any

from sqlalchemy import BigInteger, Boolean, Dialect, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from server.contract.wire import canonical

Key = Annotated[str, mapped_column(Text, primary_key=True)]
NumberKey = Annotated[int, mapped_column(BigInteger, primary_key=True, autoincrement=False)]
Millis = Annotated[int, mapped_column(BigInteger)]
"""Milliseconds since the Unix epoch, UTC."""
MaybeMillis = Annotated[int | None, mapped_column(BigInteger)]


class Damaged(str):
    """What stands in a JSON column when it is not what this program writes: equal to nothing it expects."""

    __slots__ = ()


class Json(TypeDecorator[Any]):
    """A value as canonical JSON text, so that one value has one text and any change of the text shows."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        """Write canonical JSON."""
        return None if value is None else canonical(value).decode()

    def process_result_value(self, value: Any, _dialect: Dialect) -> Any:
        """Read it; text of any other form comes back as :class:`Damaged`."""
        if value is None:
            return None
        if value == "[]":
            return []  # most lists are empty, and reading one is dear
        try:
            found = json.loads(value)
        except ValueError:
            return Damaged(value)
        return found if _is_canonical(value) else Damaged(value)


@lru_cache(maxsize=4096)
def _is_canonical(text: str) -> bool:
    """Whether writing what this text says gives this text; most texts are read many times."""
    return canonical(json.loads(text)).decode() == text


class Base(DeclarativeBase):
    """Typed tables; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: Text,
        bool: Boolean(create_constraint=True),
        dict[str, Any]: Json(),
        list[str]: Json(),
        list[Any]: Json(),
    }


class Owned:
    """A row of one community: ``community_id`` leads the key, so the schema distributes by it."""

    community_id: Mapped[Key] = mapped_column(Text, primary_key=True, sort_order=-10)
