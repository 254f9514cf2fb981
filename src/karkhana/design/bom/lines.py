"""One line of the bill from the fields of its row: part, alternates, and which of its places stay empty."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

from karkhana.design.bom import alternates, words
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
    DISTRIBUTOR,
    HOUSE,
    MAKER,
    MECHANICAL,
    PLACEMENT,
    BomLine,
    Row,
    first_of,
)
from karkhana.design.bom.rows import Fields
from karkhana.design.bom.words import word_set

_CODES = word_set("DNP DNF DNI DNM NOPOP NO-POP NOFIT")
_ART_ALWAYS = word_set("FID FM LOGO GFX HOLE MH TP NT OSHW SYM REF")
_ART_WITH_WORDS = _ART_ALWAYS | word_set("G H FD M MK MP PAD SJ JP X Z")
_ART_WORDS = re.compile(
    r"fiducial|logo\b|logo_|mounting ?hole|test ?point|testpad|net ?tie|silkscreen|graphic|passermarke",
    re.IGNORECASE,
)


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
        line=row.number,
        sheet=sheet,
        part_number=first_of((number, house, *suppliers.values())),
        numbered_by=MAKER if number else HOUSE if house else DISTRIBUTOR if suppliers else "",
        manufacturer=maker,
        description=described,
        value=row.cell(columns.value),
        package=row.cell(columns.package),
        quantity=quantity,
        references=fields.references,
        not_fitted=empty,
        fitted=fitted,
        alternates=tuple(pair for pair in [*pairs[1:], *extra] if pair[1] and pair[1] != number),
        suppliers=suppliers,
    )
    return kind_of(line)


def kind_of(line: BomLine) -> BomLine:
    """The same line with its kind settled."""
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
