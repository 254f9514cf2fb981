"""Comparing two bills place by place: by designator, and lines without designators by part.

A place that gets another part is changed, never added and removed. Changes of one kind on many places are
one change that names them all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import zip_longest
from typing import Any

import msgspec

from karkhana.design.bom.model import ARTWORK, BomLine
from karkhana.design.difference import texts
from karkhana.design.difference.fields import Context, Found, Outcome, compare_lines
from karkhana.design.difference.model import (
    DESCRIPTION,
    FIELDS,
    FITTED,
    MANUFACTURER,
    PACKAGE,
    PART,
    QUANTITY,
    VALUE,
    Bill,
    Change,
    Difference,
    Place,
)

_WARNINGS = 40
_LEFT_OUT = ("designators on more than one line", "no part number", "no line has designators")
"""What the reader says that is told here in other words, or is no news for a comparison."""

_Key = tuple[Any, ...]
_Spot = tuple[BomLine, str, bool]
"""One printing of a designator: its line, its name as printed, and whether the place is fitted."""


def compare(a: Bill, b: Bill) -> Difference:
    """Compare two bills; what ``a`` is to become is ``b``.

    Designators are compared without regard to case. A designator that is printed several times is compared
    as often as it is printed, and where the numbers differ its quantity has changed.
    """
    return _Comparison(a, b).result()


class _Comparison:
    """Gathers what differs, grouping equal changes."""

    def __init__(self, a: Bill, b: Bill) -> None:
        self.a, self.b = a, b
        same = bool(a.layout) and a.layout == b.layout
        strict = same or (a.stored and b.stored)
        self.context = Context(a.stated | b.stated if same else a.stated & b.stated, strict)
        self.only_one = (a.stated ^ b.stated) - self.context.fields
        self.outcomes: dict[tuple[int, int], Outcome] = {}
        self.compared: set[str] = {QUANTITY, FITTED, *self.context.fields} - {PART}
        self.groups: dict[_Key, list[str]] = defaultdict(list)
        self.added: dict[tuple[int, bool], tuple[BomLine, list[str]]] = {}
        self.removed: dict[tuple[int, bool], tuple[BomLine, list[str]]] = {}
        self.mechanical: list[tuple[str, Place]] = []
        self.spots = spots_of(a), spots_of(b)
        self.common = self.unchanged = 0

    def result(self) -> Difference:
        """Walk both bills and put the difference together."""
        self._places()
        if QUANTITY in self.context.fields:
            self._mechanical()
        changes = [
            Change(
                references=tuple(sorted(names, key=texts.natural)),
                field=field, before=before, after=after, part=part, matters=matters, also=also,
            )
            for (field, before, after, part, matters, also), names in self.groups.items()
        ]  # fmt: skip
        changes.sort(key=_order)
        return Difference(
            a=self.a.name,
            b=self.b.name,
            references=(self.a.references, self.b.references),
            added=self._sided("added", self.added, self.a),
            removed=self._sided("removed", self.removed, self.b),
            changed=tuple(change for change in changes if change.matters),
            information=tuple(change for change in changes if not change.matters),
            not_compared=self._not_compared(),
            unchanged=self.unchanged,
            warnings=tuple(self._warnings())[:_WARNINGS],
        )

    def _places(self) -> None:
        mine, theirs = self.spots
        for name in mine.keys() | theirs.keys():
            before, after = mine.get(name, ()), theirs.get(name, ())
            if not after:
                self._one_sided(self.removed, before)
            elif not before:
                self._one_sided(self.added, after)
            else:
                self.common += 1
                self._common(before, after)

    def _one_sided(self, side: dict[tuple[int, bool], tuple[BomLine, list[str]]], spots: Any) -> None:
        for line, name, fitted in spots:
            side.setdefault((id(line), fitted), (line, []))[1].append(name)

    def _common(self, before: tuple[_Spot, ...], after: tuple[_Spot, ...]) -> None:
        """A place that both bills have; printed once in each, as nearly always, or several times."""
        found = False
        for mine, theirs in self._pairs(before, after):
            if mine is not None and theirs is not None:
                found = self._spot(mine, theirs) or found
        if len(before) != len(after) and QUANTITY in self.context.fields:
            found = True
            change = (QUANTITY, Decimal(len(before)), Decimal(len(after)), True)
            self._tell([after[0][1]], after[0][0].part_number, change)
        self.unchanged += not found

    def _pairs(
        self, before: tuple[_Spot, ...], after: tuple[_Spot, ...]
    ) -> Iterator[tuple[_Spot | None, _Spot | None]]:
        """Printings that are equal belong together; the others in the order printed."""
        if len(before) == len(after) == 1:
            yield before[0], after[0]
            return
        left, right = list(before), list(after)
        for mine in before:
            equal = next((spot for spot in right if self._equal(mine, spot)), None)
            if equal is not None:
                left.remove(mine)
                right.remove(equal)
                yield mine, equal
        yield from zip_longest(left, right)

    def _equal(self, mine: _Spot, theirs: _Spot) -> bool:
        return mine[2] == theirs[2] and not self._outcome(mine[0], theirs[0]).found

    def _outcome(self, a: BomLine, b: BomLine) -> Outcome:
        """The comparison of two lines, made once however many places they share."""
        key = (id(a), id(b))
        if key not in self.outcomes:
            self.outcomes[key] = compare_lines(a, b, self.context)
            if PART in self.outcomes[key].compared:
                self.compared.add(PART)
        return self.outcomes[key]

    def _spot(self, mine: _Spot, theirs: _Spot) -> bool:
        """Compare one printing of a designator; returns whether anything differs."""
        outcome = self._outcome(mine[0], theirs[0])
        found = list(outcome.found)
        if FITTED in self.context.fields and mine[2] != theirs[2]:
            found.append((FITTED, mine[2], theirs[2], True))
        self._tell_all([theirs[1]], theirs[0], found)
        return bool(found)

    def _tell_all(self, names: list[str], line: BomLine, found: list[Found]) -> None:
        """Tell changes of one place: another part takes along all else, another value its wording."""
        heads = [item for item in found if item[0] not in self._carried(found)]
        for head in heads:
            also = tuple(item[:3] for item in found if item not in heads) if head is heads[0] else ()
            self._tell(names, line.part_number, head, also)

    @staticmethod
    def _carried(found: list[Found]) -> frozenset[str]:
        """The fields that change along with the first one."""
        if not found:
            return frozenset()
        if found[0][0] == PART:
            return frozenset(FIELDS) - {PART, QUANTITY, FITTED}
        return frozenset({DESCRIPTION}) if found[0][0] in (VALUE, PACKAGE, MANUFACTURER) else frozenset()

    def _tell(self, names: list[str], part: str, head: Found, also: tuple[Any, ...] = ()) -> None:
        field, before, after, matters = head
        self.groups[(field, before, after, part, matters, also)].extend(names)

    def _mechanical(self) -> None:
        """Lines without designators: by part number, else by what they are called."""
        mine, theirs = _by_part(self.a), _by_part(self.b)
        for key in dict.fromkeys([*mine, *theirs]):
            before, after = mine.get(key), theirs.get(key)
            if before is None or after is None:
                line, quantity = before or after or (None, None)
                assert line is not None
                assert quantity is not None
                place = Place(
                    references=(), line=line, quantity=quantity, fitted=line.fitted, matters=line.fitted
                )
                self.mechanical.append(("added" if before is None else "removed", place))
                continue
            found = list(self._outcome(before[0], after[0]).found)
            if before[1] != after[1]:
                found.append((QUANTITY, before[1], after[1], True))
            if before[0].fitted != after[0].fitted:
                found.append((FITTED, before[0].fitted, after[0].fitted, True))
            called = after[0].part_number or after[0].description or after[0].value
            self._tell_all([], msgspec.structs.replace(after[0], part_number=called), found)
            self.unchanged += not found

    def _sided(
        self, side: str, places: dict[tuple[int, bool], tuple[BomLine, list[str]]], other: Bill
    ) -> tuple[Place, ...]:
        """Places of one bill only. A placement file cannot name what has no footprint."""
        found = [
            Place(
                references=tuple(sorted(names, key=texts.natural)),
                line=line,
                quantity=Decimal(len(names)),
                fitted=fitted,
                matters=fitted and line.kind != ARTWORK and bool(line.package or not other.placements_only),
            )
            for (_, fitted), (line, names) in places.items()
        ]
        found += [place for kind, place in self.mechanical if kind == side]
        return tuple(sorted(found, key=_place_order))

    def _not_compared(self) -> tuple[str, ...]:
        """Fields that only one bill states, and part numbers when no pair had a common issuer."""
        missing = set(self.only_one)
        if PART in self.context.fields and PART not in self.compared and self.common:
            missing.add(PART)
        if not (self.a.lines and self.b.lines):
            return ()
        return tuple(field for field in FIELDS if field in missing)

    def _warnings(self) -> Iterator[str]:
        for bill, places in zip((self.a, self.b), self.spots, strict=True):
            for name, spots in places.items():
                if len(spots) > 1 and not name.endswith(("*", "?")):
                    lines = sorted({line.line for line, _, _ in spots})
                    where = ("line " if len(lines) == 1 else "lines ") + ", ".join(map(str, lines))
                    yield f"{bill.name}: {spots[0][1]} is printed {len(spots)} times, on {where}"
            for text in bill.warnings:
                if not any(words in text for words in _LEFT_OUT):
                    yield f"{bill.name}: {text}"


def spots_of(bill: Bill) -> dict[str, tuple[_Spot, ...]]:
    """Every printing of every designator of a bill."""
    found: dict[str, tuple[_Spot, ...]] = {}
    for line in bill.lines:
        empty = set(line.not_fitted)
        for name in line.references:
            key = name.strip().upper()
            spot = (line, name, line.fitted and name not in empty)
            found[key] = (*found[key], spot) if key in found else (spot,)
    return found


def _by_part(bill: Bill) -> dict[str, tuple[BomLine, Decimal]]:
    """Lines without designators by part, quantities of one part added up."""
    found: dict[str, tuple[BomLine, Decimal]] = {}
    for line in bill.lines:
        if line.references:
            continue
        key = texts.part_key(line.part_number) or texts.text_key(f"{line.value} {line.description}")
        first, quantity = found.get(key, (line, Decimal(0)))
        found[key] = (first, quantity + line.quantity)
    return found


def _where(references: Iterable[str]) -> tuple[Any, ...]:
    """Where a change stands: by its first designator, lines without designators last."""
    first = next(iter(references), None)
    return (0, texts.natural(first)) if first is not None else (1, ())


def _place_order(place: Place) -> tuple[Any, ...]:
    """What matters first, then by designators; equal ones by the rest of the line."""
    names = tuple(map(texts.natural, place.references))
    line = place.line
    return not place.matters, not names, names, line.part_number, line.value, line.description, line.line


def _order(change: Change) -> tuple[Any, ...]:
    """By field, then by first designator."""
    where = _where(change.references)
    return FIELDS.index(change.field), where, change.part, str(change.before), str(change.after)
