"""Looking after the data: audit, reproject, settle, export, import, backup, restore, put-back, demo-data."""

import importlib
import io
import os
import shutil
import tarfile
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from server.commands.support import Job, command
from server.config import read_keys
from server.db.copies import check_file, copy_from_file, copy_to_file, may_look, step_ahead
from server.db.migrate import upgrade
from server.db.transfer import dump, load
from server.db.unit_of_work import UnitOfWork
from server.errors import Conflict, Invalid, ServerError
from server.services.audit import audit as run_audit
from server.services.certificates import log_export
from server.services.reprojecting import reproject_all
from server.services.settling import settle as run_settle

DATABASE = "yika.sqlite"
KEY = "server.key"
FINDINGS_KEPT = 100
"""How many findings of a run its log entry names; the number says how many there were."""


@click.command()
@command()
def audit(job: Job) -> int:
    """Derive everything again and compare; exit 1 with a list if anything differs. The run is logged."""
    with job.runtime.reading() as uow:
        found = run_audit(uow, job.runtime.keys)
    try:
        _log(job, "audit", len(found), {"findings": [str(finding) for finding in found[:FINDINGS_KEPT]]})
    except ServerError as error:
        # What was found is told whether or not it can be written down.
        job.note(f"yika-server: this run is not in the log: {error.zh} {error}")
    lines = [f"{f.table} {f.subject}: {f.message}" for f in found]
    answer = {"ok": not found, "findings": [f.to_dict() for f in found]}
    job.answer(answer, "\n".join(lines) or "all is as it must be")
    return 1 if found else 0


@click.command()
@command()
def reproject(job: Job) -> None:
    """Derive every time, shift and posting again from the facts."""
    with job.runtime.unit_of_work() as uow:
        changed = reproject_all(uow, job.runtime.acting("system"))
        uow.commit()
    job.answer({"changed": changed}, f"{changed} shifts came out otherwise")


@click.command()
@command()
def settle(job: Job) -> None:
    """The nightly work; safe to repeat."""
    with job.runtime.unit_of_work() as uow:
        done = run_settle(uow, job.runtime.acting("system"))
        uow.commit()
    words = (
        f"{done.shifts} shifts changed, points of {done.expiries} people died, {done.sealed} taps sealed, "
        f"contact data of {done.forgotten} people removed, {done.expired} cards expired"
    )
    job.answer(asdict(done), words)


@click.command()
@command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(job: Job, *, file: Path) -> None:
    """Write the community as lines of JSON (without ID numbers); the export is logged."""
    runtime = job.runtime
    with runtime.unit_of_work() as uow:
        rows = _write_lines(uow, file)
        log_export(uow, runtime.acting("cli"), "community", rows=rows, detail={"file": file.name})
        uow.commit()
    job.answer({"file": str(file), "rows": rows}, f"{rows} rows written to {file}")


def _log(job: Job, what: str, rows: int, detail: dict[str, Any]) -> None:
    with job.runtime.unit_of_work() as uow:
        log_export(uow, job.runtime.acting("cli"), what, rows=rows, detail=detail)
        uow.commit()


def _write_lines(uow: UnitOfWork, file: Path) -> int:
    count = 0
    with _new_file(file) as out:
        for line in dump(uow):
            out.write(line.encode() + b"\n")
            count += 1
    return count - 1


def _new_file(file: Path) -> io.BufferedWriter:
    """A new file for its owner only; an existing one is never overwritten."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Conflict(f"{file} exists already", zh=f"{file} 已存在，请换一个文件名。") from error
    except OSError as error:
        raise Invalid(
            f"{file} cannot be written: {error.strerror}", zh=f"无法写入 {file}，请换一个位置。"
        ) from error
    return io.BufferedWriter(io.FileIO(handle, "w"))


@click.command("import")
@command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(job: Job, *, file: Path) -> int:
    """Read an exported community; kept only if its audit is clean under this server's key.

    On PostgreSQL a large one is imported as the tables' owner: as the user who serves it takes far longer.
    """
    with UnitOfWork(job.runtime.database, "") as uow, file.open("rb") as lines:
        if not may_look(uow.connection):
            job.note("yika-server: slow for a large community; quicker as the tables' owner")
        rows = load(uow, lines)
        found = run_audit(uow, job.runtime.keys)
        if not found:
            uow.commit()
        community = uow.community_id
    answer = {"community": community, "rows": rows, "findings": [f.to_dict() for f in found]}
    bad = f"not imported: {len(found)} findings, the first: {found[0]}" if found else ""
    job.answer(answer, bad or f"{rows} rows of community {community} imported")
    return 1 if found else 0


@click.command()
@command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(job: Job, *, file: Path) -> None:
    """Copy database and server key into one file; whoever has it has everything."""
    config = job.runtime.config
    with tempfile.TemporaryDirectory(dir=config.data_dir) as folder:
        copy = Path(folder) / DATABASE
        copy_to_file(job.runtime.database, copy)
        with _new_file(file) as out, tarfile.open(fileobj=out, mode="w:gz") as archive:
            archive.add(copy, DATABASE)
            archive.add(config.key_file, KEY)
        size = file.stat().st_size
    job.answer({"file": str(file), "bytes": size}, f"{size} bytes written to {file}")


@click.command()
@command(needs_schema=False)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--partitioned", is_flag=True, help="PostgreSQL: as for init.")
def restore(job: Job, *, file: Path, partitioned: bool) -> int:
    """Bring a backup from either database into an empty one and an empty data directory, then audit it."""
    database, key = job.runtime.database, job.runtime.config.key_file
    _refuse_to_overwrite(key)
    key.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=key.parent) as folder:
        parts = _unpacked(file, Path(folder))
        check_file(parts[DATABASE])
        read_keys(parts[KEY])
        if database.is_sqlite and database.url.database:
            target = Path(database.url.database)
            _refuse_to_overwrite(target)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(parts[DATABASE], target)
            upgrade(database, partitioned=partitioned)
        else:
            upgrade(database, partitioned=partitioned)
            copy_from_file(parts[DATABASE], database)
        step_ahead(database, job.runtime.clock())
        parts[KEY].rename(key)
    findings = _audit_all(job)
    where = database.url.render_as_string(hide_password=True)
    job.answer({"restored": where, "findings": findings}, f"restored; {len(findings)} findings")
    return 1 if findings else 0


@click.command("put-back")
@command()
def put_back(job: Job) -> int:
    """Needed once when the database was put back to an earlier state by anything but `restore`; then audit.

    For a machine's snapshot, a dump, a copied file; before the server starts. Without it kiosks refuse its
    rosters as older than what they hold; with it they also send again all that they still keep.
    """
    step_ahead(job.runtime.database, job.runtime.clock())
    findings = _audit_all(job)
    job.answer({"findings": findings}, f"kiosks will send again what they hold; {len(findings)} findings")
    return 1 if findings else 0


def _refuse_to_overwrite(path: Path) -> None:
    if path.exists():
        raise Conflict(
            f"{path} exists already: restore into an empty data directory",
            zh=f"{path} 已存在，请恢复到空的数据目录。",
        )


def _audit_all(job: Job) -> list[dict[str, Any]]:
    with UnitOfWork(job.runtime.database, "", writes=False) as uow:
        found = []
        for community in uow.community_ids():
            uow.become(community)
            found += [finding.to_dict() for finding in run_audit(uow, job.runtime.keys)]
    return found


def _unpacked(file: Path, folder: Path) -> dict[str, Path]:
    """The two parts, read one by one: the tarfile of Debian 12 (Python 3.11.2) filters nothing it unpacks."""
    parts = {name: folder / name for name in (DATABASE, KEY)}
    try:
        with tarfile.open(file, mode="r:gz") as archive:
            for name, path in parts.items():
                packed = archive.extractfile(name)
                if packed is None:
                    raise KeyError(name)  # a folder, or a device
                path.touch(mode=0o600)
                with packed, path.open("wb") as out:
                    shutil.copyfileobj(packed, out)
    except (tarfile.TarError, KeyError, OSError, EOFError) as error:
        raise Invalid(f"{file} is no whole backup", zh=f"{file} 不是完整的备份，请换一个。") from error
    return parts


@click.command("demo-data")
@command()
@click.option("--seed", default=20180705, show_default=True, type=int, help="The same seed, the same people.")
def demo_data(job: Job, *, seed: int) -> None:
    """Fill an empty community with fictional people and a month of taps, through ingest only."""
    made = importlib.import_module("server.demo.build").build(job.runtime, seed=seed)
    job.answer(asdict(made), ", ".join(f"{count} {name}" for name, count in asdict(made).items()))
