"""Which revision may be started now, by the change orders that are in force."""

from __future__ import annotations

from karkhana.design.changes.rules import CLOSED, Effectivity, decide_start
from karkhana.floor.rules.refusals import no
from karkhana.floor.rules.world import World
from karkhana.kernel.refusals import Refusal
from karkhana.ledger import events as ev

ORDERS_SHOWN = 3


def check_effectivity(world: World, event: ev.UnitsInitialized, order: tuple[str, str]) -> Refusal | None:
    """Refuse to start a revision that is superseded or not effective yet, or an order that was replaced.

    Args:
        order: (product, revision) of the event's work order.
    """
    product, revision = order
    day = event.at.astimezone(world.reference.stations[event.station].time_zone).date()
    for change in world.reference.effectivities[order]:
        verdict = decide_start(
            change, revision=revision, work_order=event.work_order, serial=event.unit, day=day
        )
        if verdict == "order_replaced":
            instead = dict(change.orders)[event.work_order]
            return no(
                "work_order.replaced",
                work_order=event.work_order,
                change=change.change,
                instead=instead,
                unit=event.unit,
            )
        if verdict is not None:
            other = change.new if verdict == "superseded" else change.old
            return no(
                f"revision.{verdict}",
                unit=event.unit,
                product=product,
                revision=revision,
                change=change.change,
                other=other,
                since=_since(change),
                orders=_orders(world, product, other),
            )
    return None


def _since(change: Effectivity) -> str:
    if change.state == CLOSED or change.kind == "work_order":
        return ""
    return f" from {change.on.isoformat()} on" if change.on else f" from {change.serial} on"


def _orders(world: World, product: str, revision: str) -> str:
    """Name the work orders of a revision, a few of them."""
    found = sorted(code for code, pair in world.reference.work_orders.items() if pair == (product, revision))
    return ", ".join(found[:ORDERS_SHOWN]) or "none is open yet"
