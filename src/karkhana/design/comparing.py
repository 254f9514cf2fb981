"""Stored revisions and uploaded files as the two sides of a comparison."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile

from karkhana.design.access import visible_products
from karkhana.design.bom import BomLine
from karkhana.design.bom.lines import kind_of
from karkhana.design.bom.reader import shown_name
from karkhana.design.bom.sniff import refuse_by_size
from karkhana.design.difference import Bill, Difference, compare, read_bill
from karkhana.design.difference.model import FIELDS, StoredLine, layout_of
from karkhana.design.models import Product, Revision
from karkhana.design.queries import stored_items
from karkhana.design.release import BomItem
from karkhana.kernel.refusals import refuse

NAME_MAX = 130


def comparable(revision: Revision) -> Bill:
    """Return the bill of a revision, all layers of a variant included, as one side of a comparison."""
    report = revision.import_report or {}
    own = revision.base_id is None and "dialect" in report and "columns" in report
    return Bill(
        name=f"{revision.product.code}:{revision.code}",
        lines=tuple(_line(item) for item in stored_items(revision)),
        stated=frozenset(FIELDS),
        layout=layout_of(report["dialect"], report["columns"]) if own else "",
        stored=True,
    )


def _line(item: BomItem) -> BomLine:
    """One stored line; a sub-assembly is the part ``PRODUCT:REV``, so that its next revision shows."""
    line = StoredLine(
        line=item.number,
        sheet="",
        part_number=":".join(item.assembly) if item.assembly else item.part,
        manufacturer=item.manufacturer,
        description=item.description,
        value=item.value,
        package=item.package,
        quantity=item.quantity,
        references=(*item.references, *item.not_fitted),
        not_fitted=item.not_fitted,
        fitted=bool(item.references) or (item.mechanical and item.quantity > 0),
        alternates=tuple((source.manufacturer, source.part) for source in item.alternates),
        approved_manufacturers=item.approved_manufacturers,
    )
    return kind_of(line)


def bill_named(text: str, *, side: str, user: Any = None) -> Bill:
    """Return the stored bill that ``PRODUCT:REV`` names.

    Both codes may hold colons; the longest product code that fits is taken.

    Args:
        side: ``A`` or ``B``, so that a refusal says which of the two is meant.
        user: only what this log-in may see; everything for None, as on the command line.

    Raises:
        Refused: ``diff.name``, ``product.unknown``, ``revision.unknown``.
    """
    shown = text[:NAME_MAX] if text.isprintable() else repr(text[:NAME_MAX])
    splits = [(text[:place], text[place + 1 :]) for place in range(len(text)) if text[place] == ":"]
    if not splits or not text.isprintable() or len(text) > NAME_MAX:
        raise refuse(
            "diff.name",
            "{side} is {name}, which names no revision.",
            "Give PRODUCT:REV, such as PHONE:B, or a file.",
            side=side,
            name=shown or "empty",
        )
    seen = Product.objects.order_by("code") if user is None else visible_products(user)
    revisions = Revision.objects.select_related("product", "base").filter(product__in=seen)
    for product, code in reversed(splits):
        found = revisions.filter(product__code=product, code=code).first()
        if found is not None:
            return comparable(found)
    known = seen.filter(code__in=[product for product, _ in splits]).last()
    if known is None:
        raise refuse(
            "product.unknown",
            "{side} is {name}, but there is no product {product}.",
            "Check the product's code.",
            side=side,
            name=shown,
            product=splits[-1][0],
        )
    codes = list(known.revisions.order_by("code").values_list("code", flat=True)[:12])
    raise refuse(
        "revision.unknown",
        "{side} is {name}, but {product} has no such revision; it has {revisions}.",
        "Choose one of its revisions.",
        side=side,
        name=shown,
        product=known.code,
        revisions=", ".join(codes) or "none",
    )


def difference_of(a: str, b: str, *, user: Any = None) -> Difference:
    """Compare two stored revisions, each named ``PRODUCT:REV``.

    Raises:
        Refused: as :func:`bill_named`.
    """
    return compare(bill_named(a, side="A", user=user), bill_named(b, side="B", user=user))


def one_side(side: str, name: str | None, file: UploadedFile | None, *, user: Any = None) -> Bill:
    """Return one side of a comparison: the uploaded file when one came, else the stored revision.

    Raises:
        Refused: ``diff.side_missing`` when neither is given; ``bom.*``, ``diff.*``; unknown names.
    """
    if file is not None:
        file_name = shown_name(file.name or "")
        refuse_by_size(file.size or 0, file_name)
        return read_bill(file.read(), file_name=file_name)
    if name:
        return bill_named(name, side=side, user=user)
    raise refuse(
        "diff.side_missing",
        "It is not said what {side} is.",
        "Give PRODUCT:REV, or choose a file.",
        side=side,
    )
