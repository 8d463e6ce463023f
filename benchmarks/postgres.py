"""A private PostgreSQL with its own durable settings, for as long as a benchmark runs."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

SETTINGS = ("fsync", "synchronous_commit", "wal_sync_method", "shared_buffers", "full_page_writes")


def binaries() -> Path | None:
    """Where the newest PostgreSQL's programs are; None when it is not installed."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, default=None, key=lambda path: int(path.parent.name))


@contextmanager
def cluster() -> Iterator[str]:
    """A cluster with fsync on, reached by a socket only; gives a URL with ``{}`` for the database."""
    programs = binaries()
    if programs is None:
        raise FileNotFoundError("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="yika-bench-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]

    def run(program: str, *args: str) -> None:
        command = [*as_user, str(programs / program), *args]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr}")

    data = str(folder / "data")
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}'"
    try:
        run("initdb", "-D", data, "-U", "yika", "--auth=trust", "-E", "UTF8", "--locale=C")
        run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql+psycopg://yika@/{{}}?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-w", "-m", "fast", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(url: str, name: str) -> str:
    """Make an empty database; its URL."""
    with psycopg.connect(bare(url.format("postgres")), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return url.format(name)


def bare(url: str) -> str:
    """The URL as psycopg itself takes it."""
    return url.replace("+psycopg", "")


def settings(url: str) -> str:
    """What this server says of its settings (asked, not assumed)."""
    with psycopg.connect(bare(url)) as connection:
        version = connection.execute("SHOW server_version").fetchone()
        rows = [connection.execute(f"SHOW {name}").fetchone() for name in SETTINGS]
    said = [f"{name}={row[0]}" for name, row in zip(SETTINGS, rows, strict=True) if row]
    return " ".join([f"PostgreSQL {version[0] if version else ''}", *said])
