"""The bill of a revision as it is looked through: searched, filtered, compared, exploded.

A bill is read whole and sifted in memory, so that one way serves drafts, variants and released revisions,
and what was read is kept as long as it holds: a released bill for ever, a draft's until a line is written
(lines are never changed in place, so their count and ids say whether one was).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import msgspec
from django.db import connection
from django.db.models import Count, Max, Sum

from karkhana.design.bill import DEPTH_MAX, Key, Node, explode
from karkhana.design.models import BomLine, Revision
from karkhana.design.queries import bill_of, stored_items
from karkhana.design.release import BomItem
from karkhana.design.release.checks import bom_problems

PAGE = 100


class _BomOnly(msgspec.Struct):
    bom: tuple[BomItem, ...] = ()


@dataclass(frozen=True, slots=True)
class BomWanted:
    """What somebody looks for in a bill. All that is given must fit.

    Args:
        text: words, each of which must stand in a part, manufacturer, description, value, package or
            alternate, or be a designator in full.
    """

    text: str = ""
    not_fitted: bool = False
    alternates: bool = False
    mechanical: bool = False
    assemblies: bool = False
    changed: bool = False
    problems: bool = False


@dataclass(frozen=True, slots=True)
class BomRow:
    """One line as it is shown.

    Args:
        own: on a variant, whether the line is the variant's and not its base's.
        changed: whether the revision before (of a variant its base) has no line like this.
        problem: what keeps the line from being released, empty when nothing does.
    """

    item: BomItem
    own: bool
    changed: bool
    problem: str


@dataclass(frozen=True, slots=True)
class BomPage:
    """Some lines of a bill, in order of their numbers.

    Args:
        total, matched: lines of the whole bill, and those that fit what is looked for.
        placements: fitted designators of those that fit.
        after: number of the last line when more follow, else None.
        against: the revision that ``changed`` speaks of, None when there is none.
        gone: lines of it that this bill does not have.
    """

    rows: tuple[BomRow, ...]
    total: int
    matched: int
    placements: int
    after: int | None
    against: tuple[str, str] | None
    gone: int


@dataclass(frozen=True, slots=True)
class _Index:
    """A bill with what every search of it needs. All parts go by the place of the line."""

    items: tuple[BomItem, ...]
    texts: tuple[tuple[str, str], ...]
    contents: tuple[BomItem, ...]
    was: frozenset[BomItem]
    problems: dict[int, str]


def items_of(revision: Revision) -> tuple[BomItem, ...]:
    """Return the whole bill of a revision, from what was read before where that still holds."""
    return _indexed(revision).items


def _indexed(revision: Revision) -> _Index:
    chain = [revision.pk]
    if revision.package_hash is not None:
        return _index(_database(), revision.pk, revision.package_hash)
    base = revision.base
    while base is not None and len(chain) <= DEPTH_MAX:
        chain.append(base.pk)
        base = base.base
    rows = BomLine.objects.filter(revision__in=chain).values_list("revision")
    state = rows.annotate(Count("pk"), Max("pk"), Sum("pk")).order_by("revision")
    return _index(_database(), revision.pk, repr((chain, list(state))))


def _database() -> str:
    """Name the database: keys of rows say nothing beyond it, and a process may see several."""
    return str(connection.settings_dict["NAME"])


@lru_cache(maxsize=24)
def _index(database: str, key: int, state: str) -> _Index:
    """Read a bill of a database; ``state`` is another whenever its content is."""
    revision = Revision.objects.select_related("base").get(pk=key)
    items: tuple[BomItem, ...] = ()
    if revision.package is not None:
        items = msgspec.json.decode(revision.package, type=_BomOnly).bom
    items = items or stored_items(revision)
    contents = tuple(msgspec.structs.replace(item, number=0) for item in items)
    return _Index(
        items=items,
        texts=tuple(_texts(item) for item in items),
        contents=contents,
        was=frozenset(contents),
        problems=_problems(items) if revision.package is None else {},
    )


def revision_before(revision: Revision) -> Revision | None:
    """Return what a revision is compared with: its base, or the revision of the product made before it."""
    if revision.base is not None:
        return revision.base
    earlier = Revision.objects.select_related("product", "base").filter(
        product=revision.product_id, pk__lt=revision.pk
    )
    return earlier.order_by("-pk").first()


def bom_page(
    revision: Revision, wanted: BomWanted = BomWanted(), *, after: int = 0, limit: int = PAGE
) -> BomPage:
    """Return one page of a revision's bill.

    Args:
        after: number of the last line of the page before.
    """
    index = _indexed(revision)
    items = index.items
    before = revision_before(revision)
    was = _indexed(before).was if before else frozenset()
    changed: set[int] = set()
    if before:
        pairs = zip(items, index.contents, strict=True)
        changed = {item.number for item, content in pairs if content not in was}
    problems = index.problems
    own = set(revision.lines.values_list("number", flat=True)) if revision.base_id else set()
    words = wanted.text.casefold().split()
    found = [
        item
        for item, (text, designators) in zip(items, index.texts, strict=True)
        if all(word in text or f"|{word}|" in designators for word in words)
        and _fits(item, wanted, changed, problems)
    ]
    rest = [item for item in found if item.number > after]
    return BomPage(
        rows=tuple(
            BomRow(
                item,
                own=not revision.base_id or item.number in own,
                changed=item.number in changed,
                problem=problems.get(item.number, ""),
            )
            for item in rest[:limit]
        ),
        total=len(items),
        matched=len(found),
        placements=sum(len(item.references) for item in found),
        after=rest[limit - 1].number if len(rest) > limit else None,
        against=(before.product.code, before.code) if before else None,
        gone=len(was - index.was) if before else 0,
    )


def find_row(revision: Revision, number: int) -> BomRow | None:
    """Return one line of a bill, None when there is no such line."""
    page = bom_page(revision, after=number - 1, limit=1)
    return page.rows[0] if page.rows and page.rows[0].item.number == number else None


def free_number(items: Iterable[BomItem]) -> int:
    """Return the number that a new line gets."""
    return max((item.number for item in items), default=0) + 1


def _problems(items: Sequence[BomItem]) -> dict[int, str]:
    found: dict[int, str] = {}
    for text in bom_problems(items):
        head, _, said = text.partition(": ")
        number = head.split(" ")[1] if head.startswith("Line ") else ""
        if number.isdigit():
            found.setdefault(int(number), said or text)
    return found


def _fits(item: BomItem, wanted: BomWanted, changed: set[int], problems: dict[int, str]) -> bool:
    return (
        (not wanted.not_fitted or bool(item.not_fitted) or not item.fitted)
        and (not wanted.alternates or bool(item.alternates))
        and (not wanted.mechanical or item.mechanical)
        and (not wanted.assemblies or item.assembly is not None)
        and (not wanted.changed or item.number in changed)
        and (not wanted.problems or item.number in problems)
    )


def _texts(item: BomItem) -> tuple[str, str]:
    """Return what a line is found by: its texts, and its designators between bars."""
    parts = [item.part, item.manufacturer, item.description, item.value, item.package, *(item.assembly or ())]
    parts += [text for source in item.alternates for text in (source.part, source.manufacturer)]
    return " ".join(parts).casefold(), f"|{'|'.join((*item.references, *item.not_fitted))}|".casefold()


@dataclass(frozen=True, slots=True)
class Exploded:
    """A bill through all its sub-assemblies.

    Args:
        totals: part number with its manufacturer and how many a finished unit has, the most first; what is
            an assembly itself is left out, its parts are in.
        after: place of the last node when more follow, else None.
    """

    nodes: tuple[Node, ...]
    count: int
    totals: tuple[tuple[str, str, Decimal], ...]
    after: int | None


def exploded(revision: Revision, visible: frozenset[str], *, after: int = 0, limit: int = PAGE) -> Exploded:
    """Explode a revision's bill.

    Args:
        visible: codes of the products whose bills may be shown; others stay closed.

    Raises:
        Refused: ``bom.circular``, ``bom.too_deep``, ``bom.too_many``.
    """
    top: Key = (revision.product.code, revision.code)

    def bill(key: Key) -> Sequence[BomItem]:
        if key == top:
            return items_of(revision)
        return bill_of(key) if key[0] in visible else ()

    nodes = explode(top, bill)
    opened = {node.path[-1] for node in nodes}
    totals: dict[tuple[str, str], Decimal] = {}
    for node in nodes:
        if node.item.fitted and node.item.assembly not in opened:
            key = (node.item.part or node.item.value, node.item.manufacturer)
            totals[key] = totals.get(key, Decimal(0)) + node.total
    ranked = sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))
    return Exploded(
        nodes=nodes[after : after + limit],
        count=len(nodes),
        totals=tuple((part, maker, total) for (part, maker), total in ranked),
        after=after + limit if len(nodes) > after + limit else None,
    )
