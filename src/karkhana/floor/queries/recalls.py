"""What a recall's serial numbers are now, for its list."""

from __future__ import annotations

from collections.abc import Sequence

from karkhana.floor.queries.held import holds_of_units
from karkhana.floor.queries.lists import UnitRow
from karkhana.floor.queries.rows import fetch

_SLICE = 20_000


def units(serials: Sequence[str]) -> tuple[UnitRow, ...]:
    """Return the units of these serials, in their order by serial."""
    found: list[UnitRow] = []
    holds, targets = holds_of_units()
    for start in range(0, len(serials), _SLICE):
        rows = fetch(
            f"SELECT serial, kind, product, revision, brand, state, next_step, station, moved_at, {holds},"
            " parent FROM ledger_unit WHERE serial = ANY(%s) ORDER BY serial",
            [*targets, list(serials[start : start + _SLICE])],
        )
        found += [UnitRow(*row) for row in rows]
    return tuple(found)
