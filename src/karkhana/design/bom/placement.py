"""Placement files: which part sits where on the board, for the machine that puts it there.

They name places, and often value and package, but never quantities, makers or what stays unfitted. Here they
are read as far as they tell which parts a board has; coordinates are left to the machine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from karkhana.design.bom import sniff, words
from karkhana.design.bom.designators import parse_designators
from karkhana.design.bom.headers import PLACE, Header, find_header
from karkhana.design.bom.lines import kind_of
from karkhana.design.bom.model import BomLine, BomReport, Row, Source
from karkhana.design.bom.text import read_text
from karkhana.design.bom.workbook import is_workbook, read_workbook
from karkhana.kernel.refusals import refuse

PLACEMENT_FILE = "bom.is_placement"
"""The code by which the reader of bills says that a file is a placement file."""

_MOUNT = re.compile(
    r"^(?P<name>[A-Za-z_$]+[\w$.]*\d\S{0,8})[\s,;]+-?\d+\.\d+[\s,;]+-?\d+\.\d+[\s,;]+-?M?R?\d+(?:\.\d+)?"
    r"(?:[\s,;]+(?P<rest>.*))?$"
)
# A printed list whose wide names push the rest of their row to the right: cut by what the words are.
_PRINTED = re.compile(
    r"^(?P<name>\S+)\s+(?P<package>\S+(?: \S+){0,6}?)\s+(?:-?\d+(?:\.\d+)? ?(?:mm|mil|in)?\s+){2,8}"
    r"(?:[TB]|top\w*|bottom\w*)\s+-?\d+(?:\.\d+)?(?:\s+(?P<value>.*))?$",
    re.IGNORECASE,
)
_KINDS = (words.VALUE, words.PACKAGE, words.PART_NUMBER)


def read_placement(data: bytes, *, file_name: str) -> BomReport:
    """Read the places of a placement file as lines of one designator each.

    Columns: ``references`` and, where the file has them, ``value``, ``package`` and ``part_number``.

    Raises:
        Refused: ``bom.*`` as the reader of bills; ``bom.empty`` when no place could be read.
    """
    sniff.refuse_by_size(len(data), file_name)
    source = read_workbook(data, file_name) if is_workbook(data) else read_text(data, file_name)
    columns: dict[str, str] = {}
    lines: list[BomLine] = []
    for grid in source.grids:
        found = find_header(grid.rows, 0)
        if found is None:
            lines += _mount_lines(grid.rows, grid.name, columns)
        elif found[1].kinds() >= PLACE:
            index, header = found
            printed = source.delimiter == "fixed" and _in_printed_order(header)
            rows = grid.rows[index + header.span :]
            lines += _table_lines(rows, grid.name, header, columns, printed)
    if not lines:
        raise refuse(
            "bom.empty",
            "{file} looks like a placement file, but no place in it could be read.",
            "Export the placement file again with designators.",
            file=file_name,
        )
    return _report(source, lines, columns)


def _report(source: Source, lines: list[BomLine], columns: dict[str, str]) -> BomReport:
    return BomReport(
        dialect="placement",
        encoding=source.encoding,
        sheets=tuple(grid.name for grid in source.grids),
        lines=tuple(lines),
        columns=columns,
    )


def _in_printed_order(header: Header) -> bool:
    """Whether the headings are those of a printed list: name, package, coordinates, side, angle, value."""
    text = " ".join(header.labels).split()
    kinds = [kind for word in text for kind in words.meanings_of(word)[0][:1]]
    places = [kinds.index(kind) if kind in kinds else -1 for kind in (words.REFERENCES, words.PACKAGE)]
    after = [kinds.index(kind) if kind in kinds else -1 for kind in (words.SIDE, words.ROTATION, words.VALUE)]
    order = [*places, *after]
    return -1 not in order and order == sorted(order)


def _table_lines(
    rows: Sequence[Row], sheet: str, header: Header, columns: dict[str, str], printed: bool
) -> list[BomLine]:
    """Rows below headings; which column holds the designators is told by its contents."""
    names = _names_column(rows, header)
    if names is None:
        return []
    chosen: dict[str, int] = {}
    for index in range(len(header.labels)):
        kinds = header.meanings(index)[0]
        kind = next((kind for kind in kinds if kind in _KINDS), None)
        if kind is not None and index != names and kind not in chosen and _filled(rows, index):
            chosen[kind] = index
    # A second value column holds the package in files of one well-known exporter (Val, Val2).
    second = _second_value(rows, header, chosen)
    if second is not None:
        chosen[words.PACKAGE] = second
    columns.setdefault(words.REFERENCES, header.label(names))
    for kind, index in chosen.items():
        columns.setdefault(kind, header.label(index))
    found = []
    for row in rows:
        parsed = parse_designators(row.cell(names))
        if not parsed.names or parsed.notes or len(row.filled()) < 3:
            continue
        value, package, part = (row.cell(chosen.get(kind)) for kind in _KINDS)
        match = _PRINTED.match(" ".join(row.filled())[:600]) if printed else None
        if match is not None:
            value, package = match["value"] or "", match["package"]
        found.append(_line(row.number, sheet, parsed.names[0], (value, package, part)))
    return found


def _names_column(rows: Sequence[Row], header: Header) -> int | None:
    candidates = [
        index for index in range(len(header.labels)) if words.REFERENCES in header.meanings(index)[0]
    ]
    candidates += [0] if 0 not in candidates else []
    counts = {
        index: sum(bool(parse_designators(row.cell(index)).names) for row in rows) for index in candidates
    }
    best = max(candidates, key=lambda index: (counts[index], -index))
    return best if counts[best] else None


def _filled(rows: Sequence[Row], index: int) -> bool:
    return any(row.cell(index) for row in rows)


def _second_value(rows: Sequence[Row], header: Header, chosen: dict[str, int]) -> int | None:
    if words.PACKAGE in chosen or words.VALUE not in chosen:
        return None
    return next(
        (
            index
            for index in range(len(header.labels))
            if header.meanings(index) == ((words.VALUE,), 2) and _filled(rows, index)
        ),
        None,
    )


def _mount_lines(rows: Sequence[Row], sheet: str, columns: dict[str, str]) -> list[BomLine]:
    """A mount list without headings: name, x, y, angle, value, package."""
    found = []
    for row in rows:
        match = _MOUNT.match(" ".join(row.filled()))
        if match is None:
            continue
        rest = (match["rest"] or "").split()
        package = rest[-1] if rest else ""
        found.append(_line(row.number, sheet, match["name"], (" ".join(rest[:-1]), package, "")))
    if found:
        columns.setdefault(words.REFERENCES, "")
        for kind, told in ((words.VALUE, "value"), (words.PACKAGE, "package")):
            if any(getattr(line, told) for line in found):
                columns.setdefault(kind, "")
    return found


def _line(number: int, sheet: str, name: str, told: tuple[str, str, str]) -> BomLine:
    line = BomLine(
        line=number, sheet=sheet, references=(name,), value=told[0], package=told[1], part_number=told[2]
    )
    return kind_of(line)
