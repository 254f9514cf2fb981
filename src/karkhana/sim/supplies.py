"""How the reference enterprise buys, as data: parts with prices and duties, rates, certificates, terms.

Owns the shape of those files and the checks between them (``scenario.*`` refusals name file, line and field).
A scenario without ``purchasing.toml`` buys nothing. Every figure of those files is made up. Pure but for
reading files.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from karkhana.kernel.money import CURRENCIES
from karkhana.kernel.tax import gstin, tariff_item
from karkhana.localisation.rules.pieces import TERMS
from karkhana.sim.files import bad_field, converted, table_of, toml_of, unknown

if TYPE_CHECKING:
    from karkhana.sim.scenario import Scenario

ROLES = ("maker", "distributor", "brand")
MONTHS = 14
"""Months back for which every currency has rates: receipts of a year, and what was on the way before it."""


class PartClass(msgspec.Struct, frozen=True):
    """What parts have in common; the first row that fits a line of a bill counts.

    Args:
        package: pattern of the bill's package column, ``*`` for any letters.
        words: any of them, divided by ``|``, stands in the description as a whole word; empty for any.
        inr, inr_per_pin: rupees for a piece; the number at the end of the package is its pins.
    """

    package: str
    words: str
    group: str
    hsn: str
    inr: Decimal
    inr_per_pin: Decimal
    duty_percent: Decimal
    gst_percent: Decimal


class Price(msgspec.Struct, frozen=True):
    """What one part costs, in rupees, in place of its class's price; ``group`` in place of its group."""

    part: str
    inr: Decimal
    group: str


class Rate(msgspec.Struct, frozen=True):
    """Rupees for one unit of a currency in the month so many months before the installation."""

    currency: str
    months_ago: int
    customs: Decimal
    reference: Decimal
    average: Decimal


class ContentCertificate(msgspec.Struct, frozen=True):
    """A supplier's certificate of local content; ``days_left`` below 0 has run out, ``file`` yes or empty."""

    supplier: str
    number: str
    part: str
    method: str
    percent: Decimal
    issued_days_ago: int
    days_left: int
    auditor: str
    membership: str
    file: str


class Term(msgspec.Struct, frozen=True):
    """An amount in rupees for one unit of a product besides its parts; no document: unproved."""

    product: str
    kind: str
    amount: Decimal
    market: str
    party: str
    document: str


class PriceList(msgspec.Struct, frozen=True):
    """From a day on prices are so many times those of the files."""

    first: dt.date
    factor: Decimal


class Home(msgspec.Struct, frozen=True):
    """How suppliers in the country deliver; ``invoice_days``: the invoice is that much older, from and to."""

    country: str
    currency: str
    incoterm: str
    invoice_days: tuple[int, int]
    reseller_percent: Decimal


class Abroad(msgspec.Struct, frozen=True):
    """How imports come; freight in per cent of the value, insurance of value and freight."""

    incoterm: str
    freight_percent: Decimal
    insurance_percent: Decimal
    invoice_days: tuple[int, int]
    ports: tuple[str, ...]


class Purchasing(msgspec.Struct, frozen=True):
    """``purchasing.toml``. Shares are of a thousand lots; products of ``books_complete`` lack nothing."""

    first_day: dt.date
    lots_without_receipt: int
    imports_without_bill: int
    books_complete: tuple[str, ...]
    price_spread_percent: Decimal
    price_lists: tuple[PriceList, ...]
    home: Home
    abroad: Abroad
    currencies: Mapping[str, str]
    fixed_rates: Mapping[str, Decimal]


class Supplies(msgspec.Struct, frozen=True):
    """All of it."""

    rules: Purchasing
    classes: tuple[PartClass, ...]
    prices: tuple[Price, ...]
    rates: tuple[Rate, ...]
    certificates: tuple[ContentCertificate, ...]
    terms: tuple[Term, ...]


def read_supplies(folder: Path) -> Supplies | None:
    """Read the files; None where the folder has no ``purchasing.toml``.

    Raises:
        Refused: ``scenario.file_missing``, ``scenario.field``.
    """
    path = folder / "purchasing.toml"
    if not path.is_file():
        return None
    found = Supplies(
        rules=converted(path, toml_of(path), Purchasing),
        classes=table_of(folder / "part_classes.csv", PartClass),
        prices=table_of(folder / "prices.csv", Price),
        rates=table_of(folder / "exchange_rates.csv", Rate),
        certificates=table_of(folder / "local_content.csv", ContentCertificate),
        terms=table_of(folder / "price_terms.csv", Term),
    )
    _check_rules(path, found.rules)
    for place, row in enumerate(found.classes, start=2):
        file = folder / "part_classes.csv"
        _check(file, place, "hsn", row.hsn, tariff_item)
        _not_negative(file, place, inr=row.inr, inr_per_pin=row.inr_per_pin)
        _not_negative(file, place, duty_percent=row.duty_percent, gst_percent=row.gst_percent)
    for place, price in enumerate(found.prices, start=2):
        _not_negative(folder / "prices.csv", place, inr=price.inr)
    _check_rates(folder / "exchange_rates.csv", found.rates)
    _check_certificates(folder / "local_content.csv", found.certificates)
    for place, term in enumerate(found.terms, start=2):
        file = folder / "price_terms.csv"
        if term.kind not in TERMS:
            raise bad_field(file, place, "kind", f"{term.kind!r} is no term of a price")
        _not_negative(file, place, amount=term.amount)
    return found


def _check(file: Path, line: int, field: str, text: str, reader: Callable[[str], str]) -> None:
    try:
        reader(text)
    except ValueError as problem:
        raise bad_field(file, line, field, str(problem)) from None


def _not_negative(file: Path, line: int, **amounts: Decimal) -> None:
    for field, amount in amounts.items():
        if amount < 0:
            raise bad_field(file, line, field, f"{amount} is below 0")


def _check_rules(file: Path, rules: Purchasing) -> None:
    for field, days in (("home", rules.home.invoice_days), ("abroad", rules.abroad.invoice_days)):
        if not 0 <= days[0] <= days[1]:
            raise bad_field(file, 0, f"{field}.invoice_days", "they are not in order")
    for field in ("lots_without_receipt", "imports_without_bill"):
        if not 0 <= getattr(rules, field) <= 1000:
            raise bad_field(file, 0, field, "it is not between 0 and 1000")
    if not rules.abroad.ports:
        raise bad_field(file, 0, "abroad.ports", "none is named")
    if not rules.price_lists or rules.price_lists[0].first != rules.first_day:
        raise bad_field(file, 0, "price_lists", "the first one does not begin on first_day")
    for currency in (*rules.currencies.values(), *rules.fixed_rates):
        if currency not in CURRENCIES:
            raise bad_field(file, 0, "currencies", f"{currency} is no currency")


def _check_rates(file: Path, rates: Iterable[Rate]) -> None:
    months: dict[str, set[int]] = {}
    for line, rate in enumerate(rates, start=2):
        if rate.currency not in CURRENCIES:
            raise bad_field(file, line, "currency", f"{rate.currency!r} is no currency")
        for field in ("customs", "reference", "average"):
            if getattr(rate, field) <= 0:
                raise bad_field(file, line, field, "it is not above 0")
        if rate.months_ago in months.setdefault(rate.currency, set()):
            raise bad_field(file, line, "months_ago", "that month stands there already")
        months[rate.currency].add(rate.months_ago)
    for currency, found in months.items():
        if not found.issuperset(range(MONTHS)):
            raise bad_field(file, 0, "months_ago", f"{currency} does not have each of 0 to {MONTHS - 1}")


def _check_certificates(file: Path, rows: Iterable[ContentCertificate]) -> None:
    seen: set[tuple[str, str, str]] = set()
    for line, row in enumerate(rows, start=2):
        if not 0 <= row.percent <= 100:
            raise bad_field(file, line, "percent", f"{row.percent} is not between 0 and 100")
        if row.days_left < -row.issued_days_ago:
            raise bad_field(file, line, "days_left", "it ends before it was issued")
        if (row.supplier, row.number, row.part) in seen:
            raise bad_field(file, line, "number", f"{row.number} stands there already")
        seen.add((row.supplier, row.number, row.part))


def check_supplies(scenario: Scenario) -> None:
    """Refuse a supplier or a purchase that names something which the scenario does not have.

    Raises:
        Refused: ``scenario.reference``, ``scenario.field``.
    """
    brands = {brand.code for brand in scenario.brands}
    file = Path("noida/suppliers.csv")
    for line, supplier in enumerate(scenario.suppliers, start=2):
        if supplier.role not in ROLES:
            raise bad_field(file, line, "role", f"{supplier.role!r} is none of {', '.join(ROLES)}")
        if (supplier.role == "brand") != bool(supplier.brand):
            raise bad_field(file, line, "brand", "the role brand needs a brand, and no other has one")
        if supplier.brand and supplier.brand not in brands:
            raise unknown("suppliers.csv", "brand", supplier.brand)
        if supplier.country == "IN" and supplier.tax_id:
            _check(file, line, "tax_id", supplier.tax_id, gstin)
    if scenario.supplies is not None:
        _check_names(scenario, scenario.supplies)


def _check_names(scenario: Scenario, supplies: Supplies) -> None:
    lines = [line for product in scenario.products.values() for line in product.lines]
    known = {
        "supplier": {supplier.code for supplier in scenario.suppliers},
        "part": {part for line in lines for part in (line.part, *line.alternates)},
        "product": set(scenario.products),
        "currency": {rate.currency for rate in supplies.rates} | {supplies.rules.home.currency},
    }
    names = [
        *(("local_content.csv", "supplier", row.supplier) for row in supplies.certificates),
        *(("local_content.csv", "part", row.part) for row in supplies.certificates if row.part),
        *(("prices.csv", "part", row.part) for row in supplies.prices),
        *(("price_terms.csv", "product", row.product) for row in supplies.terms),
        *(("purchasing.toml", "product", name) for name in supplies.rules.books_complete),
        *(("purchasing.toml", "currency", name) for name in supplies.rules.currencies.values()),
    ]
    for file, field, value in names:
        if value not in known[field]:
            raise unknown(file, field, value)
