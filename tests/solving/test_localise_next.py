"""What to localise next: each kind of condition by itself, the reasons given, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from localise_cases import candidate, problem

from karkhana.kernel.refusals import Refused
from karkhana.solving.localising import (
    Candidate,
    Effect,
    NotChosen,
    Product,
    Result,
    localise_next,
    localise_next_apart,
)
from karkhana.solving.localising.checking import check_plan
from karkhana.solving.milp import Answer, Column, Program, solve


def other(result: Result, code: str) -> NotChosen:
    return next(each for each in result.not_chosen if each.candidate == code)


def names(result: Result) -> set[str]:
    return {each.candidate for each in result.chosen}


def test_the_solver_is_right_where_a_version_of_it_was_known_to_be_wrong() -> None:
    # ERGO-Code/HiGHS#3043: one version's presolve says 15.
    program = Program()
    program.column("x", Column(0, 10, 2))
    program.column("z", Column(0, 10, 3, whole=True))
    program.row("c", [("x", 1), ("z", 1)], lower=Fraction(9, 2))
    answer = solve(program, seconds=10)
    assert answer.status == "optimal"
    assert answer.values == pytest.approx({"x": 4.5, "z": 0})


def test_it_takes_the_cheapest_only_when_it_is_needed() -> None:
    result = localise_next(
        problem(candidate("A"), candidate("B", part="b", price_change=Decimal(5)), amount=Decimal(30))
    )
    assert result.status == "reached"
    assert [(use.candidate, use.month, use.units) for use in result.uses] == [("A", "2026-06", 67)]
    assert result.cost == 67 * 2
    assert result.level == Decimal("30.0500")
    assert result.present == 20
    assert result.proved
    assert other(result, "B").reason == "too_dear"
    assert other(result, "B").cost_per_point == Decimal("33.33")


def test_one_part_explained_by_what_it_adds_and_what_would_be_without_it() -> None:
    dear = candidate("B", part="b", price_change=Decimal(5))
    result = localise_next(problem(candidate("A", one_time=Decimal(50)), dear, amount=Decimal(35)))
    (chosen,) = result.chosen
    assert chosen.points == 15
    assert chosen.cost == 50 + 100 * 2
    assert chosen.cost_per_point == Decimal("16.67")
    assert chosen.without == 100 * 5 - 250
    assert not chosen.indispensable
    alone = localise_next(problem(candidate("A"), amount=Decimal(35)))
    assert alone.chosen[0].indispensable


def test_a_saving_is_taken_as_soon_as_it_is_available() -> None:
    saving = candidate("A", price_change=Decimal(-1), one_time=Decimal(120), lead_months=1)
    result = localise_next(problem(saving, amount=Decimal(10)))
    assert result.status == "already_reached"
    assert result.cost == 120 - 200
    assert result.chosen[0].first_used == "2026-05"


def test_what_comes_too_late_is_said_and_how_far_one_gets() -> None:
    late = candidate("L", part="l", imported_before=Decimal(30), lead_months=3)
    result = localise_next(problem(candidate("A"), late, amount=Decimal(50), months=6))
    assert result.status == "out_of_reach"
    assert result.level == 35
    assert not result.chosen[0].indispensable
    assert other(result, "L").reason == "too_late"
    assert other(result, "L").available == "2026-07"
    limits = {limit.what: limit for limit in result.limits}
    assert limits["as_it_is"].level == 35
    assert limits["lead_time"].level == 60
    assert limits["lead_time"].enough
    assert not limits["capacity"].enough


def test_capacity_limits_and_is_seen() -> None:
    result = localise_next(problem(candidate("A", capacity=120, quantity=2), amount=Decimal(29)))
    assert (result.chosen[0].busiest, result.chosen[0].units, result.chosen[0].at_capacity) == (120, 60, True)
    more = localise_next(problem(candidate("A", capacity=120, quantity=2), amount=Decimal(30)))
    assert more.status == "out_of_reach"
    assert {limit.what for limit in more.limits if limit.enough} == {"capacity", "all"}


def test_a_minimum_by_month_and_by_order() -> None:
    by_month = localise_next(problem(candidate("A", minimum=90), amount=Decimal(21)))
    assert [use.units for use in by_month.uses] == [90]
    by_order = localise_next(problem(candidate("A", minimum=150, minimum_per="order"), amount=Decimal(21)))
    assert sum(use.units for use in by_order.uses) == 150
    never = localise_next(problem(candidate("A", minimum=90, capacity=80), amount=Decimal(21)))
    assert never.status == "out_of_reach"
    assert other(never, "A").reason == "minimum"


def test_alternates_share_a_place_or_exclude_each_other() -> None:
    both = (candidate("A", part="x", capacity=60), candidate("B", part="x", price_change=Decimal(3)))
    split = localise_next(problem(*both, amount=Decimal(35)))
    assert {(use.candidate, use.units) for use in split.uses if use.month == "2026-06"} == {
        ("A", 60),
        ("B", 40),
    }
    one = (
        candidate("A", part="x", capacity=60, only_one_of="x"),
        candidate("B", part="x", price_change=Decimal(3), only_one_of="x"),
    )
    result = localise_next(problem(*one, amount=Decimal(35)))
    assert names(result) == {"B"}
    assert other(result, "A").reason == "alternate"
    assert other(result, "A").instead == ("B",)


def test_a_sub_assembly_takes_the_place_of_its_parts() -> None:
    board = candidate(
        "PCBA", replaces=("chip", "board"), imported_before=Decimal(40), price_change=Decimal(9)
    )
    result = localise_next(problem(candidate("CHIP", part="chip"), board, amount=Decimal(50)))
    assert names(result) == {"PCBA", "CHIP"}
    assert sum(use.units for use in result.uses) <= 100


def test_a_prerequisite_is_paid_and_waited_for() -> None:
    line = Candidate(code="LINE", one_time=Decimal(500), lead_months=2)
    result = localise_next(
        problem(candidate("A", requires=("LINE",), price_change=Decimal(-1)), line, amount=Decimal(35))
    )
    assert names(result) == {"A", "LINE"}
    assert result.cost == 500 - 100
    chosen = {each.candidate: each for each in result.chosen}
    assert chosen["A"].available == "2026-06"
    assert chosen["LINE"].required_by == ("A",)
    assert chosen["LINE"].first_used is None


def test_shares_bound_what_is_taken() -> None:
    most = localise_next(problem(candidate("A", share_max=Decimal("0.6")), amount=Decimal(29)))
    assert most.uses[0].units == 60
    least = localise_next(
        problem(candidate("A", share_min=Decimal("0.5"), lead_months=1), amount=Decimal(21))
    )
    assert [use.units for use in least.uses] == [50, 50]


def test_the_denominator_may_change_with_the_price() -> None:
    grown = candidate("A", imported_after=Decimal(0), price_change=Decimal(10), value_change=Decimal(10))
    result = localise_next(problem(grown, amount=None, budget=Decimal(10_000), units=10))
    # 20 + 30 local of 110.
    assert result.level == Decimal("45.4545")


def test_growth_by_count_and_by_value() -> None:
    count = localise_next(problem(candidate("A", quantity=2), amount=Decimal(50), measure="count"))
    assert (count.present, count.level, count.uses[0].units) == (0, 50, 100)
    value = localise_next(problem(candidate("A"), amount=Decimal(50), measure="value"))
    # 20 worth of local parts; the candidate brings 20 + 2 - 5 = 17 a unit.
    assert value.uses[0].units == 59
    assert value.level == Decimal("50.1500")
    based = localise_next(problem(candidate("A"), amount=Decimal(50), measure="value", base=Decimal(10)))
    assert based.present == 100
    assert based.status == "already_reached"


def test_a_target_is_kept_after_its_month_unless_said_otherwise() -> None:
    kept = localise_next(problem(candidate("A"), by="2026-05", amount=Decimal(30)))
    assert [use.month for use in kept.uses] == ["2026-05", "2026-06"]
    once = localise_next(problem(candidate("A"), by="2026-05", amount=Decimal(30), keep=False))
    assert [use.month for use in once.uses] == ["2026-05"]


def test_a_period_of_several_months_is_measured_as_a_whole() -> None:
    result = localise_next(
        problem(candidate("A", lead_months=2), months=3, amount=Decimal(24), measure="percentage")
    )
    assert sum(use.units for use in result.uses) == 27
    ended = problem(candidate("A", lead_months=2), amount=Decimal(24))
    target = msgspec.structs.replace(ended.target, months=3)
    whole = localise_next(msgspec.structs.replace(ended, target=target))
    assert sum(use.units for use in whole.uses) == 80


def test_a_budget_too_small_for_the_target_gives_the_most_and_what_is_needed() -> None:
    result = localise_next(problem(candidate("A"), amount=Decimal(30), budget=Decimal(100)))
    assert result.status == "over_budget"
    assert result.needed == 134
    assert result.cost == 100
    assert result.level == Decimal("27.5000")
    tooling = problem(
        candidate("A", one_time=Decimal(100)), amount=Decimal(30), budget=Decimal(100), budget_on="one_time"
    )
    assert localise_next(tooling).status == "reached"


def test_the_trade_off_rises_and_ends_where_nothing_more_can_be_had() -> None:
    many = [
        candidate(f"C{n}", part=f"p{n}", imported_before=Decimal(6), imported_after=Decimal(n),
                  one_time=Decimal(100 * n * n)) for n in range(6)
    ]  # fmt: skip
    result = localise_next(problem(*many, amount=Decimal(25)))
    assert result.curve[-1].level == 20 + 6 + 5 + 4 + 3 + 2 + 1
    assert any(point.asked == 25 for point in result.curve)
    levels = [point.level for point in result.curve]
    costs = [point.cost for point in result.curve]
    assert levels == sorted(set(levels))
    assert costs == sorted(set(costs))


def test_the_same_problem_gets_the_same_answer_in_a_process_of_its_own() -> None:
    asked = problem(candidate("A"), candidate("B", part="b", price_change=Decimal(5)), amount=Decimal(40))
    here, there = localise_next(asked), localise_next_apart(asked)
    assert msgspec.structs.replace(here, seconds=0) == msgspec.structs.replace(there, seconds=0)


def test_the_checker_complains_about_a_plan_that_breaks_conditions() -> None:
    asked = problem(candidate("A", capacity=10, lead_months=1, requires=("B",)), candidate("B", part="b"))
    checked = check_plan(asked, frozenset({"A"}), {("A", "P", 0): 11})
    words = " ".join(checked.complaints)
    assert "before it is available" in words
    assert "capacity" in words
    assert "B is not chosen" in words


@pytest.mark.parametrize(
    ("said", "field", "code"),
    [
        ({"by": "2027-13"}, "by", "month"),
        ({"by": "2030-01"}, "by", "outside"),
        ({"amount": Decimal(101)}, "amount", "value"),
        ({"amount": Decimal("NaN")}, "amount", "value"),
        ({"units": 0}, "by", "nothing_built"),
        ({"units": -1}, "units", "value"),
        ({"budget": Decimal(-1)}, "budget", "value"),
        ({"currency": "rupees"}, "currency", "value"),
        ({"start": "soon"}, "start", "month"),
        ({"measure": "count", "base": Decimal(0)}, "base", "base"),
    ],
)
def test_a_problem_that_cannot_be_meant_is_refused(said: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        localise_next(msgspec.structs.replace(problem(candidate("A")), start=said.pop("start"))
                      if "start" in said else problem(candidate("A"), **said))  # fmt: skip
    assert refused.value.refusal.fields["field"] == field
    assert refused.value.refusal.code == f"localise_next.{code}"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"imported_before": Decimal(81)}, "imported_before"),
        ({"imported_before": Decimal("Infinity")}, "imported_before"),
        ({"imported_after": Decimal("0.0000001")}, "imported_after"),
        ({"price_change": Decimal("1e20")}, "price_change"),
        ({"product": "Z"}, "product"),
        ({"quantity": 0}, "quantity"),
        ({"one_time": Decimal(-1)}, "one_time"),
        ({"capacity": -1}, "capacity"),
        ({"share_min": Decimal("0.7"), "share_max": Decimal("0.6")}, "share_min"),
        ({"share_max": Decimal("1.1")}, "share_max"),
        ({"requires": ("A",)}, "requires"),
        ({"requires": ("nobody",)}, "requires"),
        ({"part": "a\x00b"}, "replaces"),
        ({"value_change": Decimal(-100)}, "value"),
    ],
)
def test_a_candidate_that_cannot_be_meant_is_refused(said: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        localise_next(problem(candidate("A", **said)))
    assert refused.value.refusal.fields["field"] == field


def test_candidates_cannot_take_out_more_than_a_product_imports() -> None:
    with pytest.raises(Refused) as refused:
        localise_next(problem(*(candidate(f"C{n}", part=f"p{n}") for n in range(5))))
    assert refused.value.refusal.code == "localise_next.more_than_imported"


def test_two_products_share_a_capacity() -> None:
    products = tuple(
        Product(code=code, units=(100,), value=Decimal(100), imported=Decimal(80)) for code in ("P", "Q")
    )
    effects = tuple(
        Effect(product=code, imported_before=Decimal(before), imported_after=Decimal(0))
        for code, before in (("P", 20), ("Q", 30))
    )
    shared = Candidate(code="A", effects=effects, capacity=120)
    result = localise_next(problem(shared, products=products, by="2026-04", amount=None, budget=Decimal(0)))
    assert {(use.product, use.units) for use in result.uses} == {("P", 20), ("Q", 100)}
    assert result.level == 20 + Decimal(20 * 20 + 100 * 30) / 200


def test_no_answer_in_time_is_said_and_nothing_is_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = Answer("no_answer", {}, float("-inf"), 0.0)
    monkeypatch.setattr("karkhana.solving.localising.answering.solve", lambda *_, **__: stopped)
    with pytest.raises(Refused) as refused:
        localise_next(problem(candidate("A")))
    assert refused.value.refusal.code == "localise_next.time"


def test_an_answer_that_was_stopped_is_not_called_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(program: Program, **said: Any) -> Answer:
        answer = solve(program, **said)
        if not answer.found:
            return answer
        return Answer("feasible", answer.values, answer.bound - 50, answer.seconds)

    monkeypatch.setattr("karkhana.solving.localising.answering.solve", stopped)
    result = localise_next(problem(candidate("A")), points=0)
    assert not result.proved
    assert result.bound == 134 - 50


def test_the_highest_is_proved_with_a_denominator_that_changes() -> None:
    many = [
        candidate(f"C{n}", part=f"p{n}", imported_before=Decimal(8), imported_after=Decimal(1),
                  price_change=Decimal(n), value_change=Decimal(n), one_time=Decimal(100 * n))
        for n in range(6)
    ]  # fmt: skip
    result = localise_next(problem(*many, amount=None, budget=Decimal(10_000)), points=0)
    assert result.proved
    # Each adds 7 + n to what is local and n to the whole: all together are the highest.
    assert result.level == (Decimal(20 + 6 * 7 + 15) * 100 / (100 + 15)).quantize(
        Decimal("0.0001"), "ROUND_FLOOR"
    )


def test_the_trade_off_goes_on_beyond_a_budget() -> None:
    result = localise_next(problem(candidate("A"), amount=None, budget=Decimal(0)))
    assert (result.status, result.cost, result.level) == ("most", 0, 20)
    assert result.curve[0].cost == 0
    assert result.curve[-1].level > 20
    assert result.curve[-1].cost > 0
