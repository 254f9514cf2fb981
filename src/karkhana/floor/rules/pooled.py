"""Which identities must come from a pool, and in which range a value stands. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from karkhana.kernel.ranges import Range, place_of


@dataclass(frozen=True, slots=True)
class Wish:
    """What an identity is written for: whose, where, and as what. ``plant`` is where it is written."""

    brand: str
    product: str
    plant: str
    scheme: str
    kind: str


@dataclass(frozen=True, slots=True)
class PooledRange:
    """A range with the scope of its pool; None and the empty text mean any.

    Args:
        range_id: of the table; 0 for a pool that has no range yet.
        kind: name of the identity in the release, such as ``imei1``; empty for all of the scheme.
    """

    range_id: int
    pool: str
    brand: str
    scheme: str
    kind: str
    product: str
    plant: str
    values: Range | None

    def covers(self, wish: Wish) -> bool:
        """Say whether the pool is for this identity, at this plant or another."""
        return (
            self.brand == wish.brand
            and self.scheme == wish.scheme
            and self.kind in ("", wish.kind)
            and self.product in ("", wish.product)
        )

    def serves(self, wish: Wish) -> bool:
        """Say whether a value of this range may be written here."""
        return self.covers(wish) and self.plant in ("", wish.plant)


Place = tuple[PooledRange, int]
"""A range and a place in it, counted from 0."""


class PoolIndex:
    """All pools of all brands, found by value. Falsy when there is none, which costs the gate nothing."""

    def __init__(self, ranges: Iterable[PooledRange]) -> None:
        self._all = tuple(ranges)
        spaces: defaultdict[str, list[tuple[int, int, PooledRange]]] = defaultdict(list)
        for found in self._all:
            if found.values is not None:
                space, low, high = found.values.span(found.brand)
                spaces[space].append((low, high, found))
        self._spaces = {
            space: sorted(entries, key=lambda entry: entry[0]) for space, entries in spaces.items()
        }
        self._starts = {space: [entry[0] for entry in entries] for space, entries in self._spaces.items()}
        self._applies: dict[Wish, bool] = {}

    def __bool__(self) -> bool:
        return bool(self._all)

    def applies(self, wish: Wish) -> bool:
        """Say whether this identity must come from a pool: one for it serves this plant."""
        known = self._applies.get(wish)
        if known is None:
            known = self._applies[wish] = any(found.serves(wish) for found in self._all)
        return known

    def find(self, space: str, text: str) -> Place | None:
        """Return the range that holds a value, whoever's it is, and the value's place in it.

        Args:
            space: in which the value is unique, as its claim says it.
            text: in its normal form.
        """
        place = place_of(space, text)
        if place is None or place[0] not in self._spaces:
            return None
        at = bisect_right(self._starts[place[0]], place[1]) - 1
        if at < 0:
            return None
        _, high, found = self._spaces[place[0]][at]
        if place[1] >= high or found.values is None:
            return None
        index = found.values.index(text)
        return None if index is None else (found, index)


NO_POOLS = PoolIndex(())
