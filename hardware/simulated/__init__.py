"""Hardware that is not there: obeys the rules of the real thing, ships with Yika, is never used unasked."""

from hardware.simulated.acr122u import Acr122u
from hardware.simulated.card_file import card_from_dict, card_named, card_to_dict, load_card, save_card
from hardware.simulated.felica import FelicaCard
from hardware.simulated.field import Field, Identity, Nibble, VirtualCard
from hardware.simulated.hand import Hand
from hardware.simulated.ntag import NtagCard
from hardware.simulated.ntag424 import Ntag424Card
from hardware.simulated.plain import PhoneCard, UidCard
from hardware.simulated.uart import LineFaults, Pn532Uart

__all__ = [
    "Acr122u",
    "FelicaCard",
    "Field",
    "Hand",
    "Identity",
    "LineFaults",
    "Nibble",
    "Ntag424Card",
    "NtagCard",
    "PhoneCard",
    "Pn532Uart",
    "UidCard",
    "VirtualCard",
    "card_from_dict",
    "card_named",
    "card_to_dict",
    "load_card",
    "save_card",
]
