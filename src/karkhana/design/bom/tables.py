"""A parts table, row after row: sections, continuation rows, alternates, and what was not understood."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from karkhana.design.bom import alternates, limits
from karkhana.design.bom.columns import Columns
from karkhana.design.bom.fitting import mentions_not_fitted, says_not_fitted
from karkhana.design.bom.lines import build_line
from karkhana.design.bom.model import BomLine, Mismatch, Row, Unparsed
from karkhana.design.bom.rows import Fields, is_note, is_total, read_fields


class Table(msgspec.Struct):
    """The lines of one table with everything that was odd about them."""

    sheet: str
    columns: Columns
    lines: list[BomLine] = []
    unparsed: list[Unparsed] = []
    mismatches: list[Mismatch] = []
    warnings: list[str] = []
    not_fitted: bool = False
    notes: int = 0
    too_many: bool = False

    def references(self) -> set[str]:
        """All designators of the table."""
        return {reference for line in self.lines for reference in line.references}


def read_table(sheet: str, columns: Columns, rows: Sequence[Row], not_fitted: bool, title: str = "") -> Table:
    """Read all rows below a header.

    Args:
        sheet: the name of the sheet, for messages.
        columns: where each meaning stands.
        rows: the rows below the headings.
        not_fitted: whether the whole sheet is a list of parts that stay unfitted.
        title: the section title above the headings, which may say the same.
    """
    builder = _Builder(Table(sheet, columns, not_fitted=not_fitted or says_not_fitted(title.rstrip(":"))))
    for row in rows:
        builder.take(row)
    return builder.table


class _Builder:
    """Walks down a table, remembering the section and the line before."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.columns = table.columns
        self.section_not_fitted = False
        self.last_row = 0
        self.last_item = ""
        self.references = 0

    def take(self, row: Row) -> None:
        """Read one row into a line, into the line before, or into what was not understood."""
        if self.references > limits.MAX_REFERENCES:
            self.table.too_many = True
            return
        fields = read_fields(row, self.columns)
        if self._section(fields):
            return
        if is_total(fields) or is_note(fields):
            self.table.notes += 1
        elif self._continues_references(fields) or self._alternate(fields):
            self.last_row = row.number
        elif fields.references or (fields.quantity is not None and fields.identity):
            self._line(fields)
        else:
            self._not_understood(fields)

    def _section(self, fields: Fields) -> bool:
        """A row with one text cell is a section title; it may say that what follows is not fitted."""
        filled = fields.row.filled()
        named = fields.references and (fields.found.strict or any(map(str.isdigit, filled[0])))
        if len(filled) != 1 or (named and not says_not_fitted(filled[0])) or fields.quantity is not None:
            return False
        text = filled[0].strip().rstrip(":").strip()
        if text == fields.row.cell(self.columns.part_numbers[0][0] if self.columns.part_numbers else None):
            return False
        if says_not_fitted(text) or (len(text) <= 60 and mentions_not_fitted(text)):
            self.section_not_fitted = True
        elif len(text) <= 60 and not text.startswith(("-", "*", "•")):
            self.section_not_fitted = False
        self.table.notes += 1
        return True

    def _continues_references(self, fields: Fields) -> bool:
        """A row with nothing but designators goes on with the list of the line before (OrCAD wraps so)."""
        if (
            not (fields.references and self.table.lines)
            or fields.quantity_text
            or fields.row.number > self.last_row + 2
        ):
            return False
        others = [
            cell for index, cell in enumerate(fields.row.cells) if cell and index != self.columns.references
        ]
        before = self.table.lines[-1]
        wraps = before.references and (
            before.quantity > len(before.references) or self.columns.quantity is None
        )
        if others or not wraps:
            return False
        self._replace(msgspec.structs.replace(before, references=(*before.references, *fields.references)))
        self.references += len(fields.references)
        return True

    def _alternate(self, fields: Fields) -> bool:
        """A row with just a part number is an alternate of the line before."""
        if fields.references or fields.quantity_text or not self.table.lines or fields.name:
            return False
        item = fields.row.cell(self.columns.item)
        if fields.row.number > self.last_row + 1 or (item and item != self.last_item):
            return False
        pairs = [pair for pair in alternates.makers_of(fields.row, self.columns) if pair[1]]
        if not pairs:
            return False
        before = self.table.lines[-1]
        known = {before.part_number, *(number for _, number in before.alternates)}
        new = tuple(pair for pair in pairs if pair[1] not in known)
        self._replace(msgspec.structs.replace(before, alternates=before.alternates + new))
        return True

    def _replace(self, line: BomLine) -> None:
        """Put a fuller form of the last line in place, and judge its quantity again."""
        self.table.lines[-1] = line
        if self.table.mismatches and self.table.mismatches[-1].line == line.line:
            self.table.mismatches.pop()
        if not line.fitted:
            line = msgspec.structs.replace(line, not_fitted=line.references)
            self.table.lines[-1] = line
        self._judge_quantity(line, printed=self.columns.quantity is not None)

    def _not_understood(self, fields: Fields) -> None:
        filled = fields.row.filled()
        core = [cell for cell in filled if not cell.lower().startswith(("http", "-", "*"))]
        meant = fields.identity or fields.quantity is not None
        if len(core) < 2 or not meant or len(self.table.unparsed) >= limits.MAX_PROBLEMS:
            self.table.notes += 1
            return
        if fields.found.too_many:
            reason = f"a run of more than {limits.MAX_RUN} designators"
        elif fields.quantity_text and fields.quantity is None:
            reason = f"no designator, and the quantity {fields.quantity_text[:40]!r} is not a number"
        elif fields.quantity is not None:
            reason = f"a quantity of {fields.quantity} but nothing that says of what"
        else:
            reason = "neither a designator nor a quantity"
        self.table.unparsed.append(Unparsed(line=fields.row.number, reason=reason, sheet=self.table.sheet))

    def _line(self, fields: Fields) -> None:
        """Build the line of a row and note what is odd about it."""
        line = build_line(
            fields, self.columns, self.table.sheet, self.table.not_fitted or self.section_not_fitted
        )
        self.table.lines.append(line)
        self.last_row, self.last_item = fields.row.number, fields.row.cell(self.columns.item)
        self.references += len(line.references)
        if alternates.joined_by_commas(fields.row, self.columns):
            self._warn(
                f"row {fields.row.number} joins different parts by commas; which goes where is not told"
            )
        if fields.shifted:
            self._warn(
                f"row {fields.row.number} is shifted against its headings and was read one column over"
            )
        if fields.quantity_text and fields.quantity is None:
            self._warn(
                f"row {fields.row.number}: quantity {fields.quantity_text[:40]!r} is no number; "
                "designators were counted"
            )
        if fields.found.too_many and len(self.table.unparsed) < limits.MAX_PROBLEMS:
            reason = f"a run of more than {limits.MAX_RUN} designators was left out"
            self.table.unparsed.append(
                Unparsed(line=fields.row.number, reason=reason, sheet=self.table.sheet)
            )
        self._judge_quantity(line, printed=fields.quantity is not None)

    def _judge_quantity(self, line: BomLine, printed: bool) -> None:
        """Note a quantity that is neither the number of designators nor that of the fitted ones."""
        count = len(line.references)
        allowed = {Decimal(count), Decimal(len(line.fitted_references))}
        if line.references and printed and line.quantity not in allowed:
            self.table.mismatches.append(
                Mismatch(line=line.line, sheet=line.sheet, quantity=line.quantity, references=count)
            )

    def _warn(self, text: str) -> None:
        if len(self.table.warnings) < limits.MAX_PROBLEMS:
            self.table.warnings.append(f"{self.table.sheet}: {text}" if self.table.sheet else text)
