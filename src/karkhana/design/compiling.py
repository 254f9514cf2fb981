"""Compiles a plan and a bill of material into a release package.

Owns the rule that says at which step a line of the bill is consumed, so that a route need not list the bill
again. Pure. It does not own what may be released: that is ``design.release.check_package``.

The rule. A step says ``materials`` as the name of a class, or as a list of part numbers:

* ``board``: bare boards (package ``PCB``).
* ``paste``: solder paste (package ``PASTE``); its quantity is shared equally by all steps that say so.
* ``placement``: every line with fitted designators. With one such step it takes all lines. With several,
  chips (packages 01005 to 1210) are dealt in turn to all but the last, and the last takes everything else.
* ``through-hole``: designators whose package begins with ``THT``; without such a step they are placement.
* ``packing``: package ``PACK``. ``assembly``: all other lines without designators, dealt in turn.

Lines named by a key part or by part number in another step are left out of the classes. A part that several
steps name is shared equally by them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from karkhana.design.plan import Plan, PlanStep, Problem, route_problems, walk
from karkhana.design.release import BomItem, ReleasePackage, Step, StepMaterial, check_package

_CHIP = re.compile(r"(?<![0-9])(01005|0201|0402|0603|0805|1206|1210)(?![0-9])")
_CLASSES = {"PCB": "board", "PASTE": "paste", "PACK": "packing", "BULK": "bulk", "GLASS": "bulk"}
CLASSES = ("board", "paste", "placement", "through-hole", "packing", "assembly", "bulk")


class PartLine(msgspec.Struct, frozen=True):
    """One part of a bill, as much of it as a route needs; several lines of one part are one."""

    part: str
    package: str
    quantity: Decimal
    references: tuple[str, ...] = ()
    alternates: tuple[str, ...] = ()
    manufacturer: str = ""

    @property
    def material_class(self) -> str:
        """Which ``materials`` word of a route means this line."""
        if self.references:
            return "through-hole" if self.package.upper().startswith("THT") else "placement"
        return _CLASSES.get(self.package.upper(), "assembly")

    @property
    def is_chip(self) -> bool:
        """Whether a fast chip placer sets it."""
        return bool(_CHIP.search(self.package))


def part_code(item: BomItem) -> str:
    """Return what a line's part is called on reels: its number, or value and package where it has none."""
    return item.part or " ".join(filter(None, (item.value, item.package))) or f"LINE-{item.number}"


def part_lines(items: Iterable[BomItem]) -> tuple[PartLine, ...]:
    """Join the fitted lines of the same part: a feeder holds one part, whatever its lines are called."""
    merged: dict[str, PartLine] = {}
    for item in items:
        code = _printable(part_code(item))
        if item.quantity <= 0 or not code:
            continue
        others = tuple(dict.fromkeys(a for s in item.alternates if (a := _printable(s.part)) and a != code))
        known = merged.get(code)
        if known is None:
            merged[code] = PartLine(
                code, item.package, item.quantity, item.references, others, item.manufacturer
            )
        else:
            merged[code] = PartLine(
                code, known.package, known.quantity + item.quantity, (*known.references, *item.references),
                tuple(dict.fromkeys((*known.alternates, *others))), known.manufacturer,
            )  # fmt: skip
    return tuple(merged.values())


def _printable(text: str) -> str:
    return " ".join(text.split())[:80]


def compile_package(
    *,
    product: str,
    revision: str,
    brand: str,
    segment: str,
    plan: Plan,
    items: Sequence[BomItem],
    base: tuple[str, str] | None = None,
) -> tuple[ReleasePackage, tuple[PartLine, ...]]:
    """Join a plan with a bill of material.

    The route's steps are numbered 1, 2, 3 ... in the order in which they are walked; a route that cannot be
    walked gives no steps (``release_problems`` says why).

    Returns:
        The package, and the parts of the bill that no step consumes (an incomplete route).
    """
    route, _ = walk(plan.steps)
    places = {step.number: place for place, step in enumerate(route, start=1)}
    lines = part_lines(items)
    taken, by_step = _deal(route, lines)
    slots: dict[tuple[str, str], str] = {}
    counts: dict[str, int] = {}
    steps = []
    for number, step in enumerate(route, start=1):
        materials = tuple(
            StepMaterial(
                part=line.part,
                alternates=line.alternates,
                quantity=quantity,
                references=line.references,
                location=_slot(slots, counts, step.station_type, line.part, plan.trolley),
            )
            for line, quantity in by_step[number]
        )
        steps.append(_step(step, number, places, materials))
    package = ReleasePackage(
        product=product,
        revision=revision,
        brand=brand,
        segment=segment,
        steps=tuple(steps),
        panel_positions=plan.panel_positions,
        identities=plan.identities,
        firmware=plan.firmware,
        pack=plan.pack,
        repair_limit=plan.repair_limit,
        bom=tuple(items),
        labels=plan.labels,
        documents=plan.documents,
        compliance=plan.compliance,
        markets=plan.markets,
        base=base,
    )
    return package, tuple(line for line in lines if line.part not in taken)


def release_problems(package: ReleasePackage, unused: Sequence[PartLine], plan: Plan) -> tuple[Problem, ...]:
    """List everything that keeps a compiled plan from being released, by place."""
    found = list(route_problems(plan))
    if not found:
        route, _ = walk(plan.steps)
        found += [_placed(text, route) for text in check_package(package)]
    found += [
        Problem("bom", f"{line.part} is on the bill, but no step of the route consumes it.")
        for line in (unused[:20] if package.steps else ())  # a route that cannot be walked consumes nothing
    ]
    on_bill = {line.part: line.quantity for line in part_lines(package.bom)}
    found += _material_problems(plan, on_bill)
    bound = [part.part for step in plan.steps for part in step.key_parts]
    found += [
        Problem("bom", f"The route binds {part} {bound.count(part)} times, the bill has {on_bill[part]}.")
        for part in sorted(set(bound))
        if part in on_bill and on_bill[part] != bound.count(part)
    ]
    return tuple(found)


_PLACES = {
    "Identity": "identities", "Firmware": "firmware", "Label": "labels", "Document": "documents",
    "Compliance": "compliance", "Market": "markets", "Key": "route",
}  # fmt: skip


def _placed(text: str, route: Sequence[PlanStep]) -> Problem:
    """Say where in the draft a problem of its package lies; steps have the numbers that people gave them."""
    first, _, rest = text.partition(" ")
    number = re.match(r"[0-9]+", rest)
    if first == "Step" and number and 1 <= int(number[0]) <= len(route):
        said = route[int(number[0]) - 1].number
        return Problem(f"route.step {said}", f"Step {said}{rest[number.end() :]}")
    if first == "Line" and number:
        return Problem(f"bom.line {number[0]}", text)
    return Problem(_PLACES.get(first, "release"), text)


def _material_problems(plan: Plan, on_bill: Mapping[str, Decimal]) -> list[Problem]:
    """Materials that name neither a class of lines nor a part of the bill."""
    found = []
    for step in plan.steps:
        here = f"Step {step.number} ({step.name})"
        if isinstance(step.materials, str):
            if step.materials and step.materials not in CLASSES:
                text = f"{here} consumes {step.materials[:40]!r}; there are {', '.join(CLASSES)}."
                found.append(Problem(f"route.step {step.number}", text))
            continue
        found += [
            Problem(f"route.step {step.number}", f"{here} consumes {part}, which is not on the bill.")
            for part in step.materials
            if part not in on_bill
        ]
    return found


def _step(step: PlanStep, number: int, places: dict[int, int], materials: tuple[StepMaterial, ...]) -> Step:
    return Step(
        number=number,
        name=step.name,
        station_type=step.station_type,
        passed_by=step.passed_by,
        skill=step.skill,
        materials=materials,
        key_parts=step.key_parts,
        identities=step.identities,
        firmware=step.firmware,
        reentry=None if step.reentry is None else places.get(step.reentry, number),
        cycle_time_ms=step.cycle_time_ms,
        tests=step.tests,
    )


def _slot(
    slots: dict[tuple[str, str], str], counts: dict[str, int], station_type: str, part: str, trolley: str
) -> str:
    """Give a part its feeder slot on a station type: the trolley's letter and a running number."""
    if (known := slots.get((station_type, part))) is None:
        counts[station_type] = number = counts.get(station_type, 0) + 1
        known = slots[station_type, part] = f"{trolley}{number:03d}"
    return known


def _deal(
    route: Sequence[PlanStep], lines: Sequence[PartLine]
) -> tuple[set[str], dict[int, list[tuple[PartLine, Decimal]]]]:
    """Say which lines each step consumes, by the rule at the head of this module."""
    by_part = {line.part: line for line in lines}
    taken = {part.part for step in route for part in step.key_parts}
    by_step: defaultdict[int, list[tuple[PartLine, Decimal]]] = defaultdict(list)
    wants: defaultdict[str, list[int]] = defaultdict(list)
    named = Counter(
        part for step in route if not isinstance(step.materials, str) for part in set(step.materials)
    )
    for number, step in enumerate(route, start=1):
        if isinstance(step.materials, str):
            wants[step.materials].append(number)
            continue
        for part in dict.fromkeys(step.materials):
            if part in by_part:
                share = by_part[part].quantity / named[part]
                by_step[number].append((by_part[part], share))
            taken.add(part)
    groups: defaultdict[str, list[PartLine]] = defaultdict(list)
    for line in lines:
        if line.part in taken:
            continue
        word = line.material_class
        if word == "through-hole" and not wants[word]:
            word = "placement"
        groups[word].append(line)
    for word, numbers in wants.items():
        if numbers:
            _share(groups[word], numbers, word, by_step)
            taken.update(line.part for line in groups[word])
    return taken, by_step


def _share(
    lines: Sequence[PartLine],
    numbers: Sequence[int],
    word: str,
    by_step: dict[int, list[tuple[PartLine, Decimal]]],
) -> None:
    """Share one class of lines among the steps that ask for it."""
    if word == "paste":
        for number in numbers:
            by_step[number] += [(line, line.quantity / len(numbers)) for line in lines]
        return
    turn = 0
    for line in lines:
        if word == "placement" and len(numbers) > 1 and not line.is_chip:
            by_step[numbers[-1]].append((line, line.quantity))
            continue
        dealt = numbers[:-1] if word == "placement" and len(numbers) > 1 else numbers
        by_step[dealt[turn % len(dealt)]].append((line, line.quantity))
        turn += 1
