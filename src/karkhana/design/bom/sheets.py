"""Which sheets and tables of a file make up the bill, and which only repeat or comment it.

A workbook often holds the bill next to change logs, cost sheets and lists of unfitted parts; a legacy KiCad
export prints every component one by one and then the same components grouped. Only one view may count.
"""

from __future__ import annotations

import re

import msgspec

from karkhana.design.bom import limits, words
from karkhana.design.bom.columns import map_columns
from karkhana.design.bom.fitting import says_not_fitted
from karkhana.design.bom.headers import PLACE, Header, find_header
from karkhana.design.bom.model import BomLine, Grid, Unparsed
from karkhana.design.bom.tables import Table, read_table

_BESIDE = re.compile(
    r"change|history|revision|rev ?log|log$|instruction|readme|cover|legend|summary|statistic|pivot|template"
    r"|example|cost|price|pricing|quote|invoice|lookup|settings|config|parameters?$|info$|about|glossary",
    re.IGNORECASE,
)
_MECHANICAL = re.compile(
    r"mech|hardware|accessor|enclosure|housing|case|assembl|kit|cable|pack|bom|parts|misc|other",
    re.IGNORECASE,
)
_OVERLAP = 0.8


class Found(msgspec.Struct):
    """All tables of a file, by what they are."""

    tables: list[Table] = []
    headers: list[tuple[Header, Grid]] = []
    placements: list[Header] = []
    sheets: list[str] = []
    warnings: list[str] = []
    references: int = 0
    too_many: bool = False


def read_grids(grids: tuple[Grid, ...], only: str | None) -> Found:
    """Read every sheet that belongs to the bill; comments and cost sheets only when nothing else is there."""
    found = Found()
    first = [grid for grid in grids if only is not None or (grid.visible and not _BESIDE.search(grid.name))]
    later = [grid for grid in grids if grid not in first]
    for grid in first:
        _read_grid(grid, found)
    if not found.tables and not found.placements:
        for grid in later:
            _read_grid(grid, found)
    elif later:
        names = ", ".join(repr(grid.name) for grid in later[:10])
        found.warnings.append(f"sheets that only accompany the bill were not read: {names}")
    _choose(found)
    return found


def _read_grid(grid: Grid, found: Found) -> None:
    """Read all tables of one sheet: each row of headings begins the next one."""
    rows = grid.rows
    place = find_header(rows, 0)
    while place is not None and not found.too_many:
        found.too_many = len(found.headers) + len(found.placements) >= limits.MAX_TABLES
        index, header = place
        start = index + header.span
        place = find_header(rows, start)
        body = rows[start : place[0] if place else len(rows)]
        if _is_placement(header):
            found.placements.append(header)
            continue
        columns = map_columns(header, body)
        title = " ".join(rows[index - 1].filled()) if index else ""
        table = read_table(grid.name, columns, body, says_not_fitted(grid.name), title)
        found.headers.append((header, grid))
        found.tables.append(table)
        found.references += sum(len(line.references) for line in table.lines)
        found.too_many = found.too_many or table.too_many or found.references > limits.MAX_REFERENCES


def _is_placement(header: Header) -> bool:
    """Whether a table tells where parts sit on the board, and nothing about how many are bought."""
    kinds = header.kinds()
    return kinds >= PLACE and not kinds & {words.QUANTITY, words.PART_NUMBER, words.MANUFACTURER}


def _choose(found: Found) -> None:
    """Keep each designator's best view: grouped before single components, the first sheet before copies."""
    accepted: list[Table] = []
    seen: set[str] = set()
    with_references = [table for table in found.tables if table.references() and not table.not_fitted]
    for table in with_references:
        names = table.references()
        if len(names & seen) >= _OVERLAP * len(names):
            _repeat(table, accepted, found)
        else:
            accepted.append(table)
        seen = {name for kept in accepted for name in kept.references()}
    for table in found.tables:
        if table.references() and table.not_fitted:
            _add_not_fitted(table, accepted)
        elif not table.references() and table.lines:
            _add_mechanical(table, accepted, bool(with_references), found)
    kept = {id(table) for table in accepted}
    found.tables = [table for table in found.tables if id(table) in kept or (table.unparsed and not accepted)]
    found.sheets = list(dict.fromkeys(table.sheet for table in found.tables))


def _repeat(table: Table, accepted: list[Table], found: Found) -> None:
    """A table that lists the designators of an accepted one again: keep the grouped one with quantities."""
    names = table.references()
    for index, kept in enumerate(accepted):
        same = kept.sheet == table.sheet and kept.references() <= names
        if (
            same
            and len(table.lines) < len(kept.lines)
            and _prints_quantity(table)
            and not _prints_quantity(kept)
        ):
            accepted[index] = table
            found.warnings.append("the list of single components was left out: the grouped list repeats it")
            return
    place = f"sheet {table.sheet!r}" if table.sheet else f"the table at row {table.columns.header.number}"
    found.warnings.append(f"{place} lists the same designators again and was left out")


def _prints_quantity(table: Table) -> bool:
    """Whether a table groups: quantities are printed, or lines hold several designators."""
    return any(len(line.references) > 1 for line in table.lines) or (
        table.columns.quantity is not None and any(line.quantity > 1 for line in table.lines)
    )


def _add_not_fitted(table: Table, accepted: list[Table]) -> None:
    """A list of unfitted parts: mark its designators where they are listed already, add the others."""
    names = table.references()
    mine = {name for kept in accepted for name in kept.references()} & names
    for kept in accepted:
        kept.lines = [_mark(line, mine) for line in kept.lines]
    if mine:
        table.lines = [line for line in (_without(line, mine) for line in table.lines) if line is not None]
    accepted.append(table)


def _mark(line: BomLine, names: set[str]) -> BomLine:
    if not names.intersection(line.references):
        return line
    empty = tuple(name for name in line.references if name in names or name in line.not_fitted)
    return msgspec.structs.replace(line, not_fitted=empty, fitted=len(empty) < len(line.references))


def _without(line: BomLine, names: set[str]) -> BomLine | None:
    left = tuple(name for name in line.references if name not in names)
    if len(left) == len(line.references):
        return line
    return msgspec.structs.replace(line, references=left, not_fitted=left) if left else None


def _add_mechanical(table: Table, accepted: list[Table], have_bill: bool, found: Found) -> None:
    """A table without designators: part of the bill by its place or name, else a side calculation."""
    beside = any(kept.sheet == table.sheet for kept in accepted)
    if have_bill and not beside and not _MECHANICAL.search(table.sheet):
        found.warnings.append(f"sheet {table.sheet!r} has quantities but no designators and was left out")
    else:
        accepted.append(table)


def duplicates(tables: list[Table]) -> list[str]:
    """A warning for designators that stand on more than one line."""
    places: dict[str, set[tuple[str, int]]] = {}
    for table in tables:
        for line in table.lines:
            for name in line.references:
                places.setdefault(name, set()).add((line.sheet, line.line))
    twice = [name for name, lines in places.items() if len(lines) > 1 and not name.endswith(("*", "?"))]
    if not twice:
        return []
    more = f" and {len(twice) - 20} more" if len(twice) > 20 else ""
    return [f"designators on more than one line: {', '.join(twice[:20])}{more}"]


def all_unparsed(tables: list[Table]) -> tuple[Unparsed, ...]:
    """What was not understood in any kept table, as far as it is worth printing."""
    return tuple(item for table in tables for item in table.unparsed)[: limits.MAX_PROBLEMS]
