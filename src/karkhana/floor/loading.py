"""Loads the world that a batch of events needs: what they name, and what hangs on it, under lock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from karkhana.design.release import ReleasePackage
from karkhana.floor.reference import reference
from karkhana.floor.rules import World
from karkhana.floor.rules.personalise import claim_of
from karkhana.ledger import events as ev
from karkhana.ledger import store
from karkhana.ledger.state import Claim, Setup
from karkhana.supply.incoming.life.reading import lives_of

_SETUPS: dict[tuple[str, str], Setup] = {}


def forget_setups() -> None:
    """Empty the cache of stations' set-ups, before and after the projections behind it are rebuilt."""
    _SETUPS.clear()


def load_world(cursor: store.Cursor, events: Sequence[ev.Event]) -> World:
    """Read all that these events touch, and lock the units, so that the answer stays true until commit."""
    world = World(reference(cursor))
    named = _Named(events)
    _load_holds(cursor, world, named)
    _load_units(cursor, world, named)
    _load_lots(cursor, world, named)
    _load_setups(cursor, world, named)
    _load_identities(cursor, world, named)
    _load_deviations(cursor, world, named)
    if named.part_serials:
        world.used_children = store.used_children(cursor, named.part_serials)
    if named.shipments:
        world.shipments = store.known_shipments(cursor, named.shipments)
    return world


class _Named:
    """What a batch names, by kind; one pass over the events."""

    def __init__(self, events: Iterable[ev.Event]) -> None:
        self.units: set[str] = set()
        self.stations: set[str] = set()
        self.loaded_stations: set[str] = set()
        self.lots: set[str] = set()
        self.used_lots: set[str] = set()
        self.part_serials: set[str] = set()
        self.parts: set[str] = set()
        self.uninstalled: set[str] = set()
        self.personalised: list[ev.UnitsPersonalized] = []
        self.scrapped: set[str] = set()
        self.containers: set[str] = set()
        self.shipments: set[str] = set()
        self.held: set[str] = set()
        self.holds: set[str] = set()
        self.held_firmware = False
        for event in events:
            self.stations.add(event.station)
            if isinstance(event, ev.UnitEvent):
                self.units.add(event.unit)
                special = _SPECIAL.get(type(event))
                if special:
                    special(self, event)
            else:
                _SPECIAL[type(event)](self, event)

    def _installed(self, event: ev.MaterialsInstalled) -> None:
        for item in event.installed:
            self.parts.add(item.part)
            if item.serial is not None:
                self.part_serials.add(item.serial)
                self.units.add(item.serial)
            if item.lot is not None:
                self.lots.add(item.lot)
                self.used_lots.add(item.lot)

    def _uninstalled(self, event: ev.MaterialsUninstalled) -> None:
        self.uninstalled.add(event.unit)

    def _personalized(self, event: ev.UnitsPersonalized) -> None:
        self.personalised.append(event)

    def _disqualified(self, event: ev.UnitsDisqualified) -> None:
        self.scrapped.add(event.unit)

    def _material(self, event: ev.MaterialsLoaded | ev.MaterialsUnloaded) -> None:
        self.lots.add(event.lot)
        self.loaded_stations.add(event.station)
        if isinstance(event, ev.MaterialsLoaded):
            self.parts.add(event.part)
            self.used_lots.add(event.lot)

    def _received(self, event: ev.ReceivingEvent) -> None:
        self.lots.add(event.lot)

    def _aggregation(self, event: ev.AggregationEvent) -> None:
        self.units.update((event.parent, *event.children))
        self.containers.update((event.parent, *event.children))

    def _transformation(self, event: ev.TransformationEvent) -> None:
        for thing in (*event.inputs, *event.outputs):
            if thing.unit is not None:
                self.units.add(thing.unit)
            if thing.lot is not None:
                self.lots.add(thing.lot)

    def _shipping(self, event: ev.ShippingEvent) -> None:
        self.units.update(event.items)
        self.containers.update(event.items)
        self.shipments.add(event.shipment)

    def _hold(self, event: ev.HoldPlaced) -> None:
        self.holds.add(event.hold)
        if event.scope == "unit":
            self.units.add(event.target)
            self.held.add(event.target)
        elif event.scope == "lot":
            self.lots.add(event.target)
        elif event.scope == "firmware":
            self.held_firmware = True

    def _release(self, event: ev.HoldReleased) -> None:
        self.holds.add(event.hold)


_SPECIAL: dict[type[ev.Event], Callable[[_Named, Any], None]] = {
    ev.MaterialsInstalled: _Named._installed,
    ev.MaterialsUninstalled: _Named._uninstalled,
    ev.UnitsPersonalized: _Named._personalized,
    ev.UnitsDisqualified: _Named._disqualified,
    ev.MaterialsLoaded: _Named._material,
    ev.MaterialsUnloaded: _Named._material,
    ev.ReceivingEvent: _Named._received,
    ev.AggregationEvent: _Named._aggregation,
    ev.TransformationEvent: _Named._transformation,
    ev.ShippingEvent: _Named._shipping,
    ev.HoldPlaced: _Named._hold,
    ev.HoldReleased: _Named._release,
}


def _load_units(cursor: store.Cursor, world: World, named: _Named) -> None:
    world.units = store.lock_units(cursor, named.units) if named.units else {}
    extra: set[str] = set()
    if named.uninstalled:
        for edge in store.open_edges(cursor, named.uninstalled):
            world.edges.setdefault(edge.parent, {})[edge.role] = edge
            if edge.own and edge.child is not None:
                extra.add(edge.child)
    if named.shipments:
        extra |= _load_inside(cursor, world, named)
    if named.held:
        extra |= store.outer(cursor, named.held)
    for hold in world.holds.values():
        extra.update(hold.members)
    extra -= world.units.keys()
    if extra:
        world.units |= store.lock_units(cursor, extra)
    if world.held_firmware or named.held_firmware:
        _load_built_in(cursor, world)


def _load_built_in(cursor: store.Cursor, world: World) -> None:
    """Read the units that are built into others: what they carry holds the outer one too."""
    outer = [unit.serial for unit in world.units.values() if unit.bound and unit.kind != "container"]
    pairs = store.inside(cursor, outer) if outer else []
    for parent, serial in pairs:
        world.inside.setdefault(parent, set()).add(serial)
    inner = {serial for _, serial in pairs} - world.units.keys()
    if inner:
        world.units |= store.lock_units(cursor, inner)


def _load_inside(cursor: store.Cursor, world: World, named: _Named) -> set[str]:
    """Read what is inside the containers, at any depth, until nothing can be packed there any more."""
    found: set[str] = set()
    while True:
        pairs = store.inside(cursor, named.containers)
        deeper = {serial for _, serial in pairs} - found - world.units.keys()
        if not deeper:
            break
        # Another batch may have packed into an inner container until this lock.
        world.units |= store.lock_units(cursor, deeper)
        found |= deeper
    for parent, serial in pairs:
        world.inside.setdefault(parent, set()).add(serial)
    return found


def _load_lots(cursor: store.Cursor, world: World, named: _Named) -> None:
    if not named.lots:
        return
    world.lots = store.lots(cursor, named.lots)
    if named.used_lots:
        world.lives = lives_of(cursor, named.used_lots)
    if world.reference.consigners:
        # Only of lots that were made here of others does the owner stand in other rows.
        bare = [lot.lot for lot in world.lots.values() if lot.supplier is None]
        world.lot_sources = store.suppliers_behind(cursor, bare) if bare else {}


def _load_setups(cursor: store.Cursor, world: World, named: _Named) -> None:
    if named.loaded_stations:
        store.setups(cursor, named.loaded_stations, lock=True)
    name = cursor.connection.info.dbname
    current = store.setups(cursor, named.stations, lock=False)
    stale = [
        station
        for station, (version, _) in current.items()
        if (known := _SETUPS.get((name, station))) is None or known.version != version
    ]
    mounts = store.open_mounts(cursor, stale) if stale else []
    for station in stale:
        version, window_us = current[station]
        _SETUPS[name, station] = store.setup_of(station, version, window_us, mounts)
    for station, (_, window_us) in current.items():
        setup = _SETUPS[name, station]
        setup.window_us = max(setup.window_us, window_us)
        world.setups[station] = setup


def _load_deviations(cursor: store.Cursor, world: World, named: _Named) -> None:
    """Lock the deviations that a part of this batch may stand in by, and read what is left of them.

    The last of the locks, so that whoever waits here holds nothing that another one waits for in turn.
    """
    departures = world.reference.departures
    if not departures:
        return
    parts = {part for setup in world.setups.values() for part in setup.parts} | named.parts
    found = [departure for part in parts for departure in departures.get(part, ())]
    if found:
        limited = sorted({departure.number for departure in found if departure.limit is not None})
        load_uses(cursor, world, {departure.number for departure in found}, lock=limited)


def load_uses(cursor: store.Cursor, world: World, numbers: set[str], *, lock: Sequence[str] = ()) -> None:
    """Read the uses of deviations, of the units of this batch one by one."""
    if numbers:
        found = store.deviation_uses(cursor, sorted(numbers), world.units, lock=lock)
        world.deviation_uses, world.deviated = found


def _load_holds(cursor: store.Cursor, world: World, named: _Named) -> None:
    for hold in store.holds(cursor, sorted(named.holds)):
        world.holds[hold.hold] = hold
        if hold.released_at is None and hold.scope == "lot":
            world.held_lots.add(hold.target)
        if hold.released_at is None and hold.scope == "work_order":
            world.held_work_orders.add(hold.target)
        if hold.released_at is None and hold.scope == "firmware":
            world.held_firmware.add(hold.target)


def _load_identities(cursor: store.Cursor, world: World, named: _Named) -> None:
    if not (named.personalised or named.scrapped):
        return
    keys: set[tuple[str, str]] = set()
    possible: defaultdict[str, list[ReleasePackage]] | None = None
    for event in named.personalised:
        unit = world.units.get(event.unit)
        if unit is None or unit.kind == "container":
            # Born in this same batch, so the release is not known yet: look for it under every one.
            possible = possible or _rules_by_kind(world)
            for identity in event.identities:
                claims = [claim_of(rule, identity.kind, identity.value) for rule in possible[identity.kind]]
                keys.update(claim for claim in claims if claim is not None)
            continue
        release = world.release_of(unit)
        for identity in event.identities:
            key = claim_of(release, identity.kind, identity.value)
            if key is not None:
                keys.add(key)
    units = {event.unit for event in named.personalised} | named.scrapped
    values = {value for _, value in keys}
    for claim in store.claims(cursor, values, units):
        _take_claim(world, claim)
    if world.reference.pools:
        _load_pools(cursor, world, keys)


def _load_pools(cursor: store.Cursor, world: World, keys: set[tuple[str, str]]) -> None:
    """Read, of the ranges that hold these values, how far they are drawn and what of them is spoilt."""
    pools = world.reference.pools
    for key in keys:
        place = pools.find(*key) if key not in world.claims else None
        if place is not None:
            world.pooled[key] = place
    ranges = sorted({place.range_id for place, _ in world.pooled.values()})
    if not ranges:
        return
    cursor.execute("SELECT id, next_index FROM floor_poolrange WHERE id = ANY(%s)", [ranges])
    world.drawn = dict(cursor.fetchall())
    indexes = sorted({index for _, index in world.pooled.values()})
    cursor.execute(
        "SELECT range_id, index, reason FROM floor_poolspoilt WHERE range_id = ANY(%s) AND index = ANY(%s)",
        [ranges, indexes],
    )
    world.spoilt = {(row[0], row[1]): row[2] for row in cursor.fetchall()}


def _rules_by_kind(world: World) -> defaultdict[str, list[ReleasePackage]]:
    """List, by kind of identity, one release of each way in which that kind is written."""
    found: defaultdict[str, dict[tuple[str, str], ReleasePackage]] = defaultdict(dict)
    for release in world.reference.releases.values():
        for rule in release.identities:
            found[rule.kind].setdefault((rule.scheme, release.brand), release)
    return defaultdict(list, {kind: list(ways.values()) for kind, ways in found.items()})


def _take_claim(world: World, claim: Claim) -> None:
    world.claims[claim.space, claim.value] = claim
    if claim.burnt_at is None:
        world.unit_claims.setdefault(claim.unit, {})[claim.kind] = claim
