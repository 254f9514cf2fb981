"""Finding the row of headings, also where a title stands above it or where it takes two rows.

Owns the question *where does a table start*; which column means what is decided in ``columns`` from the
headings and the contents together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from karkhana.design.bom import words
from karkhana.design.bom.designators import has_known_class, parse_designators
from karkhana.design.bom.model import Row
from karkhana.design.bom.quantities import parse_quantity

CORE = frozenset(
    {
        words.REFERENCES, words.QUANTITY, words.VALUE, words.DESCRIPTION, words.PACKAGE, words.MANUFACTURER,
        words.PART_NUMBER, words.SUPPLIER_NUMBER, words.LIBRARY, words.NOT_FITTED, words.FITTED,
    }
)  # fmt: skip
IDENTITY = frozenset(
    {words.VALUE, words.DESCRIPTION, words.PART_NUMBER, words.SUPPLIER_NUMBER, words.LIBRARY}
)
PLACE = frozenset({words.X, words.Y})


class Header(msgspec.Struct, frozen=True):
    """A row of headings: the printed labels and, where a second row refines them, the second labels."""

    number: int
    labels: tuple[str, ...]
    sublabels: tuple[str, ...] = ()
    span: int = 1

    def meanings(self, index: int) -> tuple[tuple[str, ...], int]:
        """What a column can mean, by its whole label first and by its first row else."""
        both = words.meanings_of(self.label(index))
        return both if both[0] or not self.sublabel(index) else words.meanings_of(self.labels[index])

    def sublabel(self, index: int) -> str:
        return self.sublabels[index] if index < len(self.sublabels) else ""

    def label(self, index: int) -> str:
        """The heading of a column as printed, both rows of it."""
        return " ".join(part for part in (self.labels[index], self.sublabel(index)) if part)

    def kinds(self) -> frozenset[str]:
        """All meanings that the headings can have."""
        return frozenset(kind for index in range(len(self.labels)) for kind in self.meanings(index)[0])


def looks_like_header(row: Row) -> bool:
    """Whether a row reads as headings of a parts table or of a list of placements."""
    filled = row.filled()
    if len(filled) < 2 or any(len(cell) > 120 for cell in filled[:4]):
        return False
    known = [kinds for kinds in (words.meanings_of(cell)[0] for cell in filled) if kinds]
    if len(known) < 2 or len(known) * 3 < len(filled):
        return False
    if _numeric(filled) * 2 > len(filled) - len(known) + 1:
        return False
    return describes_parts(known) or describes_places(known)


def _numeric(cells: Sequence[str]) -> int:
    return sum(cell.replace(".", "", 1).replace(",", "", 1).lstrip("-").isdigit() for cell in cells)


def describes_parts(known: Sequence[tuple[str, ...]]) -> bool:
    """Whether the meanings found in a row make a parts table."""
    kinds = {kind for options in known for kind in options}
    first = Counter(options[0] for options in known)
    core = sum(1 for options in known if CORE.intersection(options))
    if core < 2:
        return False
    if words.REFERENCES in kinds:
        return words.REFERENCES in first or words.QUANTITY in kinds
    return words.QUANTITY in kinds and bool(IDENTITY & kinds)


def describes_places(known: Sequence[tuple[str, ...]]) -> bool:
    """Whether the meanings found in a row make a list of places on the board."""
    kinds = {kind for options in known for kind in options}
    return kinds >= PLACE


def find_header(rows: Sequence[Row], start: int) -> tuple[int, Header] | None:
    """Find the next row of headings at or after an index; returns its index and the header."""
    for index in range(start, len(rows)):
        if looks_like_header(rows[index]):
            index = _better_below(rows, index)
            return index, _with_second_row(rows, index)
    return None


def _better_below(rows: Sequence[Row], index: int) -> int:
    """Step over a title row that happens to use heading words when a fuller header follows at once."""
    best, best_count = index, _known_count(rows[index])
    for below in range(index + 1, min(index + 4, len(rows))):
        if looks_like_header(rows[below]) and _known_count(rows[below]) > best_count + 1:
            best, best_count = below, _known_count(rows[below])
    return best


def _known_count(row: Row) -> int:
    return len({kind for cell in row.filled() for kind in words.meanings_of(cell)[0]})


def _with_second_row(rows: Sequence[Row], index: int) -> Header:
    """Join a header with a refining second row below it, or with the group titles above it."""
    row = rows[index]
    labels = row.cells
    if index + 1 < len(rows) and _refines(row, rows[index + 1]):
        below = rows[index + 1].cells
        width = max(len(labels), len(below))
        return Header(row.number, _padded(labels, width), _padded(below, width), 2)
    above = rows[index - 1] if index else None
    if above is not None and above.number == row.number - 1 and _groups(above, row):
        return Header(row.number, _join_above(above, row))
    return Header(row.number, labels)


def _padded(cells: Sequence[str], width: int) -> tuple[str, ...]:
    return (*cells, *[""] * (width - len(cells)))


def _refines(row: Row, below: Row) -> bool:
    """Whether the row below continues the headings: no data in it, and heading words or distributors."""
    if below.number != row.number + 1 or looks_like_header(below):
        return False
    filled = [(index, cell) for index, cell in enumerate(below.cells) if cell]
    if not filled or len(filled) >= len(row.filled()) + 3:
        return False
    for index, cell in filled:
        kinds = words.meanings_of(row.cell(index))[0]
        if words.QUANTITY in kinds and parse_quantity(cell) is not None:
            return False
        if words.REFERENCES in kinds and parse_designators(cell).strict:
            return False
    twice = Counter(words.fold(cell) for cell in row.filled())
    refining = [
        bool(words.distributor_of(cell) and (not row.cell(index) or twice[words.fold(row.cell(index))] > 1))
        or bool(row.cell(index) and words.meanings_of(f"{row.cell(index)} {cell}")[0])
        or bool(not row.cell(index) and words.meanings_of(cell)[0])
        for index, cell in filled
    ]
    return sum(refining) * 2 > len(filled)


def _groups(above: Row, row: Row) -> bool:
    """Whether the row above holds group titles over repeated headings (``Supplier 1`` over ``P/N``)."""
    repeated = {label for label, count in Counter(map(words.fold, row.filled())).items() if count > 1}
    if not repeated or not above.filled() or looks_like_header(above):
        return False
    return any(words.distributor_of(cell) or words.meanings_of(cell)[0] for cell in above.filled())


def _join_above(above: Row, row: Row) -> tuple[str, ...]:
    """Put each group title before the repeated headings that it stands over."""
    twice = Counter(map(words.fold, row.filled()))
    title = ""
    labels = []
    for index, cell in enumerate(row.cells):
        title = above.cell(index) or title
        labels.append(f"{title} {cell}".strip() if cell and twice[words.fold(cell)] > 1 else cell)
    return tuple(labels)


def has_designator_column(rows: Sequence[Row]) -> bool:
    """Whether some column is full of designators: a bill without a row of headings."""
    hits: Counter[int] = Counter()
    for row in rows[:200]:
        for index, cell in enumerate(row.cells[:20]):
            found = parse_designators(cell[:2000])
            hits[index] += found.strict and all(has_known_class(name) for name in found.names)
    return bool(hits) and max(hits.values()) >= max(3, len(rows[:200]) // 2)
