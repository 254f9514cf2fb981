"""How many holds stop a unit: those that count on it, and one more where firmware in it is on hold.

A hold on firmware is one row for all units that carry it, so it is looked up when they are shown. What is
built into a unit is looked into by the gate and by the unit's own page, not by lists.
"""

from __future__ import annotations

from karkhana.floor.queries.rows import fetch


def holds_of_units() -> tuple[str, list[list[str]]]:
    """Return an SQL expression for the holds of a row of ``ledger_unit``, and its parameters.

    Without an open hold on firmware, as nearly always, it is the column itself.
    """
    rows = fetch("SELECT target FROM ledger_hold WHERE released_at IS NULL AND scope = 'firmware'")
    if not rows:
        return "holds", []
    carried = "SELECT FROM unnest(firmware) carried (text) WHERE product || ' ' || text = ANY(%s)"
    return f"(holds + (EXISTS ({carried}))::int)", [[row[0] for row in rows]]
