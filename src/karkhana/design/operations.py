"""Writes of the design room: storing a bill of material, releasing a revision."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from karkhana.design.bom import BomReport
from karkhana.design.models import BomLine, Product, Revision
from karkhana.design.release import ReleasePackage, check_package, encode_package, package_hash
from karkhana.kernel.refusals import refuse
from karkhana.partners.models import Brand

UNASSIGNED = "UNASSIGNED"


def ensure_product(*, code: str, name: str, brand: str, segment: str) -> Product:
    """Make sure that a product is known.

    A product without a brand (``UNASSIGNED``) is given to the brand named here; a product of another brand
    is never moved.

    Raises:
        Refused: ``product.other_brand``, ``brand.unknown``, ``product.code``.
    """
    _check_code("product", code, 40)
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
def import_bom(
    *,
    report: BomReport,
    product_code: str,
    revision_code: str,
    brand: str = UNASSIGNED,
    segment: str = "iot",
) -> Revision:
    """Store a bill that was read as the draft of a revision; importing it again replaces the draft's lines.

    Args:
        brand, segment: of the product when it is not known yet.

    Raises:
        Refused: ``release.immutable`` when the revision is released; ``product.code``, ``revision.code``.
    """
    _check_code("product", product_code, 40)
    _check_code("revision", revision_code, 20)
    product = Product.objects.filter(code=product_code).first() or ensure_product(
        code=product_code, name=product_code, brand=brand, segment=segment
    )
    revision, _ = Revision.objects.select_for_update().get_or_create(product=product, code=revision_code)
    if revision.package is not None:
        raise refuse(
            "release.immutable",
            "{product} {revision} is released; its bill of material cannot change.",
            "Import the new bill under a new revision.",
            product=product_code,
            revision=revision_code,
        )
    revision.lines.all().delete()
    BomLine.objects.bulk_create(_stored_lines(report, revision))
    revision.import_report = report.as_dict(product_code, revision_code)
    revision.save(update_fields=["import_report"])
    return revision


def _stored_lines(report: BomReport, revision: Revision) -> list[BomLine]:
    return [
        BomLine(
            revision=revision,
            number=number,
            part_number=line.part_number[:200],
            manufacturer=line.manufacturer[:200],
            description=line.description,
            value=line.value,
            package=line.package[:200],
            quantity=_quantity(line.fitted, line.references, line.fitted_references, line.quantity),
            references=list(line.fitted_references) if line.fitted else [],
            not_fitted=list(line.not_fitted if line.fitted else line.references),
            mechanical=line.mechanical,
            alternates=[list(alternate) for alternate in line.alternates],
        )
        for number, line in enumerate(report.lines, start=1)
    ]


def _quantity(
    fitted: bool, references: tuple[str, ...], placed: tuple[str, ...], printed: Decimal
) -> Decimal:
    """Pieces per unit: the populated designators where there are any, else what the file prints."""
    if not fitted:
        return Decimal(0)
    return Decimal(len(placed)) if references else printed


@transaction.atomic
def release_revision(
    *, product_code: str, revision_code: str, package: ReleasePackage, released_at: dt.datetime
) -> Revision:
    """Release a revision: from now on it never changes, and the gate builds by it.

    Releasing the same package again changes nothing.

    Raises:
        Refused: ``release.mismatch`` (the package is for something else), ``release.invalid``,
            ``release.product_unknown``, ``release.immutable`` (released already, with other content).
    """
    if (package.product, package.revision) != (product_code, revision_code):
        raise refuse(
            "release.mismatch",
            "The package is for {other}, not for {product} {revision}.",
            "Release the package under its own name.",
            product=product_code,
            revision=revision_code,
            other=f"{package.product} {package.revision}",
        )
    problems = check_package(package)
    if problems:
        raise refuse(
            "release.invalid",
            "{product} {revision} cannot be released: {problem}",
            "Correct the package; {count} problem(s) in all.",
            product=product_code,
            revision=revision_code,
            problem=problems[0],
            count=len(problems),
        )
    product = Product.objects.filter(code=product_code).select_related("brand").first()
    if product is None or product.brand.code != package.brand:
        raise refuse(
            "release.product_unknown",
            "There is no product {product} of brand {brand}.",
            "Import its bill of material first, or correct the brand.",
            product=product_code,
            brand=package.brand,
        )
    revision, _ = Revision.objects.select_for_update().get_or_create(product=product, code=revision_code)
    data = encode_package(package)
    digest = package_hash(data)
    if revision.package is not None:
        if revision.package_hash == digest:
            return revision
        raise refuse(
            "release.immutable",
            "{product} {revision} is released already, with other content.",
            "Release the change under a new revision.",
            product=product_code,
            revision=revision_code,
        )
    revision.package, revision.package_hash = data.decode(), digest
    revision.released_at = released_at
    revision.save(update_fields=["package", "package_hash", "released_at"])
    return revision


def _brand(code: str) -> Brand:
    if code == UNASSIGNED:
        return Brand.objects.get_or_create(code=code, defaults={"name": "No brand yet"})[0]
    found = Brand.objects.filter(code=code).first()
    if found is None:
        raise refuse(
            "brand.unknown", "There is no brand {brand}.", "Use the code of a known brand.", brand=code
        )
    return found


def _check_code(what: str, code: str, limit: int) -> None:
    """Refuse codes that cannot be printed on a label: empty, too long, blanks around, control characters."""
    if 0 < len(code) <= limit and code == code.strip() and code.isprintable():
        return
    raise refuse(
        f"{what}.code",
        "{value} is no {what} code.",
        "Use 1 to {limit} printable characters without blanks around them.",
        value=repr(code[:60]),
        what=what,
        limit=limit,
    )
