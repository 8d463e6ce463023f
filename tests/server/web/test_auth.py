"""Signing in: what is believed, what is refused, what a session is worth."""

from typing import Any

import pytest

from server.services.users import deactivate_user, set_password

PASSWORD = "correct horse 9"


def _sign_in(client: Any, username: str = "staff", password: str = PASSWORD, **more: Any) -> Any:
    return client.post(
        "/login", data={"username": username, "password": password} | more.pop("data", {}), **more
    )


def test_the_right_password_leads_to_the_desk(site: Any) -> None:
    answer = _sign_in(site.client())
    assert (answer.status_code, answer.location) == (302, "/staff/")


def test_a_volunteer_is_led_to_her_own_page(site: Any) -> None:
    assert _sign_in(site.client(), "volunteer").location == "/me/"


def test_a_wrong_password_and_an_unknown_name_are_told_alike(site: Any) -> None:
    wrong, unknown = _sign_in(site.client(), password="x"), _sign_in(site.client(), "nobody")
    assert wrong.status_code == unknown.status_code == 401
    assert "用户名或密码不正确" in wrong.text
    assert "用户名或密码不正确" in unknown.text


def test_somebody_is_led_back_to_where_she_wanted_to_go(site: Any) -> None:
    client = site.client()
    answer = client.get("/staff/shifts?state=open")
    assert answer.location == "/login?next=/staff/shifts?state%3Dopen"
    assert _sign_in(client, data={"next": "/staff/shifts?state=open"}).location == "/staff/shifts?state=open"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"]
)
def test_nobody_is_led_elsewhere(site: Any, target: str) -> None:
    assert _sign_in(site.client(), data={"next": target}).location == "/staff/"


def test_a_page_of_another_site_cannot_sign_anybody_in(site: Any) -> None:
    assert _sign_in(site.client(), headers={"Origin": "https://evil.example"}).status_code == 403
    assert _sign_in(site.client(), headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert _sign_in(site.client(), headers={"Origin": "http://localhost"}).status_code == 302


def test_guessing_is_slowed_down(site: Any) -> None:
    client = site.client()
    answers = [_sign_in(client, password="guess").status_code for _ in range(9)]
    assert answers == [401] * 8 + [429]
    assert _sign_in(client).headers["Retry-After"]


def test_a_session_that_was_planted_does_not_survive_signing_in(site: Any) -> None:
    client = site.client()
    with client.session_transaction() as session:
        session["planted"] = True
    _sign_in(client)
    with client.session_transaction() as session:
        assert "planted" not in session


def test_a_new_password_ends_every_session(site: Any) -> None:
    client = site.client("staff")
    assert client.get("/staff/").status_code == 200
    site.bench.do(set_password, site.users["staff"], "another password 1")
    assert client.get("/staff/").status_code == 302


def test_a_closed_login_opens_nothing(site: Any) -> None:
    client = site.client("staff")
    with site.bench.uow() as uow:
        deactivate_user(uow, site.users["staff"])
        uow.commit()
    assert client.get("/staff/").status_code == 302
    assert _sign_in(site.client()).status_code == 401


def test_changing_ones_password_takes_the_old_one(site: Any) -> None:
    client = site.client("staff")
    new = {"new": "brand new words 2", "again": "brand new words 2"}
    assert client.post("/password", data=new | {"old": "wrong"}).status_code == 400
    assert (
        client.post("/password", data={"new": "short", "again": "short", "old": PASSWORD}).status_code == 400
    )
    assert client.post("/password", data=new | {"again": "x", "old": PASSWORD}).status_code == 400
    assert client.post("/password", data=new | {"old": PASSWORD}).location == "/login"
    assert _sign_in(client, password="brand new words 2").status_code == 302


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(site: Any) -> None:
    cookie = _sign_in(site.client()).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_every_form_carries_a_token_and_is_refused_without(site: Any) -> None:
    site.app.config["WTF_CSRF_ENABLED"] = True
    client = site.client("staff")
    page = client.get("/staff/volunteers/M0005").text
    assert page.count('method="post"') == page.count('name="csrf_token"')
    assert client.post("/staff/volunteers/M0005/cards", data={"kind": "static"}).status_code == 400
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    good = client.post("/staff/volunteers/M0005/cards", data={"kind": "static", "csrf_token": token})
    assert good.status_code == 302


def test_answers_let_nothing_in_from_outside(site: Any) -> None:
    headers = site.client("staff").get("/staff/").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_language_and_size_are_remembered_and_lead_back(site: Any) -> None:
    client = site.client()
    assert "登录" in client.get("/login").text
    assert client.get("/language/en?next=/login").location == "/login"
    assert "Sign in" in client.get("/login").text
    client.get("/text-size/large?next=//evil.example")
    assert 'class="large"' in client.get("/login").text


def test_a_fault_of_ours_shows_no_insides(site: Any) -> None:
    def broken() -> str:
        raise RuntimeError("secret detail")

    broken.__dict__["rule"] = site.app.view_functions["home.index"].rule  # type: ignore[attr-defined]
    site.app.view_functions["home.index"] = broken
    answer = site.client().get("/")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
