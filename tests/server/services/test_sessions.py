"""Sessions end, codes run out, and a kiosk that nobody enrolled gets nothing."""

import pytest

from server.contract.rules import HOUR, MINUTE
from server.contract.wire import request_to_sign, session_to_sign
from server.db.copies import step_ahead
from server.errors import KioskError, NotFound
from server.services.kiosks import add_kiosk, enrol, new_code, normal_code, revoke_kiosk
from server.services.sessions import SignedRequest, check_request, give_nonce, open_session


def opened(bench, kiosk) -> str:
    with bench.uow("") as uow:
        nonce = give_nonce(uow, bench.acting(), kiosk.kiosk_id)
        signature = kiosk.key.sign(session_to_sign(kiosk.kiosk_id, nonce)).hex()
        session = open_session(uow, bench.acting(), kiosk.kiosk_id, nonce=nonce, signature=signature)
        uow.commit()
    return session


def ask(bench, kiosk, session: str, counter: int):
    signature = kiosk.key.sign(request_to_sign("GET", "/x", b"", session, counter)).hex()
    request = SignedRequest(
        method="GET", target="/x", body=b"", session=session, counter=counter, signature=signature
    )
    with bench.uow("") as uow:
        known = check_request(uow, bench.acting(), request)
        uow.commit()
    return known


def test_a_session_lasts_fifteen_minutes(bench) -> None:
    kiosk = bench.kiosk()
    session = opened(bench, kiosk)
    bench.now += 15 * MINUTE - 1
    assert ask(bench, kiosk, session, 1).kiosk_id == kiosk.kiosk_id
    bench.now += 1
    with pytest.raises(KioskError, match="session unknown"):
        ask(bench, kiosk, session, 2)


def test_nothing_from_before_a_restore_counts_after_it(bench, shelf) -> None:
    """A backup does not know how far a session's numbers had come: what is late would count."""
    kiosk = bench.kiosk()
    session = opened(bench, kiosk)
    with bench.uow("") as uow:
        nonce = give_nonce(uow, bench.acting(), kiosk.kiosk_id)
        uow.commit()
    step_ahead(shelf.open(bench.store.owner), bench.acting().now)
    with pytest.raises(KioskError, match="session unknown"):
        ask(bench, kiosk, session, 1)
    signature = kiosk.key.sign(session_to_sign(kiosk.kiosk_id, nonce)).hex()
    with bench.uow("") as uow, pytest.raises(KioskError, match="nonce unknown"):
        open_session(uow, bench.acting(), kiosk.kiosk_id, nonce=nonce, signature=signature)
    assert ask(bench, kiosk, opened(bench, kiosk), 1).kiosk_id == kiosk.kiosk_id


def test_the_counter_only_rises(bench) -> None:
    kiosk = bench.kiosk()
    session = opened(bench, kiosk)
    ask(bench, kiosk, session, 5)
    for counter in (5, 4, 0):
        with pytest.raises(KioskError, match="counter replayed"):
            ask(bench, kiosk, session, counter)
    assert ask(bench, kiosk, session, 6).revoked is False


def test_a_nonce_runs_out(bench) -> None:
    kiosk = bench.kiosk()
    with bench.uow("") as uow:
        nonce = give_nonce(uow, bench.acting(), kiosk.kiosk_id)
        uow.commit()
    bench.now += 3 * MINUTE
    signature = kiosk.key.sign(session_to_sign(kiosk.kiosk_id, nonce)).hex()
    with bench.uow("") as uow, pytest.raises(KioskError, match="signature invalid"):
        open_session(uow, bench.acting(), kiosk.kiosk_id, nonce=nonce, signature=signature)


def test_a_code_runs_out_after_a_day_and_can_be_had_anew(bench) -> None:
    added = bench.do(add_kiosk, "门口", site_id="hut")
    bench.now += 24 * HOUR
    with bench.uow("") as uow, pytest.raises(KioskError, match="older than a day"):
        enrol(uow, bench.acting(), added.code, "00" * 32)
    fresh = bench.do(new_code, added.kiosk_id)
    with bench.uow("") as uow:
        assert enrol(uow, bench.acting(), fresh.code, "00" * 32)["answer"]["kiosk_id"] == added.kiosk_id


def test_a_fresh_code_ends_the_ones_before_it(bench) -> None:
    added = bench.do(add_kiosk, "门口", site_id="hub")
    fresh = bench.do(new_code, added.kiosk_id)
    with bench.uow("") as uow, pytest.raises(KioskError, match="code unknown"):
        enrol(uow, bench.acting(), added.code, "ab" * 32)
    with bench.uow("") as uow:
        assert enrol(uow, bench.acting(), fresh.code, "ab" * 32)["answer"]["kiosk_id"] == added.kiosk_id


def test_no_code_that_was_left_over_revives_a_revoked_kiosk(bench) -> None:
    """A slip of paper with an unused code must not undo what staff decided about a stolen machine."""
    added = bench.do(add_kiosk, "门口", site_id="hub")
    bench.do(revoke_kiosk, added.kiosk_id)
    with bench.uow("") as uow, pytest.raises(KioskError, match="code unknown"):
        enrol(uow, bench.acting(), added.code, "ab" * 32)


def test_a_kiosk_that_never_enrolled_gets_no_nonce(bench) -> None:
    added = bench.do(add_kiosk, "门口", site_id="hut")
    with bench.uow("") as uow, pytest.raises(KioskError, match="not enrolled"):
        give_nonce(uow, bench.acting(), added.kiosk_id)


def test_a_kiosk_needs_a_site(bench) -> None:
    with pytest.raises(NotFound):
        bench.do(add_kiosk, "门口", site_id="nowhere")


@pytest.mark.parametrize(
    "typed", ["abcde01234-fghjk56789", " ABCDE o1234 FGHJK56789 ", "ABCDE-0i234-fghjk-56789"]
)
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    """Case, spaces and dashes do not matter; O is 0, I and L are 1."""
    assert normal_code(typed) == "ABCDE01234-FGHJK56789"
