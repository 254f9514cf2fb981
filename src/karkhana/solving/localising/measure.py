"""What a target measures, as the quotient of two linear forms over the units built with each candidate.

Everything is exact: ``Fraction`` over whole units. A growth of 50 % is the quotient 1.5 over its base.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction

from karkhana.solving.localising.problem import Effect, Problem, measured

Built = tuple[str, str, str, int]
"""Name of a column: ``("units", candidate, product, place of the month)``."""


@dataclass(frozen=True, slots=True)
class Form:
    """``constant + sum(coefficient * units)``."""

    constant: Fraction
    terms: Mapping[Built, Fraction]

    def at(self, units: Mapping[Built, int]) -> Fraction:
        """Return its value."""
        return self.constant + sum(
            (each * units.get(name, 0) for name, each in self.terms.items()), Fraction(0)
        )


@dataclass(frozen=True, slots=True)
class Quotient:
    """A top over a bottom that is always positive."""

    top: Form
    bottom: Form

    def at(self, units: Mapping[Built, int]) -> Fraction:
        """Return its value."""
        return self.top.at(units) / self.bottom.at(units)

    def above(self, level: Fraction) -> Form:
        """Return the form that is 0 or more exactly where the quotient is ``level`` or more."""
        names = {**self.top.terms, **self.bottom.terms}
        none = Fraction(0)
        return Form(
            self.top.constant - level * self.bottom.constant,
            {
                name: self.top.terms.get(name, none) - level * self.bottom.terms.get(name, none)
                for name in names
            },
        )


def quotient(problem: Problem, period: range, columns: Mapping[Built, object]) -> Quotient | None:
    """Return what the target measures in a period, None where nothing is built in it."""
    products = {product.code: product for product in measured(problem)}
    if not any(product.units[month] for product in products.values() for month in period):
        return None
    effects = {
        (candidate.code, effect.product): effect
        for candidate in problem.candidates
        for effect in candidate.effects
    }
    names = [name for name in columns if name[2] in products and name[3] in period]
    top, bottom = _constants(problem, period)
    percentage = problem.target.measure == "percentage"
    gains = {name: _gain(problem, effects[name[1], name[2]]) for name in names}
    grows = {name: Fraction(effects[name[1], name[2]].value_change) for name in names} if percentage else {}
    return Quotient(
        Form(top, {name: gain for name, gain in gains.items() if gain}),
        Form(bottom, {name: each for name, each in grows.items() if each}),
    )


def _constants(problem: Problem, period: range) -> tuple[Fraction, Fraction]:
    target = problem.target
    top = bottom = Fraction(0)
    for product in measured(problem):
        units = sum(product.units[month] for month in period)
        if target.measure == "percentage":
            top += units * (Fraction(product.value) - Fraction(product.imported))
            bottom += units * Fraction(product.value)
            continue
        count = target.measure == "count"
        now = Fraction(product.local_parts if count else product.local_parts_value)
        top += units * now
        bottom += units * (now if target.base is None else Fraction(target.base))
    # Where today's parts are in no product of this period, growth over them has no meaning: any part is
    # growth.
    return top, bottom or Fraction(1)


def _gain(problem: Problem, effect: Effect) -> Fraction:
    if problem.target.measure == "count":
        return Fraction(effect.quantity)
    if problem.target.measure == "value":
        return Fraction(effect.local_gain)
    return Fraction(effect.value_change) + Fraction(effect.imported_before) - Fraction(effect.imported_after)


def level_of(problem: Problem, amount: Decimal) -> Fraction:
    """Return the quotient that a target of so many per cent asks for."""
    share = Fraction(amount) / 100
    return share if problem.target.measure == "percentage" else 1 + share


def per_cent(problem: Problem, level: Fraction) -> Decimal:
    """Return a quotient as the per cent of the target, rounded down to 4 decimals."""
    share = level if problem.target.measure == "percentage" else level - 1
    return points(share)


def points(share: Fraction) -> Decimal:
    """Return a share in per cent, rounded down to 4 decimals."""
    scaled = share * 1_000_000
    return (Decimal(scaled.numerator // scaled.denominator) / 10_000).quantize(Decimal("0.0001"), ROUND_FLOOR)
