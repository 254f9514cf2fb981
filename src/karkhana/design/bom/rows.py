"""One row of a parts table: which cells are what, and whether the row is shifted against its headings."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec

from karkhana.design.bom import words
from karkhana.design.bom.columns import Columns
from karkhana.design.bom.designators import Designators, has_known_class, parse_designators
from karkhana.design.bom.model import Row, first_of
from karkhana.design.bom.quantities import parse_quantity
from karkhana.design.bom.words import word_set

_TOTAL = re.compile(
    r"^(grand |sub ?)?(total|totals|sum|summe|gesamt|totale|somme|合计|总计|小计)\b.{0,40}$", re.IGNORECASE
)
_NOTE = word_set("note notes nota bemerkung hinweis remark remarks legend approved prepared checked")
_NOTHING = frozenset({"-", "--", "—", "–", "~", "n/a", "na", "none", "nil", ".", "/", "*", "tbd"})
_THINGS = word_set(
    "PCB SCREW SCREWS NUT NUTS WASHER WASHERS SPACER SPACERS STANDOFF CASE ENCLOSURE LABEL BATTERY CABLE"
    " HEATSINK PANEL BOX LID COVER FIRMWARE SOLDER GLUE BARE BAREPCB MISC OTHER VARIOUS HARDWARE"
)


class Fields(msgspec.Struct, frozen=True):
    """The cells of a row by meaning, with designators and quantity already read."""

    row: Row
    found: Designators
    references: tuple[str, ...]
    quantity: Decimal | None
    quantity_text: str
    name: str
    identity: bool
    shifted: bool


def read_fields(row: Row, columns: Columns) -> Fields:
    """Read a row, repairing one that stands a cell too far left or right or was cut at commas."""
    plain = _fields(row, columns, shifted=False)
    if columns.references is None or (_sound(plain, columns) and not _cut_apart(plain, columns)):
        return plain
    for repaired in _repairs(row, columns):
        fields = _fields(repaired, columns, shifted=True)
        numbered = columns.quantity is None or fields.quantity is not None
        agrees = not plain.references or fields.quantity == len(fields.references)
        if _sound(fields, columns) and fields.references and numbered and agrees:
            return fields
    return plain


def _cut_apart(fields: Fields, columns: Columns) -> bool:
    """Whether a list without quotes was cut at its commas: a longer row, too few designators."""
    longer = len(fields.row.cells) > len(columns.header.labels)
    return longer and fields.quantity is not None and fields.quantity > len(fields.references) > 0


def _sound(fields: Fields, columns: Columns) -> bool:
    """Whether the reference and quantity cells hold what their headings promise."""
    text = fields.row.cell(columns.references)
    if text and not fields.references:
        return False
    return not fields.quantity_text or fields.quantity is not None


def _repairs(row: Row, columns: Columns) -> list[Row]:
    """The row as it may have been meant: references joined again, or all cells moved by one."""
    candidates = []
    start = columns.references or 0
    extra = len(row.cells) - len(columns.header.labels)
    if 0 < extra <= 400:
        head = row.cells[start : start + extra + 1]
        joined = (*row.cells[:start], ", ".join(head), *row.cells[start + extra + 1 :])
        candidates.append(Row(row.number, joined))
    candidates.append(Row(row.number, ("", *row.cells)))
    if row.cells and not row.cells[0] and len(row.cells) > 1:
        candidates.append(Row(row.number, row.cells[1:]))
    return candidates


def _fields(row: Row, columns: Columns, shifted: bool) -> Fields:
    text = row.cell(columns.references)
    quantity_text = row.cell(columns.quantity)
    if text.lower() in _NOTHING or not text.strip(" ,;"):
        text = ""
    first = parse_quantity(quantity_text)
    whole = int(first) if first is not None and first == first.to_integral_value() else None
    found = parse_designators(text, whole)
    references = () if columns.names_only else _accepted(found, text, whole)
    quantity = parse_quantity(quantity_text, len(references)) if references else first
    name = text if text and not references else " ".join(found.notes)
    return Fields(
        row, found, references, quantity, quantity_text, name, _identified(row, columns, name), shifted
    )


def _identified(row: Row, columns: Columns, name: str) -> bool:
    """Whether anything says what the part is."""
    indexes = [columns.value, columns.description, columns.house_number, columns.package]
    indexes += [index for index, _ in columns.part_numbers if index >= 0]
    indexes += [column.index for column in columns.suppliers]
    return bool(name or first_of(row.cell(index) for index in indexes))


def _accepted(found: Designators, text: str, quantity: int | None) -> tuple[str, ...]:
    """The names of a reference cell that are designators and not the name of a thing."""
    if not found.names or (found.too_many and not found.strict):
        return ()
    if found.strict:
        known = any(has_known_class(name) for name in found.names)
        return found.names if known or quantity is None or quantity in (0, len(found.names)) else ()
    if found.notes and not has_known_class(found.names[0]):
        return ()
    return found.names if _free_names(found, quantity) else ()


def _free_names(found: Designators, quantity: int | None) -> bool:
    """Whether names such as ``BAT`` or ``5V_OUT`` are designators: in capitals, as many as the quantity."""
    if any(name.upper() in _THINGS or not re.search(r"[A-Za-z]", name) for name in found.names):
        return False
    if quantity not in (None, 0) and quantity != len(found.names):
        return any(has_known_class(name) and any(c.isdigit() for c in name) for name in found.names)
    return all(name == name.upper() or any(c.isdigit() for c in name) for name in found.names)


def is_total(fields: Fields) -> bool:
    """Whether a row sums up the table: the word total, or a lone number under the quantity."""
    if fields.references and all(has_known_class(name) for name in fields.references):
        return False
    filled = fields.row.filled()
    if any(_TOTAL.match(cell) for cell in filled[:3]):
        return True
    return fields.quantity is not None and len(filled) == 1


def is_note(fields: Fields) -> bool:
    """Whether a row is a remark or a line of the export's own bookkeeping (``Component Count: 97``)."""
    if fields.references:
        return False
    filled = fields.row.filled()
    first = filled[0]
    if first.endswith(":") or words.fold(first) in _NOTE:
        return True
    return len(filled) == 1 and len(first) > 60
