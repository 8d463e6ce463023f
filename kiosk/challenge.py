"""Asking an NTAG 424 DNA for what no copy can answer, while it lies there (EV2First, AN12196 §6.6)."""

from collections.abc import Mapping
from typing import Any, Protocol

from card_tools import credential as cards
from card_tools import ntag424
from card_tools.errors import CardForged, CardUnreadable, ChipRefused
from card_tools.ndef import from_ndef
from hardware.ports import Transceive
from kiosk.roster_view import RosterView
from server.contract.wire import lookup_key

_SELECTED = b"\x90\x00"


class RosterHolder(Protocol):
    """Who holds the current roster."""

    @property
    def view(self) -> RosterView | None:
        """The roster, or None."""


class Challenger:
    """``hardware.ports.Interrogator``: proves the cards whose challenge key the roster holds.

    The key is sealed for what that very card says, so it lies open only while the card is there, and a kiosk
    that is stolen holds none. Gives ``{"challenge": {"ti", "uid"}}`` in hex, or with ``refused`` in place of
    both when the chip does not hold the key; a card torn away meanwhile is the reader's to handle.
    """

    def __init__(self, roster: RosterHolder) -> None:
        """``roster`` is asked anew for each card."""
        self._roster = roster

    def __call__(
        self,
        uid: bytes,  # noqa: ARG002 - not believed: the chip tells its own under the key
        ndef: bytes,
        transceive: Transceive,
    ) -> Mapping[str, Any] | None:
        """Ask the card that says ``ndef``."""
        view = self._roster.view
        found = _credential(ndef)
        if view is None or found is None:
            return None
        entry = view.card_entry(lookup_key(view.community_id, "card", found.card_id))
        sealed = entry.get("key") if entry else None
        if not sealed:
            return None
        try:
            key = cards.open_key(found, bytes.fromhex(sealed))
            return {"challenge": _proved(key, transceive)}
        except (CardForged, ChipRefused) as error:
            return {"challenge": {"refused": str(error)}}


def _credential(message: bytes) -> cards.Credential | None:
    try:
        return from_ndef(message) if message else None
    except CardUnreadable:
        return None


def _proved(key: bytes, transceive: Transceive) -> dict[str, str]:
    if transceive(ntag424.SELECT_APPLICATION) != _SELECTED:
        raise CardForged("this is no NTAG 424 DNA")
    session = ntag424.ev2_first(key, ntag424.CHALLENGE_KEY, transceive)
    real = session.card_uid(transceive)
    return {"ti": session.ti.hex(), "uid": real.hex()}
