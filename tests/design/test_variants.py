"""Variants share a base: only what differs is stored, the rest follows the base."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from design import office
from design.office import ITEMS, NOW, item, refused
from karkhana.design import operations as design
from karkhana.design.bill import Override, items_of_report, overlay, overrides_between
from karkhana.design.bom import BomReport, read_bom
from karkhana.design.queries import bill_of, find_revision
from karkhana.design.release import BomItem

BOMS = (
    Path(os.environ.get("KARKHANA_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data" / "bom"
)


def report(name: str) -> BomReport:
    path = BOMS / name
    if not path.exists():
        pytest.skip(f"{name} is not here; the shared data are not part of the repository")
    return read_bom(path.read_bytes(), file_name=name)


def plain(items: tuple[BomItem, ...]) -> list[BomItem]:
    """Lines without their numbers, in an order of their own."""
    return sorted((msgspec.structs.replace(i, number=0) for i in items), key=repr)


@pytest.mark.django_db
def test_the_48_volt_odrive_stores_its_four_differences_and_is_the_whole_48_volt_bill() -> None:
    low, high = report("odrive_v3_4_24v_bom.csv"), report("odrive_v3_4_48v_bom.csv")
    design.import_bom(report=low, product_code="ODRIVE", revision_code="3.4-24V")
    variant = design.import_bom(
        report=high, product_code="ODRIVE", revision_code="3.4-48V", base=("ODRIVE", "3.4-24V")
    )
    # Three lines with other parts, and R6 that went from the line of 10 kOhm (gone) to that of 18 kOhm.
    stored = [(row.part_number, row.dropped) for row in variant.lines.order_by("number")]
    assert stored == [
        ("EEH-ZC1H121P", False), ("GRM21BR61H475KE51L", False), ("NTMFS5C628NLT", False), ("", True),
        ("RC0603FR-0718KL", False),
    ]  # fmt: skip
    assert plain(bill_of(("ODRIVE", "3.4-48V"))) == plain(items_of_report(high))
    assert plain(bill_of(("ODRIVE", "3.4-24V"))) == plain(items_of_report(low))
    again = design.import_bom(report=high, product_code="ODRIVE", revision_code="3.4-48V")
    assert again.lines.count() == 5
    with refused("revision.other_base"):
        design.import_bom(
            report=high, product_code="ODRIVE", revision_code="3.4-24V", base=("ODRIVE", "3.4-48V")
        )
    with refused("revision.base_unknown"):
        design.import_bom(report=high, product_code="ODRIVE", revision_code="X", base=("ODRIVE", "X"))


LINES = st.lists(
    st.tuples(st.sampled_from(["CAP", "RES", "MCU", "SCREW"]), st.integers(0, 3), st.booleans()), max_size=8
)


def bill(lines: list[tuple[str, int, bool]]) -> tuple[BomItem, ...]:
    return tuple(
        item(n, part, *(f"R{n}_{i}" for i in range(count)), value="x" if odd else "")
        for n, (part, count, odd) in enumerate(lines, start=1)
    )


@given(LINES, LINES)
def test_any_bill_over_any_base_is_itself_again(
    first: list[tuple[str, int, bool]], second: list[tuple[str, int, bool]]
) -> None:
    base, variant = bill(first), bill(second)
    overrides = overrides_between(base, variant)
    assert plain(overlay(base, overrides)) == plain(variant)
    assert overrides_between(base, base) == ()
    assert all(override.item is None or override.item.number == override.number for override in overrides)


def test_an_override_drops_replaces_and_adds() -> None:
    whole = overlay(
        ITEMS, [Override(1, None), Override(2, item(2, "MCU-2", "U1")), Override(9, item(9, "SCREW"))]
    )
    assert [(line.number, line.part) for line in whole] == [(2, "MCU-2"), (9, "SCREW")]


@pytest.fixture
def pair(db: None) -> None:
    """A base and a variant of it whose second line differs."""
    office.product()
    office.draft()
    design.create_revision(product_code="BOARD", revision_code="A48", now=NOW, base=("BOARD", "A"))
    design.save_line(product_code="BOARD", revision_code="A48", item=item(2, "MCU-48", "U1"))


def parts(revision: str) -> list[str]:
    return [line.part for line in bill_of(("BOARD", revision))]


def test_a_variant_follows_its_base_while_both_are_drafts(pair: None) -> None:
    assert (parts("A"), parts("A48")) == (["CAP", "MCU"], ["CAP", "MCU-48"])
    design.save_line(product_code="BOARD", revision_code="A", item=item(1, "CAP-NEW", "C1", "C2"))
    design.save_line(product_code="BOARD", revision_code="A", item=item(3, "RES", "R1"))
    design.save_line(product_code="BOARD", revision_code="A", item=item(2, "MCU-24", "U1"))
    assert parts("A48") == ["CAP-NEW", "MCU-48", "RES"]
    design.drop_line(product_code="BOARD", revision_code="A", number=3)
    assert parts("A48") == ["CAP-NEW", "MCU-48"]


def test_a_line_that_a_variant_drops_stays_in_the_base(pair: None) -> None:
    design.drop_line(product_code="BOARD", revision_code="A48", number=1)
    assert (parts("A"), parts("A48")) == (["CAP", "MCU"], ["MCU-48"])
    with refused("bom.line_unknown"):
        design.drop_line(product_code="BOARD", revision_code="A48", number=1)


def test_a_variants_line_that_is_the_bases_again_is_not_stored(pair: None) -> None:
    design.save_line(product_code="BOARD", revision_code="A48", item=ITEMS[1])
    assert find_revision("BOARD", "A48").lines.count() == 0
    design.save_line(product_code="BOARD", revision_code="A", item=item(2, "MCU-24", "U1"))
    assert parts("A48") == ["CAP", "MCU-24"]


def test_a_base_that_changes_under_a_variant_in_review_stops_its_approval_and_release(pair: None) -> None:
    office.product(agreement=office.alliance())
    design.submit_revision(product_code="BOARD", revision_code="A48", user=office.person("ravi"), now=NOW)
    office.approve("asha", revision="A48")
    design.save_line(product_code="BOARD", revision_code="A", item=item(1, "CAP-NEW", "C1", "C2"))
    with refused("revision.changed_in_review"):
        office.approve("li", revision="A48")
    with refused("revision.changed_in_review"):
        design.release_reviewed(product_code="BOARD", revision_code="A48", now=NOW)
    design.save_line(product_code="BOARD", revision_code="A", item=ITEMS[0])
    office.approve("li", revision="A48")
    released = design.release_reviewed(product_code="BOARD", revision_code="A48", now=NOW)
    # Released is released: the base may change as it likes.
    design.save_line(product_code="BOARD", revision_code="A", item=item(1, "CAP-NEW", "C1", "C2"))
    assert parts("A48") == ["CAP", "MCU-48"]
    assert find_revision("BOARD", "A48").package_hash == released.package_hash


def test_a_variant_of_a_variant_lays_over_both(pair: None) -> None:
    design.create_revision(product_code="BOARD", revision_code="A60", now=NOW, base=("BOARD", "A48"))
    design.save_line(
        product_code="BOARD", revision_code="A60", item=item(1, "CAP-60", "C1", quantity=Decimal(1))
    )
    assert parts("A60") == ["CAP-60", "MCU-48"]
    design.save_line(product_code="BOARD", revision_code="A48", item=item(2, "MCU-49", "U1"))
    assert parts("A60") == ["CAP-60", "MCU-49"]
