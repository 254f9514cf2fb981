"""Writes of suppliers, parts, approved sources, prices and local-content certificates.

Each may be said twice: the second time changes nothing and returns False. What contradicts what is booked
for ever (a price, a certificate) is refused; what describes (a supplier's name, a part's group) is replaced.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from karkhana.kernel import tax
from karkhana.kernel.countries import HOME, country
from karkhana.kernel.money import CURRENCIES, rounded
from karkhana.kernel.refusals import Refused, refuse
from karkhana.partners.models import Brand
from karkhana.supply.models import ApprovedSource, LocalContentCertificate, Part, PartPrice, Supplier
from karkhana.supply.models.parties import BRAND, MAKER, ROLES
from karkhana.supply.models.parts import CHANNELS

PRICE_MAX = Decimal(10) ** 15
PERCENT_MAX = Decimal(100)


def _bad(field: str, value: Any, problem: str, step: str = "Correct it.", *, code: str) -> Refused:
    return refuse(
        code, "{field}: {value} {problem}.", step, field=field, value=repr(str(value)[:60]), problem=problem
    )


def _text(value: str, field: str, limit: int, *, needed: bool = False) -> str:
    text = value.strip()
    if len(text) > limit or not text.isprintable() or (needed and not text):
        raise _bad(field, text, f"is not 1 to {limit} printable characters", code="text.value")
    return text


def set_supplier(
    *, code: str, name: str, country_code: str, role: str = "", tax_id: str = "", brand: str = ""
) -> bool:
    """Make a supplier known, or correct what is said of it; returns False when nothing changed.

    Args:
        role: ``maker``, ``distributor`` or ``brand``; empty: a maker, or what it is.
        tax_id: a GSTIN where the supplier is seated in India.
        brand: whose material a supplier of role ``brand`` hands in.

    Raises:
        Refused: ``text.value``, ``country.unknown``, ``supplier.role``, ``supplier.brand``,
            ``supplier.tax_id``.
    """
    code = _text(code, "code", 40, needed=True)
    known = Supplier.objects.filter(code=code).select_related("brand").first()
    wanted = {
        "name": _text(name, "name", 120, needed=True),
        "country": country(country_code),
        "role": (role or (known.role if known else MAKER)).lower(),
        "tax_id": _tax_id(_text(tax_id, "tax_id", 40), country_code) or (known.tax_id if known else ""),
        "brand": _brand(brand) or (known.brand if known and not role else None),
    }
    if wanted["role"] not in ROLES:
        raise _bad("role", role, f"is none of {', '.join(ROLES)}", code="supplier.role")
    if (wanted["role"] == BRAND) != (wanted["brand"] is not None):
        raise refuse(
            "supplier.brand",
            "brand: a supplier of role brand, and no other, names the brand whose material it hands in.",
            "Name the brand, or choose another role.",
            field="brand",
        )
    if known is None:
        Supplier.objects.create(code=code, **wanted)
        return True
    if all(getattr(known, name) == value for name, value in wanted.items()):
        return False
    for name, value in wanted.items():
        setattr(known, name, value)
    known.save()
    return True


def _tax_id(text: str, country_code: str) -> str:
    if not text or country_code.strip().upper() != HOME:
        return text
    try:
        return tax.gstin(text)
    except ValueError as error:
        raise refuse(
            "supplier.tax_id",
            "tax_id: {value}: {reason}.",
            "Write the GSTIN as the invoice has it.",
            field="tax_id",
            value=repr(text[:20]),
            reason=str(error),
        ) from None


def _brand(code: str) -> Brand | None:
    if not code.strip():
        return None
    found = Brand.objects.filter(code=_text(code, "brand", 40)).first()
    if found is None:
        raise _bad("brand", code, "is no brand that is known", code="supplier.brand")
    return found


def set_part(*, number: str, **described: str) -> bool:
    """Make a part known, or correct what is said of it; returns False when nothing changed.

    Args:
        described: ``manufacturer``, ``description``, ``group``, ``hsn``, ``unit``; what is empty stays.

    Raises:
        Refused: ``text.value``, ``hsn.invalid``.
    """
    limits = {"manufacturer": 120, "description": 300, "group": 60, "hsn": 40, "unit": 12}
    said = {name: _text(value, name, limits[name]) for name, value in described.items()}
    if said.get("hsn"):
        try:
            said["hsn"] = tax.hsn(said["hsn"])
        except ValueError as error:
            raise _bad("hsn", said["hsn"], f"is no tariff code: {error}", code="hsn.invalid") from None
    return _described(Part, {"number": _text(number, "number", 80, needed=True)}, said)


def _described(model: type[models.Model], key: dict[str, Any], said: dict[str, Any]) -> bool:
    """Make a row, or set what is said and differs."""
    filled = {name: value for name, value in said.items() if value}
    row, made = model._default_manager.get_or_create(**key, defaults=filled)
    changed = [name for name, value in filled.items() if getattr(row, name) != value]
    if made or not changed:
        return made
    for name in changed:
        setattr(row, name, filled[name])
    row.save(update_fields=changed)
    return True


def supplier_named(code: str) -> Supplier:
    """Return a supplier by its code.

    Raises:
        Refused: ``supplier.unknown``.
    """
    found = Supplier.objects.filter(code=code[:40]).first() if code.isprintable() else None
    if found is None:
        raise _bad(
            "supplier", code, "is no supplier that is known", "Make it known first.", code="supplier.unknown"
        )
    return found


def part_named(number: str) -> Part:
    """Return a part by its number.

    Raises:
        Refused: ``part.unknown``.
    """
    found = Part.objects.filter(number=number[:80]).first() if number.isprintable() else None
    if found is None:
        raise _bad("part", number, "is no part that is known", "Make it known first.", code="part.unknown")
    return found


def approve_source(
    *, part: str, supplier: str, on: dt.date, ended_on: dt.date | None = None, maker_part: str = ""
) -> bool:
    """Say that a supplier may deliver a part; returns False when nothing changed.

    Raises:
        Refused: ``part.unknown``, ``supplier.unknown``, ``validity.reversed``, ``text.value``.
    """
    if ended_on is not None and ended_on < on:
        raise _reversed("ended_on", on, ended_on)
    key = {"part": part_named(part), "supplier": supplier_named(supplier)}
    maker_part = _text(maker_part, "maker_part", 120)
    source, made = ApprovedSource.objects.get_or_create(
        **key, defaults={"approved_on": on, "ended_on": ended_on, "maker_part": maker_part}
    )
    wanted = {"ended_on": ended_on, "maker_part": maker_part or source.maker_part}
    if made or all(getattr(source, name) == value for name, value in wanted.items()):
        return made
    for name, value in wanted.items():
        setattr(source, name, value)
    source.save(update_fields=list(wanted))
    return True


def _reversed(field: str, first: dt.date, last: dt.date) -> Refused:
    return refuse(
        "validity.reversed",
        "{field}: it ends on {last}, before it begins on {first}.",
        "Correct the dates.",
        field=field,
        first=first.isoformat(),
        last=last.isoformat(),
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """A price that a supplier asks for one piece, as ``models.PartPrice`` keeps it."""

    part: str
    supplier: str
    price: Decimal
    currency: str
    valid_from: dt.date
    channel: str
    valid_to: dt.date | None = None
    minimum: Decimal = Decimal(0)
    origin: str = ""
    freight_percent: Decimal = Decimal(0)
    duty_percent: Decimal = Decimal(0)
    source: str = ""


def add_price(offer: Offer) -> bool:
    """Book a price; returns False when the same is there already.

    Raises:
        Refused: ``part.unknown``, ``supplier.unknown``, ``currency.*``, ``country.unknown``,
            ``channel.unknown``, ``price.not_positive``, ``percent.range``, ``validity.reversed``,
            ``price.differs`` when that supplier asked another price from the same day on.
    """
    _check_offer(offer)
    said = {
        "price": offer.price,
        "currency": offer.currency,
        "valid_to": offer.valid_to,
        "channel": offer.channel,
        "origin": country(offer.origin, field="origin") if offer.origin else "",
        "freight_percent": offer.freight_percent,
        "duty_percent": offer.duty_percent,
        "source": _text(offer.source, "source", 200),
    }
    key = {
        "part": part_named(offer.part),
        "supplier": supplier_named(offer.supplier),
        "valid_from": offer.valid_from,
        "minimum": offer.minimum,
    }
    booked, made = PartPrice.objects.get_or_create(**key, defaults=said)
    if made or all(getattr(booked, name) == value for name, value in said.items()):
        return made
    raise refuse(
        "price.differs",
        "{part} from {supplier} of {day}: {price} {currency} is booked, this says {other} {other_currency}.",
        "Correct it, or give the new price its own first day.",
        field="price",
        part=offer.part,
        supplier=offer.supplier,
        day=offer.valid_from.isoformat(),
        price=f"{booked.price.normalize():f}",
        currency=booked.currency,
        other=f"{offer.price:f}",
        other_currency=offer.currency,
    )


def _check_offer(offer: Offer) -> None:
    if not offer.currency:
        raise _bad("currency", "", "leaves the price without a currency", code="currency.missing")
    if offer.currency not in CURRENCIES:
        raise _bad(
            "currency", offer.currency, "is no currency that parts are bought in", code="currency.unknown"
        )
    if offer.channel not in CHANNELS:
        raise _bad("channel", offer.channel, f"is none of {', '.join(CHANNELS)}", code="channel.unknown")
    if not (offer.price.is_finite() and 0 < offer.price < PRICE_MAX) and offer.channel != "consigned":
        raise _bad("price", offer.price, "is not above zero", code="price.not_positive")
    if offer.price < 0 or offer.price != rounded(offer.price, 9):
        raise _bad("price", offer.price, "has more than 9 decimals or is negative", code="price.not_positive")
    if not 0 <= offer.minimum < 10**12:
        raise _bad("minimum", offer.minimum, "is no minimum quantity", code="quantity.not_positive")
    for name in ("freight_percent", "duty_percent"):
        if not 0 <= getattr(offer, name) <= PERCENT_MAX * 5:
            raise _bad(name, getattr(offer, name), "is no percentage", code="percent.range")
    if offer.valid_to is not None and offer.valid_to < offer.valid_from:
        raise _reversed("valid_to", offer.valid_from, offer.valid_to)


@dataclass(frozen=True, slots=True)
class Certified:
    """A supplier's statement of local content, as ``models.LocalContentCertificate`` keeps it.

    Args:
        percent: local content, 0 to 100.
        file_sha256: of the signed document, 64 hexadecimal digits.
        part: empty: all that the supplier delivers.
    """

    supplier: str
    number: str
    percent: Decimal
    valid_from: dt.date
    valid_to: dt.date
    file_sha256: str
    part: str = ""
    method: str = ""
    auditor: str = ""
    membership: str = ""
    file_name: str = ""


def add_certificate(certified: Certified, *, now: dt.datetime) -> bool:
    """Book a supplier's local-content certificate; returns False when the same is there already.

    Raises:
        Refused: ``supplier.unknown``, ``certificate.percent``, ``certificate.file``, ``validity.reversed``,
            ``text.value``, ``certificate.differs``.
    """
    _check_certificate(certified)
    key = {
        "supplier": supplier_named(certified.supplier),
        "number": _text(certified.number, "number", 60, needed=True),
        "part": _text(certified.part, "part", 80),
    }
    said = {
        "method": _text(certified.method, "method", 40).upper(),
        "percent": certified.percent,
        "valid_from": certified.valid_from,
        "valid_to": certified.valid_to,
        "auditor": _text(certified.auditor, "auditor", 120),
        "membership": _text(certified.membership, "membership", 40),
        "file_sha256": certified.file_sha256.lower(),
    }
    kept = said | {"file_name": _text(certified.file_name, "file_name", 200), "recorded_at": now}
    booked, made = LocalContentCertificate.objects.get_or_create(**key, defaults=kept)
    if made or all(getattr(booked, name) == value for name, value in said.items()):
        return made
    raise refuse(
        "certificate.differs",
        "Certificate {number} of {supplier} is booked with {percent} % from {first} to {last}.",
        "Correct it; a new certificate has a number of its own.",
        field="number",
        number=certified.number,
        supplier=certified.supplier,
        percent=f"{booked.percent.normalize():f}",
        first=booked.valid_from.isoformat(),
        last=booked.valid_to.isoformat(),
    )


def _check_certificate(certified: Certified) -> None:
    percent = certified.percent
    if not (percent.is_finite() and 0 <= percent <= PERCENT_MAX and percent == round(percent, 6)):
        raise _bad(
            "percent", percent, "is no local content between 0 and 100 per cent", code="certificate.percent"
        )
    if not re.fullmatch(r"[0-9a-fA-F]{64}", certified.file_sha256):
        raise _bad(
            "file_sha256",
            certified.file_sha256,
            "is no SHA-256 of a document",
            "Upload the document, or give its 64 hexadecimal digits.",
            code="certificate.file",
        )
    if certified.valid_to < certified.valid_from:
        raise _reversed("valid_to", certified.valid_from, certified.valid_to)
