"""Key parts: what is bound to a unit by a scan, and taken out again."""

from __future__ import annotations

from karkhana.design.release import KeyPart, ReleasePackage, Step
from karkhana.floor.rules.deviations import check_stand_in
from karkhana.floor.rules.gate import check_held, check_late, enter
from karkhana.floor.rules.lives import check_lot_life
from karkhana.floor.rules.owners import check_owner
from karkhana.floor.rules.refusals import no
from karkhana.floor.rules.route import check_step, moved, pass_step, result_trail
from karkhana.floor.rules.world import Scan, Trail, World
from karkhana.kernel.refusals import Refusal
from karkhana.ledger import events as ev
from karkhana.ledger.state import Edge, Unit


def check_installed(world: World, event: ev.MaterialsInstalled) -> Refusal | None:
    """Refuse key parts that the step does not ask for, or that are wrong, used, or unfinished themselves."""
    scan = check_step(world, event)
    if isinstance(scan, Refusal):
        return scan
    seen: set[tuple[str | None, str | None]] = set()
    for item in event.installed:
        refusal = _check_item(world, scan, event, item)
        if refusal:
            return refusal
        # A unit built here is one thing whatever part number it goes in as.
        part = None if item.serial in world.units and _is_own(scan, item.role) else item.part
        if item.serial and (part, item.serial) in seen:
            return no(
                "keypart.already_used",
                part=item.part,
                serial=item.serial,
                other="this same scan",
            )
        seen.add((part, item.serial))
    roles = [item.role for item in event.installed]
    twice = next((role for role in roles if roles.count(role) > 1), None)
    return no("keypart.role_taken", unit=event.unit, role=twice) if twice else None


def _is_own(scan: Scan, role: str) -> bool:
    parts = scan.step.key_parts if scan.step else ()
    return any(part.role == role and part.product is not None for part in parts)


def _check_item(
    world: World, scan: Scan, event: ev.MaterialsInstalled, item: ev.Installation
) -> Refusal | None:
    step = scan.step
    assert step is not None
    rule = next((part for part in step.key_parts if part.role == item.role), None)
    if rule is None:
        return no("keypart.unexpected", step=step.number, name=step.name, role=item.role)
    if item.role in scan.unit.bound:
        return no("keypart.role_taken", unit=scan.unit.serial, role=item.role)
    refusal = _check_part(world, scan, event, rule, item.part)
    if refusal:
        return refusal
    if rule.serialised and item.serial is None:
        return no("keypart.serial_missing", role=item.role, needed="serial number")
    if not rule.serialised and item.lot is None:
        return no("keypart.serial_missing", role=item.role, needed="lot")
    refusal = _check_lot(world, scan, event, item) if item.lot is not None else None
    if refusal or item.serial is None:
        return refusal
    return _check_child(world, event, rule, item.part, item.serial)


def _check_lot(
    world: World, scan: Scan, event: ev.MaterialsInstalled, item: ev.Installation
) -> Refusal | None:
    """Refuse a lot that is unknown, held, of another part, another brand's, or past its life."""
    lot = world.lots.get(item.lot or "")
    if lot is None:
        return no("lot.unknown", lot=item.lot)
    if lot.lot in world.held_lots:
        return no("lot.held", lot=lot.lot)
    if lot.part != item.part:
        return no("keypart.wrong_part", part=lot.part, role=item.role, expected=item.part)
    return check_owner(world, lot, scan.release.brand) or check_lot_life(
        world, lot.lot, event.at, event.station
    )


def _check_part(
    world: World, scan: Scan, event: ev.MaterialsInstalled, rule: KeyPart, part: str
) -> Refusal | None:
    """Refuse a part number that neither the release nor a deviation allows."""
    if rule.allows(part):
        return None
    found: Refusal | bool = False
    if part in world.reference.departures:
        found = check_stand_in(world, scan, rule, (part,), event.at)
    if found is True:
        return None
    return found or no("keypart.wrong_part", part=part, role=rule.role, expected=rule.part)


def _check_child(
    world: World, event: ev.MaterialsInstalled, rule: KeyPart, part: str, serial: str
) -> Refusal | None:
    other = world.used_children.get((serial, part))
    if other is not None:
        return no("keypart.already_used", part=part, serial=serial, other=other)
    if rule.product is None:
        return None
    child = world.units.get(serial)
    if child is None or child.kind == "container":
        return no("unit.unknown", unit=serial)
    held = check_held(world, child)
    if held:
        return held
    if child.state == "installed":
        return no("keypart.already_used", part=part, serial=serial, other=child.parent)
    if child.product != rule.product:
        return no(
            "keypart.wrong_part",
            part=f"{child.product} {serial}",
            role=rule.role,
            expected=rule.product,
        )
    if rule.revisions and child.revision not in rule.revisions:
        return no(
            "keypart.wrong_part",
            part=f"{child.product} {child.revision} {serial}",
            role=rule.role,
            expected=f"{rule.product} {' or '.join(rule.revisions)}",
        )
    if child.state != "complete" or child.parent is not None:
        state = child.state.replace("_", " ")
        return no("keypart.not_passed", serial=serial, state=state, product=rule.product)
    return check_late(event, child)


def apply_installed(world: World, event: ev.MaterialsInstalled, seq: int) -> Trail:
    """Bind the parts; the step is passed once all of its roles are bound."""
    unit = world.touch(world.units[event.unit])
    release = world.release_of(unit)
    step = release.step(unit.next_step)
    assert step is not None
    rules = {part.role: part for part in step.key_parts}
    edges = world.edges.setdefault(unit.serial, {})
    for item in event.installed:
        own = rules[item.role].product is not None
        edge = Edge(unit.serial, item.role, item.part, item.serial, item.lot, own, event.at, seq)
        edges[item.role] = edge
        world.changes.edges.append(edge)
        unit.bound.append(item.role)
        if item.serial is not None:
            world.used_children[item.serial, item.part] = unit.serial
        if own and item.serial is not None:
            child = world.touch(world.units[item.serial])
            child.state, child.parent, child.station = "installed", unit.serial, None
            world.inside.setdefault(unit.serial, set()).add(child.serial)
            moved(child, event.at)
    trail = result_trail(world, unit, step, event)
    if all(part.role in unit.bound for part in step.key_parts):
        pass_step(world, unit, step, event, release.last_step)
    elif unit.arrived_at is None or unit.station != event.station:
        unit.station, unit.arrived_at = event.station, trail.began_at
    moved(unit, event.at)
    return trail


def check_uninstalled(world: World, event: ev.MaterialsUninstalled) -> Refusal | None:
    """Refuse to take out what is not in."""
    scan = enter(world, event)
    if isinstance(scan, Refusal):
        return scan
    if scan.unit.state == "packed":
        return no("packing.already_packed", child=event.unit, parent=scan.unit.parent)
    for role in event.roles:
        if role not in world.edges.get(event.unit, {}):
            return no("keypart.not_bound", unit=event.unit, role=role)
    return None


def apply_uninstalled(world: World, event: ev.MaterialsUninstalled, seq: int) -> Trail:
    """Take parts out; the unit owes the steps that bind them again. Past edges stay, with their end."""
    unit = world.touch(world.units[event.unit])
    release = world.release_of(unit)
    for role in event.roles:
        edge = world.edges[unit.serial].pop(role, None)
        if edge is None:
            continue
        edge.removed_at, edge.removed_seq = event.at, seq
        world.changes.removed.append(edge)
        unit.bound.remove(role)
        if edge.child is not None:
            world.used_children.pop((edge.child, edge.part), None)
        if edge.own and edge.child is not None:
            child = world.touch(world.units[edge.child])
            child.state, child.parent = "complete", None
            world.inside.get(unit.serial, set()).discard(child.serial)
            moved(child, event.at)
    _owe_again(unit, release, event.roles)
    moved(unit, event.at)
    return Trail(unit.serial)


def _owe_again(unit: Unit, release: ReleasePackage, roles: tuple[str, ...]) -> None:
    owed = [step.number for step in release.steps if _binds(step, roles)]
    if not owed or owed[0] >= unit.next_step:
        return
    unit.next_step = owed[0]
    unit.arrived_at = None
    if unit.state == "complete":
        unit.state, unit.completed_at = "in_process", None


def _binds(step: Step, roles: tuple[str, ...]) -> bool:
    return any(part.role in roles for part in step.key_parts)
