"""Receipts of imports and the items of bills of entry find each other, whichever came first.

An item is found by invoice, part and supplier. Its duties fall on the lots by quantity, in the order of their
invoices, until its quantity is used up. A receipt for which nothing is left waits: it is unproved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from karkhana.supply.landed.rules import share_by_quantity

_WAITING = """
SELECT r.id, r.invoice, r.part, r.supplier_id, r.quantity, r.igst_creditable
FROM unnest(%s::text[], %s::text[]) AS wanted (invoice, part)
JOIN supply_receipt r ON r.invoice = wanted.invoice AND r.part = wanted.part
WHERE r.bill_item_id IS NULL AND r.channel = 'import'
ORDER BY r.invoice_date, r.lot
"""
_ITEMS = """
SELECT i.id, i.invoice, i.part, b.supplier_id, i.quantity, i.assessable, i.duty + i.surcharge + i.other,
       i.igst,
       i.origin,
       i.quantity - coalesce((SELECT sum(quantity) FROM supply_receipt WHERE bill_item_id = i.id), 0)
FROM unnest(%s::text[], %s::text[]) AS wanted (invoice, part)
JOIN supply_billofentryitem i ON i.invoice = wanted.invoice AND i.part = wanted.part
JOIN supply_billofentry b ON b.id = i.bill_id
ORDER BY b.date, b.number, i.number
"""
_LINK = """
UPDATE supply_receipt
SET bill_item_id = %s, cif = %s, duty = %s, igst = %s, landed = %s,
    origin = CASE WHEN origin = '' THEN %s ELSE origin END
WHERE id = %s
"""


@dataclass(slots=True)
class _Item:
    id: int
    whole: Decimal
    assessable: Decimal
    duty: Decimal
    igst: Decimal
    origin: str
    left: Decimal


def link_waiting(cursor: Any, pairs: Iterable[tuple[str, str]]) -> int:
    """Give waiting receipts their items; return how many found one.

    The caller holds the lock of the registers: two imports never share out the same item at once.

    Args:
        cursor: inside the caller's transaction.
        pairs: invoice and part, of the receipts or items that came.
    """
    wanted = sorted(set(pairs))
    if not wanted:
        return 0
    arguments = [[invoice for invoice, _ in wanted], [part for _, part in wanted]]
    cursor.execute(_WAITING, arguments)
    waiting = cursor.fetchall()
    if not waiting:
        return 0
    items: dict[tuple[str, str, int], list[_Item]] = defaultdict(list)
    cursor.execute(_ITEMS, arguments)
    for id_, invoice, part, supplier, whole, assessable, duty, igst, origin, left in cursor.fetchall():
        items[invoice, part, supplier].append(_Item(id_, whole, assessable, duty, igst, origin, left))
    updates = []
    for id_, invoice, part, supplier, quantity, creditable in waiting:
        item = next((one for one in items[invoice, part, supplier] if one.left >= quantity), None)
        if item is None:
            continue
        item.left -= quantity
        share = share_by_quantity(
            assessable=item.assessable, duty=item.duty, igst=item.igst, whole=item.whole, quantity=quantity
        )
        landed = share.landed(igst_creditable=creditable)
        updates.append((item.id, share.cif, share.duty, share.igst, landed, item.origin, id_))
    if updates:
        cursor.executemany(_LINK, updates)
    return len(updates)
