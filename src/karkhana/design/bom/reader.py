"""Reading a bill of materials from any program: bytes in, a report or a refusal out.

The steps: size and signature, container (text or workbook), headings and columns, rows, and last which of
several sheets and tables make up the bill. Nothing is decided by the name of the file.
"""

from __future__ import annotations

import re

from karkhana.design.bom import limits, sheets, sniff, words
from karkhana.design.bom.dialects import name_dialect
from karkhana.design.bom.headers import has_designator_column
from karkhana.design.bom.model import BomLine, BomReport, Grid, Source
from karkhana.design.bom.sheets import Found
from karkhana.design.bom.tables import Table
from karkhana.design.bom.text import read_text
from karkhana.design.bom.workbook import is_workbook, read_workbook
from karkhana.kernel.refusals import Refused, refuse

_PLACE = re.compile(
    r"^[A-Za-z_$]+\d+\S{0,8}[\s,;]+(?:\S+[\s,;]+){0,2}-?\d+\.\d+[\s,;]+-?\d+\.\d+(?:[\s,;]|$)"
)
_COUNT = re.compile(r"^component count\s*:?$", re.IGNORECASE)


def read_bom(data: bytes, *, file_name: str, sheet: str | None = None) -> BomReport:
    """Read a bill of materials.

    Args:
        data: the content of the file.
        file_name: its name, used in messages only.
        sheet: read only this sheet of a workbook.

    Raises:
        Refused: with a code ``bom.*`` for everything that is not a readable bill of materials.
    """
    name = shown_name(file_name)
    sniff.refuse_by_size(len(data), name)
    sniff.refuse_by_signature(data[:64], name)
    source = read_workbook(data, name) if is_workbook(data) else read_text(data, name)
    grids = _selected(source, sheet, name)
    found = sheets.read_grids(grids, sheet)
    if found.too_many:
        raise sniff.too_large(name, "too many tables or designators", f"{limits.MAX_REFERENCES} designators")
    lines = tuple(line for table in found.tables for line in table.lines)
    if not lines:
        raise _refusal(found, grids, name)
    return _report(source, found, lines)


def shown_name(file_name: str) -> str:
    """The file's own name, short and printable, for messages."""
    last = re.split(r"[/\\]", file_name)[-1]
    return "".join(character if character.isprintable() else "?" for character in last)[:120] or "the file"


def _selected(source: Source, sheet: str | None, name: str) -> tuple[Grid, ...]:
    """The grids to read; a sheet asked for by name must be there."""
    if sheet is None:
        return source.grids
    chosen = tuple(grid for grid in source.grids if grid.name.strip().lower() == sheet.strip().lower())
    if not chosen:
        have = ", ".join(repr(grid.name) for grid in source.grids[:20])
        raise refuse(
            "bom.no_such_sheet",
            "{file} has no sheet {sheet!r}; it has {have}.",
            "Name one of these sheets.",
            file=name,
            sheet=sheet[:80],
            have=have,
        )
    return chosen


def _report(source: Source, found: Found, lines: tuple[BomLine, ...]) -> BomReport:
    """Put the report together."""
    header, grid = _main_header(found)
    columns: dict[str, str] = {}
    for table in found.tables:
        for kind, label in table.columns.printed().items():
            columns.setdefault(kind, label)
    return BomReport(
        dialect=name_dialect(header.columns.header, grid, source.delimiter),
        encoding=source.encoding,
        sheets=tuple(found.sheets),
        lines=lines,
        columns=columns,
        quantity_mismatches=tuple(item for table in found.tables for item in table.mismatches),
        unparsed=sheets.all_unparsed(found.tables),
        warnings=tuple(_warnings(source, found, lines)),
    )


def _main_header(found: Found) -> tuple[Table, Grid]:
    """The table with most lines, and its sheet."""
    table = max(found.tables, key=lambda item: len(item.lines))
    grid = next(grid for header, grid in found.headers if header is table.columns.header)
    return table, grid


def _warnings(source: Source, found: Found, lines: tuple[BomLine, ...]) -> list[str]:
    """What a person should look at before trusting the bill."""
    warnings = [*found.warnings, *(text for table in found.tables for text in table.warnings)]
    warnings += sheets.duplicates(found.tables)
    if not any(line.references for line in lines):
        warnings.append(
            "no line has designators: every line counts as mechanical, and nothing can be placed from it"
        )
    for header, grid in found.headers[:1]:
        warnings += _declared_count(grid, header.number, lines)
    numbers = sum(1 for line in lines if line.references and not line.part_number and line.kind != "artwork")
    if numbers:
        warnings.append(f"{numbers} lines with designators have no part number")
    return warnings[: limits.MAX_PROBLEMS]


def _declared_count(grid: Grid, before: int, lines: tuple[BomLine, ...]) -> list[str]:
    """Compare with the component count that KiCad prints above its table."""
    counted = sum(len(line.references) for line in lines)
    for row in grid.rows:
        filled = row.filled()
        declares = (
            row.number < before and len(filled) == 2 and _COUNT.match(filled[0]) and filled[1].isdigit()
        )
        if declares and int(filled[1]) != counted:
            return [f"the file declares {filled[1]} components, its lines name {counted}"]
    return []


def _refusal(found: Found, grids: tuple[Grid, ...], name: str) -> Refused:
    """Say what the file is, when it is no bill."""
    if found.placements:
        return _placement_refusal(found, name)
    if found.headers:
        return refuse(
            "bom.empty",
            "{file} has the headings of a bill of materials but no line that could be understood.",
            "Check that the export holds the parts, with designators or quantities.",
            file=name,
        )
    if not any(grid.rows for grid in grids):
        return refuse(
            "bom.empty",
            "{file} has no content.",
            "Export the bill of materials again and check that the file has content.",
            file=name,
        )
    return _no_table(grids, name)


def _placement_refusal(found: Found, name: str) -> Refused:
    """A list of coordinates: test points, or the placement file of the pick-and-place machine."""
    labels = [words.fold(label) for header in found.placements for label in header.labels]
    if any(label.startswith(("testpoint", "test point", "net")) for label in labels):
        return refuse(
            "bom.not_a_bom",
            "{file} is a list of test points with coordinates, not a bill of materials.",
            "Import the bill of materials of the same board; keep this file for the test fixture.",
            file=name,
        )
    return refuse(
        "bom.is_placement",
        "{file} is a placement file: it says where parts sit on the board, not which parts they are.",
        "Import the bill of materials of the same board; keep this file for the placement machine.",
        file=name,
    )


def _lists_places(grid: Grid) -> bool:
    """Whether most rows are a name and two coordinates, as in a mount file without headings."""
    rows = [" ".join(row.filled()) for row in grid.rows[:300]]
    return len(rows) > 1 and sum(_PLACE.match(row) is not None for row in rows) * 10 > len(rows) * 7


def _no_table(grids: tuple[Grid, ...], name: str) -> Refused:
    """No row of headings: perhaps they are missing, perhaps this is no bill at all."""
    if any(_lists_places(grid) for grid in grids):
        return _placement_refusal(Found(), name)
    if any(has_designator_column(grid.rows) for grid in grids):
        return refuse(
            "bom.no_header",
            "{file} lists designators but has no row of headings, so its columns cannot be told apart.",
            "Export again with headings, or put a row such as Reference, Quantity, Value, MPN on top.",
            file=name,
        )
    text = " ".join(cell for grid in grids for row in grid.rows[:5] for cell in row.filled()).lower()
    counts = "front side" in text or "back side" in text
    kind = (
        "a count of components by side and type"
        if counts
        else "no table of parts with quantities or designators"
    )
    return refuse(
        "bom.not_a_bom",
        "{file} is not a bill of materials: it is {kind}.",
        "Export the bill of materials from the design program and import that file.",
        file=name,
        kind=kind,
    )
