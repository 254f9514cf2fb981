"""Change orders where the floor is needed: the impact, new work orders, holds, what is still in process."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

from karkhana.design.approvals.rules import Standing
from karkhana.design.changes import deviating, operations
from karkhana.design.changes.asked import ChangeAsked, DeviationAsked
from karkhana.design.models import ChangeOrder, Deviation, Revision
from karkhana.floor.changes.impact import impact_of, in_process
from karkhana.floor.models import LineSetup, Station, WorkOrder
from karkhana.floor.operations import record_events
from karkhana.floor.orders.operations import create_work_order
from karkhana.kernel.refusals import Refused, refuse


def plant_day(now: dt.datetime) -> dt.date:
    """Return the day on the plant's calendar."""
    return now.astimezone(ZoneInfo(settings.PLANT_TIME_ZONE)).date()


@transaction.atomic
def request_change(
    *, product: str, from_revision: str, to_revision: str, asked: ChangeAsked, user: Any, now: dt.datetime
) -> ChangeOrder:
    """Ask for a change and show its impact.

    Raises:
        Refused: ``change.*``, ``revision.unknown``.
    """
    order = operations.request_change(
        product=product, from_revision=from_revision, to_revision=to_revision, asked=asked, user=user, now=now
    )  # fmt: skip
    _check_orders(order)
    return show_impact(number=order.number, user=user, now=now)


@transaction.atomic
def edit_change(*, number: str, asked: ChangeAsked, user: Any, now: dt.datetime) -> ChangeOrder:
    """Change what is asked for and show its impact again; approvals that were given do not count any more.

    Raises:
        Refused: ``change.*``.
    """
    _check_orders(operations.edit_change(number=number, asked=asked, user=user, now=now))
    return show_impact(number=number, user=user, now=now)


@transaction.atomic
def show_impact(*, number: str, user: Any, now: dt.datetime) -> ChangeOrder:
    """Compute the impact as of now and keep it as what is approved.

    Raises:
        Refused: ``change.unknown``, ``change.settled``.
    """
    order = operations.locked(number)
    impact = impact_of(order, now=now, today=plant_day(now))
    return operations.show_impact(number=number, impact=impact, user=user, now=now)


@transaction.atomic
def approve_change(*, number: str, now: dt.datetime, **signed: Any) -> Standing:
    """Sign a change order; with the last signature it is approved, and put into effect when that is due.

    Args:
        signed: as ``design.changes.operations.approve_change``, or ``approve_change_signed`` with a
            ``public_key``.

    Raises:
        Refused: ``change.*``, ``approval.*``.
    """
    today = plant_day(now)
    impact = impact_of(operations.locked(number), now=now, today=today)
    approve = operations.approve_change_signed if "public_key" in signed else operations.approve_change
    standing = approve(number=number, now=now, today=today, impact=impact, **signed)
    if operations.locked(number).state == "approved":
        _when_due(number, signed.get("user"), now)
    return standing


@transaction.atomic
def accept_change(*, number: str, user: Any, now: dt.datetime) -> ChangeOrder:
    """Make a change binding that no party has to approve; put it into effect when that is due.

    Raises:
        Refused: ``change.*``, ``approval.missing``.
    """
    today = plant_day(now)
    impact = impact_of(operations.locked(number), now=now, today=today)
    operations.accept_change(number=number, user=user, now=now, today=today, impact=impact)
    _when_due(number, user, now)
    return operations.locked(number)


def _when_due(number: str, user: Any, now: dt.datetime) -> None:
    on = operations.locked(number).effective_on
    if on is None or on <= plant_day(now):
        put_into_effect(number=number, user=user, now=now)


@transaction.atomic
def put_into_effect(*, number: str, user: Any, now: dt.datetime) -> ChangeOrder:
    """Carry out what an approved change asks for: new work orders, and holds on the old ones.

    The gate keeps to the day or serial by itself; this does the rest.

    Raises:
        Refused: ``change.unknown``, ``change.state``, ``change.not_due``, ``order.*``.
    """
    order = operations.locked(number)
    done = [f"{instead} in place of {closed}" for closed, instead, _ in order.orders]
    settled = operations.put_into_effect(
        number=number, user=user, now=now, today=plant_day(now), done=done
    )  # fmt: skip
    for closed, instead, quantity in order.orders:
        _take_place(order, closed, instead, quantity, user, now)
    if order.in_process == "hold":
        held = _hold_old_orders(order, user, now)
        if held:
            operations.note(number, "held", user, now, ", ".join(held))
    return settled


def put_due_into_effect(*, user: Any, now: dt.datetime) -> list[str]:
    """Put every approved change into effect whose day has come; return their numbers."""
    due = ChangeOrder.objects.filter(state="approved", effective_on__lte=plant_day(now)).order_by("number")
    numbers = list(due.values_list("number", flat=True))
    for number in numbers:
        put_into_effect(number=number, user=user, now=now)
    return numbers


def _check_orders(order: ChangeOrder) -> None:
    """Refuse work orders that are not what a change by work order takes them for.

    Raises:
        Refused: ``change.order``.
    """
    known = {row.code: row for row in WorkOrder.objects.filter(
        code__in=[code for closed, instead, _ in order.orders for code in (closed, instead)])}  # fmt: skip
    for closed, instead, quantity in order.orders:
        old, new = known.get(closed), known.get(instead)
        problem = None
        if old is None:
            problem = f"there is no work order {closed}"
        elif old.revision_id != order.from_revision_id:
            problem = f"{closed} is not for revision {order.from_revision.code}"
        elif new is not None and new.revision_id != order.to_revision_id:
            problem = f"{instead} is not for revision {order.to_revision.code}"
        elif new is None and quantity is None:
            problem = f"there is no work order {instead}, and no quantity to make it with"
        if problem:
            raise refuse(
                "change.order",
                "{number} cannot replace work orders like this: {problem}.",
                "Name work orders of the old revision, and orders of the new one or a quantity for them.",
                number=order.number, problem=problem,
            )  # fmt: skip


def _take_place(
    order: ChangeOrder, closed: str, instead: str, quantity: int | None, user: Any, now: dt.datetime
) -> None:
    """Make the order that takes another one's place, for the same stage and market, unless it is there."""
    old = WorkOrder.objects.get(code=closed)
    if WorkOrder.objects.filter(code=instead, revision=order.to_revision).exists():
        return
    create_work_order(
        code=instead, product=order.product.code, revision=order.to_revision.code,
        quantity=quantity or old.quantity, stage=old.stage, market=old.market, now=now, user=user,
    )  # fmt: skip


def _hold_old_orders(order: ChangeOrder, user: Any, now: dt.datetime) -> list[str]:
    """Hold the work orders of the old revision that have units in process, through the gate's own door."""
    held = []
    for code in _orders_in_process(order):
        event = {
            "id": str(uuid.uuid4()),
            "type": "HoldPlaced",
            "at": now.isoformat(),
            "station": _station_for(order.from_revision),
            "actor": user.get_username()[:80] if user else "karkhana",
            "hold": f"{order.number}/{code}"[:80],
            "scope": "work_order",
            "target": code,
            "reason": f"{order.number}: {order.title}",
        }
        (outcome,) = record_events([json.dumps(event).encode()], recorded_at=now)
        if outcome.refusal is not None and outcome.refusal.code != "hold.exists":
            raise Refused(outcome.refusal)
        held.append(code)
    return held


def _orders_in_process(order: ChangeOrder) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT work_order FROM ledger_unit WHERE product = %s AND revision = %s"
            " AND state IN ('in_process', 'failed') AND work_order IS NOT NULL ORDER BY work_order",
            [order.product.code, order.from_revision.code],
        )
        found = [row[0] for row in cursor.fetchall()]
    named = {closed for closed, _, _ in order.orders}
    return [code for code in found if not named or code in named]


def _station_for(revision: Revision) -> str:
    """Return a station to say a hold from: one of a line that is set up for the revision, else any."""
    lines = LineSetup.objects.filter(revision=revision).values("line")
    stations = Station.objects.order_by("line__code", "sequence", "code")
    found = stations.filter(line__in=lines).first() or stations.first()
    if found is None:
        raise refuse("change.no_station", "There is no station to say the hold from.", "Set a line up first.")
    return found.code


@transaction.atomic
def close_change(*, number: str, user: Any, now: dt.datetime) -> ChangeOrder:
    """Close a change once nothing of the old revision is in process any more; it is superseded then.

    Raises:
        Refused: ``change.unknown``, ``change.state``, ``change.still_in_use``.
    """
    order = operations.locked(number)
    return operations.close_change(number=number, in_use=in_process(order.from_revision), user=user, now=now)


@transaction.atomic
def request_deviation(
    *, product: str, revision: str, asked: DeviationAsked, user: Any, now: dt.datetime
) -> Deviation:
    """Ask for a deviation, or for a waiver of units that exist and are of this revision.

    Raises:
        Refused: ``deviation.*``, ``revision.unknown``.
    """
    asked.check()
    if asked.serials:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT serial FROM ledger_unit WHERE serial = ANY(%s) AND product = %s AND revision = %s"
                " AND kind <> 'container'",
                [list(asked.serials), product, revision],
            )
            known = {row[0] for row in cursor.fetchall()}
        missing = sorted(set(asked.serials) - known)
        if missing:
            raise refuse(
                "deviation.serials",
                "{count} of the serials are no units of {product} {revision}, such as {serial}.",
                "List units that were built.",
                count=len(missing), product=product, revision=revision, serial=missing[0],
            )  # fmt: skip
    unknown = sorted(
        set(asked.work_orders)
        - set(WorkOrder.objects.filter(
            code__in=asked.work_orders, revision__product__code=product, revision__code=revision
        ).values_list("code", flat=True))
    )  # fmt: skip
    if unknown:
        raise refuse(
            "deviation.work_order",
            "{work_order} is no work order over {product} {revision}.",
            "Name work orders of this revision, or none for all of them.",
            work_order=unknown[0], product=product, revision=revision,
        )  # fmt: skip
    return deviating.request_deviation(product=product, revision=revision, asked=asked, user=user, now=now)
