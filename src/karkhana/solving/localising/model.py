"""The problem as a program: which columns and rows stand for what, without any target yet.

Columns: ``("use", candidate)`` yes or no; ``("units", candidate, product, month)`` units built with it;
``("order", candidate, month)`` whether any are taken in a month with a minimum.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass
from fractions import Fraction

from karkhana.solving.localising.measure import Built, Form, Quotient, quotient
from karkhana.solving.localising.problem import Candidate, Effect, Problem, availability, periods
from karkhana.solving.milp import Column, Program


@dataclass(frozen=True, slots=True)
class Model:
    """A program with what is asked of it.

    Args:
        units: names of the columns that count units.
        quotients: what the target measures, in its own period first, then in those that must keep it.
    """

    problem: Problem
    program: Program
    units: tuple[Built, ...]
    quotients: tuple[Quotient, ...]

    def cost_row(self) -> list[tuple[Hashable, Fraction]]:
        """Return the terms that a budget limits."""
        one_time = self.problem.budget_on == "one_time"
        return [
            (name, Fraction(column.cost))
            for name, column in self.program.columns.items()
            if column.cost and (not one_time or (isinstance(name, tuple) and name[0] == "use"))
        ]


def build(problem: Problem) -> Model:
    """Return the program whose cost is the plan's cost over the horizon."""
    program = Program()
    available = availability(problem)
    products = {product.code: product for product in problem.products}
    places: dict[tuple[str, str, int], list[Built]] = defaultdict(list)
    units: list[Built] = []
    for candidate in problem.candidates:
        program.column(("use", candidate.code), Column(0, 1, Fraction(candidate.one_time), whole=True))
        made: list[tuple[Built, Effect]] = []
        for month in range(available[candidate.code], problem.months):
            row = _month(program, candidate, {code: each.units for code, each in products.items()}, month)
            made.extend(row)
            for name, _ in row:
                for place in dict.fromkeys(candidate.places):
                    places[place, name[2], month].append(name)
        units.extend(name for name, _ in made)
        if candidate.minimum and candidate.minimum_per == "order":
            program.row(
                ("minimum", candidate.code),
                [*((name, effect.quantity) for name, effect in made),
                 (("use", candidate.code), -candidate.minimum)],
                lower=0,
            )  # fmt: skip
    for (place, code, month), names in places.items():
        if len(names) > 1:
            limit = products[code].units[month]
            program.row(("place", place, code, month), [(name, 1) for name in names], upper=limit)
    _links(program, problem)
    columns = dict.fromkeys(units)
    asked = (quotient(problem, period, columns) for period in periods(problem))
    return Model(problem, program, tuple(units), tuple(each for each in asked if each is not None))


def _month(
    program: Program, candidate: Candidate, built: dict[str, tuple[int, ...]], month: int
) -> list[tuple[Built, Effect]]:
    """Add what one candidate may do in one month, and return its columns."""
    by_month = bool(candidate.minimum) and candidate.minimum_per == "month"
    switch: Hashable = ("order", candidate.code, month) if by_month else ("use", candidate.code)
    made: list[tuple[Built, Effect]] = []
    for effect in candidate.effects:
        most = _most(candidate, effect, built[effect.product][month])
        least = math.ceil(Fraction(candidate.share_min) * built[effect.product][month])
        name: Built = ("units", candidate.code, effect.product, month)
        if least > most:  # It cannot keep its least share, so it cannot be chosen.
            program.row(("never", candidate.code), [(("use", candidate.code), 1)], upper=0)
        if most <= 0:
            continue
        program.column(name, Column(0, most, Fraction(effect.price_change)))
        program.row(("switch", *name), [(name, 1), (switch, -most)], upper=0)
        if least:
            program.row(("least", *name), [(name, 1), (("use", candidate.code), -least)], lower=0)
        made.append((name, effect))
    parts: list[tuple[Hashable, int]] = [(name, effect.quantity) for name, effect in made]
    if by_month and made:
        program.column(switch, Column(0, 1, whole=True))
        program.row(("chosen", switch), [(switch, 1), (("use", candidate.code), -1)], upper=0)
        program.row(("minimum", candidate.code, month), [*parts, (switch, -candidate.minimum)], lower=0)
    if candidate.capacity is not None and len(made) > 1:
        program.row(("capacity", candidate.code, month), [*parts, (switch, -candidate.capacity)], upper=0)
    return made


def _most(candidate: Candidate, effect: Effect, built: int) -> int:
    most = math.floor(Fraction(candidate.share_max) * built)
    return most if candidate.capacity is None else min(most, candidate.capacity // effect.quantity)


def _links(program: Program, problem: Problem) -> None:
    """Alternates of which one is chosen, and prerequisites."""
    groups: dict[str, list[str]] = defaultdict(list)
    for candidate in problem.candidates:
        if candidate.only_one_of:
            groups[candidate.only_one_of].append(candidate.code)
        for other in dict.fromkeys(candidate.requires):
            program.row(
                ("requires", candidate.code, other),
                [(("use", candidate.code), 1), (("use", other), -1)],
                upper=0,
            )
    for group, codes in groups.items():
        if len(codes) > 1:
            program.row(("one", group), [(("use", code), 1) for code in codes], upper=1)


def require(model: Model, level: Fraction, *, periods_held: int | None = None) -> Program:
    """Return the program that must reach a level in the target's period and those that keep it."""
    program = Program(dict(model.program.columns), dict(model.program.rows))
    for number, asked in enumerate(model.quotients[:periods_held]):
        form = asked.above(level)
        program.row(("target", number), form.terms.items(), lower=-form.constant)
    return program


def maximise(model: Model, form: Form, budget: Fraction | None) -> Program:
    """Return the program that raises a form as far as a budget goes."""
    columns = {
        name: Column(column.lower, column.upper, -form.terms.get(name, Fraction(0)), column.whole)  # type: ignore[call-overload]
        for name, column in model.program.columns.items()
    }
    program = Program(columns, dict(model.program.rows))
    limit(program, model, budget)
    return program


def limit(program: Program, model: Model, budget: Fraction | None) -> None:
    """Add the budget's row."""
    if budget is not None:
        program.row(("budget",), model.cost_row(), upper=budget)
