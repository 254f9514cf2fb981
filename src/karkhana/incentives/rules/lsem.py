"""Large scale electronics manufacturing, round 1 (phones and specified components). Pure.

Two totals of sales are told apart: all target goods decide whether a year is met; category A is paid only on
phones whose invoice value, net of credit notes, discounts and taxes, is at least the floor.

Source: as the scheme's file names them; formula after the slides of the scheme's guidelines.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from karkhana.incentives.rules import asking
from karkhana.incentives.rules.asking import Wrong
from karkhana.incentives.rules.scheme import Scheme
from karkhana.incentives.rules.sheet import Result, Sheet
from karkhana.incentives.rules.years import first_day, last_day

CRORE = Decimal(10_000_000)
NEEDS = ("invoice_floor", "rate*", "A.investment*", "A.sales_min*", "A.sales_max*", "B.investment*",
         "B.sales_min*", "B.sales_max*", "C.investment*", "C.sales_min*", "C.sales_max*")  # fmt: skip
READINGS = ("slot_rule", "base_year_high_value")
FACTS = ("slots.original", "slots.extended", "award_from")


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """One applicant's year. Sales are net of credit notes, discounts and taxes."""

    category: Annotated[
        str,
        asking.choice(
            "A phones of the floor and above, B phones of domestic companies, C components", "A", "B", "C"
        ),
    ]
    fy: Annotated[str, asking.fiscal()]
    slots: Annotated[
        str,
        asking.choice(
            "the five years chosen: original FY21-FY25, extended FY22-FY26", "original", "extended"
        ),
    ]
    cumulative_investment: Annotated[Decimal, asking.amount("investment since the base year")]
    total_sales: Annotated[Decimal, asking.amount("sales of all target goods, whatever their price")]
    total_sales_base: Annotated[Decimal, asking.amount("the same in the base year")]
    eligible_sales: Annotated[
        Decimal | None, asking.amount("category A: of these, phones at or above the floor of invoice value")
    ] = None
    eligible_sales_base: Annotated[Decimal | None, asking.amount("the same in the base year")] = None
    award_from: Annotated[
        dt.date | None, asking.day("first day of the sales, where the award begins in the year")
    ] = None
    years_missed: Annotated[
        int, asking.whole("earlier years of the schedule that were not claimed", 0, 4)
    ] = 0
    slot_rule: Annotated[
        str | None, asking.choice("reading: which row after a missed year", "calendar", "claimed")
    ] = None
    base_year_high_value: Annotated[
        str | None, asking.choice("reading: base-year sales above the floor", "subtract", "ignore")
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """Goods of one invoice line or one unit, in INR: gross value and what is taken off it, each positive."""

    gross: Decimal
    credit_notes: Decimal = Decimal(0)
    discounts: Decimal = Decimal(0)
    taxes: Decimal = Decimal(0)
    quantity: int = 1

    @property
    def net(self) -> Decimal:
        """Return the net value of all pieces."""
        return self.gross - self.credit_notes - self.discounts - self.taxes

    def earns(self, category: str, floor: Decimal) -> bool:
        """Tell whether it is in the incentive base: for A, net value per piece at or above the floor."""
        return category != "A" or self.net >= floor * self.quantity


def totals(category: str, sales: Iterable[Sale], floor: Decimal) -> tuple[Decimal, Decimal]:
    """Return sales of all target goods and those that earn, both in INR crore and exact."""
    total = earning = Decimal(0)
    for sale in sales:
        total += sale.net
        if sale.earns(category, floor):
            earning += sale.net
    return total / CRORE, earning / CRORE


def compute(scheme: Scheme, year: Year) -> Result:
    """Return what one year earns.

    Raises:
        Wrong: values that do not fit each other, naming the field.
    """
    sheet = Sheet(scheme, year.fy)
    earning, earning_base = _earning_sales(year)
    _award_begins(scheme, sheet, year)
    row = _row(sheet, year)
    sheet.given("sales of all target goods", year.total_sales)
    sheet.given("sales of all target goods in the base year", year.total_sales_base)
    total = sheet.computed("increment of all target goods", year.total_sales - year.total_sales_base)
    name = year.category
    floor = sheet.find(f"{name}.investment", row, "cumulative investment needed")
    sheet.reaches("cumulative investment", year.cumulative_investment, floor)
    floor = sheet.find(f"{name}.sales_min", row, "increment of sales needed")
    sheet.reaches("increment of all target goods", total, floor)
    if sheet.why_not:
        return sheet.result(Decimal(0))
    if name == "A":
        sheet.take("invoice_floor", what="invoice value from which a phone earns")
        sheet.given("sales at or above the floor", earning)
        sheet.given("sales at or above the floor in the base year", earning_base)
        used = sheet.read("base_year_high_value", year.base_year_high_value, matters=earning_base > 0)
        earning_base = earning_base if used == "subtract" else Decimal(0)
    increment = sheet.computed("increment that earns", max(earning - earning_base, Decimal(0)))
    ceiling = sheet.find(f"{name}.sales_max", row, "increment that earns at most")
    paid_on = sheet.limit("increment that earns", increment, ceiling)
    return sheet.result(sheet.take("rate", row, "rate of the year") * paid_on)


def _earning_sales(year: Year) -> tuple[Decimal, Decimal]:
    """Return earning sales of the year and the base year; for B and C all target goods earn."""
    pairs = (
        ("eligible_sales", year.eligible_sales, year.total_sales),
        ("eligible_sales_base", year.eligible_sales_base, year.total_sales_base),
    )
    found: list[Decimal] = []
    for field, part, whole in pairs:
        if part is None and year.category == "A":
            raise Wrong(field, "category A needs it; write 0 when there were none")
        if part is not None and part > whole:
            raise Wrong(field, "it is more than the sales of all target goods")
        if part is not None and part != whole and year.category != "A":
            raise Wrong(field, "in categories B and C all target goods earn; leave it out")
        found.append(whole if part is None else part)
    return found[0], found[1]


def _award_begins(scheme: Scheme, sheet: Sheet, year: Year) -> None:
    fact = scheme.fact("award_from")
    assert fact is not None
    earliest = dt.date.fromisoformat(fact.texts[0])
    begins = year.award_from or max(first_day(year.fy), min(earliest, last_day(year.fy)))
    if not first_day(year.fy) <= begins <= last_day(year.fy):
        raise Wrong("award_from", f"{begins} is not in {year.fy}")
    if begins < earliest:
        raise Wrong("award_from", f"nothing sold before {earliest} earns")
    if begins != first_day(year.fy):
        sheet.given("sales from this day on", begins)


def _row(sheet: Sheet, year: Year) -> int:
    """Return the row of the schedule; after missed years two readings give different ones."""
    slot = sheet.row(year.slots)
    if year.years_missed >= slot:
        raise Wrong("years_missed", f"only {slot - 1} years of the schedule come before {year.fy}")
    rule = sheet.read("slot_rule", year.slot_rule, matters=year.years_missed > 0)
    row = slot if rule == "calendar" else slot - year.years_missed
    if row != slot:
        sheet.given("row of the schedule", str(row))
    return row
