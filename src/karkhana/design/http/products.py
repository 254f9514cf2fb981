"""The API of products: families, lists, new ones, agreements."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Query, Router, Status

from karkhana.design import operations
from karkhana.design.access import product_for, require_engineer
from karkhana.design.families import FAMILIES, family_plan
from karkhana.design.http.shapes import (
    AgreementIn,
    Code,
    FamilyOut,
    ProductIn,
    ProductsOut,
    ProductsQuery,
    ProductWholeOut,
    RevisionIn,
    StateOut,
)
from karkhana.design.models import Product, Revision
from karkhana.design.operations.products import UNASSIGNED
from karkhana.design.product_queries import ProductWanted, product_page, product_view
from karkhana.kernel.refusals import refuse
from karkhana.partners.answers import ERRORS

router = Router(tags=["design"])


@router.get("/families", response={200: list[FamilyOut], **ERRORS}, summary="Templates of product families")
def get_families(request: HttpRequest) -> list[dict[str, Any]]:
    """List the families that a product can begin with."""
    plans = {family: family_plan(family=family, product="PRODUCT") for family in FAMILIES}
    return [
        {
            "family": family,
            "steps": len(plan.steps),
            "identities": len(plan.identities),
            "labels": len(plan.labels),
            "compliance": len(plan.compliance),
        }
        for family, plan in plans.items()
    ]


@router.get("/products", response={200: ProductsOut, **ERRORS}, summary="Products")
def get_products(request: HttpRequest, wanted: Query[ProductsQuery]) -> object:
    """List the products that the caller may see, by code, with their current release and what is in work.

    ``q`` is looked for in code and name; ``state`` is of any revision.
    """
    looked_for = ProductWanted(wanted.q, wanted.brand, wanted.segment, wanted.state)
    return product_page(request.user, looked_for, after=wanted.after)


@router.post("/products", response={201: StateOut, **ERRORS}, summary="Begin a product")
def post_product(request: HttpRequest, body: ProductIn) -> object:
    """Begin a product with the plan of its family as first draft. ``segment`` is a family or subassembly."""
    require_engineer(request.user)
    revision = operations.create_product(
        code=body.code,
        name=body.name,
        brand=body.brand or UNASSIGNED,
        segment=body.segment,
        revision_code=body.revision,
        now=timezone.now(),
    )
    return Status(201, state_of(revision))


@router.get("/products/{code:product}", response={200: ProductWholeOut, **ERRORS}, summary="One product")
def get_product(request: HttpRequest, product: Path[Code]) -> object:
    """Tell a product with its revisions, who must approve them, and where it is used."""
    return _product(request, product_for(request.user, product))


@router.put(
    "/products/{code:product}/agreement",
    response={200: ProductWholeOut, **ERRORS},
    summary="Put a product under an agreement",
)
def put_agreement(request: HttpRequest, product: Path[Code], body: AgreementIn) -> object:
    """Say under which agreement a product is developed from now on, and who owns its design."""
    require_engineer(request.user)
    found = product_for(request.user, product)
    operations.set_agreement(
        code=found.code, agreement=body.agreement or None, design_owner=body.design_owner
    )
    return _product(request, product_for(request.user, product))


@router.post(
    "/products/{code:product}/revisions", response={201: StateOut, **ERRORS}, summary="Begin a revision"
)
def post_revision(request: HttpRequest, product: Path[Code], body: RevisionIn) -> object:
    """Begin a draft: with a family's plan, as a copy or a variant of a revision, or empty."""
    require_engineer(request.user)
    found = product_for(request.user, product)
    if sum(one is not None for one in (body.family, body.copy_of, body.variant_of)) > 1:
        raise refuse(
            "revision.two_beginnings",
            "A revision begins in one way, not in several.",
            "Give family, copy_of or variant_of, or none of them.",
        )
    revision = operations.create_revision(
        product_code=found.code,
        revision_code=body.revision,
        now=timezone.now(),
        plan=family_plan(family=body.family, product=found.code) if body.family is not None else None,
        copy_of=body.copy_of,
        base=body.variant_of,
    )
    return Status(201, state_of(revision))


def state_of(revision: Revision) -> dict[str, Any]:
    """Return a revision's state as the API tells it."""
    return {
        "product": revision.product.code,
        "revision": revision.code,
        "state": revision.state,
        "plan_version": revision.plan_version,
        "content_hash": revision.package_hash or revision.review_hash,
    }


def _product(request: HttpRequest, found: Product) -> dict[str, Any]:
    view = product_view(request.user, found, timezone.now().date())
    return {
        "code": found.code,
        "name": found.name,
        "brand": found.brand.code,
        "segment": found.segment,
        "agreement": found.agreement.code if found.agreement else None,
        "design_owner": found.design_owner,
        "must_approve": list(view.required),
        "revisions": list(view.revisions),
        "uses": list(view.uses),
    }
