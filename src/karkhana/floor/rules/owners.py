"""Consigned material: a lot that a brand handed in goes into that brand's products and into no other."""

from __future__ import annotations

from collections.abc import Iterable

from karkhana.floor.rules.refusals import no
from karkhana.floor.rules.world import Station, World
from karkhana.kernel.refusals import Refusal
from karkhana.ledger import events as ev
from karkhana.ledger.state import Lot


def suppliers_of(world: World, lot: Lot) -> frozenset[str]:
    """Return the suppliers behind a lot: its own, or those of the lots that it was made of."""
    return frozenset({lot.supplier}) if lot.supplier else world.lot_sources.get(lot.lot, frozenset())


def sources_of(world: World, things: Iterable[ev.Thing]) -> frozenset[str]:
    """Return the suppliers behind everything that goes into a transformation."""
    lots = (world.lots[thing.lot] for thing in things if thing.lot is not None)
    return frozenset().union(*(suppliers_of(world, lot) for lot in lots))


def owners_of(world: World, lot: Lot) -> frozenset[str]:
    """Return the brands that a lot, or something in it, belongs to; none when it is the maker's own."""
    consigners = world.reference.consigners
    if not consigners:
        return frozenset()
    return frozenset(consigners[name] for name in suppliers_of(world, lot) if name in consigners)


def check_owner(world: World, lot: Lot, brand: str) -> Refusal | None:
    """Refuse a lot of another brand than the product's."""
    others = owners_of(world, lot) - {brand}
    return no("lot.other_owner", lot=lot.lot, owner=min(others), brand=brand) if others else None


def check_feeding(world: World, event: ev.MaterialsLoaded, lot: Lot, station: Station) -> Refusal | None:
    """Refuse a consigned lot where a product of another brand that the line is set up for would take it."""
    owners = owners_of(world, lot)
    if not owners:
        return None
    for pair in sorted(world.reference.setups.get(station.line, ())):
        brand = world.reference.releases[pair].brand
        if owners - {brand} and _takes(world, pair, event.part, station):
            return no("lot.other_owner", lot=lot.lot, owner=min(owners - {brand}), brand=brand)
    return None


def _takes(world: World, pair: tuple[str, str], part: str, station: Station) -> bool:
    """Say whether a released product takes a part at such a station, released or by a deviation."""
    departures = world.reference.departures.get(part, ())
    stands_in = any((departure.product, departure.revision) == pair for departure in departures)
    return any(
        step.station_type == station.station_type
        and (any(m.allows(part) for m in step.materials) or (stands_in and bool(step.materials)))
        for step in world.reference.releases[pair].steps
    )
