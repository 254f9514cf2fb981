"""Several part numbers for one line: further columns, lists in one cell, remarks, continuation rows."""

from __future__ import annotations

import re

from karkhana.design.bom.columns import Columns
from karkhana.design.bom.model import Row

Maker = tuple[str, str]

_HARD = re.compile(r"\s*(?:[\n\r|;]|\s/\s|\s+or\s+)\s*", re.IGNORECASE)
_NUMBER = re.compile(r"^[A-Za-z0-9][\w.,+#()*%&/ -]{2,59}$")
_REMARK = re.compile(
    r"\b(?:alternatives?|alternates?|alt\.?|2nd source|second source|substitute|replacement)\s*:"
    r"\s*([^;|\n]{3,120})",
    re.IGNORECASE,
)
_EMPTY = frozenset(
    {"-", "--", "—", "–", "~", "n/a", "na", "none", "tbd", "?", "*", "generic", "any", "no", "x", "unknown"}
)


def clean(text: str) -> str:
    """A part number or maker without the marks that stand for nothing."""
    return "" if text.strip().lower() in _EMPTY else " ".join(text.split())


def makers_of(row: Row, columns: Columns) -> list[Maker]:
    """All (manufacturer, part number) pairs of a row, the first being the one to use."""
    pairs: list[Maker] = []
    for number_index, maker_index in columns.part_numbers:
        number = row.cell(number_index) if number_index >= 0 else ""
        pairs.extend(split_cell(row.cell(maker_index), number)[0])
    for index in columns.alternates:
        pairs.extend(pair for pair in split_cell("", row.cell(index))[0] if pair[1])
    return _unique(pairs)


def joined_by_commas(row: Row, columns: Columns) -> bool:
    """Whether a program joined different parts of one line by commas.

    The pairs may then belong to different designators instead of being alternates of one another.
    """
    cells = ((row.cell(maker), row.cell(number)) for number, maker in columns.part_numbers if number >= 0)
    return any("," in maker and "," in number and split_cell(maker, number)[1] for maker, number in cells)


def split_cell(makers: str, numbers: str) -> tuple[list[Maker], bool]:
    """Split a maker cell and a number cell that may both hold lists."""
    if not clean(makers) and not clean(numbers):
        return [], False
    number_parts = [part for part in map(clean, _HARD.split(numbers)) if part]
    maker_parts = [part for part in map(clean, _HARD.split(makers)) if part]
    if len(number_parts) > 1 and all(_like_number(part) for part in number_parts):
        if len(maker_parts) == len(number_parts):
            return list(zip(maker_parts, number_parts, strict=True)), False
        return [(clean(makers) if len(maker_parts) == 1 else "", part) for part in number_parts], False
    by_comma = [clean(part) for part in numbers.split(",")]
    makers_by_comma = [clean(part) for part in makers.split(",")]
    if len(by_comma) > 1 and len(by_comma) == len(makers_by_comma) and all(map(_like_number, by_comma)):
        return list(zip(makers_by_comma, by_comma, strict=True)), True
    return [(clean(makers), clean(numbers))], False


def _like_number(part: str) -> bool:
    """Whether a piece of a list is a part number on its own: long enough, and with a digit."""
    return len(part) >= 4 and any(c.isdigit() for c in part) and _NUMBER.match(part) is not None


def from_remark(text: str) -> list[Maker]:
    """Alternates that a remark names: ``Alternative: Nexperia PMEG10030ELPX``."""
    found = []
    for match in _REMARK.finditer(text[:1000]):
        words = match[1].split(",")[0].split()
        if words and any(c.isdigit() for c in words[-1]) and len(words[-1]) >= 4:
            maker = " ".join(words[:-1])
            found.append(("" if maker.lower() == "other" else maker, words[-1]))
    return found


def _unique(pairs: list[Maker]) -> list[Maker]:
    seen: dict[str, Maker] = {}
    for maker, number in pairs:
        seen.setdefault(number.upper() or f"\0{maker}", (maker, number))
    numbered = [pair for pair in seen.values() if pair[1]]
    return numbered or list(seen.values())[:1]
