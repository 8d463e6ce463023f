"""A thousand kiosks back at once after a week without network, at one server as it is deployed (SQLite).

All come back within two seconds and wait as they are told; waiting itself costs no time, the server's work
does (tests/support/comeback.py). The floor is a tenth of the same events pushed by one kiosk after another
to a server of their own: what the server can take in when nobody else asks anything.
"""

import resource
import time
from dataclasses import replace

from benchmarks.report import Options, Result, quantile
from tests.support.comeback import ALL_BACK_WITHIN, Seen, Storm, peak_mb
from tests.support.outage import Outage, Town, town
from tests.support.processes import running
from tests.support.returning import NO_ANSWER

KIOSKS, DAYS, PEOPLE = 1000, 7, 30
A_WEEK_FROM = 0.05
"""Scale from which on each kiosk brings a whole week."""
TOGETHER = 4
"""Kiosks of one community."""
PROCESSES = 2
"""That the kiosks are spread over: in one, their threads would wait for each other, not for the server."""
FILES = 8
"""That one kiosk holds open at most: its journal's and its connections."""
FLOOR = "one kiosk after another"


def run(options: Options) -> Result:
    """Let them come one by one, then all together."""
    result = Result("reconnect", f"Many kiosks back within {ALL_BACK_WITHIN:g} s")
    days = DAYS if options.scale >= A_WEEK_FROM else 1
    outage = Outage(kiosks=options.size(KIOSKS, least=8), days=days, people=PEOPLE, together=TOGETHER)
    few = replace(outage, kiosks=max(4, outage.kiosks // 10))
    _allow_open_files(FILES * outage.kiosks)
    _measure(result, FLOOR, few, options, one_by_one=True)
    _measure(result, "all at once", outage, options, one_by_one=False)
    result.settings["server"] = "yika-server run (waitress, 16 threads), SQLite, synchronous=FULL, WAL"
    result.settings["kiosks"] = (
        f"kiosk.sync over HTTP, journals on disk, {PROCESSES} processes that share the cores with the server"
    )
    result.notes.append(
        f"{outage.kiosks} kiosks ({few.kiosks} for the floor), {TOGETHER} to a community,"
        f" {days} days and {outage.events // outage.kiosks} events on each"
    )
    return result


def _measure(result: Result, what: str, outage: Outage, options: Options, *, one_by_one: bool) -> None:
    started = time.monotonic()
    place = town(options.room(what.replace(" ", "-")), outage, processes=PROCESSES)
    built = time.monotonic()
    with running(place.server):
        place.server.up()
        before = peak_mb(place.server)
        seen = Storm(place, one_by_one=one_by_one, processes=PROCESSES).run()
        place.server.stop()
    result.add(what, _figures(seen, place), to="" if what == FLOOR else FLOOR)
    result.detail[what] = {
        "server MB before": round(before),
        "answers": {f"{name} {status}": n for (name, status), n in sorted(seen.answers.items())},
        "seconds until half and 9 of 10 kiosks were through": [quantile(seen.through, q) for q in (0.5, 0.9)],
        "seconds in which every kiosk waited": seen.idle,
        "seconds by the wall": seen.lasted,
        "most times one kiosk was told to wait": max(seen.refused.values(), default=0),
        "waits told": len(seen.waits),
        "longest wait, s": max(seen.waits, default=0.0),
        "MB sent": seen.sent / 1e6,
        "troubles": dict(seen.troubles),
        "processor s of the server and of all kiosks": [seen.server_worked, seen.kiosks_worked],
        "seconds to build the town, and to switch on and come back": [
            built - started,
            time.monotonic() - built,
        ],
    }
    result.notes.append(f"{what}: {result.detail[what]}")


def _figures(seen: Seen, place: Town) -> dict[str, float]:
    return {
        "events/s": place.outage.events / seen.seconds,
        "until all are through s": seen.seconds,
        "requests": seen.answers.total(),
        "429": sum(n for (_, status), n in seen.answers.items() if status == 429),
        "time-outs": sum(n for (_, status), n in seen.answers.items() if status == NO_ANSWER),
        "push p50 ms": quantile(seen.took, 0.5),
        "push p99 ms": quantile(seen.took, 0.99),
        "server peak MB": seen.peak_mb,
        "server cores": seen.server_worked / seen.lasted,
        "kiosks cores": seen.kiosks_worked / seen.lasted,
    }


def _allow_open_files(wanted: int) -> None:
    """The usual 1,024 are fewer than so many kiosks hold; each process that is started inherits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
