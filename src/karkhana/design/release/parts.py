"""The parts of a release package: steps, key parts, identities, firmware, bill, labels, documents.

Owns the shape of each part. Source: step results and event names after IPC-CFX (IPC-2591).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

PACK_MAX = 2000
"""Children of one container: what one packing event may name."""

TEMPLATED = ("serial", "meter", "bpan", "vin")
"""Schemes whose numbers a maker composes, so that an identity may have a template."""

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
        revisions: revisions of that sub-assembly that may go in; empty means any released one.
    """

    role: str = msgspec.field(default="")
    serialised: bool = True
    product: str | None = None
    revisions: tuple[str, ...] = ()


class IdentityRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One identity that a unit of this product carries.

    Args:
        kind: name in this product, unique in the release: ``imei1``, ``wifi_mac``, ``product_serial``.
        scheme: how it is checked and where it must be unique; see ``kernel.identities.SCHEMES``.
        first, last: allowed range, inclusive, compared as normalised text of equal length; None is open.
        pattern: full-match regular expression, for the scheme ``serial``.
        template: how the number is composed (``kernel.templates``), for the schemes ``TEMPLATED``.
    """

    kind: str
    scheme: str
    first: str | None = None
    last: str | None = None
    pattern: str | None = None
    template: str | None = None


class FirmwareRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A firmware image released for a target in this product, e.g. target ``main`` or ``modem``.

    Args:
        sha256: of the image, lower-case hexadecimal.
        markets: ISO 3166-1 alpha-2 codes of the countries that it may be shipped to; empty means all. A
            target may have several images as long as no market has two.
    """

    target: str
    version: str
    sha256: str
    markets: tuple[str, ...] = ()


class TestLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One measurement that a test step must report, with the limits that it was released with.

    Args:
        name: as the tester reports it, unique in the step.
        low, high: inclusive; None is open.
        required: False means that it may be missing, but holds where it is reported.
    """

    __test__ = False  # not a test class, whatever its name says to pytest

    name: str
    unit_of_measure: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    required: bool = True


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
        tests: measurements with limits, of a step passed by ``UnitsTested`` or ``UnitsInspected``.
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
    tests: tuple[TestLimit, ...] = ()


class PackPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many fit: units in a box, boxes in a carton, cartons on a pallet. GTIN-13 or -14 of the unit."""

    units_per_box: int = 1
    boxes_per_carton: int = 20
    cartons_per_pallet: int = 40
    gtin: str | None = None


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A manufacturer's part that may be used in place of a line's own."""

    manufacturer: str
    part: str


class BomItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the released bill of material.

    Args:
        number: of the line, unique in the bill.
        quantity: pieces per unit; 0 only where nothing is fitted.
        references: fitted designators; ``not_fitted`` are drawn but stay empty.
        alternates: approved in place of the part, best first.
        approved_manufacturers: makers of the part itself that are approved; empty means its own maker.
        assembly: (product, revision) when the line is a sub-assembly with a bill of its own.
    """

    number: int
    part: str
    manufacturer: str = ""
    description: str = ""
    value: str = ""
    package: str = ""
    quantity: Decimal = Decimal(0)
    references: tuple[str, ...] = ()
    not_fitted: tuple[str, ...] = ()
    mechanical: bool = False
    alternates: tuple[Source, ...] = ()
    approved_manufacturers: tuple[str, ...] = ()
    assembly: tuple[str, str] | None = None

    @property
    def fitted(self) -> bool:
        """Whether a unit has any of it."""
        return self.quantity > 0


class LabelRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A label of the label set.

    Args:
        name: unique in the set; ``level`` says what it goes on.
        symbology: ``datamatrix``, ``qr``, ``code128``, ``gs1-128``, ``gs1-datamatrix`` or ``text``.
        content: text with identity kinds in braces, such as ``(01){gtin}(21){product_serial}``, or
            ``product``, ``revision``, ``brand``, ``serial``, ``gtin``, ``sscc``, ``quantity``, ``batch``.
    """

    name: str
    level: Literal["unit", "box", "carton", "pallet"] = "unit"
    symbology: Literal["datamatrix", "qr", "code128", "gs1-128", "gs1-datamatrix", "text"] = "datamatrix"
    content: str = ""
    width_mm: Decimal = Decimal(30)
    height_mm: Decimal = Decimal(10)


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A drawing, instruction or certificate that belongs to the revision, by the SHA-256 of its content."""

    name: str
    kind: str
    sha256: str
    size: int = 0


class ComplianceItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One approval or mark that the product needs before it may be sold.

    Args:
        code: short name, unique in the list: ``BIS-CRS``, ``WPC-ETA``.
        authority: who grants it; ``source`` names the rule and its date.
        certificate: number of what was granted, empty while it is open; ``evidence`` the SHA-256 of its file.
    """

    code: str
    title: str
    authority: str = ""
    source: str = ""
    required: bool = True
    certificate: str = ""
    evidence: str | None = None
