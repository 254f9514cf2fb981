"""From the lines of a result to what its pictures draw: flows for the Sankey, boxes for the treemap. Pure.

Amounts stay exact here, as Decimal; only the drawing turns them into binary numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Any

from karkhana.kernel.money import EXACT

ZERO = Decimal(0)
SUPPLIERS_SHOWN, GROUPS_SHOWN, BOXES_SHOWN = 14, 12, 160
"""More than so many become one "other" each: what a screen can show and an eye can tell apart."""
Line = Mapping[str, Any]
OTHER = "\x00other"
PRICE, OWN, BESIDE = "\x00price", "\x00own", "\x00beside"
"""Names of nodes that are not data; no code holds a control character."""


@dataclass(frozen=True, slots=True)
class Flow:
    """An amount that goes from one node to another. ``local`` says how it was counted."""

    source: tuple[int, str]
    target: tuple[int, str]
    amount: Decimal
    local: bool


@dataclass(frozen=True, slots=True)
class Box:
    """A box of the treemap: group, part and supplier, and what of it is imported."""

    group: str
    part: str
    supplier: str
    amount: Decimal


def amount(line: Line, name: str) -> Decimal:
    """Return an amount of a line, 0 where it has none."""
    return Decimal(str(line.get(name) or 0))


def is_part(line: Line) -> bool:
    """Say whether a line is material, not a term of the product beside it."""
    return line.get("channel") not in ("abroad", "own")


def largest(lines: Iterable[Line], key: str, limit: int) -> frozenset[str]:
    """Return the values of a field that stand for most, at most so many."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    with localcontext(EXACT):
        for line in lines:
            sums[str(line.get(key) or "")] += amount(line, "value")
    ranked = sorted(sums, key=lambda name: (-sums[name], name))
    return frozenset(ranked if len(ranked) <= limit else ranked[: limit - 1])


def flows(lines: Sequence[Line], denominator: Decimal) -> tuple[Flow, ...]:
    """Return the flows from countries over suppliers and groups to the price.

    Stages are 0 country, 1 supplier or payee, 2 group of parts or kind of term, 3 price. What the lines do
    not take of the denominator is the maker's own value added; it flows straight into the price.
    """
    suppliers = largest(lines, "supplier", SUPPLIERS_SHOWN)
    groups = largest(lines, "group", GROUPS_SHOWN)
    sums: defaultdict[tuple[tuple[int, str], tuple[int, str], bool], Decimal] = defaultdict(Decimal)
    with localcontext(EXACT):
        taken = ZERO
        for line in lines:
            value, local = amount(line, "value"), amount(line, "local_value")
            taken += value
            supplier = str(line.get("supplier") or "")
            group = str(line.get("group") or "")
            origin = (
                str(line.get("origin") or "") if is_part(line) or line.get("channel") == "own" else BESIDE
            )
            nodes = (
                (0, origin),
                (1, supplier if supplier in suppliers else OTHER),
                (2, group if group in groups else OTHER),
                (3, PRICE),
            )
            for source, target in pairwise(nodes):
                sums[source, target, True] += local
                sums[source, target, False] += value - local
        own = denominator - taken
    if own > 0:
        sums[(2, OWN), (3, PRICE), True] = own
    return tuple(
        Flow(source, target, total, local)
        for (source, target, local), total in sorted(sums.items())
        if total > 0
    )


def boxes(lines: Iterable[Line]) -> tuple[Box, ...]:
    """Return what is imported by group, part and supplier, largest first; small ones of a group as one."""
    sums: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    with localcontext(EXACT):
        for line in lines:
            imported = amount(line, "value") - amount(line, "local_value")
            if imported > 0:
                key = (
                    str(line.get("group") or ""),
                    str(line.get("part") or ""),
                    str(line.get("supplier") or ""),
                )
                sums[key] += imported
        ranked = sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))
        rest: defaultdict[str, Decimal] = defaultdict(Decimal)
        for (group, _, _), total in ranked[BOXES_SHOWN:]:
            rest[group] += total
    shown = [Box(*key, total) for key, total in ranked[:BOXES_SHOWN]]
    return (*shown, *(Box(group, OTHER, "", total) for group, total in sorted(rest.items())))


FIELDS = ("group", "part", "supplier", "origin", "channel", "lot")


def rows(lines: Iterable[Line], by: Sequence[str], only: Mapping[str, str]) -> list[dict[str, Any]]:
    """Gather lines by some fields, those alone that fit; the most imported first.

    Each row has the fields, ``quantity``, ``value``, ``local``, ``imported``, ``lots`` (how many) and ``why``
    (of its largest line).
    """
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    with localcontext(EXACT):
        for line in lines:
            if any(str(line.get(name) or "") != wanted for name, wanted in only.items()):
                continue
            key = tuple(str(line.get(name) or "") for name in by)
            row = found.get(key)
            if row is None:
                row = found[key] = dict(zip(by, key, strict=True)) | {
                    "quantity": ZERO, "value": ZERO, "local": ZERO, "imported": ZERO, "lots": set(),
                    "why": "", "most": Decimal(-1),
                }  # fmt: skip
            _add(row, line)
    for row in found.values():
        row["lots"] = len(row["lots"])
    return sorted(found.values(), key=lambda row: (-row["imported"], *(row[name] for name in by)))


def _add(row: dict[str, Any], line: Line) -> None:
    value, local = amount(line, "value"), amount(line, "local_value")
    row["quantity"] += amount(line, "quantity")
    row["value"] += value
    row["local"] += local
    row["imported"] += value - local
    row["lots"].update([line["lot"]] if line.get("lot") else [])
    if value > row["most"]:
        row["most"], row["why"] = value, str(line.get("why") or "")
