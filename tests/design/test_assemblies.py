"""Bills in bills: totals of a finished unit, and no bill that contains itself."""

from __future__ import annotations

from decimal import Decimal

import pytest

from design import office
from design.office import NOW, item, refused
from karkhana.design import operations as design
from karkhana.design.bill import DEPTH_MAX, explode
from karkhana.design.queries import bill_of
from karkhana.design.release import BomItem

A, B, C, D = (("P", code) for code in "ABCD")


def part(
    number: int, assembly: tuple[str, str] | None = None, quantity: str = "1", name: str = "X"
) -> BomItem:
    return item(number, name, quantity=Decimal(quantity), assembly=assembly)


def test_totals_multiply_down_the_levels() -> None:
    bills = {
        A: [part(1, B, "2"), part(2, None, "3", "SCREW")],
        B: [part(1, C, "4"), part(2, None, "0.5", "GLUE")],
        C: [part(1, None, "5", "CAP")],
    }
    nodes = explode(A, lambda key: bills.get(key, ()))
    assert [(n.depth, n.item.part, n.total) for n in nodes] == [
        (1, "X", Decimal(2)), (2, "X", Decimal(8)), (3, "CAP", Decimal(40)),
        (2, "GLUE", Decimal("1.0")), (1, "SCREW", Decimal(3)),
    ]  # fmt: skip
    assert nodes[2].path == (A, B, C)


@pytest.mark.parametrize(
    ("bills", "ring"),
    [
        ({A: [part(1, A)]}, "P A → P A"),
        ({A: [part(1, B)], B: [part(7, A)]}, "P A → P B → P A"),
        ({A: [part(1, B)], B: [part(1, C)], C: [part(1, D)], D: [part(3, B)]}, "P B → P C → P D → P B"),
    ],
)
def test_a_bill_that_contains_itself_is_refused_with_the_ring(
    bills: dict[tuple[str, str], list[BomItem]], ring: str
) -> None:
    with refused("bom.circular") as said:
        explode(A, lambda key: bills.get(key, ()))
    assert said["ring"] == ring


def test_an_assembly_that_is_not_fitted_makes_no_ring() -> None:
    line = item(1, "X", quantity=Decimal(0), not_fitted=("U1",), assembly=A)
    assert [node.total for node in explode(A, lambda _: [line])] == [0]


def test_depth_and_size_have_an_end() -> None:
    with refused("bom.too_deep"):
        explode(("P", "0"), lambda key: [part(1, ("P", str(int(key[1]) + 1)))])

    def wide(key: tuple[str, str]) -> list[BomItem]:
        below = ("P", str(int(key[1]) + 1)) if int(key[1]) < DEPTH_MAX - 1 else None
        return [part(number, below) for number in range(1, 9)]

    with refused("bom.too_large"):
        explode(("P", "0"), wide)


@pytest.fixture
def parts(db: None) -> None:
    """Three products with a draft each."""
    for code in ("TOP", "MID", "LOW"):
        office.product(code)
        office.draft(code)


def put(into: str, assembly: str, number: int = 9) -> None:
    design.save_line(
        product_code=into, revision_code="A", item=item(number, assembly, assembly=(assembly, "A"))
    )


def test_a_line_that_would_close_a_ring_is_refused_and_not_stored(parts: None) -> None:
    with refused("bom.circular"):
        put("TOP", "TOP")
    put("TOP", "MID")
    put("MID", "LOW")
    with refused("bom.circular") as said:
        put("LOW", "TOP")
    assert said["ring"] == "LOW A → TOP A → MID A → LOW A"
    assert [line.part for line in bill_of(("LOW", "A"))] == ["CAP", "MCU"]


def test_a_ring_that_two_people_closed_at_once_is_found_when_it_is_submitted(parts: None) -> None:
    from karkhana.design.models import BomLine

    put("TOP", "MID")
    row = BomLine.objects.get(revision__product__code="TOP", number=9)
    row.pk, row.revision = None, BomLine.objects.filter(revision__product__code="MID").first().revision  # type: ignore[union-attr]
    row.assembly_product = "TOP"
    row.save(force_insert=True)
    with refused("bom.circular"):
        design.submit_revision(product_code="TOP", revision_code="A", user=office.person("ravi"), now=NOW)


def test_an_assembly_is_released_before_what_it_goes_into(parts: None) -> None:
    put("TOP", "MID")
    with refused("bom.assembly_not_released") as said:
        design.submit_revision(product_code="TOP", revision_code="A", user=office.person("ravi"), now=NOW)
    assert (said["line"], said["assembly"]) == (9, "MID A")
    design.submit_revision(product_code="MID", revision_code="A", user=office.person("ravi"), now=NOW)
    design.release_reviewed(product_code="MID", revision_code="A", now=NOW)
    design.submit_revision(product_code="TOP", revision_code="A", user=office.person("ravi"), now=NOW)
    design.end_revision(product_code="MID", revision_code="A", state="obsolete", now=NOW)
    with refused("bom.assembly_not_released"):
        design.release_reviewed(product_code="TOP", revision_code="A", now=NOW)


def test_an_assembly_that_is_not_fitted_need_not_be_released(parts: None) -> None:
    line = item(9, "MID", quantity=Decimal(0), not_fitted=("J1",), assembly=("MID", "A"))
    design.save_line(product_code="TOP", revision_code="A", item=line)
    submitted = design.submit_revision(
        product_code="TOP", revision_code="A", user=office.person("ravi"), now=NOW
    )
    assert (submitted.state, bool(submitted.review_hash)) == ("in_review", True)


@pytest.mark.parametrize(
    ("number", "changes", "code"),
    [
        (1, {"quantity": Decimal(0)}, "bom.line"),
        (1, {"quantity": Decimal(-1)}, "bom.line"),
        (1, {"description": "\x00"}, "bom.line"),
        (0, {}, "bom.too_long"),
        (2**40, {}, "bom.too_long"),
    ],
)
def test_a_line_that_cannot_be_is_refused(
    parts: None, number: int, changes: dict[str, object], code: str
) -> None:
    with refused(code):
        design.save_line(product_code="TOP", revision_code="A", item=item(number, "NEW", **changes))
    assert [line.part for line in bill_of(("TOP", "A"))] == ["CAP", "MCU"]


def test_one_line_can_be_mended_while_another_is_still_wrong(parts: None) -> None:
    from karkhana.design.models import BomLine

    BomLine.objects.filter(revision__product__code="TOP").update(quantity=0)
    for line in office.ITEMS:
        design.save_line(product_code="TOP", revision_code="A", item=line)
    assert [line.quantity for line in bill_of(("TOP", "A"))] == [2, 1]
