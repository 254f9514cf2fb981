"""What an order needs, which lots to take, and what is short. Pure.

Lots are taken first expired, first out; where nothing expires, first in, first out. The released part goes
before its alternates, and what the product's own brand handed in before what the maker bought.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from karkhana.design.release import ReleasePackage

HELD, OTHER_OWNER, ON_LINE = "held", "other_owner", "on_line"
NEVER = dt.date.max
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Need:
    """What an order needs of a released part.

    Args:
        parts: the released part and its alternates, best first.
        per_unit: pieces per unit.
        quantity: for the whole order; ``issued`` of it was handed out, less what came back.
        steps: names of the steps that take it.
        key: bound to units by a scan, piece by piece.
        product: set when it is a sub-assembly that is built here: it comes from a line, not from the store.
    """

    parts: tuple[str, ...]
    per_unit: Decimal
    quantity: Decimal
    issued: Decimal = _ZERO
    steps: tuple[str, ...] = ()
    key: bool = False
    product: str | None = None

    @property
    def part(self) -> str:
        """The released part."""
        return self.parts[0]

    @property
    def open(self) -> Decimal:
        """What is still to be handed out."""
        return max(self.quantity - self.issued, _ZERO)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lot at a place of the store; ``problem`` says why it may not be taken, empty when it may."""

    lot: str
    part: str
    place: str
    free: Decimal
    received_at: dt.datetime
    owner: str = ""
    expires_on: dt.date | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Pick:
    """So much of a lot, from a place of the store."""

    lot: str
    part: str
    place: str
    quantity: Decimal
    owner: str
    expires_on: dt.date | None
    received_at: dt.datetime


@dataclass(frozen=True, slots=True)
class KitLine:
    """A need with what is taken for it, what is left out and why, and what is short."""

    need: Need
    picks: tuple[Pick, ...]
    left_out: tuple[Candidate, ...]
    free: Decimal
    short: Decimal


def needs_of(release: ReleasePackage, units: int, issued: Mapping[str, Decimal]) -> list[Need]:
    """Return what an order over so many units needs, with what was handed out spread over it.

    Args:
        issued: part to what was issued to the order, less what was returned.
    """
    found: dict[tuple[tuple[str, ...], bool, str | None], Need] = {}
    for step in release.steps:
        wanted: list[tuple[tuple[str, ...], bool, str | None, Decimal]] = [
            ((m.part, *m.alternates), False, None, m.quantity) for m in step.materials
        ]
        wanted += [((k.part, *k.alternates), True, k.product, Decimal(1)) for k in step.key_parts]
        for parts, key, product, per_unit in wanted:
            before = found.get((parts, key, product), Need(parts, _ZERO, _ZERO, key=key, product=product))
            found[parts, key, product] = replace(
                before,
                per_unit=before.per_unit + per_unit,
                quantity=before.quantity + per_unit * units,
                steps=(*before.steps, step.name) if step.name not in before.steps else before.steps,
            )
    return _spread(list(found.values()), issued)


def _spread(needs: Sequence[Need], issued: Mapping[str, Decimal]) -> list[Need]:
    """Count what was handed out towards needs: for the released part first, then as an alternate."""
    left = dict(issued)
    done = list(needs)
    for own in (True, False):
        for place, need in enumerate(done):
            for part in need.parts[:1] if own else need.parts[1:]:
                taken = min(done[place].open, max(left.get(part, _ZERO), _ZERO))
                left[part] = left.get(part, _ZERO) - taken
                done[place] = replace(done[place], issued=done[place].issued + taken)
    # What went out beyond any need still shows with the part that it is.
    for place, need in enumerate(done):
        over = left.get(need.part, _ZERO)
        if over > 0:
            done[place] = replace(need, issued=need.issued + over)
            left[need.part] = _ZERO
    return done


def propose(
    needs: Iterable[Need], candidates: Sequence[Candidate], *, whole: bool = False
) -> tuple[KitLine, ...]:
    """Choose lots for needs; a lot serves several needs until it is used up.

    Args:
        whole: hand out whole lots (reels), so that more may be taken than is needed.
    """
    by_part: defaultdict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_part[candidate.part].append(candidate)
    left = {(candidate.lot, candidate.place): candidate.free for candidate in candidates}
    return tuple(
        _line(need, [c for part in need.parts for c in _sorted(by_part[part])], left, whole)
        for need in needs
        if need.product is None
    )


def _sorted(candidates: Iterable[Candidate]) -> list[Candidate]:
    return sorted(
        candidates, key=lambda c: (not c.owner, c.expires_on or NEVER, c.received_at, c.lot, c.place)
    )


def _line(
    need: Need, candidates: Sequence[Candidate], left: dict[tuple[str, str], Decimal], whole: bool
) -> KitLine:
    wanted = need.open
    picks: list[Pick] = []
    usable = [candidate for candidate in candidates if not candidate.problem]
    free = sum((left[c.lot, c.place] for c in usable), _ZERO)
    for c in usable:
        there = left[c.lot, c.place]
        if wanted <= 0 or there <= 0:
            continue
        taken = there if whole else min(there, wanted)
        picks.append(Pick(c.lot, c.part, c.place, taken, c.owner, c.expires_on, c.received_at))
        left[c.lot, c.place] = there - taken
        wanted -= taken
    left_out = tuple(candidate for candidate in candidates if candidate.problem)
    return KitLine(need, tuple(picks), left_out, free, max(wanted, _ZERO))


def problem_of(*, held: bool, owners: Iterable[str], brand: str, ended: str, on_line: bool) -> str:
    """Say why a lot may not be taken for a product of a brand; empty when it may.

    Args:
        ended: why its life is over (``supply.incoming``), empty while it is not.
    """
    if held:
        return HELD
    if set(owners) - {brand}:
        return OTHER_OWNER
    return ended or (ON_LINE if on_line else "")
