"""Reads of the gates: which a product is through, which comes next, and the log."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from django.db import connection

from karkhana.design.models import Product, StageCriteria, StageGate
from karkhana.design.models.stages import ADOPTED, PASSED, REVOKED
from karkhana.design.stages import GATES, STAGES
from karkhana.design.stages.reading import group_of
from karkhana.design.stages.rules import Criteria, stricter


def missing_gate(product_id: int, stage: str) -> str | None:
    """Return the first gate before a stage that a product is not through; None when it may be built there.

    Asks the same function of the database that its own guard asks.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT design_stage_missing(%s, %s)", [product_id, stage])
        row = cursor.fetchone()
    return row[0] if row else None


def in_force(products: Iterable[int] | None = None) -> dict[int, dict[str, StageGate]]:
    """Return, by product and stage, the entry that says whether it is through: the latest one."""
    rows = StageGate.objects.filter(action__in=[PASSED, ADOPTED, REVOKED]).select_related("revision")
    if products is not None:
        rows = rows.filter(product_id__in=list(products))
    found: dict[int, dict[str, StageGate]] = {}
    for row in rows.order_by("product_id", "stage", "-pk").distinct("product_id", "stage"):
        found.setdefault(row.product_id, {})[row.stage] = row
    return found


def present_stage(product_id: int) -> str:
    """Return the stage that a product stands at: the first whose gate it is not through, else MP."""
    decided = in_force([product_id]).get(product_id, {})
    for stage in GATES:
        if stage not in decided or decided[stage].action == REVOKED:
            return stage
    return STAGES[-1]


def criteria_of(product: Product, stage: str) -> Criteria:
    """Return what a build of a product must show at a stage: its group's criteria and its own."""
    group = group_of(product.segment).stages[stage]
    own = StageCriteria.objects.filter(product=product, stage=stage).values_list("own", flat=True).first()
    return stricter(group, msgspec.convert(own, Criteria)) if own else group
