"""The command ``yika-kiosk``: enrol, run, look, sync, check, and in a demo move cards by hand."""

import json
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import click
import urllib3

from kiosk.clock import BootClock
from kiosk.config import Config, load_config
from kiosk.errors import CardNotFound, ConfigWrong, KioskError, KioskNotRunning
from kiosk.identity import forget_code, key_for, load_enrolment, save_enrolment, save_key
from kiosk.journal_mark import read_mark
from kiosk.journal_open import export, inspect
from kiosk.server_client import enrol as enrol_at

DEFAULT_CONFIG = Path("/etc/yika/kiosk.toml")
WAIT_SECONDS = 15.0
AS_JSON = "yika.as_json"


class _Commands(click.Group):
    """Turns the kiosk's own errors into exit codes: 2 for a wrong setting, 1 for a found problem."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigWrong as error:
            _fail(ctx, error, 2)
        except KioskError as error:
            _fail(ctx, error, 1)


def _fail(ctx: click.Context, error: KioskError, code: int) -> NoReturn:
    click.echo(f"yika-kiosk: {error}", err=True)
    if ctx.meta.get(AS_JSON):
        word = "".join(f"_{c.lower()}" if c.isupper() else c for c in type(error).__name__).lstrip("_")
        click.echo(json.dumps({"error": word, "message": str(error)}, ensure_ascii=False))
    raise SystemExit(code)


def _remember(ctx: click.Context, _option: click.Parameter, value: bool) -> bool:
    """The group, which tells of errors, learns here how the sub-command was asked to speak."""
    ctx.meta[AS_JSON] = value
    return value


as_json = click.option(
    "--json",
    "as_json",
    is_flag=True,
    envvar="YIKA_KIOSK_JSON",
    show_envvar=True,
    callback=_remember,
    help="Print JSON, and nothing else.",
)


@click.group(
    cls=_Commands,
    context_settings={"auto_envvar_prefix": "YIKA_KIOSK", "help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="yika")
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=DEFAULT_CONFIG,
    show_default=True,
    envvar="YIKA_KIOSK_CONFIG",
    show_envvar=True,
    help="The configuration (TOML).",
)
@click.pass_context
def cli(ctx: click.Context, path: Path) -> None:
    """The kiosk at the door."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    ctx.obj = lambda: load_config(path)


def _config(ctx: click.Context) -> Config:
    load: Callable[[], Config] = ctx.obj
    return load()


def _tell(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for name, value in found.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            click.echo(f"{name}: {text}")


@cli.command()
@click.argument("url")
@click.argument("code")
@as_json
@click.pass_context
def enrol(ctx: click.Context, url: str, code: str, *, as_json: bool) -> None:
    """Make this machine a kiosk of the server at URL, by the one-time CODE that the server gave."""
    from kiosk import app  # here: who only looks at a kiosk need not wait for what it loads

    config = _config(ctx)
    with app.only_one(config):
        key = key_for(config.data_dir, code)
        enrolment = enrol_at(url, code, key, BootClock())
        save_key(config.data_dir, key)
        save_enrolment(config.data_dir, enrolment)
        forget_code(config.data_dir)
        # A roster is signed for one kiosk; the journal notices by itself that it changed hands.
        (config.data_dir / "roster.json").unlink(missing_ok=True)
    found = {"kiosk": enrolment.kiosk_id, "community": enrolment.community, "site": enrolment.site}
    _tell(found, as_json=as_json)


@cli.command()
@click.pass_context
def run(ctx: click.Context) -> None:
    """Be the kiosk until stopped. Opens no browser: point one at the screen's address."""
    from kiosk import app  # here: who only looks at a kiosk need not wait for what it loads

    config = _config(ctx)
    stopping = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: stopping.set())
    app.run(config, stopping)


@cli.command()
@as_json
@click.pass_context
def status(ctx: click.Context, *, as_json: bool) -> None:
    """What the running kiosk says of itself; exit code 1 when none runs."""
    _tell(_ask(_config(ctx), "GET", "/api/status"), as_json=as_json)


@cli.command()
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=WAIT_SECONDS,
    show_default=True,
    show_envvar=True,
    help="How many seconds a running kiosk has for it.",
)
@as_json
@click.pass_context
def sync(ctx: click.Context, *, wait: float, as_json: bool) -> None:
    """Push and pull now; exit code 1 when something stays behind."""
    config = _config(ctx)
    try:
        found = _synced_by_the_running(config, wait)
    except KioskNotRunning:
        found = _synced_here(config)
    _tell(found, as_json=as_json)
    if found["pending"] or found["trouble"]:
        raise SystemExit(1)


def _synced_by_the_running(config: Config, wait: float) -> dict[str, Any]:
    """A running kiosk syncs by itself all the time: wait until it has."""
    deadline = time.monotonic() + wait
    while True:
        told = _ask(config, "GET", "/api/status")
        if (not told["pending"] and not told["trouble"].get("sync")) or time.monotonic() > deadline:
            return {
                "pending": told["pending"],
                "roster_version": told["roster_version"],
                "trouble": told["trouble"].get("sync"),
            }
        time.sleep(0.3)


def _synced_here(config: Config) -> dict[str, Any]:
    from kiosk import app  # here: who only looks at a kiosk need not wait for what it loads

    enrolment, clock = load_enrolment(config.data_dir), BootClock()
    with app.only_one(config):
        journal, roster = app.open_journal(config, enrolment), app.open_roster(config, enrolment)
        syncer, client = app.build_syncer(config, enrolment, journal, roster, clock)
        try:
            syncer.once()
            return {"pending": journal.pending, "roster_version": roster.version, "trouble": syncer.trouble}
        finally:
            client.close()
            journal.close()


@cli.group()
def journal() -> None:
    """Look into the journal without disturbing the kiosk that writes it."""


@journal.command()
@as_json
@click.pass_context
def verify(ctx: click.Context, *, as_json: bool) -> None:
    """Check every stored event; exit code 1 and a list when anything is wrong."""
    data_dir = _config(ctx).data_dir
    findings = inspect(data_dir / "journal.db", read_mark(data_dir / "journal.mark"))
    if as_json:
        click.echo(json.dumps({"ok": not findings, "findings": findings}, ensure_ascii=False))
    else:
        click.echo("\n".join(findings) or "ok")
    if findings:
        raise SystemExit(1)


@journal.command("export")
@as_json
@click.pass_context
def export_journal(ctx: click.Context, *, as_json: bool) -> None:  # noqa: ARG001 - it is JSON either way
    """Print every stored event, one JSON object a line."""
    path = _config(ctx).data_dir / "journal.db"
    if not path.exists():
        raise KioskError(f"there is no journal at {path}")
    for line in export(path):
        click.echo(json.dumps(line, ensure_ascii=False))


@cli.group()
def hand() -> None:
    """Move cards at a simulated reader of the running kiosk."""


@hand.command()
@click.argument("card")
@as_json
@click.pass_context
def put(ctx: click.Context, card: str, *, as_json: bool) -> None:
    """Lay down CARD: uid:HEX, a demo volunteer's number, or a card file."""
    file = Path(card)
    named = str(file.resolve()) if file.is_file() else card
    _tell(_ask(_config(ctx), "POST", "/hand/put", {"card": named}), as_json=as_json)


@hand.command()
@as_json
@click.pass_context
def take(ctx: click.Context, *, as_json: bool) -> None:
    """Take the card away."""
    _tell(_ask(_config(ctx), "POST", "/hand/take", {}), as_json=as_json)


def _ask(config: Config, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Ask the running kiosk over its loopback address."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    with urllib3.PoolManager(retries=False, timeout=5.0) as pool:
        try:
            answer = pool.request(method, f"http://{host}:{config.port}{path}", json=body)
        except urllib3.exceptions.HTTPError as error:
            raise KioskNotRunning(f"no kiosk runs at http://{host}:{config.port}/") from error
    try:
        found = dict(answer.json())
    except (ValueError, TypeError) as error:
        raise KioskNotRunning(f"what answers on port {config.port} is no kiosk") from error
    if answer.status != 200:
        message = found.get("message", {})
        raise CardNotFound(f"{message.get('zh', '')} {message.get('en', found.get('error'))}".strip())
    return found


@cli.command()
@as_json
@click.pass_context
def selftest(ctx: click.Context, *, as_json: bool) -> None:
    """Try readers, lights and voice, one after another; exit code 1 when one does not work."""
    from hardware.selftest import run as try_everything  # what it loads no other command needs
    from kiosk import app

    config = _config(ctx)
    with app.only_one(config):
        checks = try_everything(
            config.readers, data_dir=config.data_dir, lights=config.lights, voice=config.voice
        )
    if as_json:
        found = {"ok": all(check.ok for check in checks), "checks": [asdict(check) for check in checks]}
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for check in checks:
            sign = "ok  " if check.ok else "FAIL"
            click.echo(f"{sign} {check.name}: {check.message_zh} {check.message_en}")
    if not all(check.ok for check in checks):
        raise SystemExit(1)


def main() -> None:
    """The command's entry."""
    cli()
