"""What one unit of a revision takes of bought parts: its bill through all sub-assemblies and variants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from karkhana.design.bill import Key, Node, explode
from karkhana.design.bom_queries import items_of
from karkhana.design.compiling import part_code, part_lines
from karkhana.design.models import Revision
from karkhana.design.models.product import RELEASED, SUPERSEDED
from karkhana.design.queries import package_of
from karkhana.design.release import BomItem, ReleasePackage, Source
from karkhana.design.release.parts import KeyPart
from karkhana.localisation.built.uses import process_of
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

    A line that is a product of ours with a released revision is looked through, whether the bill says which
    revision or leaves it to the route. Key parts that the route binds and the bill does not name count too;
    a release without a bill is taken by what its steps consume.

    Raises:
        Refused: ``bom.circular``, ``bom.too_deep``, ``bom.too_large``.
    """
    top: Key = (revision.product.code, revision.code)
    processes: dict[Key, dict[str, str]] = {}

    def bill(key: Key) -> Sequence[BomItem]:
        found = revision if key == top else _find(key)
        if found is None:
            return ()
        package = package_of(found)
        processes[key] = _processes(package)
        return _opened(found, package)

    nodes = explode(top, bill)
    opened = {node.path[-1] for node in nodes}
    needed: dict[tuple[object, ...], Needed] = {}
    for node in nodes:
        if node.item.fitted and node.item.assembly not in opened:
            _add(needed, node, processes[node.path[-1]])
    return list(needed.values())


def _find(key: Key) -> Revision | None:
    rows = Revision.objects.select_related("product__brand", "base__product")
    return rows.filter(product__code=key[0], code=key[1]).first()


def _processes(package: ReleasePackage) -> dict[str, str]:
    """Return what is done here with each part that a step consumes, as rules of deeming name it."""
    return {
        material.part: process_of(step.station_type) for step in package.steps for material in step.materials
    }


def _opened(revision: Revision, package: ReleasePackage) -> Sequence[BomItem]:
    """Return a bill in which every line that is a product of ours says which revision it is."""
    items = list(items_of(revision))
    items += _items_of_steps(package, named=items)
    keys = {part.part: part for step in package.steps for part in step.key_parts if part.product}
    parts = {item.part for item in items if item.assembly is None and item.part}
    products = {part: keys[part].product or part if part in keys else part for part in parts}
    own = _own_revisions({code for code in products.values() if code != revision.product.code})
    return [_with_assembly(item, products.get(item.part, ""), own, keys.get(item.part)) for item in items]


def _with_assembly(
    item: BomItem, product: str, own: dict[str, list[str]], key_part: KeyPart | None
) -> BomItem:
    if item.assembly is not None or product not in own:
        return item
    allowed = key_part.revisions if key_part else ()
    fitting = [code for code in own[product] if not allowed or code in allowed]
    return msgspec.structs.replace(item, assembly=(product, fitting[-1])) if fitting else item


def _items_of_steps(package: ReleasePackage, *, named: Sequence[BomItem]) -> list[BomItem]:
    """Return the key parts that no line of a bill names; where there is no bill, all that steps consume."""
    known = {part_code(item) for item in named}
    known |= {source.part for item in named for source in item.alternates}
    found: list[BomItem] = []
    for step in package.steps:
        found += [
            BomItem(number=0, part=one.part, quantity=one.quantity, references=one.references,
                    alternates=_sources(one.alternates))
            for one in (() if named else step.materials)
        ]  # fmt: skip
        found += [
            BomItem(number=0, part=part.part, quantity=Decimal(1), alternates=_sources(part.alternates))
            for part in step.key_parts
            if part.part not in known
        ]
    first = max((item.number for item in named), default=0) + 1
    return [msgspec.structs.replace(item, number=number) for number, item in enumerate(found, start=first)]


def _sources(parts: Iterable[str]) -> tuple[Source, ...]:
    return tuple(Source("", part) for part in parts)


def _own_revisions(products: Iterable[str]) -> dict[str, list[str]]:
    """Return the revisions of our products that were released, the current one of each last."""
    rows = Revision.objects.filter(
        product__code__in=products, state__in=(RELEASED, SUPERSEDED), package__isnull=False
    ).order_by("released_at", "pk")
    found: dict[str, list[str]] = {}
    triples = list(rows.values_list("product__code", "code", "state"))
    for product, code, _ in sorted(triples, key=lambda row: row[2] == RELEASED):
        found.setdefault(product, []).append(code)
    return found


def _add(found: dict[tuple[object, ...], Needed], node: Node, processes: dict[str, str]) -> None:
    item = node.item
    name = part_code(item)
    makers = tuple(dict.fromkeys((item.manufacturer, *item.approved_manufacturers)))
    alternates = tuple((source.manufacturer, source.part) for source in item.alternates if source.part)
    lines = part_lines([item])
    process = processes.get(lines[0].part, "") if lines else ""
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
