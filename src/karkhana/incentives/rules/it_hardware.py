"""IT hardware 2.0: the applicant's own estimate is the year's ceiling, and falling short of it costs. Pure.

The percentages by component and the yearly sales to reach were never found, so the incentive that the year
earned is given, not computed, and no result can be signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from karkhana.incentives.rules import asking
from karkhana.incentives.rules.asking import Wrong
from karkhana.incentives.rules.scheme import Scheme
from karkhana.incentives.rules.sheet import Result, Sheet

NEEDS = ("short_from", "short_over", "short_deduction", "far_deduction", "localisation_matrix",
         "global.cap", "hybrid.cap", "domestic.cap", "sales_min")  # fmt: skip
READINGS = ("shortfall_bounds",)
FACTS = ("slots.from_2023", "slots.from_2024", "slots.from_2025")


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """One applicant's year."""

    category: Annotated[str, asking.choice("global, hybrid or domestic", "global", "hybrid", "domestic")]
    fy: Annotated[str, asking.fiscal()]
    slots: Annotated[str, asking.choice("first year of the six", "from_2023", "from_2024", "from_2025")]
    estimate: Annotated[
        Decimal,
        asking.amount("incentive that the applicant estimated for the year", least=Decimal("0.0000001")),
    ]
    earned: Annotated[Decimal, asking.amount("incentive that sales and localisation of the year earned")]
    paid_before: Annotated[Decimal, asking.amount("incentive of earlier years")] = Decimal(0)
    shortfall_bounds: Annotated[
        str | None, asking.choice("reading: at exactly 25 % and 50 % below the estimate", "lower", "upper")
    ] = None


def deduction(short: Decimal, first: Decimal, second: Decimal, bounds: str) -> int:
    """Return 0, 1 or 2: no deduction, the smaller, the larger.

    ``lower``: a shortfall of exactly the first bound is deducted, of exactly the second only by the smaller.
    ``upper``: the first bound is still free, the second already costs the larger.
    """
    if bounds == "lower":
        return 2 if short > second else 1 if short >= first else 0
    return 2 if short >= second else 1 if short > first else 0


def compute(scheme: Scheme, year: Year) -> Result:
    """Return what is payable for one year after the discipline of projections and the company's ceiling.

    Raises:
        Wrong: the fiscal year is none of the scheme's, or more was paid before than the ceiling.
    """
    sheet = Sheet(scheme, year.fy)
    sheet.row(year.slots)
    sheet.given("estimated incentive", year.estimate)
    sheet.given("earned incentive", year.earned)
    for name, what in (
        ("localisation_matrix", "percentages by component"),
        ("sales_min", "sales of the year to reach"),
    ):
        sheet.find(name, what=what)
    amount = sheet.limit("earned incentive", year.earned, year.estimate)
    first, second = (
        sheet.take("short_from", what="shortfall deducted from"),
        sheet.take("short_over", what="shortfall deducted more above"),
    )
    # Compared without dividing, so that no rounding moves a bound.
    gap = year.estimate - year.earned
    steps = {
        mode: deduction(gap, first * year.estimate, second * year.estimate, mode)
        for mode in ("lower", "upper")
    }
    used = sheet.read("shortfall_bounds", year.shortfall_bounds, matters=steps["lower"] != steps["upper"])
    if steps[used]:
        share = sheet.take(
            ("short_deduction", "far_deduction")[steps[used] - 1], what="deduction for the shortfall"
        )
        amount = sheet.computed("after the deduction", amount * (1 - share))
    cap = sheet.take(f"{year.category}.cap", what="ceiling of the company over all years")
    if year.paid_before > cap:
        raise Wrong("paid_before", f"it is more than the ceiling of {cap} crore")
    return sheet.result(sheet.limit("what the company may still earn", amount, cap - year.paid_before))
