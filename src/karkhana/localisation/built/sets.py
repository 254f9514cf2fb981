"""Units that consumed the same lots share one answer: gives each unit its set, and counts units by set.

Every mount and unmount cuts a station's time. What was on the station during a window follows from two
numbers alone: how many loads came before the window's end, and how many unloads before its beginning. So
windows that lie between the same cuts have the same candidates, and are looked up once, not once per unit.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from karkhana.floor.trace import stand_ins_of
from karkhana.ledger.store import Cursor
from karkhana.localisation.built.reading import FIELD, RECORD, Kind, Mount, Node, Reader, Window
from karkhana.localisation.built.selection import Root
from karkhana.localisation.built.uses import ONE, process_of

UseKey = tuple[str, Decimal, str, tuple[str, ...]]
"""Part as released, quantity for one unit, process, and the lots that it may have come from."""
Content = tuple[Kind, int, tuple[tuple[str, ...], ...]]
"""Release, step, and per material of the step the lots that it may have come from."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A set of lots that units have in common: uses of its own, and the sets of its sub-assemblies."""

    uses: tuple[UseKey, ...]
    inside: tuple[int, ...]


@dataclass(slots=True)
class Chunk:
    """Units of one round by what they consumed.

    Args:
        sets: by number; a set's sub-assemblies have smaller numbers than it.
        units: (set, product, work order, day) to how many units.
    """

    sets: list[Shared] = field(default_factory=list)
    units: Counter[tuple[int, str, str, object]] = field(default_factory=Counter)

    def lots(self) -> set[str]:
        """Return every lot that is in a set."""
        return {lot for shared in self.sets for use in shared.uses for lot in use[3]}


def read_chunk(reader: Reader, roots: list[Root]) -> Chunk:
    """Find out what units consumed, and which of them consumed the same."""
    nodes = [Node(serial, reader.kind(product, revision)) for serial, product, revision, _, _ in roots]
    levels = reader.nodes(nodes)
    builder = _Builder(reader, [node for level in levels for node in level])
    numbers: dict[int, int] = {}
    for level in reversed(levels):
        for node in level:
            numbers[id(node)] = builder.number(node, tuple(numbers[id(child)] for child in node.own))
    units: Counter[tuple[int, str, str, object]] = Counter()
    for node, (_, product, _, order, day) in zip(nodes, roots, strict=True):
        units[numbers[id(node)], product, order, day] += 1
    return Chunk(builder.sets, units)


class _Builder:
    """Numbers the distinct sets of one chunk."""

    def __init__(self, reader: Reader, nodes: list[Node]) -> None:
        self.windows = reader.windows(nodes)
        self.cuts = _Cuts(reader, self.windows)
        self.sets: list[Shared] = []
        self.known: dict[object, int] = {}
        self.contents: dict[Kind, dict[str, tuple[int, ...]]] = {
            kind: {serial: self.cuts.contents(kind, found) for serial, found in by_subject.items()}
            for kind, by_subject in self.windows.items()
        }
        self.uses_of_bag: dict[tuple[int, ...], tuple[UseKey, ...]] = {}
        self.uses_of_parts: dict[str, tuple[UseKey, ...]] = {}

    def number(self, node: Node, inside: tuple[int, ...]) -> int:
        """Return the number of the set that a unit or sub-assembly consumed."""
        bag: tuple[int, ...] = ()
        by_subject = self.contents.get(node.kind)
        if by_subject is not None:
            bag = by_subject.get(node.serial, ())
            for serial in node.above:
                bag += by_subject.get(serial, ())
        key = (bag, node.parts, node.made, inside)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = len(self.sets)
            uses = self._bulk(bag) + self._parts(node.parts) + _made(node)
            self.sets.append(Shared(uses, inside))
        return found

    def _bulk(self, bag: tuple[int, ...]) -> tuple[UseKey, ...]:
        """Return the uses of some windows; windows of one step leave the lots of each possible."""
        found = self.uses_of_bag.get(bag)
        if found is not None:
            return found
        steps: dict[tuple[Kind, int], tuple[tuple[str, ...], ...]] = {}
        for place in bag:
            kind, number, lots = self.cuts.known_contents[place]
            before = steps.get((kind, number))
            if before is not None and before != lots:
                lots = tuple(tuple(sorted({*one, *other})) for one, other in zip(before, lots, strict=True))
            steps[kind, number] = lots
        uses = tuple(
            (material.part, material.quantity, process_of(kind.steps[number].station_type), found_lots)
            for (kind, number), lots in steps.items()
            for material, found_lots in zip(kind.steps[number].materials, lots, strict=True)
        )
        self.uses_of_bag[bag] = uses
        return uses

    def _parts(self, text: str) -> tuple[UseKey, ...]:
        found = self.uses_of_parts.get(text)
        if found is None:
            rows = [row.split(FIELD) for row in text.split(RECORD)] if text else []
            found = tuple((part, ONE, "", (lot,) if lot else ()) for part, lot in rows)
            self.uses_of_parts[text] = found
        return found


def _made(node: Node) -> tuple[UseKey, ...]:
    return tuple(
        (part, quantity if quantity is not None else ONE, "", (lot,) if quantity is not None else ())
        for lot, part, quantity in node.made
    )


class _Station:
    """What was on a station over a span, and the cuts of its time."""

    def __init__(self, mounts: list[Mount]) -> None:
        self.mounts = mounts
        self.loads = sorted(mount.since for mount in mounts)
        self.unloads = sorted(mount.until for mount in mounts if mount.until is not None)
        self.lots_between: dict[tuple[int, int], dict[str, set[str]]] = {}

    def lots(self, between: tuple[int, int], window: Window) -> dict[str, set[str]]:
        """Return part to the lots that were on the station within a window."""
        found = self.lots_between.get(between)
        if found is None:
            found = self.lots_between[between] = {}
            for mount in self.mounts[: between[0]]:
                if mount.until is None or mount.until >= window.began:
                    found.setdefault(mount.part, set()).add(mount.lot)
        return found


class _Cuts:
    """Gives every window the number of its content: release, step and candidate lots."""

    def __init__(self, reader: Reader, windows: dict[Kind, dict[str, list[Window]]]) -> None:
        spans: dict[str, tuple[float, float]] = {}
        for by_subject in windows.values():
            for found in by_subject.values():
                for window in found:
                    least, most = spans.get(window.station, (window.began, window.ended))
                    spans[window.station] = (min(least, window.began), max(most, window.ended))
        mounts = reader.mounts(spans) if spans else {}
        self.cursor: Cursor = reader.cursor
        self.stations = {station: _Station(mounts.get(station, [])) for station in spans}
        self.known_contents: list[Content] = []
        self._numbers: dict[Content, int] = {}
        self._places: dict[tuple[object, ...], int] = {}
        self._stand_ins: dict[str, dict[str, set[str]]] = {}

    def contents(self, kind: Kind, windows: list[Window]) -> tuple[int, ...]:
        """Return the numbers of the contents of a subject's windows, sorted, each once."""
        return tuple(sorted({self._place(kind, window) for window in windows}))

    def _place(self, kind: Kind, window: Window) -> int:
        station = self.stations[window.station]
        between = (bisect_right(station.loads, window.ended), bisect_left(station.unloads, window.began))
        key = (kind.product, kind.revision, window.step, window.station, between, window.deviation)
        found = self._places.get(key)
        if found is None:
            content = self._content(kind, window, station.lots(between, window))
            found = self._numbers.setdefault(content, len(self.known_contents))
            if found == len(self.known_contents):
                self.known_contents.append(content)
            self._places[key] = found
        return found

    def _content(self, kind: Kind, window: Window, on_station: dict[str, set[str]]) -> Content:
        stand_ins = self._allowed(window.deviation) if window.deviation else {}
        lots = []
        for material in kind.steps[window.step].materials:
            parts = {material.part, *material.alternates}
            parts |= {other for part in tuple(parts) for other in stand_ins.get(part, ())}
            lots.append(tuple(sorted({lot for part in parts for lot in on_station.get(part, ())})))
        return kind, window.step, tuple(lots)

    def _allowed(self, deviation: str) -> dict[str, set[str]]:
        if deviation not in self._stand_ins:
            self._stand_ins[deviation] = stand_ins_of(self.cursor, deviation)
        return self._stand_ins[deviation]
