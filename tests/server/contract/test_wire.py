"""The wire: what is written can be read, what is not of this contract is refused by one error."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.contract import wire
from server.contract.wire import (
    ClockSample,
    EventResult,
    Kind,
    Manifest,
    Push,
    PushedEvent,
    PushReply,
    Shown,
    TapEvent,
    WireError,
)

TEXT = st.text(max_size=20)
NUMBER = st.integers(-(1 << 53), 1 << 53)
EVENT = TapEvent(
    event_id="0193",
    kiosk_id="hub",
    journal_id="j1",
    seq=1,
    boot_id="b1",
    uptime_ms=5,
    wall=0,
    clock="unsynced",
    card_id="c1",
    medium="nfc",
    proof="uid",
)
PUSH = Push(
    kiosk_id="hub",
    journal_id="j1",
    prior_journal=None,
    prior_head=None,
    from_seq=1,
    prev="00" * 32,
    head="11" * 32,
    sent=ClockSample(boot_id="b1", uptime_ms=9, wall=0, clock="unsynced"),
    events=(PushedEvent("0a0b", "{}"),),
)
REPLY = PushReply(
    journal_id="j1",
    results=(EventResult(1, "aa", "stored"), EventResult(2, "bb", "quarantined", "forked")),
    server_time=5,
    roster_version=3,
)
EVENTS = st.builds(
    TapEvent,
    event_id=TEXT,
    kiosk_id=TEXT,
    journal_id=TEXT,
    seq=st.integers(1, 1 << 53),
    boot_id=TEXT,
    uptime_ms=st.integers(0, 1 << 53),
    wall=NUMBER,
    clock=st.sampled_from(["synced", "unsynced"]),
    card_id=TEXT,
    medium=st.sampled_from(["nfc", "qr", "touch"]),
    proof=st.sampled_from(["none", "uid", "static", "signed", "rotating", "challenge"]),
    evidence=st.dictionaries(TEXT, st.one_of(TEXT, NUMBER, st.none(), st.booleans()), max_size=3),
    volunteer=st.none() | TEXT,
    activity_id=st.none() | TEXT,
    activity_by=st.sampled_from(["chosen", "planned", "default"]),
    role=st.sampled_from(["desk", "checkpoint"]),
    action=st.sampled_from([str(action) for action in wire.Action]),
    target=st.none() | TEXT,
    members=st.lists(TEXT, max_size=3).map(tuple),
    shown=st.sampled_from([str(shown) for shown in Shown]),
    roster_version=st.none() | NUMBER,
    policy_version=st.none() | NUMBER,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def changed(value, **changes):
    """A dataclass as JSON with some fields replaced; ``...`` drops one."""
    raw = asdict(value) | changes
    return json.dumps({key: item for key, item in raw.items() if item is not ...}).encode()


@given(EVENTS)
def test_an_event_reads_back_as_it_was_written(event):
    """Byte for byte: what was hashed can be made again."""
    assert TapEvent.from_bytes(event.to_bytes()) == event
    assert TapEvent.from_bytes(event.to_bytes()).to_bytes() == event.to_bytes()


def test_an_event_is_stored_in_exactly_these_bytes():
    """They are hashed and lie in journals for years: a change here breaks every chain."""
    event = replace(
        EVENT, members=("M1", "M2"), volunteer="王", evidence={"step": 7, "digest": "ab"}, target="e0"
    )
    expected = (
        '{"action":"auto","activity_by":"default","activity_id":null,"boot_id":"b1","card_id":"c1",'
        '"clock":"unsynced","event_id":"0193","evidence":{"digest":"ab","step":7},"journal_id":"j1",'
        '"kiosk_id":"hub","medium":"nfc","members":["M1","M2"],"policy_version":null,"proof":"uid",'
        '"role":"desk","roster_version":null,"seq":1,"shown":"shift_started","target":"e0","uptime_ms":5,'
        '"v":1,"volunteer":"王","wall":0}'
    )
    assert event.to_bytes().decode() == expected


@given(EVENTS)
def test_an_event_leaves_no_field_out(event):
    """Canonical JSON of everything that it holds."""
    assert event.to_bytes() == wire.canonical(asdict(event))


def test_pushes_and_answers_leave_no_field_out():
    """Canonical JSON, nested parts included."""
    assert wire.push_to_bytes(PUSH) == wire.canonical(asdict(PUSH))
    asking = replace(REPLY, resend_from=7)
    assert wire.reply_to_bytes(asking) == wire.canonical(asdict(asking))
    assert b"resend_from" not in wire.reply_to_bytes(REPLY), "kiosks of an earlier release know no such field"


@settings(deadline=None)
@given(st.sampled_from([TapEvent.from_bytes, wire.push_from_bytes, wire.reply_from_bytes]), st.data())
def test_anything_else_raises_the_one_error(read, data):
    """Arbitrary JSON, and good messages with one field replaced by anything."""
    good = {"from_bytes": EVENT, "push_from_bytes": PUSH, "reply_from_bytes": REPLY}[read.__name__]
    raw = data.draw(JSON)
    if data.draw(st.booleans()):
        field = data.draw(st.sampled_from(sorted(asdict(good))))
        raw = asdict(good) | {field: raw}
    try:
        found = read(json.dumps(raw).encode())
    except WireError:
        return
    assert isinstance(found, type(good))


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"\xff\xfe", b"[]", b"null", b"[" * 100_000, b'{"a": NaN}', b'{"a": "\\ud800"}'],
)
def test_what_is_no_json_object_of_text_is_refused(body):
    """HTML, cut short, too deep, half a character."""
    for read in (TapEvent.from_bytes, wire.push_from_bytes, wire.reply_from_bytes):
        with pytest.raises(WireError):
            read(body)


def test_a_whole_surrogate_pair_is_text():
    """Escaped or not, a rare name is a name."""
    body = changed(EVENT, volunteer="\U00020bb7")
    assert b"\\ud842" in body
    assert TapEvent.from_bytes(body).volunteer == "\U00020bb7"


@pytest.mark.parametrize(
    "changes",
    [
        {"seq": 0},
        {"seq": True},
        {"seq": 1.0},
        {"uptime_ms": -1},
        {"v": 2},
        {"clock": "maybe"},
        {"members": "M1"},
        {"members": [1]},
        {"evidence": []},
        {"event_id": None},
        {"volunteer": 5},
        {"card_id": "x" * 201},
        {"roster_version": "1"},
        {"wall": 1 << 60},
        {"shown": "green"},
        {"surplus": 1},
        {"event_id": ...},
    ],
)
def test_an_event_with_a_wrong_field_is_refused(changes):
    """Each field has its type, range or closed list; none is missing, none is surplus."""
    with pytest.raises(WireError):
        TapEvent.from_bytes(changed(EVENT, **changes))


def test_optional_fields_may_be_missing():
    """An older kiosk says less."""
    names = ("evidence", "volunteer", "members", "roster_version", "policy_version", "target")
    assert TapEvent.from_bytes(changed(EVENT, **dict.fromkeys(names, ...))) == replace(EVENT)
    assert TapEvent.from_bytes(changed(EVENT, roster_version=None)).roster_version is None


@given(st.lists(st.builds(PushedEvent, st.binary(max_size=4).map(bytes.hex), TEXT), max_size=3))
def test_a_push_reads_back(events):
    """With any bodies: a wrong event is not the envelope's error."""
    push = replace(PUSH, events=tuple(events))
    assert wire.push_from_bytes(wire.push_to_bytes(push)) == push


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"from_seq": 0},
        {"from_seq": "1"},
        {"prev": "xy"},
        {"head": None},
        {"events": [{"salt": "zz", "body": ""}]},
        {"events": [{"salt": "00"}]},
        {"events": [{"salt": "00", "body": ""}] * 501},
        {"events": None},
        {"sent": {"boot_id": "b", "uptime_ms": "x", "wall": 0, "clock": "synced"}},
        {"sent": {"boot_id": 1, "uptime_ms": 0, "wall": 0, "clock": "synced"}},
        {"sent": {}},
        {"kiosk_id": 7},
        {"prior_journal": {}},
        {"prior_head": 3},
        {"surplus": 1},
        {"journal_id": ...},
    ],
)
def test_a_push_in_another_form_is_refused(changes):
    """The envelope is all or nothing."""
    with pytest.raises(WireError):
        wire.push_from_bytes(changed(PUSH, **changes))


def test_an_answer_reads_back_and_any_other_form_is_refused():
    """A lying answer acknowledges nothing."""
    for reply in (REPLY, replace(REPLY, resend_from=7)):
        assert wire.reply_from_bytes(wire.reply_to_bytes(reply)) == reply
    result = {"seq": 1, "hash": "aa", "status": "stored"}
    for changes in (
        {"v": 2},
        {"server_time": "now"},
        {"results": [result | {"status": "perhaps"}]},
        {"results": [result | {"seq": None}]},
        {"results": [{}]},
        {"results": ...},
        {"journal_id": 5},
        {"roster_version": None},
        {"surplus": 1},
        {"resend_from": 0},
        {"resend_from": "1"},
    ):
        with pytest.raises(WireError):
            wire.reply_from_bytes(changed(REPLY, **changes))


def test_every_outcome_belongs_to_one_family():
    """Four families: each has a colour, a shape and a tone."""
    assert Shown.SHIFT_STARTED.kind is Shown.ACTIVITY_CHANGED.kind is Kind.ACCEPTED
    assert Shown.ALREADY_DONE.kind is Kind.REPEATED
    assert Shown.CARD_LOST.kind is Shown.TRAINING_MISSING.kind is Kind.REFUSED
    assert Shown.READER_LOST.kind is Shown.KIOSK_REVOKED.kind is Kind.BROKEN
    assert len(Shown) == 11 + 1 + 13 + 4


def test_canonical_json_has_one_form():
    """Keys sorted, no white space, UTF-8 as it is, no NaN."""
    assert wire.canonical({"b": 1, "a": "卡"}) == '{"a":"卡","b":1}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        wire.canonical(float("nan"))


def test_a_uuid7_carries_its_time_version_and_variant():
    """RFC 9562; ten random bytes come from outside."""
    found = wire.uuid7(0x0123456789AB, bytes(range(10)))
    assert found == "01234567-89ab-7001-8203-040506070809"
    with pytest.raises(WireError):
        wire.uuid7(0, b"short")


def test_the_chain_binds_each_event_to_all_before_it():
    """And sealing keeps the inner hash, so that the chain stays provable."""
    first = PushedEvent("00ff", "body")
    assert first.inner() == wire.inner_hash(b"\x00\xff", b"body")
    start = wire.genesis("hub", "j1", None)
    assert start != wire.genesis("hub", "j2", None) != wire.genesis("hub", "j2", start)
    assert wire.chain_hash(start, first.inner()) != wire.chain_hash(first.inner(), start)


def test_nothing_that_is_signed_passes_for_anything_else():
    """Each kind names itself; each part changes the bytes."""
    signed = [
        wire.request_to_sign("POST", "/a", b"x", "s", 1),
        wire.request_to_sign("POST", "/a", b"x", "s", 2),
        wire.request_to_sign("GET", "/a", b"x", "s", 1),
        wire.reply_to_sign(200, b"x", "s", 1),
        wire.reply_to_sign(500, b"x", "s", 1),
        wire.session_to_sign("k", "n"),
        wire.enrolment_to_sign("code", "key", {"site": "hub"}),
        Manifest(community_id="c", kiosk_id="k", version=1, base=None, hash="h").to_sign(),
        Manifest(community_id="c", kiosk_id="k", version=2, base=None, hash="h").to_sign(),
    ]
    assert len(set(signed)) == len(signed)


def test_a_fingerprint_is_ten_letters_that_can_be_read_aloud():
    """Crockford's alphabet; another key has another."""
    found = wire.fingerprint(b"key")
    assert len(found) == 10
    assert not set(found) & set("ILOU")
    assert found != wire.fingerprint(b"other")


def test_a_lookup_key_belongs_to_one_community_and_kind():
    """A kiosk of another community finds nothing by it."""
    keys = {wire.lookup_key(c, k, b"\x01") for c in ("a", "b") for k in ("card", "uid")}
    assert len(keys) == 4
    assert all(len(key) == 32 for key in keys)


@given(
    st.dictionaries(st.sampled_from("abcd"), st.none() | st.integers(0, 3)),
    st.dictionaries(st.sampled_from("abcd"), st.none() | st.integers(0, 3)),
)
def test_a_delta_turns_the_old_roster_into_the_new(old, new):
    """The hash of the result tells."""
    applied = wire.roster_apply(old, wire.roster_delta(old, new))
    assert applied == new
    assert wire.roster_hash(applied) == wire.roster_hash(new)
