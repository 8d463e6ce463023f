"""Setting up and running: init, run, users, tokens, kiosks, cards, policies."""

import json
import logging
import os
import resource
import signal
from datetime import UTC, date, datetime
from types import FrameType
from typing import Any

import click

from card_tools.ndef import to_ndef
from card_tools.qr import any_matrix
from server.commands.support import Job, command
from server.config import ServerConfig, make_key_file
from server.db.migrate import upgrade
from server.db.roles import may_rewrite
from server.domain.calendar import day_start
from server.errors import BadConfig, Invalid
from server.services import cards, kiosks, policies, users
from server.services.community import SiteSpec, create_community, set_sites
from server.services.reprojecting import reproject_since

DEFAULT_COMMUNITY = "meihu"


@click.command()
@command(needs_schema=False)
@click.option("--name", default="美湖社区", help="The community's name.")
@click.option("--name-en", default="Meihu Community", help="The community's name in English.")
@click.option("--contact", default="", help="Whom people ask, as shown on kiosks.")
@click.option(
    "--partitioned", is_flag=True, help="PostgreSQL: keep each community's rows together, in parts."
)
def init(job: Job, *, name: str, name_en: str, contact: str, partitioned: bool) -> None:
    """Make key, tables and community; safe to repeat."""
    runtime = job.runtime
    made_key = _make_key(runtime.config)
    upgrade(runtime.database, partitioned=partitioned)
    community = runtime.config.community or DEFAULT_COMMUNITY
    with runtime.unit_of_work(community) as uow:
        known = uow.community_ids()
        made = community not in known if runtime.config.community else not known
        if made:
            create_community(uow, runtime.acting("init"), name, name_en=name_en, contact=contact)
            uow.commit()
    answer = {"community": community, "made_community": made, "made_key": made_key}
    job.answer(answer | {"database": str(runtime.database.url)}, f"ready: community {community}")


def _make_key(config: ServerConfig) -> bool:
    try:
        config.data_dir.mkdir(parents=True, exist_ok=True)
        return make_key_file(config.key_file, os.urandom(32))
    except OSError as error:
        raise BadConfig(
            f"the data directory {config.data_dir} cannot be used: {error.strerror}",
            zh=f"数据目录 {config.data_dir} 无法使用，请用 --data-dir 换一个。",
        ) from error


CROWDED: dict[str, Any] = {
    "ident": "yika",
    "connection_limit": 5_000,  # a kiosk keeps two or three open; one too many goes unheard until it gives up
    "asyncore_use_poll": True,  # select(2) knows no more than 1,024
    "backlog": 2_048,
    "max_request_body_size": 16 << 20,
    "clear_untrusted_proxy_headers": False,  # unbelieved, but /metrics must see that a proxy stood between
    "inbuf_overflow": 64 << 10,  # a push that waits for a thread waits on disk: memory stays bounded
}


@click.command()
@command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="And the port.")
@click.option(
    "--threads",
    default=16,
    show_default=True,
    type=click.IntRange(1, 256),
    help="How many requests are answered at once.",
)
def run(job: Job, *, host: str, port: int, threads: int) -> int:
    """Serve until stopped."""
    # Only serving needs the web libraries: every other sub-command starts in a quarter of the time without.
    import waitress

    from server.app import create_app

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a line for each request that waits
    app = create_app(job.runtime.config)
    _ = job.runtime.community
    _say_what_it_could_do(job)
    try:
        settings = CROWDED | _believed(job.runtime.config.trusted_proxy)
        server = waitress.create_server(app, host=host, port=port, threads=threads, **settings)
    except OSError as error:
        job.note(f"yika-server: port {port} on {host} cannot be used: {error.strerror or error}")
        return 1
    job.note(f"yika-server: http://{host}:{port}")
    signal.signal(signal.SIGTERM, _asked_to_stop)
    _allow_open_files(2 * CROWDED["connection_limit"])
    try:
        server.run()
    finally:
        server.close()
        app.extensions["yika"].dispose()
    return 0


def _believed(proxy: str | None) -> dict[str, Any]:
    """Whose word is taken for who asks and whether it is encrypted: only the proxy's, in two headers."""
    if proxy is None:
        return {}
    return {"trusted_proxy": proxy, "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"}}


def _allow_open_files(wanted: int) -> None:
    """As many as the system lets us have without asking: the usual 1,024 are fewer than our connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _say_what_it_could_do(job: Job) -> None:
    with job.runtime.database.reading() as connection:
        if may_rewrite(connection):
            job.note("yika-server: this database user could rewrite facts; serve as a member of yika_app")


def _asked_to_stop(_signum: int, _frame: FrameType | None) -> None:
    """Let waitress end as for Ctrl-C: what is being answered is answered, then the port is closed."""
    raise SystemExit(0)


@click.command("create-user")
@command()
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(users.ROLES), help="What this person may do.")
@click.option("--volunteer", help="The volunteer's number, for leaders and volunteers.")
def create_user(job: Job, *, name: str, role: str, volunteer: str | None) -> None:
    """Make a login; the password is drawn, or read from YIKA_PASSWORD."""
    acting = job.runtime.acting("cli")
    password = os.environ.get("YIKA_PASSWORD") or users.new_password(acting)
    with job.runtime.unit_of_work() as uow:
        users.create_user(uow, acting, name, role=role, password=password, volunteer=volunteer)
        uow.commit()
    job.answer({"user": name, "password": password}, f"user {name}, password {password}")


@click.command("create-token")
@command()
@click.argument("name")
@click.option("--scope", required=True, type=click.Choice(users.SCOPES), help="What the token may do.")
def create_token(job: Job, *, name: str, scope: str) -> None:
    """Make a bearer token for the open API; shown once."""
    with job.runtime.unit_of_work() as uow:
        token = users.create_token(uow, job.runtime.acting("cli"), name, scope=scope)
        uow.commit()
    job.answer({"token": token}, token)


@click.command("add-kiosk")
@command()
@click.argument("name")
@click.option("--site", required=True, help="Id or name of the site; a new one is made for a new name.")
@click.option("--desk", is_flag=True, help="Let staff make cards at its reader.")
def add_kiosk(job: Job, *, name: str, site: str, desk: bool) -> None:
    """Register a kiosk and give its one-time code."""
    runtime = job.runtime
    acting = runtime.acting("cli")
    with runtime.unit_of_work() as uow:
        sites = {row["site_id"]: row["name"] for row in uow.rows("sites").rows()}
        site_id = next((key for key, named in sites.items() if site in {key, named}), None)
        if site_id is None:
            set_sites(uow, acting, [SiteSpec(site_id=(site_id := acting.ids()), name=site)])
        added = kiosks.add_kiosk(uow, acting, name, site_id=site_id)
        if desk:
            kiosks.make_desk(uow, acting, added.kiosk_id, is_desk=True)
        uow.commit()
    words = f"kiosk {added.kiosk_id}\n{added.code}\n{_picture(added.code)}"
    job.answer({"kiosk": added.kiosk_id, "code": added.code, "expires_at": _moment(added.expires_at)}, words)


@click.command("register-card")
@command()
@click.option("--volunteer", required=True, help="The volunteer's number.")
@click.option("--uid", help="The chip's number in hex.")
@click.option("--ndef", is_flag=True, help="Make a credential to be written to that chip.")
@click.option("--challenge", is_flag=True, help="The same for an NTAG 424 DNA, which kiosks will challenge.")
@click.option("--expires", help="Last valid day, such as 2028-12-31.")
def register_card(
    job: Job, *, volunteer: str, uid: str | None, ndef: bool, challenge: bool, expires: str | None
) -> None:
    """Register a card; it replaces the person's active one. Without --uid: a new printed code.

    Where the policy active_cards_per_person allows several, the one longest in use goes, and only when there
    is room for no more; nothing is asked.
    """
    if (ndef or challenge) and not uid:
        raise click.UsageError("--ndef and --challenge need --uid: the credential holds on one chip only")
    acting = job.runtime.acting("cli")
    last = _day(expires) if expires else None
    with job.runtime.unit_of_work() as uow:
        if uid is None:
            card = cards.register_static(uow, acting, volunteer, expires=last)
        elif challenge:
            card = cards.register_challenge(uow, acting, volunteer, uid=_uid(uid), expires=last)
        elif ndef:
            card = cards.register_bound(uow, acting, volunteer, uid=_uid(uid), expires=last)
        else:
            card = cards.register_uid(uow, acting, volunteer, uid=_uid(uid))
        uow.commit()
    answer = {"card": card.card_id}
    if card.credential is not None:
        content = to_ndef(card.credential).hex() if uid else card.credential.text
        answer["ndef" if uid else "credential"] = content
    job.answer(answer, "\n".join(answer.values()))


@click.group()
def policy() -> None:
    """Settings that communities decide differently."""


@policy.command("get")
@command()
@click.argument("name", required=False)
def policy_get(job: Job, *, name: str | None) -> None:
    """Show one setting or all, as they hold now."""
    with job.runtime.reading() as uow:
        held = policies.policy_at(uow, job.runtime.clock())
    if name is not None and name not in held:
        policies.checked(name, None)
    shown = {name: held[name]} if name is not None else held
    job.answer(shown, "\n".join(f"{key} = {json.dumps(value)}" for key, value in shown.items()))


@policy.command("set")
@command()
@click.argument("name")
@click.argument("value")
@click.option(
    "--from", "start", envvar="YIKA_POLICY_SET_FROM", help="The date from which it holds; now when left out."
)
def policy_set(job: Job, *, name: str, value: str, start: str | None) -> None:
    """Let a setting hold from a date on; what was before stays, except what the date reaches back to."""
    try:
        read = json.loads(value)
    except ValueError:
        read = value
    runtime = job.runtime
    acting = runtime.acting("cli")
    holds_from = day_start(_day(start).isoformat()) if start else acting.now
    with runtime.unit_of_work() as uow:
        policies.set_policy(uow, acting, name, read, holds_from=holds_from)
        if holds_from < acting.now:
            reproject_since(uow, acting, holds_from)
        uow.commit()
    job.answer({name: read, "from": _moment(holds_from)}, f"{name} = {json.dumps(read)}")


def _uid(text: str) -> bytes:
    try:
        return bytes.fromhex(text.replace(":", ""))
    except ValueError as error:
        raise Invalid(
            f"a chip's number is hex, such as 04A1B2C3D4E5F6, not {text}",
            zh=f"芯片编号是十六进制数，如 04A1B2C3D4E5F6，不能是 {text}。",
        ) from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadConfig(
            f"a date is written 2026-12-31, not {text}",
            zh=f"日期请写成 2026-12-31 这样的格式，不能是 {text}。",
        ) from error


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat().replace("+00:00", "Z")


def _picture(code: str) -> str:
    """A code in half blocks, light on dark as terminals are."""
    rows = any_matrix(code)
    rows += [[False] * len(rows[0])] * (len(rows) % 2)
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join("".join(_BLOCKS[a, b] for a, b in zip(*pair, strict=True)) for pair in pairs)


_BLOCKS = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
