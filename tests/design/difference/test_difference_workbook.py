"""The XLSX form: all of the difference, and no formula in it whatever a file says."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal

from bills import bill, line
from openpyxl import load_workbook

from karkhana.design.difference import compare
from karkhana.design.difference.workbook import difference_workbook

EVIL = ('=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)")


def test_every_change_is_a_row() -> None:
    a = bill(line(2, "R2", "R10", part="X"), line(3, "R3", part="Z"), line(4, part="S", quantity=Decimal(2)))
    b = bill(line(2, "R2", "R10", part="Y"), line(3, "R4", part="Z"), line(4, part="S", quantity=Decimal(3)))
    book = load_workbook(io.BytesIO(difference_workbook(compare(a, b).as_dict())))
    rows = list(book["Differences"].iter_rows(values_only=True))
    assert rows[0][:4] == ("kind", "designators", "places", "field")
    assert [row[:7] for row in rows[1:]] == [
        ("changed", "R2 R10", 2, "part", "X", "Y", "Y"),
        ("changed", None, None, "quantity", "2", "3", "S"),
        ("added", "R4", 1, None, None, None, "Z"),
        ("removed", "R3", 1, None, None, None, "Z"),
    ]
    assert dict(book["Summary"].iter_rows(values_only=True))["changed"] == 3


def test_what_looks_like_a_formula_stays_text() -> None:
    a = bill(*(line(n, f"R{n}", part="X", value=text) for n, text in enumerate(EVIL)), name=EVIL[0])
    b = bill(*(line(n, f"R{n}", part=text, value=text) for n, text in enumerate(EVIL)), name="\x01=1")
    data = difference_workbook(compare(a, b).as_dict())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/")]
    assert sheets
    assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)
    cells = [cell for row in load_workbook(io.BytesIO(data))["Differences"].iter_rows() for cell in row]
    shown = {cell.value for cell in cells if cell.data_type == "s" and cell.quotePrefix}
    assert set(EVIL) <= shown


def test_more_designators_than_a_cell_holds() -> None:
    a = bill(line(2, *(f"R{n}" for n in range(9000)), part="X"))
    data = difference_workbook(compare(a, bill()).as_dict())
    cell = load_workbook(io.BytesIO(data))["Differences"]["B2"].value
    assert cell.endswith("…")
    assert len(cell) <= 32_767
