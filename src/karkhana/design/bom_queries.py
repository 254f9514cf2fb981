"""The bill of a revision as it is looked through: searched, filtered, compared, exploded.

A bill is read whole and sifted here: 5,000 lines take some tens of milliseconds, and one way serves drafts,
variants and released revisions alike. A released bill is read from its package, which never changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import msgspec

from karkhana.design.bill import Key, Node, explode
from karkhana.design.models import Revision
from karkhana.design.queries import bill_of, stored_items
from karkhana.design.release import BomItem
from karkhana.design.release.checks import bom_problems

PAGE = 200


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


def items_of(revision: Revision) -> tuple[BomItem, ...]:
    """Return the whole bill of a revision; of a released one from what was read before."""
    if revision.package is not None and revision.package_hash is not None:
        found = _released_items(revision.package_hash, revision.package)
        if found:
            return found
    return stored_items(revision)


@lru_cache(maxsize=32)
def _released_items(package_hash: str, package: str) -> tuple[BomItem, ...]:
    return msgspec.json.decode(package, type=_BomOnly).bom


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
    items = items_of(revision)
    before = revision_before(revision)
    was = _contents(items_of(before)) if before else frozenset()
    changed = {item.number for item in items if _content(item) not in was} if before else set()
    problems = _problems(items) if revision.package is None else {}
    own = set(revision.lines.values_list("number", flat=True)) if revision.base_id else set()
    found = [item for item in items if _fits(item, wanted, changed, problems)]
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
        gone=len(was - _contents(items)) if before else 0,
    )


def find_row(revision: Revision, number: int) -> BomRow | None:
    """Return one line of a bill, None when there is no such line."""
    page = bom_page(revision, after=number - 1, limit=1)
    return page.rows[0] if page.rows and page.rows[0].item.number == number else None


def free_number(items: Iterable[BomItem]) -> int:
    """Return the number that a new line gets."""
    return max((item.number for item in items), default=0) + 1


def _content(item: BomItem) -> BomItem:
    return msgspec.structs.replace(item, number=0)


def _contents(items: Iterable[BomItem]) -> frozenset[BomItem]:
    return frozenset(_content(item) for item in items)


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
        and (not wanted.text or _says(item, wanted.text))
    )


def _says(item: BomItem, text: str) -> bool:
    hay = " ".join(
        (
            item.part,
            item.manufacturer,
            item.description,
            item.value,
            item.package,
            *(source.part for source in item.alternates),
            *(source.manufacturer for source in item.alternates),
            *(item.assembly or ()),
        )
    ).casefold()
    for word in text.split():
        upper = word.upper()
        if word.casefold() not in hay and not any(
            upper == reference.upper() for reference in (*item.references, *item.not_fitted)
        ):
            return False
    return True


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
