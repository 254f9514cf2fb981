"""Reads of the design room: bills, plans and packages of revisions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from karkhana.design.approvals.queries import given_for, required_for
from karkhana.design.approvals.rules import Subject
from karkhana.design.bill import DEPTH_MAX, Override, overlay
from karkhana.design.compiling import PartLine, compile_package, release_problems
from karkhana.design.models import BomLine, Revision
from karkhana.design.plan import Plan, Problem, decode_plan
from karkhana.design.release import (
    BomItem,
    ReleasePackage,
    Source,
    decode_package,
    encode_package,
    package_hash,
)
from karkhana.kernel.refusals import refuse


def find_revision(product_code: str, revision_code: str) -> Revision:
    """Return a revision with its product.

    Raises:
        Refused: ``revision.unknown``.
    """
    if "\x00" in product_code + revision_code:
        product_code = revision_code = "?"
    found = (
        Revision.objects.select_related("product__brand", "product__agreement", "base", "submitted_by")
        .filter(product__code=product_code, code=revision_code)
        .first()
    )
    if found is None:
        raise refuse(
            "revision.unknown",
            "There is no revision {revision} of {product}.",
            "Check the product and the revision.",
            product=product_code[:80],
            revision=revision_code[:40],
        )
    return found


def stored_items(revision: Revision) -> tuple[BomItem, ...]:
    """Return the whole bill of a revision: its own lines over those of what it is a variant of."""
    if revision.package is not None:
        bom = decode_package(revision.package).bom
        if bom:
            return bom
    chain = [revision]
    while (base := chain[-1].base) is not None and len(chain) <= DEPTH_MAX:
        chain.append(base)
    items: tuple[BomItem, ...] = ()
    for layer in reversed(chain):
        items = overlay(
            items, [_override(row) for row in layer.lines.order_by("number").values_list(*_COLUMNS)]
        )
    return items


_COLUMNS = (
    "number", "part_number", "manufacturer", "description", "value", "package", "quantity", "references",
    "not_fitted", "mechanical", "alternates", "approved_manufacturers", "assembly_product",
    "assembly_revision", "dropped",
)  # fmt: skip


def _override(row: tuple[Any, ...]) -> Override:
    """Read a line as the database gives it: bills are long, and model objects would take twice the time."""
    (number, part, manufacturer, description, value, package, quantity, references, not_fitted, mechanical,
     alternates, approved, assembly_product, assembly_revision, dropped) = row  # fmt: skip
    if dropped:
        return Override(number, None)
    item = BomItem(
        number=number,
        part=part,
        manufacturer=manufacturer,
        description=description,
        value=value,
        package=package,
        quantity=quantity.normalize() if quantity % 1 else quantity.quantize(1),
        references=tuple(references),
        not_fitted=tuple(not_fitted),
        mechanical=mechanical,
        alternates=tuple(Source(manufacturer, part) for manufacturer, part in alternates),
        approved_manufacturers=tuple(approved),
        assembly=(assembly_product, assembly_revision) if assembly_product else None,
    )
    return Override(number, item)


def bill_of(key: tuple[str, str]) -> tuple[BomItem, ...]:
    """Return the bill of a (product, revision), empty when there is no such revision."""
    revision = Revision.objects.select_related("base").filter(product__code=key[0], code=key[1]).first()
    return stored_items(revision) if revision else ()


def revision_items(*, product_code: str, revision_code: str) -> tuple[BomItem, ...]:
    """Return the bill of a revision, empty when there is no such revision."""
    return bill_of((product_code, revision_code))


def stored_plan(revision: Revision) -> Plan:
    """Return a draft's plan, an empty one when none was made yet."""
    return decode_plan(revision.plan) if revision.plan else Plan()


def compiled(
    revision: Revision, items: Sequence[BomItem] | None = None
) -> tuple[ReleasePackage, tuple[PartLine, ...], tuple[Problem, ...]]:
    """Compile a draft as it is now.

    Args:
        items: its whole bill where the caller has read it.

    Returns:
        The package, the parts that no step consumes, and everything that keeps it from being released
        (without what lies outside of it: sub-assemblies, approvals).
    """
    product, plan = revision.product, stored_plan(revision)
    items = stored_items(revision) if items is None else items
    package, unused = compile_package(
        product=product.code,
        revision=revision.code,
        brand=product.brand.code,
        segment=product.segment,
        plan=plan,
        items=items,
        base=(revision.base.product.code, revision.base.code) if revision.base else None,
    )
    return package, unused, release_problems(package, unused, plan)


def content_of(revision: Revision) -> tuple[bytes, str]:
    """Return the canonical bytes of a revision and their hash: as released, or as it would be now."""
    if revision.package is not None:
        return revision.package.encode(), revision.package_hash or ""
    data = encode_package(compiled(revision)[0])
    return data, package_hash(data)


def package_of(revision: Revision) -> ReleasePackage:
    """Return the package of a released revision, or what a draft compiles to now."""
    return decode_package(revision.package) if revision.package else compiled(revision)[0]


def released_package(*, product_code: str, revision_code: str) -> ReleasePackage | None:
    """Return the package of a released revision, None when there is none."""
    revision = Revision.objects.filter(
        product__code=product_code, code=revision_code, package__isnull=False
    ).first()
    return decode_package(revision.package) if revision and revision.package else None


def revision_subject(revision: Revision, day: dt.date) -> Subject:
    """Return what is to be approved of a revision: its content as it is in review, or as released."""
    name = str(revision)
    required, own_allowed = required_for(revision.product, "revision", day)
    if revision.package is not None:
        # Once released, nobody else is waited for: who had to approve did, or nobody had to then.
        required = frozenset(one.party for one in given_for("revision", name))
    login: Any = revision.submitted_by
    return Subject(
        kind="revision",
        name=name,
        content_hash=revision.package_hash or revision.review_hash or "",
        required=required,
        requested_by=login.get_username() if login else None,
        own_allowed=own_allowed,
    )


def where_used(part: str) -> Sequence[tuple[str, str, str, int]]:
    """Return (product, revision, state, line) of every stored line with a part number or assembly."""
    rows = BomLine.objects.filter(part_number=part) | BomLine.objects.filter(assembly_product=part)
    return tuple(
        rows.order_by("revision__product__code", "revision__code", "number").values_list(
            "revision__product__code", "revision__code", "revision__state", "number"
        )
    )
