"""Holds: nothing may be done with a unit, lot, work order or what carries a firmware until released."""

from __future__ import annotations

from karkhana.floor.rules.refusals import no
from karkhana.floor.rules.world import Trail, World
from karkhana.kernel.refusals import Refusal
from karkhana.ledger import events as ev
from karkhana.ledger.state import Hold


def check_hold(world: World, event: ev.HoldPlaced) -> Refusal | None:
    """Refuse a hold twice, or on what is not there."""
    if event.hold in world.holds:
        return no("hold.exists", hold=event.hold)
    if event.scope == "unit" and event.target not in world.units:
        return no("unit.unknown", unit=event.target)
    if event.scope == "lot" and event.target not in world.lots:
        return no("lot.unknown", lot=event.target)
    if event.scope == "work_order" and event.target not in world.reference.work_orders:
        return no("work_order.unknown", work_order=event.target)
    if event.scope == "firmware" and event.target not in world.reference.firmware_names:
        return no("firmware.unknown", firmware=event.target)
    return None


def apply_hold(world: World, event: ev.HoldPlaced, seq: int) -> Trail:
    """Hold a target. A unit inside other units holds them too: none of them may go on with it.

    Firmware is held by its name alone: whatever carries it is found when it is scanned (``gate.check_held``).
    """
    members: list[str] = []
    if event.scope == "unit":
        members = _with_outer_units(world, event.target)
        for serial in members:
            world.touch(world.units[serial]).holds += 1
    else:
        _held(world, event.scope).add(event.target)
    hold = Hold(event.hold, event.scope, event.target, event.reason, event.at, tuple(members))
    world.holds[event.hold] = hold
    world.changes.holds.append(hold)
    return Trail(event.target)


def _held(world: World, scope: str) -> set[str]:
    """Return the targets of a scope that are held as such, not unit by unit."""
    held = {"lot": world.held_lots, "work_order": world.held_work_orders, "firmware": world.held_firmware}
    return held.get(scope, set())


def _with_outer_units(world: World, serial: str) -> list[str]:
    members = [serial]
    parent = world.units[serial].parent
    while parent is not None and world.units[parent].kind != "container":
        members.append(parent)
        parent = world.units[parent].parent
    return members


def check_release(world: World, event: ev.HoldReleased) -> Refusal | None:
    """Refuse to release what is not held."""
    hold = world.holds.get(event.hold)
    if hold is None or hold.released_at is not None:
        return no("hold.unknown", hold=event.hold)
    return None


def apply_release(world: World, event: ev.HoldReleased, seq: int) -> Trail:
    """End a hold. What another hold still covers stays held."""
    hold = world.holds[event.hold]
    hold.released_at, hold.release_reason = event.at, event.reason
    world.changes.releases.append(hold)
    for serial in hold.members:
        world.touch(world.units[serial]).holds -= 1
    still = {h.target for h in world.holds.values() if h.released_at is None and h.scope == hold.scope}
    if hold.target not in still:
        _held(world, hold.scope).discard(hold.target)
    return Trail(hold.target)
