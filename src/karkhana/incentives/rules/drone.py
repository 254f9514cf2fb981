"""Drones and their components: a share of the value added, sales less purchases, both without GST. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from karkhana.incentives.rules import asking
from karkhana.incentives.rules.asking import Wrong
from karkhana.incentives.rules.scheme import Scheme
from karkhana.incentives.rules.sheet import Result, Sheet

NEEDS = ("rate", "va_min", "outlay_share_max", "outlay_of_year", "msme.drone_sales_min",
         "msme.component_sales_min", "other.drone_sales_min", "other.component_sales_min")  # fmt: skip
READINGS: tuple[str, ...] = ()
FACTS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """One applicant's year. Domestic purchases are subtracted as well as imports."""

    company: Annotated[str, asking.choice("msme or other", "msme", "other")]
    goods: Annotated[str, asking.choice("drones or components of drones", "drone", "component")]
    fy: Annotated[str, asking.fiscal()]
    sales: Annotated[Decimal, asking.amount("sales without GST")]
    purchases: Annotated[Decimal, asking.amount("purchases without GST, domestic ones too")]


def compute(scheme: Scheme, year: Year) -> Result:
    """Return what one year earns.

    Raises:
        Wrong: there are no sales to take a share of.
    """
    sheet = Sheet(scheme, year.fy)
    if not year.sales:
        raise Wrong("sales", "there is no value addition without sales")
    sheet.given("sales", year.sales)
    sheet.given("purchases", year.purchases)
    floor = sheet.take(f"{year.company}.{year.goods}_sales_min", what="sales needed")
    sheet.reaches("sales", year.sales, floor)
    added = sheet.computed("value added", year.sales - year.purchases)
    least = sheet.take("va_min", what="value added as a share of sales, at least")
    sheet.reaches("value added", added, sheet.computed("value added needed", least * year.sales))
    if sheet.why_not:
        return sheet.result(Decimal(0))
    amount = sheet.take("rate", what="share of the value added") * added
    share = sheet.take("outlay_share_max", what="share of the year's outlay that one maker may earn")
    outlay = sheet.find("outlay_of_year", what="outlay of the year")
    return sheet.result(
        sheet.limit("share of the outlay", amount, None if outlay is None else share * outlay)
    )
