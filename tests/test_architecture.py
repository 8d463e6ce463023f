"""Who may import whom (design.md §2): read from the syntax tree, so nested and lazy imports count too."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("card_tools", "hardware", "kiosk", "server")
PURE_CARDS = (
    "credential",
    "phone_code",
    "conversation",
    "ntag424",
    "ndef",
    "writer",
    "personalise",
    "errors",
    "table",
)
PURE_CARD_MODULES = tuple(f"card_tools.{name}" for name in PURE_CARDS)
KIOSK_PURE = ("kiosk.domain", "kiosk.memory", "kiosk.outcomes")
KIOSK_LIBRARIES = ("flask", "werkzeug", "waitress", "urllib3", "click", "cryptography", "base45")
WEB_LIBRARIES = (
    "flask",
    "werkzeug",
    "markupsafe",
    "flask_login",
    "flask_wtf",
    "wtforms",
    "flask_babel",
    "spectree",
    "msgspec",
    "swagger_ui_bundle",
    "jinja2",
    "babel",
)

# The first prefix that fits a module decides. Values: what it may import besides the standard library.
RULES: list[tuple[str, tuple[str, ...]]] = [
    ("server.contract", ("server.contract",)),
    ("server.domain", ("server.contract", "server.domain")),
    (
        "server.services",
        (
            "server.services",
            "server.domain",
            "server.contract",
            "server.errors",
            *PURE_CARD_MODULES,
            "cryptography",
        ),
    ),
    (
        "server.db",
        ("server.db", "server.domain", "server.contract", "server.errors", "sqlalchemy", "alembic"),
    ),
    ("server.web", ("server.web", "server.services", "server.contract", "server.errors", *WEB_LIBRARIES)),
    ("server.errors", ()),
    (
        "server",
        (
            "server",
            "card_tools",
            "click",
            "flask",
            "werkzeug",
            "waitress",
            "sqlalchemy",
            "alembic",
            "pypinyin",
        ),
    ),
    *((name, (*PURE_CARD_MODULES, "cryptography", "base45")) for name in PURE_CARD_MODULES),
    ("card_tools", ("card_tools", "cryptography", "base45", "qrcode", "PIL", "fpdf", "fontTools", "click")),
    ("hardware.ports", ()),
    ("hardware.simulated", ("hardware.ports", "hardware.simulated", "cryptography", "cv2", "numpy", "PIL")),
    (
        "hardware.nfc_reader",
        (
            "hardware.ports",
            "hardware.nfc_brief",
            "hardware.presentation",
            "hardware.reader_thread",
            "nfc",
            "ndef",
            "serial",
        ),
    ),
    ("hardware.nfc_brief", ()),
    ("hardware.presentation", ("hardware.ports",)),
    (
        "hardware.qr_camera",
        (
            "hardware.ports",
            "hardware.qr_decode",
            "hardware.qr_frames",
            "hardware.reader_thread",
            "cv2",
            "numpy",
        ),
    ),
    (
        "hardware.qr_process",
        ("hardware.ports", "hardware.qr_camera", "hardware.qr_frames", "hardware.reader_thread"),
    ),
    ("hardware.qr_frames", ("hardware.ports", "hardware.qr_decode", "hardware.qr_picamera")),
    ("hardware.qr_picamera", ("hardware.ports", "hardware.qr_frames", "picamera2")),
    ("hardware.qr_decode", ("hardware.ports", "hardware.qr_finders", "cv2", "numpy", "zxingcpp")),
    ("hardware.qr_finders", ("numpy",)),
    ("hardware.reader_thread", ("hardware.ports",)),
    ("hardware.pcsc_reader", ("hardware.ports", "hardware.reader_thread", "smartcard")),
    ("hardware.keyboard_reader", ("hardware.ports", "hardware.reader_thread")),
    ("hardware.serial_scanner", ("hardware.ports", "hardware.reader_thread", "serial")),
    ("hardware.indicator", ("hardware.ports", "gpiozero")),
    ("hardware.voice", ("hardware.ports",)),
    ("hardware", ("hardware",)),
    *((name, (*KIOSK_PURE, "server.contract", "hardware.ports", *PURE_CARD_MODULES)) for name in KIOSK_PURE),
    ("kiosk.ports", ("server.contract", "hardware.ports", *PURE_CARD_MODULES)),
    ("kiosk", ("kiosk", "server.contract", "hardware.ports", *PURE_CARD_MODULES, *KIOSK_LIBRARIES)),
]
ALSO = {
    "kiosk.app": ("hardware.factory",),
    "kiosk.cli": ("hardware.factory", "hardware.selftest"),
    "hardware.factory": ("hardware.simulated",),
}
ONLY_IMPORTER = {
    "nfc": ("hardware.nfc_reader",),
    "cv2": ("hardware.qr_camera", "hardware.qr_decode", "hardware.simulated"),
    "picamera2": ("hardware.qr_picamera",),
}


def _module(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(source: str, module: str, *, is_package: bool = False) -> Iterator[str]:
    """Every module a source imports: nested, behind TYPE_CHECKING, or by importlib with a plain name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                anchor = module.split(".") if is_package else module.split(".")[:-1]
                anchor = anchor[: len(anchor) - node.level + 1]
                base = ".".join([*anchor, base] if base else anchor)
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in {"import_module", "__import__"} and isinstance(node.args[0].value, str):
                yield node.args[0].value


def _within(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in allowed)


def allowed_for(module: str) -> tuple[str, ...]:
    """What a module may import besides the standard library and itself."""
    base = next(allowed for prefix, allowed in RULES if _within(module, (prefix,)))
    return (*base, *ALSO.get(module, ()))


def violations(root: Path) -> list[str]:
    """Every import in the four packages below ``root`` that the table does not allow."""
    found = []
    for path in sorted(p for package in PACKAGES for p in (root / package).rglob("*.py")):
        module = _module(path, root)
        if module.startswith("server.db.migrations.versions"):
            continue
        source = path.read_text(encoding="utf-8")
        for name in imports_of(source, module, is_package=path.name == "__init__.py"):
            top = name.split(".")[0]
            if top in sys.stdlib_module_names:
                continue
            allowed = _within(name, allowed_for(module))
            owner = ONLY_IMPORTER.get(top)
            if not allowed or (owner is not None and not _within(module, owner)):
                found.append(f"{module} imports {name}")
    return found


def test_every_import_is_one_that_the_design_allows() -> None:
    assert violations(ROOT) == []


def test_the_server_package_is_empty_so_that_a_kiosk_can_import_the_contract() -> None:
    assert (ROOT / "server" / "__init__.py").read_text() == ""


@pytest.mark.parametrize(
    ("file", "planted"),
    [
        ("server/domain/shifts.py", "def f():\n    import flask\n"),
        ("kiosk/domain.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import sqlalchemy\n"),
        ("kiosk/sync.py", "import importlib\nimportlib.import_module('server.domain.shifts')\n"),
        ("hardware/simulated/ntag424.py", "from card_tools import ntag424\n"),
        ("kiosk/service.py", "from hardware import factory\n"),
        ("hardware/factory.py", "import nfc\n"),
        ("card_tools/credential.py", "from . import sheet\n"),
        ("server/services/ingest.py", "from server.db import tables\n"),
    ],
    ids=[
        "nested",
        "type-checking",
        "importlib",
        "sim-uses-cards",
        "kiosk-uses-factory",
        "second-nfc",
        "relative",
        "db",
    ],
)
def test_a_planted_import_is_found(tmp_path: Path, file: str, planted: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(planted)
    assert len(violations(tmp_path)) == 1


def test_what_the_standard_library_offers_is_free(tmp_path: Path) -> None:
    path = tmp_path / "kiosk" / "domain.py"
    path.parent.mkdir(parents=True)
    path.write_text("import json\nfrom collections import abc\n")
    assert violations(tmp_path) == []
