"""What a phone shows that reads a card: no name to strangers, their page to holders, words to copyists."""

from typing import Any

import pytest

from tests.server.services.test_sun import chip, read_on_a_phone


def test_a_stranger_is_told_that_the_card_is_good_and_no_name(site: Any) -> None:
    card = chip(site.bench)
    answer = site.client().get("/t", query_string=read_on_a_phone(card))
    assert answer.status_code == 200
    assert "这张卡有效" in answer.text
    for row in site.bench.rows("volunteers", number="M0001"):
        assert row["name"] not in answer.text
    assert "M0001" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_its_holder_is_led_to_their_own_page_and_another_volunteer_is_not(site: Any) -> None:
    card = chip(site.bench, "M0004")
    answer = site.client("volunteer").get("/t", query_string=read_on_a_phone(card))
    assert (answer.status_code, answer.location) == (302, "/me/")
    assert site.client("leader").get("/t", query_string=read_on_a_phone(card)).status_code == 200


def test_the_same_address_a_second_time_says_so_in_words(site: Any) -> None:
    said = read_on_a_phone(chip(site.bench))
    assert site.client().get("/t", query_string=said).status_code == 200
    again = site.client().get("/t", query_string=said)
    assert again.status_code == 409
    assert "请把卡再贴一下手机" in again.text


def test_an_invented_address_says_so_in_words(site: Any) -> None:
    answer = site.client().get("/t?picc_data=00&cmac=11")
    assert answer.status_code == 400
    assert "不是本社区的卡" in answer.text


@pytest.mark.parametrize("page", ["/t", "/login", "/verify"])
def test_a_query_in_another_encoding_is_strange_and_no_fault_of_the_server(site: Any, page: str) -> None:
    answer = site.client().get(page, environ_overrides={"QUERY_STRING": "picc_data=\xac&cmac=1&next=\xb2"})
    assert answer.status_code == (400 if page == "/t" else 200)


def test_who_tries_addresses_is_slowed_down(site: Any) -> None:
    client = site.client()
    codes = [client.get("/t?picc_data=00&cmac=11").status_code for _ in range(40)]
    assert codes.count(429) == 10
