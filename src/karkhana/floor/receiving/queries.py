"""Reads of goods in: receipts, inspections that wait and that are done, lots whose time runs out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from karkhana.floor.queries.lists import PAGE, Page, decode_key, encode_key
from karkhana.floor.queries.rows import fetch, fetch_bounded
from karkhana.floor.receiving.judging import current_plan
from karkhana.supply.incoming.queries import LifeView, life_views, severities
from karkhana.supply.incoming.sampling.rules import DISCONTINUED, Plan, Severity
from karkhana.supply.models import Inspection, ReceivingRule

EXPIRY_MAX = 400
SOON = dt.timedelta(days=30)
WAITING, ACCEPTED, REFUSED = "waiting", "accepted", "refused"


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A lot that came in.

    Args:
        state: empty, ``waiting`` for inspection, ``accepted`` or ``refused``.
        disposition: what is done with a refused lot, empty while nobody said.
        held: some hold is open, whatever its reason.
        inspection: number of its latest inspection.
    """

    lot: str
    part: str
    quantity: Decimal | None
    supplier: str
    origin: str
    supplier_lot: str
    received_at: dt.datetime
    station: str
    held: bool
    state: str
    disposition: str
    inspection: int | None
    life: LifeView | None


_RECEIPTS = """
    SELECT l.lot, l.part, l.quantity, coalesce(l.supplier, ''), coalesce(l.origin, ''),
           coalesce(l.supplier_lot, ''), l.received_at, l.station,
           EXISTS (SELECT FROM ledger_hold h
                   WHERE h.target = l.lot AND h.scope = 'lot' AND h.released_at IS NULL)
    FROM ledger_lot l
    WHERE (%(part)s = '' OR l.part = %(part)s) AND (%(supplier)s = '' OR l.supplier = %(supplier)s)
      AND (%(at)s::timestamptz IS NULL OR (l.received_at, l.lot) < (%(at)s::timestamptz, %(lot)s))
      AND (%(one)s = '' OR l.lot = %(one)s)
      AND NOT EXISTS (SELECT FROM ledger_descent d WHERE d.output = l.lot AND d.output_kind = 'lot')
    ORDER BY l.received_at DESC, l.lot DESC LIMIT %(limit)s
"""


def receipt_page(
    *, now: dt.datetime, today: dt.date, part: str = "", supplier: str = "", lot: str = "", after: str = "",
    limit: int = PAGE,
) -> Page[ReceiptRow]:  # fmt: skip
    """List lots that came in, the latest first.

    Raises:
        Refused: ``list.too_wide``.
    """
    key = decode_key(after, (str, str)) if after else None
    values = {
        "part": part, "supplier": supplier, "one": lot, "limit": limit + 1,
        "at": _moment(key[0]) if key else None, "lot": key[1] if key else "",
    }  # fmt: skip
    found = fetch_bounded(_RECEIPTS, values)
    rows = found[:limit]
    codes = [row[0] for row in rows]
    inspections = _latest_inspections(codes)
    lives = life_views(codes, now, today)
    made = tuple(_receipt(row, inspections.get(row[0]), lives.get(row[0])) for row in rows)
    more = len(found) > limit
    return Page(made, encode_key([rows[-1][6].isoformat(), rows[-1][0]]) if more else None)


def _moment(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None


def _latest_inspections(lots: Collection[str]) -> dict[str, Inspection]:
    found = Inspection.objects.filter(lot__in=lots).select_related("result", "disposition").order_by("pk")
    return {one.lot: one for one in found}


def _receipt(row: tuple[Any, ...], asked: Inspection | None, life: LifeView | None) -> ReceiptRow:
    result = getattr(asked, "result", None)
    disposition = getattr(asked, "disposition", None)
    state = "" if asked is None else (result.verdict if result else WAITING)
    disposed = disposition.what if disposition else ""
    whole: list[Any] = [*row, state, disposed, asked.pk if asked else None, life]
    return ReceiptRow(*whole)


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A lot that waits to be judged, with the plan of this moment; None where acceptance is stopped."""

    inspection: Inspection
    severity: Severity
    plan: Plan | None


def waiting_rows(limit: int = 200) -> tuple[WaitingRow, ...]:
    """List the lots that wait, those that wait longest first."""
    return _waiting(Inspection.objects.filter(result=None).order_by("asked_at", "pk")[:limit])


def waiting_row(inspection: Inspection) -> WaitingRow:
    """Return an inspection that waits with its plan of this moment."""
    return _waiting([inspection])[0]


def _waiting(inspections: Any) -> tuple[WaitingRow, ...]:
    asked = tuple(inspections)
    now = severities({(one.supplier, one.part) for one in asked})
    return tuple(
        WaitingRow(one, severity, _plan(one, severity))
        for one in asked
        for severity in (now[one.supplier, one.part],)
    )


def _plan(asked: Inspection, severity: Severity) -> Plan | None:
    return None if severity.state == DISCONTINUED else current_plan(asked, severity.severity)


def done_page(after: int | None = None, limit: int = PAGE) -> Page[Inspection]:
    """List inspections that are done, the latest first."""
    found = Inspection.objects.filter(result__isnull=False).select_related("result", "disposition")
    if after is not None:
        found = found.filter(result__pk__lt=after)
    rows = tuple(found.order_by("-result__pk")[: limit + 1])
    more = len(rows) > limit
    shown = rows[:limit]
    return Page(shown, str(shown[-1].result.pk) if more else None)


@dataclass(frozen=True, slots=True)
class ExpiryRow:
    """A lot whose use is limited; ``station`` and ``location`` where it is loaded now, empty elsewhere."""

    lot: str
    part: str
    quantity: Decimal | None
    station: str
    location: str
    life: LifeView


# The latest words on each lot's life; what was received long ago and ended long ago is left out.
_LIMITED = """
    SELECT l.lot, t.part, t.quantity FROM (
        SELECT DISTINCT ON (lot) lot, expires_on, msl FROM supply_lotlife ORDER BY lot, id DESC
    ) l JOIN ledger_lot t ON t.lot = l.lot
    WHERE (l.expires_on >= %(since)s OR (l.expires_on IS NULL AND t.received_at >= %(received)s)
           OR EXISTS (SELECT FROM ledger_mount m WHERE m.lot = l.lot AND m.unloaded_at IS NULL))
      AND (l.expires_on IS NOT NULL OR l.msl NOT IN ('', '1')) AND (%(part)s = '' OR t.part = %(part)s)
      AND NOT EXISTS (SELECT FROM ledger_descent d WHERE d.input = l.lot AND d.input_kind = 'lot')
    ORDER BY l.expires_on NULLS LAST, t.received_at DESC, l.lot LIMIT %(limit)s
"""
_MOUNTED = (
    "SELECT lot, min(station), min(location) FROM ledger_mount"
    " WHERE lot = ANY(%s) AND unloaded_at IS NULL GROUP BY lot"
)


def expiry_rows(*, now: dt.datetime, today: dt.date, part: str = "") -> tuple[tuple[ExpiryRow, ...], bool]:
    """List lots by what ends first, and say whether there are more than are shown.

    Of lots that ended more than 90 days ago, and of bags received more than a year ago, only those that
    are loaded somewhere are shown.
    """
    values = {"since": today - dt.timedelta(days=90), "received": now - dt.timedelta(days=366), "part": part,
              "limit": EXPIRY_MAX + 1}  # fmt: skip
    found = fetch_bounded(_LIMITED, values)
    shown = found[:EXPIRY_MAX]
    codes = [row[0] for row in shown]
    lives = life_views(codes, now, today)
    mounted = {row[0]: (row[1], row[2]) for row in fetch(_MOUNTED, [codes])} if codes else {}
    rows = [
        ExpiryRow(lot, named, quantity, *mounted.get(lot, ("", "")), life=lives[lot])
        for lot, named, quantity in shown
        if lot in lives
    ]
    return tuple(sorted(rows, key=_urgency)), len(found) > EXPIRY_MAX


def _urgency(row: ExpiryRow) -> tuple[int, int, int, str]:
    """Order: what may not be used any more, then by the time that is left of either life."""
    life = row.life
    shelf = 86_400 * (life.days + 1) if life.days is not None else 10**12
    running = life.clock is not None and life.clock.running
    floor = life.left if running and life.left is not None else 10**12
    return (0 if life.stop else 1, 0 if row.station else 1 if life.stop else 0, min(shelf, floor), row.lot)


def rule_rows(part: str = "", limit: int = 500) -> tuple[ReceivingRule, ...]:
    """List the receiving rules of parts."""
    found = ReceivingRule.objects.order_by("part")
    return tuple((found.filter(part__icontains=part) if part else found)[:limit])
