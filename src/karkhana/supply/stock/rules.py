"""What may be done with a lot in the store, and what a count or a reconciliation says. Pure.

Quantities are pieces (or the part's own unit) with at most six decimals, never negative. What a line consumes
is read from the record and not moved here one by one: it is booked as ``use`` when a place is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from karkhana.kernel.refusals import Refusal
from karkhana.supply.stock.refusals import refusal

STORE, QUARANTINE, LINE, SCRAP = "store", "quarantine", "line", "scrap"
PLACE_KINDS = (STORE, QUARANTINE, LINE, SCRAP)
IN_HOUSE = frozenset({STORE, QUARANTINE, LINE})
"""Kinds of places whose content counts as on hand; what lies in a scrap place does not."""

OPEN, MOVE, ISSUE, RETURN = "open", "move", "issue", "return"
COUNT, USE, ADJUST, SCRAPPED, SEND_BACK = "count", "use", "adjust", "scrap", "send_back"
SPLIT, MERGE = "split", "merge"
KINDS = (OPEN, MOVE, ISSUE, RETURN, COUNT, USE, ADJUST, SCRAPPED, SEND_BACK, SPLIT, MERGE)

UNEXPLAINED = "unexplained"
ADJUST_REASONS = (UNEXPLAINED, "attrition", "short_receipt", "over_receipt", "found", "mistake")
"""Why a count differs. Only ``unexplained`` stays open towards the brand that a consigned lot belongs to."""

QUANTITY_LIMIT = Decimal(10) ** 12
STEP = Decimal("0.000001")
REASON_MAX = 200

_WAYS: Mapping[str, tuple[frozenset[str] | None, frozenset[str] | None]] = {
    MOVE: (IN_HOUSE, IN_HOUSE),
    ISSUE: (frozenset({STORE}), frozenset({LINE})),
    RETURN: (frozenset({LINE}), frozenset({STORE, QUARANTINE})),
    SEND_BACK: (frozenset({STORE, QUARANTINE, SCRAP}), None),
}
"""Kind of movement to the kinds of places that it may lead from and to; None: outside the house."""

_VERBS = {
    MOVE: "move",
    ISSUE: "issue to a line",
    RETURN: "return from a line",
    ADJUST: "adjusts",
    SCRAPPED: "scraps",
    SEND_BACK: "sends back",
    SPLIT: "split",
    MERGE: "merge",
    USE: "uses",
    COUNT: "counts",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A storage place as the rules see it."""

    code: str
    plant: str
    kind: str


@dataclass(frozen=True, slots=True)
class Movement:
    """What is to be moved; a place that is None is outside: supplier, scrap heap, device."""

    kind: str
    lot: str
    quantity: Decimal
    source: Place | None
    target: Place | None
    reason: str = ""


def check_quantity(quantity: Decimal, *, zero: bool = False) -> Refusal | None:
    """Refuse what is no amount of pieces: negative, not a number, too large, finer than six decimals."""
    good = (
        quantity.is_finite()
        and (quantity > 0 or (zero and quantity == 0))
        and quantity < QUANTITY_LIMIT
        and quantity == quantity.quantize(STEP)
    )
    return None if good else refusal("stock.quantity", value=str(quantity)[:40])


def check_movement(move: Movement, *, held: bool = False) -> Refusal | None:
    """Refuse a movement that makes no sense, whatever is there.

    Args:
        held: whether the lot is on hold: it may then only go to quarantine, be scrapped, sent back, counted.
    """
    found = check_quantity(move.quantity, zero=move.kind in (COUNT, OPEN))
    if found:
        return found
    if move.kind in (SCRAPPED, ADJUST, SEND_BACK) and not move.reason:
        return refusal("stock.reason", verb=_VERBS[move.kind], lot=move.lot)
    problem = _places_problem(move)
    if problem:
        return refusal("stock.places", lot=move.lot, verb=_VERBS.get(move.kind, move.kind), problem=problem)
    if held and _needs_release(move):
        return refusal("stock.held", lot=move.lot)
    return None


def _needs_release(move: Movement) -> bool:
    if move.kind not in (MOVE, ISSUE, RETURN, SPLIT, MERGE):
        return False
    return move.target is None or move.target.kind not in (QUARANTINE,)


def _places_problem(move: Movement) -> str:
    source, target = move.source, move.target
    if source is not None and target is not None and source.code == target.code:
        return "both places are the same"
    if move.kind in (ADJUST, SPLIT, MERGE):
        return "" if (source is None) != (target is None) else "exactly one place must be named"
    if move.kind in (OPEN, COUNT):
        return "" if source is None and target is not None else "name the place"
    if move.kind == USE:
        return "" if source is not None and source.kind in IN_HOUSE and target is None else "name the place"
    if move.kind == SCRAPPED:
        wrong = source is None or source.kind not in IN_HOUSE or (target is not None and target.kind != SCRAP)
        return "it goes from a store, quarantine or line to a scrap place" if wrong else ""
    return _way_problem(move.kind, source, target)


def _way_problem(kind: str, source: Place | None, target: Place | None) -> str:
    sources, targets = _WAYS[kind]
    for place, allowed, said in ((source, sources, "from"), (target, targets, "to")):
        if (place is None) != (allowed is None):
            return (
                f"a place to move it {said} is missing" if place is None else f"nothing is moved {said} there"
            )
        if place is not None and allowed is not None and place.kind not in allowed:
            return f"{place.code} is a {place.kind} place"
    if source and target and source.plant != target.plant and kind != MOVE:
        return f"{source.code} and {target.code} are in different plants"
    return ""


def check_enough(move: Movement, there: Decimal) -> Refusal | None:
    """Refuse to take more from a place than the book says is there."""
    if move.source is None or move.kind == COUNT or there >= move.quantity:
        return None
    return refusal(
        "stock.short",
        there=plain(there),
        lot=move.lot,
        place=move.source.code,
        wanted=plain(move.quantity),
    )


def plain(quantity: Decimal) -> str:
    """Write a quantity without the zeros that its column adds."""
    text = format(quantity, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class Range:
    """An amount that is known between two ends, both inclusive."""

    low: Decimal
    high: Decimal

    @property
    def exact(self) -> bool:
        """Whether both ends are the same."""
        return self.low == self.high


def use_at(kind: str, use: Range, *, before: Decimal, beside: Decimal) -> Range:
    """Say how much of what a lot was used of, and not yet booked, may have left one place.

    What is built in comes from the line. Only what lines never got can have come from the store directly.

    Args:
        use: what the record says was used, less what is booked as used.
        before: what stands at places that are used up first: for a store, the lines; for a line, nothing.
        beside: what stands at other places of the same rank.
    """
    zero = Decimal(0)
    low = max(use.low - before - beside, zero)
    return Range(low, max(use.high - before, low, zero))


@dataclass(frozen=True, slots=True)
class Counted:
    """What a count says: ``used`` of the book's balance went into products, ``difference`` remains open.

    ``difference`` is counted minus expected: below zero, something is missing.
    """

    used: Decimal
    difference: Decimal


def settle_count(balance: Decimal, counted: Decimal, use: Range) -> Counted:
    """Explain a count by the record as far as it goes; what is left over needs a reason.

    Where the record knows the use only as a range (two reels at a change-over), the count decides within it.

    Args:
        balance: what the book says of the place, before use.
        use: what may have been used from this place (``use_at``).
    """
    low = min(max(use.low, Decimal(0)), balance)
    high = min(max(use.high, low), balance)
    used = min(max(balance - counted, low), high)
    return Counted(used, counted - (balance - used))


@dataclass(frozen=True, slots=True)
class Account:
    """What became of a lot, or of several: the books beside the record.

    Args:
        received: what the lot came in with; 0 for one that was split off another here.
        taken_over: what came from other lots by split and merge, less what went to them.
        used: from the record.
        scrapped, returned: with reason; what is returned out of a scrap place counts as scrapped only.
        explained: adjustments with a reason, signed.
        unexplained: adjustments without one, signed: below zero, that much was missing when it was counted.
    """

    received: Decimal
    taken_over: Decimal
    used: Range
    scrapped: Decimal
    returned: Decimal
    explained: Decimal
    unexplained: Decimal

    @property
    def on_hand(self) -> Range:
        """What must be there by book. Below zero: more was used than ever came in."""
        rest = (
            self.received
            + self.taken_over
            + self.explained
            + self.unexplained
            - self.scrapped
            - self.returned
        )
        return Range(rest - self.used.high, rest - self.used.low)

    @property
    def gone(self) -> Decimal:
        """What left the house without being built in."""
        return self.scrapped + self.returned

    @property
    def missing(self) -> Decimal:
        """What counts found to be missing, nobody having said why; 0 where rather too much was there."""
        return max(-self.unexplained, Decimal(0))


def total(accounts: list[Account]) -> Account:
    """Add accounts up; ranges add end by end, so that the sum is never said to be surer than its parts."""

    def add(name: str) -> Decimal:
        return sum((getattr(account, name) for account in accounts), Decimal(0))

    low = sum((account.used.low for account in accounts), Decimal(0))
    high = sum((account.used.high for account in accounts), Decimal(0))
    return Account(
        add("received"),
        add("taken_over"),
        Range(low, high),
        add("scrapped"),
        add("returned"),
        add("explained"),
        add("unexplained"),
    )
