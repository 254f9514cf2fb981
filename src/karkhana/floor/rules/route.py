"""A unit's way along its route: birth, arrival, results, departure, repair, scrap."""

from __future__ import annotations

import datetime as dt

from karkhana.design.release import Step
from karkhana.floor.rules.changes import check_effectivity
from karkhana.floor.rules.gate import (
    REPAIR,
    check_materials,
    check_operator,
    check_route,
    enter,
    look_up,
)
from karkhana.floor.rules.refusals import no
from karkhana.floor.rules.world import Scan, Trail, World
from karkhana.kernel.refusals import Refusal
from karkhana.ledger import events as ev
from karkhana.ledger.state import Unit

Result = ev.UnitsProcessed | ev.UnitsTested | ev.UnitsInspected
GOOD = frozenset({"Completed", "Passed"})
SILENT = frozenset({"Error", "Aborted"})


def check_initialized(world: World, event: ev.UnitsInitialized) -> Refusal | None:
    """Refuse a birth under no order, of a serial that exists, or on a line not set up for it."""
    order = world.reference.work_orders.get(event.work_order)
    if order is None:
        return no("work_order.unknown", work_order=event.work_order)
    if event.work_order in world.held_work_orders:
        return no("work_order.held", work_order=event.work_order)
    closed = world.reference.closed_orders.get(event.work_order)
    if closed is not None:
        return no("work_order.stage", work_order=event.work_order, stage=closed[0], missing=closed[1])
    if event.unit in world.units:
        return no("unit.exists", unit=event.unit)
    if order in world.reference.effectivities:
        refusal = check_effectivity(world, event, order)
        if refusal:
            return refusal
    line = world.reference.stations[event.station].line
    if order not in world.reference.setups.get(line, frozenset()):
        product, revision = order
        return no("unit.wrong_product", unit=event.unit, product=f"{product} {revision}", line=line,
                  expected=", ".join(sorted(" ".join(pair) for pair in world.reference.setups.get(line, ())))
                  or "nothing")  # fmt: skip
    expected = world.reference.releases[order].panel_positions
    if event.positions != expected:
        problem = f"it has {event.positions} positions where the release says {expected}"
        return no("panel.positions", unit=event.unit, problem=problem)
    return None


def apply_initialized(world: World, event: ev.UnitsInitialized, seq: int) -> Trail:
    """Give birth to a unit or panel."""
    product, revision = world.reference.work_orders[event.work_order]
    kind = "panel" if event.positions > 1 else "unit"
    unit = new_unit(event.unit, kind, world, product, revision, event.at)
    unit.work_order, unit.station, unit.positions = (
        event.work_order,
        event.station,
        event.positions,
    )
    world.add(unit)
    return Trail(event.unit)


def new_unit(
    serial: str,
    kind: str,
    world: World,
    product: str | None,
    revision: str | None,
    at: dt.datetime,
) -> Unit:
    """Return a unit as it is born: nothing done, nothing in it."""
    release = world.reference.releases.get((product or "", revision or ""))
    return Unit(
        serial=serial,
        kind=kind,
        product=product,
        revision=revision,
        brand=release.brand if release else None,
        work_order=None,
        state="in_process",
        next_step=1,
        station=None,
        arrived_at=None,
        moved_at=at,
        holds=0,
        repairs=0,
        failed_steps=[],
        bound=[],
        firmware=[],
        positions=1,
        failed_mask=0,
        scrapped_mask=0,
        parent=None,
        level=None,
        created_at=at,
        completed_at=None,
        is_new=True,
    )


def check_arrived(world: World, event: ev.UnitsArrived) -> Refusal | None:
    """Refuse a unit at a station that is not its next one."""
    scan = enter(world, event)
    if isinstance(scan, Refusal):
        return scan
    if scan.station.station_type == REPAIR:
        return _check_repairable(scan)
    return check_route(world, scan, None) or check_operator(world, scan, event)


def apply_arrived(world: World, event: ev.UnitsArrived, seq: int) -> Trail:
    """Stand a unit at a station; a second arrival at the same one keeps the first time."""
    unit = world.touch(world.units[event.unit])
    if unit.station != event.station or unit.arrived_at is None:
        unit.station, unit.arrived_at = event.station, event.at
    moved(unit, event.at)
    return Trail(unit.serial)


def check_step(world: World, event: ev.UnitEvent) -> Refusal | Scan:
    """Check that a unit may do its next step here, by this event, by this actor, with what is loaded."""
    scan = enter(world, event)
    if isinstance(scan, Refusal):
        return scan
    refusal = (
        check_route(world, scan, type(event).__name__)
        or check_operator(world, scan, event)
        or check_materials(world, scan, event.at)
    )
    return refusal or scan


def check_result(world: World, event: Result) -> Refusal | None:
    """Refuse a result of a step that is not the unit's next one."""
    scan = check_step(world, event)
    if isinstance(scan, Refusal):
        return scan
    beyond = [d.position for d in event.defects if d.position and d.position > scan.unit.positions]
    if beyond:
        return no(
            "panel.positions",
            unit=event.unit,
            problem=f"there is no position {beyond[0]}",
        )
    return _check_limits(scan, event)


def _check_limits(scan: Scan, event: Result) -> Refusal | None:
    """Refuse a pass without a measurement that the release asks for, or with one outside its limits."""
    step = scan.step
    assert step is not None
    if not step.tests or isinstance(event, ev.UnitsProcessed) or event.result != "Passed":
        return None
    here = {"unit": event.unit, "step": step.number, "name": step.name}
    # A panel reports a measurement once per board under the same name: each must hold.
    said: dict[str, list[ev.Measurement]] = {}
    for measurement in event.measurements:
        said.setdefault(measurement.name, []).append(measurement)
    for test in step.tests:
        if test.required and test.name not in said:
            return no("test.missing", measurement=test.name, **here)
        for found in said.get(test.name, ()):
            if found.unit_of_measure != test.unit_of_measure:
                given, expected = found.unit_of_measure or "none", test.unit_of_measure or "none"
                return no(
                    "test.unit_of_measure", measurement=test.name, given=given, expected=expected, **here
                )
            if (test.low is not None and found.value < test.low) or (
                test.high is not None and found.value > test.high
            ):
                limits = f"{'' if test.low is None else test.low} to {'' if test.high is None else test.high}"
                return no(
                    "test.limits",
                    measurement=test.name,
                    value=str(found.value),
                    limits=limits.strip(),
                    **here,
                )
    return None


def apply_result(world: World, event: Result, seq: int) -> Trail:
    """Pass the step, or mark the unit as failed; a tester's own error changes nothing."""
    unit = world.touch(world.units[event.unit])
    release = world.release_of(unit)
    step = release.step(unit.next_step)
    assert step is not None
    trail = result_trail(world, unit, step, event)
    if event.result in GOOD:
        pass_step(world, unit, step, event, release.last_step)
    elif event.result not in SILENT:
        _fail(world, unit, step, event)
    moved(unit, event.at)
    return trail


def result_trail(world: World, unit: Unit, step: Step, event: ev.Event) -> Trail:
    """Tell the window in which a result was produced, and widen the station's longest one."""
    arrived_here = unit.arrived_at if unit.station == event.station else None
    began_at = min(arrived_here or unit.moved_at, event.at)
    if step.materials:
        window_us = (event.at - began_at) // dt.timedelta(microseconds=1)
        setup = world.setups.get(event.station)
        known = max(
            setup.window_us if setup else -1,
            world.changes.windows.get(event.station, -1),
        )
        if window_us > known:
            world.changes.windows[event.station] = window_us
    return Trail(unit.serial, step.number, began_at)


def pass_step(world: World, unit: Unit, step: Step, event: ev.Event, last_step: int) -> None:
    """Move a unit's pointer on and count it; behind the last step it is complete."""
    boards = unit.good_boards
    world.count(event.station, event.at, unit, "passed", boards)
    if _is_first_go(unit, step):
        world.count(event.station, event.at, unit, "first_passed", boards)
    unit.next_step = step.number + 1
    if unit.bound:
        _pass_bound_steps(world, unit)
    unit.station, unit.arrived_at = event.station, None
    if unit.next_step > last_step:
        unit.state, unit.completed_at = "complete", event.at
        world.count(event.station, event.at, unit, "completed", boards)


def _pass_bound_steps(world: World, unit: Unit) -> None:
    """Pass over steps whose key parts are all in still: a unit that re-entered has nothing to scan there."""
    release = world.release_of(unit)
    while (step := release.step(unit.next_step)) is not None:
        if step.passed_by != "MaterialsInstalled" or any(p.role not in unit.bound for p in step.key_parts):
            return
        unit.next_step += 1


def _is_first_go(unit: Unit, step: Step) -> bool:
    """Say whether a unit was never judged at a step: all up to the latest that failed it were gone before."""
    return step.number > max(unit.failed_steps, default=0)


def _fail(world: World, unit: Unit, step: Step, event: Result) -> None:
    mask = 0
    for defect in event.defects:
        if defect.position:
            mask |= 1 << (defect.position - 1)
    living = ((1 << unit.positions) - 1) & ~unit.scrapped_mask
    mask = mask & living or living
    boards = mask.bit_count() or 1
    world.count(event.station, event.at, unit, "failed", boards)
    if _is_first_go(unit, step):
        world.count(event.station, event.at, unit, "first_failed", boards)
        # The good boards of the panel passed at the first go, though the panel waits for the bad ones.
        world.count(event.station, event.at, unit, "first_passed", unit.good_boards - boards)
    unit.failed_mask = mask
    unit.failed_steps.append(step.number)
    unit.state, unit.station, unit.arrived_at = "failed", event.station, None


def moved(unit: Unit, at: dt.datetime) -> None:
    """Note the latest time of a unit; clocks differ, so it never steps back."""
    unit.moved_at = max(unit.moved_at, at)


def check_departed(world: World, event: ev.UnitsDeparted) -> Refusal | None:
    """Refuse leaving a station where the unit is not, or before its step is passed."""
    scan = enter(world, event)
    if isinstance(scan, Refusal):
        return scan
    unit, step = scan.unit, scan.step
    if step and step.passed_by == "UnitsDeparted" and step.station_type == scan.station.station_type:
        refusal = check_route(world, scan, "UnitsDeparted")
        return refusal or check_operator(world, scan, event) or check_materials(world, scan, event.at)
    here = {
        "unit": unit.serial,
        "step": unit.next_step,
        "name": step.name if step else "end of route",
    }
    if unit.station != event.station:
        failed = check_route(world, scan, None) if unit.state == "failed" else None
        return failed or no("route.out_of_order", problem=f"it is not at {event.station}", **here)
    if unit.arrived_at is not None and unit.state == "in_process":
        roles = [part.role for part in step.key_parts if part.role not in unit.bound] if step else []
        if roles:
            return no("keypart.missing", roles=", ".join(roles), **here)
        return no("route.out_of_order", problem="this step is not passed yet", **here)
    return None


def apply_departed(world: World, event: ev.UnitsDeparted, seq: int) -> Trail:
    """Take a unit off its station; pass the step when that is how it is passed."""
    unit = world.touch(world.units[event.unit])
    release = world.release_of(unit)
    step = release.step(unit.next_step)
    trail = Trail(unit.serial)
    station_type = world.reference.stations[event.station].station_type
    if (
        step
        and step.passed_by == "UnitsDeparted"
        and step.station_type == station_type
        and unit.state == "in_process"
    ):
        trail = result_trail(world, unit, step, event)
        pass_step(world, unit, step, event, release.last_step)
    unit.station, unit.arrived_at = None, None
    moved(unit, event.at)
    return trail


def _check_repairable(scan: Scan) -> Refusal | None:
    unit = scan.unit
    if unit.state != "failed":
        return no("repair.not_failed", unit=unit.serial, step=unit.next_step)
    if unit.repairs >= scan.release.repair_limit:
        return no(
            "repair.limit_exceeded",
            unit=unit.serial,
            repairs=unit.repairs,
            limit=scan.release.repair_limit,
        )
    return None


def check_repaired(world: World, event: ev.UnitsRepaired) -> Refusal | None:
    """Refuse a repair of what has not failed, elsewhere than at repair, or once too often."""
    scan = enter(world, event)
    if isinstance(scan, Refusal):
        return scan
    if scan.station.station_type != REPAIR:
        return no("repair.wrong_station", station=event.station)
    return _check_repairable(scan)


def apply_repaired(world: World, event: ev.UnitsRepaired, seq: int) -> Trail:
    """Send a unit back to the re-entry step of the step that failed, or to an earlier one it still owes."""
    unit = world.touch(world.units[event.unit])
    failed = world.release_of(unit).step(unit.failed_steps[-1])
    assert failed is not None
    unit.next_step = min(unit.next_step, failed.reentry or failed.number)
    _pass_bound_steps(world, unit)
    unit.state, unit.station, unit.arrived_at = "in_process", event.station, None
    unit.failed_mask = 0
    unit.repairs += 1
    moved(unit, event.at)
    return Trail(unit.serial)


def check_disqualified(world: World, event: ev.UnitsDisqualified) -> Refusal | None:
    """Refuse to scrap what is unknown, held or ended, or boards that the panel does not have."""
    unit = look_up(world, event, event.unit)
    if isinstance(unit, Refusal):
        return unit
    wrong = [p for p in event.positions if p > unit.positions or unit.scrapped_mask >> (p - 1) & 1]
    if wrong:
        problem = f"position {wrong[0]} is not there or scrapped already"
        return no("panel.positions", unit=unit.serial, problem=problem)
    return None


def apply_disqualified(world: World, event: ev.UnitsDisqualified, seq: int) -> Trail:
    """Scrap a unit and burn its identities, or scrap single boards of a panel."""
    unit = world.touch(world.units[event.unit])
    all_boards = (1 << unit.positions) - 1
    mask = sum(1 << (position - 1) for position in set(event.positions)) or all_boards
    fresh = mask & ~unit.scrapped_mask
    boards = fresh.bit_count() if unit.kind == "panel" else 1
    world.count(event.station, event.at, unit, "scrapped", boards)
    unit.scrapped_mask |= mask
    unit.failed_mask &= ~mask
    if unit.scrapped_mask == all_boards:
        unit.state, unit.station, unit.arrived_at = "scrapped", event.station, None
        for claim in world.unit_claims.get(unit.serial, {}).values():
            claim.burnt_at = event.at
            world.changes.burnt.append(claim)
        world.unit_claims.pop(unit.serial, None)
    elif unit.state == "failed" and not unit.failed_mask:
        # The bad boards are out, so the good ones need no repair and go on where the panel stopped:
        # the step that failed has judged them good.
        _go_on_without_bad_boards(world, unit, event)
    moved(unit, event.at)
    return Trail(unit.serial)


def _go_on_without_bad_boards(world: World, unit: Unit, event: ev.UnitsDisqualified) -> None:
    release = world.release_of(unit)
    step = release.step(unit.next_step)
    station_type = world.reference.stations[event.station].station_type
    if step and step.station_type == station_type:
        world.count(event.station, event.at, unit, "passed", unit.good_boards)
    unit.state = "in_process"
    if unit.next_step == unit.failed_steps[-1]:
        unit.next_step += 1
    if unit.next_step > release.last_step:
        unit.state, unit.completed_at = "complete", event.at
