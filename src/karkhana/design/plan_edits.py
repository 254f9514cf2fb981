"""Changes of a draft's route, step by step: put, insert, drop, move, renumber. Pure.

A step is named by its place in ``Plan.steps``, counted from 0, which is unambiguous even while two steps have
one number. Steps that name others (``next``, ``reentry``) go on naming the same steps.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from karkhana.design.plan import END, Plan, PlanStep, walk
from karkhana.kernel.refusals import refuse

GAP = 10
NEW_STEP = PlanStep(number=0, name="", station_type="", passed_by="UnitsProcessed")


def shown_order(plan: Plan) -> tuple[int, ...]:
    """Return the places of all steps as the route is walked, then those that it never reaches, by number."""
    places = {step.number: place for place, step in enumerate(plan.steps)}
    walked = [places[step.number] for step in walk(plan.steps)[0]]
    rest = sorted(
        set(range(len(plan.steps))) - set(walked), key=lambda place: (plan.steps[place].number, place)
    )
    return (*walked, *rest)


def step_at(plan: Plan, place: int) -> PlanStep:
    """Return a step by its place.

    Raises:
        Refused: ``plan.step_unknown``.
    """
    if not 0 <= place < len(plan.steps):
        raise refuse(
            "plan.step_unknown",
            "The route has no step at place {place}.",
            "Look at the route again.",
            place=place,
        )
    return plan.steps[place]


def put_step(plan: Plan, place: int, step: PlanStep) -> Plan:
    """Put a changed step in place of another; steps that name it by its number follow a new number.

    Raises:
        Refused: ``plan.step_unknown``.
    """
    old = step_at(plan, place)
    names = {old.number: step.number} if old.number != step.number and _only(plan, old.number) else {}
    steps = [step if where == place else _renamed(other, names) for where, other in enumerate(plan.steps)]
    return msgspec.structs.replace(plan, steps=tuple(steps))


def insert_step(plan: Plan, place: int | None, step: PlanStep = NEW_STEP) -> tuple[Plan, int]:
    """Put a new step behind another, or before all others; its number is found between its neighbours.

    Args:
        place: of the step that it follows; None puts it first.

    Returns:
        The plan and the place of the new step.

    Raises:
        Refused: ``plan.step_unknown``.
    """
    if place is not None:
        step_at(plan, place)
    order = list(shown_order(plan))
    straight = _straight(plan)
    at = 0 if place is None else order.index(place) + 1
    low = plan.steps[order[at - 1]].number if at else 0
    high = plan.steps[order[at]].number if at < len(order) else low + 2 * GAP
    taken = {other.number for other in plan.steps}
    number = low + GAP if high > low + GAP else (low + high) // 2
    fits = low < number < high and number not in taken and straight == plan
    new = msgspec.structs.replace(step, number=number if fits else 0)
    grown = msgspec.structs.replace(straight, steps=(*straight.steps, new))
    order.insert(at, len(plan.steps))
    if not fits:
        return renumber(grown, order), at
    return grown, len(plan.steps)


def drop_step(plan: Plan, place: int) -> Plan:
    """Take a step out; the route goes on from the step before it to the step behind it.

    Raises:
        Refused: ``plan.step_unknown``.
    """
    gone = step_at(plan, place)
    steps = [step for where, step in enumerate(plan.steps) if where != place]
    if _only(plan, gone.number):
        steps = [
            msgspec.structs.replace(
                step,
                next=gone.next if step.next == gone.number else step.next,
                reentry=None if step.reentry == gone.number else step.reentry,
            )
            for step in steps
        ]
    return msgspec.structs.replace(plan, steps=tuple(steps))


def move_step(plan: Plan, place: int, to: int) -> Plan:
    """Move a step to another place of the shown order, counted from 0; the route is numbered anew.

    Raises:
        Refused: ``plan.step_unknown``.
    """
    step_at(plan, place)
    order = [other for other in shown_order(plan) if other != place]
    order.insert(max(0, min(to, len(order))), place)
    return renumber(_straight(plan), order)


def renumber(plan: Plan, order: Sequence[int] | None = None) -> Plan:
    """Number the steps 10, 20, 30 … in an order of their places, the shown one if none is given."""
    order = shown_order(plan) if order is None else order
    fresh = {place: (where + 1) * GAP for where, place in enumerate(order)}
    names = {step.number: fresh[place] for place, step in enumerate(plan.steps) if _only(plan, step.number)}
    steps = [
        msgspec.structs.replace(_renamed(plan.steps[place], names), number=fresh[place]) for place in order
    ]
    return msgspec.structs.replace(plan, steps=tuple(steps))


def _straight(plan: Plan) -> Plan:
    """Let every step go on to the next higher number, which says the same once the order is numbered."""
    steps = tuple(msgspec.structs.replace(step, next=None) for step in plan.steps)
    return msgspec.structs.replace(plan, steps=steps)


def _only(plan: Plan, number: int) -> bool:
    return sum(step.number == number for step in plan.steps) == 1


def _renamed(step: PlanStep, names: dict[int, int]) -> PlanStep:
    """Let a step name others by their new numbers; ``END`` stays the end."""
    after = step.next
    if after is not None and after != END:
        after = names.get(after, after)
    back = None if step.reentry is None else names.get(step.reentry, step.reentry)
    return msgspec.structs.replace(step, next=after, reentry=back)
