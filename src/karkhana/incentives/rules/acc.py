"""Advanced chemistry cells: the bid per kWh, times domestic value capture, times kWh sold. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from karkhana.incentives.rules import asking
from karkhana.incentives.rules.asking import Wrong
from karkhana.incentives.rules.scheme import Scheme
from karkhana.incentives.rules.sheet import Result, Sheet

CRORE = Decimal(10_000_000)
KWH_PER_GWH = Decimal(1_000_000)
NEEDS = ("revenue_share_max", "paid_gwh_max", "dva_start", "dva_end")
READINGS = ("dva_in_year_5",)
FACTS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One claim: a quarter or a year of one maker."""

    fy: Annotated[str, asking.fiscal()]
    year: Annotated[int, asking.whole("year of the agreement", 1, 5)]
    bid: Annotated[Decimal, asking.amount("amount bid", unit="INR_per_kWh", most=Decimal(100000))]
    dva: Annotated[Decimal, asking.share("domestic value capture, as a share")]
    kwh_sold: Annotated[Decimal, asking.amount("energy sold", unit="kWh", most=Decimal(10) ** 12)]
    kwh_paid_before: Annotated[
        Decimal,
        asking.amount("energy that was paid for earlier in the year", unit="kWh", most=Decimal(10) ** 12),
    ] = Decimal(0)
    revenue: Annotated[Decimal, asking.amount("revenue of these sales")]
    dva_in_year_5: Annotated[
        str | None, asking.choice("reading: value capture needed in year 5", "end", "start")
    ] = None


def compute(scheme: Scheme, period: Period) -> Result:
    """Return the subsidy of one period, in crore.

    Raises:
        Wrong: more energy was paid for than the scheme pays for.
    """
    sheet = Sheet(scheme, period.fy)
    _value_capture(sheet, period)
    if sheet.why_not:
        return sheet.result(Decimal(0))
    most = sheet.take("paid_gwh_max", what="energy that one maker is paid for in a year") * KWH_PER_GWH
    if period.kwh_paid_before > most:
        raise Wrong("kwh_paid_before", f"one maker is paid for at most {most} kWh a year")
    sheet.given("energy sold", period.kwh_sold, "kWh")
    sold = sheet.limit("energy sold, in kWh", period.kwh_sold, most - period.kwh_paid_before)
    sheet.given("bid", period.bid, "INR_per_kWh")
    amount = sheet.computed("bid x value capture x energy", period.bid * period.dva * sold / CRORE)
    share = sheet.take("revenue_share_max", what="share of revenue, at most")
    ceiling = sheet.computed("ceiling by revenue", share * period.revenue)
    return sheet.result(sheet.limit("subsidy", amount, ceiling))


def _value_capture(sheet: Sheet, period: Period) -> None:
    start = sheet.take("dva_start", what="value capture needed at the start")
    end = sheet.take("dva_end", what="value capture needed within five years")
    differs = period.year == 5 and start <= period.dva < end
    used = sheet.read("dva_in_year_5", period.dva_in_year_5, matters=differs)
    floor = end if period.year == 5 and used == "end" else start
    sheet.reaches("domestic value capture", period.dva, floor, "share")
