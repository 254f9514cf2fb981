"""A parts table into lines: continuation rows, sections, alternates, and what is fitted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from karkhana.design.bom import alternates, limits, words
from karkhana.design.bom.columns import Columns
from karkhana.design.bom.designators import parse_designators
from karkhana.design.bom.fitting import (
    mentions_not_fitted,
    not_connected,
    read_mark,
    says_not_fitted,
    some_not_fitted,
)
from karkhana.design.bom.model import (
    ARTWORK,
    MECHANICAL,
    PLACEMENT,
    BomLine,
    Mismatch,
    Row,
    Unparsed,
    first_of,
)
from karkhana.design.bom.rows import Fields, is_note, is_total, read_fields
from karkhana.design.bom.words import word_set

_CODES = word_set("DNP DNF DNI DNM NOPOP NO-POP NOFIT")
_ART_ALWAYS = word_set("FID FM LOGO GFX HOLE MH TP NT OSHW SYM REF")
_ART_WITH_WORDS = _ART_ALWAYS | word_set("G H FD M MK MP PAD SJ JP X Z")
_ART_WORDS = re.compile(
    r"fiducial|logo\b|logo_|mounting ?hole|test ?point|testpad|net ?tie|silkscreen|graphic|no part|passermarke",
    re.IGNORECASE,
)


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
        if len(filled) != 1 or fields.references or fields.quantity is not None:
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
        """A row with neither designators nor quantity but with a part number is an alternate of the line before."""
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
        if len(core) < 2 or not fields.identity or len(self.table.unparsed) >= limits.MAX_PROBLEMS:
            self.table.notes += 1
            return
        if fields.found.too_many:
            reason = f"a run of more than {limits.MAX_RUN} designators"
        elif fields.quantity_text and fields.quantity is None:
            reason = f"no designator, and the quantity {fields.quantity_text[:40]!r} is not a number"
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
                f"row {fields.row.number} joins different parts by commas; which place takes which is not told"
            )
        if fields.shifted:
            self._warn(
                f"row {fields.row.number} is shifted against its headings and was read one column over"
            )
        if fields.quantity_text and fields.quantity is None:
            self._warn(
                f"row {fields.row.number}: quantity {fields.quantity_text[:40]!r} is not a number, designators counted"
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


def build_line(fields: Fields, columns: Columns, sheet: str, not_fitted: bool) -> BomLine:
    """One line from the fields of a row."""
    row = fields.row
    pairs = alternates.makers_of(row, columns)
    remarks = [row.cell(index) for index in columns.notes]
    extra = [pair for text in remarks for pair in alternates.from_remark(text)]
    suppliers = _suppliers(row, columns)
    maker, number = pairs[0] if pairs else ("", "")
    house = alternates.clean(row.cell(columns.house_number))
    empty = _empty_places(fields, columns, not_fitted, bool(number or suppliers or house))
    fitted = (
        len(empty) < len(fields.references)
        if fields.references
        else not empty_line(fields, columns, not_fitted)
    )
    quantity = fields.quantity if fields.quantity is not None else Decimal(len(fields.references))
    described = first_of((row.cell(columns.description), fields.name))
    if fields.name and fields.name not in described:
        described = f"{fields.name}: {described}"
    line = BomLine(
        line=row.number, sheet=sheet, part_number=first_of((number, house, *suppliers.values())), manufacturer=maker,
        description=described, value=row.cell(columns.value), package=row.cell(columns.package), quantity=quantity,
        references=fields.references, not_fitted=empty, fitted=fitted,
        alternates=tuple(pair for pair in [*pairs[1:], *extra] if pair[1] and pair[1] != number), suppliers=suppliers,
    )  # fmt: skip
    return msgspec.structs.replace(line, kind=_kind(line))


def _suppliers(row: Row, columns: Columns) -> dict[str, str]:
    """Distributor numbers by distributor; a number without a name stands under ``supplier``."""
    found: dict[str, str] = {}
    for column in columns.suppliers:
        number = alternates.clean(row.cell(column.index))
        if number:
            named = row.cell(column.name_index)
            name = column.name or words.distributor_of(named) or named or words.SUPPLIER
            found.setdefault(name, number)
    return found


def _kind(line: BomLine) -> str:
    """Mechanical without designators; artwork when only the board house makes it; else a placement."""
    if not line.references:
        return MECHANICAL
    if line.part_number:
        return PLACEMENT
    classes = {name.rstrip("0123456789*?$_.").upper() for name in line.references}
    named = _ART_WORDS.search(f"{line.value} {line.package} {line.description}") is not None
    unannotated = all(name.endswith("*") for name in line.references)
    return (
        ARTWORK
        if unannotated or classes <= _ART_ALWAYS or (named and classes <= _ART_WITH_WORDS)
        else PLACEMENT
    )


def empty_line(fields: Fields, columns: Columns, not_fitted: bool, numbered: bool = True) -> bool:
    """Whether the whole line stays unfitted."""
    row = fields.row
    marks = [read_mark(row.cell(index), positive=False) for index in columns.not_fitted]
    marks += [read_mark(row.cell(index), positive=True) for index in columns.fitted]
    if False in marks:
        return True
    if not_fitted:
        return True
    if columns.fitted and True in marks[len(columns.not_fitted) :]:
        return False
    if fields.references and fields.quantity == 0:
        return True
    return _text_says_so(row, columns, fields.quantity_text) or (
        not numbered and not_connected(row.cell(columns.value))
    )


def _text_says_so(row: Row, columns: Columns, quantity_text: str) -> bool:
    """Whether a value, description, part number, remark or quantity carries a not-fitted mark."""
    if any(cell.upper() in _CODES for cell in row.cells):
        return True
    indexes = [columns.value, columns.description, columns.package, *columns.notes]
    indexes += [index for pair in columns.part_numbers for index in pair]
    indexes += [column.index for column in columns.suppliers]
    if any(says_not_fitted(row.cell(index)) for index in indexes):
        return True
    inside = [columns.value, columns.description]
    return any(mentions_not_fitted(row.cell(index)) for index in inside) or mentions_not_fitted(
        re.sub(r"^[\d.,\s]+", "", quantity_text)
    )


def _empty_places(fields: Fields, columns: Columns, not_fitted: bool, numbered: bool) -> tuple[str, ...]:
    """The designators of a line that stay empty."""
    references = fields.references
    if not references:
        return ()
    row = fields.row
    named = [name for name, mark in fields.found.marked if says_not_fitted(mark) and name in references]
    texts = [row.cell(index) for index in (*columns.notes, *columns.fitted, *columns.not_fitted)]
    texts += [row.cell(columns.description), row.cell(columns.value)]
    for text in texts:
        named.extend(some_not_fitted(text, references))
    for index in columns.not_fitted:
        named.extend(name for name in parse_designators(row.cell(index)[:2000]).names if name in references)
    if named:
        chosen = set(named)
        return tuple(name for name in references if name in chosen)
    return references if empty_line(fields, columns, not_fitted, numbered) else ()
