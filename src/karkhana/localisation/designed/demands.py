"""What one unit of a revision takes of bought parts: its bill through all sub-assemblies and variants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from karkhana.design.bill import Key, Node, explode
from karkhana.design.bom_queries import items_of
from karkhana.design.compiling import part_code, part_lines
from karkhana.design.models import Revision
from karkhana.design.models.product import RELEASED, SUPERSEDED
from karkhana.design.queries import bill_of
from karkhana.design.release import BomItem
from karkhana.localisation.designed.offers import Named

PLACES_MAX = 200


@dataclass(slots=True)
class Needed:
    """One part as the bill needs it.

    Args:
        released: the part under each maker that may deliver it; ``alternates`` what may stand in.
        places: assembly and designators of every line.
        process: ``smt`` for what is placed on a board here, else empty.
    """

    name: str
    manufacturer: str
    description: str
    process: str
    released: tuple[Named, ...]
    alternates: tuple[Named, ...]
    quantity: Decimal = Decimal(0)
    places: list[str] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Where it goes in, in short."""
        text = "; ".join(self.places)
        return text if len(text) <= PLACES_MAX else f"{text[: PLACES_MAX - 1]}…"


def needed_of(revision: Revision) -> list[Needed]:
    """Return the bought parts of one unit, each once, in order of the bill.

    A line that names a product of ours which has a released revision is looked through, whether the bill says
    which revision or leaves it to the route.

    Raises:
        Refused: ``bom.circular``, ``bom.too_deep``, ``bom.too_large``.
    """
    top: Key = (revision.product.code, revision.code)
    opening = _opening(top, lambda key: items_of(revision) if key == top else bill_of(key))
    nodes = explode(top, opening)
    opened = {node.path[-1] for node in nodes}
    found: dict[tuple[object, ...], Needed] = {}
    for node in nodes:
        if node.item.fitted and node.item.assembly not in opened:
            _add(found, node)
    return list(found.values())


def _opening(top: Key, bill: Callable[[Key], Sequence[BomItem]]) -> Callable[[Key], Sequence[BomItem]]:
    """Return a bill in which lines that name our own products say which revision they are."""

    def opened(key: Key) -> Sequence[BomItem]:
        items = bill(key)
        own = _own_revisions({item.part for item in items if item.assembly is None and item.part} - {top[0]})
        return [
            msgspec.structs.replace(item, assembly=(item.part, own[item.part]))
            if item.assembly is None and item.part in own
            else item
            for item in items
        ]

    return opened


def _own_revisions(parts: Iterable[str]) -> dict[str, str]:
    """Return the latest released revision of each part that is a product of ours, else a superseded one."""
    rows = Revision.objects.filter(
        product__code__in=parts, state__in=(RELEASED, SUPERSEDED), package__isnull=False
    ).order_by("released_at", "pk")
    pairs = list(rows.values_list("product__code", "code", "state"))
    return {code: revision for code, revision, _ in sorted(pairs, key=lambda row: row[2] == RELEASED)}


def _add(found: dict[tuple[object, ...], Needed], node: Node) -> None:
    item = node.item
    name = part_code(item)
    makers = tuple(dict.fromkeys((item.manufacturer, *item.approved_manufacturers)))
    alternates = tuple((source.manufacturer, source.part) for source in item.alternates if source.part)
    lines = part_lines([item])
    process = "smt" if lines and lines[0].material_class == "placement" else ""
    key = (name, makers, alternates, process)
    need = found.get(key)
    if need is None:
        need = found[key] = Needed(
            name=name,
            manufacturer=item.manufacturer,
            description=item.description or item.value,
            process=process,
            released=tuple((maker, name) for maker in makers),
            alternates=alternates,
        )
    need.quantity += node.total
    assembly = f"{node.path[-1][0]} " if node.depth > 1 else ""
    need.places.append(f"{assembly}{' '.join(item.references) or f'line {item.number}'}")
