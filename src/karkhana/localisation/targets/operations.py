"""Writes and drops targets."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from karkhana.design.models import Product
from karkhana.kernel.refusals import refuse
from karkhana.localisation.catalogue import method_for
from karkhana.localisation.targets.models import LocalTarget
from karkhana.localisation.terms.operations import bad, product_of, read_day, read_number, read_text
from karkhana.partners.models import Brand

PLACES = Decimal("0.0001")


def set_target(
    *,
    product: str,
    brand: str,
    method: str,
    percent: str,
    by_date: str,
    said_by: str,
    user: Any,
    now: dt.datetime,
) -> LocalTarget:
    """Record that a product, or all of a brand, shall reach a percentage by a day.

    Raises:
        Refused: ``value.field``, ``product.unknown``, ``brand.unknown``, ``method.*``,
            ``value.target_taken``.
    """
    if bool(product) == bool(brand):
        raise bad("product", "and brand: name one of the two")
    day = read_day("by_date", by_date)
    assert day is not None
    share = read_number("percent", percent, most=Decimal(100))
    if share <= 0 or share != share.quantize(PLACES):
        raise bad("percent", "is not above 0 with at most 4 decimals")
    if method.endswith(".toml"):
        raise bad("method", "is not one of the list")
    try:
        with transaction.atomic():
            return LocalTarget.objects.create(
                product=product_of(product) if product else None,
                brand=_brand(brand) if brand else None,
                method=method_for(method, day).id,
                percent=share,
                by_date=day,
                said_by=read_text("said_by", said_by, 120),
                set_at=now,
                set_by=user if getattr(user, "is_authenticated", False) else None,
            )
    except IntegrityError:
        raise refuse(
            "value.target_taken",
            "There is a target of {subject} by {method} for {day} already.",
            "Drop it first, or name another day.",
            subject=product or brand,
            method=method,
            day=day.isoformat(),
        ) from None


def _brand(code: str) -> Brand:
    found = None if "\x00" in code else Brand.objects.filter(code=code).first()
    if found is None:
        raise refuse(
            "brand.unknown", "There is no brand {brand}.", "Choose one of the list.", brand=code[:40]
        )
    return found


def drop_target(number: int) -> None:
    """Drop a target; one that is not there is gone already."""
    LocalTarget.objects.filter(pk=number).delete()


def targets_of(*, product: str, brand: str, method: str) -> list[LocalTarget]:
    """Return the targets that a question is measured against: the product's, else those of its brand."""
    found = LocalTarget.objects.filter(method=method).select_related("product", "brand").order_by("by_date")
    if product:
        own = list(found.filter(product__code=product))
        return own or list(found.filter(brand__in=Product.objects.filter(code=product).values("brand")))
    return list(found.filter(brand__code=brand)) if brand else []
