"""Local value of a revision as designed: usual, best and worst over alternates and sources."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from karkhana.design.models import Revision
from karkhana.design.queries import find_revision
from karkhana.kernel.money import HOME
from karkhana.kernel.refusals import refuse
from karkhana.localisation.built.charges import TermBook
from karkhana.localisation.catalogue import method_for
from karkhana.localisation.designed.demands import Needed, needed_of
from karkhana.localisation.designed.offers import Named, Offered, Rate, offers_of, rates_on
from karkhana.localisation.designed.rules import (
    Demand,
    Offer,
    Option,
    cost_bounds,
    cost_of_choice,
    extreme_picks,
    options_of,
    piece_of,
    uses_of,
    usual_choice,
    usual_first,
    valued_of,
)
from karkhana.localisation.rules.pieces import Result, plain
from karkhana.localisation.rules.valuing import Settings, Share, evaluate

VOLUME = Decimal(1000)
"""Units for which parts are assumed to be bought, where nobody says another number."""
GST_PERCENT = Decimal(18)
"""Tax that is assumed on purchases and imports: the rate of most electronic parts."""
VOLUME_MAX = Decimal(10) ** 9
REASONS = {
    "unknown_part": "No part of this number is held.",
    "no_price": "No price is held for the day.",
    "not_approved": "A price is held, but no source of it is approved.",
    "no_rate": "A price is held, but no exchange rate of its currency.",
}
"""Why a part has no price, as sentences."""


@dataclass(frozen=True, slots=True)
class Valued:
    """An option with what it counts by the method, for one piece."""

    option: Option
    share: Share


@dataclass(frozen=True, slots=True)
class DesignedRow:
    """One part of the bill; the three options are None where nothing is priced."""

    demand: Demand
    usual: Valued | None
    best: Valued | None
    worst: Valued | None

    @property
    def imported(self) -> Decimal:
        """What counts as not local of it in one unit, in the usual case."""
        return self.usual.share.imported * self.demand.quantity if self.usual else Decimal(0)

    @property
    def value(self) -> Decimal:
        """What counts of it in one unit, in the usual case."""
        return self.usual.share.value * self.demand.quantity if self.usual else Decimal(0)

    @property
    def differs(self) -> bool:
        """Whether the best choice is another than the worst."""
        return self.best is not None and self.worst is not None and self.best.option != self.worst.option


@dataclass(frozen=True, slots=True)
class DesignedResult:
    """Local value of a revision before anything is bought.

    Args:
        usual: every part as it is released, from its cheapest approved source.
        best, worst: of every part the source or alternate that leaves most, or least, local value.
        rows: one per part, those that no price meets first, then by imported value.
        cost, cost_least, cost_most: what the parts of one unit cost, in rupees.
        assumed: volume, tax, day, rates: what the figures rest on besides the offers.
    """

    usual: Result
    best: Result
    worst: Result
    rows: tuple[DesignedRow, ...]
    cost: Decimal
    cost_least: Decimal
    cost_most: Decimal
    assumed: dict[str, Any]

    @property
    def unpriced(self) -> tuple[Demand, ...]:
        """Parts without any price: they count as nothing, so that a percentage of the price is too high."""
        return tuple(row.demand for row in self.rows if row.usual is None)

    def grade_of(self, result: Result) -> str:
        """Return the class of one of the results; none is claimed while a part has no price."""
        return "" if self.unpriced else result.grade

    def as_dict(self, subject: dict[str, object]) -> dict[str, object]:
        """Return the JSON form of ``karkhana localise``: the usual case, with the range of the others."""
        usual = self.usual.as_dict(subject)
        # A forecast: no certificate may say it.
        usual.pop("certified")
        return {
            **usual,
            "percent_min": str(self.worst.percent_min),
            "percent_max": str(self.best.percent_max),
            "class": self.grade_of(self.usual),
            "class_min": self.grade_of(self.worst),
            "class_max": self.grade_of(self.best),
            "imported_min": plain(self.best.imported),
            "imported_max": plain(self.worst.imported),
            "cost": plain(self.cost),
            "cost_min": plain(self.cost_least),
            "cost_max": plain(self.cost_most),
            "choices": [
                {"part": row.demand.name, "usual": _named(row.usual), "best": _named(row.best),
                 "worst": _named(row.worst)}
                for row in self.rows if row.differs
            ],
            "unpriced": [
                {"part": one.name, "manufacturer": one.manufacturer, "quantity": plain(one.quantity),
                 "code": one.reason, "why": REASONS[one.reason]}
                for one in self.unpriced
            ],
            "assumed": self.assumed,
        }  # fmt: skip


def _named(valued: Valued | None) -> dict[str, str] | None:
    if valued is None:
        return None
    offer = valued.option.offer
    return {"part": offer.part, "supplier": offer.supplier, "origin": offer.origin, "channel": offer.channel}


@dataclass(frozen=True, slots=True)
class Costed:
    """A revision's demands with every way to meet them, in rupees, before any method counts them."""

    demands: tuple[Demand, ...]
    cost: Decimal
    cost_least: Decimal
    cost_most: Decimal
    assumed: dict[str, Any]


def value_revision(
    product: str,
    revision: str,
    *,
    method: str,
    chosen: dict[str, str] | None = None,
    day: dt.date,
    volume: Decimal | int = VOLUME,
    gst_percent: Decimal | int = GST_PERCENT,
    market: str = "",
) -> DesignedResult:
    """Value a revision, draft or released, by what its parts would cost and come from on a day.

    Args:
        method: id of a method, or the path of a method's file.
        chosen: values of the method's parameters.
        volume: units for which parts are assumed to be bought, above 0: it picks the quantity break.
        gst_percent: assumed on purchases and imports, 0 to 100.
        market: of the product's price, ISO 3166-1 alpha-2; empty takes the one that holds everywhere.

    Raises:
        Refused: ``revision.unknown``, ``method.*``, ``designed.volume``, ``designed.gst``, ``bom.*``.
    """
    settings = Settings.of(method_for(method, day), chosen, day=day)
    return value_found(
        find_revision(product, revision), settings, volume=volume, gst_percent=gst_percent, market=market
    )


def value_found(
    revision: Revision,
    settings: Settings,
    *,
    volume: Decimal | int = VOLUME,
    gst_percent: Decimal | int = GST_PERCENT,
    market: str = "",
) -> DesignedResult:
    """Value a revision that was found; as :func:`value_revision`."""
    return value_costed(
        cost_revision(revision, settings, volume=volume, gst_percent=gst_percent),
        settings,
        product=revision.product.code,
        market=market,
    )


def value_costed(costed: Costed, settings: Settings, *, product: str, market: str = "") -> DesignedResult:
    """Value what was costed.

    Raises:
        Refused: ``method.denominator`` when the product has no price for the day.
    """
    charges = TermBook().charges(product, market, settings.day)
    demands = costed.demands
    valued = valued_of(settings, demands)
    usual = [options[0] if options else None for options in valued]
    best = extreme_picks(settings, demands, valued, charges, best=True)
    worst = extreme_picks(settings, demands, valued, charges, best=False)
    results = [
        evaluate(settings, uses_of(demands, options_of(picks)), charges) for picks in (usual, best, worst)
    ]
    rows = [
        DesignedRow(demand, *(Valued(*pick) if pick else None for pick in picks))
        for demand, *picks in zip(demands, usual, best, worst, strict=True)
    ]
    rows.sort(key=lambda row: (row.usual is not None, -row.imported, row.demand.name))
    return DesignedResult(
        usual=results[0],
        best=results[1],
        worst=results[2],
        rows=tuple(rows),
        cost=costed.cost,
        cost_least=costed.cost_least,
        cost_most=costed.cost_most,
        assumed=costed.assumed,
    )


def cost_revision(
    revision: Revision,
    settings: Settings,
    *,
    volume: Decimal | int = VOLUME,
    gst_percent: Decimal | int = GST_PERCENT,
) -> Costed:
    """Find every way to meet what a revision needs, and what it costs.

    Args:
        settings: its day, its exchange rate and whose certificates it accepts.

    Raises:
        Refused: ``designed.volume``, ``designed.gst``, ``bom.*``.
    """
    volume, gst = _checked(volume, gst_percent)
    needed = needed_of(revision)
    needs: dict[Named, Decimal] = {}
    for need in needed:
        for named in (*need.released, *need.alternates):
            needs[named] = needs.get(named, Decimal(0)) + need.quantity * volume
    method = settings.method
    offered = offers_of(needs, day=settings.day, accepts={method.id, *method.accepts})
    policy = settings.values.get("exchange_rate", "bill_of_entry_customs_rate")
    currencies = {offer.currency for one in offered.values() for offer in one.offers}
    rates = rates_on(currencies, day=settings.day, policy=policy)
    demands = tuple(_demand(need, offered, rates, settings.day, gst) for need in needed)
    least, most = cost_bounds(demands)
    return Costed(
        demands=demands,
        cost=cost_of_choice(demands, usual_choice(demands)),
        cost_least=least,
        cost_most=most,
        assumed={
            "day": settings.day.isoformat(),
            "volume": plain(volume),
            "gst_percent": plain(gst),
            "rates": {
                currency: {"rate": plain(rate.rate), "kind": rate.kind}
                for currency, rate in sorted(rates.items())
                if currency in currencies and currency != HOME
            },
        },
    )


def _checked(volume: Decimal | int, gst_percent: Decimal | int) -> tuple[Decimal, Decimal]:
    volume, gst = Decimal(volume), Decimal(gst_percent)
    if not volume.is_finite() or not 0 < volume <= VOLUME_MAX:
        raise refuse(
            "designed.volume",
            "Parts cannot be priced for {volume} units.",
            "Give a number of units from 1 to 1,000,000,000.",
            volume=str(volume)[:40],
        )
    if not gst.is_finite() or not 0 <= gst <= 100:
        raise refuse(
            "designed.gst",
            "{percent} is no rate of tax.",
            "Give a percentage from 0 to 100.",
            percent=str(gst)[:40],
        )
    return volume, gst


def _demand(
    need: Needed, offered: dict[Named, Offered], rates: dict[str, Rate], day: dt.date, gst: Decimal
) -> Demand:
    options = [
        _option(offer, named in need.released, rates[offer.currency], day, gst)
        for named in dict.fromkeys((*need.released, *need.alternates))
        for offer in offered[named].offers
        if offer.currency in rates
    ]
    return Demand(
        name=need.name,
        manufacturer=need.manufacturer,
        description=need.description,
        places=need.place,
        quantity=need.quantity,
        options=usual_first(_once(options)),
        reason="" if options else _reason([offered[named] for named in need.released]),
        process=need.process,
    )


def _once(options: list[Option]) -> list[Option]:
    """Leave out an offer that several names of the bill lead to; the released name stands."""
    found: dict[Offer, Option] = {}
    for option in options:
        found.setdefault(option.offer, option)
    return list(found.values())


def _option(offer: Offer, released: bool, rate: Rate, day: dt.date, gst: Decimal) -> Option:
    if not rate.wanted:
        offer = replace(offer, doubts=(*offer.doubts, "no_rate"))
    return Option(offer, piece_of(offer, rate.rate, day, gst), released)


def _reason(offered: Sequence[Offered]) -> str:
    if any(one.offers for one in offered):
        return "no_rate"
    return next((one.reason for one in offered if one.reason != "unknown_part"), "unknown_part")
