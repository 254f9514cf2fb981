"""What comes out: a plan, why each candidate is in it or not, what limits it, what other levels cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

Status = Literal["reached", "already_reached", "out_of_reach", "over_budget", "not_kept", "most"]
Reason = Literal[
    "no_effect", "prerequisite", "nothing_built", "too_late", "minimum", "share", "alternate", "budget",
    "too_dear", "not_needed",
]  # fmt: skip


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a product that are built with a candidate in a month."""

    candidate: str
    product: str
    month: str
    units: int


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """A chosen candidate and what it does.

    Args:
        available: first month in which it can be built in; ``first_used`` is None for a mere prerequisite.
        parts: over the horizon; ``busiest`` month of them, of ``capacity``.
        points: percentage points of the target's measure in its period that would be missing without it.
        cost: ``one_time`` and price change over the horizon.
        cost_per_point: None where it adds none.
        without: how much dearer the target is when it may not be chosen, None when that was not worked out.
        indispensable: whether the target cannot be reached without it.
        required_by: chosen candidates that need it.
    """

    candidate: str
    part: str
    source: str
    available: str
    first_used: str | None
    units: int
    parts: int
    busiest: int
    capacity: int | None
    at_capacity: bool
    points: Decimal
    one_time: Decimal
    price_change: Decimal
    cost: Decimal
    cost_per_point: Decimal | None
    without: Decimal | None
    indispensable: bool
    required_by: tuple[str, ...]


class NotChosen(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate that is not chosen, and why.

    Args:
        alone: points that it could add in the target's period by itself; ``alone_cost`` what that would cost.
        instead: chosen candidates that stand in its place.
        dearer: how much dearer the plan gets when it has to be chosen, None when that was not worked out.
    """

    candidate: str
    part: str
    source: str
    reason: Reason
    available: str
    alone: Decimal
    alone_cost: Decimal
    cost_per_point: Decimal | None
    instead: tuple[str, ...]
    dearer: Decimal | None


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """How far one would get if something did not limit.

    ``what`` is ``as_it_is``, ``lead_time``, ``capacity``, ``share``, ``minimum``, ``prerequisites``,
    ``budget``
    or ``all``.
    """

    what: str
    level: Decimal
    enough: bool


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One point of the trade-off: the least cost for a level, and who is chosen."""

    asked: Decimal
    level: Decimal
    cost: Decimal
    one_time: Decimal
    proved: bool
    candidates: tuple[str, ...]


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """The level of one month by itself, with and without the plan."""

    month: str
    before: Decimal
    after: Decimal


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The answer.

    Args:
        status: ``over_budget``: reachable, but not within the budget, and the plan is the most for the
        budget;
            ``not_kept``: reachable by the date, but not in later periods; the plan is without keeping.
        wanted: per cent asked for, None in "as much as the budget gives"; ``present`` and ``level`` of the
            period now and with the plan, both rounded down.
        needed: least cost of the target when it is over the budget.
        bound: no plan can cost less, as far as the solver could prove; None in "as much as the budget gives".
        proved: whether the plan is the cheapest (or the highest), to one part in a million.
        complete: whether the time sufficed for all explanations.
    """

    status: Status
    measure: str
    wanted: Decimal | None
    by: str
    present: Decimal
    level: Decimal
    cost: Decimal
    one_time: Decimal
    price_change: Decimal
    bound: Decimal | None
    proved: bool
    needed: Decimal | None
    chosen: tuple[Chosen, ...]
    not_chosen: tuple[NotChosen, ...]
    limits: tuple[Limit, ...]
    curve: tuple[Point, ...]
    months: tuple[Month, ...]
    uses: tuple[Use, ...]
    complete: bool
    seconds: float
