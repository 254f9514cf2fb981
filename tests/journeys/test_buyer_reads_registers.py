"""A buyer drops two registers, says what a column is, and sees what a part costs."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("playwright")

REGISTER = (
    "Purchase register of October;;;;;;;;;;\n"
    "Batch;Vendor name;Material;Reference;Line;Invoice date;Qty;Worth;Currency;Exchange rate;HSN code;COO;"
    "Country\n"
    "L-1;Shenzhen Drivers;DRV-10;INV-7;1;05-Oct-2026;1,000;500.00;USD;84.50;8518 90 00;CN;CN\n"
    "L-2;Shenzhen Drivers;DRV-10;INV-8;1;12-Oct-2026;2,000;1,040.00;USD;84.60;8518 90 00;CN;CN\n"
    "L-3;Pune Plastics;BOX-1;B/1;1;06-Oct-2026;500;12,000.00;INR;;3923 10;IN;IN\n"
    "L-4;Pune Plastics;BOX-1;B/2;1;06-Oct-2026;-5;12,000.00;INR;;3923 10;IN;IN\n"
    "Grand Total;;;;;;;25,540.00;;;;;\n"
)
BILLS = (
    "BE No,BE Date,Port Code,Supplier Name,Invoice No,Item SrNo,Part No,CTH,COO,Qty,Item value,Inv Curr,"
    "Exchange Rate,BCD Rate,IGST Amt\n"
    "4501234,09-Oct-2026,INDEL4,Shenzhen Drivers,INV-7,1,DRV-10,85189000,CN,1000,500,USD,84.5,15,9087\n"
)


def test_from_two_files_to_the_cost_of_a_part(open_as: Any) -> None:
    from playwright.sync_api import expect

    page = open_as("kavya", "/supply/registers/")
    page.set_input_files("input[type=file]", {"name": "october.csv", "mimeType": "text/csv",
                                              "buffer": REGISTER.encode("cp1252")})  # fmt: skip
    page.check("[name=create_suppliers]")
    page.click("button.primary:has-text('Preview')")
    expect(page.locator("#preview")).to_contain_text("No column was found for:")
    page.locator(".columns-grid label", has_text="Worth").locator("select").select_option("value")
    page.click("button:has-text('Preview again')")
    page.click("button:has-text('Import 5 rows')")
    page.wait_for_url("**/supply/registers/*/")
    expect(page.locator("#run")).to_contain_text("is not above zero")
    expect(page.locator(".tiles")).to_contain_text("3")

    page.goto("/supply/registers/?kind=bills-of-entry")
    file = {"name": "be.csv", "mimeType": "text/csv", "buffer": BILLS.encode()}
    page.set_input_files("input[type=file]", file)
    page.click("button.primary:has-text('Preview')")
    page.click("button:has-text('Import 1 rows')")
    page.wait_for_url("**/supply/registers/*/")
    expect(page.locator("#run")).to_contain_text("Every row was good")

    page.goto("/supply/parts/DRV-10/")
    expect(page.locator("[data-price-chart] svg").first).to_be_visible()
    first = page.locator("tr", has_text="L-1").first
    expect(first).to_contain_text("4501234")
    expect(first).to_contain_text("49.22")
    expect(page.locator("tr", has_text="L-2").first).to_contain_text("missing")
