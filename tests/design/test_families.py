"""Templates of product families: a new product is ready to be reviewed, and can be built as it is."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from design import office
from design.office import NOW, item, refused
from karkhana.design import operations as design
from karkhana.design.compiling import compile_package, release_problems
from karkhana.design.families import FAMILIES, compliance_rules, family_plan
from karkhana.design.queries import released_package
from karkhana.design.release import BomItem

SMALL_BILL = (
    item(1, "PCB-1", package="PCB"),
    item(2, "SAC305", package="PASTE", quantity=Decimal("0.4")),
    item(3, "CAP", "C1", "C2", package="0402"),
    item(4, "MCU", "U1", package="QFN-48"),
    item(5, "SCREW-M2", quantity=Decimal(4)),
    item(6, "GIFT-BOX", package="PACK"),
)


@pytest.mark.django_db
@pytest.mark.parametrize("family", FAMILIES)
def test_a_product_from_a_template_and_a_small_bill_goes_through_review(family: str) -> None:
    code = f"NEW-{family.upper()}.1"
    office.product(code, segment=family)
    revision = office.released(code, items=SMALL_BILL, plan=family_plan(family=family, product=code))
    assert revision.state == "released"
    package = released_package(product_code=code, revision_code="A")
    assert package is not None
    assert package.segment == family
    consumed = {material.part for step in package.steps for material in step.materials}
    assert consumed == {line.part for line in SMALL_BILL}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_template_has_all_that_is_typical(family: str) -> None:
    plan = family_plan(family=family, product="X1")
    rules = compliance_rules()
    assert {item.code for item in plan.compliance} <= set(rules)
    assert len(plan.compliance) >= 5
    assert all(item.title and item.authority and item.source for item in plan.compliance)
    assert sum(item.required for item in plan.compliance) >= 4
    assert {"unit", "box", "carton"} <= {label.level for label in plan.labels}
    assert any(step.tests for step in plan.steps)
    assert {"ASSEMBLY", "PERSONALISATION", "PACKING"} <= {step.skill for step in plan.steps}
    assert any(step.key_parts for step in plan.steps)
    assert any(step.reentry is not None and step.reentry < step.number for step in plan.steps)
    written = {kind for step in plan.steps for kind in step.identities}
    assert written == {rule.kind for rule in plan.identities}
    assert {t for step in plan.steps for t in step.firmware} == {rule.target for rule in plan.firmware}


def test_the_schemes_are_those_of_the_segment() -> None:
    def schemes(family: str) -> list[str]:
        return [rule.scheme for rule in family_plan(family=family, product="X").identities]

    assert schemes("phone").count("imei") == 2
    assert schemes("tablet").count("imei") == 1
    assert "imei" not in schemes("laptop")
    assert "bluetooth" in schemes("hearable")
    assert "bluetooth" in schemes("wearable")
    assert schemes("telecom").count("eui48") == 3
    assert "eui48" in schemes("iot")
    assert "meter" in schemes("meter")
    assert "bpan" in schemes("automotive")


def test_every_rule_names_its_date_or_says_that_it_was_not_verified() -> None:
    for code, rule in compliance_rules().items():
        assert re.search(r"\b(19|20)[0-9]{2}\b", rule.source) or "not verified" in rule.source, code
    used = {item.code for family in FAMILIES for item in family_plan(family=family, product="X").compliance}
    assert used == set(compliance_rules())


def test_an_unknown_family_is_refused_by_name() -> None:
    with refused("release.family_unknown") as said:
        family_plan(family="toaster", product="X")
    assert "phone, tablet" in said["families"]


@pytest.mark.parametrize("family", FAMILIES)
def test_what_a_template_lacks_is_only_what_the_bill_leaves_open(family: str) -> None:
    plan = family_plan(family=family, product="X")
    bill: list[BomItem] = [*SMALL_BILL, item(7, "X-BATTERY", quantity=Decimal(2))]
    package, unused = compile_package(
        product="X", revision="A", brand="ACME", segment=family, plan=plan, items=bill
    )
    problems = [problem.text for problem in release_problems(package, unused, plan)]
    bound = [part.part for step in plan.steps for part in step.key_parts]
    expected = ["The route binds X-BATTERY 1 times, the bill has 2."] if "X-BATTERY" in bound else []
    assert problems == expected


@pytest.mark.django_db
def test_a_label_that_prints_what_is_not_there_is_named() -> None:
    import msgspec

    from karkhana.design.release import LabelRule

    plan = family_plan(family="iot", product="X")
    wrong = msgspec.structs.replace(plan, labels=(LabelRule("unit", content="(01){gtin}(21){imei}"),))
    office.product("X", segment="iot")
    office.draft("X", items=SMALL_BILL, plan=wrong)
    with refused("release.invalid") as said:
        design.submit_revision(product_code="X", revision_code="A", user=office.person("ravi"), now=NOW)
    assert said["problems"] == ["labels: Label 'unit': there is no {imei} to print."]
