"""What a running server shares: configuration, database, keys, clock; kept as ``app.extensions["yika"]``."""

import os
import time
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from server.card_book import Drawing, Face, card_book, read_logo
from server.config import ServerConfig, read_keys
from server.contract.wire import uuid7
from server.db.session import Database
from server.db.unit_of_work import UnitOfWork
from server.errors import BadConfig, NotReady
from server.pinyin import spell
from server.qr import qr_svg
from server.services.acting import Acting
from server.services.keys import Keys


class Runtime:
    """Builds units of work and circumstances for use cases; the only place that reads the real clock."""

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.database = Database(config.database_url)

    @cached_property
    def keys(self) -> Keys:
        """The server's keys, from its key file."""
        return read_keys(self.config.key_file)

    def clock(self) -> int:
        """Now, in milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def ids(self) -> str:
        """A fresh UUIDv7."""
        return uuid7(self.clock(), os.urandom(10))

    def acting(self, by: str, *, volunteer: str | None = None, now: int | None = None) -> Acting:
        """Circumstances for one use case."""
        return Acting(
            by=by,
            now=self.clock() if now is None else now,
            ids=self.ids,
            keys=self.keys,
            entropy=os.urandom,
            spell=spell,
            volunteer=volunteer,
        )

    def qr_svg(self, text: str, *, card: bool = False, millimetres: float = 35.0) -> str:
        """A QR code as SVG; the web may not draw by itself."""
        return qr_svg(text, card=card, millimetres=millimetres)

    def card_book(
        self, faces: Iterable[Face], community: dict[str, Any], layout: str, logo: bytes
    ) -> Drawing:
        """Cards as a PDF, told card by card; the web may not draw by itself."""
        return card_book(faces, community, layout, logo)

    def read_logo(self, content: bytes) -> bytes:
        """A picture that was sent for the cards, as they show it; the web may not read pictures by itself."""
        return read_logo(content)

    @cached_property
    def community(self) -> str:
        """The community this server speaks for: configured, or the only one in the database."""
        if self.config.community:
            return self.config.community
        with UnitOfWork(self.database, "", writes=False) as uow:
            found = uow.community_ids()
        if not found:
            raise NotReady
        if len(found) > 1:
            which = ", ".join(found)
            raise BadConfig(
                f"this database holds {which}: choose one with --community",
                zh=f"数据库里有多个社区：{which}，请用 --community 选择一个。",
            )
        return found[0]

    def unit_of_work(self, community: str | None = None) -> UnitOfWork:
        """One writing transaction in a community (this server's when left out)."""
        return UnitOfWork(self.database, self.community if community is None else community)

    def reading(self, community: str | None = None) -> UnitOfWork:
        """One consistent view, for screens and lists."""
        return UnitOfWork(self.database, self.community if community is None else community, writes=False)

    def dispose(self) -> None:
        """Close the database."""
        self.database.dispose()
