"""Products and their revisions as lists and pages show them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db.models import Count, Prefetch, Q

from karkhana.design.access import visible_products
from karkhana.design.approvals.queries import required_for
from karkhana.design.models import BomLine, Product, Revision
from karkhana.design.models.product import DRAFT, IN_REVIEW, RELEASED

PAGE, USES_MAX = 100, 200
WITHOUT_CONTENT = ("plan", "package", "import_report")
"""Columns that lists do not need and that can be large."""


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """One revision in a list. ``base`` is (product, revision) when it is a variant."""

    product: str
    code: str
    state: str
    base: tuple[str, str] | None
    content_hash: str
    lines: int
    created_at: dt.datetime | None
    submitted_at: dt.datetime | None
    submitted_by: str
    released_at: dt.datetime | None
    ended_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One product in a list: its current release and what is being worked on."""

    code: str
    name: str
    brand: str
    segment: str
    agreement: str
    released: RevisionRow | None
    open: tuple[RevisionRow, ...]
    revisions: int


@dataclass(frozen=True, slots=True)
class ProductPage:
    """Some products; ``after`` is the code of the last one when more follow."""

    rows: tuple[ProductRow, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class ProductWanted:
    """What somebody looks for among products; ``state`` is of any of its revisions."""

    text: str = ""
    brand: str = ""
    segment: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """Where a product goes into another revision: a line of its bill, or None for a key part of its route."""

    product: str
    revision: str
    state: str
    line: int | None


@dataclass(frozen=True, slots=True)
class VariantNode:
    """A revision in the tree of variants; ``depth`` 0 stands on no base."""

    depth: int
    row: RevisionRow


@dataclass(frozen=True, slots=True)
class ProductView:
    """Everything that the page of a product shows, the newest revision first."""

    product: Product
    revisions: tuple[RevisionRow, ...]
    variants: tuple[VariantNode, ...]
    uses: tuple[Use, ...]
    required: tuple[str, ...]
    agreement_parties: tuple[tuple[str, str, tuple[str, ...]], ...]


def product_page(
    user: Any, wanted: ProductWanted = ProductWanted(), *, after: str = "", limit: int = PAGE
) -> ProductPage:
    """Return the products that a log-in may see and that fit, by code."""
    found = visible_products(user).filter(code__gt=after)
    for word in wanted.text.split():
        found = found.filter(Q(code__icontains=word) | Q(name__icontains=word))
    if wanted.brand:
        found = found.filter(brand__code=wanted.brand)
    if wanted.segment:
        found = found.filter(segment=wanted.segment)
    if wanted.state:
        found = found.filter(pk__in=Revision.objects.filter(state=wanted.state).values("product"))
    products = list(found.prefetch_related(_revisions())[: limit + 1])
    return ProductPage(
        rows=tuple(_product_row(product) for product in products[:limit]),
        after=products[limit - 1].code if len(products) > limit else None,
    )


def _revisions() -> Prefetch[Any]:
    rows = Revision.objects.defer(*WITHOUT_CONTENT).select_related("product", "base__product", "submitted_by")
    rows = rows.defer(*WITHOUT_CONTENT, *(f"base__{name}" for name in WITHOUT_CONTENT))
    return Prefetch("revisions", rows.annotate(line_count=Count("lines")).order_by("pk"))


def _product_row(product: Product) -> ProductRow:
    rows = [_revision_row(revision) for revision in product.revisions.all()]
    return ProductRow(
        code=product.code,
        name=product.name,
        brand=product.brand.code,
        segment=product.segment,
        agreement=product.agreement.code if product.agreement else "",
        released=current_release(rows),
        open=tuple(row for row in rows if row.state in (DRAFT, IN_REVIEW)),
        revisions=len(rows),
    )


def current_release(rows: Iterable[RevisionRow]) -> RevisionRow | None:
    """Return the revision that was released last and still counts."""
    released = [(row.released_at, place, row) for place, row in enumerate(rows)
                if row.state == RELEASED and row.released_at]  # fmt: skip
    return max(released, default=(None, 0, None))[2]


def _revision_row(revision: Revision) -> RevisionRow:
    login: Any = revision.submitted_by
    return RevisionRow(
        product=revision.product.code,
        code=revision.code,
        state=revision.state,
        base=(revision.base.product.code, revision.base.code) if revision.base else None,
        content_hash=revision.package_hash or revision.review_hash or "",
        lines=getattr(revision, "line_count", 0),
        created_at=revision.created_at,
        submitted_at=revision.submitted_at,
        submitted_by=login.get_username() if login else "",
        released_at=revision.released_at,
        ended_at=revision.ended_at,
    )


def product_view(user: Any, product: Product, day: dt.date) -> ProductView:
    """Return what the page of a product shows to a log-in that may see it."""
    (whole,) = Product.objects.filter(pk=product.pk).prefetch_related(_revisions())
    rows = [_revision_row(revision) for revision in whole.revisions.all()]
    parties = product.agreement.parties.select_related("party").order_by("pk") if product.agreement else ()
    return ProductView(
        product=product,
        revisions=tuple(reversed(rows)),
        variants=_variants(user, rows),
        uses=_uses(user, product),
        required=tuple(sorted(required_for(product, "revision", day)[0])),
        agreement_parties=tuple((one.party.code, one.party.name, tuple(one.approves)) for one in parties),
    )


def _uses(user: Any, product: Product) -> tuple[Use, ...]:
    """Return where a product is used: lines of bills, and key parts of routes that still count."""
    visible = visible_products(user).exclude(pk=product.pk)
    lines = (
        BomLine.objects.filter(assembly_product=product.code, revision__product__in=visible)
        .order_by("revision__product__code", "revision__pk", "number")
        .values_list("revision__product__code", "revision__code", "revision__state", "number")
    )
    found = [Use(*line) for line in lines[:USES_MAX]]
    # A key part names the product that it is in the same words in a plan and in a package.
    said = f'"product":{msgspec.json.encode(product.code).decode()}'
    counting = Revision.objects.filter(product__in=visible, state__in=[DRAFT, IN_REVIEW, RELEASED])
    routes = counting.filter(Q(plan__contains=said) | Q(package__contains=said)).order_by(
        "product__code", "pk"
    )
    known = {(use.product, use.revision) for use in found}
    found += [
        Use(code, revision, state, None)
        for code, revision, state in routes.values_list("product__code", "code", "state")[:USES_MAX]
        if (code, revision) not in known
    ]
    return tuple(found)


def _variants(user: Any, rows: list[RevisionRow]) -> tuple[VariantNode, ...]:
    """Return the revisions that stand on a base or bear variants, as a tree; empty when there are none."""
    codes = [row.product for row in rows[:1]]
    over = (
        Revision.objects.filter(base__product__code__in=codes)
        .exclude(product__code__in=codes)
        .filter(product__in=visible_products(user))
        .defer(*WITHOUT_CONTENT)
        .select_related("product", "base__product", "submitted_by")
    )
    every = [*rows, *(_revision_row(revision) for revision in over)]
    by_base: dict[tuple[str, str] | None, list[RevisionRow]] = {}
    for row in every:
        by_base.setdefault(row.base, []).append(row)
    known = {(row.product, row.code) for row in every}
    nodes: list[VariantNode] = []

    def grow(row: RevisionRow, depth: int) -> None:
        nodes.append(VariantNode(depth, row))
        for child in by_base.get((row.product, row.code), ()) if depth < 12 else ():
            grow(child, depth + 1)

    for row in every:
        if row.base not in known:
            grow(row, 0)
    bearing = {node.row.base for node in nodes if node.row.base}
    shown = [node for node in nodes if node.row.base or (node.row.product, node.row.code) in bearing]
    return tuple(shown)


def brands_of(user: Any) -> tuple[str, ...]:
    """Return the brands whose products a log-in may see."""
    return tuple(
        visible_products(user).order_by("brand__code").values_list("brand__code", flat=True).distinct()
    )
