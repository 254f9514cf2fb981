"""Which formula computes which scheme, and the one way to compute: scheme, input, result."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from types import ModuleType
from typing import Any

from karkhana.incentives.inputs import read_input
from karkhana.incentives.refusals import no
from karkhana.incentives.rules import (
    acc,
    auto,
    capital,
    components,
    drone,
    it_hardware,
    lsem,
    telecom,
    white_goods,
)
from karkhana.incentives.rules.asking import Wrong
from karkhana.incentives.rules.scheme import Scheme
from karkhana.incentives.rules.sheet import Result, plain

EXACT = Context(prec=60)
"""More digits than any product of bounded inputs has, so that only divisions are ever rounded."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula: what it asks, what its file must hold, and the function."""

    asks: type[Any]
    compute: Callable[[Scheme, Any], Result]
    needs: tuple[str, ...]
    readings: tuple[str, ...]
    facts: tuple[str, ...]


def _formula(module: ModuleType, asks: str) -> Formula:
    return Formula(getattr(module, asks), module.compute, module.NEEDS, module.READINGS, module.FACTS)


FORMULAS: dict[str, Formula] = {
    "lsem": _formula(lsem, "Year"),
    "telecom": _formula(telecom, "Year"),
    "auto": _formula(auto, "Year"),
    "it_hardware": _formula(it_hardware, "Year"),
    "drone": _formula(drone, "Year"),
    "acc": _formula(acc, "Period"),
    "capital": _formula(capital, "Project"),
    "components": _formula(components, "Year"),
    "white_goods": _formula(white_goods, "Year"),
}


def compute(scheme: Scheme, values: dict[str, Any], *, place: str) -> Result:
    """Return what a scheme pays for given values.

    Args:
        values: one value per field that the formula asks for; amounts as ``Decimal``, ``int`` or text.
        place: where they stand, such as a file's name, for messages.

    Raises:
        Refused: ``scheme.no_formula``; ``scheme.input`` with place and field.
    """
    formula = FORMULAS.get(scheme.formula)
    if formula is None:
        raise no("scheme.no_formula", scheme=scheme.id)
    try:
        asked = read_input(formula.asks, values)
        with localcontext(EXACT):
            result = formula.compute(scheme, asked)
            undecided = _that_matter(scheme, formula, asked, result)
    except Wrong as wrong:
        raise no(
            "scheme.input", file=place, field=wrong.field, problem=wrong.problem, scheme=scheme.id
        ) from None
    said = {field.name: getattr(asked, field.name) for field in dataclasses.fields(asked)}
    given = {name: plain(value) for name, value in said.items() if value is not None}
    return dataclasses.replace(result, undecided=undecided, asked=given)


def _that_matter(scheme: Scheme, formula: Formula, asked: Any, result: Result) -> tuple[str, ...]:
    """Return the undecided readings of a result under which another answer gives another amount."""
    names = result.undecided
    amounts: dict[tuple[str, ...], Decimal] = {}
    for chosen in itertools.product(*(scheme.reading(name).options for name in names)):
        other = dataclasses.replace(asked, **dict(zip(names, chosen, strict=True)))
        amounts[chosen] = formula.compute(scheme, other).amount
    return tuple(
        name
        for place, name in enumerate(names)
        if len({(*key[:place], *key[place + 1 :]) for key in amounts})
        < len({(*key[:place], *key[place + 1 :], amount) for key, amount in amounts.items()})
    )
