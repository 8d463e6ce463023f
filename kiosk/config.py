"""The kiosk's configuration: one TOML file, checked whole at start; the environment overrides settings."""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from kiosk.errors import ConfigWrong

LANGUAGES = ("zh", "en")
PREFIX = "YIKA_KIOSK_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every setting, checked. ``readers`` keep their drivers' own settings, which the drivers check."""

    data_dir: Path
    retention_days: int = 90
    host: str = "127.0.0.1"
    port: int = 8080
    languages: tuple[str, ...] = LANGUAGES
    lights: str = "none"
    voice: str = "none"
    readers: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class _Setting:
    """One setting: where it stands in the file, its name here, and how a value is checked."""

    table: str
    key: str
    name: str
    check: Callable[[Any], Any]

    @property
    def place(self) -> str:
        return f"{self.table}.{self.key}" if self.table else self.key

    @property
    def variable(self) -> str:
        return PREFIX + self.place.replace(".", "_").upper()


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text")
    return value


def _folder(value: Any) -> Path:
    return Path(_text(value)).expanduser()


def _loopback(value: Any) -> str:
    # The screen tells what a passer-by may see, and takes touches without asking who touches.
    host = _text(value)
    try:
        good = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        good = False
    if not good:
        raise ValueError('an address of this machine alone, as "127.0.0.1"')
    return host


def _between(low: int, high: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        number = int(value) if isinstance(value, str) and value.isdigit() else value
        if not isinstance(number, int) or isinstance(number, bool) or not low <= number <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return number

    return check


def _languages(value: Any) -> tuple[str, ...]:
    listed = value.split(",") if isinstance(value, str) else value
    if not isinstance(listed, list) or not listed or any(each not in LANGUAGES for each in listed):
        raise ValueError(f"a list of languages from {', '.join(LANGUAGES)}")
    return tuple(listed)


SETTINGS = (
    _Setting("", "data_dir", "data_dir", _folder),
    _Setting("", "retention_days", "retention_days", _between(4, 3650)),
    _Setting("screen", "host", "host", _loopback),
    _Setting("screen", "port", "port", _between(1, 65535)),
    _Setting("screen", "languages", "languages", _languages),
    _Setting("feedback", "lights", "lights", _text),
    _Setting("feedback", "voice", "voice", _text),
)


def load_config(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read and check a configuration; raises :class:`ConfigWrong` with one sentence."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigWrong(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigWrong(f"{path} is not TOML: {error}") from error
    _refuse_unknown(path, raw)
    found = {}
    for setting in SETTINGS:
        value = environment.get(setting.variable) or _in_file(path, raw, setting)
        if value is not None:
            found[setting.name] = _checked(path, setting, value)
    if "data_dir" not in found:
        raise ConfigWrong(f'{path} lacks data_dir, where the journal lives: data_dir = "/var/lib/yika"')
    return Config(**found, readers=_readers(path, raw))


def _in_file(path: Path, raw: Mapping[str, Any], setting: _Setting) -> Any:
    table = raw.get(setting.table, {}) if setting.table else raw
    if not isinstance(table, dict):
        raise ConfigWrong(f"{path}: {setting.table} must be a table: [{setting.table}]")
    return table.get(setting.key)


def _checked(path: Path, setting: _Setting, value: Any) -> Any:
    try:
        return setting.check(value)
    except ValueError as error:
        raise ConfigWrong(f"{path}: {setting.place} must be {error}, not {value!r}") from error


def _refuse_unknown(path: Path, raw: Mapping[str, Any]) -> None:
    known = {"reader"} | {setting.place for setting in SETTINGS}
    tables = {setting.table for setting in SETTINGS if setting.table}
    for key, value in raw.items():
        inner = [f"{key}.{each}" for each in value] if key in tables and isinstance(value, dict) else [key]
        for place in inner:
            if place not in known and place not in tables:
                raise ConfigWrong(f"{path}: there is no setting {place}")


def _readers(path: Path, raw: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    readers = raw.get("reader", [])
    if not isinstance(readers, list) or not all(isinstance(reader, dict) for reader in readers):
        raise ConfigWrong(f"{path}: reader must be a list of tables: [[reader]]")
    if not readers:
        raise ConfigWrong(f'{path} names no reader: [[reader]] driver = "nfcpy", path = "usb"')
    for reader in readers:
        if not isinstance(reader.get("driver"), str):
            raise ConfigWrong(f'{path}: each [[reader]] needs driver = "…"')
    return tuple(readers)
