"""What every table shares: the metadata with named constraints, and the community that leads every key."""

from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Key = Annotated[str, mapped_column(Text, primary_key=True)]
NumberKey = Annotated[int, mapped_column(BigInteger, primary_key=True, autoincrement=False)]
Millis = Annotated[int, mapped_column(BigInteger)]
"""Milliseconds since the Unix epoch, UTC."""
MaybeMillis = Annotated[int | None, mapped_column(BigInteger)]


class Base(DeclarativeBase):
    """Typed tables; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: Text,
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        list[Any]: JSON(),
    }


class Owned:
    """A row of one community: ``community_id`` leads the key, so the schema distributes by it."""

    community_id: Mapped[Key] = mapped_column(Text, primary_key=True, sort_order=-10)
