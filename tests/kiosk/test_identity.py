"""Who this kiosk is: enrolled once, by the very server that made the code, with a key that stays here."""

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.clock import BootClock, Sources
from kiosk.errors import EnrolmentRefused, NotEnrolled
from kiosk.identity import (
    forget_code,
    key_for,
    load_enrolment,
    load_key,
    machine_id,
    normal_code,
    save_enrolment,
    save_key,
)
from kiosk.server_client import _manager, enrol
from tests.support.kiosk_roster import SERVER_KEY
from tests.support.kiosk_server import CODE, running

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def clock() -> BootClock:
    return BootClock(Sources(ntp_synced=lambda: False, boot_id="b"))


class TestEnrolling:
    def test_a_code_makes_a_kiosk_of_this_machine(self) -> None:
        with running() as server:
            enrolment = enrol(server.url + "/", CODE, KEY, clock())
        assert (enrolment.kiosk_id, enrolment.community_id, enrolment.url) == ("k1", "com1", server.url)
        assert enrolment.server_key == SERVER_KEY.hex()

    def test_lower_case_spaces_and_look_alikes_do_not_matter(self) -> None:
        assert normal_code(" oi2345 6789-abcdefghjk ") == "0123456789-ABCDEFGHJK"
        with running() as server:
            assert enrol(server.url, CODE.lower().replace("-", " "), KEY, clock()).kiosk_id == "k1"

    @pytest.mark.parametrize(
        ("fault", "says"),
        [
            ("impostor", "its key is another"),
            ("stranger", "not signed by the server"),
            ("nonsense", "does not speak like a Yika server"),
            ("busy", "try again in 7 s"),
        ],
    )
    def test_an_answer_that_does_not_hold_enrols_nothing(self, fault: str, says: str) -> None:
        with running() as server:
            server.faults = [fault]
            with pytest.raises(EnrolmentRefused, match=says):
                enrol(server.url, CODE, KEY, clock())

    def test_a_wrong_code_is_told(self) -> None:
        with running() as server, pytest.raises(EnrolmentRefused, match="code_unknown"):
            enrol(server.url, "ABCDEFGHJK-ABCDEFGHJK", KEY, clock())

    def test_no_server_is_told(self) -> None:
        with pytest.raises(EnrolmentRefused, match="no server answers"):
            enrol("http://127.0.0.1:9", CODE, KEY, clock())

    @pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://x", "http://"])
    def test_an_address_that_is_none(self, url: str) -> None:
        with pytest.raises(EnrolmentRefused, match="not the address"):
            enrol(url, CODE, KEY, clock())

    def test_a_code_of_another_length(self) -> None:
        with pytest.raises(EnrolmentRefused, match="20 letters"):
            normal_code("ABC")


class TestKeeping:
    def test_it_is_kept_over_a_restart_and_nobody_else_reads_the_key(self, tmp_path: Path) -> None:
        with running() as server:
            enrolment = enrol(server.url, CODE, KEY, clock())
        save_enrolment(tmp_path, enrolment)
        save_key(tmp_path, KEY)
        assert load_enrolment(tmp_path) == enrolment
        assert load_key(tmp_path).private_bytes_raw() == KEY.private_bytes_raw()
        assert (tmp_path / "device.key").stat().st_mode & 0o777 == 0o600

    def test_what_is_missing_or_damaged_asks_for_enrolment(self, tmp_path: Path) -> None:
        for load in (load_enrolment, load_key):
            with pytest.raises(NotEnrolled, match="enrol"):
                load(tmp_path)
        (tmp_path / "enrolment.json").write_text("{")
        (tmp_path / "device.key").write_text("xyz")
        for load in (load_enrolment, load_key):
            with pytest.raises(NotEnrolled, match="damaged"):
                load(tmp_path)

    def test_the_key_is_kept_from_before_its_code_is_used_until_the_answer_is_kept(
        self, tmp_path: Path
    ) -> None:
        asked = key_for(tmp_path, CODE)
        assert (tmp_path / "enrolling.json").stat().st_mode & 0o777 == 0o600
        again = key_for(tmp_path, CODE.lower())
        assert again.private_bytes_raw() == asked.private_bytes_raw()
        another = key_for(tmp_path, "ABCDEFGHJKABCDEFGHJK")
        assert another.private_bytes_raw() != asked.private_bytes_raw()
        forget_code(tmp_path)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("left", ["", "[]", "{}"])
    def test_what_a_power_cut_left_of_it_is_no_hindrance(self, tmp_path: Path, left: str) -> None:
        (tmp_path / "enrolling.json").write_text(left)
        key = key_for(tmp_path, CODE)
        assert key_for(tmp_path, CODE).private_bytes_raw() == key.private_bytes_raw()

    def test_a_machine_keeps_its_name(self, tmp_path: Path) -> None:
        assert machine_id(tmp_path)
        assert machine_id(tmp_path) == machine_id(tmp_path)


class TestCertificates:
    def test_their_dates_count_only_while_the_clock_is_set(self) -> None:
        """A kiosk that woke in 1970 must still sync; the pinned key says whom it talks with."""
        no_check_time = 0x200000
        for synced in (True, False):
            with _manager("https://yika.example.org", synced=synced) as pool:
                context = pool.connection_pool_kw["ssl_context"]
                assert bool(context.verify_flags & no_check_time) is not synced
                assert context.verify_mode is ssl.CERT_REQUIRED
