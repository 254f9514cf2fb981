"""The release package: everything that the gate may know about how a product is built.

Owns the shape of a released revision as one immutable document with a content hash. The gate reads
nothing but this. It does not own drafts, approvals or tables (``design.models``).

Source: DESIGN section 3, ideas 2 and 3; step results and event names after IPC-CFX (IPC-2591).
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from functools import cached_property
from typing import Literal

import msgspec

from karkhana.kernel.identities import SCHEMES

PACK_MAX = 2000
"""Children of one container: what one packing event may name."""

PassedBy = Literal[
    "UnitsProcessed",
    "UnitsTested",
    "UnitsInspected",
    "MaterialsInstalled",
    "UnitsPersonalized",
    "UnitsDeparted",
    "TransformationEvent",
    "AggregationEvent",
]
"""Which event passes a step. The event's own content decides whether it passes or fails."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    part: str
    alternates: tuple[str, ...] = ()

    def allows(self, part: str) -> bool:
        """Say whether a part number is the released part or one of its approved alternates."""
        return part == self.part or part in self.alternates


class StepMaterial(_Part, frozen=True, forbid_unknown_fields=True):
    """A bulk part consumed at a step, from whatever reel or tray is loaded on the station then.

    Args:
        part: released part number; ``alternates`` are approved in its place.
        quantity: pieces per unit (per board, not per panel); > 0.
        references: reference designators that it goes to, may be empty for bulk such as paste.
        location: feeder slot of the set-up sheet, or None where any slot will do.
    """

    quantity: Decimal = Decimal(1)
    references: tuple[str, ...] = ()
    location: str | None = None


class KeyPart(_Part, frozen=True, forbid_unknown_fields=True):
    """A part that is bound to one unit by a scan.

    Args:
        role: what it is in this product, unique in the release: ``display``, ``battery``, ``mainboard``.
        serialised: each piece has its own serial number; False means that only its lot is scanned.
        product: product code when the part is a sub-assembly built here, whose own route must be passed.
    """

    role: str = msgspec.field(default="")
    serialised: bool = True
    product: str | None = None


class IdentityRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One identity that a unit of this product carries.

    Args:
        kind: name in this product, unique in the release: ``imei1``, ``wifi_mac``, ``product_serial``.
        scheme: how it is checked and where it must be unique; see ``kernel.identities.SCHEMES``.
        first, last: allowed range, inclusive, compared as normalised text of equal length; None is open.
        pattern: full-match regular expression, for the scheme ``serial``.
    """

    kind: str
    scheme: str
    first: str | None = None
    last: str | None = None
    pattern: str | None = None


class FirmwareRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The one firmware image released for a target in this product, e.g. target ``main`` or ``modem``."""

    target: str
    version: str
    sha256: str


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a route.

    Args:
        number: 1, 2, 3 ... without gaps; the route is walked in this order.
        name: what operators call it.
        station_type: which stations can do it, e.g. ``SPI``, ``AOI``, ``ICT``; a station has one type.
        passed_by: the event that passes the step.
        skill: certificate that the actor needs, None when any actor will do.
        identities, firmware: kinds and targets that are written here (``UnitsPersonalized``).
        reentry: step to go back to after a repair of a failure found here; None means this one.
        cycle_time_ms: planned time of one unit or panel at the station.
    """

    number: int
    name: str
    station_type: str
    passed_by: PassedBy
    skill: str | None = None
    materials: tuple[StepMaterial, ...] = ()
    key_parts: tuple[KeyPart, ...] = ()
    identities: tuple[str, ...] = ()
    firmware: tuple[str, ...] = ()
    reentry: int | None = None
    cycle_time_ms: int = 0


class PackPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many fit: units in a box, boxes in a carton, cartons on a pallet. GTIN-13 or -14 of the unit."""

    units_per_box: int = 1
    boxes_per_carton: int = 20
    cartons_per_pallet: int = 40
    gtin: str | None = None


class ReleasePackage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A released revision of a product.

    Args:
        product, revision, brand: codes; one brand owns a product.
        segment: phone, tablet, laptop, hearable, wearable, telecom, iot, meter, automotive or subassembly.
        panel_positions: boards on one panel; above 1 the route starts on panels until a
            ``TransformationEvent`` step takes the boards out of them.
        repair_limit: repairs allowed per unit; one more is refused.
    """

    product: str
    revision: str
    brand: str
    segment: str
    steps: tuple[Step, ...]
    panel_positions: int = 1
    identities: tuple[IdentityRule, ...] = ()
    firmware: tuple[FirmwareRule, ...] = ()
    pack: PackPlan = PackPlan()
    repair_limit: int = 3

    @cached_property
    def steps_by_station_type(self) -> dict[str, tuple[int, ...]]:
        """Step numbers that each station type does, ascending."""
        found: dict[str, tuple[int, ...]] = {}
        for step in self.steps:
            found[step.station_type] = (*found.get(step.station_type, ()), step.number)
        return found

    @cached_property
    def identity_rules(self) -> dict[str, IdentityRule]:
        """Identity rules by kind."""
        return {rule.kind: rule for rule in self.identities}

    @cached_property
    def firmware_rules(self) -> dict[str, FirmwareRule]:
        """Firmware rules by target."""
        return {rule.target: rule for rule in self.firmware}

    @property
    def last_step(self) -> int:
        """Number of the last step; a unit whose next step lies beyond it is complete."""
        return len(self.steps)

    def step(self, number: int) -> Step | None:
        """Return the step of a number, None beyond the end of the route."""
        return self.steps[number - 1] if 1 <= number <= len(self.steps) else None


def check_package(package: ReleasePackage) -> tuple[str, ...]:
    """List what is wrong with a package, as sentences that name the place; empty when it can be released."""
    problems = [*_route_problems(package), *_reference_problems(package)]
    if not 1 <= package.panel_positions <= 60:
        problems.append(f"panel_positions is {package.panel_positions}; it must be 1 to 60.")
    if package.repair_limit < 0:
        problems.append("repair_limit must not be negative.")
    return tuple(problems)


def _route_problems(package: ReleasePackage) -> list[str]:
    if not package.steps:
        return ["The route has no steps."]
    problems = []
    for expected, step in enumerate(package.steps, start=1):
        if step.number != expected:
            problems.append(f"Step {step.number} ({step.name}) stands where step {expected} should.")
        if step.reentry is not None and not 1 <= step.reentry <= step.number:
            problems.append(f"Step {step.number} re-enters at {step.reentry}, which is not before it.")
        if step.passed_by == "MaterialsInstalled" and not step.key_parts:
            problems.append(f"Step {step.number} ({step.name}) binds key parts but names none.")
        if step.passed_by == "UnitsPersonalized" and not (step.identities or step.firmware):
            problems.append(f"Step {step.number} ({step.name}) personalises but names nothing to write.")
        problems += [
            f"Step {step.number}: quantity of {material.part} must be above 0."
            for material in step.materials
            if material.quantity <= 0
        ]
        problems += [
            f"Step {step.number}: {part.part} is its own alternate."
            for part in (*step.materials, *step.key_parts)
            if part.part in part.alternates
        ]
        if step.passed_by == "AggregationEvent" and step.materials:
            problems.append(f"Step {step.number} ({step.name}) packs; material cannot be consumed there.")
    depanels = sum(step.passed_by == "TransformationEvent" for step in package.steps)
    if package.panel_positions > 1 and depanels != 1:
        problems.append("A product built on panels needs exactly one TransformationEvent step.")
    return problems


def _reference_problems(package: ReleasePackage) -> list[str]:
    problems = []
    roles = [part.role for step in package.steps for part in step.key_parts]
    problems += [f"Key part role {role!r} stands twice." for role in {r for r in roles if roles.count(r) > 1}]
    problems += ["A key part has no role." for role in roles if not role]
    problems += [
        f"Identity {rule.kind!r} has the scheme {rule.scheme!r}; there are {', '.join(SCHEMES)}."
        for rule in package.identities
        if rule.scheme not in SCHEMES
    ]
    problems += [
        f"Key part {part.role!r} is built here, so each has its own serial number: serialised must be true."
        for step in package.steps
        for part in step.key_parts
        if part.product is not None and not part.serialised
    ]
    problems += [
        f"Firmware target {rule.target!r} must not contain an equals sign."
        for rule in package.firmware
        if "=" in rule.target
    ]
    problems += _pack_problems(package.pack)
    for step in package.steps:
        problems += [
            f"Step {step.number} writes identity {kind!r}, which the identity plan does not have."
            for kind in step.identities
            if kind not in package.identity_rules
        ]
        problems += [
            f"Step {step.number} writes firmware {target!r}, which has no released image."
            for target in step.firmware
            if target not in package.firmware_rules
        ]
    return problems


def _pack_problems(pack: PackPlan) -> list[str]:
    sizes = {
        "units_per_box": pack.units_per_box,
        "boxes_per_carton": pack.boxes_per_carton,
        "cartons_per_pallet": pack.cartons_per_pallet,
    }
    return [
        f"{name} is {size}; it must be 1 to {PACK_MAX}."
        for name, size in sizes.items()
        if not 1 <= size <= PACK_MAX
    ]


def encode_package(package: ReleasePackage) -> bytes:
    """Return the canonical JSON bytes of a package: fields in the order of this module, no white space."""
    return msgspec.json.encode(package)


def decode_package(data: bytes | str) -> ReleasePackage:
    """Read a package back from its stored JSON.

    Raises:
        msgspec.ValidationError: the document is not a package; stored ones always are.
    """
    return msgspec.json.decode(data, type=ReleasePackage)


def package_hash(data: bytes) -> str:
    """Return the content hash of the canonical bytes: SHA-256, lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()
