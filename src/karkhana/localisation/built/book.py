"""Values each distinct use once, and keeps count of how many units took it.

One book belongs to one method with its parameters, as long as classes and deeming rules stay the same. What
it keeps is bounded, so memory does not grow with units.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

from karkhana.kernel.money import EXACT
from karkhana.localisation.built.pieces import AS_BOOKED, candidates_of_lots
from karkhana.localisation.built.sets import Chunk, UseKey
from karkhana.localisation.built.uses import pieces_among
from karkhana.localisation.rules.pieces import Line, Piece, Unproved, Use
from karkhana.localisation.rules.valuing import ZERO, Settings, Sums, line_of, sums_of

KEPT_MAX = 100_000
"""Uses, and lots, that are kept from one chunk to the next."""
NAMED_MAX = 100
"""Lots that a line over many units names; beyond them it says only that there are more."""


@dataclass(slots=True)
class Total:
    """A line over many units: same part, supplier, origin, group, channel and reason.

    ``lot`` is the lot that the value rests on where a line is kept for every lot; ``lots`` are all that it
    may have been.
    """

    part: str
    supplier: str
    origin: str
    group: str
    channel: str
    why: str
    quantity: Decimal = ZERO
    value: Decimal = ZERO
    local_value: Decimal = ZERO
    local_most: Decimal = ZERO
    lots: set[str] = field(default_factory=set)
    more_lots: bool = False
    lot: str = ""

    def add(self, line: Line, units: int) -> None:
        """Add what some units took alike."""
        self.quantity += line.quantity * units
        self.value += line.value * units
        self.local_value += line.local_value * units
        self.local_most += line.local_most * units
        named = [lot for lot in line.lots or (line.lot,) if lot]
        if len(self.lots) + len(named) <= NAMED_MAX:
            self.lots.update(named)
        elif not self.lots.issuperset(named):
            self.more_lots = True


@dataclass(slots=True)
class Doubt:
    """Something unproved over many units. ``uses`` counts how often it stood in a unit."""

    uses: int = 0
    lots: set[str] = field(default_factory=set)
    more_lots: bool = False

    def add(self, lot: str, uses: int) -> None:
        """Count it."""
        self.uses += uses
        if lot and lot not in self.lots:
            if len(self.lots) < NAMED_MAX:
                self.lots.add(lot)
            else:
                self.more_lots = True


class Totals:
    """Lines and doubts over all units."""

    def __init__(self, *, by_lot: bool = False) -> None:
        self.by_lot = by_lot
        self.lines: dict[tuple[str, ...], Total] = {}
        self.doubts: dict[tuple[str, str, str], Doubt] = {}

    def add(self, line: Line, doubts: Iterable[Unproved], units: int) -> None:
        """Add a line that some units have alike, with what is unproved of it."""
        why = line.why.split(" (one of ")[0]
        key = (line.part, line.supplier, line.origin, line.group, line.channel, why)
        place = (*key, line.lot) if self.by_lot else key
        total = self.lines.get(place)
        if total is None:
            total = self.lines[place] = Total(*key, lot=line.lot if self.by_lot else "")
        total.add(line, units)
        for doubt in doubts:
            self.doubt(doubt, units)

    def doubt(self, doubt: Unproved, units: int) -> None:
        """Count something unproved that some units have alike."""
        self.doubts.setdefault((doubt.code, doubt.part, doubt.detail), Doubt()).add(doubt.lot, units)


@dataclass(slots=True)
class _Valued:
    line: Line
    doubts: tuple[Unproved, ...]
    sums: Sums


class Book:
    """Values the sets of chunks by one method."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._uses: dict[UseKey, _Valued] = {}
        self._pieces: dict[str, tuple[Piece, ...]] = {}

    def begin(self, chunk: Chunk) -> list[Sums]:
        """Return the sums of every set of a chunk, whose lots were read."""
        if len(self._uses) > KEPT_MAX:
            self._uses.clear()
        sums: list[Sums] = []
        with localcontext(EXACT):
            parts = [_added(self._valued(key).sums for key in uses) for uses in chunk.components]
            for shared in chunk.sets:
                inner = [parts[number] for number in shared.components]
                inner += [sums[number] for number in shared.inside]
                sums.append(_added(inner))
        return sums

    def read(self, lots: set[str]) -> None:
        """Read the pieces of lots that are not known yet."""
        if len(self._pieces) > KEPT_MAX:
            self._pieces.clear()
        method = self.settings.method
        self._pieces |= candidates_of_lots(
            sorted(lots - self._pieces.keys()),
            rate_policy=self.settings.values.get("exchange_rate", AS_BOOKED),
            accepts=method.accepts or (method.id,),
        )

    def _valued(self, key: UseKey) -> _Valued:
        found = self._uses.get(key)
        if found is None:
            part, quantity, process, lots = key
            use = Use(part, "", quantity, pieces_among(lots, self._pieces), process)
            line, doubts = line_of(self.settings, use)
            found = self._uses[key] = _Valued(line, doubts, sums_of([line], doubts))
        return found

    def end(self, chunk: Chunk, units: Counter[int], totals: Totals) -> None:
        """Add the lines of a chunk's units.

        Args:
            units: set to how many units have it by this book.
        """
        waiting = Counter(units)
        components: Counter[int] = Counter()
        for number in range(len(chunk.sets) - 1, -1, -1):
            count = waiting[number]
            if count:
                shared = chunk.sets[number]
                for inner in shared.inside:
                    waiting[inner] += count
                for component in shared.components:
                    components[component] += count
        taken: Counter[UseKey] = Counter()
        for component, count in components.items():
            for key in chunk.components[component]:
                taken[key] += count
        with localcontext(EXACT):
            for key, count in taken.items():
                valued = self._valued(key)
                totals.add(valued.line, valued.doubts, count)


def _added(rows: Iterable[Sums]) -> Sums:
    """Add sums up within the caller's context."""
    value, least, most, gaps = ZERO, ZERO, ZERO, 0
    for row in rows:
        value += row.value
        least += row.imported_least
        most += row.imported_most
        gaps += row.gaps
    return Sums(value, least, most, gaps)
