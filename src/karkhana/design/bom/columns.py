"""Deciding which column means what, from the headings and from what the columns hold.

A heading such as *Part* stands for designators in one bill and for a part number in the next; *QTY 100* is
a hundred times the quantity. So every doubtful column is settled by its contents.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from karkhana.design.bom import words
from karkhana.design.bom.designators import has_known_class, parse_designators
from karkhana.design.bom.fitting import read_mark
from karkhana.design.bom.headers import Header
from karkhana.design.bom.model import Row
from karkhana.design.bom.quantities import parse_quantity

_SAMPLE = 250


class SupplierColumn(msgspec.Struct, frozen=True):
    """A column of distributor numbers: the distributor by its heading, or by the column beside it."""

    index: int
    name: str
    name_index: int | None


class Columns(msgspec.Struct, frozen=True):
    """Where each meaning stands; every number is a column index."""

    header: Header
    references: int | None
    quantity: int | None
    value: int | None
    description: int | None
    package: int | None
    item: int | None
    house_number: int | None
    part_numbers: tuple[tuple[int, int | None], ...]
    suppliers: tuple[SupplierColumn, ...]
    alternates: tuple[int, ...]
    not_fitted: tuple[int, ...]
    fitted: tuple[int, ...]
    notes: tuple[int, ...]
    names_only: bool = False

    def manufacturer(self) -> int | None:
        """The column of the first manufacturer."""
        return next((maker for _, maker in self.part_numbers if maker is not None), None)

    def printed(self) -> dict[str, str]:
        """Meaning to heading as printed; further columns of a meaning get a number."""
        label = self.header.label
        pairs: list[tuple[str, int | None]] = [
            (words.REFERENCES, self.references), (words.QUANTITY, self.quantity), (words.VALUE, self.value),
            (words.DESCRIPTION, self.description), (words.PACKAGE, self.package), (words.ITEM, self.item),
            (words.HOUSE_NUMBER, self.house_number),
        ]  # fmt: skip
        pairs += [(words.MANUFACTURER, maker) for _, maker in self.part_numbers]
        pairs += [(words.PART_NUMBER, number) for number, _ in self.part_numbers if number >= 0]
        pairs += [(words.SUPPLIER, column.name_index) for column in self.suppliers]
        pairs += [(words.SUPPLIER_NUMBER, column.index) for column in self.suppliers if column.index >= 0]
        for kind, indexes in (
            (words.ALTERNATE, self.alternates), (words.NOT_FITTED, self.not_fitted),
            (words.FITTED, self.fitted), (words.NOTES, self.notes),
        ):  # fmt: skip
            pairs += [(kind, index) for index in indexes]
        printed: dict[str, str] = {}
        seen: dict[str, set[int]] = {}
        for kind, index in pairs:
            if index is None or index in seen.setdefault(kind, set()):
                continue
            seen[kind].add(index)
            place = len(seen[kind])
            printed[kind if place == 1 else f"{kind}_{place}"] = label(index).strip()
        return printed


class _Sorter:
    """Holds the candidates of every meaning while the doubtful ones are settled."""

    def __init__(self, header: Header, rows: Sequence[Row]) -> None:
        self.header = header
        # Section titles stand alone in their row and say nothing about the column they stand in.
        self.sample = [row for row in rows[:_SAMPLE] if len(row.filled()) > 1] or rows[:_SAMPLE]
        self.options = {index: header.meanings(index) for index in range(len(header.labels))}
        self.taken: dict[int, str] = {}

    def certain(self, kind: str) -> list[int]:
        """The free columns whose heading means one thing only."""
        return [i for i, (kinds, _) in self.options.items() if kinds == (kind,) and i not in self.taken]

    def possible(self, kind: str) -> list[int]:
        """The free columns that may mean this, certain ones first."""
        sure = self.certain(kind)
        return sure + [
            i
            for i, (kinds, _) in self.options.items()
            if kind in kinds and i not in sure and i not in self.taken
        ]

    def take(self, index: int, kind: str) -> int:
        self.taken[index] = kind
        return index

    def filled(self, index: int) -> int:
        return sum(bool(row.cell(index)) for row in self.sample)

    def fullest(self, kind: str, sure_only: bool = False) -> int | None:
        """Take the certain column with most cells filled, or else the first possible one."""
        sure = self.certain(kind)
        candidates = sure or ([] if sure_only else self.possible(kind))
        if not candidates:
            return None
        best = max(candidates, key=lambda index: (self.filled(index) > 0, -candidates.index(index)))
        return self.take(best, kind)


def map_columns(header: Header, rows: Sequence[Row]) -> Columns:
    """Settle the meaning of every column of a table from its headings and its rows."""
    sorter = _Sorter(header, rows)
    references = _references(sorter)
    quantity = _quantity(sorter, references)
    fit = _fit_columns(sorter)
    numbers = _part_numbers(sorter, references)
    value = sorter.fullest(words.VALUE)
    description = sorter.fullest(words.DESCRIPTION)
    return Columns(
        header=header,
        references=references,
        quantity=quantity,
        value=value,
        description=description,
        package=sorter.fullest(words.PACKAGE),
        item=sorter.fullest(words.ITEM),
        house_number=sorter.fullest(words.HOUSE_NUMBER),
        part_numbers=numbers,
        suppliers=_suppliers(sorter),
        alternates=tuple(sorter.take(index, words.ALTERNATE) for index in sorter.certain(words.ALTERNATE)),
        not_fitted=fit[0],
        fitted=fit[1],
        notes=tuple(sorter.take(index, words.NOTES) for index in sorter.possible(words.NOTES)),
        names_only=_names_only(sorter, references, quantity),
    )


def _strict_cells(sorter: _Sorter, index: int) -> tuple[int, int]:
    """How many cells of a column are designators, and how many are filled."""
    cells = [cell for cell in (row.cell(index) for row in sorter.sample) if cell]
    found = [parse_designators(cell[:4000]) for cell in cells]
    known = sum(bool(item.names) and any(has_known_class(name) for name in item.names) for item in found)
    return known, len(cells)


def _references(sorter: _Sorter) -> int | None:
    """The designator column: the certain heading with most designators, or a doubtful one full of them."""
    sure = {index: _strict_cells(sorter, index) for index in sorter.certain(words.REFERENCES)}
    if sure and (max(hits for hits, _ in sure.values()) or len(sure) == 1):
        return sorter.take(max(sure, key=lambda index: (sure[index][0], sure[index][1])), words.REFERENCES)
    for index in sorter.possible(words.REFERENCES):
        hits, filled = _strict_cells(sorter, index)
        if filled and hits * 2 >= filled:
            return sorter.take(index, words.REFERENCES)
    return sorter.take(min(sure), words.REFERENCES) if sure else _unnamed_references(sorter)


def _unnamed_references(sorter: _Sorter) -> int | None:
    """A column full of designators whose heading says nothing, or only that it counts (``#``)."""
    for index, (kinds, _) in sorter.options.items():
        if kinds and kinds[0] != words.ITEM:
            continue
        hits, filled = _strict_cells(sorter, index)
        if hits > 1 and hits * 5 >= filled * 4 and hits * 2 >= len(sorter.sample):
            return sorter.take(index, words.REFERENCES)
    return None


def _quantity(sorter: _Sorter, references: int | None) -> int | None:
    """The column whose numbers agree with the designators best; by its name where there are none."""
    candidates = sorter.possible(words.QUANTITY)
    if not candidates:
        return _unnamed_quantity(sorter, references)
    best = max(
        candidates, key=lambda index: (*_agreement(sorter, index, references), _plainness(sorter, index))
    )
    for index in candidates:
        sorter.take(index, words.QUANTITY if index == best else words.IGNORED)
    return best


def _unnamed_quantity(sorter: _Sorter, references: int | None) -> int | None:
    """A column of numbers that match the designators, under a heading that says nothing (``#``)."""
    for index, (kinds, _) in sorter.options.items():
        if references is not None and (not kinds or kinds[0] == words.ITEM) and index not in sorter.taken:
            several = any((parse_quantity(row.cell(index)) or 0) > 1 for row in sorter.sample)
            if several and _agreement(sorter, index, references) >= (True, 9):
                return sorter.take(index, words.QUANTITY)
    return None


def _agreement(sorter: _Sorter, index: int, references: int | None) -> tuple[bool, int]:
    """Whether a column holds numbers, and in how many tenths of the rows they match the designators."""
    agree = numbers = both = 0
    for row in sorter.sample:
        quantity = parse_quantity(row.cell(index))
        numbers += quantity is not None
        if quantity is not None and references is not None and row.cell(references):
            both += 1
            agree += len(parse_designators(row.cell(references)[:4000], int(quantity)).names) == quantity
    return numbers > 0, (agree * 10) // both if both else 0


def _plainness(sorter: _Sorter, index: int) -> tuple[int, int]:
    """Prefer ``Quantity`` to ``Quantity for 100``, and the left column to the right one."""
    folded = words.fold(sorter.header.label(index))
    extra = sum(word in folded for word in ("total", "order", "build", "needed", "batch", "required"))
    digits = any(character.isdigit() and character != "1" for character in folded)
    return -(extra + 2 * digits), -index


def _fit_columns(sorter: _Sorter) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The columns that say fitted or not. One whose cells say neither is an ordinary note."""
    chosen: dict[bool, list[int]] = {True: [], False: []}
    for positive, kind in ((False, words.NOT_FITTED), (True, words.FITTED)):
        for index in sorter.certain(kind):
            cells = [cell for cell in (row.cell(index) for row in sorter.sample) if cell]
            readable = sum(
                read_mark(cell, positive) is not None or (not positive and parse_designators(cell).strict)
                for cell in cells
            )
            if readable * 2 >= len(cells):
                chosen[positive].append(sorter.take(index, kind))
            else:
                sorter.options[index] = ((words.NOTES,), 1)
    return tuple(chosen[False]), tuple(chosen[True])


def _part_numbers(sorter: _Sorter, references: int | None) -> tuple[tuple[int, int | None], ...]:
    """Columns of makers' part numbers, each with the column of its manufacturer."""
    numbers = sorter.certain(words.PART_NUMBER)
    doubtful = [index for index in sorter.possible(words.PART_NUMBER) if index not in numbers]
    makers = sorter.certain(words.MANUFACTURER)
    if not numbers or not any(sorter.filled(index) for index in numbers):
        part = [
            i for i in doubtful if words.HOUSE_NUMBER in sorter.options[i][0] or makers or references is None
        ]
        numbers = part[:1] or numbers
    if not numbers:
        numbers = [index for index in sorter.certain(words.LIBRARY) if _mostly_numbers(sorter, index)][:1]
    for index in (*numbers, *makers):
        sorter.take(index, words.PART_NUMBER if index in numbers else words.MANUFACTURER)
    pairs = [(number, _maker_of(sorter, number, numbers, makers)) for number in numbers]
    return tuple(pairs) or tuple((-1, maker) for maker in makers[:1])


def _mostly_numbers(sorter: _Sorter, index: int) -> bool:
    """Whether a column of library names holds part numbers: long, and with digits."""
    cells = [cell for cell in (row.cell(index) for row in sorter.sample) if cell]
    return sum(len(cell) > 5 and any(c.isdigit() for c in cell) for cell in cells) * 2 > len(cells)


def _maker_of(sorter: _Sorter, number: int, numbers: list[int], makers: list[int]) -> int | None:
    """The manufacturer that belongs to a number: the same ordinal, or the same rank, or the only one."""
    same = [maker for maker in makers if sorter.options[maker][1] == sorter.options[number][1]]
    if len(same) == 1:
        return same[0]
    if len(makers) == len(numbers):
        return makers[numbers.index(number)]
    return makers[0] if makers and number == numbers[0] else None


def _suppliers(sorter: _Sorter) -> tuple[SupplierColumn, ...]:
    """Columns of distributor numbers with the distributor of each."""
    names = sorter.certain(words.SUPPLIER)
    numbers = sorter.certain(words.SUPPLIER_NUMBER)
    found = []
    for index in numbers:
        header = sorter.header
        name = words.distributor_of(header.sublabel(index)) or words.distributor_number(
            words.fold(header.label(index))
        )
        name = name or words.distributor_of(header.label(index))
        beside = None if name else _name_column(sorter, index, names, numbers)
        found.append(SupplierColumn(index, name, beside))
    for index in (*names, *numbers):
        sorter.take(index, words.SUPPLIER)
    return tuple(found)


def _name_column(sorter: _Sorter, index: int, names: list[int], numbers: list[int]) -> int | None:
    same = [name for name in names if sorter.options[name][1] == sorter.options[index][1]]
    if len(same) == 1:
        return same[0]
    left = [name for name in names if name < index]
    return max(left) if left else (names[0] if len(names) == 1 and len(numbers) == 1 else None)


def _names_only(sorter: _Sorter, references: int | None, quantity: int | None) -> bool:
    """Whether the reference column holds names of things (``ZKCAP15``, quantity 72) and no designators."""
    if references is None or quantity is None:
        return False
    against = total = 0
    for row in sorter.sample:
        found = parse_designators(row.cell(references)[:4000])
        number = parse_quantity(row.cell(quantity))
        if row.cell(references) and number is not None:
            total += 1
            odd = not found.strict or not any(has_known_class(name) for name in found.names)
            against += odd and number != len(found.names)
    return total > 0 and against * 2 > total
