"""Pages of change orders: the list, a new one, and the story of one from top to bottom."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import msgspec
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from karkhana.design.access import product_for, require_engineer
from karkhana.design.changes import operations as design
from karkhana.design.changes import rules
from karkhana.design.changes.queries import bound_products, change_rows, change_view, find_change
from karkhana.design.models.product import OPEN_STATES, RELEASED, SUPERSEDED
from karkhana.design.pages.approving import read_approval_form
from karkhana.floor.changes import operations
from karkhana.floor.changes.forms import read_change
from karkhana.floor.changes.impact import impact_of
from karkhana.floor.changes.operations import plant_day
from karkhana.floor.changes.queries import orders_of
from karkhana.kernel.refusals import Refusal, Refused
from karkhana.partners.roles import ADMIN, ENGINEER, has_role

TABLES = (
    "steps",
    "tests",
    "key_parts",
    "firmware",
    "identities",
    "labels",
    "documents",
    "compliance",
    "settings",
)


@never_cache
@require_safe
def change_list(request: HttpRequest) -> HttpResponse:
    """List change orders with what each still waits for."""
    state = request.GET.get("state", "open")
    if state not in ("open", "all", *rules.STATES):
        raise Http404("state")
    product = request.GET.get("product", "")[:80].replace("\x00", "")
    now = timezone.now()
    rows = change_rows(request.user, plant_day(now), product=product, state="" if state == "all" else state)
    context = {"rows": rows, "now": now, "state": state, "product": product,
               "states": ("open", "all", *rules.STATES)}  # fmt: skip
    return render(request, "floor/changes/list.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change_new(request: HttpRequest) -> HttpResponse:
    """Ask for a change: the form, and what comes of it."""
    refusal = None
    if request.method == "POST":
        said = request.POST
        try:
            product_for(request.user, said.get("product", ""))
            order = operations.request_change(
                product=said.get("product", ""), from_revision=said.get("from_revision", "")[:40],
                to_revision=said.get("to_revision", "")[:40], asked=read_change(said), user=request.user,
                now=timezone.now(),
            )  # fmt: skip
            return redirect("change", number=order.number)
        except Refused as refused:
            refusal = refused.refusal
    return _form(request, refusal)


def _form(request: HttpRequest, refusal: Refusal | None) -> HttpResponse:
    said = request.POST if request.method == "POST" else request.GET
    code = said.get("product", "")[:80]
    context: dict[str, Any] = {
        "refusal": refusal.as_dict() if refusal else None,
        "said": said,
        "products": bound_products(request.user),
        "product": None,
    }
    if code:
        try:
            product = product_for(request.user, code)
        except Refused as refused:
            raise Http404(refused.refusal.message) from refused
        revisions = list(product.revisions.order_by("-pk"))
        context |= {
            "product": product,
            "olds": [one.code for one in revisions if one.state in (RELEASED, SUPERSEDED)],
            "news": [(one.code, one.state) for one in revisions if one.state in (*OPEN_STATES, RELEASED)],
            **_fields(said, None, product.code),
        }
    return render(request, "floor/changes/new.html", context, status=422 if refusal else 200)


def _fields(said: Any, order: Any, product: str) -> dict[str, Any]:
    """Return what the fields of a change hold: what was just typed, else what the order says."""
    names = ("title", "reason", "change_class", "effectivity", "effective_serial", "in_process", "stock")
    filled = {name: said.get(name, getattr(order, name, "")) for name in names}
    day = order.effective_on.isoformat() if order and order.effective_on else ""
    filled["effective_on"] = said.get("effective_on", day)
    rows = orders_of(product)
    replaced = {closed: (instead, quantity) for closed, instead, quantity in (order.orders if order else ())}
    for row in rows:
        instead, quantity = replaced.get(row["code"], ("", None))
        row["chosen"] = row["code"] in (said.getlist("replace") if said else replaced)
        row["instead"] = said.get(f"instead-{row['code']}", instead)
        row["new_quantity"] = said.get(f"quantity-{row['code']}", quantity or "")
    return {
        "filled": filled, "orders": rows, "in_process": rules.IN_PROCESS, "stock": rules.STOCK,
    }  # fmt: skip


@never_cache
@require_safe
def change(request: HttpRequest, number: str) -> HttpResponse:
    """Tell the story of a change order."""
    return _shown(request, number, None)


def _shown(request: HttpRequest, number: str, refusal: Refusal | None) -> HttpResponse:
    now = timezone.now()
    today = plant_day(now)
    try:
        view = change_view(request.user, number, today)
    except Refused as refused:
        raise Http404(refused.refusal.message) from refused
    impact = view.impact
    floor = (impact or {}).get("floor") or {}
    release = (impact or {}).get("release") or {}
    waits = view.row.state == rules.REQUESTED
    context = {
        "view": view, "row": view.row, "order": view.order, "board": view.board, "impact": impact,
        "floor": floor, "difference": (impact or {}).get("difference"),
        "tables": [(name, release[name]) for name in TABLES if release.get(name)],
        "grown": waits and bool(impact) and rules.has_grown(impact or {}, _live(view.order, now)),
        "steps": _steps(view.row.state), "waits": waits,
        "most": max((step["in_process"] + step["failed"] for step in floor.get("steps", ())), default=0),
        "hit": [part for part in floor.get("stock", ()) if part["lots"]],
        "mine": _may_edit(request.user, view.order), "refusal": refusal.as_dict() if refusal else None,
        "engineer": has_role(request.user, (ENGINEER, ADMIN)), "said": request.POST,
        **_fields(request.POST, view.order, view.row.product),
        "nobody_must": waits and not view.board.subject.required, "now": now,
    }  # fmt: skip
    return render(request, "floor/changes/change.html", context, status=422 if refusal else 200)


def _live(order: Any, now: Any) -> dict[str, Any]:
    """Return the impact as of now in the form in which it is kept."""
    live: dict[str, Any] = msgspec.json.decode(
        msgspec.json.encode(impact_of(order, now=now, today=plant_day(now)))
    )
    return live


def _steps(state: str) -> list[tuple[str, str]]:
    """Return the way of an order: (state, done | here | open)."""
    if state in (rules.REJECTED, rules.WITHDRAWN):
        return [(rules.REQUESTED, "done"), (state, "here")]
    way = (rules.REQUESTED, rules.APPROVED, rules.EFFECTIVE, rules.CLOSED)
    at = way.index(state)
    return [
        (name, "done" if place < at else "here" if place == at else "open") for place, name in enumerate(way)
    ]


def _may_edit(user: Any, row: Any) -> bool:
    return has_role(user, (ENGINEER, ADMIN)) or row.requested_by_id == user.pk


def require_mine(user: Any, row: Any) -> None:
    """Let only staff's engineers and the one who asked go on.

    Raises:
        PermissionDenied: anybody else.
    """
    if not _may_edit(user, row):
        raise PermissionDenied("engineer")


Action = Callable[[HttpRequest, str], None]


def _action(action: Action) -> Callable[..., HttpResponse]:
    """Make a page of something that is done with a change order: back to its story, or why not."""

    @never_cache
    @require_POST
    @wraps(action)
    def page(request: HttpRequest, number: str) -> HttpResponse:
        try:
            action(request, number)
        except Refused as refused:
            return _shown(request, number, refused.refusal)
        return redirect("change", number=number)

    return page


@_action
def change_approve(request: HttpRequest, number: str) -> None:
    """Sign for the visitor's party."""
    find_change(request.user, number)
    operations.approve_change(
        number=number, now=timezone.now(), user=request.user, **read_approval_form(request).arguments()
    )


@_action
def change_accept(request: HttpRequest, number: str) -> None:
    """Make a change binding that nobody has to sign."""
    require_engineer(request.user)
    operations.accept_change(number=number, user=request.user, now=timezone.now())


@_action
def change_impact(request: HttpRequest, number: str) -> None:
    """Compute the impact again."""
    require_mine(request.user, find_change(request.user, number))
    operations.show_impact(number=number, user=request.user, now=timezone.now())


@_action
def change_edit(request: HttpRequest, number: str) -> None:
    """Change what is asked for."""
    require_mine(request.user, find_change(request.user, number))
    operations.edit_change(
        number=number, asked=read_change(request.POST), user=request.user, now=timezone.now()
    )


@_action
def change_withdraw(request: HttpRequest, number: str) -> None:
    """Take the change back."""
    require_mine(request.user, find_change(request.user, number))
    design.withdraw_change(number=number, user=request.user, now=timezone.now())


@_action
def change_effect(request: HttpRequest, number: str) -> None:
    """Put the change into effect."""
    require_engineer(request.user)
    operations.put_into_effect(number=number, user=request.user, now=timezone.now())


@_action
def change_close(request: HttpRequest, number: str) -> None:
    """Close the change."""
    require_engineer(request.user)
    operations.close_change(number=number, user=request.user, now=timezone.now())
