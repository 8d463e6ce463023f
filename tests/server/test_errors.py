"""Every error says in Chinese what to do next, and in English second."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import errors
from server.errors import KIOSK_WORDS, BadConfig, Invalid, KioskError, NotReady, ServerError, TooMany

SERVER = Path(errors.__file__).parent
CLASSES = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, ServerError)
}
MADE_HERE = sorted(file for file in SERVER.rglob("*.py") if file.name != "errors.py")


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _made(tree: ast.AST) -> Iterator[tuple[int, str, ast.Call | None]]:
    """Every place that makes an error of ours: line, class, and the call (None for ``raise Busy``)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in CLASSES:
            yield node.lineno, _name(node.func), node
        elif isinstance(node, ast.Raise) and node.exc is not None and _name(node.exc) in CLASSES:
            yield node.lineno, _name(node.exc), None


def _speechless(source: str) -> list[str]:
    found = []
    for line, name, call in _made(ast.parse(source)):
        given = call is not None and any(keyword.arg == "zh" for keyword in call.keywords)
        if not given and not CLASSES[name].zh:
            found.append(f"{line}: {name}")
    return found


@pytest.mark.parametrize("file", MADE_HERE, ids=lambda file: str(file.relative_to(SERVER)))
def test_every_error_that_is_raised_has_a_chinese_sentence(file: Path) -> None:
    """Given where it is raised, or carried by its class."""
    assert _speechless(file.read_text("utf-8")) == []


def test_the_walk_sees_calls_and_bare_classes_and_spares_classes_with_words() -> None:
    source = "raise Invalid('x')\nraise NotFound\nraise errors.Conflict()\nraise Busy\nraise Invalid(zh='请')"
    assert sorted(_speechless(source)) == ["1: Invalid", "2: NotFound", "3: Conflict"]


def test_every_code_of_a_kiosk_error_has_words() -> None:
    used = set()
    for file in MADE_HERE:
        for _, name, call in _made(ast.parse(file.read_text("utf-8"))):
            if name == "KioskError":
                assert call is not None
                code = call.args[0]
                assert isinstance(code, ast.Constant), f"{file}: a code is written out where it is raised"
                used.add(code.value)
    assert used == set(KIOSK_WORDS)


def test_a_sentence_given_goes_before_the_one_of_the_class() -> None:
    assert NotReady(zh="请等待升级。").zh == "请等待升级。"
    assert NotReady().zh == NotReady.zh
    assert Invalid("wrong").zh == ""
    assert "90 秒" in TooMany(90).zh
    assert (KioskError("nonce_unknown").zh, KioskError("new_code").zh) == (
        KIOSK_WORDS["nonce_unknown"][1],
        KioskError.zh,
    )


def test_without_a_message_the_class_says_its_first_line() -> None:
    assert str(BadConfig()) == "A setting is missing or wrong; the message names it."
