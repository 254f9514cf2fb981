"""Writes of the partners room."""

from __future__ import annotations

from karkhana.partners.models import Brand


def ensure_brand(*, code: str, name: str) -> Brand:
    """Make sure that a brand is known under this name; doing it again changes nothing."""
    brand, _ = Brand.objects.get_or_create(code=code, defaults={"name": name})
    if brand.name != name:
        brand.name = name
        brand.save(update_fields=["name"])
    return brand
