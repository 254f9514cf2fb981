"""The typed API of work orders."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from karkhana.floor.orders import queries
from karkhana.floor.orders.operations import create_work_order
from karkhana.partners.answers import ERRORS
from karkhana.partners.roles import ADMIN, ENGINEER, LEAD, has_role

router = Router(tags=["orders"])
Code = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$")]


class OrderIn(Schema):
    """A work order to make. ``stage`` is EVT, DVT, PVT or MP; ``market`` ISO 3166-1 alpha-2."""

    code: Code
    product: Code
    revision: Code
    quantity: int
    stage: str
    market: str = "IN"
    due_on: dt.date | None = None


class OrderOut(Schema):
    """A work order with its progress; counts are null where counting would take too long.

    ``missing`` names the gate that keeps units from being started, null when they may be.
    """

    code: str
    product: str
    revision: str
    package_hash: str
    quantity: int
    stage: str
    market: str
    due_on: dt.date | None
    created_at: dt.datetime | None
    created_by: str
    missing: str | None
    held: bool
    started: int | None
    built: int | None
    scrapped: int | None


class StepOut(Schema):
    """A step at the first go: units judged, of those passed, and the yield in per cent as text."""

    number: int
    name: str
    judged: int
    passed: int
    first_pass: str


class OrderDetailOut(OrderOut):
    """A work order with units by state and the yields of its steps, per cent as text."""

    states: dict[str, int]
    steps: list[StepOut]
    rolled: str


class OrdersOut(Schema):
    """One page of orders, the latest first; ``after`` is the key of the next one."""

    orders: list[OrderOut]
    after: str | None


def as_dict(view: queries.OrderView) -> dict[str, Any]:
    """Return the JSON form of an order."""
    plain = {name: getattr(view, name) for name in view.__slots__ if name not in ("count", "product_name")}
    count = view.count
    return plain | {
        "started": count.started if count else None,
        "built": count.built if count else None,
        "scrapped": count.scrapped if count else None,
    }


@router.get("", response={200: OrdersOut, **ERRORS}, summary="Work orders")
def get_orders(
    request: HttpRequest,
    product: Query[Code | None] = None,
    stage: Query[Code | None] = None,
    after: Annotated[int | None, Query(), Field(ge=0, lt=2**62)] = None,
) -> object:
    """List work orders with their progress."""
    page = queries.order_page(product or "", stage or "", after)
    return {"orders": [as_dict(view) for view in page.rows], "after": page.after}


@router.post("", response={201: OrderOut, **ERRORS}, summary="Make a work order")
def post_order(request: HttpRequest, body: OrderIn) -> object:
    """Make a work order; refused where the product is not through the gates before its stage."""
    if not has_role(request.user, (LEAD, ENGINEER, ADMIN)):
        raise PermissionDenied("lead")
    create_work_order(
        code=body.code,
        product=body.product,
        revision=body.revision,
        quantity=body.quantity,
        stage=body.stage,
        market=body.market,
        due_on=body.due_on,
        now=timezone.now(),
        user=request.user,
    )
    return Status(201, as_dict(queries.find_order(body.code)))


@router.get("/{path:code}", response={200: OrderDetailOut, **ERRORS}, summary="One work order")
def get_order(request: HttpRequest, code: Path[Code]) -> object:
    """Tell how far one order is and how its units do."""
    found = queries.order_detail(code)
    steps = [
        {"number": step.number, "name": step.name, "judged": step.judged, "passed": step.passed,
         "first_pass": share}
        for step, share in zip(found.steps, found.shares, strict=True)
    ]  # fmt: skip
    return as_dict(found.order) | {"states": dict(found.states), "steps": steps, "rolled": found.rolled}
