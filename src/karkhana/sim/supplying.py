"""Writes how the reference enterprise buys: parts, sources, prices, rates, certificates, price terms."""

from __future__ import annotations

import datetime as dt
import hashlib
from calendar import monthrange
from collections.abc import Iterable, Iterator
from decimal import Decimal

from karkhana.design.models import Product
from karkhana.kernel.fiscal import fiscal_year, fiscal_year_days
from karkhana.localisation.models import PriceTerm
from karkhana.sim.priced import Priced, priced_parts
from karkhana.sim.scenario import Scenario
from karkhana.sim.supplies import ContentCertificate, Rate, Supplies
from karkhana.supply.models import (
    ApprovedSource,
    ExchangeRate,
    LocalContentCertificate,
    Part,
    PartPrice,
    Supplier,
)
from karkhana.supply.models.money import AVERAGE, CUSTOMS, FIXED, REFERENCE
from karkhana.supply.operations import (
    ensure_content_certificates,
    ensure_parts,
    ensure_prices,
    ensure_rates,
    ensure_sources,
)

MADE_UP = "made up for the reference enterprise"
PLACES = Decimal("0.000000001")


def install_supplies(scenario: Scenario, *, today: dt.date) -> None:
    """Write all of it; doing it again on the same day changes nothing. Suppliers and products are there.

    Done again on a later day it adds the rates of the new months; certificates keep their days.

    Args:
        today: the plant's day, from which rates and certificates are dated.
    """
    supplies = scenario.supplies
    if supplies is None:
        return
    suppliers = {supplier.code: supplier for supplier in Supplier.objects.all()}
    ensure_rates(_rates(supplies, today))
    _install_parts(scenario, supplies, suppliers)
    now = dt.datetime.combine(today, dt.time(), dt.UTC)
    ensure_content_certificates(
        _certificate(row, suppliers[row.supplier], today, now) for row in supplies.certificates
    )
    products = {product.code: product for product in Product.objects.filter(code__in=scenario.products)}
    PriceTerm.objects.bulk_create(
        (
            PriceTerm(
                product=products[row.product],
                market=row.market,
                kind=row.kind,
                amount=row.amount,
                valid_from=supplies.rules.first_day,
                party=row.party,
                document=row.document,
            )
            for row in supplies.terms
        ),
        ignore_conflicts=True,
    )


def _install_parts(scenario: Scenario, supplies: Supplies, suppliers: dict[str, Supplier]) -> None:
    priced = priced_parts(scenario)
    parts = ensure_parts(
        Part(
            number=row.part,
            manufacturer=row.manufacturer,
            description=row.description,
            group=row.group,
            hsn=row.hsn,
        )
        for row in priced.values()
    )
    ensure_sources(
        ApprovedSource(
            part=parts[row.part],
            supplier=suppliers[row.supplier],
            maker_part=row.part,
            approved_on=supplies.rules.first_day,
        )
        for row in priced.values()
    )
    ensure_prices(
        price
        for row in priced.values()
        for price in _prices(row, parts[row.part], suppliers[row.supplier], supplies)
    )


def _prices(row: Priced, part: Part, supplier: Supplier, supplies: Supplies) -> Iterator[PartPrice]:
    """Yield the price of a part in each price list."""
    abroad = supplies.rules.abroad
    lists = supplies.rules.price_lists
    ends = [following.first - dt.timedelta(days=1) for following in lists[1:]]
    for one, last in zip(lists, [*ends, None], strict=True):
        yield PartPrice(
            part=part,
            supplier=supplier,
            price=(row.price * one.factor).quantize(PLACES),
            currency=row.currency,
            valid_from=one.first,
            valid_to=last,
            channel=row.channel,
            origin=row.origin,
            freight_percent=abroad.freight_percent if row.channel == "import" else Decimal(0),
            duty_percent=row.duty_percent,
            source=MADE_UP,
        )


def _rates(supplies: Supplies, today: dt.date) -> Iterator[ExchangeRate]:
    """Yield the rates of every month, and the fixed ones of this fiscal year and the one before."""
    for row in supplies.rates:
        first, last = month_of(today, row.months_ago)
        yield from _rates_of(row, first, last)
    for year in dict.fromkeys(fiscal_year(day) for day in (today - dt.timedelta(days=365), today)):
        first, last = fiscal_year_days(year)
        for currency, rate in supplies.rules.fixed_rates.items():
            yield _rate(currency, FIXED, first, last, rate)


def month_of(today: dt.date, months_ago: int) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of the month so many months before a day's."""
    year, month = divmod(today.year * 12 + today.month - 1 - months_ago, 12)
    return dt.date(year, month + 1, 1), dt.date(year, month + 1, monthrange(year, month + 1)[1])


def _rates_of(row: Rate, first: dt.date, last: dt.date) -> Iterable[ExchangeRate]:
    kinds = ((CUSTOMS, row.customs), (REFERENCE, row.reference), (AVERAGE, row.average))
    return [_rate(row.currency, kind, first, last, rate) for kind, rate in kinds]


def _rate(currency: str, kind: str, first: dt.date, last: dt.date, rate: Decimal) -> ExchangeRate:
    return ExchangeRate(
        currency=currency, kind=kind, valid_from=first, valid_to=last, rate=rate, source=MADE_UP
    )


def _certificate(
    row: ContentCertificate, supplier: Supplier, today: dt.date, now: dt.datetime
) -> LocalContentCertificate:
    # There is no file: its hash is that of what the row says, so that it is the same on every machine.
    said = f"{row.supplier} {row.number} {row.part} {row.percent}, {MADE_UP}"
    return LocalContentCertificate(
        supplier=supplier,
        number=row.number,
        part=row.part,
        method=row.method,
        percent=row.percent,
        valid_from=today - dt.timedelta(days=row.issued_days_ago),
        valid_to=today + dt.timedelta(days=row.days_left),
        auditor=row.auditor,
        membership=row.membership,
        file_name=f"{row.number.replace('/', '-')}.pdf" if row.file else "",
        file_sha256=hashlib.sha256(said.encode()).hexdigest() if row.file else "",
        recorded_at=now,
    )
