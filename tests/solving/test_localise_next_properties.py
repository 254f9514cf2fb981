"""The least cost and the highest share are what trying everything finds; more choice is never worse."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from localise_cases import candidate, plans, problem, small_problems

from karkhana.kernel.refusals import Refused
from karkhana.solving.localising import Problem, localise_next
from karkhana.solving.localising.checking_input import check

often = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
rarely = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def consistent(of: Problem) -> bool:
    try:
        check(of)
    except Refused:
        return False
    return True


@often
@given(small_problems())
def test_the_least_cost_is_what_trying_everything_finds(of: Problem) -> None:
    assume(consistent(of))
    result = localise_next(of, points=0)
    reaching = [plan for plan in plans(of) if all(plan.reached.values())]
    if not reaching:
        assert result.status in ("out_of_reach", "not_kept")
        return
    assert result.status in ("reached", "already_reached")
    assert result.cost == min(plan.cost for plan in reaching), of
    assert result.bound is not None
    assert result.bound <= result.cost


@often
@given(small_problems(budget=True))
def test_the_most_for_a_budget_is_what_trying_everything_finds(of: Problem) -> None:
    assume(consistent(of))
    result = localise_next(of, points=0)
    first = len(of.products[0].units) - 1
    best = max(plan.levels[first] for plan in plans(of))
    assert result.status == "most"
    assert result.level == best
    assert result.cost == min(plan.cost for plan in plans(of) if plan.levels[first] == best)


@rarely
@given(small_problems())
def test_no_point_of_the_trade_off_is_beaten_by_another(of: Problem) -> None:
    assume(consistent(of))
    curve = localise_next(of, points=5).curve
    for lower, higher in pairwise(curve):
        assert lower.level < higher.level
        assert lower.cost < higher.cost


@rarely
@given(small_problems())
def test_leaving_a_candidate_out_never_makes_the_target_cheaper(of: Problem) -> None:
    assume(consistent(of))
    whole = localise_next(of, points=0)
    last = of.candidates[-1].code
    fewer = msgspec.structs.replace(of, candidates=tuple(each for each in of.candidates if each.code != last))
    without = localise_next(fewer, points=0)
    if whole.status == "out_of_reach":
        assert without.status == "out_of_reach"
    elif without.status in ("reached", "already_reached"):
        assert without.cost >= whole.cost


@pytest.mark.parametrize("budget", [0, 1_000, 5_000, 20_000, 100_000])
def test_more_budget_never_reaches_less(budget: int) -> None:
    many = [candidate(f"C{n}", imported_before=Decimal(3 + n), imported_after=Decimal(1), part=f"p{n}",
                      one_time=Decimal(900 * n), price_change=Decimal(n % 3)) for n in range(8)]  # fmt: skip
    little = localise_next(problem(*many, amount=None, budget=Decimal(budget)), points=0)
    more = localise_next(problem(*many, amount=None, budget=Decimal(budget + 700)), points=0)
    assert little.cost <= budget
    assert little.level <= more.level
