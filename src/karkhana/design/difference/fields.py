"""One line against another: which fields differ, and whether the difference changes what is built.

Two levels of strictness. In the house's own record, and between two exports of one program with the same
headings, an empty field means "none" and another wording is another wording. Between two dialects an empty
field means that the dialect does not say.
"""

from __future__ import annotations

from typing import Any

import msgspec

from karkhana.design.bom.model import BomLine
from karkhana.design.difference import texts
from karkhana.design.difference.model import (
    ALTERNATES,
    APPROVED,
    DESCRIPTION,
    MANUFACTURER,
    PACKAGE,
    PART,
    VALUE,
    content,
)
from karkhana.design.difference.values import CONTRADICTION, SAME, compare_values, parse_value

EQUAL, TOLD, MATTERS = "equal", "told", "matters"
"""Verdicts on a field: the same, different without changing the build, different. None: not comparable."""

Found = tuple[str, Any, Any, bool]
"""Field, before, after, and whether it changes what is built."""


class Context(msgspec.Struct, frozen=True):
    """What both bills state, and whether they speak one dialect."""

    fields: frozenset[str]
    strict: bool


class Outcome(msgspec.Struct, frozen=True):
    """The differences of two lines, and the fields that could really be compared on them."""

    found: tuple[Found, ...]
    compared: frozenset[str]


def compare_lines(a: BomLine, b: BomLine, context: Context) -> Outcome:
    """Compare everything but designators, quantity and fitting."""
    part = _part(a, b, context.strict) if PART in context.fields else None
    # Where the part numbers tell nothing, value and package are what identifies the part.
    identified = part is not None and bool(a.part_number and b.part_number)
    verdicts = {
        PART: part,
        VALUE: _value(a.value, b.value, context.strict, identified),
        PACKAGE: _package(a.package, b.package, context.strict, identified),
        MANUFACTURER: _maker(a.manufacturer, b.manufacturer, context.strict, identified),
        ALTERNATES: _alternates(a, b, context.strict),
        APPROVED: _approved(a, b),
        DESCRIPTION: _description(a.description, b.description, context.strict),
    }
    told = {field: verdicts[field] for field in verdicts if field in context.fields}
    found = tuple(
        (field, content(a, field), content(b, field), verdict == MATTERS)
        for field, verdict in told.items()
        if verdict in (TOLD, MATTERS)
    )
    return Outcome(found, frozenset(field for field, verdict in told.items() if verdict is not None))


def _part(a: BomLine, b: BomLine, strict: bool) -> str | None:
    """Part numbers; those of different issuers (a maker, a distributor, a house) cannot be compared."""
    if not (a.part_number or b.part_number):
        return EQUAL
    if not (a.part_number and b.part_number):
        if strict:
            return MATTERS
        return TOLD if (a.numbered_by or b.numbered_by or "maker") == "maker" else None
    mine, theirs = texts.part_key(a.part_number), texts.part_key(b.part_number)
    if mine == theirs:
        return EQUAL
    if a.numbered_by == b.numbered_by and a.numbered_by:
        return MATTERS
    if mine in map(texts.part_key, b.suppliers.values()) or theirs in map(
        texts.part_key, a.suppliers.values()
    ):
        return EQUAL
    return None if a.numbered_by and b.numbered_by else MATTERS


def _value(a: str, b: str, strict: bool, identified: bool) -> str | None:
    if texts.text_key(a) == texts.text_key(b):
        return EQUAL
    weight = TOLD if identified else MATTERS
    if not (a and b):
        return weight if strict else None
    judged = compare_values(a, b)
    if judged in (SAME, CONTRADICTION):
        return EQUAL if judged == SAME else MATTERS
    if strict:
        return weight
    if parse_value(a).leads and parse_value(b).leads:
        return EQUAL
    return weight if texts.other_part_name(a, b) else TOLD


def _package(a: str, b: str, strict: bool, identified: bool) -> str | None:
    if texts.package_key(a) == texts.package_key(b):
        return EQUAL
    weight = TOLD if identified else MATTERS
    if not (texts.without_library(a) and texts.without_library(b)):
        return weight if strict else None
    mine, theirs = texts.outline(a), texts.outline(b)
    if mine and theirs:
        if mine != theirs:
            return weight
        return TOLD if strict else EQUAL
    return weight if strict else TOLD


def _maker(a: str, b: str, strict: bool, identified: bool) -> str | None:
    if bool(a) != bool(b):
        return MATTERS if strict else None
    if texts.same_maker(a, b):
        return EQUAL
    return MATTERS if strict or identified else TOLD


def _alternates(a: BomLine, b: BomLine, strict: bool) -> str | None:
    """Alternates in their order of preference."""
    mine = [texts.part_key(number) for _, number in a.alternates]
    theirs = [texts.part_key(number) for _, number in b.alternates]
    if mine == theirs:
        return EQUAL
    return MATTERS if strict or (mine and theirs) else None


def _approved(a: BomLine, b: BomLine) -> str:
    """The approved manufacturers, in whatever order; none named means the part's own."""
    mine, theirs = content(a, APPROVED), content(b, APPROVED)
    if mine == theirs:
        return EQUAL
    first = {texts.maker_words(name) for name in mine or (a.manufacturer,)}
    second = {texts.maker_words(name) for name in theirs or (b.manufacturer,)}
    return EQUAL if first == second else MATTERS


def _description(a: str, b: str, strict: bool) -> str | None:
    if texts.text_key(a) == texts.text_key(b):
        return EQUAL
    return TOLD if strict or (a and b) else None
