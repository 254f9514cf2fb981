"""Reels, trays and lots of the simulated factory: received, loaded, used up, spliced, changed over."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from math import ceil

from karkhana.design.compiling import PartLine
from karkhana.design.release import ReleasePackage, StepMaterial
from karkhana.sim.numbers import Numbers
from karkhana.sim.scenario import Scenario
from karkhana.sim.timeline import Timeline

_REELS = {"01005": 20_000, "0201": 15_000, "0402": 10_000, "0603": 4_000, "0805": 3_000, "1206": 2_000}
_CLASSES = {"board": 600, "paste": 600, "through-hole": 800, "packing": 500, "assembly": 1_200}


def pieces_on_a_reel(line: PartLine) -> int:
    """Return how many pieces a delivery unit of a part holds, as they come in the trade."""
    word = line.material_class
    if word == "bulk":
        return max(1, ceil(line.quantity * 2_000))
    if word != "placement":
        return max(_CLASSES[word], ceil(line.quantity * 1_000))
    for size, pieces in _REELS.items():
        if size in line.package:
            return pieces
    return 500 if "BGA" in line.package or "PoP" in line.package else 2_500


class Warehouse:
    """Receives lots at the docks; knows every part's supplier and origin."""

    def __init__(self, scenario: Scenario, timeline: Timeline, numbers: Numbers, rng: random.Random) -> None:
        self._makers = {maker.manufacturer: maker for maker in scenario.manufacturers}
        self._maker_of: dict[str, str] = {}
        self._size: dict[str, int] = {}
        for product in scenario.products.values():
            self.know(product.lines)
        self._timeline, self._numbers, self._rng = timeline, numbers, rng
        self._dock = {
            scenario.plant_of_line[station.line]: station.code
            for station in scenario.stations
            if station.station_type == "RECEIVING"
        }

    def know(self, lines: Sequence[PartLine]) -> None:
        """Learn the parts of a bill of material."""
        for line in lines:
            for part in (line.part, *line.alternates):
                self._maker_of.setdefault(part, line.manufacturer)
                self._size.setdefault(part, pieces_on_a_reel(line))

    def know_package(self, package: ReleasePackage) -> None:
        """Learn the parts of a release whose bill is not at hand."""
        for step in package.steps:
            for material in step.materials:
                line = PartLine(
                    material.part, "", material.quantity, material.references, material.alternates
                )
                self.know([line])

    def size(self, part: str) -> int:
        """Return the pieces in one lot of a part."""
        return self._size.get(part, 500)

    def receive(self, at: int, plant: str, part: str) -> str:
        """Let a lot come in and return its number."""
        maker = self._makers.get(self._maker_of.get(part, ""))
        supplier, origin = (maker.supplier, maker.origin) if maker else ("SUP-HARBOUR", "CN")
        lot = self._numbers.serial(f"{plant}L")
        line = self._timeline
        line.emit(
            at,
            f'{{"type":"ReceivingEvent","id":"{line.uid()}","at":"{line.stamp(at)}","station":"{self._dock[plant]}",'
            f'"lot":"{lot}","part":{_text(part)},"quantity":{self.size(part)},"supplier":"{supplier}",'
            f'"origin":"{origin}","supplier_lot":"{self._rng.getrandbits(32):08X}"}}',
        )
        return lot

    def pick(self, part: str, alternates: Sequence[str]) -> str:
        """Choose the released part, or now and then an approved alternate."""
        return self._rng.choice(alternates) if alternates and self._rng.random() < 0.08 else part


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Slot:
    """One location of a feeder and what is on it."""

    __slots__ = (
        "alternates",
        "first_lot",
        "first_part",
        "location",
        "lot",
        "next_lot",
        "next_part",
        "order",
        "part",
        "passes",
        "released",
    )

    def __init__(self, order: int, material: StepMaterial, passes: int) -> None:
        self.order, self.released, self.alternates = order, material.part, material.alternates
        self.location = material.location or f"S{order:03d}"
        self.passes = passes
        self.part = self.next_part = self.lot = self.next_lot = self.first_lot = self.first_part = ""


class Feeder:
    """All locations of one station for one product; reels run out by count of units passed."""

    def __init__(
        self,
        station: str,
        plant: str,
        materials: Sequence[StepMaterial],
        boards: int,
        warehouse: Warehouse,
        timeline: Timeline,
        rng: random.Random,
    ) -> None:
        self.station, self.plant = station, plant
        self._warehouse, self._timeline, self._rng = warehouse, timeline, rng
        self.slots = [
            _Slot(order, material, max(1, int(warehouse.size(material.part) / (material.quantity * boards))))
            for order, material in enumerate(materials)
        ]
        self._due: list[tuple[int, int]] = []
        self._count = 0
        self._changed_at = 0

    def set_up(self, at: int, mounted: Mapping[tuple[str, str], tuple[str, str]]) -> int:
        """Receive and load everything, on part-used reels; returns when the station is ready.

        Args:
            mounted: (station, location) to (lot, part) that is there already and stays.
        """
        for slot in self.slots:
            at += self._rng.randrange(500, 2_500)
            lot, part = mounted.get((self.station, slot.location), ("", ""))
            if part == slot.released or part in slot.alternates:
                slot.lot, slot.part = lot, part
            else:
                slot.part = self._warehouse.pick(slot.released, slot.alternates)
                slot.lot = self._warehouse.receive(at, self.plant, slot.part)
                self._load(at + 1_000, slot.lot, slot)
            slot.first_lot, slot.first_part = slot.lot, slot.part
            self._order_next(at + 2_000, slot)
            self._due.append((self._rng.randrange(1, slot.passes + 1), slot.order))
        heapify(self._due)
        return at + 5_000

    def use(self, at: int) -> None:
        """Let one unit or panel consume; change over what has run out."""
        self._count += 1
        while self._due[0][0] <= self._count:
            _, order = heappop(self._due)
            self._change_over(at, self.slots[order])
            heappush(self._due, (self._count + self.slots[order].passes, order))

    def _change_over(self, at: int, slot: _Slot) -> None:
        # Journeys are made one after another but overlap in time; what is on a feeder changes in one order.
        at = self._changed_at = max(at, self._changed_at + 1)
        old = slot.lot
        slot.lot, slot.part = slot.next_lot, slot.next_part
        if self._rng.random() < 0.35:
            # A splice: the new reel is taped to the old one, and nobody knows from which a part came.
            self._load(at, slot.lot, slot)
            self._unload(at + self._rng.randrange(20_000, 90_000), old, slot)
        else:
            self._unload(at, old, slot)
            self._load(at, slot.lot, slot)
        # Received at once: after a late panel the next change may follow within a millisecond.
        self._order_next(at, slot)

    def _order_next(self, at: int, slot: _Slot) -> None:
        slot.next_part = self._warehouse.pick(slot.released, slot.alternates)
        slot.next_lot = self._warehouse.receive(at, self.plant, slot.next_part)

    def clear(self, at: int) -> None:
        """Take everything off the station."""
        for slot in self.slots:
            self._unload(max(at, self._changed_at + 1), slot.lot, slot)

    def load_text(self, at: int, location: str, lot: str, part: str) -> str:
        """Return a loading as an event."""
        line = self._timeline
        return (
            f'{{"type":"MaterialsLoaded","id":"{line.uid()}","at":"{line.stamp(at)}","station":"{self.station}",'
            f'"location":"{location}","lot":"{lot}","part":{_text(part)}}}'
        )

    def _load(self, at: int, lot: str, slot: _Slot) -> None:
        self._timeline.emit(at, self.load_text(at, slot.location, lot, slot.part))

    def unload_text(self, at: int, location: str, lot: str) -> str:
        """Return an unloading as an event."""
        line = self._timeline
        return (
            f'{{"type":"MaterialsUnloaded","id":"{line.uid()}","at":"{line.stamp(at)}",'
            f'"station":"{self.station}","location":"{location}","lot":"{lot}","quantity":0}}'
        )

    def _unload(self, at: int, lot: str, slot: _Slot) -> None:
        self._timeline.emit(at, self.unload_text(at, slot.location, lot))


class KeyLots:
    """The lots from which a stream takes key parts, by role."""

    def __init__(self, plant: str, parts: Mapping[str, tuple[str, Sequence[str]]], warehouse: Warehouse,
                 rng: random.Random) -> None:  # fmt: skip
        self._plant, self._parts, self._warehouse, self._rng = plant, parts, warehouse, rng
        self._open: dict[str, tuple[str, str, int]] = {}
        self._next: dict[str, tuple[str, str, int]] = {}

    def set_up(self, at: int) -> int:
        """Receive the first and second lot of every role; returns when they are there."""
        for role in self._parts:
            at += 500
            part, lot, _ = self._receive(at, role)
            self._open[role] = (part, lot, self._rng.randrange(20, self._warehouse.size(part)))
            self._next[role] = self._receive(at + 200, role)
        return at + 1_000

    def take(self, at: int, role: str) -> tuple[str, str]:
        """Take one piece: (part number, lot)."""
        part, lot, left = self._open[role]
        if left <= 0 and at > self._next[role][2]:
            part, lot, _ = self._next[role]
            left = self._warehouse.size(part)
            self._next[role] = self._receive(at, role)
        self._open[role] = (part, lot, left - 1)
        return part, lot

    def _receive(self, at: int, role: str) -> tuple[str, str, int]:
        released, alternates = self._parts[role]
        part = self._warehouse.pick(released, alternates)
        return part, self._warehouse.receive(at, self._plant, part), at
