"""An engineer makes a product from a family's template, edits it, mends what is wrong, and releases it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils import timezone

BOM = """Designator,Qty,Manufacturer,MPN,Footprint,Comment
"R1, R2",2,Yageo,RC0402FR-0710KL,0402,10k
"C1, C2, C3",3,Murata,GRM155R71C104KA88D,0402,100n
U1,1,TI,TPS7A02,SOT-23,LDO
"""
ADDRESS = "/design/products/MY-SENSOR/A/"


def steps() -> list[tuple[int, str]]:
    from karkhana.design.queries import find_revision, stored_plan

    return [(step.number, step.name) for step in stored_plan(find_revision("MY-SENSOR", "A")).steps]


def test_from_a_template_to_a_release(open_as: Callable[..., Any], tmp_path: Path) -> None:
    from playwright.sync_api import expect

    from karkhana.design.queries import find_revision, stored_items

    # A product from a template.
    page = open_as("meera", "/design/")
    page.get_by_role("link", name="New product").click()
    page.fill("[name=code]", "MY-SENSOR")
    page.fill("[name=name]", "My air sensor")
    page.select_option("[name=brand]", "ACME")
    page.check("[name=segment][value=iot]")
    page.get_by_role("button", name="Begin the product").click()
    page.wait_for_url(f"**{ADDRESS}")
    count = len(steps())
    assert count > 5

    # A step is edited, another added, moved with the keyboard and with the mouse.
    page.get_by_role("link", name="Route", exact=True).click()
    page.click("#step-0 .block-open")
    page.locator("#panel [name=name]").fill("Mark it")
    page.locator("#panel [name=cycle]").fill("7.5")
    page.get_by_role("button", name="Store the step").click()
    expect(page.locator("#step-0")).to_contain_text("7.5 s")
    assert steps()[0][1] == "Mark it"
    page.locator("#step-0 .block-open").focus()
    page.keyboard.press("Alt+ArrowRight")
    expect(page.locator("#step-1")).to_contain_text("Mark it")
    expect(page.locator("#step-1 .block-open")).to_be_focused()
    assert [name for _, name in steps()][1] == "Mark it"
    page.locator("#step-1").drag_to(page.locator("#step-0"), target_position={"x": 6, "y": 20})
    expect(page.locator("#step-0")).to_contain_text("Mark it")
    assert steps()[0] == (10, "Mark it")
    page.keyboard.press("Escape")
    page.locator("#step-2").hover()
    page.get_by_role("button", name="New step behind 30").click()
    expect(page.locator("#panel h2")).to_have_text("Step 35")
    expect(page.locator(".block.has-problem")).to_have_count(1)  # it has no name yet
    page.locator(".block.has-problem").hover()
    page.get_by_role("button", name="Take the step out 35").click()
    expect(page.locator(".block.has-problem")).to_have_count(0)
    assert len(steps()) == count

    # The bill comes from a file; a line of it is edited, found again by its designator.
    file = tmp_path / "board.csv"
    file.write_text(BOM)
    page.get_by_role("link", name="Bill of material").click()
    page.set_input_files("[name=file]", file)
    page.get_by_role("button", name="Import").click()
    expect(page.locator("#bom-count")).to_contain_text("3 lines")
    page.keyboard.press("/")
    page.keyboard.type("C2")
    expect(page.locator("tr[data-line]")).to_have_count(1)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.locator("#panel [name=alt_part]").fill("CL05B104KO5NNNC")
    page.locator("#panel [name=alt_manufacturer]").fill("Samsung")
    page.locator("#panel [name=quantity]").fill("4")
    page.get_by_role("button", name="Store the line").click()
    expect(page.locator("#panel .refusal")).to_contain_text("quantity 4")
    page.locator("#panel [name=quantity]").fill("3")
    page.get_by_role("button", name="Store the line").click()
    expect(page.locator("#line-2")).to_contain_text("+1")
    assert [source.part for source in stored_items(find_revision("MY-SENSOR", "A"))[1].alternates] == [
        "CL05B104KO5NNNC"
    ]

    # Something is wrong: the overview says so, leads there, and lets nobody past.
    page.get_by_role("link", name="Route", exact=True).click()
    page.click("#step-1 .block-open")
    page.locator("#panel [name=number]").fill("30")
    page.get_by_role("button", name="Store the step").click()
    expect(page.locator(".block.has-problem")).to_have_count(2)
    page.get_by_role("link", name="Overview", exact=True).last.click()
    page.get_by_role("button", name="Submit for review").click()
    expect(page.locator(".refusal")).to_contain_text("release.invalid")
    page.get_by_role("link", name="2 steps have the number 30.").click()
    page.get_by_role("button", name="Number 10, 20, 30").click()
    expect(page.locator(".block.has-problem")).to_have_count(0)

    # Review and release; from then on nothing can be edited.
    page.get_by_role("link", name="Overview", exact=True).last.click()
    expect(page.get_by_text("Nothing: the draft is whole.")).to_be_visible()
    page.get_by_role("button", name="Submit for review").click()
    page.get_by_role("button", name="Release").click()
    expect(page.locator(".state.big")).to_contain_text("released")
    released = find_revision("MY-SENSOR", "A")
    assert (released.state, released.package_hash, len(stored_items(released))) == (
        "released", released.review_hash, 3
    )  # fmt: skip
    assert released.released_at is not None
    assert released.released_at <= timezone.now()
    page.get_by_role("link", name="Route", exact=True).click()
    assert page.locator(".block-acts").count() == 0
    page.click("#step-0 .block-open")
    expect(page.locator("#panel h2")).to_have_text("Step 10")
    assert page.get_by_role("button", name="Store the step").count() == 0


def test_the_bill_is_walked_with_the_keyboard(open_as: Callable[..., Any]) -> None:
    from playwright.sync_api import expect

    from karkhana.design import operations
    from karkhana.design.operations.bills import replace_items
    from karkhana.design.queries import find_revision
    from karkhana.design.release import BomItem

    now = timezone.now()
    for code, lines in (("LONG", 250), ("INNER", 3)):
        operations.create_product(
            code=code, name=code, brand="ACME", segment="subassembly", revision_code="A", now=now
        )
        items = [BomItem(n, f"PART-{n}", quantity=Decimal(n)) for n in range(1, lines + 1)]
        replace_items(revision=find_revision(code, "A"), items=items)
    operations.save_line(
        product_code="LONG", revision_code="A",
        item=BomItem(2, "THE-BOARD", quantity=Decimal(1), assembly=("INNER", "A")),
    )  # fmt: skip

    page = open_as("meera", "/design/products/LONG/A/bom/")
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator(".is-here")).to_have_id("line-2")
    page.locator("#line-2 [data-opener]").click()
    expect(page.locator("tr.inner")).to_have_count(3)
    page.locator("#line-2 [data-opener]").click()
    expect(page.locator("tr.inner")).to_have_count(0)
    page.locator("#line-2 a.open-line").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel [name=part]")).to_have_value("THE-BOARD")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_empty()
    expect(page.locator("#line-2 a.open-line")).to_be_focused()
    # What is below comes when it is scrolled to.
    assert page.locator("tr[data-line]").count() == 100
    page.locator("#bom-more").scroll_into_view_if_needed()
    expect(page.locator("#line-150")).to_be_attached()
    page.locator("#bom-more").scroll_into_view_if_needed()
    expect(page.locator("tr[data-line]")).to_have_count(250)
    page.get_by_label("assemblies").check()
    expect(page.locator("tr[data-line]")).to_have_count(1)
    assert "assemblies=1" in page.url
