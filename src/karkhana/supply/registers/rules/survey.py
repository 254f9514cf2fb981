"""What a whole register says of how it writes numbers and dates, and its rows read by it.

Two passes: the first looks at every cell of the columns that hold numbers and dates, the second reads the
rows by what it found.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from karkhana.kernel.refusals import Refused, refuse
from karkhana.supply.registers.rules import dates, numbers
from karkhana.supply.registers.rules.columns import CODE, DATE, NUMBER, YES, Field, Layout

Cell = str | Decimal | dt.date | bool | None
Row = dict[str, Cell]
_TOTAL = re.compile(r"(grand|sub|page)?\s*-?\s*total\b|carried forward|brought forward", re.IGNORECASE)
_YES = {"yes", "y", "true", "1", "x", "eligible", "available"}
_NO = {"no", "n", "false", "0", "ineligible", "not eligible", "blocked"}


@dataclass(slots=True)
class Survey:
    """How each column writes its numbers or dates; ``rows`` below the headings, ``totals`` among them."""

    conventions: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    totals: int = 0


@dataclass(frozen=True)
class Reader:
    """Reads rows of one layout.

    Args:
        fields: of the kind of register.
        columns: position of each field that the file has.
        conventions: of its number and date columns.
        needed: fields without which a row is a total or a title, not an entry.
    """

    fields: tuple[Field, ...]
    columns: dict[str, int]
    conventions: dict[str, str]
    needed: tuple[str, ...]

    def is_total(self, cells: Sequence[str]) -> bool:
        """Say whether a row is a total: one that says so, and lacks what every entry has."""
        if not any(_TOTAL.match(cell) for cell in cells[:6]):
            return False
        return any(not self._cell(cells, name) for name in self.needed)

    def read(self, cells: Sequence[str]) -> Row:
        """Return what a row says.

        Raises:
            Refused: ``number.*``, ``date.*``, ``text.*`` with the field.
        """
        row: Row = {}
        width = len(cells)
        for wanted, place in self.present:
            if place < width and (cell := cells[place]):
                row[wanted.name] = self._value(wanted, cell, row)
        return row

    @cached_property
    def present(self) -> tuple[tuple[Field, int], ...]:
        """The fields that the file has, with their positions."""
        return tuple((one, self.columns[one.name]) for one in self.fields if one.name in self.columns)

    def _cell(self, cells: Sequence[str], name: str) -> str:
        place = self.columns.get(name)
        return cells[place] if place is not None and place < len(cells) else ""

    def _value(self, wanted: Field, cell: str, row: Row) -> Cell:
        convention = self.conventions.get(wanted.name, "")
        if wanted.kind == NUMBER:
            number, currency = numbers.read_number(cell, convention, field=wanted.name)
            if currency and wanted.name in ("value", "unit_price", "price"):
                row["currency_beside"] = currency
            return number
        if wanted.kind == DATE:
            return dates.read_date(cell, convention, field=wanted.name)
        text = clean_text(cell, wanted)
        if wanted.kind == YES:
            return _yes(text, wanted.name)
        return text.upper() if wanted.kind == CODE else text


def clean_text(cell: str, wanted: Field) -> str:
    """Return a text on one line, without the mark of a typed cell.

    Raises:
        Refused: ``text.unprintable``, ``text.too_long``.
    """
    text = " ".join(cell.lstrip(numbers.TYPED + dates.TYPED).split())
    if not text.isprintable():
        raise refuse(
            "text.unprintable",
            "{field}: {value} holds signs that cannot be printed.",
            "Correct the cell; perhaps the file was saved in another encoding.",
            field=wanted.name,
            value=repr(text[:40]),
        )
    if len(text) > wanted.limit:
        raise refuse(
            "text.too_long",
            "{field}: {value} ... has {length} characters; {limit} are allowed.",
            "Shorten it.",
            field=wanted.name,
            value=text[:30],
            length=len(text),
            limit=wanted.limit,
        )
    return text


def _yes(text: str, name: str) -> bool:
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise refuse(
        "text.yes_or_no",
        "{field}: {value} is neither yes nor no.",
        "Write yes or no.",
        field=name,
        value=repr(text[:40]),
    )


def survey(
    rows: Iterable[tuple[int, Sequence[str]]],
    layout: Layout,
    fields: Sequence[Field],
    *,
    decimal: str = "",
    order: str = "",
) -> Survey:
    """Look at every row of a register.

    Args:
        decimal, order: what a person says of the file; empty: it is found.
    """
    found = Survey()
    kinds = [
        (name, layout.columns[name], numbers.say_of_cell if kind == NUMBER else dates.say_of_cell, kind)
        for name, kind in ((one.name, one.kind) for one in fields)
        if kind in (NUMBER, DATE) and name in layout.columns
    ]
    said: dict[str, set[str]] = {name: set() for name, *_ in kinds}
    for _, cells in rows:
        found.rows += 1
        width = len(cells)
        for name, place, ask, _ in kinds:
            if place < width and (says := ask(cells[place])):
                said[name].add(says)
    for kind, stated, decide in ((NUMBER, decimal, numbers.decided), (DATE, order, dates.decided)):
        names = [name for name, _, _, one in kinds if one == kind]
        whole = decide(set().union(*(said[name] for name in names)))
        for name in names:
            own = decide(said[name])
            found.conventions[name] = stated or own or ("" if whole == "mixed" else whole)
    return found


def with_place(refused: Refused, *, file: str, line: int) -> Refused:
    """Return a refusal that names the file and the line as well."""
    refusal = refused.refusal
    fields = {"field": "", **refusal.fields, "file": file[:120], "line": line}
    return Refused(type(refusal)(refusal.code, refusal.message, refusal.next_step, fields))
