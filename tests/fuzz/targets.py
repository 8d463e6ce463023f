"""Every parser that a card, a code, a list or the wire reaches, with what must hold of it."""

import json
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from card_tools import credential, ndef, ntag424, personalise, phone_code, rows, writer
from card_tools.conversation import converse
from card_tools.errors import CardError, CardForged, CardUnreadable, ChipRefused
from hardware.keyboard_reader import EVENT, KeyboardFormat, KeyDecoder, to_read
from hardware.ports import CardRead, CardTornAway, ContentKind
from hardware.serial_scanner import LONGEST, LineSplitter
from hardware.simulated.ntag424 import Ntag424Card
from kiosk.cards import recognise
from kiosk.errors import RosterRefused
from kiosk.roster import RosterStore
from kiosk.roster_view import RosterView
from server.contract import wire
from server.errors import Invalid
from server.services import member_import
from tests.fuzz import desk_targets
from tests.fuzz.chips import (
    MASTER,
    ORDER424,
    frames,
    joined,
    ntag_order,
    ntag_seed,
    overheard,
    personalise_seed,
    playing,
    steady,
    sun_message,
)
from tests.fuzz.loop import JSON_TOKENS, Believed, Target
from tests.support.kiosk_roster import (
    CHIP,
    CHIP_UID,
    ISSUER,
    PRINTED,
    SERVER_KEY,
    card_entry,
    entries,
    signed,
)
from tests.support.kiosk_world import AT, now

TODAY = date(2026, 11, 28)
KEYS = {ISSUER.key_id: ISSUER.public_key}
DATED = ISSUER.encode_bound(CHIP_UID, b"card0003", expires=date(2027, 1, 31))
GENUINE = frozenset({PRINTED.raw, CHIP.raw, DATED.raw})
_CARD_TOKENS = (b"YIKA:", b"\r\n", b"%20", b"yika.cn:c", b"\xd4\x09\x4f", PRINTED.raw, CHIP.raw)
_LIST_TOKENS = (b"\r", b"\n", b"\r\n", b'"', b'""', b",", b"\t", b";", b"\x00", b"\xef\xbb\xbf", b"\xff\xfe")


def _credential(data: bytes) -> str:
    found = credential.decode(data)
    credential.verify(found, KEYS, today=TODAY, uid=CHIP_UID)
    if found.raw not in GENUINE:
        raise Believed(found.raw.hex())
    return found.proof


PHONE = ec.derive_private_key(7, ec.SECP256R1())
PHONE_ID = b"phone001"
PHONE_PUBLIC = PHONE.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
STEP = phone_code.step_at(AT)


def _phone_signature(message: bytes) -> bytes:
    r, s = decode_dss_signature(PHONE.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True)))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


CODE = phone_code.encode(PHONE_ID, STEP, _phone_signature)


def _phone_code(data: bytes) -> str:
    found = phone_code.decode(data)
    proof = phone_code.verify(found, PHONE_PUBLIC, now=AT, last_step=STEP - 5, clock_synced=True)
    # Of an ECDSA signature (r, s) also (r, n - s) holds: the same words by the same phone, good once.
    if found.raw[: phone_code.SIGNED_LENGTH] != CODE.raw[: phone_code.SIGNED_LENGTH]:
        raise Believed(found.raw.hex())
    return proof


def _ndef(data: bytes) -> str:
    return ndef.from_ndef(data).proof


def _type2(data: bytes) -> bool:
    return bool(ndef.from_type2(data))


PHONE_ENTRY = f"card:{wire.lookup_key('com1', 'card', PHONE_ID)}"
ROSTER = RosterView(
    1,
    entries(
        **{
            PHONE_ENTRY: card_entry(
                "M0001", PHONE_ID.hex(), proof="rotating", public=PHONE_PUBLIC.hex(), name=None
            )
        }
    ),
)
_DIGESTS = frozenset(credential.digest(credential.Credential(raw)) for raw in GENUINE)


def _kiosk(data: bytes) -> str:
    """What a reader delivers, judged as the kiosk does; it never fails, it says a word."""
    head, content = data[:1], data[1:]
    choice = head[0] if head else 0
    kind = (ContentKind.NDEF, ContentKind.TEXT, ContentKind.UNREADABLE, ContentKind.NONE)[choice & 3]
    # A chip's number is looked up under a slow key, once each: one of every length, not one an input.
    uid = (CHIP_UID, b"\x08\x01\x02\x03", b"", bytes(min(len(content), 10)))[choice >> 2 & 3]
    medium = "qr" if choice & 16 else "nfc"
    read = CardRead(medium=medium, uid=uid, content=content, content_kind=kind)
    seen = recognise(read, ROSTER, now(), last_step=lambda _: None)
    ours = seen.evidence.get("digest") in _DIGESTS or seen.evidence.get("step") == STEP
    if seen.genuine and not ours:
        raise Believed(repr(seen))
    return f"{seen.fault} {seen.proof} {seen.name is not None}"


SUN_MESSAGES = {sun_message(CHIP_UID, counter): counter for counter in (5, 6, 0xFFFFFF)}
_META, _SUN = (ntag424.key_for(MASTER, CHIP_UID, n) for n in (ntag424.META_KEY, ntag424.SUN_KEY))


def _sun(data: bytes) -> int:
    enc = data[24:] or None
    message = ntag424.decrypt_sun(_META, _SUN, data[:16], data[16:24], enc=enc)
    if SUN_MESSAGES.get(data[:24]) != message.counter or message.uid != CHIP_UID:
        raise Believed(data.hex())
    return message.counter


def _ev2_talk(transceive: Callable[[bytes], bytes]) -> bytes:
    session = ntag424.ev2_first(MASTER, 1, transceive, rnd_a=steady(16))
    return session.card_uid(transceive)


def _ev2_seed() -> bytes:
    card = Ntag424Card(CHIP_UID, lambda count: bytes(count), keys=[MASTER] * 5)
    card.activate()
    card.apdu(ntag424.SELECT_APPLICATION)
    transceive, said = overheard(card.apdu)
    assert _ev2_talk(transceive) == CHIP_UID
    return joined(said)


EV2 = _ev2_seed()


def _ev2(data: bytes) -> int:
    uid = _ev2_talk(playing(data))
    if [*frames(data)][:3] != [*frames(EV2)]:
        raise Believed(data.hex())
    return len(uid)


def _writer(data: bytes) -> str:
    return converse(writer.issue(ntag_order()), playing(data)).model


def _personalise(data: bytes) -> str:
    return converse(personalise.issue(ORDER424, entropy=steady), playing(data)).model


_FORMATS = (
    KeyboardFormat(),
    KeyboardFormat(base="hex", order="reversed", uid_bytes=7, digits=14),
    KeyboardFormat(base="text"),
)


def _typed(text: str, codes: dict[str, int]) -> bytes:
    events = [(1, codes[key], value) for key in text for value in (1, 0)]
    return b"".join(EVENT.pack(5, 0, *event) for event in [*events, (1, 28, 1)])


_DIGIT_KEYS = {"0": 11} | {str(n): n + 1 for n in range(1, 10)}


def _keyboard(data: bytes) -> int:
    decoder, middle = KeyDecoder(), len(data) // 2
    lines = [*decoder.feed(data[:middle]), *decoder.feed(data[middle:])]
    for line in lines:
        for form in _FORMATS:
            read = to_read(line, form, reader="r", now=0)
            if read.uid and len(read.uid) != form.uid_bytes:
                raise Believed(read.uid.hex())
    return min(len(lines), 3)


def _serial(data: bytes) -> int:
    splitter, middle = LineSplitter(), len(data) // 2
    lines = [*splitter.feed(data[:middle]), *splitter.feed(data[middle:])]
    for line in lines:
        if not 0 < len(line) <= LONGEST or b"\r" in line or b"\n" in line:
            raise Believed(line.hex())
    return min(len(lines), 3)


def _rows(data: bytes) -> str:
    good, faults = rows.read_rows(data, today=TODAY)
    if len({row.number for row in good}) < len(good):
        raise Believed("a number was taken twice")
    return f"{min(len(good), 3)} {min((fault.field for fault in faults), default=None)}"


def _members(data: bytes) -> str:
    text = member_import.decode(data)
    known = {"number": "M0001", "name": "王英", "phone": "13800000000", "birth": None}
    result = member_import.read_members(text, today="2026-11-28", teams={"平安": "t1"}, registered=[known])
    codes = (fault.code for row in result.bad for fault in row.faults)
    return f"{min(len(result.good), 3)} {min(codes, default=None)}"


_EVENT = wire.TapEvent(
    event_id="0193",
    kiosk_id="hub",
    journal_id="j1",
    seq=1,
    boot_id="b1",
    uptime_ms=5,
    wall=AT,
    clock="synced",
    card_id="c1",
    medium="nfc",
    proof="signed",
    evidence={"digest": "ab" * 32},
    members=("M0001",),
)
_SENT = wire.ClockSample(boot_id="b1", uptime_ms=9, wall=AT, clock="synced")
_PUSH = wire.Push(
    kiosk_id="hub",
    journal_id="j1",
    prior_journal="j0",
    prior_head="22" * 32,
    from_seq=1,
    prev="00" * 32,
    head="11" * 32,
    sent=_SENT,
    events=(wire.PushedEvent("0a0b", _EVENT.to_bytes().decode()),),
)
_REPLY = wire.PushReply(
    journal_id="j1",
    results=(wire.EventResult(1, "aa", "stored"), wire.EventResult(2, "bb", "quarantined", "forked")),
    server_time=AT,
    roster_version=3,
)


def _event(data: bytes) -> str:
    event = wire.TapEvent.from_bytes(data)
    if wire.TapEvent.from_bytes(event.to_bytes()) != event:
        raise Believed("an event that cannot be written and read again")
    return event.shown


def _push(data: bytes) -> int:
    push = wire.push_from_bytes(data)
    if wire.push_from_bytes(wire.push_to_bytes(push)) != push:
        raise Believed("a push that cannot be written and read again")
    return min(3, len({event.inner() for event in push.events}))


def _reply(data: bytes) -> int:
    reply = wire.reply_from_bytes(data)
    if wire.reply_from_bytes(wire.reply_to_bytes(reply)) != reply:
        raise Believed("an answer that cannot be written and read again")
    return min(3, len(reply.results))


_WHOLE = {name: entries()[name] for name in ("community", "site", "policy", "volunteer:M0001", "plan:p1")}
_SMALLER = {name: value for name, value in _WHOLE.items() if not name.startswith("plan:")}
_SIGNED = (signed(_WHOLE, 5), signed(_SMALLER, 6, base=(5, _WHOLE)))
_HASHES = frozenset(body["manifest"]["hash"] for body in _SIGNED)
_FOLDER = tempfile.TemporaryDirectory(prefix="yika-fuzz-")


def _roster(data: bytes) -> str:
    body = json.loads(data)
    path = Path(_FOLDER.name) / "roster.json"
    path.unlink(missing_ok=True)
    store = RosterStore(path, community_id="com1", kiosk_id="k1", server_key=SERVER_KEY)
    store.apply(body)
    if store.hash not in _HASHES:
        raise Believed(str(store.hash))
    return "taken"


def _bytes_of(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


_ROW_LIST = (
    "编号,姓名,队伍,颜色,有效期,芯片号\nM0001,王小明,平安美湖,#1F4E8C,2028-12-31,04A1B2C3D4E5F6\n"
    'M0002,"李,四",,,2028/1/2,\nM0002,重复,,红,2019-13-40,zz\n'
)
_MEMBER_LIST = (
    "姓名,编号,性别,出生日期,手机,团队,监护人,监护人电话,监护人同意,同意\n"
    "张三,M0009,男,1956-02-29,13912345678,平安,,,,是\n李四,,女,2014年3月1日,,,李父,13800000001,是,是\n"
    "王英,M0001,?,1800-01-01,x,没有,,,,否\n"
)

TARGETS = {
    target.name: target
    for target in (
        Target(
            name="credential",
            run=_credential,
            seeds=(PRINTED.raw, CHIP.raw, DATED.raw, PRINTED.text.encode(), DATED.text.encode()),
            refusals=(CardError,),
            tokens=_CARD_TOKENS,
        ),
        Target(
            name="phone_code",
            run=_phone_code,
            seeds=(CODE.raw, CODE.text.encode()),
            refusals=(CardError,),
            tokens=_CARD_TOKENS,
        ),
        Target(
            name="ndef",
            run=_ndef,
            seeds=(ndef.to_ndef(CHIP), ORDER424.content[2:], b"\xd1\x01\x81T\x02zh" + PRINTED.text.encode()),
            refusals=(CardUnreadable,),
            tokens=_CARD_TOKENS,
        ),
        Target(
            name="type2",
            run=_type2,
            seeds=(ndef.to_type2(ndef.to_ndef(CHIP)), ndef.to_type2(bytes(300)), b"\x00\x00\xfe"),
            refusals=(CardUnreadable,),
        ),
        Target(
            name="kiosk",
            run=_kiosk,
            seeds=(
                b"\x00" + ndef.to_ndef(CHIP),
                b"\x11" + PRINTED.text.encode(),
                b"\x11" + CODE.text.encode(),
                b"\x01" + CHIP.raw,
                b"\x0f" + CHIP_UID,
            ),
            refusals=(),
            tokens=_CARD_TOKENS,
        ),
        Target(name="sun", run=_sun, seeds=tuple(SUN_MESSAGES), refusals=(CardForged,)),
        Target(name="ev2", run=_ev2, seeds=(EV2,), refusals=(CardForged, ChipRefused, CardTornAway)),
        Target(
            name="writer",
            run=_writer,
            seeds=(ntag_seed("ntag213"), ntag_seed("ntag216")),
            refusals=(CardError, CardTornAway),
        ),
        Target(
            name="personalise",
            run=_personalise,
            seeds=(personalise_seed(finished=False), personalise_seed(finished=True)),
            refusals=(CardError, CardTornAway),
        ),
        Target(
            name="keyboard",
            run=_keyboard,
            seeds=(_typed("4022250974", _DIGIT_KEYS), _typed("0" * 14, _DIGIT_KEYS)),
            refusals=(),
            tokens=(EVENT.pack(5, 0, 1, 28, 1), EVENT.pack(0, 0, 0, 3, 0), EVENT.pack(-1, -1, 1, 42, 1)),
        ),
        Target(
            name="serial",
            run=_serial,
            seeds=(PRINTED.text.encode() + b"\r\n", b"\x00" * 3000 + b"\r" + b"x\n\n"),
            refusals=(),
            tokens=(b"\r", b"\n", b"x" * 1600),
        ),
        Target(
            name="rows",
            run=_rows,
            seeds=tuple(_ROW_LIST.encode(code) for code in ("utf-8-sig", "gb18030", "utf-16")),
            refusals=(CardUnreadable,),
            tokens=_LIST_TOKENS,
        ),
        Target(
            name="members",
            run=_members,
            seeds=tuple(_MEMBER_LIST.encode(code) for code in ("utf-8-sig", "gb18030")),
            refusals=(Invalid,),
            tokens=_LIST_TOKENS,
        ),
        Target(
            name="event",
            run=_event,
            seeds=(_EVENT.to_bytes(), _EVENT.to_bytes().decode().encode("utf-16")),
            refusals=(wire.WireError,),
            tokens=JSON_TOKENS,
        ),
        Target(
            name="push",
            run=_push,
            seeds=(wire.push_to_bytes(_PUSH),),
            refusals=(wire.WireError,),
            tokens=JSON_TOKENS,
        ),
        Target(
            name="reply",
            run=_reply,
            seeds=(wire.reply_to_bytes(_REPLY),),
            refusals=(wire.WireError,),
            tokens=JSON_TOKENS,
        ),
        Target(
            name="roster",
            run=_roster,
            seeds=tuple(_bytes_of(body) for body in _SIGNED),
            # What is no JSON at all is refused before the roster sees it (kiosk/server_client.py).
            refusals=(RosterRefused, json.JSONDecodeError, UnicodeDecodeError, RecursionError),
            tokens=JSON_TOKENS,
        ),
        *desk_targets.TARGETS,
    )
}
