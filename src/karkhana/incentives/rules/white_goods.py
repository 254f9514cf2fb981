"""White goods: components of air conditioners and LED lights, a share of net incremental sales. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from karkhana.incentives.rules import asking
from karkhana.incentives.rules.scheme import Scheme
from karkhana.incentives.rules.sheet import Result, Sheet

NEEDS = ("rate*", "cost_plus", "investment_min", "sales_min")
READINGS: tuple[str, ...] = ()
FACTS = ("slots.from_fy23", "slots.from_fy24")


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """One applicant's year."""

    fy: Annotated[str, asking.fiscal()]
    slots: Annotated[
        str, asking.choice("first year paid: FY23 (investing from FY22) or FY24", "from_fy23", "from_fy24")
    ]
    sales: Annotated[Decimal, asking.amount("net sales of the components")]
    sales_base: Annotated[Decimal, asking.amount("the same in the base year")]


def group_supply_value(quantity: Decimal, arms_length: Decimal, cost: Decimal, margin: Decimal) -> Decimal:
    """Return the value of goods used within the group: the lower of market price and cost plus margin."""
    return quantity * min(arms_length, cost * (1 + margin))


def compute(scheme: Scheme, year: Year) -> Result:
    """Return what one year earns, without the thresholds by segment, which were not found."""
    sheet = Sheet(scheme, year.fy)
    row = sheet.row(year.slots)
    increment = sheet.computed("increment of sales", max(year.sales - year.sales_base, Decimal(0)))
    sheet.find("investment_min", what="investment needed")
    sheet.find("sales_min", what="increment of sales needed")
    return sheet.result(sheet.take("rate", row, "rate of the year") * increment)
