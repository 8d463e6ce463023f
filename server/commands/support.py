"""What every sub-command shares: where the data is, JSON or words, exit codes 0 ok, 1 problem, 2 usage."""

import functools
import json
import logging
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from server.config import ServerConfig
from server.db.migrate import is_current
from server.errors import BadConfig, Invalid, NotReady, ServerError
from server.runtime import Runtime

COMMON = (
    click.option("--data-dir", envvar="YIKA_DATA_DIR", help="Where key and SQLite file lie."),
    click.option("--database-url", envvar="YIKA_DATABASE_URL", help="SQLAlchemy URL; default SQLite there."),
    click.option("--community", envvar="YIKA_COMMUNITY", help="Which, where a database holds several."),
    click.option("--json", "as_json", is_flag=True, envvar="YIKA_JSON", help="Only JSON on standard output."),
)


class Job:
    """One run of a sub-command: the runtime, and a way to answer."""

    def __init__(self, config: ServerConfig, *, as_json: bool) -> None:
        self.runtime = Runtime(config)
        self.as_json = as_json

    def answer(self, value: dict[str, Any], words: str) -> None:
        """JSON when asked for, else words."""
        click.echo(json.dumps(value, ensure_ascii=False) if self.as_json else words)

    def note(self, words: str) -> None:
        """Something for people only, on standard error."""
        click.echo(words, err=True)

    def close(self) -> None:
        """Let go of the database."""
        self.runtime.dispose()


Function = Callable[..., int | None]


def command(*, needs_schema: bool = True) -> Callable[[Function], Callable[..., None]]:
    """Give a function the common options and a :class:`Job`; its result is the exit code."""

    def decorate(function: Function) -> Callable[..., None]:
        @functools.wraps(function)
        def run(
            data_dir: str | None,
            database_url: str | None,
            community: str | None,
            as_json: bool,
            **rest: Any,
        ) -> None:
            logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
            given = {"data_dir": data_dir, "database_url": database_url, "community": community}
            code = _run(function, given, rest, (as_json, needs_schema))
            sys.exit(code)

        for option in reversed(COMMON):
            run = option(run)
        return run

    return decorate


def _config(given: dict[str, str | None]) -> ServerConfig:
    parent = click.get_current_context().find_root().params
    environment = dict(os.environ)
    for name, value in given.items():
        chosen = value or parent.get(name)
        if chosen:
            environment[f"YIKA_{name.upper()}"] = chosen
    return ServerConfig.from_environment(environment)


def _run(
    function: Function, given: dict[str, str | None], rest: Mapping[str, Any], how: tuple[bool, bool]
) -> int:
    as_json, needs_schema = how
    try:
        with closing(Job(_config(given), as_json=as_json)) as job:
            if needs_schema:
                _check_schema(job.runtime)
            return function(job, **rest) or 0
    except ServerError as error:
        _complain(error, as_json=as_json)
        return 2 if isinstance(error, BadConfig) else 1
    except OSError as error:
        # A file or folder that was named cannot be used: the caller's to mend, not a fault of the program.
        place, reason = error.filename or "", error.strerror or str(error)
        _complain(Invalid(f"{place}: {reason}", zh=f"{place} 无法使用，请检查路径和权限。"), as_json=as_json)
        return 1


def _complain(error: ServerError, *, as_json: bool) -> None:
    click.echo(f"yika-server: {error.zh} {error}", err=True)
    if as_json:
        told = {"error": error.code, "message": str(error), "message_zh": error.zh}
        click.echo(json.dumps(told, ensure_ascii=False))


def show_variables(group: click.Group) -> None:
    """Let every option's help name its environment variable."""
    for each in group.commands.values():
        for option in each.params:
            if isinstance(option, click.Option):
                option.show_envvar = True
        if isinstance(each, click.Group):
            show_variables(each)


def _check_schema(runtime: Runtime) -> None:
    database = runtime.database.url.database
    if runtime.database.is_sqlite and database and not Path(database).exists():
        raise NotReady(
            f"there is no database at {database}: run yika-server init",
            zh=f"找不到数据库 {database}，请运行 yika-server init。",
        )
    if not is_current(runtime.database):
        raise NotReady
