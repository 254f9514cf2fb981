"""An engineer compares two files, sifts the difference, takes it along as a workbook, and turns the sides."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

OLD = """Designator,Qty,Comment,MPN,Description
"R1, R2",2,10k,RC10K,RES
C1,1,100n,GRM1,CAP
U1,1,LDO,TPS,IC
"""


def test_two_files_are_compared_and_sifted(open_as: Callable[..., Any], tmp_path: Path) -> None:
    old, new = tmp_path / "rev a.csv", tmp_path / "rev b.csv"
    old.write_text(OLD)
    new.write_text(OLD.replace("10k,RC10K", "12k,RC12K").replace(",CAP", ",CAPACITOR").replace("U1", "U2"))
    from playwright.sync_api import expect

    page = open_as("meera", "/design/diff/")
    page.set_input_files("[name=file_a]", old)
    page.set_input_files("[name=file_b]", new)
    page.get_by_role("button", name="Compare").click()
    page.wait_for_selector("[data-difference]")
    rows = page.locator("[data-diff-row]:visible")
    assert [text.split("\t")[0].split() for text in rows.all_inner_texts()] == [["R1", "R2"], ["U2"], ["U1"]]
    page.get_by_text("does not change what is built").click()
    assert rows.count() == 4

    page.get_by_label("Only what changes the build").check()
    assert rows.count() == 3
    page.get_by_label("Search in the difference").fill("rc12")
    assert rows.count() == 1
    assert page.locator("[data-diff-left]").inner_text() == "1 / 4"

    with page.expect_download() as download:
        page.get_by_role("button", name="As XLSX").click()
    assert load_workbook(io.BytesIO(Path(download.value.path()).read_bytes())).sheetnames == [
        "Summary",
        "Differences",
    ]

    page.get_by_role("button", name="Swap A and B").click()
    page.get_by_role("button", name="Compare").click()
    expect(page.locator(".diff-names b").first).to_have_text("rev b.csv")
    assert "RC10K" in page.locator(".diff-to").first.inner_text()
