"""Writes of the supply room that may be done again: what is there stays, what is missing is written.

Reference data of a whole enterprise comes in sets, so all but ``ensure_supplier`` take many rows and cost a
few statements. They trust their caller to have checked the values; the database checks them too.
"""

from __future__ import annotations

from collections.abc import Iterable

from karkhana.kernel.refusals import refuse
from karkhana.partners.models import Brand
from karkhana.supply.models import (
    ApprovedSource,
    ExchangeRate,
    LocalContentCertificate,
    Part,
    PartPrice,
    Supplier,
)
from karkhana.supply.models.parties import BRAND, ROLES

CHUNK = 2_000
"""Rows of one statement."""


def ensure_supplier(
    *,
    code: str,
    name: str,
    country: str,
    role: str | None = None,
    brand: str | None = None,
    tax_id: str | None = None,
) -> Supplier:
    """Make sure that a supplier is known; doing it again changes nothing.

    Args:
        country: ISO 3166-1 alpha-2.
        role: maker, distributor, or brand for a customer who hands in its own material; None leaves it.
        brand: code of the brand that a supplier of role ``brand`` stands for.
        tax_id: its GSTIN, or the number of its own country; None leaves it.

    Raises:
        Refused: ``supplier.role``, when role and brand do not fit together or the brand is unknown.
    """
    wanted: dict[str, object] = {"name": name, "country": country}
    if tax_id is not None:
        wanted["tax_id"] = tax_id
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


def ensure_parts(rows: Iterable[Part]) -> dict[str, Part]:
    """Make sure that parts are known; return all of them by number.

    A part that is there keeps what it has: only a group, tariff item, manufacturer or description that is
    empty is filled in.
    """
    wanted = {row.number: row for row in rows}
    known = {part.number: part for part in Part.objects.filter(number__in=wanted)}
    fields = ("manufacturer", "description", "group", "hsn")
    changed = []
    for number, part in known.items():
        empty = [name for name in fields if not getattr(part, name) and getattr(wanted[number], name)]
        for name in empty:
            setattr(part, name, getattr(wanted[number], name))
        changed += [part] if empty else []
    Part.objects.bulk_update(changed, fields, batch_size=CHUNK)
    made = Part.objects.bulk_create(
        (row for number, row in wanted.items() if number not in known), batch_size=CHUNK
    )
    return known | {part.number: part for part in made}


def ensure_sources(rows: Iterable[ApprovedSource]) -> None:
    """Approve sources that are not known yet; one that was ended stays so."""
    ApprovedSource.objects.bulk_create(rows, batch_size=CHUNK, ignore_conflicts=True)


def ensure_prices(rows: Iterable[PartPrice]) -> None:
    """Record prices; one of the same part, supplier, day and quantity stays as it is."""
    PartPrice.objects.bulk_create(rows, batch_size=CHUNK, ignore_conflicts=True)


def ensure_rates(rows: Iterable[ExchangeRate]) -> None:
    """Record exchange rates; one of the same currency, kind and first day stays as it is."""
    ExchangeRate.objects.bulk_create(rows, batch_size=CHUNK, ignore_conflicts=True)


def ensure_content_certificates(rows: Iterable[LocalContentCertificate]) -> None:
    """Record certificates of local content; one of the same supplier, number and part stays as it is."""
    LocalContentCertificate.objects.bulk_create(rows, batch_size=CHUNK, ignore_conflicts=True)
