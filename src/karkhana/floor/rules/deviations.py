"""Deviations at the gate: a part that is not released may stand in, until a day and for so many units.

What a deviation let through is noted in ``World.grants`` while an event is decided, kept with the event in
the record, and counted by ``apply_uses``; a replay takes it from there, so that it never depends on what
deviations say later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from karkhana.design.changes.rules import Departure
from karkhana.design.release import KeyPart, StepMaterial
from karkhana.floor.rules.refusals import no
from karkhana.floor.rules.world import Scan, Station, Trail, World
from karkhana.kernel.refusals import Refusal
from karkhana.ledger import events as ev
from karkhana.ledger.state import DeviationUse, Setup


def check_stand_in(
    world: World, scan: Scan, part: StepMaterial | KeyPart, substitutes: Iterable[str], at: dt.datetime
) -> Refusal | bool:
    """Look for a deviation that lets one of these parts stand in for a released one.

    Returns:
        True when one does (and is noted), False when none speaks of it, else why it does not any more.
    """
    step, unit = scan.step, scan.unit
    assert step is not None
    released = (part.part, *part.alternates)
    role = part.role if isinstance(part, KeyPart) else ""
    over: Refusal | bool = False
    for substitute in sorted(substitutes):
        for departure in world.reference.departures.get(substitute, ()):
            if (departure.product, departure.revision) != (unit.product, unit.revision):
                continue
            if not departure.covers(
                released, substitute, step=step.number, work_order=unit.work_order, role=role
            ):
                continue
            known = (departure.number, unit.serial) in world.deviated
            refusal = _over(world, departure, scan.station, at, more=0 if known else unit.good_boards)
            if refusal is None:
                if departure.number not in world.grants:
                    world.grants.append(departure.number)
                return True
            over = refusal
    return over


def _over(
    world: World, departure: Departure, station: Station, at: dt.datetime, *, more: int
) -> Refusal | None:
    """Say why a deviation does not hold any more, None when it does."""
    day = at.astimezone(station.time_zone).date()
    ended = departure.ended(day=day, used=world.deviation_uses.get(departure.number, 0), more=more)
    if ended is None:
        return None
    here = {"deviation": departure.number, "part": departure.part, "substitute": departure.substitute}
    if ended == "expired":
        assert departure.until is not None
        return no("deviation.expired", until=departure.until.isoformat(), **here)
    return no("deviation.exhausted", limit=departure.limit, **here)


def check_bulk(
    world: World, scan: Scan, setup: Setup, missing: tuple[str, ...], at: dt.datetime
) -> Refusal | tuple[tuple[str, ...], frozenset[str]]:
    """Look at the bulk parts of a step with the deviations that may cover them.

    A stand-in that is loaded beside the released part may go into the unit as well, so it counts too, unless
    it is there for another product of the line.

    Args:
        missing: released parts that are not loaded.

    Returns:
        Why not; or the parts that are still missing, and those that stand in.
    """
    step = scan.step
    assert step is not None
    still: list[str] = []
    stand_ins: set[str] = set()
    for material in step.materials:
        loaded = {
            mount.part
            for mount in setup.mounts
            if mount.part in world.reference.departures
            and material.location in (None, mount.location)
            and not material.allows(mount.part)
        }
        if material.part not in missing:
            loaded -= _released_here(world, scan.station)
        found = check_stand_in(world, scan, material, loaded, at) if loaded else False
        if isinstance(found, Refusal):
            return found
        if found:
            stand_ins |= loaded
        elif material.part in missing:
            still.append(material.part)
    return tuple(still), frozenset(stand_ins)


def _released_here(world: World, station: Station) -> set[str]:
    places = world.reference.feeder_parts.get((station.line, station.station_type), {})
    return {part for parts in places.values() for part in parts}


def check_loading(world: World, event: ev.MaterialsLoaded, station: Station) -> Refusal | bool:
    """Look for a deviation that lets a part onto a location that the release keeps it from.

    Returns:
        True when one does, False when none speaks of it, else why it does not any more.
    """
    over: Refusal | bool = False
    for departure in world.reference.departures.get(event.part, ()):
        if _has_place(world, departure, event, station):
            refusal = _over(world, departure, station, event.at, more=1)
            if refusal is None:
                return True
            over = refusal
    return over


def _has_place(world: World, departure: Departure, event: ev.MaterialsLoaded, station: Station) -> bool:
    pair = (departure.product, departure.revision)
    if pair not in world.reference.setups.get(station.line, frozenset()):
        return False
    places = world.reference.feeder_parts.get((station.line, station.station_type), {})
    reserved = event.location in places
    return any(
        material.allows(departure.part)
        and (material.location == event.location if reserved else material.location is None)
        for step in world.reference.releases[pair].steps
        if step.station_type == station.station_type and departure.step in (None, step.number)
        for material in step.materials
    )


def apply_uses(world: World, event: ev.Event, seq: int, trail: Trail) -> None:
    """Count a unit under the deviations that let this event through, each unit once."""
    serial = trail.subject or ""
    boards = world.units[serial].good_boards
    for number in world.grants:
        if (number, serial) in world.deviated:
            continue
        world.deviated.add((number, serial))
        world.deviation_uses[number] = world.deviation_uses.get(number, 0) + boards
        use = DeviationUse(number, serial, boards, trail.step or 0, event.station, event.at, seq)
        world.changes.deviation_uses.append(use)
