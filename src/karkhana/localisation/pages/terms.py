"""The page of prices, other terms and targets: what percentages are divided by and measured against."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from karkhana.design.models import Product
from karkhana.kernel.refusals import Refusal, Refused
from karkhana.localisation.models import LocalTarget, PriceTerm
from karkhana.localisation.pages.clock import today
from karkhana.localisation.pages.methods import in_order
from karkhana.localisation.pages.words import said
from karkhana.localisation.rules.pieces import TERMS
from karkhana.localisation.targets.operations import drop_target, set_target
from karkhana.localisation.terms.operations import set_term
from karkhana.partners.models import Brand

SHOWN = 500
TERM_FIELDS = ("product", "kind", "amount", "valid_from", "valid_to", "market", "party", "document")
TARGET_FIELDS = ("product", "brand", "method", "percent", "by_date", "said_by")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def terms_page(request: HttpRequest) -> HttpResponse:
    """Show terms and targets with the forms to add to them, and add."""
    if request.method != "POST":
        return _page(request, {}, None)
    what = request.POST.get("what", "")
    fields = TARGET_FIELDS if what == "target" else TERM_FIELDS
    given = {name: request.POST.get(name, "") for name in fields}
    try:
        if what == "target":
            made = set_target(**given, user=request.user, now=timezone.now())
            messages.success(request, gettext("The target is set: %(target)s.") % {"target": made})
        else:
            term = set_term(**given)
            messages.success(request, gettext("The amount is recorded: %(term)s.") % {"term": term})
    except Refused as refused:
        return _page(request, {**given, "what": what}, refused.refusal)
    return HttpResponse(status=303, headers={"Location": reverse("value-terms")})


@require_POST
def target_drop(request: HttpRequest, number: int) -> HttpResponse:
    """Drop a target."""
    drop_target(number if number < 2**63 else 0)
    return HttpResponse(status=303, headers={"Location": reverse("value-terms") + "#targets"})


def _page(request: HttpRequest, given: dict[str, Any], refusal: Refusal | None) -> HttpResponse:
    product = "".join(letter for letter in request.GET.get("product", "") if letter.isprintable())[:80]
    terms = PriceTerm.objects.select_related("product").order_by("product__code", "kind", "-valid_from")
    if product:
        terms = terms.filter(product__code=product)
    context = {
        "terms": terms[:SHOWN],
        "more": terms.count() > SHOWN,
        "product": product,
        "targets": LocalTarget.objects.select_related("product", "brand").order_by("by_date", "pk")[:SHOWN],
        "products": Product.objects.order_by("code").values_list("code", "name"),
        "brands": Brand.objects.order_by("code").values_list("code", "name"),
        "kinds": [(kind, said(kind)) for kind in TERMS],
        "methods": list(dict.fromkeys(m.id for m in in_order())),
        "given": given,
        "refusal": refusal.as_dict() if refusal else None,
        "today": today(),
    }
    return render(request, "localisation/terms.html", context, status=422 if refusal else 200)
