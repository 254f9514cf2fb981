"""A buyer brings candidates and a plan, asks for a share by a month, reads why, and asks for too much."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from design import office

SAMPLE = Path(__file__).parents[2] / "docs" / "samples" / "localise-next-candidates.csv"
OWN = {"NECKBAND": ("640", "410"), "EARBUDS": ("1190", "742")}


def test_from_a_table_of_candidates_to_a_plan(open_as: Callable[..., Any], tmp_path: Path) -> None:
    from playwright.sync_api import expect

    for code in OWN:
        office.product(code)
    page = open_as("kavya", "/value/next/")
    page.get_by_label("File of candidates").set_input_files(SAMPLE)
    form = page.locator("form", has=page.get_by_label("File of candidates"))
    form.get_by_role("button", name="Import").click()
    expect(page.get_by_role("status")).to_contain_text("8 stored")

    page.get_by_label("Reach").fill("50")
    page.get_by_label("by the month").fill("2027-03")
    page.get_by_text("More: period, start").click()
    page.get_by_label("Decided at the start of").fill("2026-04")
    page.get_by_label("Units a month where nothing is planned").fill("100000")
    for code, (value, imported) in OWN.items():
        page.locator(f"[name='v.{code}']").fill(value)
        page.locator(f"[name='i.{code}']").fill(imported)
    page.get_by_role("button", name="Choose", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("The target is reached.")
    expect(page.locator("[data-next=curve] .main-svg").first).to_be_visible()
    assert page.locator(".next-chosen tbody tr").count() >= 3
    expect(page.locator(".next-others")).to_contain_text("Too late")

    page.get_by_label("Reach").fill("90")
    page.get_by_role("button", name="Choose", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("out of reach")
    expect(page.get_by_text("If nothing had a lead time")).to_be_visible()
