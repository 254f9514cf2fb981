"""What was imported: runs, their refused rows, bills of entry, and what needs somebody's attention."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from karkhana.supply.models import (
    BillOfEntryItem,
    LocalContentCertificate,
    Receipt,
    RegisterRefusal,
    RegisterRun,
)
from karkhana.supply.models.parts import IMPORT
from karkhana.supply.registers.rules.columns import REFUSAL_HEADINGS

SOON = dt.timedelta(days=30)
COUNT_MAX = 10_000
"""Beyond it nobody needs the exact number, and counting takes long."""


@dataclass(frozen=True, slots=True)
class Attention:
    """What stands open; counts stop at :data:`COUNT_MAX`.

    ``receipts_waiting`` are imports without their bill of entry, ``lots_without_receipt`` are in the record
    without a price, ``receipts_without_lot`` have a price and are not in the record.
    """

    expiring: tuple[LocalContentCertificate, ...]
    expired: int
    receipts_waiting: int
    lots_without_receipt: int
    receipts_without_lot: int


def attention(today: dt.date) -> Attention:
    """Return what stands open on a day."""
    certificates = LocalContentCertificate.objects.select_related("supplier")
    expiring = certificates.filter(valid_to__gte=today, valid_to__lte=today + SOON).order_by("valid_to")[:20]
    waiting = Receipt.objects.filter(channel=IMPORT, bill_item=None)[:COUNT_MAX].count()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM ledger_lot l WHERE NOT EXISTS"
            " (SELECT 1 FROM supply_receipt r WHERE r.lot = l.lot)"
            " AND NOT EXISTS (SELECT 1 FROM ledger_descent d WHERE d.output = l.lot) LIMIT %s) AS missing",
            [COUNT_MAX],
        )
        lots = cursor.fetchone()[0]
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM supply_receipt r WHERE NOT EXISTS"
            " (SELECT 1 FROM ledger_lot l WHERE l.lot = r.lot) LIMIT %s) AS missing",
            [COUNT_MAX],
        )
        receipts = cursor.fetchone()[0]
    expired = certificates.filter(valid_to__lt=today, valid_to__gte=today - dt.timedelta(days=365)).count()
    return Attention(tuple(expiring), expired, waiting, lots, receipts)


def refused_rows(run: int) -> Iterator[list[Any]]:
    """Yield the refused rows of an import as a table: why first, then the cells as they stood in the file.

    The columns of the file keep their headings, so that a mended table can be imported as it is.
    """
    found = RegisterRun.objects.get(pk=run)
    headings = found.settings.get("headings", [])
    yield [*REFUSAL_HEADINGS, *headings]
    rows = RegisterRefusal.objects.filter(run=run).order_by("line")
    for row in rows.iterator(chunk_size=2000):
        cells = [_harmless(cell) for cell in row.cells]
        yield [row.line, row.field, row.message, row.next_step, row.code, *cells]


def _harmless(cell: str) -> str:
    """Keep a spreadsheet from taking a text of somebody else's file for a formula."""
    return "'" + cell if cell[:1] in ("=", "+", "@") else cell


def bill_items(*, number: str = "", after: int = 0, limit: int = 100) -> list[BillOfEntryItem]:
    """Return items of bills of entry, the latest first.

    Args:
        after: the id before which to go on.
    """
    found = BillOfEntryItem.objects.select_related("bill", "bill__supplier").order_by("-id")
    if number:
        found = found.filter(bill__number=number)
    if after:
        found = found.filter(id__lt=after)
    return list(found[:limit])
