"""Bulk material: receiving lots, loading and unloading feeders."""

from __future__ import annotations

from dataclasses import replace

from karkhana.floor.rules import deviations
from karkhana.floor.rules.lives import check_lot_life, note_load
from karkhana.floor.rules.owners import check_feeding
from karkhana.floor.rules.refusals import no
from karkhana.floor.rules.world import Trail, World
from karkhana.kernel.refusals import Refusal
from karkhana.ledger import events as ev
from karkhana.ledger.state import Lot, Mount, Setup


def check_received(world: World, event: ev.ReceivingEvent) -> Refusal | None:
    """Refuse a lot twice, or from nobody."""
    if event.lot in world.lots:
        return no("lot.exists", lot=event.lot)
    if event.supplier not in world.reference.suppliers:
        return no("supplier.unknown", supplier=event.supplier)
    return None


def apply_received(world: World, event: ev.ReceivingEvent, seq: int) -> Trail:
    """Take a lot into the house."""
    lot = Lot(
        lot=event.lot,
        part=event.part,
        quantity=event.quantity,
        supplier=event.supplier,
        origin=event.origin,
        supplier_lot=event.supplier_lot,
        received_at=event.at,
        station=event.station,
        is_new=True,
    )
    world.lots[event.lot] = lot
    world.changes.lots.append(lot)
    return Trail(event.lot)


def check_loaded(world: World, event: ev.MaterialsLoaded) -> Refusal | None:
    """Refuse a lot that is unknown, held, not what it says, past its life, or not for this location."""
    lot = world.lots.get(event.lot)
    if lot is None:
        return no("lot.unknown", lot=event.lot)
    if event.lot in world.held_lots:
        return no("lot.held", lot=event.lot)
    if lot.part != event.part:
        place = f"the scan at {event.location}"
        return no(
            "material.wrong_part",
            lot=event.lot,
            part=lot.part,
            place=place,
            expected=event.part,
        )
    ended = check_lot_life(world, event.lot, event.at, event.station)
    if ended:
        return ended
    station = world.reference.stations[event.station]
    places = world.reference.feeder_parts.get((station.line, station.station_type), {})
    allowed = places.get(event.location) or places.get(None, frozenset())
    if event.part in allowed:
        return check_feeding(world, event, lot, station)
    if event.part in world.reference.departures:
        found = deviations.check_loading(world, event, station)
        if found is not False:
            return check_feeding(world, event, lot, station) if found is True else found
    shown = ", ".join(sorted(allowed)[:3]) or "no part of any product set up here"
    place = f"{event.location} of {event.station}"
    return no(
        "material.wrong_part",
        lot=event.lot,
        part=event.part,
        place=place,
        expected=shown,
    )


def apply_loaded(world: World, event: ev.MaterialsLoaded, seq: int) -> Trail:
    """Let a lot feed from a location; an occupied location becomes a splice."""
    mount = Mount(seq, event.station, event.location, event.lot, event.part, event.at)
    setup = world.setups.get(event.station) or Setup(event.station, 0, 0, [])
    world.changes.mounts.append(mount)
    note_load(world, event)
    _set_up(world, setup.changed(seq, [*setup.mounts, mount]))
    return Trail(event.lot)


def check_unloaded(world: World, event: ev.MaterialsUnloaded) -> Refusal | None:
    """Refuse to take off what is not there, or was not there then."""
    if not _mounts(world, event):
        return no(
            "material.location_empty",
            lot=event.lot,
            location=event.location,
            station=event.station,
        )
    return None


def apply_unloaded(world: World, event: ev.MaterialsUnloaded, seq: int) -> Trail:
    """End the interval of a lot at a location, every one when its label was scanned more than once."""
    ended = _mounts(world, event)
    setup = world.setups[event.station]
    # Copies: the set-up is shared by batches, and this one may yet be rolled back.
    world.changes.unmounts += [replace(mount, unloaded_at=event.at, unloaded_seq=seq) for mount in ended]
    _set_up(world, setup.changed(seq, [mount for mount in setup.mounts if mount not in ended]))
    return Trail(event.lot)


def _mounts(world: World, event: ev.MaterialsUnloaded) -> list[Mount]:
    setup = world.setups.get(event.station)
    return [
        mount
        for mount in (setup.mounts if setup else ())
        if (mount.location, mount.lot) == (event.location, event.lot) and mount.loaded_at <= event.at
    ]


def _set_up(world: World, setup: Setup) -> None:
    world.setups[setup.station] = setup
    world.changes.setups[setup.station] = setup
