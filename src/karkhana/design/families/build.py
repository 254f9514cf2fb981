"""A product file as a plan: what the reference enterprise and the family templates are written in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from karkhana.design.plan import Plan, PlanStep
from karkhana.design.release import (
    ComplianceItem,
    FirmwareRule,
    IdentityRule,
    LabelRule,
    PackPlan,
)


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
    label: tuple[LabelRule, ...] = ()
    compliance: tuple[ComplianceItem, ...] = ()
    markets: tuple[str, ...] = ()


def numbered_steps(steps: Iterable[dict[str, Any]]) -> tuple[PlanStep, ...]:
    """Read the steps of a route file; a step without a number has its place in the file as number.

    Raises:
        msgspec.ValidationError: a step is not as it should be.
    """
    return tuple(
        msgspec.convert({"number": place} | step, PlanStep) for place, step in enumerate(steps, start=1)
    )


def product_plan(spec: ProductSpec, route: Sequence[PlanStep]) -> Plan:
    """Return a product file and its route as a plan."""
    return Plan(
        steps=tuple(route),
        panel_positions=spec.panel_positions,
        repair_limit=spec.repair_limit,
        trolley=spec.trolley,
        serial_prefix=spec.serial_prefix,
        panel_prefix=spec.panel_prefix,
        identities=spec.identity,
        firmware=spec.firmware,
        pack=spec.pack,
        labels=spec.label,
        compliance=spec.compliance,
        markets=spec.markets,
    )
