"""Printing everybody's cards as staff see it: progress on the page, then the PDF on the disk."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Open = Callable[..., Page]
Shoot = Callable[[Page, str], None]
Check = Callable[[Page], None]


def test_the_pdf_comes_with_progress_and_is_kept(
    sign_in: Open, check_axe: Check, shoot: Shoot, tmp_path: Path
) -> None:
    page = sign_in("staff", "/staff/cards/print")
    check_axe(page)
    page.get_by_label("印谁的").select_option("all")
    with page.expect_download(timeout=120_000) as download:
        page.get_by_role("button", name="生成 PDF").click()
    expect(page.get_by_role("status")).to_have_text("好了，PDF 已下载。", timeout=20_000)
    shoot(page, "server/card-book")
    assert download.value.suggested_filename == "志愿卡.pdf"
    download.value.save_as(tmp_path / "cards.pdf")
    assert (tmp_path / "cards.pdf").read_bytes().startswith(b"%PDF")


def test_what_cannot_be_printed_is_said_on_the_page(sign_in: Open) -> None:
    page = sign_in("staff", "/staff/cards/print")
    page.get_by_label("印谁的").select_option("numbers")
    page.get_by_label("编号名单").fill("M9999")
    page.get_by_role("button", name="生成 PDF").click()
    expect(page.locator("main")).to_contain_text("没有在用的卡", timeout=20_000)
