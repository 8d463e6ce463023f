"""Long runs of histories are written down as they go, so that an interrupted one goes on and counts alike."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.system.simulate import main

pytestmark = pytest.mark.timeout(600)
SIX = ("--seed=700", "--jobs=1", "--histories=60")


def run(*options: str) -> Result:
    """The command, as somebody calls it."""
    return CliRunner().invoke(main, [*SIX, *options])


def table_of(said: Result) -> list[str]:
    """What it came to, without the speed."""
    return said.stdout.splitlines()[:-1]


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    """The second half of a line is what an interruption leaves; that chunk is told again."""
    progress, option = tmp_path / "run.jsonl", f"--progress={tmp_path / 'run.jsonl'}"
    whole = run(option)
    head, first, second = progress.read_text().splitlines()
    progress.write_text("\n".join([head, first, second[: len(second) // 2]]))
    again = run(option)
    assert again.exit_code == whole.exit_code == 0, again.output
    assert "50 histories were told before" in again.stderr
    assert table_of(again) == table_of(whole)
    assert run(option).stderr.startswith("60 histories were told before")


def test_a_run_of_other_code_is_not_gone_on_with(tmp_path: Path) -> None:
    """What was told of the code before says nothing of this one."""
    progress = tmp_path / "run.jsonl"
    progress.write_text('{"code": "another"}\n')
    refused = run(f"--progress={progress}")
    assert refused.exit_code == 2
    assert "other code" in refused.stderr
