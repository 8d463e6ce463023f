"""One check-in over HTTP with all rules on, beside pretix's ``redeem``: two clients, one check-in a request.

Ours is ``yika-server run`` as it is deployed: a signed session, chain, time, projection, ledger, balances and
a signed answer for each tap. pretix (from PyPI, in an environment of its own, whose Python
``YIKA_BENCH_PRETIX`` names) serves by gunicorn with two workers on the same PostgreSQL.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import urllib3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks import postgres
from benchmarks.report import Options, Result, spread, timed
from kiosk.clock import BootClock
from kiosk.ports import Clock
from kiosk.server_client import ServerClient, enrol
from server.config import ServerConfig
from server.contract.rules import Policy
from server.contract.wire import PushReply
from server.demo.kiosks import DemoCard, DemoKiosk, Memory
from server.runtime import Runtime
from server.services.cards import register_many
from server.services.community import ActivitySpec, SiteSpec, set_activities, set_sites
from server.services.members import NewVolunteer, register_volunteers
from tests.support.ports import claimed_port
from tests.support.processes import Server, new_server, running, until

CLIENTS, EACH, WARM = 2, 400, 20
PRETIX = "pretix redeem, PostgreSQL, gunicorn 2 workers"
POSTGRESQL = "Yika push of one tap, PostgreSQL"
FIXTURE = Path(__file__).parent / "pretix_fixture.py"
CheckIn = Callable[[], object]


def run(options: Options) -> Result:
    """Measure pretix where it is named, then ours on PostgreSQL and on SQLite."""
    result = Result("checkin", "One check-in over HTTP with all rules on, two clients")
    each = options.size(EACH, least=5)
    peer = os.environ.get("YIKA_BENCH_PRETIX")
    with postgres.cluster() as url:
        if peer:
            with _pretix(Path(peer), options.room("pretix"), url, (each + WARM) * CLIENTS) as clients:
                result.add(PRETIX, _load(clients, each))
        else:
            result.notes.append("YIKA_BENCH_PRETIX names no Python with pretix: it was not measured")
        beside = {"to": PRETIX, "aim": "10"} if peer else {}
        result.settings["PostgreSQL"] = postgres.settings(postgres.new_database(url, "settings"))
        ours = {"YIKA_DATABASE_URL": postgres.new_database(url, "yika")}
        with _yika(options.room("ours"), each + WARM, ours) as clients:
            result.add(POSTGRESQL, _load(clients, each), **beside)
    with _yika(options.room("lite"), each + WARM, {}) as clients:
        result.add("Yika push of one tap, SQLite", _load(clients, each), **(beside or {"to": POSTGRESQL}))
    result.settings["clients"] = f"{CLIENTS} threads of one process, connections kept, {each} check-ins each"
    return result


def _load(clients: Sequence[CheckIn], each: int) -> dict[str, float]:
    """Check-ins a second over all clients, and how long one took."""
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(_many, clients, [WARM] * len(clients)))
        started = time.perf_counter()
        series = list(pool.map(_many, clients, [each] * len(clients)))
        seconds = time.perf_counter() - started
    return {"check-ins/s": len(clients) * each / seconds, **spread(list(chain.from_iterable(series)))}


def _many(check_in: CheckIn, count: int) -> list[float]:
    return [timed(check_in) for _ in range(count)]


@contextmanager
def _yika(home: Path, each: int, environment: dict[str, str]) -> Iterator[list[CheckIn]]:
    server = new_server(home, YIKA_RATE_LIMIT="1000000", **environment)
    runtime = Runtime(ServerConfig.from_environment(server.environment))
    cards = _people(runtime, each * CLIENTS)
    with running(server):
        server.up()
        clients = []
        for place in range(CLIENTS):
            mine = list(cards.items())[place * each : (place + 1) * each]
            clients.append(_kiosk(server, f"kiosk {place}", mine))
        yield clients
        runtime.dispose()
        server.stop()


def _people(runtime: Runtime, count: int) -> dict[str, DemoCard]:
    """So many volunteers with printed cards, and a site where the general duty is done."""
    acting = runtime.acting("bench")
    with runtime.unit_of_work() as uow:
        set_activities(uow, acting, [ActivitySpec(activity_id="duty", name="值班", name_en="Duty")])
        hall = SiteSpec(site_id="hall", name="大厅", default_activity="duty", activities=("duty",))
        set_sites(uow, acting, [hall])
        new = [NewVolunteer(name=f"测试{i}", birth="1960-01-01", sex="f") for i in range(count)]
        numbers = register_volunteers(uow, acting, new)
        made = register_many(uow, acting, numbers)
        digests = {row["card_id"]: row["digest"] for row in uow.rows("cards").rows()}
        uow.commit()
    return {
        number: DemoCard(card_id=card.card_id, medium="qr", proof="static", digest=digests[card.card_id])
        for number, card in zip(numbers, made, strict=True)
    }


def _kiosk(server: Server, name: str, people: Sequence[tuple[str, DemoCard]]) -> CheckIn:
    """A kiosk over its real client; each call is the next person's first tap, pushed alone."""
    code = server.ask("add-kiosk", name, "--site", "hall", "--json")["code"]
    key, clock = Ed25519PrivateKey.generate(), BootClock()
    enrolment = enrol(server.url, code, key, clock)
    client, waiting = ServerClient(enrolment, key, clock), iter(people)
    kiosk = DemoKiosk(
        kiosk_id=enrolment.kiosk_id, site_id="hall", role="desk", default_activity="duty", rng=Random(name)
    )
    kiosk.boot(_now(clock) - 1000)

    def check_in() -> None:
        number, card = next(waiting)
        kiosk.tap(card, number, _now(clock), Memory(), Policy())
        for push in kiosk.pushes(_now(clock)):
            reply = client.push(push)
            if not isinstance(reply, PushReply) or [result.status for result in reply.results] != ["stored"]:
                raise RuntimeError(f"the server answered {reply}")

    return check_in


def _now(clock: Clock) -> int:
    return clock.sample().wall


@contextmanager
def _pretix(python: Path, home: Path, url: str, tickets: int) -> Iterator[list[CheckIn]]:
    """A pretix with one event, a check-in list and a device that may redeem its tickets."""
    database, port = postgres.new_database(url, "pretix"), claimed_port()
    host = postgres.bare(database).partition("host=")[2]
    config = home / "pretix.cfg"
    config.write_text(
        f"[pretix]\ninstance_name=bench\nurl=http://127.0.0.1:{port}\ndatadir={home / 'data'}\n"
        f"[database]\nbackend=postgresql\nname=pretix\nuser=yika\nhost={host}\n"
        f"[django]\nsecret={os.urandom(32).hex()}\n"
    )
    (home / "data").mkdir()
    environment = {**os.environ, "PRETIX_CONFIG_FILE": str(config), "TICKETS": str(tickets)}
    _pretix_does(python, environment, "migrate")
    made = _pretix_does(python, environment, "shell", said=FIXTURE.read_bytes())
    line = next(line for line in made.splitlines() if "FIXTURE " in line)
    fixture = json.loads(line.partition("FIXTURE ")[2])
    command = [python.parent / "gunicorn", "pretix.wsgi", "-w", "2", "-b", f"127.0.0.1:{port}"]
    with (home / "gunicorn.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        http = urllib3.PoolManager(maxsize=CLIENTS)
        until(lambda: _answers(http, port), "pretix answers", within=300)
        secrets = fixture["secrets"]
        share = len(secrets) // CLIENTS
        yield [
            _redeem(http, port, fixture, secrets[place * share : (place + 1) * share])
            for place in range(CLIENTS)
        ]
    finally:
        process.terminate()
        process.wait(timeout=30)


def _pretix_does(python: Path, environment: dict[str, str], *words: str, said: bytes = b"") -> str:
    done = subprocess.run(
        [python, "-m", "pretix", *words], env=environment, input=said, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"pretix {words[0]}: {done.stderr.decode()[-2000:]}")
    return done.stdout.decode()


def _answers(http: urllib3.PoolManager, port: int) -> bool:
    try:
        return http.request("GET", f"http://127.0.0.1:{port}/api/v1/version", retries=False).status < 500
    except urllib3.exceptions.HTTPError:
        return False


def _redeem(http: urllib3.PoolManager, port: int, fixture: dict[str, Any], secrets: list[str]) -> CheckIn:
    url = f"http://127.0.0.1:{port}/api/v1/organizers/meihu/checkinrpc/redeem/"
    headers = {"Authorization": f"Device {fixture['token']}", "Content-Type": "application/json"}
    waiting = iter(secrets)

    def check_in() -> None:
        body = json.dumps({"secret": next(waiting), "lists": [fixture["list"]]}).encode()
        answer = http.request("POST", url, body=body, headers=headers, retries=False)
        if answer.status != 201 or json.loads(answer.data)["status"] != "ok":
            raise RuntimeError(f"pretix answered {answer.status} {answer.data[:300]!r}")

    return check_in
