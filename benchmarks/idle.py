"""Memory and processor time of a kiosk and a server that run and wait, as real processes.

The floor is a Python process that has imported Flask and sleeps. The kiosk polls its (simulated, unpaced)
reader and asks the server for its roster; a real reader on a slow line costs less.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path

from benchmarks.report import Options, Result
from tests.support.processes import new_kiosk, new_server, running, until

FLOOR = "Python with Flask, asleep"


def run(options: Options) -> Result:
    """Start both, let them settle, watch them for some seconds."""
    result = Result("idle", "Memory and processor while nobody taps")
    seconds = max(1.0, 20 * min(1.0, options.scale))
    home = options.room("idle")
    server = new_server(home / "server")
    if options.scale >= 1:
        server.ask("demo-data")
        site = "孵化园"
    else:
        site = "desk"
    with running(server):
        server.up()
        kiosk = new_kiosk(home / "kiosk", server, site, "bench")
        with running(kiosk), _floor() as floor:
            kiosk.up()
            until(lambda: kiosk.status().get("roster_version"), "a roster", said=kiosk.log)
            assert server.process is not None
            assert kiosk.process is not None
            pids = {FLOOR: floor.pid, "server": server.process.pid, "kiosk": kiosk.process.pid}
            threading.Event().wait(min(5.0, seconds))
            _watch(result, pids, seconds)
            assert floor.stdin is not None
            floor.stdin.close()
            kiosk.stop()
            server.stop()
    result.settings["data"] = "demo community" if options.scale >= 1 else "empty community"
    result.notes.append(f"watched for {seconds:g} s; cpu is the share of one core")
    return result


def _watch(result: Result, pids: dict[str, int], seconds: float) -> None:
    before = {name: _ticks(pid) for name, pid in pids.items()}
    threading.Event().wait(seconds)
    per_second = os.sysconf("SC_CLK_TCK")
    for name, pid in pids.items():
        share = (_ticks(pid) - before[name]) / per_second / seconds
        figures = {"RSS MB": _rss_mb(pid), "cpu %": 100 * share}
        result.add(name, figures, to="" if name == FLOOR else FLOOR)


def _floor() -> subprocess.Popen[bytes]:
    """Waits for its input to end, and so never outlives us."""
    code = "import sys, flask; sys.stdin.read()"
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)


def _ticks(pid: int) -> int:
    """User and system time (fields 14 and 15 of proc(5) stat; the second may hold spaces)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _rss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))
