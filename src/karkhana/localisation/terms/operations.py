"""Writes price terms of products. A term is never changed: a new one from a later day takes its place."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation

from django.db import IntegrityError, transaction

from karkhana.design.models import Product
from karkhana.kernel.refusals import Refused, refuse
from karkhana.localisation.models import PriceTerm
from karkhana.localisation.rules.pieces import TERMS

AMOUNT_MAX = Decimal(10) ** 12
PLACES = Decimal("0.000001")


def bad(field: str, problem: str) -> Refused:
    """Return the refusal of a field of a form."""
    return refuse(
        "value.field",
        "The field {field} {problem}.",
        "Correct it and send it again.",
        field=field,
        problem=problem,
    )


def read_text(field: str, text: str, limit: int) -> str:
    """Read a text of a form.

    Raises:
        Refused: ``value.field``: too long, or letters that no name contains.
    """
    text = text.strip()
    if len(text) > limit:
        raise bad(field, f"is longer than {limit} letters")
    if not text.isprintable():
        raise bad(field, "has letters that cannot be printed")
    return text


def read_day(field: str, text: str, *, needed: bool = True) -> dt.date | None:
    """Read a day of a form.

    Raises:
        Refused: ``value.field``.
    """
    if not text.strip() and not needed:
        return None
    try:
        day = dt.date.fromisoformat(text.strip()[:20])
    except ValueError:
        raise bad(field, "is no day; write it as 2026-11-23") from None
    if not 1950 <= day.year <= 2150:
        raise bad(field, "is too far from today")
    return day


def read_number(field: str, text: str, *, most: Decimal) -> Decimal:
    """Read an exact number from 0 to ``most`` with at most 6 decimals.

    Raises:
        Refused: ``value.field``.
    """
    try:
        value = Decimal(text.strip().replace(",", "")[:40])
    except InvalidOperation:
        raise bad(field, "is no number") from None
    if not value.is_finite() or not 0 <= value <= most:
        raise bad(field, f"is not between 0 and {most:f}")
    if value != value.quantize(PLACES):
        raise bad(field, "has more than 6 decimals")
    return value


def product_of(code: str) -> Product:
    """Return a product.

    Raises:
        Refused: ``product.unknown``.
    """
    found = None if "\x00" in code else Product.objects.filter(code=code).first()
    if found is None:
        raise refuse(
            "product.unknown", "There is no product {product}.", "Choose one of the list.", product=code[:40]
        )
    return found


def set_term(
    *,
    product: str,
    kind: str,
    amount: str,
    valid_from: str,
    valid_to: str = "",
    market: str = "",
    party: str = "",
    document: str = "",
) -> PriceTerm:
    """Record an amount per unit of a product from a day on.

    Raises:
        Refused: ``value.field``, ``product.unknown``, ``value.term_taken``.
    """
    if kind not in TERMS:
        raise bad("kind", "is not one of the terms")
    place = market.strip().upper()
    if place and not re.fullmatch(r"[A-Z]{2}", place):
        raise bad("market", "is not a country of two letters")
    first = read_day("valid_from", valid_from)
    last = read_day("valid_to", valid_to, needed=False)
    assert first is not None
    if last is not None and last < first:
        raise bad("valid_to", "is before the first day")
    try:
        with transaction.atomic():
            return PriceTerm.objects.create(
                product=product_of(product),
                kind=kind,
                amount=read_number("amount", amount, most=AMOUNT_MAX),
                valid_from=first,
                valid_to=last,
                market=place,
                party=read_text("party", party, 120),
                document=read_text("document", document, 120),
            )
    except IntegrityError:
        raise refuse(
            "value.term_taken",
            "{product} has an amount of this kind from {day} already.",
            "Begin the new one on another day.",
            product=product,
            day=first.isoformat(),
        ) from None
