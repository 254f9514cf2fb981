"""The gate: may this event happen, and what does it change? Pure; docs/gate.md says the same in words.

``decide`` answers, ``apply`` changes. Replaying accepted events through ``apply`` alone gives the same
state again, whatever the rules have become since.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from karkhana.floor.rules import deviations, goods, holds, keyparts, materials, personalise, route
from karkhana.floor.rules.gate import check_time
from karkhana.floor.rules.refusals import REFUSALS, no
from karkhana.floor.rules.world import Reference, Station, Trail, World, hour_of
from karkhana.kernel.refusals import Refusal
from karkhana.ledger import events as ev

_RULES: dict[type[ev.Event], tuple[Callable[..., Refusal | None], Callable[..., Trail]]] = {
    ev.UnitsInitialized: (route.check_initialized, route.apply_initialized),
    ev.UnitsArrived: (route.check_arrived, route.apply_arrived),
    ev.UnitsDeparted: (route.check_departed, route.apply_departed),
    ev.UnitsProcessed: (route.check_result, route.apply_result),
    ev.UnitsTested: (route.check_result, route.apply_result),
    ev.UnitsInspected: (route.check_result, route.apply_result),
    ev.UnitsRepaired: (route.check_repaired, route.apply_repaired),
    ev.UnitsDisqualified: (route.check_disqualified, route.apply_disqualified),
    ev.MaterialsLoaded: (materials.check_loaded, materials.apply_loaded),
    ev.MaterialsUnloaded: (materials.check_unloaded, materials.apply_unloaded),
    ev.MaterialsInstalled: (keyparts.check_installed, keyparts.apply_installed),
    ev.MaterialsUninstalled: (keyparts.check_uninstalled, keyparts.apply_uninstalled),
    ev.UnitsPersonalized: (
        personalise.check_personalized,
        personalise.apply_personalized,
    ),
    ev.AggregationEvent: (goods.check_aggregation, goods.apply_aggregation),
    ev.TransformationEvent: (goods.check_transformation, goods.apply_transformation),
    ev.ReceivingEvent: (materials.check_received, materials.apply_received),
    ev.ShippingEvent: (goods.check_shipping, goods.apply_shipping),
    ev.HoldPlaced: (holds.check_hold, holds.apply_hold),
    ev.HoldReleased: (holds.check_release, holds.apply_release),
}


def decide(world: World, event: ev.Event, recorded_at: dt.datetime) -> Refusal | None:
    """Say whether an event may happen in this world; None means yes.

    Changes nothing but ``world.grants``: the deviations without which the answer would be no.
    """
    world.grants.clear()
    refusal = check_time(event, recorded_at)
    if refusal:
        return refusal
    if event.station not in world.reference.stations:
        return no("station.unknown", station=event.station)
    return _RULES[type(event)][0](world, event)


def apply(world: World, event: ev.Event, seq: int) -> Trail:
    """Let an accepted event happen: change the world and note the changes.

    What ``world.grants`` says counts as used: ``decide`` has just filled it, a replay from the record.

    Args:
        seq: the event's place in the record.
    """
    trail = _RULES[type(event)][1](world, event, seq)
    if world.grants:
        deviations.apply_uses(world, event, seq, trail)
    return trail


def refused(world: World, event: ev.Event, refusal: Refusal) -> None:
    """Count a refusal by station, hour and code."""
    station = world.reference.stations.get(event.station)
    hour = hour_of(event.at, station.time_zone if station else dt.UTC)
    world.changes.refusals[event.station, hour, refusal.code] += 1


__all__ = [
    "REFUSALS",
    "Reference",
    "Station",
    "Trail",
    "World",
    "apply",
    "decide",
    "no",
    "refused",
]
