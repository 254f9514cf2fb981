"""Bills of material: storing one that was read, editing lines of a draft."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db import transaction

from karkhana.design.bill import Override, explode, items_of_report, line_digest, overrides_between
from karkhana.design.bom import BomReport
from karkhana.design.models import BomLine, Product, Revision
from karkhana.design.operations.codes import check_code
from karkhana.design.operations.products import UNASSIGNED, ensure_product
from karkhana.design.operations.revisions import draft_for_update
from karkhana.design.queries import bill_of, stored_items
from karkhana.design.release import BomItem
from karkhana.design.release.checks import line_problems
from karkhana.kernel.refusals import refuse

LINES_MAX = 20_000


@transaction.atomic
def import_bom(
    *,
    report: BomReport,
    product_code: str,
    revision_code: str,
    brand: str = UNASSIGNED,
    segment: str = "iot",
    base: tuple[str, str] | None = None,
    now: dt.datetime | None = None,
) -> Revision:
    """Store a bill that was read as the draft of a revision; importing it again replaces the draft's lines.

    Args:
        brand, segment: of the product when it is not known yet.
        base: (product, revision) that this one is a variant of; only what differs from it is stored.
            A revision that is a variant already stays one.

    Raises:
        Refused: ``release.immutable`` when the revision is released, ``revision.in_review``,
            ``revision.base_unknown``, ``product.code``, ``revision.code``.
    """
    check_code("product", product_code, 40)
    check_code("revision", revision_code, 20)
    product = Product.objects.filter(code=product_code).first() or ensure_product(
        code=product_code, name=product_code, brand=brand, segment=segment
    )
    Revision.objects.get_or_create(
        product=product, code=revision_code, defaults={"created_at": now, "base": _base(base)}
    )
    revision = draft_for_update(product_code, revision_code)
    if base is not None and (revision.base is None or revision.base.pk != _base(base).pk):  # type: ignore[union-attr]
        raise refuse(
            "revision.other_base",
            "{product} {revision} is there already and is no variant of {base}.",
            "Import the variant under a new revision.",
            product=product_code,
            revision=revision_code,
            base=" ".join(base),
        )
    items: Sequence[BomItem] = items_of_report(report)
    overrides: Iterable[Override] = [Override(item.number, item) for item in items]
    if revision.base is not None:
        overrides = overrides_between(stored_items(revision.base), items)
    revision.lines.all().delete()
    BomLine.objects.bulk_create([_row(revision, override) for override in overrides])
    revision.import_report = report.as_dict(product_code, revision_code)
    revision.save(update_fields=["import_report"])
    return revision


def _base(base: tuple[str, str] | None) -> Revision | None:
    if base is None:
        return None
    found = Revision.objects.filter(product__code=base[0], code=base[1]).first()
    if found is None:
        raise refuse(
            "revision.base_unknown",
            "There is no {base} to be a variant of.",
            "Import or create the base first.",
            base=" ".join(base)[:80],
        )
    return found


@transaction.atomic
def save_line(*, product_code: str, revision_code: str, item: BomItem, seen: str | None = None) -> BomItem:
    """Put a line into a draft's bill, in place of the one with its number if there is one.

    Args:
        seen: ``design.bill.line_digest`` of the line that the editor started from, empty for a new one; None
            overwrites whatever is there.

    Raises:
        Refused: ``release.immutable``, ``revision.*``, ``bom.line`` naming what is wrong with it,
            ``bom.line_changed``, ``bom.too_long``, ``bom.circular``, ``bom.too_deep``, ``bom.too_large``.
    """
    revision = draft_for_update(product_code, revision_code)
    base = {line.number: line for line in stored_items(revision.base)} if revision.base else {}
    items = stored_items(revision)
    _check_seen(items, item.number, seen)
    others = sum(line.number != item.number for line in items)
    if others >= LINES_MAX or not 0 < item.number < 2**31:
        raise refuse(
            "bom.too_long",
            "Line {number} does not fit; a bill has at most {limit} lines.",
            "Give the line a free number from 1.",
            number=item.number,
            limit=LINES_MAX,
        )
    problems = line_problems(item)
    if problems:
        raise refuse("bom.line", "{problem}", "Correct the line.", problem=problems[0], line=item.number)
    revision.lines.filter(number=item.number).delete()
    if base.get(item.number) != item:  # a variant's line that is the base's again follows the base
        _row(revision, Override(item.number, item)).save(force_insert=True)
    if item.assembly is not None:
        explode((product_code, revision_code), bill_of)
    return item


@transaction.atomic
def drop_line(*, product_code: str, revision_code: str, number: int, seen: str | None = None) -> None:
    """Take a line out of a draft's bill.

    Args:
        seen: as in ``save_line``.

    Raises:
        Refused: ``release.immutable``, ``revision.*``, ``bom.line_unknown``, ``bom.line_changed``.
    """
    revision = draft_for_update(product_code, revision_code)
    items = stored_items(revision)
    _check_seen(items, number, seen)
    if all(line.number != number for line in items):
        raise refuse(
            "bom.line_unknown",
            "{product} {revision} has no line {number}.",
            "Check the number.",
            product=product_code,
            revision=revision_code,
            number=number,
        )
    revision.lines.filter(number=number).delete()
    if revision.base is not None and any(line.number == number for line in stored_items(revision.base)):
        _row(revision, Override(number, None)).save(force_insert=True)


def _check_seen(items: Iterable[BomItem], number: int, seen: str | None) -> None:
    found = next((item for item in items if item.number == number), None)
    if seen is not None and seen != (line_digest(found) if found else ""):
        raise refuse(
            "bom.line_changed",
            "Somebody else changed line {number} meanwhile.",
            "Look at the line again and make your change there.",
            number=number,
        )


@transaction.atomic
def replace_items(*, revision: Revision, items: Sequence[BomItem]) -> None:
    """Give a draft this whole bill."""
    overrides: Iterable[Override] = [Override(item.number, item) for item in items]
    if revision.base is not None:
        overrides = overrides_between(stored_items(revision.base), items)
    revision.lines.all().delete()
    BomLine.objects.bulk_create([_row(revision, override) for override in overrides])


def _row(revision: Revision, override: Override) -> BomLine:
    item = override.item
    if item is None:
        return BomLine(revision=revision, number=override.number, quantity=Decimal(0), dropped=True)
    product, code = item.assembly or ("", "")
    return BomLine(
        revision=revision,
        number=override.number,
        part_number=item.part,
        manufacturer=item.manufacturer,
        description=item.description,
        value=item.value,
        package=item.package,
        quantity=item.quantity,
        references=list(item.references),
        not_fitted=list(item.not_fitted),
        mechanical=item.mechanical,
        alternates=[[source.manufacturer, source.part] for source in item.alternates],
        approved_manufacturers=list(item.approved_manufacturers),
        assembly_product=product,
        assembly_revision=code,
    )
