"""Where runs get their figures; a seam, so that pages can be tested on figures of any size and shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, localcontext
from typing import Any

from karkhana.kernel.money import EXACT
from karkhana.localisation.built.queries import value_period
from karkhana.localisation.rules.pieces import plain
from karkhana.localisation.runs.rules import Asked

Tell = Callable[[int, int], None]
ALIKE = ("part", "supplier", "origin", "group", "channel", "why")
SUMS = ("quantity", "value", "imported", "local_value", "local_most")
LOTS_NAMED = 100


def figures(asked: Asked, tell: Tell) -> dict[str, Any]:
    """Value the units of a question.

    Returns:
        The JSON form of a period, with a line for each supplier of a part as ``lines`` and one for each lot
        as ``lots``.

    Raises:
        Refused: as ``built.queries.value_period``.
    """
    found = value_period(
        method=asked.method,
        chosen=asked.chosen,
        product=asked.product or None,
        brand=asked.brand or None,
        plant=asked.plant or None,
        first=asked.first,
        last=asked.last,
        by_lot=True,
        progress=tell,
    )
    result: dict[str, Any] = found.as_dict(all_lines=True)
    return {**result, "lots": result["lines"], "lines": gathered(result["lines"])}


def gathered(lots: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Put lines of lots that are alike but for the lot together, the most imported first."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    with localcontext(EXACT):
        for line in lots:
            key = tuple(str(line[name]) for name in ALIKE)
            row = found.setdefault(
                key, dict(zip(ALIKE, key, strict=True)) | dict.fromkeys(SUMS, Decimal(0)) | {"lots": set()}
            )
            for name in SUMS:
                row[name] += Decimal(line[name])
            row["lots"].update(line["lots"])
    made = [
        row
        | {name: plain(row[name]) for name in SUMS}
        | {"lots": sorted(row["lots"])[:LOTS_NAMED], "lots_in_all": len(row["lots"])}
        for row in found.values()
    ]
    return sorted(made, key=lambda row: (-Decimal(row["imported"]), *(row[name] for name in ALIKE)))
