"""What was understood of one bill of materials: frozen values without behaviour of their own.

Owns the report that the reader hands back. It does not own what is done with it: comparing revisions,
storing a bill and asking for shortages belong to the operations of the room.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

PLACEMENT = "placement"
MECHANICAL = "mechanical"
ARTWORK = "artwork"

MAKER = "maker"
HOUSE = "house"
DISTRIBUTOR = "distributor"


class BomLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a bill.

    ``references`` holds every designator that the line prints, runs expanded, in the printed order, and
    a designator printed twice stays twice: the file says so, and its quantity usually counts it twice.
    ``not_fitted`` is the part of them that stays empty on the board. ``kind`` is ``mechanical`` for a line
    that carries a quantity without designators, ``artwork`` for fiducials, logos, mounting holes, test pads
    and net ties without a part number, and ``placement`` for everything else. ``numbered_by`` tells
    whose number ``part_number`` is (``maker``, ``house`` or ``distributor``), empty when that is not known.
    """

    line: int
    sheet: str
    part_number: str = ""
    numbered_by: str = ""
    manufacturer: str = ""
    description: str = ""
    value: str = ""
    package: str = ""
    quantity: Decimal = Decimal(0)
    references: tuple[str, ...] = ()
    not_fitted: tuple[str, ...] = ()
    fitted: bool = True
    kind: str = PLACEMENT
    alternates: tuple[tuple[str, str], ...] = ()
    suppliers: Mapping[str, str] = {}

    @property
    def mechanical(self) -> bool:
        """Whether the line carries a quantity without any designator."""
        return self.kind == MECHANICAL

    @property
    def fitted_references(self) -> tuple[str, ...]:
        """The designators of this line that are really populated."""
        if not self.not_fitted:
            return self.references
        empty = set(self.not_fitted)
        return tuple(reference for reference in self.references if reference not in empty)


class Mismatch(msgspec.Struct, frozen=True, kw_only=True):
    """A line whose printed quantity is not the number of its designators."""

    line: int
    sheet: str
    quantity: Decimal
    references: int


class Unparsed(msgspec.Struct, frozen=True, kw_only=True):
    """A row that holds data but could not be understood, and why."""

    line: int
    reason: str
    sheet: str = ""


class BomReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was understood of one file.

    ``sheets`` names the sheets that were read (one empty name for a text file); ``columns`` maps a meaning
    (``references``, ``quantity``, ``part_number``, ...) to the header text as printed.
    """

    dialect: str
    encoding: str
    sheets: tuple[str, ...]
    lines: tuple[BomLine, ...]
    columns: Mapping[str, str]
    quantity_mismatches: tuple[Mismatch, ...] = ()
    unparsed: tuple[Unparsed, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def placements(self) -> int:
        """How many designators are populated."""
        return sum(len(line.fitted_references) for line in self.lines)

    @property
    def not_fitted(self) -> int:
        """How many designators stay empty."""
        return sum(len(line.references) - len(line.fitted_references) for line in self.lines)

    @property
    def mechanical_lines(self) -> int:
        """How many lines carry a quantity without designators."""
        return sum(line.mechanical for line in self.lines)

    def fitted_references(self) -> frozenset[str]:
        """The populated designators as a set: what two views of one board are compared by."""
        return frozenset(ref for line in self.lines for ref in line.fitted_references)

    def as_dict(self, product: str, revision: str) -> dict[str, Any]:
        """Return the JSON form that the command line prints; the keys are a promise."""
        many_sheets = len(self.sheets) > 1
        return {
            "product": product,
            "revision": revision,
            "dialect": self.dialect,
            "encoding": self.encoding,
            "lines": len(self.lines),
            "placements": self.placements,
            "not_fitted": self.not_fitted,
            "mechanical_lines": self.mechanical_lines,
            "quantity_mismatches": [_mismatch(item, many_sheets) for item in self.quantity_mismatches],
            "unparsed": [{"line": item.line, "reason": item.reason} for item in self.unparsed],
            "columns": dict(self.columns),
            "warnings": list(self.warnings),
        }


def _mismatch(item: Mismatch, with_sheet: bool) -> dict[str, Any]:
    """One quantity mismatch in JSON; a sheet is named only where a line number alone is ambiguous."""
    whole = item.quantity == item.quantity.to_integral_value()
    quantity: int | str = int(item.quantity) if whole else str(item.quantity)
    answer: dict[str, Any] = {"line": item.line, "quantity": quantity, "references": item.references}
    if with_sheet:
        answer["sheet"] = item.sheet
    return answer


class Row(msgspec.Struct, frozen=True):
    """One source row: its number in the file or sheet, counted from 1, and its cells as text."""

    number: int
    cells: tuple[str, ...]

    def cell(self, index: int | None) -> str:
        """The text at a column, empty when the row is shorter or the column is unknown."""
        return self.cells[index] if index is not None and 0 <= index < len(self.cells) else ""

    def filled(self) -> list[str]:
        """The cells that are not empty, from left to right."""
        return [cell for cell in self.cells if cell]


class Grid(msgspec.Struct, frozen=True):
    """One sheet, or the whole of a text file: rows of text cells. Rows without content are left out."""

    name: str
    rows: tuple[Row, ...]
    visible: bool = True


class Source(msgspec.Struct, frozen=True):
    """A file after its container is opened: the encoding or container it came in, and its grids."""

    encoding: str
    grids: tuple[Grid, ...]
    delimiter: str = ""


def first_of(texts: Iterable[str]) -> str:
    """The first text that is not empty, or the empty text."""
    return next((text for text in texts if text), "")
