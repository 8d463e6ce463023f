"""Bring up a demo community on this machine: server, kiosk and a simulated reader, until Ctrl-C.

Everything it makes lies in ``.demo/``; remove that folder to begin again. Ports: ``YIKA_DEMO_SERVER_PORT``
(8000) and ``YIKA_DEMO_KIOSK_PORT`` (8080).
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NoReturn

HOME = Path.cwd() / ".demo"
SERVER_DATA = HOME / "server"
KIOSK_DATA = HOME / "kiosk"
KIOSK_CONFIG = HOME / "kiosk.toml"
LOGIN = HOME / "login.json"
BIN = Path(sys.executable).parent
SITE = "孵化园"
BLANKS = [
    {"card": f"空白卡 {n}", "label": f"空白卡 Blank {kind} {n}", "type": kind, "uid": f"04A1B2C3D4E50{n}"}
    for n, kind in enumerate(("NTAG213", "NTAG213", "NTAG215", "NTAG216"), 1)
]
"""Chips as delivered, for the issuing desk."""
_stopping = threading.Event()


def main() -> int:
    """Fill, start, tell the addresses, wait."""
    server_port = _port("YIKA_DEMO_SERVER_PORT", 8000)
    kiosk_port = _port("YIKA_DEMO_KIOSK_PORT", 8080)
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: _stopping.set())
    HOME.mkdir(exist_ok=True)
    _fill()
    login = _login()
    children: list[subprocess.Popen[bytes]] = []
    try:
        children.append(_start("yika-server", "run", "--host", "127.0.0.1", "--port", str(server_port)))
        server = f"http://127.0.0.1:{server_port}"
        _wait_for(f"{server}/healthz", children)
        _write_kiosk_config(kiosk_port)
        _enrol(server)
        children.append(_start("yika-kiosk", "--config", str(KIOSK_CONFIG), "run"))
        kiosk = f"http://127.0.0.1:{kiosk_port}"
        _wait_for(f"{kiosk}/api/status", children)
        _tell(server, kiosk, login)
        return _stay(children)
    except KeyboardInterrupt:
        return 0
    finally:
        _end(children)


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable, str(default))
    if not text.isdigit() or not 0 < int(text) < 65536:
        _fail(f"{variable}={text} is not a port number.", code=2)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(text)))
        except OSError:
            _fail(f"Port {text} is busy. Stop what uses it, or choose another: {variable}=… make demo")
    return int(text)


def _fill() -> None:
    if (SERVER_DATA / "demo.ready").exists():
        _say("Using the demo community that is already in .demo/ (remove the folder to begin again).")
        return
    shutil.rmtree(SERVER_DATA, ignore_errors=True)
    shutil.rmtree(KIOSK_DATA, ignore_errors=True)
    _say("Making a demo community: 1,550 fictional volunteers and a month of their service …")
    _run("yika-server", "init")
    _run("yika-server", "demo-data")
    (SERVER_DATA / "demo.ready").touch()


def _login() -> dict[str, str]:
    if LOGIN.exists():
        return dict(json.loads(LOGIN.read_text()))
    password = secrets.token_urlsafe(9)
    _run("yika-server", "create-user", "demo", "--role", "admin", "--json", YIKA_PASSWORD=password)
    token = _run("yika-server", "create-token", "demo", "--scope", "read", "--json")["token"]
    login = {"user": "demo", "password": password, "token": str(token)}
    LOGIN.touch(mode=0o600)
    LOGIN.write_text(json.dumps(login))
    return login


def _write_kiosk_config(port: int) -> None:
    KIOSK_DATA.mkdir(exist_ok=True)
    cards = SERVER_DATA / "demo_cards.json"
    if cards.exists():
        known = json.loads(cards.read_text("utf-8"))
        known["cards"] += BLANKS
        (KIOSK_DATA / "demo_cards.json").write_text(json.dumps(known, ensure_ascii=False), "utf-8")
    KIOSK_CONFIG.write_text(
        f'data_dir = "{KIOSK_DATA}"\n[screen]\nhost = "127.0.0.1"\nport = {port}\nlanguages = ["zh", "en"]\n'
        '[[reader]]\ndriver = "simulated"\n[feedback]\nlights = "none"\nvoice = "none"\n'
    )


def _enrol(server: str) -> None:
    if (KIOSK_DATA / "kiosk.enrolled").exists():
        return
    code = _run("yika-server", "add-kiosk", f"{SITE} demo", "--site", SITE, "--desk", "--json")["code"]
    _run("yika-kiosk", "--config", str(KIOSK_CONFIG), "enrol", server, str(code))
    (KIOSK_DATA / "kiosk.enrolled").touch()


def _environment(**extra: str) -> dict[str, str]:
    return {**os.environ, "YIKA_DATA_DIR": str(SERVER_DATA), "PYTHONUNBUFFERED": "1", **extra}


def _run(command: str, *arguments: str, **extra: str) -> dict[str, Any]:
    done = subprocess.run(
        [BIN / command, *arguments], env=_environment(**extra), stdout=subprocess.PIPE, check=False
    )
    if done.returncode != 0:
        sys.stdout.buffer.write(done.stdout)
        _fail(f"{command} {arguments[0]} ended with {done.returncode}; what it said stands above.")
    return dict(json.loads(done.stdout)) if "--json" in arguments else {}


def _start(command: str, *arguments: str) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches this process alone, which then ends its children in order.
    with (HOME / f"{command}.log").open("ab") as log:
        return subprocess.Popen(
            [BIN / command, *arguments], env=_environment(), stdout=log, stderr=log, start_new_session=True
        )


def _wait_for(url: str, children: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + 60
    while not _stopping.is_set():
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass  # not up yet: asked again until the deadline
        if dead := next((child for child in children if child.poll() is not None), None):
            _fail(f"{Path(str(dead.args[0])).name} did not stay up; see its log in .demo/")
        if time.monotonic() > deadline:
            _fail(f"{url} did not answer within a minute; see the logs in .demo/")
        _stopping.wait(0.2)
    raise KeyboardInterrupt


def _tell(server: str, kiosk: str, login: dict[str, str]) -> None:
    _say(
        f"""
Yika 一卡 is up.
  Kiosk screen      {kiosk}/
  Tap by mouse      {kiosk}/hand      (or: yika-kiosk --config .demo/kiosk.toml hand put M0001)
  Staff pages       {server}/staff/   user {login["user"]}, password {login["password"]}
  Make a card       {server}/staff/desk (then lay a blank card with {kiosk}/hand)
  Open API          {server}/api/docs token {login["token"]}
  Logs and data     .demo/
Ctrl-C ends it."""
    )


def _stay(children: list[subprocess.Popen[bytes]]) -> int:
    while not _stopping.wait(0.5):
        if dead := next((child for child in children if child.poll() is not None), None):
            _say(f"{Path(str(dead.args[0])).name} ended by itself ({dead.returncode}); see its log in .demo/")
            return 1
    return 0


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in reversed(children):
        child.terminate()
    for child in reversed(children):
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _fail(text: str, *, code: int = 1) -> NoReturn:
    sys.stderr.write(text + "\n")
    raise SystemExit(code)


if __name__ == "__main__":
    sys.exit(main())
