"""Builds for tests of stage gates: a fresh product, and units of it that really went through the gate."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import msgspec

from floor import workshop as ws
from karkhana.design.release import ComplianceItem, ReleasePackage, Step, TestLimit
from karkhana.floor.stages.articles import Measured

NOVA = ReleasePackage(
    product="NOVA",
    revision="A",
    brand="ACME",
    segment="tablet",
    repair_limit=3,
    markets=("IN", "AE"),
    steps=(
        Step(1, "Glue", "GLU", "UnitsProcessed"),
        Step(2, "Final test", "FIN", "UnitsTested", tests=(
            TestLimit("power", "dBm", Decimal(10), Decimal("20.5")),)),
    ),
    compliance=(ComplianceItem("BIS-CRS", "Registration", certificate="R-41000000"),
                ComplianceItem("TEC", "Optional", required=False)),
)  # fmt: skip
GOOD = (Measured("power", Decimal("12.5"), Decimal(10), Decimal("20.5"), unit_of_measure="dBm"),
        Measured("scratches", Decimal(0), Decimal(0), Decimal(0)))  # fmt: skip


def set_up_nova(package: ReleasePackage = NOVA, agreement: str | None = None) -> None:
    """Release the product and set a line up for it; nothing is ordered."""
    from karkhana.design.models import Product, Revision
    from karkhana.design.operations import ensure_product, release_revision, set_agreement
    from karkhana.floor.setup import ensure_line, ensure_setup, ensure_station

    if not Product.objects.filter(code=package.product).exists():
        ensure_product(code=package.product, name="Nova", brand="ACME", segment=package.segment)
        ensure_line(code="L-NOVA", plant="NOIDA", kind="assembly", name="Nova line")
        for number, kind in enumerate(("GLU", "FIN"), start=1):
            ensure_station(code=f"{kind}-N", line="L-NOVA", station_type=kind, name=kind, sequence=number)
    if not Revision.objects.filter(product__code=package.product, code=package.revision).exists():
        release_revision(
            product_code=package.product, revision_code=package.revision, package=package, released_at=ws.DAY
        )
    ensure_setup(line="L-NOVA", product=package.product, revision=package.revision)
    if agreement:
        set_agreement(code=package.product, agreement=agreement, design_owner="joint")


def build(
    order: str, good: int, *, failing: int = 0, first: int = 1, start: dt.datetime | None = None
) -> list[str]:
    """Build units through the real gate; ``failing`` more fail the final test once and are repaired.

    Returns:
        What the gate answered to anything that it did not accept; empty when all went well.
    """
    from karkhana.floor.operations import record_events

    at = start or ws.DAY + dt.timedelta(hours=8)
    rows: list[tuple[str, str]] = []
    for number in range(first, first + good + failing):
        unit = f"{order}-{number:04d}"
        rows += [("GLU-N", f"start {unit} order {order}"), ("GLU-N", f"process {unit}")]
        if number >= first + good:
            rows += [("FIN-N", f"test {unit} failed"), ("REPAIR-1", f"repair {unit}")]
        rows += [("FIN-N", f"test {unit} power=12.5dBm")]
    lines = [ws.event(at.isoformat(), station, what) for station, what in rows]
    found: list[str] = []
    for chunk in range(0, len(lines), 500):
        outcomes = record_events(
            [json.dumps(line).encode() for line in lines[chunk : chunk + 500]], recorded_at=at
        )
        found += [o.refusal.code for o in outcomes if o.refusal]
    return found


def order(code: str, stage: str, quantity: int = 500, **more: Any) -> Any:
    """Make a work order as a person does."""
    from karkhana.floor.orders.operations import create_work_order

    wanted = {"product": "NOVA", "revision": "A", "market": "IN", "now": ws.NOW} | more
    return create_work_order(code=code, stage=stage, quantity=quantity, **wanted)


def first_article(serial: str, rows: tuple[Measured, ...] = GOOD, **more: Any) -> Any:
    """Record a first-article inspection."""
    from karkhana.floor.stages.articles import record_first_article

    wanted = {"product_code": "NOVA", "revision_code": "A", "reason": "First of its kind",
              "inspector": "Q-1", "now": ws.NOW} | more  # fmt: skip
    return record_first_article(serial=serial, characteristics=rows, **wanted)


def with_bad_reading(rows: tuple[Measured, ...] = GOOD) -> tuple[Measured, ...]:
    """The same characteristics with one that does not conform."""
    return (msgspec.structs.replace(rows[0], measured=Decimal("20.500000001")), *rows[1:])
