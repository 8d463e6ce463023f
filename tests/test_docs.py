"""What the texts name is there: paths, links, commands with their options, make's targets."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from card_tools.cli import main as cards
from kiosk.cli import cli as kiosk
from server.cli import main as server

ROOT = Path(__file__).parent.parent
PROGRAMS: dict[str, click.Group] = {"yika-server": server, "yika-kiosk": kiosk, "yika-cards": cards}
NOT_OURS = {"build", "dist", "screenshots", "node_modules", "__pycache__"}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.-][\w./-]*(?:/|\.(?:py|md))")
"""A folder (with its slash) or a file of code or words; addresses that begin with a slash are URLs."""
OPTION = re.compile(r"--[a-z][a-z-]*")
OWN_README = (
    *(
        "card_tools",
        "hardware",
        "kiosk",
        "kiosk/screen",
        "server",
        "server/db",
        "server/domain",
        "server/web",
    ),
    *("tests", "benchmarks", "deploy", "docs"),
)


def _texts() -> Iterator[Path]:
    for folder, inner, files in os.walk(ROOT):
        inner[:] = [name for name in inner if name not in NOT_OURS and not name.startswith(".")]
        yield from (Path(folder) / name for name in files if name.endswith(".md"))


TEXTS = sorted(_texts())


def every_text() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("text", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))


def _table_rows(text: str) -> list[str]:
    return [line for line in FENCE.sub("", text).splitlines() if line.lstrip().startswith("|")]


def _commands(text: str) -> Iterator[str]:
    """Every command line in a code span or block, from the program's name on."""
    spans = [line for block in FENCE.findall(text) for line in block.splitlines()]
    spans += SPAN.findall(FENCE.sub("", text))
    for span in spans:
        for found in re.finditer(r"(?<![\w/-])yika-(?:server|kiosk|cards)(?= |$).*", span):
            yield found.group().split("#")[0].strip()


def wrong_words(line: str) -> list[str]:
    """The words of a command line that the program does not know."""
    program, *words = line.split()
    command: click.Command = PROGRAMS[program]
    known = {word for option in command.params for word in option.opts} | {"--help", "--version"}
    wrong, skipped = [], False
    for word in words:
        if skipped:
            skipped = False
        elif OPTION.fullmatch(word):
            wrong += [] if word in known else [word]
            option = next((each for each in command.params if word in each.opts), None)
            skipped = isinstance(option, click.Option) and not option.is_flag
        elif isinstance(command, click.Group):
            chosen = {word: command.commands.get(word) for word in word.split("|")}
            wrong += [name for name, found in chosen.items() if found is None and name not in {"…", "NAME"}]
            command = next((found for found in chosen.values() if found is not None), click.Command("none"))
            known |= {word for option in command.params for word in option.opts}
    return wrong


@pytest.mark.parametrize("folder", OWN_README)
def test_every_folder_says_what_it_is_for(folder: str) -> None:
    text = (ROOT / folder / "README.md").read_text("utf-8")
    assert text.startswith("# ")
    assert len(text) > 200


def test_what_the_readme_points_to_is_there() -> None:
    """The table "Where is …?" leads somebody new; each path in it is real."""
    text = (ROOT / "README.md").read_text("utf-8")
    table = text.split("## Where is …?")[1].split("\n## ")[0]
    named = [span for row in _table_rows(table) for span in SPAN.findall(row) if PATH.fullmatch(span)]
    assert len(named) >= 15
    assert [path for path in named if not (ROOT / path).exists()] == []


@every_text()
def test_every_path_in_a_table_exists(text: Path) -> None:
    """Seen from the text's own folder, or from the top."""
    rows = _table_rows(text.read_text("utf-8"))
    named = [span for row in rows for span in SPAN.findall(row) if PATH.fullmatch(span)]
    gone = [path for path in named if not (text.parent / path).exists() and not (ROOT / path).exists()]
    assert gone == []


@every_text()
def test_every_link_leads_somewhere(text: Path) -> None:
    targets = LINK.findall(text.read_text("utf-8"))
    ours = [target.split("#")[0] for target in targets if "://" not in target and not target.startswith("#")]
    assert [target for target in ours if not (text.parent / target).exists()] == []


@every_text()
def test_every_command_in_a_text_exists(text: Path) -> None:
    wrong = {line: words for line in _commands(text.read_text("utf-8")) if (words := wrong_words(line))}
    assert wrong == {}


def test_the_guide_to_running_names_commands() -> None:
    """Else the test above would pass over an empty list."""
    lines = list(_commands((ROOT / "deploy" / "README.md").read_text("utf-8")))
    assert {"yika-server init", "yika-server create-user NAME --role admin"} <= set(lines)


def test_a_command_that_is_none_is_noticed() -> None:
    assert wrong_words("yika-server run --port 80 --fast") == ["--fast"]
    assert wrong_words("yika-kiosk --config … dance") == ["dance"]
    assert wrong_words("yika-server policy get|put NAME") == ["put"]
    assert wrong_words("yika-kiosk journal verify|export") == []


@every_text()
def test_every_target_of_make_exists(text: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    content = text.read_text("utf-8")
    code = [line for block in FENCE.findall(content) for line in block.splitlines()]
    code += SPAN.findall(FENCE.sub("", content))
    named = {found for line in code for found in re.findall(r"^make ([a-z-]+)", line)}
    assert named - known == set()
