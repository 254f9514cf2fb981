"""A buyer receives lots, an operator inspects them, and a station takes what was accepted and is in time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

Open = Callable[..., Any]


def test_from_a_pasted_list_to_the_feeder(open_as: Open, happens: Callable[..., str]) -> None:
    buyer = open_as("kavya", "/supply/receiving/rules/")
    buyer.get_by_label("Part", exact=True).first.fill("CAP")
    buyer.get_by_label("Inspection level").select_option("II")
    buyer.get_by_label("AQL, %").select_option("1.0")
    buyer.get_by_label("MSL").select_option("5a")
    buyer.get_by_role("button", name="Keep the rule").click()
    expect(buyer.get_by_text("The rule of CAP is kept.")).to_be_visible()

    buyer.goto("/supply/receiving/new/")
    buyer.locator("textarea").fill("CAP-1;CAP;1000;SUP;JP\nCAP-2;CAP;1000;SUP;JP\nRES-1;RES;5,000;SUP;CN")
    buyer.get_by_role("button", name="Receive the lots").click()
    expect(buyer.get_by_role("heading", name="2 lots are in")).to_be_visible()
    expect(buyer.get_by_text("no comma")).to_be_visible()
    buyer.locator("textarea").fill("RES-1;RES;5000;SUP;CN")
    buyer.get_by_role("button", name="Receive the lots").click()
    expect(buyer.get_by_role("heading", name="1 lot is in")).to_be_visible()
    assert happens("SMT-1", "load CAP-1 CAP on F1") == "lot.held"

    operator = open_as("asha", "/supply/inspection/")
    operator.get_by_role("row", name="CAP-1").get_by_role("link", name="Inspect").click()
    expect(operator.locator(".plan-tiles")).to_contain_text("80")
    operator.get_by_label("Bad items in the sample").fill("3")
    operator.get_by_role("button", name="Judge the lot").click()
    expect(operator.locator(".refusal")).to_contain_text("inspection.defects")
    operator.get_by_label("Defect code 1").fill("BENT")
    operator.get_by_label("How often 1").fill("3")
    operator.get_by_role("button", name="Judge the lot").click()
    expect(operator.get_by_text("is refused and stays in quarantine")).to_be_visible()
    expect(operator.locator(".severity-chart .bad")).to_have_count(1)
    operator.goto("/supply/inspection/")
    operator.get_by_role("row", name="CAP-2").get_by_role("link", name="Inspect").click()
    operator.get_by_label("Bad items in the sample").fill("0")
    operator.get_by_role("button", name="Judge the lot").click()
    expect(operator.get_by_text("is accepted and leaves quarantine")).to_be_visible()
    assert happens("SMT-1", "load CAP-1 CAP on F1") == "lot.held"
    assert happens("SMT-1", "load CAP-2 CAP on F1") == "accepted"

    buyer.goto("/supply/expiry/")
    row = buyer.get_by_role("row", name="CAP-2")
    expect(row).to_contain_text("running")
    expect(row).to_contain_text("SMT-1")
    opened = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=20)).astimezone(
        dt.timezone(dt.timedelta(hours=5.5))
    )
    buyer.get_by_label("Lots, scanned one after the other").fill("CAP-2")
    buyer.get_by_label("When (now, if empty)").fill(
        (opened - dt.timedelta(hours=10)).strftime("%Y-%m-%dT%H:%M")
    )
    buyer.get_by_role("button", name="Write it").click()
    expect(buyer.get_by_text("1 lot that is over is still loaded")).to_be_visible()
    assert happens("SMT-2", "load CAP-2 CAP on F1") == "lot.floor_life"
