"""Candidates and planned units from CSV or XLSX: a row per candidate and product, or per product and month.

A row that cannot be meant is refused with file, line and field; the others are kept. What holds for the whole
candidate (one-time cost, lead time ...) may stand in its first row only; where it stands twice it must be
the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from karkhana.kernel.refusals import Refusal, Refused, refuse
from karkhana.solving.localising import Candidate, Effect
from karkhana.supply.registers.reading import Table, open_register
from karkhana.supply.registers.rules.columns import NUMBER, TEXT, Field, propose
from karkhana.supply.registers.rules.survey import Reader, Row, survey, with_place

ROWS_MAX = 20_000
_WHOLE = ("lead_months", "capacity", "minimum", "quantity", "units")

CANDIDATES = (
    Field("candidate", TEXT, ("candidate", "code", "id"), required=True),
    Field("product", TEXT, ("product", "device", "model")),
    Field("imported_before", NUMBER, ("imported before", "imported now", "import value before")),
    Field("imported_after", NUMBER, ("imported after", "import value after")),
    Field("part", TEXT, ("part", "part number", "replaces part")),
    Field("source", TEXT, ("source", "supplier", "local source")),
    Field("price_change", NUMBER, ("price change", "change of price", "dearer")),
    Field("value_change", NUMBER, ("value change", "change of denominator")),
    Field("quantity", NUMBER, ("quantity", "qty", "parts per unit")),
    Field("local_value", NUMBER, ("local value",)),
    Field("one_time", NUMBER, ("one time", "one time cost", "tooling", "investment")),
    Field("lead_months", NUMBER, ("lead months", "lead time", "lead time months")),
    Field("capacity", NUMBER, ("capacity", "capacity per month", "parts per month")),
    Field("minimum", NUMBER, ("minimum", "moq", "minimum order quantity")),
    Field("minimum_per", TEXT, ("minimum per", "moq per")),
    Field("share_max", NUMBER, ("share max", "largest share")),
    Field("share_min", NUMBER, ("share min", "least share")),
    Field("only_one_of", TEXT, ("only one of", "alternates", "group")),
    Field("requires", TEXT, ("requires", "prerequisites"), limit=600),
    Field("replaces", TEXT, ("replaces", "places"), limit=600),
)
PLAN = (
    Field("product", TEXT, ("product", "device", "model"), required=True),
    Field("month", TEXT, ("month", "period"), required=True),
    Field("units", NUMBER, ("units", "quantity", "volume"), required=True),
)
EFFECT = ("imported_before", "imported_after", "price_change", "value_change", "quantity", "local_value")
_LISTS = ("requires", "replaces")
OF_CANDIDATE = (
    "part", "source", "one_time", "lead_months", "capacity", "minimum", "minimum_per", "share_max",
    "share_min", "only_one_of", *_LISTS,
)  # fmt: skip


@dataclass(slots=True)
class Read:
    """What a file says: candidates, or planned units by product and month; refused rows; rows read."""

    candidates: list[Candidate] = field(default_factory=list)
    planned: dict[tuple[str, str], int] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    rows: int = 0


def read_candidates(path: Path, *, name: str = "") -> Read:
    """Read a file of candidates.

    Raises:
        Refused: ``register.*`` when it is no table of candidates at all.
    """
    found = Read()
    said: dict[str, dict[str, Any]] = {}
    effects: dict[str, dict[str, Effect]] = {}

    def take(row: Row, line: int) -> None:
        code = str(row.get("candidate") or "")
        if not code:
            raise _wrong("candidate", "is empty", "Name the candidate in every row.")
        own = said.setdefault(code, {})
        _merge(own, row)
        if row.get("product"):
            effect = _effect(row)
            if effect.product in effects.setdefault(code, {}):
                raise _wrong("product", f"{effect.product} stands twice for {code}", "Keep one row.")
            effects[code][effect.product] = effect
        found.lines.setdefault(code, line)

    # Half a candidate would be another one: one with a refused row is left out whole.
    broken = _each(path, name, CANDIDATES, ("candidate",), take, found)
    for code, own in said.items():
        if code not in broken:
            found.candidates.append(
                Candidate(code=code, effects=tuple(effects.get(code, {}).values()), **own)
            )
    return found


def read_plan(path: Path, *, name: str = "") -> Read:
    """Read a file of planned units; a month is written ``2026-04``.

    Raises:
        Refused: ``register.*`` when it is no table of planned units at all.
    """
    found = Read()

    def take(row: Row, line: int) -> None:
        product, month = str(row.get("product") or ""), str(row.get("month") or "")[:7]
        if not product:
            raise _wrong("product", "is empty", "Name the product in every row.")
        if not re.fullmatch(r"(19|20)\d\d-(0[1-9]|1[0-2])", month):
            raise _wrong("month", f"{month!r} is no month", "Write it as 2026-04.")
        if (product, month) in found.planned:
            raise _wrong("month", f"{month} stands twice for {product}", "Keep one row.")
        if row.get("units") is None:
            raise _wrong("units", "is empty", "Write 0 where none is built.")
        found.planned[product, month] = _whole(row, "units")
        found.lines[f"{product} {month}"] = line

    _each(path, name, PLAN, ("product", "month"), take, found)
    return found


def _each(
    path: Path, name: str, fields: tuple[Field, ...], needed: tuple[str, ...],
    take: Callable[[Row, int], None], found: Read,
) -> set[str]:  # fmt: skip
    """Hand on every row; return what stands in the first needed column of the refused ones."""
    broken: set[str] = set()
    with open_register(path, fields, name=name) as table:
        layout = propose(table.headings, fields)
        if layout.missing:
            raise refuse(
                "register.columns_missing",
                "{file} has no column for: {missing}.",
                "Name a column so; its columns are: {known}.",
                file=table.name[:120],
                missing=", ".join(layout.missing),
                known=", ".join(text for text in table.headings if text)[:600],
            )
        conventions = survey(table.rows(), layout, fields).conventions
        reader = Reader(fields, dict(layout.columns), conventions, needed)
        for line, cells in _bounded(table):
            if reader.is_total(cells):
                continue
            found.rows += 1
            try:
                take(reader.read(cells), line)
            except Refused as refused:
                found.refusals.append(with_place(refused, file=table.name, line=line).refusal)
                place = layout.columns[needed[0]]
                broken.add(" ".join(cells[place].split()) if place < len(cells) else "")
    return broken


def _bounded(table: Table) -> Iterator[tuple[int, Sequence[str]]]:
    for number, row in enumerate(table.rows()):
        if number >= ROWS_MAX:
            raise refuse(
                "register.too_large", "{file} has more than {most} rows.", "Import fewer.",
                file=table.name[:120], most=ROWS_MAX,
            )  # fmt: skip
        yield row


def _merge(own: dict[str, Any], row: Row) -> None:
    """Add what a row says of the whole candidate."""
    for name in OF_CANDIDATE:
        if row.get(name) is None or row.get(name) == "":
            continue
        value: Any = row.get(name)
        if name in _LISTS:
            value = tuple(each.strip() for each in str(value).split(";") if each.strip())
        elif name in _WHOLE:
            value = _whole(row, name)
        elif name == "minimum_per" and value not in ("month", "order"):
            raise _wrong(name, f"{str(value)[:40]!r} is neither month nor order", "Write month or order.")
        if own.setdefault(name, value) != value:
            raise _wrong(name, "says something else than an earlier row", "Say it once, or the same.")


def _effect(row: Row) -> Effect:
    for name in ("imported_before", "imported_after"):
        if row.get(name) is None:
            raise _wrong(name, "is empty", "Give the imported value per unit of the product, 0 for none.")
    said: dict[str, Any] = {name: row.get(name) for name in EFFECT if row.get(name) is not None}
    if "quantity" in said:
        said["quantity"] = _whole(row, "quantity")
    return Effect(product=str(row.get("product")), **said)


def _whole(row: Row, name: str) -> int:
    number = row.get(name)
    if not isinstance(number, Decimal) or number != number.to_integral_value() or abs(number) > 10**12:
        raise _wrong(name, f"{str(number)[:30]} is no whole number", "Write a whole number.")
    return int(number)


def _wrong(name: str, reason: str, next_step: str) -> Refused:
    return refuse("localise_next.row", "{field} {reason}.", next_step, field=name, reason=reason)


def refuse_rows(found: Read, file: str) -> None:
    """Refuse a whole file for its first refused row.

    Raises:
        Refused: that of the row, with the number of all of them in ``refused``.
    """
    if found.refusals:
        first = found.refusals[0]
        raise Refused(
            Refusal(
                first.code, f"{file}, line {first.fields['line']}: {first.message}", first.next_step,
                {**first.fields, "refused": len(found.refusals)},
            )
        )  # fmt: skip
