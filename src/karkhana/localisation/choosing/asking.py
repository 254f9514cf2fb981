"""What a person asks of the tables, from the command line, the page or the API, in one shape."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from karkhana.kernel.refusals import Refused, refuse
from karkhana.localisation.choosing.queries import Present, problem_of, subassemblies
from karkhana.solving.localising import Problem, Target
from karkhana.solving.localising.problem import MONTHS_MAX, PRODUCTS_MAX, Measure, month_number

_MONTH = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the tables.

    Args:
        amount: per cent, None for as much as the budget gives.
        said: value and imported value per unit of products whose figures as designed shall not be taken.
        units: a month, of products without a plan.
        local_parts, local_parts_value: per unit today, for growth.
    """

    products: tuple[str, ...]
    by: str
    start: str
    amount: Decimal | None = None
    measure: Measure = "percentage"
    months: int = 1
    budget: Decimal | None = None
    budget_on: str = "total"
    units: int | None = None
    method: str = "PPP_MII"
    keep: bool = True
    local_parts: int = 0
    local_parts_value: Decimal = Decimal(0)
    said: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict)


def problem_asked(asked: Asked, *, day: dt.date) -> tuple[Problem, tuple[Present, ...]]:
    """Return the problem that a question stands for, and what the products' figures rest on.

    Args:
        day: of prices and of the method, for what is worth how much as designed.

    Raises:
        Refused: ``localise_next.*``, ``product.unknown``, ``method.*``.
    """
    for name, month in (("by", asked.by), ("start", asked.start)):
        if not _MONTH.fullmatch(month):
            raise _wrong(name, f"{month[:20]!r} is no month", "Write it as 2027-03.")
    span = month_number(asked.by) - month_number(asked.start)
    if not 0 <= span < MONTHS_MAX:
        raise _wrong("by", f"{asked.by} is not within 10 years from {asked.start}", "Correct one of them.")
    if not 0 < len(set(asked.products)) <= PRODUCTS_MAX:
        raise _wrong("products", "none or too many are named", "Name one product or more.")
    if asked.amount is None and asked.budget is None:
        raise _wrong("target", "neither a target nor a budget is given", "Give one of the two.")
    products = tuple(dict.fromkeys(asked.products))
    _counted_once(products)
    return problem_of(
        products=products,
        start=asked.start,
        target=Target(by=asked.by, amount=asked.amount, measure=asked.measure, months=asked.months),
        method=asked.method,
        day=day,
        said=asked.said,
        units=asked.units,
        local_parts=(asked.local_parts, asked.local_parts_value),
        budget=asked.budget,
        budget_on=asked.budget_on,
        keep=asked.keep,
    )


def _counted_once(products: tuple[str, ...]) -> None:
    """Refuse a sub-assembly beside others: what it is worth is counted already inside of its device."""
    inside = subassemblies([code for code in products if "\x00" not in code]) if len(products) > 1 else ()
    if inside:
        raise refuse(
            "localise_next.subassembly",
            "{product} is a sub-assembly: beside others its value would be counted twice.",
            "Leave it out, or measure it alone.",
            field="products",
            product=min(inside),
        )


def _wrong(name: str, reason: str, next_step: str) -> Refused:
    return refuse("localise_next.asked", "{field}: {reason}.", next_step, field=name, reason=reason)
