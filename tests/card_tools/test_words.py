"""``yika-cards`` speaks the user's language: Chinese where the system says so, English elsewhere."""

import json
import os
import subprocess
import sys
from inspect import cleandoc
from pathlib import Path

import click
import pytest
from babel.messages.pofile import read_po

from card_tools import words
from card_tools.cli import main

PO = Path(words.__file__).parent / "translations" / "zh" / "LC_MESSAGES" / "messages.po"
RUNS = (
    ("--help",),
    ("print", "--help"),
    ("nonsense",),
    ("print", "x.json"),
    ("issue", "list.csv", "--key", "none.pem"),
    ("verify", "YIKA:1", "--ring", "none"),
)
SCRIPT = """
import json, sys
from click.testing import CliRunner
from card_tools.cli import main
print(json.dumps([CliRunner().invoke(main, run).output for run in json.loads(sys.argv[1])]))
"""


def said(folder: Path, **language: str) -> list[str]:
    """What each run prints, in a program of its own: its language is settled as it starts."""
    env = {name: value for name, value in os.environ.items() if name not in words.VARIABLES}
    (folder / "list.csv").write_text("number\n1\n")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(RUNS)],
        cwd=folder, env=env | language, capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("environment", "chinese"),
    [
        ({}, False),
        ({"LANG": "zh_CN.UTF-8"}, True),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, False),
        ({"LANG": "C.UTF-8", "LC_MESSAGES": "zh_TW"}, True),
        ({"LANG": "zh_CN", "LC_ALL": ""}, True),
        ({"LANG": "zh_CN", "LANGUAGE": "en:zh"}, False),
    ],
)
def test_the_first_variable_that_is_set_decides(environment: dict[str, str], chinese: bool) -> None:
    assert words.is_chinese(environment) is chinese


def test_in_chinese_help_and_errors_come_in_chinese_and_faults_in_both(tmp_path: Path) -> None:
    top, printing, unknown, lacking, no_key, no_card = said(tmp_path, LC_ALL="zh_CN.UTF-8")
    for text in ("用法：", "选项", "命令", "制作、打印", "显示这段说明后退出"):
        assert text in top
    assert "PDF 放在哪里" in printing
    assert "错误：没有命令 'nonsense'" in unknown
    assert "缺少选项 '--community'" in lacking
    assert no_key.index("密钥文件 none.pem 读不出来") < no_key.index("cannot be read")
    assert no_card.index("不是能识别的志愿卡") < no_card.index("base45")


def test_every_text_of_the_command_has_its_chinese() -> None:
    texts = {cleandoc(command.help or "") for command in (main, *main.commands.values())}
    options = (option for command in main.commands.values() for option in command.params)
    texts |= {option.help or "" for option in options if isinstance(option, click.Option)}
    known = words.CHINESE.keys() | {cleandoc(zh) for zh in words.CHINESE.values()} | {""}
    assert texts - known == set()


def test_what_click_says_is_compiled_as_it_is_translated() -> None:
    with PO.open("rb") as file:
        catalogue = read_po(file)
    compiled = PO.with_suffix(".mo").read_bytes()
    for message in filter(lambda message: message.id, catalogue):
        chosen = message.string if isinstance(message.string, str) else message.string[0]
        assert chosen.encode() in compiled, message.id
