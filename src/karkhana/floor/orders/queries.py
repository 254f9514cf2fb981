"""Reads of work orders: the list, and one with its progress."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from karkhana.design.release import decode_package
from karkhana.design.stages import STAGES
from karkhana.design.stages.queries import missing_gate
from karkhana.design.stages.rules import StepYield, per_cent, rolled_yield
from karkhana.floor.models import WorkOrder
from karkhana.floor.queries import builds
from karkhana.floor.queries.lists import PAGE, Page
from karkhana.floor.queries.rows import fetch
from karkhana.kernel.refusals import Refused, refuse


@dataclass(frozen=True, slots=True)
class OrderView:
    """A work order and how far it is; ``count`` is None where counting would take too long.

    Args:
        missing: the first gate that the product is not through, None when units may be started.
        held: whether the order is on hold.
    """

    code: str
    product: str
    product_name: str
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
    count: builds.BuildCount | None

    @property
    def built(self) -> int | None:
        """Units finished, None where that is not counted."""
        return self.count.built if self.count else None


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """A work order with how each step went at the first go; ``rolled`` in per cent, empty where unknown."""

    order: OrderView
    steps: tuple[StepYield, ...]
    shares: tuple[str, ...]
    rolled: str
    states: Mapping[str, int]


def order_page(
    product: str = "", stage: str = "", after: int | None = None, limit: int = PAGE
) -> Page[OrderView]:
    """Return orders, the latest first, one page at a time."""
    rows = WorkOrder.objects.select_related("revision__product", "created_by").order_by("-pk")
    if product:
        rows = rows.filter(revision__product__code=product)
    if stage in STAGES:
        rows = rows.filter(stage=stage)
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows[: limit + 1])
    shown = found[:limit]
    counts: dict[str, builds.BuildCount] | None
    try:
        counts = builds.order_counts([row.code for row in shown], bounded=True)
    except Refused:
        counts = None
    held = _held([row.code for row in shown])
    views = tuple(_view(row, counts, held) for row in shown)
    return Page(views, str(shown[-1].pk) if len(found) > limit else None)


def find_order(code: str) -> OrderView:
    """Return one order.

    Raises:
        Refused: ``order.unknown``.
    """
    row = _stored(code)
    return _view(row, builds.order_counts([code]), _held([code]))


def _stored(code: str) -> WorkOrder:
    found = None
    if "\x00" not in code:
        orders = WorkOrder.objects.select_related("revision__product", "created_by")
        found = orders.filter(code=code).first()
    if found is None:
        raise refuse("order.unknown", "There is no work order {order}.", "Check the number.", order=code[:80])
    return found


def order_detail(code: str) -> OrderDetail:
    """Return one order with the yields of its units.

    Raises:
        Refused: ``order.unknown``.
    """
    row = _stored(code)
    order = _view(row, builds.order_counts([code]), _held([code]))
    steps = builds.first_yields([code], decode_package(row.revision.package or ""))
    return OrderDetail(
        order=order,
        steps=steps,
        shares=tuple(per_cent(step.share) for step in steps),
        rolled=per_cent(rolled_yield(steps)),
        states=order.count.states if order.count else {},
    )


def _view(row: WorkOrder, counts: Mapping[str, builds.BuildCount] | None, held: set[str]) -> OrderView:
    product = row.revision.product
    return OrderView(
        code=row.code,
        product=product.code,
        product_name=product.name,
        revision=row.revision.code,
        package_hash=row.revision.package_hash or "",
        quantity=row.quantity,
        stage=row.stage,
        market=row.market,
        due_on=row.due_on,
        created_at=row.created_at,
        created_by=row.created_by.get_username() if row.created_by else "",
        missing=missing_gate(product.pk, row.stage),
        held=row.code in held,
        count=None if counts is None else counts.get(row.code, builds.BuildCount()),
    )


def _held(codes: list[str]) -> set[str]:
    rows = fetch(
        "SELECT DISTINCT target FROM ledger_hold"
        " WHERE scope = 'work_order' AND released_at IS NULL AND target = ANY(%s)",
        [codes],
    )
    return {row[0] for row in rows}
