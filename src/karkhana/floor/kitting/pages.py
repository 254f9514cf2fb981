"""Pages of kitting: the orders, and one order's material with what to take and what is short."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from karkhana.floor.kitting.operations import hand_out_kit
from karkhana.floor.kitting.queries import plan_kit
from karkhana.floor.orders.queries import order_page
from karkhana.floor.pages import asked
from karkhana.floor.stores.forms import form_id, go_on, said, text
from karkhana.floor.stores.http import name_of
from karkhana.floor.stores.places import places
from karkhana.kernel.refusals import Refused
from karkhana.supply.stock.rules import LINE


@never_cache
@require_safe
def kitting(request: HttpRequest) -> HttpResponse:
    """List work orders, the latest first, to choose whose material is to be handed out."""
    product = asked.text(request, "product")
    page = order_page(product, "", asked.number(request, "after", 2**62))
    context = {"page": page, "product": product, "today": timezone.localdate()}
    return render(request, "floor/kitting/orders.html", context)


@never_cache
@require_safe
def kit(request: HttpRequest, order: str) -> HttpResponse:
    """Show an order's material: needs, lots to take, shortages."""
    whole = asked.text(request, "whole") == "1"
    try:
        found = plan_kit(order, now=timezone.now(), place=asked.text(request, "place"), whole=whole)
    except Refused as refused:
        if refused.refusal.code == "order.unknown":
            raise Http404(refused.refusal.message) from refused
        return asked.refused_page(request, refused)
    context = {
        "kit": found,
        "whole": whole,
        "line_places": [place for place in places() if place.kind == LINE],
        "picked": sum(len(line.picks) for line in found.lines),
        "others": {
            line.need.part: [held for part in line.need.parts for held in found.elsewhere.get(part, ())]
            for line in found.short
        },
        "id": uuid.uuid4(),
    }
    return render(request, "floor/kitting/kit.html", context)


@require_POST
def kit_hand_out(request: HttpRequest, order: str) -> HttpResponse:
    """Hand out what is proposed."""

    def act() -> HttpResponse:
        posted = hand_out_kit(
            uid=form_id(request),
            work_order=order,
            place=text(request, "place"),
            whole=text(request, "whole") == "1",
            now=timezone.now(),
            by=name_of(request),
        )
        message = ngettext("%(count)d lot is handed out.", "%(count)d lots are handed out.", len(posted))
        return go_on(request, reverse("kit", args=[order]), message % {"count": len(posted)})

    return said(request, act)
