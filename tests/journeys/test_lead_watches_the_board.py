"""A line lead looks at the live board, and from a number down to the units behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect


def test_the_board_counts_on_by_itself_and_every_number_leads_to_its_units(
    open_as: Callable[..., Any], happens: Callable[..., str]
) -> None:
    page = open_as("ravi", "/lines/L-TOY/")
    output = page.locator(".lead-tile dd").first
    happens("FIN-8", "start Y-001 under WO-TOY")
    assert happens("FIN-8", "test Y-001") == "accepted"
    expect(output).to_have_text("1")
    happens("FIN-8", "start Y-002 under WO-TOY")
    assert happens("FIN-8", "test Y-002 failed") == "accepted"
    page.wait_for_selector(".tiles .warn")
    output.locator("a").click()
    page.wait_for_url("**/units/?result=passed**")
    page.get_by_role("link", name="Y-001").click()
    page.wait_for_url("**/units/Y-001/")
    assert page.locator("h1").inner_text() == "Y-001"
    assert "UnitsTested" in page.locator(".history").inner_text()


def test_nothing_overflows_a_phone(open_as: Callable[..., Any], happens: Callable[..., str]) -> None:
    happens("FIN-8", "start Y-009 under WO-TOY")
    phone = {"viewport": {"width": 390, "height": 844}}
    page = open_as("ravi", **phone)
    for path in ("/", "/lines/", "/lines/L-TOY/", "/stations/", "/units/", "/units/Y-009/", "/refusals/",
                 "/recall/?serial=Y-009", "/station/FIN-8/"):  # fmt: skip
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_the_theme_is_kept(open_as: Callable[..., Any]) -> None:
    page = open_as("ravi", color_scheme="light")
    page.click("[data-theme-switch]")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.goto("/lines/")
    assert page.locator("html").get_attribute("data-theme") == "dark"
