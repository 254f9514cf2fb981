"""Pages of work orders: the list, one order, and the form for a new one."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from karkhana.design.models import Revision
from karkhana.design.models.product import RELEASED
from karkhana.design.stages import STAGES
from karkhana.design.stages.operations import read_date, read_number
from karkhana.floor.orders import queries
from karkhana.floor.orders.operations import create_work_order
from karkhana.floor.pages import asked
from karkhana.kernel.refusals import Refusal, Refused

REVISIONS_MAX = 2000


@never_cache
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """List work orders with their progress."""
    product, stage = asked.text(request, "product"), asked.text(request, "stage")
    page = queries.order_page(product, stage, asked.number(request, "after", 2**62))
    wanted = {"product": product, "stage": stage}
    context = {"page": page, "wanted": wanted, "stages": STAGES, "today": timezone.localdate()}
    return render(request, "floor/orders/orders.html", context)


@never_cache
@require_safe
def order(request: HttpRequest, code: str) -> HttpResponse:
    """Show one order: what it is for, how far it is, how its units do."""
    try:
        found = queries.order_detail(code)
    except Refused as refused:
        raise Http404(refused.refusal.message) from refused
    steps = tuple(zip(found.steps, found.shares, strict=True))
    context = {"found": found, "order": found.order, "steps": steps, "today": timezone.localdate()}
    return render(request, "floor/orders/order.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_order(request: HttpRequest) -> HttpResponse:
    """Ask for a new order, and make it."""
    if request.method != "POST":
        said = {name: asked.text(request, name) for name in ("product", "revision", "stage")}
        return _form(request, {"market": "IN", **said}, None)
    said = {name: value for name, value in request.POST.items() if isinstance(value, str)}
    try:
        made = _made(said, request.user, timezone.now())
    except Refused as refused:
        return _form(request, said, refused.refusal)
    messages.success(request, gettext("Work order %(code)s is made.") % {"code": made})
    return redirect("order", code=made)


def _made(said: dict[str, str], user: Any, now: dt.datetime) -> str:
    number = read_number(said.get("what", ""), "revision")
    chosen = Revision.objects.filter(pk=max(number, 0)).select_related("product").first()
    return create_work_order(
        code=said.get("code", "").strip(),
        product=chosen.product.code if chosen else "?",
        revision=chosen.code if chosen else "?",
        quantity=read_number(said.get("quantity", ""), "quantity"),
        stage=said.get("stage", ""),
        market=said.get("market", "").strip(),
        due_on=read_date(said.get("due_on", "")),
        now=now,
        user=user,
    ).code


def _form(request: HttpRequest, said: dict[str, str], refusal: Refusal | None) -> HttpResponse:
    revisions = tuple(
        Revision.objects.filter(state=RELEASED)
        .select_related("product")
        .order_by("product__code", "-released_at")[:REVISIONS_MAX]
    )
    chosen = said.get("what") or next(
        (
            str(row.pk)
            for row in revisions
            if row.product.code == said.get("product") and said.get("revision") in ("", row.code)
        ),
        "",
    )
    context = {
        "said": said,
        "chosen": chosen,
        "revisions": revisions,
        "stages": STAGES,
        "refusal": refusal.as_dict() if refusal else None,
    }
    return render(request, "floor/orders/new.html", context, status=422 if refusal else 200)
