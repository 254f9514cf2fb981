"""What a build must show: criteria, evidence and what is missing, as tables."""

from __future__ import annotations

import itertools
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest

from karkhana.design.stages import STAGES
from karkhana.design.stages.reading import group_of, groups
from karkhana.design.stages.rules import (
    Criteria,
    Evidence,
    Issue,
    StepYield,
    judge,
    looser,
    per_cent,
    rolled_yield,
    snapshot,
    snapshot_hash,
    stricter,
    unmet,
)
from karkhana.sim.scenario import load_scenario


def shown(**more: object) -> Evidence:
    return Evidence("P", "A", "DVT", "0" * 64, **more)


def steps(*counts: tuple[int, int]) -> tuple[StepYield, ...]:
    return tuple(StepYield(number, f"S{number}", *count) for number, count in enumerate(counts, start=1))


@pytest.mark.parametrize(
    ("criteria", "evidence", "met", "have"),
    [
        (Criteria(units=20), shown(built=20), True, "20"),
        (Criteria(units=20), shown(built=19, started=40), False, "19"),
        (Criteria(first_pass_per_mille=970), shown(steps=steps((100, 97))), True, "97.00"),
        (Criteria(first_pass_per_mille=970), shown(steps=steps((100_000, 96_999))), False, "96.99"),
        (Criteria(first_pass_per_mille=970), shown(steps=steps((9, 9), (100, 96), (0, 0))), False, "96.00"),
        (Criteria(first_pass_per_mille=970), shown(steps=steps((0, 0))), False, ""),
        (Criteria(first_pass_per_mille=0), shown(), False, ""),
        (Criteria(rolled_per_mille=810), shown(steps=steps((10, 9), (10, 9))), True, "81.00"),
        (Criteria(rolled_per_mille=811), shown(steps=steps((10, 9), (10, 9))), False, "81.00"),
        (Criteria(rolled_per_mille=1), shown(), False, ""),
        (Criteria(open_issues={"B": 1}), shown(issues=(Issue(1, "B", "x"), Issue(2, "C", "y"))), True, "1"),
        (Criteria(open_issues={"B": 0}), shown(issues=(Issue(1, "B", "x"),)), False, "1"),
        (Criteria(open_issues={"A": 0}), shown(issues=(Issue(1, "B", "x"),)), True, "0"),
        (Criteria(first_article=True), shown(first_article=("N1", True)), True, "1"),
        (Criteria(first_article=True), shown(first_article=("N1", False)), False, "0"),
        (Criteria(first_article=True), shown(), False, "0"),
        (Criteria(compliance=True), shown(), True, "0"),
        (Criteria(compliance=True), shown(compliance=("BIS-CRS",)), False, "1"),
        (Criteria(documents=("drawing",)), shown(documents=("drawing",)), False, "1"),
        (Criteria(documents=("drawing",)), shown(), True, "0"),
        (Criteria(firmware=True), shown(firmware=("main 1.0",)), False, "1"),
        (Criteria(reliability_hours=240), shown(reliability_hours=Decimal("239.9")), False, "239.9"),
        (Criteria(reliability_hours=240), shown(reliability_hours=Decimal("240.0")), True, "240.0"),
    ],
)
def test_a_criterion(criteria: Criteria, evidence: Evidence, met: bool, have: str) -> None:
    (finding,) = judge(criteria, evidence)
    assert (finding.met, finding.have) == (met, have)
    assert unmet((finding,)) == (() if met else (finding,))


def test_what_is_missing_is_named() -> None:
    asked = Criteria(first_pass_per_mille=950, open_issues={"A": 0}, compliance=True)
    found = judge(asked, shown(
        steps=steps((100, 99), (100, 90)), issues=(Issue(7, "A", "Smoke"),), compliance=("WPC-ETA",)
    ))  # fmt: skip
    assert {f.key: f.missing for f in found} == {
        "first_pass": ("2 S2 90.00",), "issues_a": ("7 Smoke",), "compliance": ("WPC-ETA",),
    }  # fmt: skip
    assert judge(Criteria(), shown()) == ()


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (Fraction(199, 200), "99.50"),
        (Fraction(49_999_999, 50_000_000), "99.99"),
        (Fraction(10**40 - 1, 10**40), "99.99"),
        (Fraction(1), "100.00"),
        (Fraction(0), "0.00"),
        (Fraction(1, 3), "33.33"),
        (None, ""),
    ],
)
def test_a_share_is_never_shown_better_than_it_is(share: Fraction | None, text: str) -> None:
    assert per_cent(share) == text


def test_a_step_that_judged_nothing_does_not_count_in_the_rolled_yield() -> None:
    assert rolled_yield(steps((4, 3), (0, 0), (2, 1))) == Fraction(3, 8)
    assert rolled_yield(steps((0, 0))) is None


def test_of_group_and_product_the_stricter_counts() -> None:
    group = Criteria(units=20, first_pass_per_mille=900, open_issues={"A": 0, "B": 3}, documents=("drawing",))
    own = Criteria(units=5, first_pass_per_mille=950, rolled_per_mille=500, open_issues={"B": 1, "C": 4},
                   first_article=True, documents=("plan", "drawing"), reliability_hours=100)  # fmt: skip
    assert stricter(group, own) == Criteria(
        units=20, first_pass_per_mille=950, rolled_per_mille=500, open_issues={"A": 0, "B": 1, "C": 4},
        first_article=True, documents=("drawing", "plan"), reliability_hours=100,
    )  # fmt: skip
    assert stricter(group, Criteria()) == group
    assert looser(group, own) == ("units",)


@pytest.mark.parametrize(
    ("own", "what"),
    [
        (Criteria(units=-1), ("units",)),
        (Criteria(units=10**9), ("units",)),
        (Criteria(first_pass_per_mille=899), ("first_pass_per_mille",)),
        (Criteria(first_pass_per_mille=1001), ("first_pass_per_mille",)),
        (Criteria(rolled_per_mille=-1), ("rolled_per_mille",)),
        (Criteria(open_issues={"B": 4}), ("open_issues B",)),
        (Criteria(open_issues={"C": -1}), ("open_issues C",)),
        (Criteria(reliability_hours=-5), ("reliability_hours",)),
        (Criteria(units=20, first_pass_per_mille=900, open_issues={"B": 3, "C": 99}), ()),
    ],
)
def test_own_criteria_may_not_be_looser(own: Criteria, what: tuple[str, ...]) -> None:
    assert looser(Criteria(units=20, first_pass_per_mille=900, open_issues={"A": 0, "B": 3}), own) == what


def test_the_hash_is_over_all_that_was_asked_for_and_shown() -> None:
    base = (Criteria(units=20), shown(built=20), 0)
    others = (
        (Criteria(units=21), base[1], 0),
        (base[0], shown(built=21), 0),
        (base[0], shown(built=20, issues=(Issue(1, "C", "x"),)), 0),
        (base[0], base[1], 1),
    )
    digests = {snapshot_hash(snapshot(*one)) for one in (base, *others)}
    assert len(digests) == 5
    assert snapshot(*base) == snapshot(Criteria(units=20), shown(built=20), 0)
    assert msgspec.json.decode(snapshot(*base))["evidence"]["built"] == 20


def test_every_segment_has_a_group_and_no_later_stage_asks_for_less() -> None:
    named = [segment for group in groups() for segment in group.segments]
    assert sorted(named) == sorted(set(named))
    assert {product.spec.segment for product in load_scenario().products.values()} <= set(named)
    assert group_of("kettle").name == "device"
    for group in groups():
        assert tuple(group.stages) == STAGES
        assert group.source
        gates = [group.stages[stage] for stage in STAGES[:3]]
        for before, after in itertools.pairwise(gates):
            assert looser(before, after) == (), group.name
            assert after.units > before.units
