"""How much of which lot a transformation put into a unit, where the record tells."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from karkhana.kernel.money import per_piece
from karkhana.ledger.store import Cursor

Taken = tuple[str, str, Decimal | None]
"""Lot, part, and how much of it went into one unit; None when nothing says how much."""


def lots_made_into(cursor: Cursor, lineages: dict[str, list[str]]) -> dict[str, list[Taken]]:
    """Return what transformations put into units.

    What an event says of a lot is shared evenly by the units that came out, and again by those that came out
    of them. Where it says no quantity, the lot is shared by all units that were ever made from it.

    Args:
        lineages: unit to itself and the panels or sheets that it was taken from, itself first.

    Returns:
        Unit to what went into it; units without such a lot are not in the answer.
    """
    everything = sorted({serial for lineage in lineages.values() for serial in lineage})
    into = _inputs(cursor, everything)
    if not into:
        return {}
    born = _born_of(cursor, everything)
    found: dict[str, list[Taken]] = {}
    for serial, lineage in lineages.items():
        share = 1
        for number, source in enumerate(lineage):
            if number:
                share *= max(1, born.get(source, 1))
            for lot, part, quantity in into.get(source, ()):
                each = per_piece(quantity, Decimal(share)) if quantity is not None else None
                found.setdefault(serial, []).append((lot, part, each))
    return {serial: sorted(taken, key=lambda row: row[:2]) for serial, taken in found.items()}


def _inputs(cursor: Cursor, outputs: list[str]) -> dict[str, list[Taken]]:
    """Return what went into each of some units directly, per unit that came out."""
    cursor.execute(
        "SELECT d.output, d.input, l.part, l.quantity, d.seq,"
        " (SELECT count(*) FROM ledger_descent o WHERE o.input = d.input AND o.seq = d.seq"
        " AND o.output_kind = 'unit'),"
        " (SELECT count(*) FROM ledger_descent o WHERE o.input = d.input AND o.input_kind = 'lot'"
        " AND o.output_kind = 'unit')"
        " FROM ledger_descent d JOIN ledger_lot l ON l.lot = d.input"
        " WHERE d.output = ANY(%s) AND d.output_kind = 'unit' AND d.input_kind = 'lot'",
        [outputs],
    )
    rows = cursor.fetchall()
    said = _said(cursor, {row[4] for row in rows})
    found: defaultdict[str, list[Taken]] = defaultdict(list)
    for output, lot, part, whole, seq, together, ever in rows:
        quantity = said.get((seq, lot))
        if quantity is not None:
            each: Decimal | None = per_piece(quantity, Decimal(together))
        else:
            each = per_piece(whole, Decimal(ever)) if whole is not None else None
        found[output].append((lot, part, each))
    return dict(found)


def _said(cursor: Cursor, places: Iterable[int]) -> dict[tuple[int, str], Decimal]:
    """Read how much of its lots each transformation says that it took."""
    cursor.execute("SELECT seq, body FROM ledger_event WHERE seq = ANY(%s)", [sorted(places)])
    found: dict[tuple[int, str], Decimal] = {}
    for seq, body in cursor.fetchall():
        inputs: list[dict[str, Any]] = json.loads(body).get("inputs", [])
        for thing in inputs:
            if thing.get("lot") and thing.get("quantity") is not None:
                found[seq, thing["lot"]] = Decimal(str(thing["quantity"]))
    return found


def _born_of(cursor: Cursor, serials: list[str]) -> dict[str, int]:
    """Count the units that came out of each panel or sheet."""
    cursor.execute(
        "SELECT input, count(*) FROM ledger_descent WHERE input = ANY(%s) AND input_kind = 'unit'"
        " AND output_kind = 'unit' GROUP BY input",
        [serials],
    )
    return dict(cursor.fetchall())
