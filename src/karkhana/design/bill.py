"""Bills of material as values: from what was read, over variants that share a base, down through assemblies.

Pure. Owns the overlay of a variant on its base and the walk through sub-assemblies. It does not own tables.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache

import msgspec

from karkhana.design.bom import BomReport
from karkhana.design.bom.model import BomLine
from karkhana.design.release import BomItem, Source
from karkhana.kernel.refusals import refuse

DEPTH_MAX, NODES_MAX = 12, 100_000
Key = tuple[str, str]
"""(product, revision)."""


def items_of_report(report: BomReport) -> tuple[BomItem, ...]:
    """Return the lines of a bill that was read, artwork left out, numbered as they come."""
    lines = (line for line in report.lines if line.kind != "artwork")
    return tuple(item_of_line(line, number) for number, line in enumerate(lines, start=1))


def item_of_line(line: BomLine, number: int) -> BomItem:
    """Return a read line as a line of a bill; populated designators count where there are any."""
    if not line.fitted:
        quantity = Decimal(0)
    else:
        quantity = Decimal(len(line.fitted_references)) if line.references else line.quantity
    return BomItem(
        number=number,
        part=line.part_number[:200],
        manufacturer=line.manufacturer[:200],
        description=line.description,
        value=line.value,
        package=line.package[:200],
        quantity=quantity,
        references=line.fitted_references if line.fitted else (),
        not_fitted=line.not_fitted if line.fitted else line.references,
        mechanical=line.mechanical,
        alternates=tuple(Source(manufacturer, part) for manufacturer, part in line.alternates),
    )


def line_digest(item: BomItem) -> str:
    """Return a short name of a line's content, by which an editor sees that somebody else changed it."""
    return hashlib.sha256(msgspec.json.encode(item)).hexdigest()[:16]


class Override(msgspec.Struct, frozen=True):
    """A line of a variant: in place of the base's line of the same number, or beside it.

    ``item`` None means that the variant does not have the base's line at all.
    """

    number: int
    item: BomItem | None


def overlay(base: Sequence[BomItem], overrides: Iterable[Override]) -> tuple[BomItem, ...]:
    """Return a variant's whole bill: the base's lines, replaced, left out, added to; by number."""
    lines = {item.number: item for item in base}
    for override in overrides:
        if override.item is None:
            lines.pop(override.number, None)
        else:
            lines[override.number] = override.item
    return tuple(lines[number] for number in sorted(lines))


def overrides_between(base: Sequence[BomItem], variant: Sequence[BomItem]) -> tuple[Override, ...]:
    """Say what has to be laid over a base so that it becomes a variant; nothing where they agree.

    Lines are matched by their designators, drawn or fitted, and without any by part number. A line is the
    base's line as long as they share a designator; the best overlap wins.
    """
    waiting = {item.number: item for item in base}
    place_of = {ref: item.number for item in base for ref in (*item.references, *item.not_fitted)}
    part_of: defaultdict[str, list[BomItem]] = defaultdict(list)
    for item in base:
        if not (item.references or item.not_fitted):
            part_of[item.part].append(item)
    fresh = max(waiting, default=0)
    overrides = []
    for item in sorted(variant, key=lambda line: -len(line.references)):
        number = _match(item, waiting, place_of, part_of)
        if number is None:
            fresh += 1
            overrides.append(Override(fresh, msgspec.structs.replace(item, number=fresh)))
            continue
        same = msgspec.structs.replace(item, number=number)
        if same != waiting.pop(number):
            overrides.append(Override(number, same))
    overrides += [Override(number, None) for number in waiting]
    return tuple(sorted(overrides, key=lambda override: override.number))


def _match(
    item: BomItem,
    waiting: Mapping[int, BomItem],
    place_of: Mapping[str, int],
    part_of: Mapping[str, Sequence[BomItem]],
) -> int | None:
    shared: dict[int, int] = {}
    for reference in (*item.references, *item.not_fitted):
        number = place_of.get(reference)
        if number is not None and number in waiting:
            shared[number] = shared.get(number, 0) + 1
    if shared:
        return max(shared, key=lambda number: (shared[number], -number))
    if item.references or item.not_fitted:
        return None
    left = [line for line in part_of.get(item.part, ()) if line.number in waiting]
    alike = [line.number for line in left if msgspec.structs.replace(item, number=line.number) == line]
    return (*alike, *(line.number for line in left), None)[0]


class Node(msgspec.Struct, frozen=True):
    """A line seen from the top: how deep it lies, by which assemblies, and how many a finished unit has."""

    depth: int
    path: tuple[Key, ...]
    item: BomItem
    total: Decimal


def explode(top: Key, bill_of: Callable[[Key], Sequence[BomItem]]) -> tuple[Node, ...]:
    """Walk a bill through all its sub-assemblies, outer before inner.

    Args:
        bill_of: gives the bill of a (product, revision), empty when there is none.

    Raises:
        Refused: ``bom.circular``, naming the ring; ``bom.too_deep``; ``bom.too_large``.
    """
    nodes: list[Node] = []
    _explode((top,), Decimal(1), cache(bill_of), nodes)
    return tuple(nodes)


def _explode(
    path: tuple[Key, ...], times: Decimal, bill_of: Callable[[Key], Sequence[BomItem]], nodes: list[Node]
) -> None:
    if len(path) > DEPTH_MAX:
        raise refuse(
            "bom.too_deep",
            "The bill of material of {product} is more than {limit} assemblies deep.",
            "Flatten assemblies that are never built by themselves.",
            product=" ".join(path[0]),
            limit=DEPTH_MAX,
        )
    for item in bill_of(path[-1]):
        if len(nodes) >= NODES_MAX:
            raise refuse(
                "bom.too_large",
                "With all its assemblies the bill of material of {product} has more than {limit} lines.",
                "Look at its assemblies one by one.",
                product=" ".join(path[0]),
                limit=NODES_MAX,
            )
        total = times * item.quantity
        nodes.append(Node(len(path), path, item, total))
        if item.assembly is None or not item.fitted:
            continue
        if item.assembly in path:
            ring = " → ".join(" ".join(key) for key in (*path[path.index(item.assembly) :], item.assembly))
            raise refuse(
                "bom.circular",
                "The bill of material contains itself: {ring}.",
                "Take {part} out of line {line} of {product}.",
                ring=ring,
                part=" ".join(item.assembly),
                line=item.number,
                product=" ".join(path[-1]),
            )
        _explode((*path, item.assembly), total, bill_of, nodes)
