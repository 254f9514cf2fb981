"""Products: making them known, and under which agreement they are developed."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from karkhana.design.bom import BomReport
from karkhana.design.families import FAMILIES, family_plan
from karkhana.design.models import Product, Revision
from karkhana.design.models.product import OWNERS
from karkhana.design.operations.codes import check_code
from karkhana.design.plan import Plan
from karkhana.design.storable import check_text
from karkhana.kernel.refusals import refuse
from karkhana.partners.models import Agreement, Brand

UNASSIGNED = "UNASSIGNED"
SUBASSEMBLY = "subassembly"
SEGMENTS = (*FAMILIES, SUBASSEMBLY)


def ensure_product(*, code: str, name: str, brand: str, segment: str) -> Product:
    """Make sure that a product is known.

    A product without a brand (``UNASSIGNED``) is given to the brand named here; a product of another brand
    is never moved.

    Raises:
        Refused: ``product.other_brand``, ``brand.unknown``, ``product.code``, ``product.name``,
            ``product.segment``.
    """
    check_code("product", code, 40)
    if not name.strip() or "\x00" in name:
        raise refuse(
            "product.name", "{name} cannot be the name of a product.", "Type a name.", name=repr(name[:40])
        )
    if segment not in SEGMENTS:
        raise refuse(
            "product.segment",
            "There is no segment {segment}.",
            "Choose one of {segments}.",
            segment=segment[:40],
            segments=", ".join(SEGMENTS),
        )
    owner = _brand(brand)
    product, made = Product.objects.get_or_create(
        code=code, defaults={"name": name[:120], "brand": owner, "segment": segment}
    )
    if made:
        return product
    if product.brand_id != owner.pk and product.brand.code != UNASSIGNED:
        raise refuse(
            "product.other_brand",
            "{product} belongs to another brand.",
            "Use another product code.",
            product=code,
        )
    wanted = (name[:120], owner.pk, segment)
    if (product.name, product.brand_id, product.segment) != wanted:
        product.name, product.brand_id, product.segment = wanted
        product.save()
    return product


@transaction.atomic
def create_product(
    *,
    code: str,
    name: str,
    brand: str,
    segment: str,
    revision_code: str,
    now: dt.datetime,
    report: BomReport | None = None,
) -> Revision:
    """Begin a product: its first draft has the typical plan of its family and, if given, a bill.

    Args:
        segment: one of ``design.families.FAMILIES``, or ``subassembly``, which begins with an empty plan.

    Raises:
        Refused: ``product.code``, ``product.exists``, ``product.segment``, ``revision.code``,
            ``brand.unknown``, ``text.value``.
    """
    from karkhana.design.operations.bills import import_bom
    from karkhana.design.operations.revisions import create_revision

    check_code("product", code, 40)
    check_text("product name", name, 120)
    if segment not in SEGMENTS:
        raise refuse(
            "product.segment",
            "There is no product family {segment}.",
            "Choose one of {segments}.",
            segment=segment[:40],
            segments=", ".join(SEGMENTS),
        )
    owner = _brand(brand)
    _, made = Product.objects.get_or_create(
        code=code, defaults={"name": name.strip(), "brand": owner, "segment": segment}
    )
    if not made:
        raise refuse(
            "product.exists",
            "There is a product {product} already.",
            "Make a new revision of it, or give the new product another code.",
            product=code,
        )
    plan = Plan() if segment == SUBASSEMBLY else family_plan(family=segment, product=code)
    revision = create_revision(product_code=code, revision_code=revision_code, now=now, plan=plan)
    if report is None:
        return revision
    return import_bom(report=report, product_code=code, revision_code=revision_code, now=now)


@transaction.atomic
def set_agreement(*, code: str, agreement: str | None, design_owner: str) -> Product:
    """Put a product under an agreement, so that its parties approve what is released from now on.

    Args:
        agreement: code, None to take the product out of any.
        design_owner: ``maker``, ``brand`` or ``joint``.

    Raises:
        Refused: ``product.unknown``, ``agreement.unknown``, ``product.design_owner``.
    """
    product = Product.objects.select_for_update().filter(code=code).first()
    if product is None:
        raise refuse(
            "product.unknown", "There is no product {product}.", "Check the code.", product=code[:80]
        )
    if design_owner not in OWNERS:
        raise refuse(
            "product.design_owner",
            "{owner} cannot own a design.",
            "Say maker, brand or joint.",
            owner=design_owner[:40],
        )
    found = Agreement.objects.filter(code=agreement).first() if agreement else None
    if agreement and found is None:
        raise refuse(
            "agreement.unknown",
            "There is no agreement {agreement}.",
            "Add the agreement first.",
            agreement=agreement[:80],
        )
    wanted = (found.pk if found else None, design_owner)
    if (product.agreement_id, product.design_owner) != wanted:
        product.agreement_id, product.design_owner = wanted
        product.save(update_fields=["agreement", "design_owner"])
    return product


def _brand(code: str) -> Brand:
    if code == UNASSIGNED:
        return Brand.objects.get_or_create(code=code, defaults={"name": "No brand yet"})[0]
    found = None if "\x00" in code else Brand.objects.filter(code=code).first()
    if found is None:
        raise refuse(
            "brand.unknown", "There is no brand {brand}.", "Use the code of a known brand.", brand=code[:80]
        )
    return found
