"""Reads of the floor for the pages of changes: uses of deviations, orders that a change may replace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from karkhana.floor.models import WorkOrder

USES_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Uses:
    """What was built under a deviation: boards in all, and the latest units."""

    boards: int
    rows: tuple[dict[str, Any], ...]


def uses_of(number: str) -> Uses:
    """Return the units that were built under a deviation, the latest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(boards), 0) FROM ledger_deviation_use WHERE deviation = %s", [number]
        )
        boards = int(cursor.fetchone()[0])
        cursor.execute(
            "SELECT unit, boards, step, station, at FROM ledger_deviation_use WHERE deviation = %s"
            " ORDER BY seq DESC LIMIT %s",
            [number, USES_SHOWN],
        )
        names = ("unit", "boards", "step", "station", "at")
        return Uses(boards, tuple(dict(zip(names, row, strict=True)) for row in cursor.fetchall()))


def orders_of(product: str) -> list[dict[str, Any]]:
    """Return the work orders of a product, the newest first, for the form of a change."""
    rows = WorkOrder.objects.filter(revision__product__code=product).order_by("-pk")[:100]
    return [
        {"code": row.code, "revision": row.revision.code, "quantity": row.quantity, "stage": row.stage}
        for row in rows.select_related("revision")
    ]
