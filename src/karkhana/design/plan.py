"""The plan of a revision while it is a draft: its route as people number it, and everything beside the bill.

Owns the draft's shape, the order in which its route is walked and what is wrong with it, by place. Pure. A
plan and a bill compile into a release package (``design.compiling``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec

from karkhana.design.release import (
    ComplianceItem,
    Document,
    FirmwareRule,
    IdentityRule,
    KeyPart,
    LabelRule,
    PackPlan,
    PassedBy,
    TestLimit,
)

STEP_MAX, NUMBER_MAX, CYCLE_TIME_MAX = 200, 1_000_000, 31 * 86_400_000
END = 0
"""The ``next`` of a step behind which the route ends."""


class PlanStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a draft's route.

    Args:
        number: as people call it, 10, 20, 30 ...; unique in the route, above 0.
        materials: class of the bill's lines that are consumed here (``design.compiling``), or part numbers.
        reentry: number of the step to go back to after a repair; None means this one.
        next: number of the step that follows; None means the next higher number, ``END`` the end.
    """

    number: int
    name: str
    station_type: str
    passed_by: PassedBy
    skill: str | None = None
    materials: str | tuple[str, ...] = ()
    key_parts: tuple[KeyPart, ...] = ()
    identities: tuple[str, ...] = ()
    firmware: tuple[str, ...] = ()
    reentry: int | None = None
    cycle_time_ms: int = 0
    tests: tuple[TestLimit, ...] = ()
    next: int | None = None


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything of a draft but its bill of material.

    Args:
        trolley: letter of the feeder trolleys; products that share a line have different ones.
        serial_prefix, panel_prefix: first letters of the process serials, a hint for label printing.
        Else as in ``design.release.ReleasePackage``.
    """

    steps: tuple[PlanStep, ...] = ()
    panel_positions: int = 1
    repair_limit: int = 3
    trolley: str = "A"
    serial_prefix: str = ""
    panel_prefix: str = ""
    identities: tuple[IdentityRule, ...] = ()
    firmware: tuple[FirmwareRule, ...] = ()
    pack: PackPlan = PackPlan()
    labels: tuple[LabelRule, ...] = ()
    documents: tuple[Document, ...] = ()
    compliance: tuple[ComplianceItem, ...] = ()
    markets: tuple[str, ...] = ()


class Problem(msgspec.Struct, frozen=True):
    """What is wrong and where: ``place`` names a part of the draft, such as ``route.step 30``."""

    place: str
    text: str


def walk(steps: Sequence[PlanStep]) -> tuple[tuple[PlanStep, ...], tuple[Problem, ...]]:
    """Walk a route from its lowest number to its end.

    Returns:
        The steps in the order in which they are passed, and what is wrong with the way: two steps with one
        number, a next step that is not there, a way that never ends, steps that are never reached.
    """
    problems = [
        Problem(f"route.step {number}", f"{count} steps have the number {number}.")
        for number, count in Counter(step.number for step in steps).items()
        if count > 1
    ]
    problems += [
        Problem(f"route.step {step.number}", f"A step's number is 1 to {NUMBER_MAX}, not {step.number}.")
        for step in steps
        if not 0 < step.number <= NUMBER_MAX
    ]
    if problems or not steps:
        return (), tuple(problems)
    by_number = {step.number: step for step in sorted(steps, key=lambda step: step.number)}
    numbers = list(by_number)
    higher = dict(pairwise(numbers))
    order: list[PlanStep] = []
    seen: set[int] = set()
    at: int | None = numbers[0]
    while at is not None:
        step = by_number[at]
        order.append(step)
        seen.add(at)
        after = _after(step, higher)
        if after is not None and after not in by_number:
            text = f"Step {at} ({step.name}) goes on to step {after}, which is not there."
            problems.append(Problem(f"route.step {at}", text))
            break
        if after in seen:
            text = f"The route never ends: step {at} ({step.name}) goes back to step {after}."
            problems.append(Problem(f"route.step {at}", text))
            break
        at = after
    problems += [
        Problem(f"route.step {number}", f"Step {number} ({by_number[number].name}) is never reached.")
        for number in numbers
        if number not in seen
    ]
    return tuple(order), tuple(problems)


def _after(step: PlanStep, higher: Mapping[int, int]) -> int | None:
    if step.next is None:
        return higher.get(step.number)
    return None if step.next == END else step.next


def route_problems(plan: Plan) -> tuple[Problem, ...]:
    """List what is wrong with a plan's route, by step number."""
    if not plan.steps:
        return (Problem("route", "The route has no steps."),)
    if len(plan.steps) > STEP_MAX:
        return (Problem("route", f"The route has {len(plan.steps)} steps; {STEP_MAX} are allowed."),)
    order, problems = walk(plan.steps)
    if problems:
        return problems
    places = {step.number: place for place, step in enumerate(order)}
    found = []
    for place, step in enumerate(order):
        here = f"route.step {step.number}"
        if step.reentry is not None and places.get(step.reentry, place + 1) > place:
            text = f"Step {step.number} ({step.name}) re-enters at {step.reentry}, which is not before it."
            found.append(Problem(here, text))
        if not step.name.strip():
            found.append(Problem(here, f"Step {step.number} has no name."))
        if not step.station_type.strip():
            found.append(Problem(here, f"Step {step.number} ({step.name}) has no station type."))
        if not 0 <= step.cycle_time_ms <= CYCLE_TIME_MAX:
            text = f"Step {step.number} ({step.name}) has a cycle time below 0 or above 31 days."
            found.append(Problem(here, text))
    return tuple(found)


def encode_plan(plan: Plan) -> str:
    """Return the JSON text of a plan as it is stored."""
    return msgspec.json.encode(plan).decode()


def decode_plan(text: str) -> Plan:
    """Read a plan back.

    Raises:
        msgspec.ValidationError: the text is no plan; the message names the field.
    """
    return msgspec.json.decode(text, type=Plan)
