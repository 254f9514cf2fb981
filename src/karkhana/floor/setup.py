"""Writes of the floor's reference tables: plants, lines, stations, set-ups, work orders.

Every function says how something should be and is idempotent. Nothing is written when nothing differs,
because each change of these tables makes every process read the reference data again.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models, transaction

from karkhana.design.models import Revision
from karkhana.design.stages.queries import present_stage
from karkhana.floor.models import Line, LineSetup, Plant, Station, WorkOrder
from karkhana.floor.orders.operations import require_stage
from karkhana.floor.stores.feeding import require_no_consigned
from karkhana.kernel.refusals import refuse

M = TypeVar("M", bound=models.Model)


def ensure_plant(*, code: str, name: str, time_zone: str = "Asia/Kolkata") -> Plant:
    """Make sure that a plant is known.

    Args:
        time_zone: IANA name.
    """
    return _ensure(Plant, {"code": code}, {"name": name, "time_zone": time_zone})


def ensure_line(*, code: str, plant: str, kind: str, name: str) -> Line:
    """Make sure that a line is known; the plant must exist."""
    return _ensure(Line, {"code": code}, {"plant": Plant.objects.get(code=plant), "kind": kind, "name": name})


def ensure_station(*, code: str, line: str, station_type: str, name: str, sequence: int = 0) -> Station:
    """Make sure that a station is known; the line must exist."""
    wanted = {"line": Line.objects.get(code=line), "name": name}
    return _ensure(Station, {"code": code}, wanted | {"station_type": station_type, "sequence": sequence})


def ensure_setup(*, line: str, product: str, revision: str) -> LineSetup:
    """Make sure that a line is set up for a released revision.

    Raises:
        Refused: ``setup.line_unknown``, ``setup.not_released`` when that revision is not released, or
            ``setup.consigned`` while another brand's material that it would take is on the line.
    """
    found = Line.objects.filter(code=line).first()
    if found is None:
        raise refuse(
            "setup.line_unknown",
            "There is no line {line}.",
            "Choose a line of the plant, or leave the line out.",
            line=line,
        )
    wanted = _released(product, revision)
    require_no_consigned(found.code, wanted)
    setup, _ = LineSetup.objects.get_or_create(line=found, revision=wanted)
    return setup


@transaction.atomic
def ensure_work_order(
    *, code: str, product: str, revision: str, quantity: int, stage: str | None = None, market: str = "IN"
) -> WorkOrder:
    """Make sure that there is a work order over this revision and quantity.

    Args:
        stage: None for what an order that is there already is for, else for the stage that the product stands
            at: mass production once it is through all its gates.
        market: country of a new order's units.

    Raises:
        Refused: ``setup.not_released``, ``order.stage_not_reached``, or ``setup.work_order_taken`` when it
            stands for another revision or stage.
    """
    wanted = _released(product, revision)
    order = WorkOrder.objects.filter(code=code).select_related("revision__product").first()
    if order is None:
        stage = stage or present_stage(wanted.product_id)
        require_stage(wanted.product, stage)
        return WorkOrder.objects.create(
            code=code, revision=wanted, quantity=quantity, stage=stage, market=market
        )
    if order.revision_id != wanted.pk or stage not in (None, order.stage):
        raise refuse(
            "setup.work_order_taken",
            "Work order {work_order} is for {other} ({other_stage}), not for {product} {revision}.",
            "Use another work order number.",
            work_order=code,
            other=str(order.revision),
            other_stage=order.stage,
            product=product,
            revision=revision,
        )
    if order.quantity != quantity:
        order.quantity = quantity
        order.save(update_fields=["quantity"])
    return order


def _released(product: str, revision: str) -> Revision:
    found = (
        Revision.objects.filter(product__code=product, code=revision, package__isnull=False)
        .select_related("product")
        .first()
    )
    if found is None:
        raise refuse(
            "setup.not_released",
            "{product} {revision} is not released.",
            "Release it first: karkhana release {product} {revision}.",
            product=product,
            revision=revision,
        )
    return found


@transaction.atomic
def _ensure(model: type[M], key: dict[str, Any], wanted: dict[str, Any]) -> M:
    row, made = model._default_manager.get_or_create(**key, defaults=wanted)
    if not made and any(getattr(row, name) != value for name, value in wanted.items()):
        for name, value in wanted.items():
            setattr(row, name, value)
        row.save()
    return row
