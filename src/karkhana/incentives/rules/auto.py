"""Automobiles and components: slabs on the determined sales value, with bonuses. Pure.

Determined sales value (DSV): eligible sales of the year less those of the base year. Whether a slab's rate
holds for all of it (flat) or for the part within the slab (marginal) is not stated: a reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from karkhana.incentives.rules import asking
from karkhana.incentives.rules.asking import Wrong
from karkhana.incentives.rules.scheme import Scheme
from karkhana.incentives.rules.sheet import Result, Sheet

SLABS = 4
_PER_KIND = (
    *(f"slab{n}_to" for n in range(1, SLABS)),
    *(f"slab{n}_rate" for n in range(1, SLABS + 1)),
    "cumulative_from",
    "cumulative_bonus",
    "first_year_sales",
    "investment*",
)
NEEDS = (
    *(f"{kind}.{name}" for kind in ("oem", "component") for name in _PER_KIND),
    "component.ev_bonus",
    "ice_last_year_factor",
    "dva_min",
    "growth",
    "group_cap",
)
READINGS = ("slab_mode",)
FACTS = ("slots.only",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """One applicant's year; products with different certificates or bonuses are computed one by one."""

    kind: Annotated[str, asking.choice("champion OEM or component champion", "oem", "component")]
    fy: Annotated[str, asking.fiscal()]
    sales: Annotated[Decimal, asking.amount("eligible sales of the year")]
    sales_base: Annotated[Decimal, asking.amount("the same in the base year")]
    dva: Annotated[Decimal, asking.share("domestic value addition on the model's certificate, as a share")]
    drive: Annotated[str, asking.choice("what the product is for", "electric", "combustion", "either")] = (
        "either"
    )
    cumulative_dsv: Annotated[
        Decimal | None, asking.amount("determined sales value over all years so far")
    ] = None
    cumulative_investment: Annotated[Decimal | None, asking.amount("investment so far")] = None
    group_paid: Annotated[Decimal, asking.amount("what the group earned in earlier claims")] = Decimal(0)
    slab_mode: Annotated[str | None, asking.choice("reading: rate of a slab", "flat", "marginal")] = None


def slab_amount(slabs: list[tuple[Decimal | None, Decimal]], dsv: Decimal, mode: str) -> Decimal:
    """Return the incentive before bonuses.

    Args:
        slabs: upper bound (belongs to the slab; ``None`` in the last) and rate, in rising order.
        mode: ``flat``: the slab's rate on all of it. ``marginal``: each part at its own slab's rate.
    """
    if mode == "flat":
        return dsv * next(rate for top, rate in slabs if top is None or dsv <= top)
    total = below = Decimal(0)
    for top, rate in slabs:
        until = dsv if top is None else min(dsv, top)
        total += max(until - below, Decimal(0)) * rate
        below = max(below, until)
    return total


def compute(scheme: Scheme, year: Year) -> Result:
    """Return what one year earns.

    Raises:
        Wrong: the values do not fit each other, naming the field.
    """
    sheet = Sheet(scheme, year.fy)
    row = sheet.row("only")
    _check(year)
    dsv = sheet.computed("determined sales value", year.sales - year.sales_base)
    sheet.reaches(
        "domestic value addition",
        year.dva,
        sheet.take("dva_min", what="domestic value addition needed"),
        "share",
    )
    _gates(sheet, year, row, dsv)
    if sheet.why_not:
        return sheet.result(Decimal(0))
    slabs = _slabs(sheet, year.kind)
    flat, marginal = (slab_amount(slabs, dsv, mode) for mode in ("flat", "marginal"))
    used = sheet.read("slab_mode", year.slab_mode, matters=flat != marginal)
    amount = sheet.computed("by slab", flat if used == "flat" else marginal)
    amount = _bonuses(sheet, year, row, dsv, amount)
    left = max(
        sheet.take("group_cap", what="ceiling of a group over all years") - year.group_paid, Decimal(0)
    )
    return sheet.result(sheet.limit("what the group may still earn", amount, left))


def _check(year: Year) -> None:
    if year.cumulative_dsv is not None and year.cumulative_dsv < year.sales - year.sales_base:
        raise Wrong("cumulative_dsv", "it counts this year, so it is at least the year's own value")


def _slabs(sheet: Sheet, kind: str) -> list[tuple[Decimal | None, Decimal]]:
    found: list[tuple[Decimal | None, Decimal]] = []
    for number in range(1, SLABS + 1):
        top = sheet.take(f"{kind}.slab{number}_to", what=f"slab {number}, up to") if number < SLABS else None
        found.append((top, sheet.take(f"{kind}.slab{number}_rate", what=f"slab {number}, rate")))
    return found


def _gates(sheet: Sheet, year: Year, row: int, dsv: Decimal) -> None:
    """Hold the year to its sales and investment; the first year's sales grow by a share each year."""
    first = sheet.find(f"{year.kind}.first_year_sales", what="sales value needed in the first year")
    if first is not None:
        least = first * (1 + sheet.take("growth", what="growth a year over the first")) ** (row - 1)
        sheet.reaches("determined sales value", dsv, sheet.computed("sales value needed", least))
    if year.cumulative_investment is None:
        sheet.lack("cumulative_investment", "cumulative investment", "not given, so this was not checked")
        return
    floor = sheet.find(f"{year.kind}.investment", row, "cumulative investment needed")
    sheet.reaches("cumulative investment", year.cumulative_investment, floor)


def _bonuses(sheet: Sheet, year: Year, row: int, dsv: Decimal, amount: Decimal) -> Decimal:
    """Return the amount with what is added or taken off beside the slab."""
    if year.drive == "combustion" and year.kind == "component" and row == 5:
        amount = sheet.computed(
            "combustion parts in the last year",
            amount * sheet.take("ice_last_year_factor", what="factor for combustion parts"),
        )
    if year.drive == "electric" and year.kind == "component":
        amount += sheet.computed(
            "bonus for electric or hydrogen", dsv * sheet.take("component.ev_bonus", what="bonus rate")
        )
    if year.cumulative_dsv is not None and year.cumulative_dsv >= sheet.take(
        f"{year.kind}.cumulative_from", what="cumulative value with a bonus"
    ):
        amount += sheet.computed(
            "bonus for the cumulative value",
            dsv * sheet.take(f"{year.kind}.cumulative_bonus", what="bonus rate"),
        )
    return amount
