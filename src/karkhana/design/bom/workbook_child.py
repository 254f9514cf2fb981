"""The child process that parses a workbook: bytes on standard input, a message on standard output.

Runs under a ceiling on its memory, so that a hostile workbook ends this process and no other.
"""

from __future__ import annotations

import datetime
import io
import math
import sys
from decimal import Decimal
from typing import Any

import msgspec
from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from karkhana.design.bom import limits


def main() -> int:
    """Parse standard input and write the answer; every failure becomes a word in the answer."""
    _limit_memory()
    data = sys.stdin.buffer.read()
    try:
        answer = _parse(data)
    except MemoryError:
        answer = {"failure": "large"}
    except BaseException as error:  # a panic inside the parser is no Exception
        word = f"{type(error).__name__} {error}".lower()
        answer = {"failure": "encrypted" if "password" in word or "encrypt" in word else "damaged"}
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))
    return 0


def _limit_memory() -> None:
    """Set the ceiling where the system knows one (not on Windows)."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (limits.CHILD_MEMORY, limits.CHILD_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _parse(data: bytes) -> dict[str, Any]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    grids = []
    total = 0
    for meta in book.sheets_metadata:
        if meta.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(meta.name)
        total += sheet.total_height * sheet.total_width
        if sheet.total_height > limits.MAX_ROWS * 20 or total > limits.MAX_CELLS * 4:
            return {"failure": "large"}
        rows = _rows(sheet)
        if len(rows) > limits.MAX_ROWS:
            return {"failure": "large"}
        grids.append((meta.name, meta.visible == SheetVisibleEnum.Visible, rows))
    return {"container": _container(data), "grids": grids}


def _container(data: bytes) -> str:
    if not data.startswith(b"PK"):
        return "xls"
    return "ods" if b"opendocument" in data[:200] else "xlsx"


def _rows(sheet: Any) -> list[tuple[int, list[str]]]:
    """The rows with content, each with its number as the spreadsheet program shows it."""
    rows = []
    for number, cells in enumerate(sheet.to_python(skip_empty_area=False), 1):
        texts = [_text(cell) for cell in cells[: limits.MAX_COLUMNS]]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            rows.append((number, texts))
    return rows


def _text(cell: object) -> str:
    """A cell as the text a person sees: 12.0 is ``12``, and a long number keeps its digits."""
    if isinstance(cell, str):
        return cell.replace("\xa0", " ").strip()[: limits.MAX_CELL_CHARACTERS]
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, (datetime.datetime, datetime.date, datetime.time)):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return ""
    exact = Decimal(repr(value))
    if exact == exact.to_integral_value() and abs(exact) < Decimal("1e15"):
        return str(exact.quantize(Decimal(1)))
    return format(exact.normalize(), "f") if abs(exact) < Decimal("1e15") else str(exact)
