"""From a problem to its result: the plan, how far one can get, the trade-off and the explanations, in this
order.

When the time is over, what is not done yet is left out and the result says so; the plan itself comes first.
"""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from karkhana.kernel.refusals import refuse
from karkhana.solving.localising.answering import Clock, Found, OutOfTime, highest, least_cost
from karkhana.solving.localising.checking_input import check
from karkhana.solving.localising.explaining import Explainer
from karkhana.solving.localising.measure import level_of, per_cent, quotient
from karkhana.solving.localising.model import Model, build
from karkhana.solving.localising.plans import Plan, amount, plan_of
from karkhana.solving.localising.problem import Problem, measured, month_number, month_text
from karkhana.solving.localising.result import Limit, Month, Point, Result, Status, Use

POINTS = 9
"""Points of the trade-off, from today to as far as one can get."""


def localise_next(problem: Problem, *, seconds: float = 60.0, points: int = POINTS) -> Result:
    """Solve a problem.

    Args:
        seconds: for all of it; the plan is sought first.
        points: of the trade-off curve, 0 for none.

    Raises:
        Refused: ``localise_next.*`` for input, ``localise_next.time`` when there was no plan in time.
    """
    began = time.monotonic()
    check(problem)
    clock = Clock(seconds)
    model = build(problem)
    if not model.quotients:
        raise RuntimeError("a checked problem measures nothing")
    try:
        status, plan, needed, level, held = _plan(model, clock)
    except OutOfTime:
        raise refuse(
            "localise_next.time",
            "No plan was found within {seconds} seconds.",
            "Give it more time, or fewer candidates or months.",
            seconds=round(seconds),
        ) from None
    limits, complete = _limits(problem, status, clock)
    curve, drawn = _curve(model, clock, points)
    explainer = Explainer(model, plan, level, clock, held)
    chosen, others = explainer.chosen(), explainer.not_chosen()
    start = month_number(problem.start)
    wanted = problem.target.amount
    return Result(
        status=status,
        measure=problem.target.measure,
        wanted=wanted,
        by=problem.target.by,
        present=per_cent(problem, model.quotients[0].at({})),
        level=per_cent(problem, plan.level),
        cost=plan.checked.cost,
        one_time=plan.checked.one_time,
        price_change=plan.checked.price_change,
        bound=_bound(plan.found) if level is not None else None,
        proved=plan.found.proved,
        needed=needed,
        chosen=chosen,
        not_chosen=others,
        limits=limits,
        curve=curve,
        months=_months(model, plan),
        uses=tuple(
            Use(candidate=name[1], product=name[2], month=month_text(start + name[3]), units=count)
            for name, count in sorted(
                plan.units.items(), key=lambda item: (item[0][1], item[0][3], item[0][2])
            )
        ),
        complete=complete and drawn and explainer.complete,
        seconds=round(time.monotonic() - began, 3),
    )


def _bound(found: Found) -> Decimal | None:
    return None if found.bound is None else min(amount(found.bound), amount(found.cost))


def _plan(model: Model, clock: Clock) -> tuple[Status, Plan, Decimal | None, Fraction | None, int | None]:
    """Return status, plan, least cost where a budget does not suffice, level to reach, periods held."""
    problem = model.problem
    budget = None if problem.budget is None else Fraction(problem.budget)
    if problem.target.amount is None:
        return "most", _most(model, clock, budget), None, None, 1
    level = level_of(problem, problem.target.amount)
    found = least_cost(model, level, clock, budget=budget)
    if found is not None:
        already = model.quotients[0].at({}) >= level
        return ("already_reached" if already else "reached"), plan_of(model, found), None, level, None
    if budget is not None:
        needed = least_cost(model, level, clock)
        if needed is not None:
            return "over_budget", _most(model, clock, budget), amount(needed.cost), None, 1
    by_then = least_cost(model, level, clock, periods_held=1)
    if by_then is not None:
        return "not_kept", plan_of(model, by_then), None, level, 1
    return "out_of_reach", _most(model, clock, None), None, None, 1


def _most(model: Model, clock: Clock, budget: Fraction | None) -> Plan:
    """Return the cheapest of the plans with the highest level within a budget."""
    found = highest(model, model.quotients[0], clock, budget)
    if found is None:
        raise RuntimeError("doing nothing is within every budget")
    level = model.quotients[0].at({name: found.values[name] for name in model.units})
    try:
        cheaper = least_cost(model, level, clock, start=found, budget=budget, periods_held=1)
    except OutOfTime:
        cheaper = None
    best = cheaper or found
    return plan_of(model, best if found.proved else replace(best, bound=None))


def _limits(problem: Problem, status: Status, clock: Clock) -> tuple[tuple[Limit, ...], bool]:
    """Say how far one would get without each kind of limit, when the target is out of reach."""
    if status not in ("out_of_reach", "not_kept"):
        return (), True
    wanted = level_of(problem, problem.target.amount or Decimal(0))
    found: list[Limit] = []
    for what, changes in RELAXED.items():
        if not clock.left:
            return tuple(found), False
        eased = tuple(msgspec.structs.replace(each, **changes) for each in problem.candidates)
        model = build(msgspec.structs.replace(problem, candidates=eased))
        try:
            highest_ones = [highest(model, asked, clock, None) for asked in model.quotients]
        except OutOfTime:
            return tuple(found), False
        levels = [
            asked.at({name: best.values[name] for name in model.units})
            for asked, best in zip(model.quotients, highest_ones, strict=True)
            if best is not None
        ]
        level = min(levels)
        found.append(Limit(what=what, level=per_cent(problem, level), enough=level >= wanted))
    return tuple(found), True


def _curve(model: Model, clock: Clock, points: int) -> tuple[tuple[Point, ...], bool]:
    """Return the least cost of levels from today's to the highest; no point is beaten by another."""
    if not points:
        return (), True
    # The curve goes on beyond a budget: it shows what more money would reach.
    model = replace(model, problem=msgspec.structs.replace(model.problem, budget=None))
    asked = model.quotients[0]
    found: list[Point] = []
    try:
        top = highest(model, asked, clock, None)
        if top is None:
            return (), True
        low = asked.at({})
        high = max(asked.at({name: top.values[name] for name in model.units}), low)
        levels = {low + (high - low) * number / points for number in range(points + 1)}
        if model.problem.target.amount is not None:
            levels.add(level_of(model.problem, model.problem.target.amount))
        before: Found | None = None
        for level in sorted(each for each in levels if low <= each <= high):
            answer = least_cost(model, level, clock, start=before)
            if answer is None:
                break
            found.append(_point(model, level, plan_of(model, answer)))
            before = answer
    except OutOfTime:
        return _unbeaten(found), False
    return _unbeaten(found), True


def _point(model: Model, level: Fraction, plan: Plan) -> Point:
    return Point(
        asked=per_cent(model.problem, level),
        level=per_cent(model.problem, plan.level),
        cost=plan.checked.cost,
        one_time=plan.checked.one_time,
        proved=plan.found.proved,
        candidates=tuple(sorted(plan.chosen)),
    )


def _unbeaten(points: list[Point]) -> tuple[Point, ...]:
    """Leave out points that reach less for as much or more."""
    kept: list[Point] = []
    for point in sorted(points, key=lambda each: (-each.level, each.cost)):
        if not kept or point.cost < kept[-1].cost:
            kept.append(point)
    return tuple(reversed(kept))


def _months(model: Model, plan: Plan) -> tuple[Month, ...]:
    """Return the level of each month by itself in which something measured is built."""
    problem = model.problem
    start = month_number(problem.start)
    found = []
    for month in range(problem.months):
        if not any(product.units[month] for product in measured(problem)):
            continue
        asked = quotient(problem, range(month, month + 1), dict.fromkeys(model.units))
        if asked is not None:
            before, after = per_cent(problem, asked.at({})), per_cent(problem, asked.at(plan.units))
            found.append(Month(month=month_text(start + month), before=before, after=after))
    return tuple(found)


#: What is taken away from every candidate to see whether it is what limits.
RELAXED: dict[str, dict[str, Any]] = {
    "as_it_is": {},
    "lead_time": {"lead_months": 0},
    "capacity": {"capacity": None},
    "share": {"share_max": Decimal(1), "share_min": Decimal(0)},
    "minimum": {"minimum": 0},
    "all": {
        "lead_months": 0, "capacity": None, "share_max": Decimal(1), "share_min": Decimal(0), "minimum": 0,
    },
}  # fmt: skip
