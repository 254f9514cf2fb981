"""The checks that every event about a unit goes through, in the order in which they are said."""

from __future__ import annotations

import datetime as dt

from karkhana.floor.rules import deviations
from karkhana.floor.rules.refusals import no
from karkhana.floor.rules.world import Scan, Station, World
from karkhana.kernel.refusals import Refusal
from karkhana.ledger import events as ev
from karkhana.ledger.state import ENDED, Unit

REPAIR = "REPAIR"
FUTURE_MAX = dt.timedelta(minutes=5)
PAST_MAX = dt.timedelta(days=400)
LATE_MAX = dt.timedelta(minutes=2)


def check_time(event: ev.Event, recorded_at: dt.datetime) -> Refusal | None:
    """Refuse an event from the future or from an absurd past."""
    if event.at > recorded_at + FUTURE_MAX:
        problem = "in the future"
    elif event.at < recorded_at - PAST_MAX:
        problem = "more than 400 days ago"
    else:
        return None
    return no("event.time", at=event.at.isoformat(), problem=problem, station=event.station)


def check_late(event: ev.Event, unit: Unit) -> Refusal | None:
    """Refuse an event that happened clearly before the unit's latest one (docs/gate.md)."""
    if event.at >= unit.moved_at - LATE_MAX:
        return None
    return no(
        "event.late",
        at=event.at.isoformat(),
        unit=unit.serial,
        latest=unit.moved_at.isoformat(),
        station=event.station,
    )


def check_held(world: World, unit: Unit) -> Refusal | None:
    """Refuse what is on hold by itself, by its work order, or by firmware in it or in what it is made of."""
    if unit.holds:
        return no("unit.held", unit=unit.serial)
    if unit.work_order in world.held_work_orders:
        return no("work_order.held", work_order=unit.work_order)
    return _check_carried(world, unit) if world.held_firmware else None


def _check_carried(world: World, unit: Unit) -> Refusal | None:
    if unit.kind == "container":
        # A box is stopped by what is held in it when it is to leave (``goods.check_shipping``).
        return None
    for serial in (unit.serial, *(world.everything_inside(unit.serial) if unit.bound else ())):
        carrier = world.units[serial]
        for text in carrier.firmware:
            name = f"{carrier.product} {text}"
            if name in world.held_firmware:
                return no("firmware.held", unit=unit.serial, carrier=serial, firmware=name)
    return None


def check_alive(world: World, unit: Unit) -> Refusal | None:
    """Refuse what is on hold, scrapped, or has no life of its own any more."""
    held = check_held(world, unit)
    if held:
        return held
    if unit.state == "scrapped":
        return no("unit.scrapped", unit=unit.serial)
    if unit.state in ENDED:
        return no("unit.ended", unit=unit.serial, state=unit.state)
    return None


def look_up(world: World, event: ev.Event, serial: str) -> Unit | Refusal:
    """Find a unit that is alive and whose latest event is not later than this one."""
    unit = world.units.get(serial)
    if unit is None or unit.kind == "container":
        return no("unit.unknown", unit=serial)
    return check_alive(world, unit) or check_late(event, unit) or unit


def enter(world: World, event: ev.UnitEvent) -> Scan | Refusal:
    """Look an event up and refuse what no step may do: unknown, held, ended, or on another product's line."""
    station = world.reference.stations[event.station]
    unit = look_up(world, event, event.unit)
    if isinstance(unit, Refusal):
        return unit
    release = world.release_of(unit)
    scan = Scan(unit, station, release, release.step(unit.next_step))
    if station.station_type == REPAIR:
        return scan
    return check_line(world, unit, station) or scan


def check_line(world: World, unit: Unit, station: Station) -> Refusal | None:
    """Refuse a product or revision that the line is not set up for."""
    allowed = world.reference.setups.get(station.line, frozenset())
    if (unit.product, unit.revision) in allowed:
        return None
    expected = ", ".join(sorted(f"{product} {revision}" for product, revision in allowed)) or "nothing"
    if any(product == unit.product for product, _ in allowed):
        code, revisions = "unit.wrong_revision", {"revision": unit.revision}
    else:
        code, revisions = "unit.wrong_product", {}
    return no(
        code,
        unit=unit.serial,
        product=unit.product,
        line=station.line,
        expected=expected,
        **revisions,
    )


def check_route(world: World, scan: Scan, passed_by: str | None) -> Refusal | None:
    """Refuse a unit whose next step is not the one that this station does with this event.

    Args:
        passed_by: the event's type when it is a result, None for an arrival.
    """
    unit, step = scan.unit, scan.step
    if unit.state == "failed":
        failed = scan.release.step(unit.failed_steps[-1])
        return no("unit.failed", unit=unit.serial, step=failed.number, name=failed.name) if failed else None
    if step is None:
        return no("route.complete", unit=unit.serial)
    if step.station_type != scan.station.station_type:
        return _off_route(scan)
    here = {"unit": unit.serial, "step": step.number, "name": step.name}
    if unit.arrived_at is not None and unit.station != scan.station.code and passed_by:
        return no("route.out_of_order", problem=f"it stands at {unit.station}", **here)
    if passed_by and step.passed_by != passed_by:
        return no(
            "route.out_of_order",
            problem=f"this step is passed by {step.passed_by}",
            **here,
        )
    return None


def _off_route(scan: Scan) -> Refusal:
    """Say in which way a unit is at the wrong kind of station."""
    unit, step, station_type = scan.unit, scan.step, scan.station.station_type
    assert step is not None
    begun = unit.arrived_at is not None or any(part.role in unit.bound for part in step.key_parts)
    if step.key_parts and begun:
        return _keypart_missing(scan)
    numbers = scan.release.steps_by_station_type.get(station_type, ())
    here = {"unit": unit.serial, "step": step.number, "name": step.name}
    if any(number > unit.next_step for number in numbers):
        return no("route.step_skipped", needed=step.station_type, **here)
    if numbers:
        return no("route.step_repeated", **here)
    return no("route.not_on_route", product=unit.product, station_type=station_type, **here)


def _keypart_missing(scan: Scan) -> Refusal:
    step = scan.step
    assert step is not None
    roles = ", ".join(part.role for part in step.key_parts if part.role not in scan.unit.bound)
    return no(
        "keypart.missing",
        unit=scan.unit.serial,
        roles=roles,
        step=step.number,
        name=step.name,
    )


def check_operator(world: World, scan: Scan, event: ev.Event) -> Refusal | None:
    """Refuse an actor without the certificate that the step asks for, on the plant's own day."""
    step = scan.step
    if step is None or step.skill is None:
        return None
    held = world.reference.certificates.get(event.actor or "")
    if held is None:
        return no(
            "operator.unknown",
            step=step.number,
            name=step.name,
            actor=event.actor or "nobody",
        )
    day = event.at.astimezone(scan.station.time_zone).date()
    periods = held.get(step.skill, ())
    if any(start <= day < end for start, end in periods):
        return None
    ended = [end for _, end in periods if end <= day]
    expired = f" since {max(ended).isoformat()}" if ended else ""
    return no("operator.not_certified", actor=event.actor, skill=step.skill, expired=expired)


def check_materials(world: World, scan: Scan, at: dt.datetime) -> Refusal | None:
    """Refuse a step whose bulk parts are not all on the station, or are on hold."""
    step, unit = scan.step, scan.unit
    if step is None or not step.materials:
        return None
    setup = world.setups.get(scan.station.code)
    here = {"station": scan.station.code, "step": step.number, "name": step.name}
    if setup is None:
        parts = ", ".join(material.part for material in step.materials[:3])
        return no("material.not_loaded", parts=parts, **here)
    key = (unit.product, unit.revision, step.number)
    missing = setup.missing.get(key)
    if missing is None:
        missing = tuple(
            material.part
            for material in step.materials
            if material.part not in setup.parts and not setup.parts.intersection(material.alternates)
        )
        setup.missing[key] = missing
    stand_ins: frozenset[str] = frozenset()
    if world.reference.departures and not setup.parts.isdisjoint(world.reference.departures):
        found = deviations.check_bulk(world, scan, setup, missing, at)
        if isinstance(found, Refusal):
            return found
        missing, stand_ins = found
    if missing:
        return no("material.not_loaded", parts=", ".join(missing[:3]), **here)
    if world.held_lots:
        for mount in setup.mounts:
            if mount.lot in world.held_lots and (
                mount.part in stand_ins or any(m.allows(mount.part) for m in step.materials)
            ):
                return no(
                    "material.held",
                    lot=mount.lot,
                    part=mount.part,
                    station=scan.station.code,
                )
    return None
