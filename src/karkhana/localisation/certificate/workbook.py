"""Writes a certificate as XLSX: what the PDF says, and every lot with exact amounts.

The same data gives the same bytes. Every cell is text or a number, never a formula: names come from files of
others and must not run in a spreadsheet.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from karkhana.localisation.certificate.document import document_view
from karkhana.localisation.certificate.writing import parts

BOLD = Font(bold=True)
CELL_MAX = 32_000
EXACT_DIGITS = 15
"""A spreadsheet keeps no more digits of a number; a longer one is written as text."""
LOT_COLUMNS = (
    "part", "lot", "supplier", "supplier_name", "origin", "hsn", "channel", "quantity", "cif", "duty",
    "igst", "price", "tax", "value", "local", "why", "certificate", "bill",
)  # fmt: skip
LOT_NUMBERS = frozenset({"quantity", "cif", "duty", "igst", "price", "tax", "value", "local"})
ZIP_DAY = (1980, 1, 1, 0, 0, 0)


def certificate_xlsx(data: Mapping[str, Any], sha256: str) -> bytes:
    """Write the workbook.

    Args:
        data: as stored, read back from JSON.
        sha256: of the stored data.
    """
    book = Workbook(write_only=True)
    view = document_view(data, sha256)
    first = _sheet(book, "Certificate", (34, 90))
    _write(first, [(view["title"],)], bold=True)
    _write(first, [*view["head"], ("Method", view["under"])])
    _write(first, [("Local content", view["percent"]), ("Class", view["grade"])], bold=True)
    _write(first, [("Unrounded", f"{data['result']['percent']} %")])
    _write(first, [("", text) for text in view["declaration"]])
    _write(first, [("Signed", ", ".join(who)) for who in view["signatures"]])
    _write(first, [("SHA-256 of the data", sha256)])
    for part in parts(data):
        sheet = _sheet(book, part.title.split(".")[0] + " " + _short(part.title), [24] * len(part.head))
        _write(sheet, [(part.title,), (part.said,)])
        _write(sheet, [part.head], bold=True)
        _write(sheet, part.rows)
    lots = _sheet(book, "Lots, exact", [18] * len(LOT_COLUMNS))
    lots.freeze_panes = "A2"
    _write(lots, [LOT_COLUMNS], bold=True)
    _write(lots, ([_exact(row, name) for name in LOT_COLUMNS] for row in data["lines"]))
    return _fixed(book, dt.datetime.fromisoformat(data["issued_at"]))


def _short(title: str) -> str:
    """Return a name for a sheet: at most 31 letters without those that a sheet may not have."""
    return re.sub(r"[^A-Za-z ]", "", title.split(". ", 1)[-1])[:26].strip()


def _sheet(book: Workbook, name: str, widths: Iterable[int]) -> Any:
    sheet = book.create_sheet(name)
    for index, width in enumerate(widths):
        sheet.column_dimensions[chr(ord("A") + index)].width = width
    return sheet


def _exact(row: Mapping[str, str], name: str) -> str | Decimal:
    text = row[name]
    if name in LOT_NUMBERS and len(text.replace(".", "").replace("-", "")) <= EXACT_DIGITS:
        return Decimal(text)
    return text


def _write(sheet: Any, rows: Iterable[Iterable[Any]], *, bold: bool = False) -> None:
    for row in rows:
        sheet.append([_cell(sheet, value, bold) for value in row])


def _cell(sheet: Any, value: Any, bold: bool) -> Any:
    cell = WriteOnlyCell(sheet, value=None)
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("?", value)[:CELL_MAX]
        cell.data_type = "s"
        if value[:1] in ("=", "+", "-", "@"):
            cell.quotePrefix = True
    else:
        cell.value = value
    if bold:
        cell.font = BOLD
    return cell


def _fixed(book: Workbook, issued: dt.datetime) -> bytes:
    """Save a workbook without the time of saving: neither in its properties nor in its archive."""
    out = io.BytesIO()
    book.properties.creator = "karkhana"
    book.save(out)
    stamp = issued.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    fixed = io.BytesIO()
    with zipfile.ZipFile(out) as read, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as write:
        for name in read.namelist():
            content = read.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp, content)
            entry = zipfile.ZipInfo(name, ZIP_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            write.writestr(entry, content)
    return fixed.getvalue()
