"""Writes of the supply room."""

from __future__ import annotations

from karkhana.supply.models import Supplier


def ensure_supplier(*, code: str, name: str, country: str) -> Supplier:
    """Make sure that a supplier is known; doing it again changes nothing.

    Args:
        country: ISO 3166-1 alpha-2.
    """
    supplier, _ = Supplier.objects.get_or_create(code=code, defaults={"name": name, "country": country})
    if (supplier.name, supplier.country) != (name, country):
        supplier.name, supplier.country = name, country
        supplier.save(update_fields=["name", "country"])
    return supplier
