"""Where the reference bills are, and an independent way of counting them.

The counts here come from the standard library's csv reader and from python-calamine with fixed columns,
never from the importer that is under test.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook


def folder() -> Path:
    """The folder of the reference bills; skips the test where it is not there."""
    given = os.environ.get("KARKHANA_SHARED")
    shared = Path(given) if given else Path(__file__).resolve().parents[4] / "shared" / "data"
    for candidate in (shared / "bom", shared / "data" / "bom"):
        if candidate.is_dir():
            return candidate
    pytest.skip("the reference bills are not there; set KARKHANA_SHARED to the folder that holds bom/")


def data(name: str) -> bytes:
    return (folder() / name).read_bytes()


@dataclass(frozen=True)
class View:
    """One table seen by hand: where its rows are and in which columns designators and quantity stand.

    Rows are counted from 1 as in the file; ``last`` 0 means to the end.
    """

    first: int
    reference: int | None
    quantity: int | None
    last: int = 0
    sheet: int = 0
    delimiter: str = ","
    encoding: str = "utf-8"


def rows(name: str, view: View) -> list[list[str]]:
    """The raw rows of a table as text."""
    path = folder() / name
    if path.suffix in {".csv", ".tsv", ".bom"}:
        text = path.read_bytes().decode(view.encoding)
        table = list(csv.reader(io.StringIO(text), delimiter=view.delimiter))
    else:
        sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(view.sheet)
        table = [[str(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    return [row for row in table[view.first - 1 : view.last or None] if any(cell.strip() for cell in row)]


def designators(cell: str) -> list[str]:
    """The designators of a cell, runs such as C17-C19 expanded, remarks in brackets dropped."""
    names: list[str] = []
    for token in re.split(r"[,\s]+", re.sub(r"\(.*?\)| – .*$", "", cell).strip()):
        run = re.fullmatch(r"([A-Z]+)(\d+)-([A-Z]+)(\d+)", token)
        if run and run[1] == run[3]:
            names += [f"{run[1]}{number}" for number in range(int(run[2]), int(run[4]) + 1)]
        elif token:
            names.append(token)
    return names


def count(name: str, views: Sequence[View]) -> tuple[int, int]:
    """How many rows and how many designators the tables hold."""
    lines = places = 0
    for view in views:
        for row in rows(name, view):
            lines += 1
            if view.reference is not None and view.reference < len(row):
                places += len(designators(row[view.reference]))
    return lines, places


def quantities(name: str, view: View) -> float:
    """The sum of the quantity column."""
    assert view.quantity is not None
    cells = [row[view.quantity].strip() for row in rows(name, view) if view.quantity < len(row)]
    return sum(float(cell) for cell in cells if cell)
