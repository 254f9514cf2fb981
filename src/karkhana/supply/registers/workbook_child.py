"""The child process that turns one sheet of a workbook into text: a file's path in, CSV on standard output.

Runs under a ceiling on its memory, so that a hostile workbook ends this process and no other. Ends with 2 and
a word on standard error when the workbook cannot be read.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
import re
import sys
from typing import Any

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

MEMORY = 2 * 2**30
COLUMNS_MAX = 256
NUMBER, DATE = "\x02", "\x03"


def main() -> int:
    """Read the sheet and write it."""
    _limit_memory()
    path, wanted = sys.argv[1], sys.argv[2]
    try:
        sheet = _sheet(CalamineWorkbook.from_path(path), wanted)
        if sheet is None:
            sys.stderr.write(f"it has no sheet {wanted[:60]}" if wanted else "it has no sheet with content")
            return 2
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        writer = csv.writer(sys.stdout, lineterminator="\n")
        for row in sheet.iter_rows():  # from the first row on, also where it is empty
            writer.writerow([_text(cell) for cell in row[:COLUMNS_MAX]])
    except MemoryError:
        return 3
    except BaseException as error:  # a panic inside the parser is no Exception
        word = f"{type(error).__name__} {error}".lower()
        locked = "password" in word or "encrypt" in word
        sys.stderr.write("it is protected by a password" if locked else "the workbook is damaged or cut off")
        return 2
    return 0


def _sheet(book: Any, wanted: str) -> Any:
    """Return the sheet of a name, or the largest that is shown."""
    best = None
    for meta in book.sheets_metadata:
        if meta.typ != SheetTypeEnum.WorkSheet or (wanted and meta.name != wanted):
            continue
        if not wanted and meta.visible != SheetVisibleEnum.Visible:
            continue
        sheet = book.get_sheet_by_name(meta.name)
        if sheet.height and (best is None or sheet.height > best.height):
            best = sheet
    return best


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _text(cell: object) -> str:
    """Write a cell as text on one line; numbers and dates are marked as what they are."""
    if isinstance(cell, str):
        # The marks belong to this module: a text that brings one would pass for a typed cell.
        return re.sub(r"[\x00-\x1f]+", " ", cell)
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, (int, float)):
        if not math.isfinite(cell):
            return "NaN"
        return NUMBER + (str(int(cell)) if cell == int(cell) and abs(cell) < 1e15 else f"{cell:.15g}")
    if isinstance(cell, dt.datetime):
        return DATE + cell.date().isoformat()
    if isinstance(cell, dt.date):
        return DATE + cell.isoformat()
    return "" if cell is None else str(cell)


if __name__ == "__main__":
    sys.exit(main())
