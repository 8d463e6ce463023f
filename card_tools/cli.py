"""``yika-cards``: make keys, issue, print, write, read and verify cards, in a workshop without a server.

Exit 0: all well. Exit 1: a card, a row or a chip is not well. Exit 2: used wrongly, or something is missing.
With ``--json`` standard output holds one JSON value and nothing else; words for people go to standard error.
"""

import json
import secrets
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import date, datetime
from functools import wraps
from inspect import cleandoc
from pathlib import Path
from typing import Any, ParamSpec

import click

from card_tools import image, keys, ndef, rows, store, writer
from card_tools.credential import CARD_ID_LENGTH, Credential, Issuer, decode, verify
from card_tools.errors import CardError, CardUnreadable, FontMissing, KeyFault, LogoUnsuitable, RowFault
from card_tools.words import both
from card_tools.words import translate as _

P = ParamSpec("P")
_PATH = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_DAY = click.DateTime(["%Y-%m-%d"])

as_json = click.option(
    "--json", "as_json", is_flag=True, envvar="YIKA_CARDS_JSON", help="Standard output holds only JSON."
)
key_option = click.option(
    "--key",
    envvar="YIKA_CARDS_KEY",
    type=_PATH,
    required=True,
    help="The issuer's private key (PEM, mode 0600).",
)
secret_option = click.option(
    "--chip-secret",
    envvar="YIKA_CARDS_CHIP_SECRET",
    type=_PATH,
    required=True,
    help="The secret from which chips get their passwords.",
)
ring_option = click.option(
    "--ring",
    envvar="YIKA_CARDS_RING",
    type=_PATH,
    multiple=True,
    required=True,
    help="A key ring: public keys, one a line. Several are allowed.",
)
today_option = click.option("--today", type=_DAY, help="Judge as of this day instead of today.")


def _say(answer: Any, words: str, *, machine: bool) -> None:
    if machine:
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        click.echo(words)


def _reporting(command: Callable[P, None]) -> Callable[P, None]:
    """Turn a card's fault into exit 1 and a missing thing into exit 2, in the form that was asked for."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        machine = bool(kwargs.get("as_json"))
        try:
            command(*args, **kwargs)
        except CardError as error:
            _fail(error.word, error.zh, error, 1, machine=machine)
        except (KeyFault, FontMissing, LogoUnsuitable) as error:
            _fail("setup", error.zh, error, 2, machine=machine)
        except OSError as error:
            zh = f"{error.filename or '文件'} 用不了，请检查路径、权限和磁盘空间。"
            _fail("setup", zh, error, 2, machine=machine)

    return run


def _fail(word: str, zh: str, error: Exception, code: int, *, machine: bool) -> None:
    if machine:
        told = {"error": word, "message": str(error), "message_zh": zh}
        click.echo(json.dumps(told, ensure_ascii=False))
    click.echo(f"{word}: {both(zh, str(error))}", err=True)
    sys.exit(code)


def _name_faults(faults: Iterable[RowFault]) -> None:
    """Each row that is left out, for people."""
    for fault in faults:
        told = both(fault.message_zh, fault.message_en)
        click.echo(_("row {number}: {fault}").format(number=fault.row, fault=told), err=True)


def _day(given: datetime | None) -> date:
    return given.date() if given else datetime.now().astimezone().date()


@click.group(context_settings={"auto_envvar_prefix": "YIKA_CARDS", "help_option_names": ["-h", "--help"]})
@click.version_option(package_name="yika")
def main() -> None:
    """Make, print, write and check volunteer cards."""


@main.command()
@click.option(
    "--key",
    envvar="YIKA_CARDS_KEY",
    type=_PATH,
    default="issuer.pem",
    show_default=True,
    help="Where the private key goes; never over another.",
)
@click.option(
    "--ring",
    envvar="YIKA_CARDS_RING",
    type=_PATH,
    default="ring.txt",
    show_default=True,
    help="The ring that its public half joins.",
)
@click.option(
    "--chip-secret", envvar="YIKA_CARDS_CHIP_SECRET", type=_PATH, help="Make this secret for chips too."
)
@click.option("--comment", default="", help="A remark beside the public key, such as place and year.")
@as_json
@_reporting
def keygen(key: Path, ring: Path, chip_secret: Path | None, comment: str, as_json: bool) -> None:
    """Make an issuer's key, and add its public half to a key ring."""
    private = keys.generate()
    issuer = Issuer(private)
    keys.save_private(key, private)
    keys.save_public(ring, issuer.public_key, comment)
    if chip_secret is not None:
        keys.save_secret(chip_secret, secrets.token_bytes(32))
    answer = {"key_id": issuer.key_id.hex(), "public_key": issuer.public_key.hex()}
    answer |= {"key": str(key), "ring": str(ring)}
    words = _("key {key_id} in {key}; its public half in {ring}").format(**answer)
    _say(answer, words, machine=as_json)


@main.command()
@click.argument("people", type=click.File("rb"))
@key_option
@click.option(
    "--out", type=_FOLDER, default="cards", show_default=True, help="Folder for cards.json and report.csv."
)
@click.option("--expires", type=_DAY, help="Last valid day of cards whose row names none.")
@today_option
@as_json
@_reporting
def issue(
    people: Any, key: Path, out: Path, expires: datetime | None, today: datetime | None, as_json: bool
) -> None:
    """Issue a card for each row of PEOPLE, a CSV file.

    Columns: 编号 number, 姓名 name, 队伍 team, 颜色 colour, 有效期 expires, 芯片号 uid. A row with a chip's
    UID gets a card bound to that chip, any other a card for printing. Wrong rows are named in report.csv and
    the others go on; exit 1 says that there were some.
    """
    issuer = keys.load_issuer(key)
    good, faults = rows.read_rows(people.read(), today=_day(today))
    cards = [_issued(issuer, row, expires.date() if expires else None) for row in good]
    out.mkdir(parents=True, exist_ok=True)
    # Only the office reads them: whoever has a card's text can print the card.
    (out / "cards.json").touch(mode=0o600)
    (out / "cards.json").chmod(0o600)
    (out / "cards.json").write_text(store.to_json(cards), "utf-8")
    (out / "report.csv").write_bytes(store.report(cards, faults))
    _name_faults(faults)
    answer = {"issued": len(cards), "faults": [asdict(f) for f in faults], "cards": str(out / "cards.json")}
    answer["report"] = str(out / "report.csv")
    words = _("{count} cards in {path}, {faults} rows refused")
    words = words.format(count=len(cards), path=answer["cards"], faults=len(faults))
    _say(answer, words, machine=as_json)
    sys.exit(1 if faults else 0)


def _issued(issuer: Issuer, row: rows.Row, expires: date | None) -> store.IssuedCard:
    card_id, last = secrets.token_bytes(CARD_ID_LENGTH), row.expires or expires
    if row.uid:
        credential = issuer.encode_bound(row.uid, card_id, expires=last)
    else:
        credential = issuer.encode_static(card_id, expires=last)
    return store.IssuedCard(
        number=row.number,
        credential=credential,
        name=row.name,
        team=row.team,
        colour=row.colour,
        uid=row.uid,
        row=row.row,
    )


@main.command(name="print")
@click.argument("cards", type=_PATH)
@click.option("--out", type=_PATH, default="cards.pdf", show_default=True, help="Where the PDF goes.")
@click.option(
    "--layout",
    type=click.Choice(["a4", "cr80", "labels"]),
    default="a4",
    show_default=True,
    help="Sheets of ten, single cards, or labels.",
)
@click.option("--community", required=True, help="Name on the card.")
@click.option("--community-en", default="", help="The same in English.")
@click.option("--contact", default="", help="Telephone or place for whoever finds a card.")
@click.option("--logo", type=_PATH, help="The community's picture for the card's upper edge, PNG or JPEG.")
@as_json
@_reporting
def print_cards(
    cards: Path,
    out: Path,
    layout: str,
    community: str,
    community_en: str,
    contact: str,
    logo: Path | None,
    as_json: bool,
) -> None:
    """Draw the CARDS of a cards.json as PDF: A4 sheets of ten, single cards, or labels."""
    # Here: opening fonts takes a second that other commands need not wait.
    from card_tools import face, sheet
    from card_tools.logo import read_logo

    issued = store.load_cards(cards)
    picture = read_logo(logo.read_bytes()) if logo else b""
    owner = face.Community(name=community, name_en=community_en, contact=contact, logo=picture)
    printed = sheet.render(
        [card.face() for card in issued], owner, layout=sheet.Layout(layout), progress=_progress
    )
    if printed.count:
        out.write_bytes(printed.pdf)
    _name_faults(printed.faults)
    answer = {"printed": printed.count, "pdf": str(out) if printed.count else None}
    words = _("{count} cards in {path}, {faults} left out")
    words = words.format(count=printed.count, path=out, faults=len(printed.faults))
    _say(answer | {"faults": [asdict(f) for f in printed.faults]}, words, machine=as_json)
    sys.exit(1 if printed.faults else 0)


def _progress(done: int, total: int) -> None:
    if done % 100 == 0 or done == total:
        click.echo(f"{done}/{total}", err=True)


@main.command()
@click.argument("cards", type=_PATH)
@click.argument("chip", type=_PATH)
@click.option("--number", required=True, help="Whose card to write.")
@click.option(
    "--kind", type=click.Choice(["ntag213", "ntag215", "ntag216"]), help="Make CHIP when it is not there."
)
@secret_option
@as_json
@_reporting
def write(cards: Path, chip: Path, number: str, kind: str | None, chip_secret: Path, as_json: bool) -> None:
    """Write one of the CARDS of a cards.json on CHIP, a card file or a dump of an NTAG's memory.

    The conversation is the one that runs on a reader; here it runs on a file, which the simulated reader
    takes as a card and other tools restore onto a chip.
    """
    card = next((c for c in store.load_cards(cards) if c.number == number), None)
    if card is None:
        told = _("{path} holds no card {number}").format(path=cards, number=number)
        raise click.BadParameter(told, param_hint="--number")
    target = image.blank(kind, card.uid) if kind and not chip.exists() else image.load(chip)
    password, pack = writer.password_for(keys.load_secret(chip_secret), target.uid)
    area = ndef.to_type2(ndef.to_ndef(card.credential))
    order = writer.Order(uid=card.uid or target.uid, area=area, password=password, pack=pack)
    done = writer.converse(writer.issue(order), target.transceive)
    image.save(target, chip)
    answer = {"chip": done.model, "uid": target.uid.hex(), "pages_written": done.pages_written}
    words = _("{model} {uid}: {pages} pages written")
    words = words.format(model=done.model, uid=answer["uid"], pages=done.pages_written)
    _say(answer, words, machine=as_json)


def _presented(source: str) -> tuple[Credential, bytes | None]:
    """The card that a person means: the text of a code, ``-`` for standard input, or a file of any form."""
    if source.startswith("YIKA:"):
        return decode(source), None
    if source == "-":
        return _from_bytes(sys.stdin.buffer.read()), None
    path = Path(source)
    try:
        return _from_bytes(path.read_bytes()), None
    except CardUnreadable:
        chip = image.load(path)
        return ndef.from_ndef(chip.message), chip.uid
    except OSError as error:
        raise CardUnreadable(
            f"{source} cannot be read: {error.strerror}", zh=f"{source} 读不出来，请检查路径和权限。"
        ) from error


def _from_bytes(content: bytes) -> Credential:
    try:
        return decode(content.strip() if content.lstrip().startswith(b"YIKA:") else content)
    except CardUnreadable:
        return ndef.from_ndef(content)


def _told(card: Credential, uid: bytes | None) -> dict[str, Any]:
    return {
        "kind": card.kind.name.lower(),
        "key_id": card.key_id.hex(),
        "card_id": card.card_id.hex(),
        "expires": str(card.expires_on) if card.expires_on else None,
        "uid": uid.hex() if uid else None,
    }


@main.command()
@click.argument("card")
@as_json
@_reporting
def read(card: str, as_json: bool) -> None:
    """Say what CARD says, believed or not.

    CARD is the text of a code, a file (text, NDEF message, card file, dump of a chip), or - for standard
    input.
    """
    credential, uid = _presented(card)
    told = _told(credential, uid)
    _say(told, "\n".join(f"{name}: {value or '-'}" for name, value in told.items()), machine=as_json)


@main.command(name="verify")
@click.argument("card")
@ring_option
@click.option("--uid", help="UID of the chip that carried it, in hex, where the file does not say.")
@today_option
@as_json
@_reporting
def verify_card(
    card: str, ring: tuple[Path, ...], uid: str | None, today: datetime | None, as_json: bool
) -> None:
    """Say whether CARD holds for one of the keys of a RING. Exit 1 with the reason when it does not."""
    credential, read_uid = _presented(card)
    try:
        chip = bytes.fromhex(uid) if uid else read_uid
    except ValueError as error:
        raise click.BadParameter(_("a UID is hex digits"), param_hint="--uid") from error
    verify(credential, keys.load_ring(ring), uid=chip, today=_day(today))
    answer = {"valid": True, "proof": credential.proof} | _told(credential, chip)
    words = _("good: proves {proof}, card {card}")
    words = words.format(proof=credential.proof, card=credential.card_id.hex())
    _say(answer, words, machine=as_json)


for _command in (main, *main.commands.values()):
    _command.help = _(cleandoc(_command.help or ""))
    for _option in _command.params:
        if isinstance(_option, click.Option):
            _option.show_envvar = True
            _option.help = _(_option.help or "")


if __name__ == "__main__":
    main()
