"""Builds a release package from a route and a bill of material.

Owns the rule that says at which step a line of the bill is consumed, so that a route file need not list
the bill again. It does not own what may be released: that is ``design.release.check_package``.

The rule. A step says ``materials`` as the name of a class, or as a list of part numbers:

* ``board``: bare boards (package ``PCB``).
* ``paste``: solder paste (package ``PASTE``); its quantity is shared equally by all steps that say so.
* ``placement``: every line with fitted designators. With one such step it takes all lines. With several,
  chips (packages 01005 to 1210) are dealt in turn to all but the last, and the last takes everything else.
* ``through-hole``: designators whose package begins with ``THT``; without such a step they are placement.
* ``packing``: package ``PACK``. ``assembly``: all other lines without designators, dealt in turn.

Lines named by a key part or by part number in another step are left out of the classes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from karkhana.design.bom import BomReport
from karkhana.design.release import (
    FirmwareRule,
    IdentityRule,
    KeyPart,
    PackPlan,
    PassedBy,
    ReleasePackage,
    Step,
    StepMaterial,
)

_CHIP = re.compile(r"(?<![0-9])(01005|0201|0402|0603|0805|1206|1210)(?![0-9])")
_CLASSES = {"PCB": "board", "PASTE": "paste", "PACK": "packing", "BULK": "bulk", "GLASS": "bulk"}


class PartLine(msgspec.Struct, frozen=True):
    """One fitted line of a bill, as much of it as a route needs."""

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


class RouteStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step as a route file says it; without a number, which is its place in the file."""

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


class ProductSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a product file says beside its route and its bill.

    Args:
        superseded: older revisions, built the same way, that may still be on the floor.
        serial_prefix, panel_prefix: first letters of serials that the simulated factory gives.
        trolley: letter of the feeder trolleys; products that share a line have different ones.
    """

    name: str
    brand: str
    segment: str
    revision: str
    serial_prefix: str
    panel_prefix: str = ""
    superseded: tuple[str, ...] = ()
    panel_positions: int = 1
    trolley: str = "A"
    repair_limit: int = 3
    pack: PackPlan = PackPlan()
    identity: tuple[IdentityRule, ...] = ()
    firmware: tuple[FirmwareRule, ...] = ()


def part_lines(report: BomReport) -> tuple[PartLine, ...]:
    """Return the fitted lines of a bill that was read, one per part number, in the order of the file."""
    rows = (
        (
            line.part_number or " ".join(filter(None, (line.value, line.package))) or f"LINE-{line.line}",
            line.package,
            Decimal(len(line.fitted_references)) if line.references else line.quantity,
            line.fitted_references,
            tuple(alternate for _, alternate in line.alternates),
            line.manufacturer,
        )
        for line in report.lines
        if line.fitted and line.kind != "artwork"
    )
    return merge_lines(rows)


def merge_lines(
    rows: Iterable[tuple[str, str, Decimal, Sequence[str], Sequence[str], str]],
) -> tuple[PartLine, ...]:
    """Join lines that name the same part: a feeder holds one part, whatever its lines are called."""
    merged: dict[str, PartLine] = {}
    for part, package, quantity, references, alternates, manufacturer in rows:
        code = " ".join(part.split())[:80]
        if quantity <= 0 or not code:
            continue
        known = merged.get(code)
        others = tuple(dict.fromkeys(a for text in alternates if (a := " ".join(text.split())[:80]) != code))
        if known is None:
            merged[code] = PartLine(code, package, quantity, tuple(references), others, manufacturer)
        else:
            merged[code] = PartLine(
                code, known.package, known.quantity + quantity, (*known.references, *references),
                tuple(dict.fromkeys((*known.alternates, *others))), known.manufacturer,
            )  # fmt: skip
    return tuple(merged.values())


def build_package(
    *, product: str, revision: str, spec: ProductSpec, route: Sequence[RouteStep], lines: Sequence[PartLine]
) -> tuple[ReleasePackage, tuple[PartLine, ...]]:
    """Join a route with a bill of material.

    Returns:
        The package, and the lines of the bill that no step consumes (an incomplete route).
    """
    taken, by_step = _deal(route, lines)
    steps = []
    slots: dict[tuple[str, str], str] = {}
    for number, step in enumerate(route, start=1):
        materials = tuple(
            StepMaterial(
                part=line.part,
                alternates=line.alternates,
                quantity=quantity,
                references=line.references,
                location=_slot(slots, step.station_type, line.part, spec.trolley),
            )
            for line, quantity in by_step[number]
        )
        steps.append(
            Step(
                number=number,
                name=step.name,
                station_type=step.station_type,
                passed_by=step.passed_by,
                skill=step.skill,
                materials=materials,
                key_parts=step.key_parts,
                identities=step.identities,
                firmware=step.firmware,
                reentry=step.reentry,
                cycle_time_ms=step.cycle_time_ms,
            )
        )
    package = ReleasePackage(
        product=product,
        revision=revision,
        brand=spec.brand,
        segment=spec.segment,
        steps=tuple(steps),
        panel_positions=spec.panel_positions,
        identities=spec.identity,
        firmware=spec.firmware,
        pack=spec.pack,
        repair_limit=spec.repair_limit,
    )
    return package, tuple(line for line in lines if line.part not in taken)


def _slot(slots: dict[tuple[str, str], str], station_type: str, part: str, trolley: str) -> str:
    """Give a part its feeder slot on a station type: the trolley's letter and a running number."""
    number = sum(1 for known, _ in slots if known == station_type) + 1
    return slots.setdefault((station_type, part), f"{trolley}{number:03d}")


def _deal(
    route: Sequence[RouteStep], lines: Sequence[PartLine]
) -> tuple[set[str], dict[int, list[tuple[PartLine, Decimal]]]]:
    """Say which lines each step consumes, by the rule at the head of this module."""
    by_part = {line.part: line for line in lines}
    taken = {part.part for step in route for part in step.key_parts}
    by_step: defaultdict[int, list[tuple[PartLine, Decimal]]] = defaultdict(list)
    wants: defaultdict[str, list[int]] = defaultdict(list)
    for number, step in enumerate(route, start=1):
        if isinstance(step.materials, str):
            wants[step.materials].append(number)
            continue
        for part in step.materials:
            if part in by_part:
                by_step[number].append((by_part[part], by_part[part].quantity))
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
