"""The server's application under a real web server, and a browser that is signed in."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.server.web.conftest import PASSWORD, Site, site

__all__ = ["site"]


@pytest.fixture
def address(site: Site, serve: Callable[..., str]) -> str:
    """Where the application answers; form tokens are on, as in life."""
    site.app.config["WTF_CSRF_ENABLED"] = True
    return serve(site.app)


@pytest.fixture
def sign_in(address: str, open_page: Callable[..., Page]) -> Callable[..., Page]:
    """``sign_in("staff", "/staff/live", width=…)``: a page after typing name and password."""

    def go(role: str, path: str, **settings: Any) -> Page:
        page = open_page(f"{address}/login?next={path}", **settings)
        page.get_by_label("用户名").fill(role)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("main").get_by_role("button", name="登录").click()
        page.wait_for_url(f"{address}{path}")
        return page

    return go
