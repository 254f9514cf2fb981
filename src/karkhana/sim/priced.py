"""What every part of the scenario's bills is, costs and comes from: pure, from the files alone.

A part belongs to the first class of ``part_classes.csv`` that fits its line. Its price is that of
``prices.csv``, else its class's, moved a little by its own number, so that parts of a class differ and the
same part always costs the same.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from zlib import crc32

from karkhana.kernel.refusals import refuse
from karkhana.sim.supplies import PartClass, Supplies

if TYPE_CHECKING:
    from karkhana.sim.scenario import Product, Scenario, Supplier

IMPORT, DOMESTIC, RESELLER, CONSIGNED = "import", "domestic", "reseller", "consigned"
PINS_MAX = 300
"""A larger number at the end of a package is a size, not a count of pins."""
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Priced:
    """One part as it is bought today.

    Args:
        inr: rupees for a piece, without freight, duty and tax.
        price, currency: the same as its supplier asks for it.
        alternate: stands in a bill as an alternate only.
    """

    part: str
    manufacturer: str
    description: str
    group: str
    hsn: str
    supplier: str
    origin: str
    channel: str
    inr: Decimal
    price: Decimal
    currency: str
    duty_percent: Decimal
    gst_percent: Decimal
    alternate: bool


def draw(salt: str, key: str, below: int) -> int:
    """Return a number from 0, below a bound: the same for the same words, on every machine."""
    return crc32(f"{salt}/{key}".encode()) % below


def priced_parts(scenario: Scenario) -> dict[str, Priced]:
    """Return every part that is bought, by its number; nothing where the scenario buys nothing.

    Raises:
        Refused: ``scenario.reference``, when no class fits a part.
    """
    supplies = scenario.supplies
    if supplies is None:
        return {}
    pricing = _Pricing(scenario, supplies)
    found: dict[str, Priced] = {}
    for line in _lines(list(scenario.products.values())):
        row = pricing.class_of(line)
        own = pricing.base(line, row)
        for place, part in enumerate((line.part, *line.alternates)):
            # The first line that names a part tells who brings it, as in the simulated warehouse.
            if part not in found:
                inr = own if not place else pricing.second(part, own)
                found[part] = pricing.part(part, line, row, inr, alternate=bool(place))
    return found


@dataclass(frozen=True, slots=True)
class _Line:
    part: str
    manufacturer: str
    package: str
    description: str
    alternates: tuple[str, ...]


def _lines(products: Sequence[Product]) -> Iterator[_Line]:
    """Yield the lines of all bills that are bought: what is built here is not."""
    own = {product.code for product in products}
    for product in products:
        said = {line.part_number: line.description for line in product.bom.lines}
        for line in product.lines:
            if line.part not in own:
                description = said.get(line.part, "")
                yield _Line(line.part, line.manufacturer, line.package, description, line.alternates)


class _Pricing:
    def __init__(self, scenario: Scenario, supplies: Supplies) -> None:
        self.rules = supplies.rules
        self.classes = [
            (row, re.compile(rf"(?<!\w)(?:{row.words})(?!\w)", re.I) if row.words else None)
            for row in supplies.classes
        ]
        self.prices = {row.part: row for row in supplies.prices}
        self.makers = {maker.manufacturer: maker for maker in scenario.manufacturers}
        self.suppliers = {supplier.code: supplier for supplier in scenario.suppliers}
        self.rates = {rate.currency: rate.reference for rate in supplies.rates if rate.months_ago == 0}

    def class_of(self, line: _Line) -> PartClass:
        for row, words in self.classes:
            if fnmatchcase(line.package, row.package) and (words is None or words.search(line.description)):
                return row
        raise refuse(
            "scenario.reference",
            "part_classes.csv has no class for {part}, package {package}.",
            "Add a class that fits it, or a last one for everything.",
            part=line.part,
            package=line.package,
        )

    def base(self, line: _Line, row: PartClass) -> Decimal:
        """Return rupees for a piece of the part that the bill names."""
        known = self.prices.get(line.part)
        if known is not None:
            return known.inr
        numbers = re.findall(r"\d+", line.package)
        pins = int(numbers[-1]) if numbers and int(numbers[-1]) <= PINS_MAX else 0
        spread = self.rules.price_spread_percent
        moved = spread * (draw("price", line.part, 201) - 100) / HUNDRED
        return _figures((row.inr + row.inr_per_pin * pins) * (HUNDRED + moved) / HUNDRED, 4)

    def second(self, part: str, inr: Decimal) -> Decimal:
        """Return rupees for an alternate: a little less or more than what it stands in for."""
        known = self.prices.get(part)
        return known.inr if known else _figures(inr * (94 + draw("alternate", part, 11)) / HUNDRED, 4)

    def part(self, part: str, line: _Line, row: PartClass, inr: Decimal, *, alternate: bool) -> Priced:
        maker = self.makers[line.manufacturer]
        supplier = self.suppliers[maker.supplier]
        channel = channel_of(supplier, maker.origin, self.rules.home.country)
        if channel == RESELLER:
            inr = _figures(inr * (HUNDRED + self.rules.home.reseller_percent) / HUNDRED, 4)
        currency = self.rules.currencies.get(supplier.country, "USD")
        price = inr if currency == self.rules.home.currency else _figures(inr / self.rates[currency], 4)
        known = self.prices.get(part) or self.prices.get(line.part)
        return Priced(
            part=part,
            manufacturer="" if alternate else line.manufacturer,
            description=line.description,
            group=(known.group if known else "") or row.group,
            hsn=row.hsn,
            supplier=supplier.code,
            origin=maker.origin,
            channel=channel,
            inr=inr,
            price=price,
            currency=currency,
            duty_percent=row.duty_percent if channel == IMPORT else Decimal(0),
            gst_percent=row.gst_percent,
            alternate=alternate,
        )


def channel_of(supplier: Supplier, origin: str, home: str) -> str:
    """Return how lots of a supplier come in."""
    if supplier.role == "brand":
        return CONSIGNED
    if supplier.country != home:
        return IMPORT
    return DOMESTIC if origin == home else RESELLER


def factor_on(supplies: Supplies, day: dt.date) -> Decimal:
    """Return by how much prices of a day differ from the files; before the first list, its factor."""
    lists = [row for row in supplies.rules.price_lists if row.first <= day] or supplies.rules.price_lists[:1]
    return lists[-1].factor


def _figures(value: Decimal, count: int) -> Decimal:
    """Round to so many significant figures, as price lists do."""
    if not value:
        return value
    return value.quantize(Decimal(1).scaleb(value.adjusted() - count + 1), ROUND_HALF_EVEN)
