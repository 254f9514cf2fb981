"""Telecom and networking products: thresholds and ceilings are multiples of committed investment. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from karkhana.incentives.rules import asking
from karkhana.incentives.rules.asking import Wrong
from karkhana.incentives.rules.scheme import Scheme
from karkhana.incentives.rules.sheet import Result, Sheet
from karkhana.incentives.rules.years import last_day

NEEDS = (
    "msme.rate*",
    "other.rate*",
    "share_of_commitment*",
    "min_multiple",
    "max_multiple",
    "design_led_bonus",
    "msme.commitment_min",
    "other.commitment_min",
    "claim_months",
    "provisional_release",
)
READINGS: tuple[str, ...] = ()
FACTS = ("slots.from_fy22", "slots.from_fy23")


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """One applicant's year."""

    company: Annotated[str, asking.choice("msme or other", "msme", "other")]
    fy: Annotated[str, asking.fiscal()]
    slots: Annotated[str, asking.choice("first year of the five", "from_fy22", "from_fy23")] = "from_fy22"
    commitment: Annotated[Decimal, asking.amount("investment committed over four years")]
    cumulative_investment: Annotated[Decimal, asking.amount("investment so far, without land and building")]
    sales: Annotated[Decimal, asking.amount("net sales of the approved products")]
    sales_base: Annotated[Decimal, asking.amount("the same in the base year")]
    design_led: Annotated[bool, asking.yes_no("the products are design-led")] = False
    approved_amount: Annotated[
        Decimal | None, asking.amount("existing beneficiary: incentive approved for the year")
    ] = None
    certificates_in: Annotated[bool, asking.yes_no("the reconciliation certificates are there")] = False


def compute(scheme: Scheme, year: Year) -> Result:
    """Return what one year earns, what is released at once and the last day for the claim.

    Raises:
        Wrong: the commitment is below the least, or the year is none of the scheme's.
    """
    sheet = Sheet(scheme, year.fy)
    row = sheet.row(year.slots)
    least = sheet.take(f"{year.company}.commitment_min", what="least commitment")
    if year.commitment < least:
        raise Wrong("commitment", f"{year.company} must commit at least {least} crore")
    sheet.given("committed investment", year.commitment)
    share = sheet.take("share_of_commitment", row, "share of the commitment due by this year")
    due = sheet.computed("investment due", share * year.commitment)
    sheet.reaches("cumulative investment", year.cumulative_investment, due)
    increment = sheet.computed("increment of sales", year.sales - year.sales_base)
    floor = sheet.take("min_multiple", what="increment at least, times investment due") * due
    sheet.reaches("increment of sales", increment, sheet.computed("increment needed", floor))
    if sheet.why_not:
        return sheet.result(Decimal(0))
    ceiling = sheet.take("max_multiple", what="increment that earns at most, times investment due") * due
    paid_on = sheet.limit("increment that earns", increment, ceiling)
    rate = sheet.take(f"{year.company}.rate", row, "rate of the year")
    if year.design_led:
        rate = sheet.computed(
            "rate with bonus",
            rate + sheet.take("design_led_bonus", what="bonus of design-led products"),
            "share",
        )
    amount = sheet.limit("amount approved", rate * paid_on, year.approved_amount)
    _release(sheet, year, amount)
    return sheet.result(amount)


def _release(sheet: Sheet, year: Year, amount: Decimal) -> None:
    share = (
        Decimal(1)
        if year.certificates_in
        else sheet.take("provisional_release", what="share paid before certificates")
    )
    sheet.also["released_at_once"] = share * amount
    months = int(sheet.take("claim_months", what="months after the year's end in which to claim"))
    sheet.also["claim_by"] = end_of_month_after(last_day(year.fy), months)


def end_of_month_after(day: dt.date, months: int) -> dt.date:
    """Return the last day of the month that is some months after the month of ``day``."""
    place = day.year * 12 + day.month + months
    return dt.date(place // 12, place % 12 + 1, 1) - dt.timedelta(days=1)
