"""The roster: who may serve, as the server last said and signed; kept whole on disk for days offline."""

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kiosk.durable import write_private
from kiosk.errors import JournalUnavailable, RosterRefused
from kiosk.ports import Sealed
from kiosk.roster_view import RosterView
from server.contract.wire import Manifest, canonical, roster_apply, roster_hash

log = logging.getLogger(__name__)


class RosterStore:
    """Holds the roster that deciding reads; replaced whole, never changed in place."""

    def __init__(self, path: Path, *, community_id: str, kiosk_id: str, server_key: bytes) -> None:
        """Read what an earlier run kept; what does not verify any more is as good as none."""
        self._path = path
        self._community_id, self._kiosk_id = community_id, kiosk_id
        self._key = Ed25519PublicKey.from_public_bytes(server_key)
        self._lock = threading.Lock()
        self._manifest: Manifest | None = None
        self.view: RosterView | None = None
        self.trouble: str | None = None
        self._load()

    @property
    def version(self) -> int | None:
        """Version held, or None."""
        return self._manifest.version if self._manifest else None

    @property
    def hash(self) -> str | None:
        """Hash of what is held, or None."""
        return self._manifest.hash if self._manifest else None

    @property
    def sealed(self) -> Sealed:
        """Events of this kiosk that the server has sealed."""
        return self.view.sealed if self.view else {}

    def apply(self, body: Mapping[str, Any], *, first: Callable[[int], object] = lambda _: None) -> None:
        """Take a roster or delta as it came; raises :class:`RosterRefused` and keeps the old one.

        ``first`` is told the version when it is known to be our server's, and before it is kept.
        """
        with self._lock:
            try:
                manifest, entries = self._verified(body)
                view = RosterView(manifest.version, entries)
                first(manifest.version)
                self._store(manifest, str(body["signature"]), entries)
            except JournalUnavailable:
                raise  # of ``first``: nothing is wrong with the roster
            except RosterRefused as error:
                self.trouble = str(error)
                raise
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                self.trouble = f"the roster is not in the agreed form: {error!r}"
                raise RosterRefused(self.trouble) from error
            except OSError as error:
                self.trouble = f"the roster could not be kept: {error}"
                raise RosterRefused(self.trouble) from error
            self._manifest, self.view, self.trouble = manifest, view, None

    def _verified(self, body: Mapping[str, Any]) -> tuple[Manifest, dict[str, Any]]:
        manifest = Manifest(**body["manifest"])
        try:
            self._key.verify(bytes.fromhex(body["signature"]), manifest.to_sign())
        except InvalidSignature as error:
            raise RosterRefused("the roster is not signed by our server") from error
        if (manifest.community_id, manifest.kiosk_id) != (self._community_id, self._kiosk_id):
            raise RosterRefused("the roster is another kiosk's")
        if self.version is not None and manifest.version < self.version:
            raise RosterRefused(f"roster {manifest.version} is older than {self.version}, which we hold")
        entries = (
            dict(body["entries"]) if manifest.base is None else self._with_delta(manifest, body["delta"])
        )
        if roster_hash(entries) != manifest.hash:
            raise RosterRefused("the roster is not what its signature says")
        return manifest, entries

    def _with_delta(self, manifest: Manifest, delta: Mapping[str, Any]) -> dict[str, Any]:
        if self.view is None or manifest.base != self.version:
            raise RosterRefused(f"a difference to roster {manifest.base}, which we do not hold")
        return roster_apply(self.view.entries, delta)

    def _store(self, manifest: Manifest, signature: str, entries: Mapping[str, Any]) -> None:
        # As a full roster: its hash is the signed one, so that a restart can verify it again.
        kept = {"manifest": asdict(manifest), "signature": signature, "entries": dict(entries)}
        write_private(self._path, canonical(kept))

    def _load(self) -> None:
        if not self._path.exists():
            return
        try:
            kept = json.loads(self._path.read_bytes())
            manifest = Manifest(**kept["manifest"])
            self._key.verify(bytes.fromhex(kept["signature"]), manifest.to_sign())
            if (manifest.community_id, manifest.kiosk_id) != (self._community_id, self._kiosk_id):
                raise ValueError("it is another kiosk's")
            if roster_hash(kept["entries"]) != manifest.hash:
                raise ValueError("it is not what its signature says")
            self.view = RosterView(manifest.version, kept["entries"])
            self._manifest = manifest
        except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidSignature) as error:
            self.trouble = f"the roster on disk cannot be used: {error!r}"
            log.warning("%s", self.trouble)
