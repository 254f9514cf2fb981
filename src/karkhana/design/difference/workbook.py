"""A difference as an XLSX workbook: one sheet that sums up, one with every change.

Every cell is text or a number, never a formula: a value that begins like one (``=``, ``+``, ``-``, ``@``)
comes from a file of somebody else and must not run in a spreadsheet.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

_CELL_MAX = 32_000
_HEADINGS = ("kind", "designators", "places", "field", "from", "to", "part", "matters", "also changed")
_WIDTHS = (14, 46, 8, 14, 34, 34, 30, 9, 70)
_BOLD = Font(bold=True)


def difference_workbook(answer: dict[str, Any]) -> bytes:
    """Write a difference, in its JSON form, as the bytes of an XLSX file."""
    book = Workbook(write_only=True)
    summary = book.create_sheet("Summary")
    summary.column_dimensions["A"].width, summary.column_dimensions["B"].width = 22, 60
    for row in _summary(answer):
        summary.append([_cell(summary, value, bold=index == 0) for index, value in enumerate(row)])
    sheet = book.create_sheet("Differences")
    sheet.freeze_panes = "A2"
    for index, width in enumerate(_WIDTHS):
        sheet.column_dimensions["ABCDEFGHI"[index]].width = width
    sheet.append([_cell(sheet, text, bold=True) for text in _HEADINGS])
    rows = 1
    for row in difference_rows(answer):
        sheet.append([_cell(sheet, value) for value in row])
        rows += 1
    sheet.auto_filter.ref = f"A1:I{rows}"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def difference_rows(answer: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield one row per change, in the order of :data:`_HEADINGS`; what matters first."""
    for kind in ("changed", "added", "removed", "information"):
        for item in answer[kind]:
            refs, quantity = item["refs"], item.get("quantity")
            places = len(refs) or quantity or ""
            if kind in ("added", "removed"):
                told = "; ".join(filter(None, (item["manufacturer"], item["value"], item["package"])))
                yield kind, _joined(refs), places, "", "", "", item["part"], _yes(item), told
            else:
                also = "; ".join(
                    f"{change['field']}: {_text(change['from'])} → {_text(change['to'])}"
                    for change in item["also"]
                )
                yield (
                    kind, _joined(refs), places, item["field"], _text(item["from"]), _text(item["to"]),
                    item["part"], _yes(item), also,
                )  # fmt: skip


def _summary(answer: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    yield "A", answer["a"]
    yield "B", answer["b"]
    yield "designators in A", answer["references"]["a"]
    yield "designators in B", answer["references"]["b"]
    for key in ("changed", "added", "removed", "information", "unchanged"):
        yield key, answer["summary"][key]
    yield "what is built changes", "yes" if answer["summary"]["matters"] else "no"
    yield "not compared", ", ".join(answer["not_compared"])
    for text in answer["warnings"]:
        yield "to look at", text


def _joined(references: Iterable[str]) -> str:
    return " ".join(references)


def _yes(item: dict[str, Any]) -> str:
    return "yes" if item["matters"] else "no"


def _text(value: Any) -> str:
    """A value in words: fitted or not, lists joined, nothing as a dash."""
    if isinstance(value, bool):
        return "fitted" if value else "not fitted"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    return "–" if value is None else str(value)


def _cell(sheet: Any, value: Any, bold: bool = False) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, str):
        text = ILLEGAL_CHARACTERS_RE.sub("?", value)
        if len(text) > _CELL_MAX:
            text = text[:_CELL_MAX] + " …"
        cell = WriteOnlyCell(sheet, value=None)
        cell.value = text
        cell.data_type = "s"
        if text[:1] in ("=", "+", "-", "@"):
            cell.quotePrefix = True
    else:
        cell = WriteOnlyCell(sheet, value=value)
    if bold:
        cell.font = _BOLD
    return cell
