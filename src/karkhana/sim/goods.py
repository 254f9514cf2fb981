"""Packing and shipping of the simulated factory: units into boxes, cartons, pallets, trucks."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from karkhana.sim.numbers import Numbers
from karkhana.sim.timeline import Timeline

if TYPE_CHECKING:
    from karkhana.sim.streams import Stream

TRUCK = 4 * 3_600_000
"""A truck leaves every four hours."""
_LEVELS = ("box", "carton", "pallet")


class _Open:
    """A container that is being filled: what is in it and when the last thing went in."""

    __slots__ = ("children", "code", "last_at", "truck")

    def __init__(self, code: str, at: int) -> None:
        self.code, self.last_at, self.truck = code, at, at // TRUCK
        self.children: list[str] = []


class Packer:
    """Fills containers of one stream; a pallet leaves with the truck of its window, full or not."""

    def __init__(self, stream: Stream, timeline: Timeline, numbers: Numbers) -> None:
        self._stream, self._timeline, self._numbers = stream, timeline, numbers
        plan = stream.package.pack
        self._limits = (plan.units_per_box, plan.boxes_per_carton, plan.cartons_per_pallet)
        self._waiting: tuple[list[tuple[int, str]], ...] = ([], [])
        self._pallet: _Open | None = None
        self.full_boxes: deque[tuple[int, str]] = deque(maxlen=200)

    def unit(self, at: int, serial: str) -> None:
        """Pack one unit; the box is closed when it is full."""
        self._collect(0, at, serial)

    def resume(self, at: int, level: str, code: str) -> None:
        """Take in a container that was left open: a box or carton goes on, a pallet leaves."""
        if level == "box":
            self._collect(1, at, code)
        elif level == "carton":
            self._palletise(at, code)
        else:
            self._ship(_Open(code, at - TRUCK))

    def _collect(self, level: int, at: int, code: str) -> None:
        waiting = self._waiting[level]
        waiting.append((at, code))
        if len(waiting) < self._limits[level]:
            return
        closed_at = max(when for when, _ in waiting) + (400 if level == 0 else 9_000)
        children = [child for _, child in waiting]
        waiting.clear()
        container = self._numbers.serial("BX" if level == 0 else "CT")
        self._timeline.emit(closed_at, self.add_text(level, closed_at, container, children))
        if level == 0:
            self.full_boxes.append((closed_at, container))
            if self._stream.rng.random() < self._stream.factory.wrong_share / 2:
                self._stream.factory.wrongs.packed(self._stream, closed_at, children)
            self._collect(1, closed_at, container)
        else:
            self._palletise(closed_at + 30_000, container)

    def _palletise(self, at: int, carton: str) -> None:
        pallet = self._pallet
        if pallet is not None and (at // TRUCK > pallet.truck or len(pallet.children) >= self._limits[2]):
            self._ship(pallet)
            pallet = None
        if pallet is None:
            pallet = self._pallet = _Open(self._numbers.serial("PL"), at)
        pallet.children.append(carton)
        pallet.last_at = max(pallet.last_at, at)
        self._timeline.emit(at, self.add_text(2, at, pallet.code, [carton]))

    def _ship(self, pallet: _Open) -> None:
        line, stream = self._timeline, self._stream
        at = max((pallet.truck + 1) * TRUCK, line.now + 1_000, pallet.last_at + 60_000)
        shipment = self._numbers.serial("SH")
        line.emit(
            at,
            f'{{"type":"ShippingEvent","id":"{line.uid()}","at":"{line.stamp(at)}","station":"{stream.dock}",'
            f'"shipment":"{shipment}","items":["{pallet.code}"],"consignee":"{stream.package.brand}-DC",'
            f'"reference":"{stream.work_order}"}}',
        )

    def add_text(self, level: int, at: int, parent: str, children: list[str]) -> str:
        """Return an aggregation as an event."""
        line, stream = self._timeline, self._stream
        assert stream.packing is not None
        station = stream.packing[level]
        inside = '","'.join(children)
        return (
            f'{{"type":"AggregationEvent","id":"{line.uid()}","at":"{line.stamp(at)}",'
            f'{station.who[stream.crew.shift(at)]}"action":"ADD","parent":"{parent}","level":"{_LEVELS[level]}",'
            f'"children":["{inside}"]}}'
        )
