"""A plan and a bill as a package: always the same, problems named by place, and back again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from design.office import PLAN, item
from karkhana.design.compiling import compile_package, release_problems
from karkhana.design.decompiling import plan_of_package
from karkhana.design.plan import Plan, PlanStep
from karkhana.design.release import (
    BomItem,
    ComplianceItem,
    Document,
    FirmwareRule,
    IdentityRule,
    KeyPart,
    LabelRule,
    ReleasePackage,
    Source,
    TestLimit,
    encode_package,
)

replace = msgspec.structs.replace


def compiled(plan: Plan, items: list[BomItem]) -> tuple[ReleasePackage, list[str]]:
    package, unused = compile_package(
        product="BOARD", revision="A", brand="ACME", segment="iot", plan=plan, items=items
    )
    return package, [f"{p.place}: {p.text}" for p in release_problems(package, unused, plan)]


PARTS = ["CAP", "RES", "MCU", "PASTE", "SCREW", "BOX", "PCB", "RELAY"]
PACKAGES = ["0402", "QFN", "THT-2", "PASTE", "PACK", "PCB", ""]


@st.composite
def bills(draw: st.DrawFn) -> list[BomItem]:
    items = []
    for number in range(1, draw(st.integers(1, 12)) + 1):
        references = tuple(f"R{number}_{n}" for n in range(draw(st.integers(0, 3))))
        items.append(
            item(number, draw(st.sampled_from(PARTS)), *references, package=draw(st.sampled_from(PACKAGES)))
        )
    return items


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    words = ["", "board", "paste", "placement", "through-hole", "packing", "assembly"]
    steps = tuple(
        PlanStep(
            number * 10, f"S{number}", draw(st.sampled_from(["SMT", "ASM"])), "UnitsProcessed",
            materials=draw(st.sampled_from(words) | st.lists(st.sampled_from(PARTS), max_size=3).map(tuple)),
            reentry=draw(st.none() | st.integers(1, number).map(lambda n: n * 10)),
        )
        for number in range(1, draw(st.integers(1, 8)) + 1)
    )  # fmt: skip
    return Plan(steps=steps, trolley=draw(st.sampled_from("AB")))


@given(plans(), bills())
def test_compiling_is_deterministic_and_loses_no_piece(plan: Plan, items: list[BomItem]) -> None:
    package, _ = compiled(plan, items)
    again, _ = compiled(plan, list(items))
    assert encode_package(package) == encode_package(again)
    consumed: dict[str, Decimal] = {}
    for step in package.steps:
        assert len({material.part for material in step.materials}) == len(step.materials)
        for material in step.materials:
            consumed[material.part] = consumed.get(material.part, Decimal(0)) + material.quantity
    on_bill: dict[str, Decimal] = {}
    for line in items:
        on_bill[line.part] = on_bill.get(line.part, Decimal(0)) + line.quantity
    for part, quantity in consumed.items():
        assert abs(quantity - on_bill[part]) < Decimal("1e-20"), part


@given(plans(), bills())
def test_a_package_taken_apart_compiles_to_itself(plan: Plan, items: list[BomItem]) -> None:
    package, _ = compiled(plan, items)
    again, _ = compiled(plan_of_package(package), items)
    for step, same in zip(package.steps, again.steps, strict=True):
        assert [(m.part, m.alternates, m.references) for m in step.materials] == [
            (m.part, m.alternates, m.references) for m in same.materials
        ]
        for material, other in zip(step.materials, same.materials, strict=True):
            assert abs(material.quantity - other.quantity) < Decimal("1e-20")
    plain = [replace(step, materials=()) for step in package.steps]
    assert plain == [replace(step, materials=()) for step in again.steps]


def test_two_prints_share_the_paste_and_still_do_when_the_package_is_taken_apart() -> None:
    plan = Plan(steps=tuple(
        PlanStep(n, f"Print {n}", "PRINT", "UnitsProcessed", materials="paste") for n in (1, 2)
    ))  # fmt: skip
    package, problems = compiled(plan, [item(1, "PASTE", package="PASTE", quantity=Decimal(3))])
    assert problems == []
    again, _ = compiled(plan_of_package(package), list(package.bom))
    for found in (package, again):
        assert [step.materials[0].quantity for step in found.steps] == [Decimal("1.5")] * 2


def test_chips_are_dealt_and_the_rest_goes_to_the_last_placer() -> None:
    plan = Plan(steps=tuple(
        PlanStep(n, f"Place {n}", f"P{n}", "UnitsProcessed", materials="placement") for n in (1, 2, 3)
    ))  # fmt: skip
    items = [item(n, f"CHIP{n}", f"C{n}", package="0402") for n in (1, 2, 3)] + [
        item(4, "MCU", "U1", package="QFN")
    ]
    package, _ = compiled(plan, items)
    assert [[m.part for m in step.materials] for step in package.steps] == [
        ["CHIP1", "CHIP3"],
        ["CHIP2"],
        ["MCU"],
    ]
    assert [m.location for m in package.steps[0].materials] == ["A001", "A002"]


GOOD = [item(1, "CAP", "C1"), item(2, "BATTERY"), item(3, "SCREW")]


def with_step(**changes: Any) -> Plan:
    return replace(PLAN, steps=(*PLAN.steps[:2], replace(PLAN.steps[2], **changes)))


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (with_step(materials="asembly"),
         "route.step 30: Step 30 (Assemble) consumes 'asembly'; there are board, paste"),
        (with_step(materials=("GHOST",)),
         "route.step 30: Step 30 (Assemble) consumes GHOST, which is not on the bill."),
        (with_step(materials=""), "bom: BATTERY is on the bill, but no step of the route consumes it."),
        (with_step(passed_by="MaterialsInstalled"),
         "route.step 30: Step 30 (Assemble) binds key parts but names none."),
        (with_step(passed_by="UnitsPersonalized", identities=("imei",)),
         "route.step 30: Step 30 writes identity 'imei', which the identity plan does not have."),
        (with_step(tests=(TestLimit("volt"),)),
         "route.step 30: Step 30 (Assemble) has test limits but is passed by UnitsProcessed."),
        (with_step(passed_by="UnitsTested", tests=(TestLimit("volt", "V", Decimal(5), Decimal(4)),)),
         "route.step 30: Step 30 (Assemble): volt must be at least 5 and at most 4."),
        (with_step(passed_by="UnitsTested", tests=(TestLimit("volt", "V", Decimal("NaN"), Decimal(4)),)),
         "route.step 30: Step 30 (Assemble): a limit is no number."),
        (with_step(passed_by="TransformationEvent", reentry=20, number=30),
         None),
        (replace(PLAN, panel_positions=4),
         "release: A product built on panels needs exactly one TransformationEvent step."),
        (replace(with_step(passed_by="TransformationEvent"), panel_positions=4, steps=(
            *with_step(passed_by="TransformationEvent").steps,
            PlanStep(40, "Test", "ICT", "UnitsTested", reentry=20))),
         "route.step 40: Step 40 (Test) re-enters at a step where the panel is still whole."),
        (with_step(key_parts=(KeyPart("BATTERY", role="a"), KeyPart("BATTERY", role="b")),
                   passed_by="MaterialsInstalled"),
         "bom: The route binds BATTERY 2 times, the bill has 1."),
        (replace(PLAN, identities=(IdentityRule("imei", "imei", first="2", last="10"),)),
         "identities: Identity 'imei': 2 and 10 are not equally long."),
        (replace(PLAN, identities=(IdentityRule("imei", "imei", first="20", last="10"),)),
         "identities: Identity 'imei': the range ends at 10, before it begins at 20."),
        (replace(PLAN, identities=(IdentityRule("label", "serial", pattern="[A-"),)),
         "identities: Identity 'label': '[A-' is no regular expression"),
        (replace(PLAN, firmware=(FirmwareRule("main", "1", "AB"),)),
         "firmware: Firmware main 1: 'AB' is no SHA-256."),
        (replace(PLAN, documents=(Document("a.pdf", "drawing", "12"),)),
         "documents: Document 'a.pdf': '12' is no SHA-256."),
        (replace(PLAN, compliance=(ComplianceItem("BIS", "x", evidence="12"),)),
         "compliance: Compliance item 'BIS': the evidence '12' is no SHA-256."),
        (replace(PLAN, labels=(LabelRule("unit", width_mm=Decimal("-1")),)),
         "labels: Label 'unit': -1 mm is no size."),
        (replace(PLAN, labels=(LabelRule("unit"), LabelRule("unit"))), "labels: Label 'unit' stands twice."),
        (replace(PLAN, markets=("India",)), "markets: Market 'India' is no country code."),
        (replace(PLAN, serial_prefix="", documents=(Document("a\x00b", "d", "0" * 64),)),
         "release: documents[0].name holds a character that cannot be stored."),
    ],
)  # fmt: skip
def test_what_keeps_a_plan_from_being_released_is_named_by_place(plan: Plan, said: str | None) -> None:
    _, problems = compiled(plan, GOOD)
    if said is None:
        assert problems == []
    else:
        assert any(problem.startswith(said) for problem in problems), problems


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (item(1, "CAP", "C1", quantity=Decimal(0)), "the quantity is 0; a fitted line needs more than 0."),
        (item(1, "CAP", quantity=Decimal(-2)), "the quantity is -2; a fitted line needs more than 0."),
        (item(1, "CAP", quantity=Decimal("NaN")), "the quantity is NaN, which is no number."),
        (item(1, "CAP", quantity=Decimal("Infinity")), "the quantity is Infinity, which is no number."),
        (item(1, "CAP", quantity=Decimal("1e30")), "the quantity is 1E+30; it must be below"),
        (item(1, "CAP", quantity=Decimal("0.0000001")), "the quantity is 1E-7; it must be below"),
        (item(1, "CAP", "C1", "C2", quantity=Decimal(3)), "quantity 3 for 2 fitted designators."),
        (item(1, "CAP", "C1", "C1"), "designator C1 stands twice."),
        (item(1, "CAP", "C1", not_fitted=("C1",)), "designator C1 stands twice."),
        (item(1, "CAP", alternates=(Source("", "cap"),)), "the part is its own alternate."),
        (item(1, "CAP", manufacturer="Murata", alternates=(Source("MURATA", "CAP "),)),
         "the part is its own alternate."),
        (item(1, "CAP", alternates=(Source("X", " "),)), "an alternate has no part number."),
        (item(1, "CAP", alternates=(Source("X", "B"), Source("x", "b"))), "alternate B stands twice."),
        (item(1, "C" * 201), "is longer than 200 characters."),
        (item(1, "CAP", "C" * 81), "is longer than 80 characters."),
        (item(1, "CAP", description="a\x00"), "description holds a character that cannot be stored."),
        (item(1, "CAP", value="\ud800"), "value holds a character that cannot be stored."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_line_is_named_by_its_number(line: BomItem, said: str) -> None:
    from karkhana.design.release.checks import bom_problems

    (problem,) = [text for text in bom_problems([line]) if said in text]
    assert problem.startswith("Line 1 (")


def test_the_same_number_of_another_maker_is_a_second_source() -> None:
    diode = item(1, "1N4148W", "D1", manufacturer="Vishay", alternates=(Source("Diodes", "1N4148W"),))
    package, problems = compiled(PLAN, [diode])
    assert problems == []
    assert package.steps[0].materials[0].alternates == ()


def test_two_lines_with_one_number_are_refused() -> None:
    _, problems = compiled(PLAN, [item(7, "CAP", "C1"), item(7, "MCU", "U1")])
    assert problems == ["bom.line 7: Line 7 (MCU): another line has this number."]
