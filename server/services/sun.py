"""A phone reads an NTAG 424 DNA: its SUN message (NXP AN12196) proves the chip, and each message counts once.

The last counter of a chip is the last ``sun`` fact about it: append-only like every other, taken under the
community's lock, so that of two that show the same message at once one wins. It belongs to the chip, not to
the card: a chip that is issued anew counts on, and nothing from its former life is worth anything.
"""

from dataclasses import dataclass

from card_tools.errors import CardForged
from card_tools.ntag424 import META_KEY, SUN_KEY, SunMessage, decrypt_sun, key_for, open_picc_data
from server.contract.wire import lookup_key
from server.domain.facts import FactKind
from server.errors import SunForged, SunReplayed
from server.services.acting import Acting, Uow
from server.services.facts import Draft, append, body_of
from server.services.keys import Keys


@dataclass(frozen=True, slots=True)
class ReadCard:
    """A genuine card in somebody's hand: how it stands, and whose it is (not for strangers' eyes)."""

    state: str
    """As in the register; ``unknown`` for a chip of ours that is nobody's card."""
    volunteer: str | None


def read_by_phone(uow: Uow, acting: Acting, picc_data: str, cmac: str) -> ReadCard:
    """Judge what a card wrote into the address that a phone opened; each message is good once."""
    message = proved(acting.keys, uow.community_id, picc_data, cmac)
    chip = lookup_key(uow.community_id, "uid", message.uid)
    uow.lock()
    last = body_of(uow, FactKind.SUN, chip)
    if last is not None and message.counter <= last["counter"]:
        raise SunReplayed
    append(uow, acting, [Draft(FactKind.SUN, chip, {"counter": message.counter})])
    card = uow.rows("cards").last("fact_seq", chip=chip)
    return ReadCard(card["state"], card["volunteer"]) if card else ReadCard("unknown", None)


def proved(keys: Keys, community_id: str, picc_data: str, cmac: str) -> SunMessage:
    """What a genuine chip said, fresh or not; :class:`SunForged` when it was none of ours."""
    master = keys.challenge_master(community_id)
    meta_key = key_for(master, b"", META_KEY)
    try:
        sealed, mac = bytes.fromhex(picc_data), bytes.fromhex(cmac)
        uid, _ = open_picc_data(meta_key, sealed)
        return decrypt_sun(meta_key, key_for(master, uid, SUN_KEY), sealed, mac)
    except (CardForged, ValueError) as error:
        raise SunForged from error
