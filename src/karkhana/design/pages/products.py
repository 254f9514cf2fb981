"""The list of products, a product with its revisions, and new ones of both."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from karkhana.design import operations
from karkhana.design.bom import read_bom
from karkhana.design.bom.limits import MAX_BYTES
from karkhana.design.families import FAMILIES, family_plan
from karkhana.design.models import Revision
from karkhana.design.models.product import OWNERS, STATES
from karkhana.design.operations.products import SEGMENTS, UNASSIGNED
from karkhana.design.pages import fields
from karkhana.design.pages.frame import answer, found_product, is_engineer
from karkhana.design.pages.imports import read_upload
from karkhana.design.product_queries import ProductWanted, brands_of, product_page, product_view
from karkhana.kernel.refusals import Refusal, Refused, refuse
from karkhana.partners.models import Agreement, Brand


@never_cache
@require_safe
def products(request: HttpRequest) -> HttpResponse:
    """Show the products that the visitor may see, sifted."""
    asked = request.GET
    wanted = ProductWanted(
        text=fields.text(asked, "q", 80),
        brand=fields.text(asked, "brand", 40),
        segment=fields.text(asked, "segment", 20),
        state=fields.text(asked, "state", 12),
    )
    context = {
        "page": product_page(request.user, wanted, after=fields.text(asked, "after", 40)),
        "wanted": wanted,
        "brands": brands_of(request.user),
        "segments": SEGMENTS,
        "states": STATES,
        "engineer": is_engineer(request),
    }
    return answer(request, "design/products.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def product_new(request: HttpRequest) -> HttpResponse:
    """Show the form of a new product; sent, begin the product with its family's plan."""
    said = request.POST
    context: dict[str, Any] = {
        "brands": tuple(Brand.objects.exclude(code=UNASSIGNED).order_by("code")),
        "families": [(family, _preview(family)) for family in FAMILIES],
        "max_bytes": MAX_BYTES,
        "said": said,
    }
    if request.method != "POST":
        return answer(request, "design/product_new.html", context)
    try:
        revision = _create(request)
    except Refused as refused:
        return answer(request, "design/product_new.html", context, refused.refusal)
    return redirect("design-revision", revision.product.code, revision.code)


def _create(request: HttpRequest) -> Revision:
    said = request.POST
    upload = request.FILES.get("file")
    report = None
    if upload is not None:
        name, data = read_upload(upload)
        report = read_bom(data, file_name=name)
    return operations.create_product(
        code=fields.text(said, "code", 80),
        name=fields.text(said, "name"),
        brand=fields.text(said, "brand", 40) or UNASSIGNED,
        segment=fields.text(said, "segment", 40),
        revision_code=fields.text(said, "revision", 40),
        now=timezone.now(),
        report=report,
    )


def _preview(family: str) -> dict[str, int]:
    """Return how much a family's template brings along."""
    plan = family_plan(family=family, product="P")
    return {"steps": len(plan.steps), "identities": len(plan.identities), "compliance": len(plan.compliance)}


@never_cache
@require_safe
def product(request: HttpRequest, product: str) -> HttpResponse:
    """Show a product with its revisions."""
    return _product(request, product, None)


def _product(request: HttpRequest, code: str, refusal: Refusal | None) -> HttpResponse:
    found = found_product(request, code)
    view = product_view(request.user, found, timezone.now().date())
    engineer = is_engineer(request)
    context = {
        "view": view,
        "product": found,
        "neighbours": list(zip(view.revisions, (*view.revisions[1:], None), strict=True)),
        "engineer": engineer,
        "agreements": tuple(Agreement.objects.order_by("code")) if engineer else (),
        "owners": OWNERS,
        "families": FAMILIES,
        "said": request.POST,
    }
    return answer(request, "design/product.html", context, refusal)


@never_cache
@require_POST
def product_revise(request: HttpRequest, product: str) -> HttpResponse:
    """Begin a new revision: a copy, a variant, from a family's template, or empty."""
    found = found_product(request, product)
    said = request.POST
    how, code = fields.text(said, "how", 20), fields.text(said, "revision", 40)
    family = fields.text(said, "family", 20)
    try:
        of = _named(fields.text(said, "of", 130)) if how in ("copy", "variant") else None
        made = operations.create_revision(
            product_code=found.code,
            revision_code=code,
            now=timezone.now(),
            plan=family_plan(family=family, product=found.code) if how == "family" else None,
            copy_of=of if how == "copy" else None,
            base=of if how == "variant" else None,
        )
    except Refused as refused:
        return _product(request, product, refused.refusal)
    return redirect("design-revision", found.code, made.code)


def _named(name: str) -> tuple[str, str]:
    """Read ``PRODUCT:REVISION``.

    Raises:
        Refused: ``revision.name``.
    """
    product, colon, revision = name.rpartition(":")
    if not (product and colon and revision):
        raise refuse(
            "revision.name",
            "{name} does not name a revision.",
            "Write PRODUCT:REVISION.",
            name=repr(name[:60]),
        )
    return product, revision


@never_cache
@require_POST
def product_agreement(request: HttpRequest, product: str) -> HttpResponse:
    """Say under which agreement a product is developed, and who owns its design."""
    found = found_product(request, product)
    try:
        operations.set_agreement(
            code=found.code,
            agreement=fields.text(request.POST, "agreement", 40) or None,
            design_owner=fields.text(request.POST, "design_owner", 20),
        )
    except Refused as refused:
        return _product(request, product, refused.refusal)
    messages.success(request, gettext("Stored."))
    return redirect("design-product", found.code)
