"""An engineer uploads a bill of material, looks at what was understood, and stores it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

BOM = """Designator,Qty,Manufacturer,MPN,Comment
"R1, R2",2,Yageo,RC0402FR-0710KL,10k
C1,1,Murata,GRM155R71C104KA88D,100n
"U1",2,TI,TPS7A02,LDO
"""


def test_preview_writes_nothing_and_confirming_stores(open_as: Callable[..., Any], tmp_path: Path) -> None:
    from karkhana.design.models import BomLine, Revision

    file = tmp_path / "board.csv"
    file.write_text(BOM)
    page = open_as("meera", "/import/")
    page.set_input_files("[name=file]", file)
    page.fill("[name=product]", "GADGET")
    page.fill("[name=revision]", "P1")
    page.get_by_role("button", name="Preview").click()
    page.wait_for_selector(".confirm")
    shown = page.locator("#preview").inner_text()
    assert "RC0402FR-0710KL" in shown
    assert "quantity 2, but 1 designators" in shown
    assert not Revision.objects.filter(product__code="GADGET").exists()

    page.get_by_role("button", name="Store as GADGET P1").click()
    page.wait_for_selector("text=Stored: GADGET P1")
    assert BomLine.objects.filter(revision__product__code="GADGET").count() == 3


def test_a_file_that_is_no_bill_is_refused_with_what_to_do(
    open_as: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    page = open_as("meera", "/import/")
    page.set_input_files("[name=file]", file)
    page.fill("[name=product]", "GADGET")
    page.fill("[name=revision]", "P2")
    page.get_by_role("button", name="Preview").click()
    refusal = page.locator(".refusal")
    refusal.wait_for()
    assert "bom." in refusal.inner_text()
    assert page.locator(".confirm").count() == 0
