"""A plan as people speak of it: who is chosen, how many units, checked once more before anybody sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from karkhana.solving.localising.answering import Found
from karkhana.solving.localising.checking import Checked, check_plan
from karkhana.solving.localising.measure import Built
from karkhana.solving.localising.model import Model


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked plan: ``units`` by column name, ``level`` the exact quotient of the target's period."""

    chosen: frozenset[str]
    units: Mapping[Built, int]
    level: Fraction
    checked: Checked
    found: Found


def plan_of(model: Model, found: Found) -> Plan:
    """Return the plan of an answer, without candidates that nothing is built with and nobody requires.

    Raises:
        RuntimeError: the independent checker found something wrong; a fault of ours.
    """
    problem = model.problem
    units = {name: found.values[name] for name in model.units if found.values[name]}
    kept = {name[1] for name in units}
    committed = {each.code for each in problem.candidates if each.share_min}
    kept |= {code for code in committed if found.values["use", code]}
    requires = {each.code: each.requires for each in problem.candidates}
    open_codes = list(kept)
    while open_codes:
        for other in requires[open_codes.pop()]:
            if other not in kept:
                kept.add(other)
                open_codes.append(other)
    chosen = frozenset(kept)
    checked = check_plan(problem, chosen, {(name[1], name[2], name[3]): n for name, n in units.items()})
    if checked.complaints:
        raise RuntimeError("a plan does not stand: " + "; ".join(checked.complaints[:5]))
    return Plan(chosen, units, model.quotients[0].at(units), checked, found)


def amount(value: Fraction) -> Decimal:
    """Return an amount of money rounded to 2 decimals (bounds and differences; costs are exact)."""
    return Decimal(round(value * 100)) / 100
