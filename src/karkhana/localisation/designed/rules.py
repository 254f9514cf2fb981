"""What an offer would cost in rupees, and which choice of sources is best, worst and usual. Pure and exact.

A demand is what one unit takes of one part. It can be met by the part that is released or by an alternate,
each from several approved sources: the best case takes of each what leaves most local value, the worst case
what leaves least. Where a method divides by the bill itself, a part that is dear and local lifts the
percentage more than a cheap one, so the choice of one part hangs on all others; it is found exactly, by
raising (or lowering) the percentage until no other choice of any part does better (Dinkelbach 1967).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from karkhana.kernel.money import EXACT
from karkhana.localisation.rules.pieces import (
    CONSIGNED,
    IMPORT,
    UNKNOWN,
    Certificate,
    Charge,
    Piece,
    Use,
)
from karkhana.localisation.rules.valuing import (
    Settings,
    Share,
    charge_lines,
    share_of,
    sums_of,
    terms_of,
)
from karkhana.supply.landed.rules import duties_on

ZERO, HUNDRED = Decimal(0), Decimal(100)
ROUNDS = 60
"""A choice is found in a handful of rounds; this many mean that something is wrong."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a supplier asks for one piece of a part on the day, for the quantity that is assumed.

    Args:
        price: of one piece in ``currency``, without indirect tax.
        minimum: pieces from which the price holds; ``below_minimum`` says that fewer are needed.
    """

    part: str
    supplier: str
    channel: str
    origin: str
    group: str
    price: Decimal
    currency: str
    minimum: Decimal = ZERO
    below_minimum: bool = False
    freight_percent: Decimal = ZERO
    duty_percent: Decimal = ZERO
    certificate: Certificate | None = None
    expired: str = ""
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """An offer as a piece in rupees; ``released`` when it is of the part that the bill names first."""

    offer: Offer
    piece: Piece
    released: bool


@dataclass(frozen=True, slots=True)
class Demand:
    """What one unit takes of one part.

    Args:
        name: the part as the bill calls it.
        places: where it goes in: assembly and designators, or how many lines.
        options: how it can be met, the usual one first; empty when nothing is priced.
        reason: why nothing is priced, empty when something is.
    """

    name: str
    manufacturer: str
    description: str
    places: str
    quantity: Decimal
    options: tuple[Option, ...] = ()
    reason: str = ""
    process: str = ""


def piece_of(offer: Offer, rate: Decimal | None, day: dt.date, gst_percent: Decimal) -> Piece:
    """Return what one piece of an offer would be once it is bought.

    Args:
        rate: rupees for one unit of the offer's currency; None when none is known, which leaves no value.
        gst_percent: assumed for purchases in the country and for the integrated tax on imports.
    """
    with localcontext(EXACT):
        base = offer.price * (rate or ZERO)
        cif = duty = igst = tax = price = ZERO
        if offer.channel == IMPORT:
            cif = base * (HUNDRED + offer.freight_percent) / HUNDRED
            duties = duties_on(cif, duty_percent=offer.duty_percent, igst_percent=gst_percent)
            duty, igst = duties.cost, duties.igst
        else:
            price = base
            tax = ZERO if offer.channel == CONSIGNED else base * gst_percent / HUNDRED
    return Piece(
        part=offer.part,
        lot="",
        supplier=offer.supplier,
        channel=offer.channel,
        origin=offer.origin,
        group=offer.group,
        bought_on=day,
        cif=cif,
        duty=duty,
        igst=igst,
        price=price,
        tax=tax,
        certificate=offer.certificate,
        expired=offer.expired,
        doubts=offer.doubts,
    )


def cost_of(piece: Piece) -> Decimal:
    """Return what a piece costs the maker: free issue costs nothing, whatever it is worth."""
    return ZERO if piece.channel == CONSIGNED else piece.amount("landed")


def usual_first(options: Iterable[Option]) -> tuple[Option, ...]:
    """Put the released part from its cheapest source first, then what else may be used, cheapest first."""
    return tuple(
        sorted(
            options,
            key=lambda one: (not one.released, cost_of(one.piece), one.offer.part, one.offer.supplier),
        )
    )


def uses_of(demands: Iterable[Demand], chosen: Iterable[Option | None]) -> list[Use]:
    """Return one use per demand; a demand that nothing meets stands as a piece without price."""
    return [
        Use(demand.name, demand.places, demand.quantity, (option.piece if option else _unpriced(demand),),
            demand.process)
        for demand, option in zip(demands, chosen, strict=True)
    ]  # fmt: skip


def _unpriced(demand: Demand) -> Piece:
    return Piece(demand.name, "", "", UNKNOWN, doubts=("no_price",))


def usual_choice(demands: Iterable[Demand]) -> list[Option | None]:
    """Return the usual option of every demand, None where nothing is priced."""
    return [demand.options[0] if demand.options else None for demand in demands]


Pick = tuple[Option, Share] | None
"""An option with what one piece of it counts; None where nothing is priced."""
Valued = Sequence[tuple[Option, Share]]


def valued_of(settings: Settings, demands: Iterable[Demand]) -> list[Valued]:
    """Value every option of every demand once."""
    with localcontext(EXACT):
        return [
            [(option, share_of(settings, option.piece, demand.process)) for option in demand.options]
            for demand in demands
        ]


def options_of(picks: Iterable[Pick]) -> list[Option | None]:
    """Return the options of picks."""
    return [pick[0] if pick else None for pick in picks]


def extreme_picks(
    settings: Settings,
    demands: Sequence[Demand],
    valued: Sequence[Valued],
    charges: Sequence[Charge],
    *,
    best: bool,
) -> list[Pick]:
    """Return what of every demand together gives the greatest (or least) percentage.

    Args:
        valued: the demands' options, as :func:`valued_of` gives them.
        charges: what the product has besides its parts; it counts in a percentage of the bill.
    """
    sign = 1 if best else -1
    with localcontext(EXACT):
        chosen = [_least_imported(options, sign) for options in valued]
        if settings.method.denominator.of != "bill" or settings.method.denominator.divide_by == "imported":
            return chosen
        beside = _beside(settings, charges)
        for _ in range(ROUNDS):
            value, local = _totals(beside, demands, chosen)
            if value <= 0:
                break
            again = [_best_at(options, value, local, sign) for options in valued]
            if again == chosen:
                break
            chosen = again
    return chosen


def _least_imported(options: Valued, sign: int) -> Pick:
    return min(options, key=lambda pair: (sign * pair[1].imported, -sign * pair[1].local), default=None)


def _best_at(options: Valued, value: Decimal, local: Decimal, sign: int) -> Pick:
    """Return what lifts (sinks) local over value most, where that stands at ``local`` of ``value``."""
    return max(options, key=lambda pair: sign * (pair[1].local * value - local * pair[1].value), default=None)


def _beside(settings: Settings, charges: Sequence[Charge]) -> tuple[Decimal, Decimal]:
    """Return value and local value that the product has whatever is chosen."""
    lines, _ = charge_lines(settings, charges)
    sums, terms = sums_of(lines), terms_of(charges)
    method = settings.method
    less = sum((terms.get(kind, ZERO) for kind in method.denominator.less), ZERO)
    spared = sum((terms.get(kind, ZERO) for kind in method.imported_less), ZERO)
    value = sums.value - less
    return value, value - (sums.imported_most - spared)


def _totals(
    beside: tuple[Decimal, Decimal], demands: Sequence[Demand], chosen: Sequence[Pick]
) -> tuple[Decimal, Decimal]:
    value, local = beside
    for demand, pair in zip(demands, chosen, strict=True):
        if pair is not None:
            value += pair[1].value * demand.quantity
            local += pair[1].local * demand.quantity
    return value, local


def cost_of_choice(demands: Iterable[Demand], chosen: Iterable[Option | None]) -> Decimal:
    """Return what the parts of one unit cost the maker by a choice."""
    with localcontext(EXACT):
        return sum(
            (
                cost_of(option.piece) * demand.quantity
                for demand, option in zip(demands, chosen, strict=True)
                if option is not None
            ),
            ZERO,
        )


def cost_bounds(demands: Sequence[Demand]) -> tuple[Decimal, Decimal]:
    """Return the least and the most that the parts of one unit may cost."""
    dear = [max(d.options, key=lambda one: cost_of(one.piece), default=None) for d in demands]
    cheap = [min(d.options, key=lambda one: cost_of(one.piece), default=None) for d in demands]
    return cost_of_choice(demands, cheap), cost_of_choice(demands, dear)


Break = Mapping[str, Any]
"""A price with the quantity from which it holds."""


def pick_break(rows: Iterable[Break], need: Decimal) -> Break | None:
    """Choose among prices of one part and supplier by quantity.

    Args:
        rows: each with a ``minimum``; where two have the same one, the later in order wins.
        need: pieces that are assumed.

    Returns:
        The price with the greatest minimum that is reached, else the one with the least; None without rows.
    """
    best: Break | None = None
    least: Break | None = None
    for row in rows:
        if row["minimum"] <= need and (best is None or row["minimum"] >= best["minimum"]):
            best = row
        if least is None or row["minimum"] <= least["minimum"]:
            least = row
    return best or least
