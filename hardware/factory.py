"""From a driver's name to a reader, lights or a voice; imports on demand, alone knows the simulator."""

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from types import ModuleType
from typing import Any

from hardware.ports import (
    CardRead,
    CardReader,
    DriverUnknown,
    Indicator,
    Interrogator,
    LibraryMissing,
    ReaderState,
    SettingWrong,
    Voice,
)


@dataclass(frozen=True, slots=True)
class _Driver:
    """Where a driver lives, and how its settings reach it."""

    module: str
    class_name: str
    where: str | None = None
    """The setting that says where the device is."""
    bundle: tuple[str, str] | None = None
    """A parameter that takes a dataclass of settings, and the name of that class in the same module."""


READERS = {
    "nfcpy": _Driver("hardware.nfc_reader", "NfcReader", "path", ("patience", "Patience")),
    "camera": _Driver("hardware.qr_process", "CameraProcess", "source", ("settings", "CameraSettings")),
    "pcsc": _Driver("hardware.pcsc_reader", "PcscReader", "path"),
    "keyboard": _Driver("hardware.keyboard_reader", "KeyboardReader", "path", ("format", "KeyboardFormat")),
    "serial": _Driver("hardware.serial_scanner", "SerialScanner", "path"),
    "simulated": _Driver("hardware.factory", "SimulatedReader"),
}
INDICATORS = {
    "none": _Driver("hardware.indicator", "NoLights"),
    "gpio": _Driver("hardware.indicator", "GpioIndicator", None, ("pins", "Pins")),
}
VOICES = {
    "none": _Driver("hardware.voice", "Silent"),
    "espeak-ng": _Driver("hardware.voice", "EspeakVoice", None, ("settings", "VoiceSettings")),
}
EXTRAS = {"pcsc": "pcsc", "keyboard": "keyboard", "gpio": "gpio"}


class SimulatedReader:
    """A PN532 on a pseudo-terminal, the real driver above it; ``hand`` puts cards down and takes them."""

    def __init__(self, *, name: str, paced: bool = False, felica: bool = False) -> None:
        from hardware.nfc_reader import NfcReader
        from hardware.presentation import Patience
        from hardware.simulated import Field, Hand, Pn532Uart

        self.name, patience = name, Patience()
        self.hand = Hand(Field(), looks=5 + round(patience.gone_ms / 1000 / patience.poll_s))
        self._plugged = partial(Pn532Uart, self.hand.field, paced=paced)
        self._uart: Pn532Uart | None = None
        self._reader = NfcReader("", name=name, felica=felica)

    def start(
        self,
        on_read: Callable[[CardRead], None],
        on_state: Callable[[str, ReaderState], None],
        interrogator: Interrogator | None = None,
    ) -> None:
        """Begin reading; returns at once."""
        self._uart = self._plugged()
        self._reader.path = self._uart.path
        self._reader.start(on_read, on_state, interrogator)

    def stop(self) -> None:
        """Stop reading; then the simulated chip goes."""
        self._reader.stop()
        if self._uart is not None:
            self._uart.close()
            self._uart = None


def build_reader(settings: Mapping[str, Any], *, name: str) -> CardReader:
    """Make the reader that ``[[reader]]`` describes; it is not opened before ``start``."""
    wanted = {key: value for key, value in settings.items() if key != "driver"}
    reader: CardReader = _build("driver", READERS, str(settings.get("driver", "")), wanted, name=name)
    return reader


def build_indicator(kind: str, **settings: Any) -> Indicator:
    """Make the lights: ``none`` or ``gpio``."""
    indicator: Indicator = _build("lights", INDICATORS, kind, settings)
    return indicator


def build_voice(kind: str, **settings: Any) -> Voice:
    """Make the voice: ``none`` or ``espeak-ng``."""
    voice: Voice = _build("voice", VOICES, kind, settings)
    return voice


def _build(what: str, table: Mapping[str, _Driver], kind: str, wanted: dict[str, Any], **fixed: str) -> Any:
    where = f'{what} = "{kind}"'
    if kind not in table:
        raise DriverUnknown(f"{where} is not known: it is one of {', '.join(table)}")
    driver = table[kind]
    places = [] if driver.where is None else [_required(wanted, driver.where, where)]
    module = _loaded(kind, driver.module)
    build = getattr(module, driver.class_name)
    bundled = {} if driver.bundle is None else _fields_of(getattr(module, driver.bundle[1]))
    _refuse_unknown(wanted, {**_defaults_of(build, driver), **bundled}, where)
    try:
        if driver.bundle is not None:
            parameter, class_name = driver.bundle
            chosen = {key: wanted.pop(key) for key in bundled if key in wanted}
            wanted[parameter] = getattr(module, class_name)(**chosen)
        return build(*places, **fixed, **wanted)
    except (TypeError, ValueError) as error:
        raise SettingWrong(f"{where}: {error}") from error


def _required(wanted: dict[str, Any], key: str, where: str) -> str:
    value = wanted.pop(key, None)
    if not isinstance(value, str) or not value:
        raise SettingWrong(f'{where} needs {key} = "…", a text; found {value!r}')
    return value


def _loaded(kind: str, module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except LibraryMissing:
        raise
    except ImportError as error:
        install = f'pip install "yika[{EXTRAS.get(kind, "kiosk")}]"'
        raise LibraryMissing(f'"{kind}" misses {error.name or error}: {install}') from error


def _fields_of(bundle: Any) -> dict[str, Any]:
    """The settings that a driver takes as one dataclass, with their defaults."""
    return {field.name: field.default for field in fields(bundle)}


def _defaults_of(build: Any, driver: _Driver) -> dict[str, Any]:
    """The parameters of a driver that a file can give, with their defaults: no clocks, no openers."""
    return {
        name: parameter.default
        for name, parameter in inspect.signature(build).parameters.items()
        if (driver.bundle is None or name != driver.bundle[0])
        and isinstance(parameter.default, str | int | float | tuple | None)
    }


def _refuse_unknown(wanted: Mapping[str, Any], known: Mapping[str, Any], where: str) -> None:
    """Refuse a setting that the driver does not have, or of another type, before anything is opened."""
    for key, value in wanted.items():
        if key not in known:
            offer = f"it has {', '.join(known)}" if known else "it has none of its own"
            raise SettingWrong(f'{where} has no setting "{key}": {offer}')
        default = known[key]
        number = isinstance(default, float) and isinstance(value, int)
        if isinstance(default, str | int | float) and type(value) is not type(default) and not number:
            raise SettingWrong(f"{where}: {key} is like {default!r}, not {value!r}")
