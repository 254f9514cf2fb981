"""Reads a file of ranges: CSV with the columns ``first``, ``last``, ``count``, ``certificate``, ``pool``.

Only ``first`` must be there; a TAC or a block stands in it alone. Semicolons and tabs separate as well.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from karkhana.floor.pools.refusals import no
from karkhana.kernel.ranges import COUNT_MAX

LINES_MAX = 10_000
BYTES_MAX = 4 * 1024 * 1024
_NAMES = {
    "first": "first", "from": "first", "start": "first", "block": "first", "range": "first", "tac": "first",
    "last": "last", "to": "last", "end": "last",
    "count": "count", "quantity": "count", "size": "count",
    "certificate": "certificate", "reference": "certificate", "pool": "pool",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RangeLine:
    """One range as it was written, and where: ``place`` is such as ``tac.csv line 3``."""

    place: str
    first: str
    last: str = ""
    count: int | None = None
    certificate: str = ""
    pool: str = ""


def read_ranges(data: bytes, file: str) -> list[RangeLine]:
    """Read the lines of a file of ranges.

    Raises:
        Refused: ``pool.file`` when it is no such file, ``pool.range`` with the line and the field.
    """
    if len(data) > BYTES_MAX:
        raise no("pool.file", file=file, problem=f"it has more than {BYTES_MAX // 2**20} MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise no("pool.file", file=file, problem="it is not UTF-8 text") from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise no("pool.range", place=f"{file} line {line}", problem="there is a NUL character in it")
    head = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as problem:
        raise no("pool.file", file=file, problem=str(problem)) from None
    numbered = [
        (number, row) for number, row in enumerate(rows, start=1) if any(cell.strip() for cell in row)
    ]
    if not numbered:
        raise no("pool.file", file=file, problem="it is empty")
    columns = _columns(numbered[0][1], file)
    if len(numbered) == 1:
        raise no("pool.file", file=file, problem="there is no range below its heading")
    if len(numbered) - 1 > LINES_MAX:
        raise no("pool.file", file=file, problem=f"it has more than {LINES_MAX} ranges")
    return [_line(row, columns, f"{file} line {number}") for number, row in numbered[1:]]


def _columns(heading: list[str], file: str) -> dict[str, int]:
    columns: dict[str, int] = {}
    for index, cell in enumerate(heading):
        name = _NAMES.get(cell.strip().lower().replace("_", " ").split(" ")[0] if cell.strip() else "")
        if name is None:
            continue
        if name in columns:
            raise no("pool.file", file=file, problem=f"the column {name} stands twice")
        columns[name] = index
    if "first" not in columns:
        raise no("pool.file", file=file, problem="its heading has no column first")
    return columns


def _line(row: list[str], columns: dict[str, int], place: str) -> RangeLine:
    cells = {name: row[index].strip() if index < len(row) else "" for name, index in columns.items()}
    for name, cell in cells.items():
        if len(cell) > 120 or not cell.isprintable():
            raise no(
                "pool.range", place=f"{place} field {name}", problem="it is longer than 120 printable signs"
            )
    if not cells["first"]:
        raise no("pool.range", place=f"{place} field first", problem="it is empty")
    return RangeLine(
        place,
        cells["first"],
        cells.get("last", ""),
        _count(cells.get("count", ""), place),
        cells.get("certificate", ""),
        cells.get("pool", ""),
    )


def _count(text: str, place: str) -> int | None:
    if not text:
        return None
    bare = text.replace(",", "").replace(" ", "")
    if not (bare.isascii() and bare.isdigit() and len(bare) <= 15 and 1 <= int(bare) <= COUNT_MAX):
        raise no("pool.range", place=f"{place} field count", problem=f"{text!r} is not 1 to {COUNT_MAX}")
    return int(bare)
