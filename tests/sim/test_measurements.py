"""Simulated testers report what a step asks for: within its limits on a pass, beyond one on a failure."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from karkhana.design.release import TestLimit
from karkhana.sim.plans import measurements
from karkhana.sim.scenario import StationType, load_scenario

NONE = StationType("X", "Tester", False, 0)
FCT = StationType(
    "FCT", "Board tester", False, 4500, "supply current", "mA",
    Decimal("182.0"), Decimal("6.0"), Decimal("150.0"), Decimal("220.0"),
)  # fmt: skip


def reported(kind: StationType, *tests: TestLimit, good: bool = True) -> list[list[dict[str, Any]]]:
    texts = measurements(kind, random.Random(7), good=good, tests=tests)
    return [
        json.loads(f"{{{text[1:]}}}", parse_float=Decimal, parse_int=Decimal)["measurements"]
        for text in texts
    ]


def outside(value: Decimal, test: TestLimit) -> bool:
    return (test.low is not None and value < test.low) or (test.high is not None and value > test.high)


def test_a_station_type_without_tests_reports_what_it_always_did() -> None:
    assert measurements(NONE, random.Random(7), good=True) == [""]
    for said in reported(FCT):
        assert [one["name"] for one in said] == ["supply current"]
        assert (said[0]["low"], said[0]["high"]) == (Decimal("150.0"), Decimal("220.0"))


def test_a_test_of_the_same_name_takes_the_place_of_the_station_types() -> None:
    test = TestLimit("supply current", "mA", Decimal(180), Decimal(184))
    for said in reported(FCT, test):
        assert len(said) == 1
        assert test.low <= said[0]["value"] <= test.high  # type: ignore[operator]
    assert all(outside(said[0]["value"], test) for said in reported(FCT, test, good=False))


def test_other_tests_are_reported_besides() -> None:
    test = TestLimit('ripple "peak"', "mV", None, Decimal(40))
    said = reported(FCT, test)[0]
    assert [(one["name"], one["unit_of_measure"]) for one in said] == [
        ("supply current", "mA"), ('ripple "peak"', "mV"),
    ]  # fmt: skip


NUMBERS = st.decimals(-10_000, 10_000, allow_nan=False, places=2)


@st.composite
def limits(draw: st.DrawFn) -> TestLimit:
    low, high = draw(st.none() | NUMBERS), draw(st.none() | NUMBERS)
    if low is not None and high is not None and low > high:
        low, high = high, low
    return TestLimit(draw(st.sampled_from("abc")), "V", low, high, draw(st.booleans()))


@given(
    st.lists(limits(), min_size=1, max_size=3, unique_by=lambda test: test.name), st.sampled_from([NONE, FCT])
)
def test_a_pass_is_within_every_limit_and_a_failure_beyond_one(
    tests: list[TestLimit], kind: StationType
) -> None:
    by_name = {test.name: test for test in tests} | (
        {} if kind is NONE else {FCT.measures: TestLimit(FCT.measures, "mA", FCT.low, FCT.high)}
    )
    for said in reported(kind, *tests)[:20]:
        assert {one["name"] for one in said} == set(by_name)
        assert not any(outside(one["value"], by_name[one["name"]]) for one in said)
    bounded = any(test.low is not None or test.high is not None for test in by_name.values())
    for said in reported(kind, *tests, good=False)[:20]:
        assert any(outside(one["value"], by_name[one["name"]]) for one in said) == bounded


def test_limits_of_the_scenario_are_measured_by_the_stations_that_do_the_step() -> None:
    scenario = load_scenario()
    kinds = {kind.station_type: kind for kind in scenario.station_types}
    found = [
        (step.station_type, test)
        for product in scenario.products.values()
        for step in product.package.steps
        for test in step.tests
    ]
    assert len(found) > 20
    for station_type, test in found:
        kind = kinds[station_type]
        assert (test.name, test.unit_of_measure) == (kind.measures, kind.unit)
        assert kind.nominal is not None
        assert not outside(kind.nominal, test)
