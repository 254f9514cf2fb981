"""Writes of the supply room."""

from __future__ import annotations

from karkhana.kernel.refusals import refuse
from karkhana.partners.models import Brand
from karkhana.supply.models import Supplier
from karkhana.supply.models.parties import BRAND, ROLES


def ensure_supplier(
    *, code: str, name: str, country: str, role: str | None = None, brand: str | None = None
) -> Supplier:
    """Make sure that a supplier is known; doing it again changes nothing.

    Args:
        country: ISO 3166-1 alpha-2.
        role: maker, distributor, or brand for a customer who hands in its own material; None leaves it.
        brand: code of the brand that a supplier of role ``brand`` stands for.

    Raises:
        Refused: ``supplier.role``, when role and brand do not fit together or the brand is unknown.
    """
    wanted: dict[str, object] = {"name": name, "country": country}
    if role is not None:
        found = Brand.objects.filter(code=brand).first() if brand else None
        if role not in ROLES or (role == BRAND) != (found is not None) or bool(brand) != (found is not None):
            raise refuse(
                "supplier.role",
                "{supplier} cannot have the role {role} with brand {brand}.",
                "Use maker or distributor without a brand, or brand with the code of a brand.",
                supplier=code,
                role=role,
                brand=brand or "none",
            )
        wanted |= {"role": role, "brand": found}
    supplier, made = Supplier.objects.get_or_create(code=code, defaults=wanted)
    if not made and any(getattr(supplier, field) != value for field, value in wanted.items()):
        for field, value in wanted.items():
            setattr(supplier, field, value)
        supplier.save()
    return supplier
