"""The release package: everything that the gate may know about how a product is built.

Owns a released revision as one immutable document with a content hash over everything in it. The gate reads
nothing but this. It does not own drafts (``design.plan``), approvals or tables (``design.models``).

Source: DESIGN section 3, ideas 2 and 3.
"""

from __future__ import annotations

import hashlib
from functools import cached_property

import msgspec

from karkhana.design.release.parts import (
    BomItem,
    ComplianceItem,
    Document,
    FirmwareRule,
    IdentityRule,
    LabelRule,
    PackPlan,
    Step,
)


class ReleasePackage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A released revision of a product.

    Args:
        product, revision, brand: codes; one brand owns a product.
        segment: phone, tablet, laptop, hearable, wearable, telecom, iot, meter, automotive or subassembly.
        panel_positions: boards on one panel; above 1 the route starts on panels until a
            ``TransformationEvent`` step takes the boards out of them.
        repair_limit: repairs allowed per unit; one more is refused.
        bom: the whole bill of material; what a step consumes of it stands in the step.
        markets: ISO 3166-1 alpha-2 codes of the countries that it is released for; empty means all.
        base: (product, revision) that this one is a variant of.
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
    bom: tuple[BomItem, ...] = ()
    labels: tuple[LabelRule, ...] = ()
    documents: tuple[Document, ...] = ()
    compliance: tuple[ComplianceItem, ...] = ()
    markets: tuple[str, ...] = ()
    base: tuple[str, str] | None = None

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
    def firmware_rules(self) -> dict[str, tuple[FirmwareRule, ...]]:
        """Firmware rules by target; more than one where markets have images of their own."""
        found: dict[str, tuple[FirmwareRule, ...]] = {}
        for rule in self.firmware:
            found[rule.target] = (*found.get(rule.target, ()), rule)
        return found

    @property
    def last_step(self) -> int:
        """Number of the last step; a unit whose next step lies beyond it is complete."""
        return len(self.steps)

    def step(self, number: int) -> Step | None:
        """Return the step of a number, None beyond the end of the route."""
        return self.steps[number - 1] if 1 <= number <= len(self.steps) else None


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
