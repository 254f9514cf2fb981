"""Small bills in words, and the published ones: what the tests of the difference share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from design.bom.bom_shared import View, data, designators, rows
from karkhana.design.bom import BomLine
from karkhana.design.difference import Bill, Change, Difference, compare, read_bill

__all__ = ["View", "bill", "csv_bill", "designators", "line", "published", "rows", "told"]


def line(number: int = 2, *references: str, **fields: Any) -> BomLine:
    """One line; a part number is a maker's, as a file with such a column says."""
    fields.setdefault("quantity", Decimal(len(references)))
    if not references:
        fields.setdefault("kind", "mechanical")
    if "part" in fields:
        fields["part_number"] = fields.pop("part")
        fields.setdefault("numbered_by", "maker")
    return BomLine(line=number, sheet="", references=references, **fields)


def bill(*lines: BomLine, name: str = "A", layout: str = "one", **fields: Any) -> Bill:
    return Bill(name=name, lines=lines, layout=layout, **fields)


def csv_bill(text: str, name: str = "bill.csv") -> Bill:
    return read_bill(text.encode(), file_name=name)


def published(a: str, b: str) -> Difference:
    """The difference of two published files."""
    return compare(read_bill(data(a), file_name=a), read_bill(data(b), file_name=b))


def told(changes: tuple[Change, ...]) -> list[tuple[str, ...]]:
    """Changes as (field, before, after, designators) in text."""
    return [(c.field, str(c.before), str(c.after), " ".join(c.references)) for c in changes]
