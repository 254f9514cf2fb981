"""Goods that move: transformations, packing and shipping (GS1 EPCIS 2.0)."""

from __future__ import annotations

from collections.abc import Iterable

from karkhana.floor.rules.gate import (
    check_alive,
    check_held,
    check_late,
    check_line,
    check_materials,
    check_operator,
    check_route,
)
from karkhana.floor.rules.owners import sources_of
from karkhana.floor.rules.refusals import no
from karkhana.floor.rules.route import moved, new_unit, pass_step, result_trail
from karkhana.floor.rules.world import Scan, Trail, World
from karkhana.kernel.refusals import Refusal
from karkhana.ledger import events as ev
from karkhana.ledger.state import Lot, Shipment, Unit

LEVELS = {"box": 1, "carton": 2, "pallet": 3}


def check_aggregation(world: World, event: ev.AggregationEvent) -> Refusal | None:
    """Refuse packing of what is unfinished, held, elsewhere, or another brand's."""
    parent = world.units.get(event.parent)
    if parent is not None:
        if parent.kind != "container":
            return no(
                "packing.level",
                child=event.children[0],
                parent=event.parent,
                problem="it is a unit",
            )
        if parent.holds:
            return no("unit.held", unit=parent.serial)
        if parent.state == "shipped":
            return no("packing.shipped", parent=parent.serial)
    if event.action == "DELETE":
        return _check_unpacking(world, event)
    brand = parent.brand if parent else None
    for serial in event.children:
        child = world.units.get(serial)
        if child is None:
            return no("unit.unknown", unit=serial)
        refusal = _check_child(world, event, child, brand or child.brand)
        if refusal:
            return refusal
        brand = brand or child.brand
    return _check_container(world, event, parent)


def _check_unpacking(world: World, event: ev.AggregationEvent) -> Refusal | None:
    for serial in event.children:
        child = world.units.get(serial)
        if child is None or child.parent != event.parent:
            return no("packing.not_inside", child=serial, parent=event.parent)
        refusal = check_held(world, child) or check_late(event, child)
        if refusal:
            return refusal
    return None


def _check_child(world: World, event: ev.AggregationEvent, child: Unit, brand: str | None) -> Refusal | None:
    if child.parent is not None:
        return no("packing.already_packed", child=child.serial, parent=child.parent)
    if child.serial == event.parent:
        return no(
            "packing.level",
            child=child.serial,
            parent=event.parent,
            problem="it is the same label",
        )
    refusal = check_alive(world, child) or check_late(event, child)
    if refusal:
        return refusal
    if child.brand != brand:
        return no("packing.other_brand", child=child.serial, parent=event.parent)
    if child.kind == "container":
        if LEVELS[child.level or "box"] >= LEVELS[event.level]:
            problem = f"a {child.level} does not go into a {event.level}"
            return no(
                "packing.level",
                child=child.serial,
                parent=event.parent,
                problem=problem,
            )
        return None
    return _check_finished(world, event, child)


def _check_finished(world: World, event: ev.AggregationEvent, child: Unit) -> Refusal | None:
    station = world.reference.stations[event.station]
    release = world.release_of(child)
    step = release.step(child.next_step)
    if child.state == "failed":
        failed = release.step(child.failed_steps[-1])
        assert failed is not None
        return no("unit.failed", unit=child.serial, step=failed.number, name=failed.name)
    if step is None:
        return None
    if step.passed_by != "AggregationEvent":
        here = {"step": step.number, "name": step.name, "needed": step.station_type}
        return no("packing.unfinished", unit=child.serial, **here)
    if step.station_type != station.station_type:
        problem = f"{station.code} is no {step.station_type} station"
        here = {"step": step.number, "name": step.name, "problem": problem}
        return no("route.out_of_order", unit=child.serial, **here)
    scan = Scan(child, station, release, step)
    return check_line(world, child, station) or check_operator(world, scan, event)


def _first_double(codes: Iterable[str | None]) -> str | None:
    seen: set[str | None] = set()
    for code in codes:
        if code is not None and code in seen:
            return code
        seen.add(code)
    return None


def _check_container(world: World, event: ev.AggregationEvent, parent: Unit | None) -> Refusal | None:
    twice = _first_double(event.children)
    if twice is not None:
        return no("packing.already_packed", child=twice, parent=event.parent)
    if parent is not None and parent.level != event.level:
        problem = f"it is a {parent.level}, not a {event.level}"
        return no(
            "packing.level",
            child=event.children[0],
            parent=event.parent,
            problem=problem,
        )
    first = world.units[event.children[0]]
    plan = world.release_of(first).pack
    limit = {
        "box": plan.units_per_box,
        "carton": plan.boxes_per_carton,
        "pallet": plan.cartons_per_pallet,
    }
    already = parent.positions if parent else 0
    if already + len(event.children) > limit[event.level]:
        return no("packing.full", parent=event.parent, limit=limit[event.level])
    return None


def apply_aggregation(world: World, event: ev.AggregationEvent, seq: int) -> Trail:
    """Put children into a container, which is born with its first child, or take them out."""
    if event.action == "DELETE":
        _unpack(world, event, seq)
        return Trail(event.parent)
    first = world.units[event.children[0]]
    parent = world.units.get(event.parent)
    if parent is None:
        parent = new_unit(event.parent, "container", world, first.product, first.revision, event.at)
        parent.state, parent.level, parent.positions = "open", event.level, 0
        parent.brand, parent.station = first.brand, event.station
        world.add(parent)
    world.touch(parent).positions += len(event.children)
    moved(parent, event.at)
    for serial in event.children:
        child = world.touch(world.units[serial])
        child.parent = event.parent
        world.inside.setdefault(event.parent, set()).add(serial)
        world.changes.packed.append((serial, event.parent, event.at, seq))
        if child.kind == "unit":
            _pass_packing(world, event, child)
        moved(child, event.at)
    return Trail(event.parent)


def _pass_packing(world: World, event: ev.AggregationEvent, unit: Unit) -> None:
    release = world.release_of(unit)
    step = release.step(unit.next_step)
    if step is not None:
        pass_step(world, unit, step, event, release.last_step)
    if unit.state == "complete":
        unit.state = "packed"


def _unpack(world: World, event: ev.AggregationEvent, seq: int) -> None:
    parent = world.touch(world.units[event.parent])
    parent.positions -= len(set(event.children))
    moved(parent, event.at)
    for serial in sorted(set(event.children)):
        child = world.touch(world.units[serial])
        child.parent = None
        world.inside.get(event.parent, set()).discard(serial)
        world.changes.unpacked.append((serial, event.at, seq))
        moved(child, event.at)
        if child.kind == "unit" and child.state != "scrapped":
            _owe_packing(world, child)


def _owe_packing(world: World, unit: Unit) -> None:
    """Let a unit that came out of its box owe the packing step again; a failed one stays failed."""
    packing = world.release_of(unit).step(unit.next_step - 1)
    if packing is not None and packing.passed_by == "AggregationEvent":
        unit.next_step -= 1
        if unit.state != "failed":
            unit.state, unit.completed_at = "in_process", None
    elif unit.state == "packed":
        unit.state = "complete"


def check_transformation(world: World, event: ev.TransformationEvent) -> Refusal | None:
    """Refuse a transformation whose inputs are not ready or whose outputs do not add up."""
    if any((thing.unit is None) == (thing.lot is None) for thing in (*event.inputs, *event.outputs)):
        return no(
            "transformation.shape",
            problem="Each input and output is either a unit or a lot",
        )
    units = [thing.unit for thing in event.inputs if thing.unit is not None]
    twice = _first_double(units) or _first_double(thing.lot for thing in event.inputs)
    if twice is not None:
        return no("transformation.shape", problem=f"{twice} stands twice among the inputs")
    for thing in event.inputs:
        if thing.lot is not None and thing.lot not in world.lots:
            return no("lot.unknown", lot=thing.lot)
        if thing.lot in world.held_lots:
            return no("lot.held", lot=thing.lot)
    born = [thing.unit for thing in event.outputs if thing.unit is not None]
    if born and (len(units) != 1 or len(born) != len(event.outputs)):
        return no(
            "transformation.shape",
            problem="Units come out of exactly one panel or sheet",
        )
    for serial in units:
        refusal = _check_input(world, event, serial, into_units=bool(born))
        if refusal:
            return refusal
    return _check_boards(world, event, units[0]) if born else _check_new_lots(world, event)


def _check_input(
    world: World, event: ev.TransformationEvent, serial: str, *, into_units: bool
) -> Refusal | None:
    unit = world.units.get(serial)
    if unit is None or unit.kind == "container":
        return no("unit.unknown", unit=serial)
    refusal = check_alive(world, unit) or check_late(event, unit)
    if refusal:
        return refusal
    station = world.reference.stations[event.station]
    release = world.release_of(unit)
    step = release.step(unit.next_step)
    if not into_units:
        return None if unit.state == "complete" else no(
            "transformation.shape", problem=f"{serial} is not finished"
        )  # fmt: skip
    scan = Scan(unit, station, release, step)
    return (
        check_line(world, unit, station)
        or check_route(world, scan, "TransformationEvent")
        or check_operator(world, scan, event)
        or check_materials(world, scan, event.at)
    )


def _check_boards(world: World, event: ev.TransformationEvent, serial: str) -> Refusal | None:
    panel = world.units[serial]
    good = {p for p in range(1, panel.positions + 1) if not panel.scrapped_mask >> (p - 1) & 1}
    given = [thing.position for thing in event.outputs]
    if len(set(given)) != len(given) or set(given) != good:
        problem = f"{len(good)} good boards must come out of it, each with its own position"
        return no("panel.positions", unit=serial, problem=problem)
    serials = [thing.unit for thing in event.outputs if thing.unit is not None]
    known = next((output for output in serials if output in world.units), None) or _first_double(serials)
    return no("unit.exists", unit=known) if known is not None else None


def _check_new_lots(world: World, event: ev.TransformationEvent) -> Refusal | None:
    twice = _first_double(thing.lot for thing in event.outputs)
    for thing in event.outputs:
        if thing.lot in world.lots or thing.lot == twice:
            return no("lot.exists", lot=thing.lot)
        if thing.part is None or thing.quantity is None:
            return no(
                "transformation.shape",
                problem=f"New lot {thing.lot} needs a part and a quantity",
            )
        if thing.supplier is not None or thing.origin is not None:
            refusal = _check_kept(world, event, thing)
            if refusal:
                return refusal
    return None


def _check_kept(world: World, event: ev.TransformationEvent, thing: ev.Thing) -> Refusal | None:
    """Refuse a new lot that claims a supplier and origin that not all it was taken from has."""
    sources = [world.lots.get(source.lot or "") for source in event.inputs]
    kept = all(
        lot is not None and (lot.part, lot.supplier, lot.origin) == (thing.part, thing.supplier, thing.origin)
        for lot in sources
    )
    if kept:
        return _check_sum(event)
    problem = f"New lot {thing.lot} is not of one part, supplier and origin with all that it was taken from"
    return no("transformation.shape", problem=problem)


def _check_sum(event: ev.TransformationEvent) -> Refusal | None:
    """Refuse a split or merge out of which another amount comes than goes in."""
    given = [thing.quantity for thing in event.inputs if thing.quantity is not None]
    made = [thing.quantity for thing in event.outputs if thing.quantity is not None]
    if len(given) == len(event.inputs) and len(made) == len(event.outputs) and sum(given) == sum(made):
        return None
    return no("transformation.shape", problem="As much must come out of a split or merge as goes in")


def apply_transformation(world: World, event: ev.TransformationEvent, seq: int) -> Trail:
    """Consume the inputs and give birth to the outputs, each linked to every input."""
    trail = Trail(subject_of(event))
    for thing in event.inputs:
        if thing.unit is not None:
            consumed = _consume(world, event, thing.unit)
            trail = consumed if consumed.subject == trail.subject else trail
    for thing in event.outputs:
        if thing.unit is not None:
            _born_board(world, event, thing.unit, trail.subject or "", thing.position)
        elif thing.lot is not None:
            _born_lot(world, event, thing)
        for source in event.inputs:
            world.changes.descents.append(
                (
                    seq,
                    source.unit or source.lot or "",
                    "unit" if source.unit else "lot",
                    thing.unit or thing.lot or "",
                    "unit" if thing.unit else "lot",
                    thing.position,
                    event.at,
                )
            )
    return trail


def subject_of(event: ev.TransformationEvent) -> str | None:
    """Return what a transformation is about: the first unit that goes in, else the first lot."""
    units = (thing.unit for thing in event.inputs if thing.unit is not None)
    return next(units, event.inputs[0].lot)


def _consume(world: World, event: ev.TransformationEvent, serial: str) -> Trail:
    unit = world.touch(world.units[serial])
    release = world.release_of(unit)
    step = release.step(unit.next_step)
    trail = Trail(serial)
    if step is not None:
        trail = result_trail(world, unit, step, event)
        pass_step(world, unit, step, event, release.last_step + 1)
    unit.state, unit.station, unit.arrived_at = "consumed", None, None
    moved(unit, event.at)
    return trail


def _born_board(
    world: World,
    event: ev.TransformationEvent,
    serial: str,
    panel_serial: str,
    position: int | None,
) -> None:
    panel = world.units[panel_serial]
    board = new_unit(serial, "unit", world, panel.product, panel.revision, event.at)
    board.work_order, board.next_step = panel.work_order, panel.next_step
    board.station = event.station
    if board.next_step > world.release_of(board).last_step:
        board.state, board.completed_at = "complete", event.at
        world.count(event.station, event.at, board, "completed", 1)
    world.add(board)


def _born_lot(world: World, event: ev.TransformationEvent, thing: ev.Thing) -> None:
    assert thing.lot is not None
    assert thing.part is not None
    lot = Lot(
        thing.lot,
        thing.part,
        thing.quantity,
        thing.supplier,
        thing.origin,
        thing.supplier_lot,
        event.at,
        event.station,
        is_new=True,
    )
    world.lots[thing.lot] = lot
    if world.reference.consigners and thing.supplier is None:
        world.lot_sources[thing.lot] = sources_of(world, event.inputs)
    world.changes.lots.append(lot)


def check_shipping(world: World, event: ev.ShippingEvent) -> Refusal | None:
    """Refuse to ship what is unpacked, held, or holds something held."""
    if event.shipment in world.shipments:
        return no("shipping.exists", shipment=event.shipment)
    for serial in event.items:
        item = world.units.get(serial)
        if item is None:
            return no("unit.unknown", unit=serial)
        refusal = _check_item(world, item) or check_late(event, item)
        if refusal:
            return refusal
    twice = _first_double(event.items)
    return no("shipping.already_shipped", item=twice) if twice is not None else None


def _check_item(world: World, item: Unit) -> Refusal | None:
    if item.state == "shipped":
        return no("shipping.already_shipped", item=item.serial)
    if item.parent is not None:
        return no(
            "shipping.not_packed",
            item=item.serial,
            problem=f"it is inside {item.parent}",
        )
    refusal = check_alive(world, item)
    if refusal:
        return refusal
    if item.kind != "container" and item.state != "complete":
        problem = f"it is {item.state.replace('_', ' ')}"
        return no("shipping.not_packed", item=item.serial, problem=problem)
    for serial in world.everything_inside(item.serial):
        inner = world.units[serial]
        if check_held(world, inner):
            return no("shipping.held_inside", item=item.serial, held=serial)
        if inner.state == "scrapped":
            return no("shipping.not_packed", item=item.serial, problem=f"{serial} in it is scrapped")
    return None


def apply_shipping(world: World, event: ev.ShippingEvent, seq: int) -> Trail:
    """Let items leave, with everything that is in them."""
    for serial in event.items:
        for name in (serial, *world.everything_inside(serial)):
            unit = world.touch(world.units[name])
            if unit.state == "installed":
                continue
            unit.state, unit.station = "shipped", None
            moved(unit, event.at)
            if unit.kind == "unit":
                world.count(event.station, event.at, unit, "shipped", 1)
    world.shipments.add(event.shipment)
    world.changes.shipments.append(
        Shipment(
            event.shipment,
            event.consignee,
            event.reference,
            event.at,
            event.station,
            event.items,
        )
    )
    return Trail(event.shipment)
