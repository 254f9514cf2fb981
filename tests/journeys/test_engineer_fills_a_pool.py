"""An engineer makes a pool, drops the registry's list on it, draws, and sees the alarm when it runs low."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

Open = Callable[..., Any]


def test_from_an_empty_page_to_the_alarm(open_as: Open, tmp_path: Path) -> None:
    page = open_as("meera", "/pools/")
    page.get_by_label("Code", exact=True).fill("PHONE-IMEI")
    page.get_by_label("Name", exact=True).fill("Phones, SIM 1")
    page.get_by_role("button", name="Make the pool").click()
    expect(page.get_by_text("The pool is there.")).to_be_visible()

    bad = tmp_path / "gsma.csv"
    bad.write_text("first,last\n35209900000000,35209900000999\n35209900000500,35209900000600\n")
    page.set_input_files("[data-drop] input", bad)
    page.get_by_role("button", name="Import").click()
    expect(page.locator("#preview .refusal")).to_contain_text("gsma.csv line 3")
    good = tmp_path / "tac.csv"
    good.write_text("first,last,certificate\n35209900000000,35209900000999,GSMA-2026-118\n")
    page.set_input_files("[data-drop] input", good)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("1 range with 1000 values was stored.")).to_be_visible()

    page.get_by_label("How many").fill("950")
    page.get_by_role("button", name="Draw").click()
    expect(page.locator("#drawn")).to_contain_text("352099000000006 …")
    page.goto("/pools/")
    expect(page.locator(".card.alarm")).to_contain_text("1 pool runs out")
    expect(page.locator("tbody .alarm-cell")).to_contain_text("0 days")
    page.get_by_role("link", name="PHONE-IMEI").click()
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
