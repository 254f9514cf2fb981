"""What is compared and what comes out: a bill with what it states, a change, a difference.

Owns the shapes only. How two texts are judged equal is in ``texts`` and ``values``; which place is compared
with which in ``comparison``.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from karkhana.design.bom.model import BomLine, BomReport

PART = "part"
MANUFACTURER = "manufacturer"
VALUE = "value"
PACKAGE = "package"
QUANTITY = "quantity"
ALTERNATES = "alternates"
FITTED = "fitted"
APPROVED = "approved_manufacturers"
DESCRIPTION = "description"
FIELDS = (PART, VALUE, PACKAGE, MANUFACTURER, QUANTITY, ALTERNATES, APPROVED, FITTED, DESCRIPTION)
"""Every field that is compared, in the order in which it is told."""

_COLUMNS = {
    PART: ("part_number", "house_number", "supplier_part_number"),
    VALUE: ("value",),
    PACKAGE: ("package",),
    MANUFACTURER: ("manufacturer",),
    DESCRIPTION: ("description",),
    ALTERNATES: ("alternate", "part_number_2", "notes"),
}
_LAYOUT = ("references", "part_number", "manufacturer", "value", "package", "description")


class StoredLine(BomLine, frozen=True, kw_only=True):
    """A line of the house's own record, which knows more than a file does."""

    approved_manufacturers: tuple[str, ...] = ()


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a comparison.

    ``stated`` holds the fields that this kind of bill can tell at all: a placement file has no manufacturer,
    so a missing one is no difference. ``layout`` is the same for two files of one program with the same
    headings: only there an empty cell says "none"; elsewhere it says nothing. ``stored`` tells that the
    bill is the house's own record, where an empty field means what it says; ``placements_only`` that it is a
    placement file.
    """

    name: str
    lines: tuple[BomLine, ...]
    stated: frozenset[str] = frozenset(FIELDS)
    layout: str = ""
    stored: bool = False
    placements_only: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def references(self) -> int:
        """How many designators the bill prints, the unfitted ones included."""
        return sum(len(line.references) for line in self.lines)


def bill_from_report(report: BomReport, name: str) -> Bill:
    """Make a file that was read comparable."""
    return Bill(
        name=name,
        lines=report.lines,
        stated=stated_fields(report.columns, report.lines),
        layout=layout_of(report.dialect, report.columns),
        warnings=report.warnings,
    )


def stated_fields(columns: Iterable[str], lines: Iterable[BomLine]) -> frozenset[str]:
    """Which fields a bill tells: those with a column, and those that any line fills."""
    have = set(columns)
    stated = {QUANTITY, FITTED}
    stated.update(field for field, kinds in _COLUMNS.items() if have.intersection(kinds))
    for line in lines:
        stated.update(field for field in _COLUMNS if content(line, field))
    return frozenset(stated)


def layout_of(dialect: str, columns: Any) -> str:
    """A token that two exports of one program with the same headings share."""
    return "|".join([dialect, *(f"{kind}={columns[kind]}" for kind in _LAYOUT if kind in columns)])


def content(line: BomLine, field: str) -> Any:
    """What a line says in a field of text, or its alternates."""
    if field == ALTERNATES:
        return tuple(" ".join(filter(None, pair)) for pair in line.alternates)
    if field == APPROVED:
        return line.approved_manufacturers if isinstance(line, StoredLine) else ()
    return getattr(line, "part_number" if field == PART else field)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one field, with everything that changed along with it.

    ``references`` are the places, sorted naturally; empty for a line without designators, which ``part``
    then names. ``also`` holds (field, before, after) of what changes with it: another part usually brings
    another value and description. ``matters`` tells whether the build changes.
    """

    references: tuple[str, ...]
    field: str
    before: Any
    after: Any
    part: str
    matters: bool
    also: tuple[tuple[str, Any, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "refs": list(self.references),
            "field": self.field,
            "from": plain(self.before),
            "to": plain(self.after),
            "part": self.part,
            "matters": self.matters,
            "also": [
                {"field": field, "from": plain(before), "to": plain(after)}
                for field, before, after in self.also
            ],
        }


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Places, or a line without designators, that only one of the two bills has.

    ``quantity`` counts pieces per unit. ``matters`` is False for what is not placed anyway: an unfitted
    place, a fiducial, a logo.
    """

    references: tuple[str, ...]
    line: BomLine
    quantity: Decimal
    fitted: bool
    matters: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        line = self.line
        return {
            "refs": list(self.references),
            "part": line.part_number,
            "manufacturer": line.manufacturer,
            "value": line.value,
            "package": line.package,
            "description": line.description,
            "quantity": plain(self.quantity),
            "fitted": self.fitted,
            "matters": self.matters,
        }


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that two bills differ in.

    ``changed`` matters for what is built; ``information`` does not: wording, a name of a package beside an
    unchanged part number, something that only one of two dialects happens to say. ``not_compared`` are fields
    that only one bill knows. ``unchanged`` counts places and lines without designators.
    """

    a: str
    b: str
    references: tuple[int, int]
    added: tuple[Place, ...] = ()
    removed: tuple[Place, ...] = ()
    changed: tuple[Change, ...] = ()
    information: tuple[Change, ...] = ()
    not_compared: tuple[str, ...] = ()
    unchanged: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether there is any difference, of whatever weight."""
        return bool(self.added or self.removed or self.changed or self.information)

    @property
    def matters(self) -> bool:
        """Whether what is built changes."""
        return bool(self.changed) or any(place.matters for place in (*self.added, *self.removed))

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form that the command line, the page and the API share; its keys are a promise."""
        return {
            "a": self.a,
            "b": self.b,
            "references": {"a": self.references[0], "b": self.references[1]},
            "summary": {
                "added": sum(max(1, len(place.references)) for place in self.added),
                "removed": sum(max(1, len(place.references)) for place in self.removed),
                "changed": count_places(self.changed),
                "information": count_places(self.information),
                "unchanged": self.unchanged,
                "differs": self.differs,
                "matters": self.matters,
            },
            "added": [place.as_dict() for place in self.added],
            "removed": [place.as_dict() for place in self.removed],
            "changed": [change.as_dict() for change in self.changed],
            "information": [change.as_dict() for change in self.information],
            "not_compared": list(self.not_compared),
            "warnings": list(self.warnings),
        }


def count_places(changes: Iterable[Change]) -> int:
    """How many places a list of changes touches, each counted once, lines without designators included."""
    named = {name for change in changes for name in change.references}
    return len(named) + len({change.part for change in changes if not change.references})


def plain(value: Any) -> Any:
    """A value as JSON knows it: whole quantities as integers, others as text, nothing as null."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value.normalize())
    if isinstance(value, tuple):
        return list(value)
    return None if value == "" else value
