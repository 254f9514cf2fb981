"""Pages of deviations and waivers: the list, a new one, and one with its units."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from karkhana.design.access import product_for, require_engineer
from karkhana.design.changes import deviating, rules
from karkhana.design.changes.queries import bound_products, deviation_rows, deviation_view, find_deviation
from karkhana.design.models.product import RELEASED, SUPERSEDED
from karkhana.design.pages.approving import read_approval_form
from karkhana.floor.changes import operations
from karkhana.floor.changes.forms import read_deviation
from karkhana.floor.changes.operations import plant_day
from karkhana.floor.changes.pages import require_mine
from karkhana.floor.changes.queries import uses_of
from karkhana.kernel.refusals import Refusal, Refused
from karkhana.partners.roles import ADMIN, ENGINEER, has_role


@never_cache
@require_safe
def deviation_list(request: HttpRequest) -> HttpResponse:
    """List deviations and waivers with what each still waits for."""
    state = request.GET.get("state", "open")
    if state not in ("open", "all", *rules.DEVIATION_STATES):
        raise Http404("state")
    product = request.GET.get("product", "")[:80].replace("\x00", "")
    now = timezone.now()
    rows = deviation_rows(
        request.user, plant_day(now), product=product, state="" if state == "all" else state
    )
    context = {
        "rows": [(row, uses_of(row.number).boards) for row in rows], "now": now, "state": state,
        "product": product, "states": ("open", "all", *rules.DEVIATION_STATES),
    }  # fmt: skip
    return render(request, "floor/changes/deviations.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def deviation_new(request: HttpRequest) -> HttpResponse:
    """Ask for a deviation or waiver: the form, and what comes of it."""
    refusal = None
    if request.method == "POST":
        said = request.POST
        try:
            product_for(request.user, said.get("product", ""))
            row = operations.request_deviation(
                product=said.get("product", ""), revision=said.get("revision", "")[:40],
                asked=read_deviation(said), user=request.user, now=timezone.now(),
            )  # fmt: skip
            return redirect("deviation", number=row.number)
        except Refused as refused:
            refusal = refused.refusal
    return _form(request, refusal)


def _form(request: HttpRequest, refusal: Refusal | None) -> HttpResponse:
    said = request.POST if request.method == "POST" else request.GET
    code = said.get("product", "")[:80]
    context: dict[str, Any] = {
        "refusal": refusal.as_dict() if refusal else None, "said": said,
        "products": bound_products(request.user), "product": None,
    }  # fmt: skip
    if code:
        try:
            product = product_for(request.user, code)
        except Refused as refused:
            raise Http404(refused.refusal.message) from refused
        revisions = product.revisions.filter(state__in=[RELEASED, SUPERSEDED]).order_by("-pk")
        context |= {"product": product, "revisions": list(revisions.values_list("code", flat=True))}
    return render(request, "floor/changes/deviation_new.html", context, status=422 if refusal else 200)


@never_cache
@require_safe
def deviation(request: HttpRequest, number: str) -> HttpResponse:
    """Tell everything about a deviation or waiver."""
    return _shown(request, number, None)


def _shown(request: HttpRequest, number: str, refusal: Refusal | None) -> HttpResponse:
    now = timezone.now()
    try:
        view = deviation_view(request.user, number, plant_day(now))
    except Refused as refused:
        raise Http404(refused.refusal.message) from refused
    row = view.deviation
    uses = uses_of(number)
    waits = row.state == rules.REQUESTED
    context = {
        "view": view, "row": view.row, "deviation": row, "board": view.board, "uses": uses, "waits": waits,
        "left": None if row.max_units is None else max(row.max_units - uses.boards, 0),
        "over": row.state == rules.APPROVED and row.until is not None and row.until < plant_day(now),
        "mine": has_role(request.user, (ENGINEER, ADMIN)) or row.requested_by_id == request.user.pk,
        "engineer": has_role(request.user, (ENGINEER, ADMIN)),
        "nobody_must": waits and not view.board.subject.required,
        "refusal": refusal.as_dict() if refusal else None,
    }  # fmt: skip
    return render(request, "floor/changes/deviation.html", context, status=422 if refusal else 200)


def _action(action: Callable[[HttpRequest, str], None]) -> Callable[..., HttpResponse]:
    """Make a page of something that is done with a deviation: back to it, or why not."""

    @never_cache
    @require_POST
    @wraps(action)
    def page(request: HttpRequest, number: str) -> HttpResponse:
        try:
            action(request, number)
        except Refused as refused:
            return _shown(request, number, refused.refusal)
        return redirect("deviation", number=number)

    return page


@_action
def deviation_approve(request: HttpRequest, number: str) -> None:
    """Sign for the visitor's party."""
    find_deviation(request.user, number)
    now = timezone.now()
    deviating.approve_deviation(
        number=number, now=now, today=plant_day(now), user=request.user,
        **read_approval_form(request).arguments(),
    )  # fmt: skip


@_action
def deviation_accept(request: HttpRequest, number: str) -> None:
    """Make a deviation binding that nobody has to sign."""
    require_engineer(request.user)
    now = timezone.now()
    deviating.accept_deviation(number=number, user=request.user, now=now, today=plant_day(now))


@_action
def deviation_withdraw(request: HttpRequest, number: str) -> None:
    """Take the deviation back."""
    require_mine(request.user, find_deviation(request.user, number))
    deviating.withdraw_deviation(number=number, user=request.user, now=timezone.now())


@_action
def deviation_close(request: HttpRequest, number: str) -> None:
    """End the deviation before its time."""
    require_engineer(request.user)
    deviating.close_deviation(number=number, user=request.user, now=timezone.now())
