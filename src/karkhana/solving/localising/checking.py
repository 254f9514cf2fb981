"""The independent checker: recomputes a plan from the problem alone, with Decimal arithmetic.

Shares no code with the program and the solver; it knows only the problem's shapes. A plan with any complaint
is
a fault of ours and is never shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal, localcontext

from karkhana.solving.localising.problem import (
    Candidate,
    Effect,
    Problem,
    availability,
    measured,
    month_number,
)

Units = Mapping[tuple[str, str, int], int]
"""Units built with (candidate, product, place of the month)."""
_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checker found: complaints in words, the cost, and the level of every measured period in per
    cent.

    ``levels`` are rounded down to 4 decimals and stand by the place of the period's last month; ``reached``
    says
    whether a level was reached, decided before any rounding.
    """

    complaints: tuple[str, ...]
    one_time: Decimal
    price_change: Decimal
    levels: Mapping[int, Decimal]
    reached: Mapping[int, bool]

    @property
    def cost(self) -> Decimal:
        """All that the plan costs over the horizon."""
        return self.one_time + self.price_change


def check_plan(problem: Problem, chosen: frozenset[str], units: Units) -> Checked:
    """Recompute a plan: does it break anything, what does it cost, what does it reach?"""
    with localcontext(_EXACT):
        complaints = [
            *_quantities(problem, chosen, units),
            *_links(problem, chosen),
            *_places(problem, units),
        ]
        one_time = sum((each.one_time for each in problem.candidates if each.code in chosen), Decimal(0))
        effects = _effects(problem)
        price = sum(
            (effects[code, product][1].price_change * count for (code, product, _), count in units.items()),
            Decimal(0),
        )
        spent = one_time if problem.budget_on == "one_time" else one_time + price
        if problem.budget is not None and problem.target.amount is None and spent > problem.budget:
            complaints.append(f"{spent} is spent of a budget of {problem.budget}")
        levels, reached = _levels(problem, units)
    return Checked(tuple(complaints), one_time, price, levels, reached)


def _effects(problem: Problem) -> dict[tuple[str, str], tuple[Candidate, Effect]]:
    return {
        (candidate.code, effect.product): (candidate, effect)
        for candidate in problem.candidates
        for effect in candidate.effects
    }


def _quantities(problem: Problem, chosen: frozenset[str], units: Units) -> list[str]:
    complaints: list[str] = []
    effects, products = _effects(problem), {each.code: each for each in problem.products}
    available = availability(problem)
    parts: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for (code, product, month), count in units.items():
        candidate, effect = effects[code, product]
        parts[code][month] += count * effect.quantity
        built = products[product].units[month]
        where = f"{code} in {product}, month {month}"
        if count < 0 or count > built * candidate.share_max:
            complaints.append(f"{where}: {count} of {built} units is not within its share")
        if count and code not in chosen:
            complaints.append(f"{where}: it is used without being chosen")
        if count and month < available[code]:
            complaints.append(f"{where}: it is used before it is available")
    for candidate in problem.candidates:
        taken = parts[candidate.code]
        if candidate.capacity is not None and max(taken.values(), default=0) > candidate.capacity:
            complaints.append(f"{candidate.code}: more than its capacity is taken in a month")
        if candidate.code in chosen:
            complaints.extend(_commitments(problem, candidate, taken, units, available[candidate.code]))
    return complaints


def _commitments(
    problem: Problem, candidate: Candidate, taken: Mapping[int, int], units: Units, available: int
) -> list[str]:
    complaints: list[str] = []
    if candidate.minimum_per == "order" and sum(taken.values()) < candidate.minimum:
        complaints.append(f"{candidate.code}: less than its minimum order is taken")
    if candidate.minimum_per == "month" and any(0 < count < candidate.minimum for count in taken.values()):
        complaints.append(f"{candidate.code}: less than its minimum is taken in a month")
    if candidate.share_min:
        products = {each.code: each for each in problem.products}
        for effect in candidate.effects:
            for month in range(available, problem.months):
                least = products[effect.product].units[month] * candidate.share_min
                if units.get((candidate.code, effect.product, month), 0) < least:
                    complaints.append(f"{candidate.code} in {effect.product}, month {month}: below its share")
    return complaints


def _links(problem: Problem, chosen: frozenset[str]) -> list[str]:
    complaints: list[str] = []
    groups: dict[str, list[str]] = defaultdict(list)
    for candidate in problem.candidates:
        if candidate.code not in chosen:
            continue
        if candidate.only_one_of:
            groups[candidate.only_one_of].append(candidate.code)
        complaints.extend(
            f"{candidate.code}: {other} is not chosen" for other in candidate.requires if other not in chosen
        )
    complaints.extend(
        f"{group}: more than one is chosen" for group, codes in groups.items() if len(codes) > 1
    )
    return complaints


def _places(problem: Problem, units: Units) -> list[str]:
    places = {candidate.code: set(candidate.places) for candidate in problem.candidates}
    products = {each.code: each for each in problem.products}
    filled: dict[tuple[str, str, int], int] = defaultdict(int)
    for (code, product, month), count in units.items():
        for place in places[code]:
            filled[place, product, month] += count
    return [
        f"place {place} of {product}, month {month}: filled more than once"
        for (place, product, month), count in filled.items()
        if count > products[product].units[month]
    ]


def _levels(problem: Problem, units: Units) -> tuple[dict[int, Decimal], dict[int, bool]]:
    target = problem.target
    first = month_number(target.by) - month_number(problem.start)
    levels: dict[int, Decimal] = {}
    reached: dict[int, bool] = {}
    for last in range(first, problem.months if problem.keep else first + 1):
        months = range(last - target.months + 1, last + 1)
        top, bottom = _level(problem, units, months)
        if not bottom:
            continue
        growth = 0 if target.measure == "percentage" else 100
        levels[last] = (100 * top / bottom - growth).quantize(Decimal("0.0001"), ROUND_FLOOR)
        if target.amount is not None:
            reached[last] = 100 * top >= (target.amount + growth) * bottom
    return levels, reached


def _level(problem: Problem, units: Units, months: range) -> tuple[Decimal, Decimal]:
    """Return what is local and what it is a share of, in a period; the latter is 0 when nothing is built."""
    target, effects = problem.target, _effects(problem)
    top = bottom = Decimal(0)
    built_at_all = 0
    for product in measured(problem):
        built = sum(product.units[month] for month in months)
        built_at_all += built
        used = [
            (effects[code, made][1], count)
            for (code, made, month), count in units.items()
            if made == product.code and month in months
        ]
        if target.measure == "percentage":
            value = product.value * built + sum((each.value_change * n for each, n in used), Decimal(0))
            away = sum(((each.imported_before - each.imported_after) * n for each, n in used), Decimal(0))
            top, bottom = top + value - product.imported * built + away, bottom + value
        elif target.measure == "count":
            now = Decimal(product.local_parts)
            top += now * built + sum(each.quantity * n for each, n in used)
            bottom += (now if target.base is None else target.base) * built
        else:
            now = product.local_parts_value
            top += now * built + sum((each.local_gain * n for each, n in used), Decimal(0))
            bottom += (now if target.base is None else target.base) * built
    return top, bottom or Decimal(1 if built_at_all else 0)
