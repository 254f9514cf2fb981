"""Suppliers, prices and approvals for tests: of one part, or of a whole price file."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

from karkhana.design.models import Product
from karkhana.localisation.models import PriceTerm
from karkhana.supply.models import (
    ApprovedSource,
    ExchangeRate,
    LocalContentCertificate,
    Part,
    PartPrice,
    Supplier,
)
from karkhana.supply.registers.context import Settings
from karkhana.supply.registers.operations import import_register

D = Decimal
DAY = dt.date(2026, 11, 23)
SINCE = dt.date(2026, 4, 1)
PRICES = Path(__file__).resolve().parents[2] / "scenarios" / "prices"
COUNTRIES = {"SUP-PINNACA": "SG", "SUP-HARBOUR": "HK"}
SELLERS = ("SUP-PINNACA", "SUP-HARBOUR", "SUP-NAVYUG", "SUP-AMPHENOL", "SUP-KAAMDARMAGNE", "SUP-GOMTICIRCUIT",
           "SUP-KASNAFASTENE")  # fmt: skip


def supplier(code: str, country: str = "") -> Supplier:
    """Return a supplier, made when it is not there; of India where nothing else is known."""
    defaults = {"name": code.title(), "country": country or COUNTRIES.get(code, "IN")}
    return Supplier.objects.get_or_create(code=code, defaults=defaults)[0]


def offer(
    part: str,
    price: str,
    *,
    of: str = "SUP-IN",
    currency: str = "INR",
    channel: str = "domestic",
    origin: str = "IN",
    minimum: str = "0",
    duty: str = "0",
    freight: str = "0",
    group: str = "",
    manufacturer: str = "",
    maker_part: str = "",
    approved: bool = True,
    valid_from: dt.date = SINCE,
    valid_to: dt.date | None = None,
) -> PartPrice:
    """Hold one price of one part, from an approved source."""
    row, _ = Part.objects.get_or_create(
        number=part, defaults={"group": group, "manufacturer": manufacturer, "description": part}
    )
    who = supplier(of)
    if approved:
        ApprovedSource.objects.get_or_create(
            part=row, supplier=who, defaults={"approved_on": SINCE, "maker_part": maker_part}
        )
    # Two boards may name one part: the later file's price stands.
    return PartPrice.objects.update_or_create(
        part=row, supplier=who, valid_from=valid_from, minimum=D(minimum),
        defaults={
            "price": D(price), "currency": currency, "valid_to": valid_to, "channel": channel,
            "origin": origin,
            "duty_percent": D(duty), "freight_percent": D(freight),
        },
    )[0]  # fmt: skip


def rate(currency: str, value: str, kind: str = "customs") -> None:
    """Hold an exchange rate for the year."""
    ExchangeRate.objects.create(
        currency=currency, kind=kind, valid_from=SINCE, valid_to=dt.date(2027, 3, 31), rate=D(value)
    )


def certificate(
    of: str, percent: str, *, part: str = "", method: str = "", until: str = "2027-03-31"
) -> None:
    """Hold a certificate of local content."""
    LocalContentCertificate.objects.create(
        supplier=supplier(of), number=f"C-{of}-{part}-{method}", part=part, method=method, percent=D(percent),
        valid_from=SINCE, valid_to=dt.date.fromisoformat(until), file_sha256="ab" * 32,
        recorded_at=dt.datetime(2026, 4, 1, tzinfo=dt.UTC),
    )  # fmt: skip


def term(product: str, kind: str, amount: str, *, market: str = "", document: str = "PL-1") -> None:
    """Hold an amount of a product."""
    PriceTerm.objects.create(
        product=Product.objects.get(code=product), kind=kind, amount=D(amount), market=market,
        valid_from=SINCE, document=document,
    )  # fmt: skip


def price_file(name: str) -> int:
    """Import every part and price of a file of ``scenarios/prices``; return how many prices there are."""
    for code in SELLERS:
        supplier(code)
    now = dt.datetime.combine(DAY, dt.time(), dt.UTC)
    for kind in ("parts", "prices"):
        report = import_register(kind=kind, path=PRICES / name, now=now, settings=Settings())
        assert not report.as_dict()["refusals"], report.as_dict()["refusals"][:3]
    return report.made + report.same
