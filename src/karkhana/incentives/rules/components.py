"""Electronics components (ECMS): a share of incremental sales by segment and year, of capital, or both. Pure.

No rate of the scheme was found in an official text; the file's are unverified, so no result can be signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from karkhana.incentives.rules import asking
from karkhana.incentives.rules.asking import Wrong
from karkhana.incentives.rules.scheme import Scheme
from karkhana.incentives.rules.sheet import Result, Sheet

TURNOVER = ("A1", "A2", "B3", "B4", "B5", "B6", "B7", "C8", "C9")
CAPITAL = ("C8", "C9", "D10", "D11")
SEGMENTS = (*TURNOVER, "D10", "D11")
NEEDS = (
    *(f"{segment}.rate*" for segment in TURNOVER),
    *(f"{segment}.capital_rate" for segment in CAPITAL),
    *(f"{segment}.investment" for segment in SEGMENTS),
    "employment_deduction",
    "sales_min",
)
READINGS = ("employment_deduction_mode",)
FACTS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """One applicant's year in one segment."""

    segment: Annotated[str, asking.choice("segment", *SEGMENTS)]
    fy: Annotated[str, asking.fiscal()]
    year: Annotated[int, asking.whole("year of incentive, after the gestation year", 1, 6)]
    cumulative_investment: Annotated[Decimal, asking.amount("investment so far")]
    sales: Annotated[Decimal, asking.amount("net sales of the segment")] = Decimal(0)
    sales_base: Annotated[Decimal, asking.amount("the same in the base year")] = Decimal(0)
    eligible_capex: Annotated[Decimal, asking.amount("capital expenditure of the year that counts")] = (
        Decimal(0)
    )
    employment_met: Annotated[bool, asking.yes_no("the employment promised was reached")]
    employment_deduction_mode: Annotated[
        str | None, asking.choice("reading: 1 % of the amount, or one point of the rate", "amount", "point")
    ] = None


def compute(scheme: Scheme, year: Year) -> Result:
    """Return what one year earns.

    Raises:
        Wrong: capital expenditure in a segment paid by turnover alone, or sales in one paid by capital.
    """
    sheet = Sheet(scheme, year.fy)
    if year.eligible_capex and year.segment not in CAPITAL:
        raise Wrong("eligible_capex", f"segment {year.segment} is paid by turnover alone")
    if year.sales and year.segment not in TURNOVER:
        raise Wrong("sales", f"segment {year.segment} is paid by capital expenditure alone")
    floor = sheet.find(f"{year.segment}.investment", what="investment needed")
    sheet.reaches("cumulative investment", year.cumulative_investment, floor)
    if sheet.why_not:
        return sheet.result(Decimal(0))
    amount = _turnover(sheet, year) if year.segment in TURNOVER else Decimal(0)
    if year.segment in CAPITAL:
        rate = sheet.take(f"{year.segment}.capital_rate", what="share of capital expenditure")
        amount += sheet.computed("on capital expenditure", rate * year.eligible_capex)
    return sheet.result(amount)


def _turnover(sheet: Sheet, year: Year) -> Decimal:
    increment = sheet.computed("increment of sales", max(year.sales - year.sales_base, Decimal(0)))
    sheet.find("sales_min", what="increment of sales needed")
    rate = sheet.take(f"{year.segment}.rate", year.year, "rate of the year")
    amount = sheet.computed("on turnover", rate * increment)
    if year.employment_met:
        return amount
    off = sheet.take("employment_deduction", what="deduction for employment not reached")
    used = sheet.read("employment_deduction_mode", year.employment_deduction_mode, matters=increment > 0)
    taken = amount * off if used == "amount" else increment * min(off, rate)
    return sheet.computed("after the deduction", amount - taken)
