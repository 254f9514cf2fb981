"""Units that consumed the same lots share one answer: gives each unit its set, and counts units by set.

Every mount and unmount cuts a station's time. What was on the station during a window follows from two
numbers alone: how many loads came before the window's end, and how many unloads before its beginning. So
windows that lie between the same cuts have the same candidates, and are looked up once, not once per unit.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from karkhana.localisation.built.reading import FIELD, RECORD, Kind, Mount, Node, Reader, Window
from karkhana.localisation.built.selection import Root
from karkhana.localisation.built.uses import ONE, process_of

UseKey = tuple[str, Decimal, str, tuple[str, ...]]
"""Part as released, quantity for one unit, process, and the lots that it may have come from."""
Content = tuple[Kind, int, tuple[tuple[str, ...], ...]]
"""Release, step, and per material of the step the lots that it may have come from."""


StandIns = Callable[[str], dict[str, set[str]]]
"""Numbers of deviations, as an event carries them, to part to what stood in for it."""
Component = tuple[UseKey, ...]
"""Uses that go together: those of the windows of a unit, or its key parts."""


class Shared(msgspec.Struct, frozen=True, gc=False):
    """A set of lots that units have in common: numbers of components, and sets of its sub-assemblies."""

    components: tuple[int, ...]
    inside: tuple[int, ...]


@dataclass(slots=True)
class Chunk:
    """Units of one round by what they consumed.

    Args:
        components: by number.
        sets: by number; a set's sub-assemblies have smaller numbers than it.
        units: (set, product, work order, day) to how many units.
    """

    components: list[Component]
    sets: list[Shared]
    units: Counter[tuple[int, str, str, dt.date]]

    def lots(self) -> set[str]:
        """Return every lot that is in a component."""
        return {lot for uses in self.components for use in uses for lot in use[3]}


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read of a chunk: units with what is in them, windows by release, mounts by station."""

    roots: list[Root]
    nodes: list[Node]
    everything: list[Node]
    windows: list[tuple[Kind, list[str], list[Window]]]
    mounts: dict[str, list[Mount]]


def gather(reader: Reader, roots: list[Root]) -> Gathered:
    """Read what units consumed; all reads of a chunk are here."""
    nodes = [reader.node(serial, product, revision) for serial, product, revision, _, _ in roots]
    everything = [node for level in reader.nodes(nodes) for node in level]
    windows = reader.windows(everything)
    rows = [row for _, _, found in windows for row in found]
    mounts: dict[str, list[Mount]] = {}
    if rows:
        stations = {row[1] for row in rows}
        mounts = reader.mounts(stations, min(row[3] for row in rows), max(row[4] for row in rows))
    return Gathered(roots, nodes, everything, windows, mounts)


def reduced(found: Gathered, stand_ins: StandIns) -> Chunk:
    """Find out which units consumed the same."""
    builder = _Builder(_bags(found, stand_ins))
    for node in reversed(found.everything):
        node.number = builder.number(node)
    units = Counter(
        (node.number, product, order, day)
        for node, (_, product, _, order, day) in zip(found.nodes, found.roots, strict=True)
    )
    return Chunk(builder.components, builder.sets, units)


class _Builder:
    """Numbers the distinct sets of one chunk."""

    def __init__(self, bags: _Bags) -> None:
        self.bags = bags
        self.components: list[Component] = []
        self.sets: list[Shared] = []
        self._sets: dict[object, int] = {}
        self._components: dict[object, int] = {}

    def number(self, node: Node) -> int:
        """Return the number of the set that a unit or sub-assembly consumed."""
        bag = self.bags.of(node)
        inside = tuple([child.number for child in node.own]) if node.own else ()
        key = (bag, node.parts, node.made, inside)
        found = self._sets.get(key)
        if found is None:
            found = self._sets[key] = len(self.sets)
            numbers = []
            if bag:
                numbers.append(self._component(bag, lambda: self.bags.uses(bag)))
            if node.parts:
                numbers.append(self._component(node.parts, lambda: _key_parts(node.parts)))
            if node.made:
                numbers.append(self._component(("made", node.made), lambda: _made(node)))
            self.sets.append(Shared(tuple(numbers), inside))
        return found

    def _component(self, key: object, uses: Callable[[], Component]) -> int:
        found = self._components.get(key)
        if found is None:
            found = self._components[key] = len(self.components)
            self.components.append(uses())
        return found


def _key_parts(text: str) -> Component:
    rows = [row.split(FIELD) for row in text.split(RECORD)]
    return tuple((part, ONE, "", (lot,) if lot else ()) for part, lot in rows)


def _made(node: Node) -> Component:
    return tuple(
        (part, quantity if quantity is not None else ONE, "", (lot,) if quantity is not None else ())
        for lot, part, quantity in node.made
    )


Bag = tuple[int, ...]
"""Numbers of the contents of all windows of a unit and its panels, sorted."""


def _bags(found: Gathered, stand_ins: StandIns) -> _Bags:
    """Give each unit and panel the contents of its windows."""
    names = {row[1] for _, _, windows in found.windows for row in windows}
    contents = _Contents(stand_ins, {name: _Station(found.mounts.get(name, [])) for name in names})
    return _Bags(
        {kind: contents.bags(kind, asked, windows) for kind, asked, windows in found.windows}, contents
    )


class _Bags:
    """The contents of windows, by release and subject."""

    def __init__(self, by_kind: dict[Kind, dict[str, Bag]], contents: _Contents) -> None:
        self._by_kind = by_kind
        self._contents = contents

    def of(self, node: Node) -> Bag:
        """Return the windows of a unit with those of the panels that it was taken from."""
        by_subject = self._by_kind.get(node.kind)
        if by_subject is None:
            return ()
        bag = by_subject.get(node.serial, ())
        for serial in node.above:
            bag += by_subject.get(serial, ())
        return bag

    def uses(self, bag: Bag) -> Component:
        """Return the uses of some windows; windows of one step leave the lots of each possible."""
        steps: dict[tuple[Kind, int], tuple[tuple[str, ...], ...]] = {}
        for place in bag:
            kind, number, lots = self._contents.known[place]
            before = steps.get((kind, number))
            if before is not None and before != lots:
                lots = tuple(tuple(sorted({*one, *other})) for one, other in zip(before, lots, strict=True))
            steps[kind, number] = lots
        return tuple(use for (kind, number), lots in steps.items() for use in _step_uses(kind, number, lots))


def _step_uses(kind: Kind, number: int, lots: tuple[tuple[str, ...], ...]) -> Iterator[UseKey]:
    step = kind.steps[number]
    process = process_of(step.station_type)
    for material, candidates in zip(step.materials, lots, strict=True):
        yield material.part, material.quantity, process, candidates


class _Station:
    """What was on a station over a span, and the cuts of its time."""

    def __init__(self, mounts: list[Mount]) -> None:
        self.mounts = mounts
        self.loads = sorted(mount.since for mount in mounts)
        self.unloads = sorted(mount.until for mount in mounts if mount.until is not None)
        self._between: dict[tuple[int, int], dict[str, set[str]]] = {}

    def lots(self, loaded: int, unloaded: int, began: float) -> dict[str, set[str]]:
        """Return part to the lots that were on the station within a window.

        Args:
            loaded: loads until its end.
            unloaded: unloads before its beginning.
            began: any beginning that so many unloads came before.
        """
        found = self._between.get((loaded, unloaded))
        if found is None:
            found = self._between[loaded, unloaded] = {}
            for mount in self.mounts[:loaded]:
                if mount.until is None or mount.until >= began:
                    found.setdefault(mount.part, set()).add(mount.lot)
        return found


class _Contents:
    """Gives every window the number of its content: release, step and candidate lots."""

    def __init__(self, stand_ins: StandIns, stations: dict[str, _Station]) -> None:
        self.known: list[Content] = []
        self._stand_ins = stand_ins
        self._stations = stations
        self._numbers: dict[Content, int] = {}

    def bags(self, kind: Kind, names: list[str], windows: list[Window]) -> dict[str, Bag]:
        """Return the contents of the windows of each subject, sorted, each once."""
        cuts = {name: (station.loads, station.unloads) for name, station in self._stations.items()}
        places: dict[tuple[str, int, int, int, str | None], int] = {}
        found: dict[int, Bag] = {}
        for subject, station, step, began, ended, deviation in windows:
            loads, unloads = cuts[station]
            key = (station, step, bisect_right(loads, ended), bisect_left(unloads, began), deviation)
            place = places.get(key)
            if place is None:
                place = places[key] = self._number(kind, key, began)
            before = found.get(subject)
            if before is None:
                found[subject] = (place,)
            elif place not in before:
                found[subject] = (*before, place)
        return {names[subject - 1]: tuple(sorted(bag)) for subject, bag in found.items()}

    def _number(self, kind: Kind, key: tuple[str, int, int, int, str | None], began: float) -> int:
        station, step, loaded, unloaded, deviation = key
        on_station = self._stations[station].lots(loaded, unloaded, began)
        stand_ins = self._stand_ins(deviation) if deviation else {}
        lots = []
        for material in kind.steps[step].materials:
            parts = {material.part, *material.alternates}
            parts |= {other for part in tuple(parts) for other in stand_ins.get(part, ())}
            lots.append(tuple(sorted({lot for part in parts for lot in on_station.get(part, ())})))
        content = (kind, step, tuple(lots))
        number = self._numbers.setdefault(content, len(self.known))
        if number == len(self.known):
            self.known.append(content)
        return number
