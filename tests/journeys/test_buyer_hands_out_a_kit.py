"""A buyer sees what an order lacks, hands its kit out, counts what is left, and accounts to the brand."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

Open = Callable[..., Any]


def receive(lot: str, part: str, quantity: int, supplier: str) -> None:
    from karkhana.floor.operations import record_events

    now = dt.datetime.now(dt.UTC)
    event = {
        "type": "ReceivingEvent", "id": str(uuid.uuid4()), "at": now.isoformat(), "station": "DOCK-1",
        "lot": lot, "part": part, "quantity": str(quantity), "supplier": supplier, "origin": "IN",
    }  # fmt: skip
    (outcome,) = record_events([json.dumps(event).encode()], recorded_at=now)
    assert outcome.status == "accepted", outcome


def test_from_a_shortage_to_the_brands_account(open_as: Open) -> None:
    from karkhana.floor.setup import ensure_work_order

    ensure_work_order(code="WO-KIT", product="PHONE", revision="A", quantity=100)
    receive("BAT-OURS", "BAT", 70, "SUP")
    receive("BAT-ACME", "BAT", 20, "ACME-IN")
    receive("BAT-ZEN", "BAT", 500, "ZEN-IN")
    receive("GLUE-OURS", "GLUE", 400, "SUP")
    page = open_as("kavya", "/supply/kitting/")
    page.get_by_role("link", name="WO-KIT", exact=True).click()
    short = page.locator("section", has=page.get_by_role("heading", name="Short", exact=True))
    expect(short.locator("tbody tr")).to_have_count(1)
    expect(short).to_contain_text("! 10")
    page.get_by_text("1 lot left out").click()
    expect(page.locator(".takes").first).to_contain_text("another brand's: ZEN")
    page.get_by_role("button", name="Hand 3 lots out to L-ASM").click()
    expect(page.get_by_text("3 lots are handed out.")).to_be_visible()
    expect(page.get_by_text("Nothing that is short can be handed out now.")).to_be_visible()

    page.goto("/supply/lots/BAT-ACME/")
    count = page.locator("form", has=page.locator("[name=counted]"))
    count.get_by_label("There are").fill("18")
    count.get_by_role("button", name="Count").click()
    expect(page.locator("#said .refusal")).to_contain_text("20 were expected: 2 are missing")
    count.get_by_label("If it differs, why").select_option("unexplained")
    count.get_by_role("button", name="Count").click()
    expect(page.get_by_text("The count is written; -2 were adjusted.")).to_be_visible()
    expect(page.locator(".tiles")).to_contain_text("18")

    page.goto("/supply/consigned/?brand=ACME")
    expect(page.get_by_text("Missing at counts, and nobody has said why: 2")).to_be_visible()
    page.get_by_role("link", name="BAT", exact=True).click()
    row = page.locator("tbody tr", has=page.get_by_role("link", name="BAT-ACME"))
    expect(row).to_contain_text("! −2")
    expect(row).to_contain_text("L-ASM")


def test_a_lead_issues_and_splits_on_a_phone(open_as: Open) -> None:
    receive("REEL-9", "CAP", 5000, "SUP")
    page = open_as("ravi", "/supply/lots/REEL-9/", viewport={"width": 390, "height": 800})
    move = page.locator("form", has=page.locator("[name=kind]"))
    move.get_by_label("What").select_option("issue")
    move.get_by_label("Quantity").fill("6,000")
    move.locator("[name=target]").select_option("L-SMT")
    move.get_by_role("button", name="Move").click()
    expect(page.locator("#said .refusal")).to_contain_text("There are 5000 of lot REEL-9")
    move.get_by_label("Quantity").fill("2,000")
    move.get_by_role("button", name="Move").click()
    expect(page.get_by_text("The movement is written.")).to_be_visible()
    page.get_by_text("Split", exact=True).first.click()
    split = page.locator("form", has=page.locator("[name=pieces]"))
    split.get_by_label("New lots").fill("REEL-9A 500")
    split.get_by_role("button", name="Split").click()
    expect(page.get_by_text("The lot is split.")).to_be_visible()
    page.get_by_role("link", name="REEL-9A").click()
    expect(page.locator(".lot-facts").first).to_contain_text("REEL-9")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
