"""What every page of a revision shares: who may edit, the tabs, and how a refusal is shown."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from karkhana.design.access import product_for, revision_for
from karkhana.design.models import Product, Revision
from karkhana.design.models.product import DRAFT
from karkhana.kernel.refusals import Refusal, Refused
from karkhana.partners.roles import ADMIN, ENGINEER, has_role

TABS = (
    ("overview", gettext_lazy("Overview")),
    ("bom", gettext_lazy("Bill of material")),
    ("route", gettext_lazy("Route")),
    ("identities", gettext_lazy("Identities")),
    ("firmware", gettext_lazy("Firmware")),
    ("labels", gettext_lazy("Labels and packing")),
    ("documents", gettext_lazy("Documents")),
    ("compliance", gettext_lazy("Compliance")),
    ("history", gettext_lazy("History")),
)


def found_product(request: HttpRequest, code: str) -> Product:
    """Return a product that the visitor may see, or end in a page that says there is none."""
    try:
        return product_for(request.user, code)
    except Refused as refused:
        raise Http404(refused.refusal.message) from refused


def found_revision(request: HttpRequest, product: str, revision: str) -> Revision:
    """Return a revision that the visitor may see, or end in a page that says there is none."""
    try:
        return revision_for(request.user, product, revision)
    except Refused as refused:
        raise Http404(refused.refusal.message) from refused


def is_engineer(request: HttpRequest) -> bool:
    """Whether the visitor may write in the design room."""
    return has_role(request.user, (ENGINEER, ADMIN))


def revision_context(request: HttpRequest, revision: Revision, tab: str) -> dict[str, Any]:
    """Return what the frame of a revision's pages needs."""
    engineer = is_engineer(request)
    return {
        "revision": revision,
        "product": revision.product,
        "tab": tab,
        "tabs": TABS,
        "engineer": engineer,
        "may_edit": engineer and revision.state == DRAFT,
        "content_hash": revision.package_hash or revision.review_hash or "",
    }


def answer(
    request: HttpRequest, template: str, context: Mapping[str, Any], refusal: Refusal | None = None
) -> HttpResponse:
    """Render a page; with a refusal on it the status says so, but to a part of a page that swaps itself in.

    htmx shows nothing of an answer that is an error, and there the refusal is the content.
    """
    whole = {**context, "refusal": refusal.as_dict() if refusal else None}
    partial = bool(getattr(request, "htmx", False))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refusal and not partial else HTTPStatus.OK
    return render(request, template, whole, status=status)
