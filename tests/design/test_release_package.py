"""What a package may not be, told by the sentence that refuses it."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from karkhana.design import release as rel

STEP = rel.Step(number=1, name="Test", station_type="FCT", passed_by="UnitsTested")
GOOD = rel.ReleasePackage(product="P", revision="A", brand="B", segment="iot", steps=(STEP,))


def changed(**fields: object) -> rel.ReleasePackage:
    return msgspec.structs.replace(GOOD, **fields)


def step(**fields: object) -> rel.Step:
    return msgspec.structs.replace(STEP, **fields)


def test_a_plain_package_is_right_and_comes_back_the_same() -> None:
    assert rel.check_package(GOOD) == ()
    data = rel.encode_package(GOOD)
    assert rel.decode_package(data) == GOOD
    assert rel.package_hash(rel.encode_package(rel.decode_package(data))) == rel.package_hash(data)


@pytest.mark.parametrize(
    ("package", "sentence"),
    [
        (changed(steps=()), "The route has no steps."),
        (changed(steps=(step(number=2),)), "stands where step 1 should"),
        (changed(steps=(STEP, STEP)), "stands where step 2 should"),
        (changed(steps=(step(reentry=2),)), "re-enters at 2"),
        (changed(steps=(step(passed_by="MaterialsInstalled"),)), "names none"),
        (changed(steps=(step(passed_by="UnitsPersonalized"),)), "names nothing to write"),
        (changed(steps=(step(materials=(rel.StepMaterial("R", quantity=Decimal(0)),)),)), "must be above 0"),
        (changed(steps=(step(materials=(rel.StepMaterial("R", ("R",)),)),)), "its own alternate"),
        (
            changed(steps=(step(passed_by="AggregationEvent", materials=(rel.StepMaterial("R"),)),)),
            "cannot be consumed there",
        ),
        (changed(panel_positions=4), "exactly one TransformationEvent"),
        (changed(panel_positions=61), "must be 1 to 60"),
        (changed(repair_limit=-1), "repair_limit must be 0 to 1000"),
        (changed(identities=(rel.IdentityRule("x", "imsi"),)), "has the scheme 'imsi'"),
        (changed(steps=(step(passed_by="UnitsPersonalized", identities=("imei1",)),)), "does not have"),
        (changed(steps=(step(passed_by="UnitsPersonalized", firmware=("main",)),)), "no released image"),
        (changed(firmware=(rel.FirmwareRule("a=b", "1", "0" * 64),)), "equals sign"),
        (changed(pack=rel.PackPlan(units_per_box=0)), "units_per_box is 0"),
        (
            changed(steps=(step(key_parts=(rel.KeyPart("P", role="x", product="Q", serialised=False),)),)),
            "serialised must be true",
        ),
        (changed(steps=(step(key_parts=(rel.KeyPart("P", role="x"), rel.KeyPart("P", role="x"))),)), "twice"),
    ],
)
def test_what_is_wrong_is_named(package: rel.ReleasePackage, sentence: str) -> None:
    problems = rel.check_package(package)
    assert any(sentence in problem for problem in problems), problems
