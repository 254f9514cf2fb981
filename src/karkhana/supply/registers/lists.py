"""Small lists: exchange rates, certificates, suppliers, parts and prices, booked row by row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import cast

from django.db import transaction

from karkhana.kernel.money import EXACT, rounded
from karkhana.kernel.refusals import Refused
from karkhana.supply.models.money import CUSTOMS
from karkhana.supply.rates.operations import set_rate
from karkhana.supply.registers.context import Context, Entry, Outcome
from karkhana.supply.registers.rules import rows as rules
from karkhana.supply.registers.rules.rows import needed, number_of, text_of
from karkhana.supply.registers.rules.survey import Row
from karkhana.supply.sources import operations as sources

Act = Callable[[Row, Context], bool]


def booker(act: Act) -> Callable[[Sequence[Entry], Context], list[Outcome]]:
    """Return what books a chunk of rows by one act for each; a refused one undoes only itself."""

    def book(entries: Sequence[Entry], context: Context) -> list[Outcome]:
        outcomes = []
        for entry in entries:
            try:
                with transaction.atomic():
                    outcomes.append(Outcome(entry, made=act(entry.row, context)))
            except Refused as refused:
                outcomes.append(Outcome(entry, refusal=refused.refusal))
        return outcomes

    return book


def rate(row: Row, context: Context) -> bool:
    """Book an exchange rate; without an end it holds for its day."""
    first, last = rules.span(row, open_end=True)
    amount, per = cast(Decimal, needed(row, "rate")), number_of(row, "per") or Decimal(1)
    each = rounded(EXACT.divide(amount, per), 8) if per > 0 else Decimal(0)
    return set_rate(
        currency=cast(str, needed(row, "currency")),
        kind=(text_of(row, "kind") or CUSTOMS).lower(),
        valid_from=first,
        valid_to=last or first,
        rate=each,
        source=text_of(row, "source"),
    )


def certificate(row: Row, context: Context) -> bool:
    """Book a local-content certificate."""
    first, last = rules.span(row)
    names = ("part", "method", "auditor", "membership", "file_name")
    certified = sources.Certified(
        supplier=context.supplier(row).code,
        number=cast(str, needed(row, "number")),
        percent=cast(Decimal, needed(row, "percent")),
        valid_from=first,
        valid_to=cast(dt.date, last),
        file_sha256=cast(str, needed(row, "file_sha256")),
        **{name: text_of(row, name) for name in names},
    )
    return sources.add_certificate(certified, now=context.now)


def supplier(row: Row, context: Context) -> bool:
    """Make a supplier known."""
    return sources.set_supplier(
        code=cast(str, needed(row, "code")),
        name=cast(str, needed(row, "name")),
        country_code=cast(str, needed(row, "country")),
        role=text_of(row, "role"),
        tax_id=text_of(row, "tax_id"),
        brand=text_of(row, "brand"),
    )


def part(row: Row, context: Context) -> bool:
    """Make a part known."""
    names = ("manufacturer", "description", "group", "hsn", "unit")
    return sources.set_part(
        number=cast(str, needed(row, "number")), **{name: text_of(row, name) for name in names}
    )


def price(row: Row, context: Context) -> bool:
    """Book a price, and approve its supplier as a source of the part from that day on."""
    found = context.supplier(row)
    first, last = rules.span(row, open_end=True)
    origin = rules.origin_of(row)
    channel = rules.stated_channel(row) or rules.derived_channel(
        role=found.role, supplier_country=found.country, origin=origin
    )
    each, per = cast(Decimal, needed(row, "price")), number_of(row, "price_unit") or Decimal(1)
    offer = sources.Offer(
        part=cast(str, needed(row, "part")),
        supplier=found.code,
        price=round(EXACT.divide(each, per), 9) if per > 0 else Decimal(0),
        currency=rules.currency_of(row, context.settings.currency),
        valid_from=first,
        valid_to=last,
        minimum=rules.not_negative(row, "minimum"),
        channel=channel,
        origin=origin,
        freight_percent=rules.not_negative(row, "freight_percent"),
        duty_percent=rules.not_negative(row, "duty_percent"),
        source=text_of(row, "source"),
    )
    sources.set_part(number=offer.part)
    made = sources.add_price(offer)
    sources.approve_source(
        part=offer.part, supplier=found.code, on=first, maker_part=text_of(row, "maker_part")
    )
    return made
