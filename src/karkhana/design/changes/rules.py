"""The life of a change order or deviation, and what it means for a unit that is started. Pure.

Sources: ANSI/EIA-649 (classes of change, effectivity, deviation before and waiver after the build);
DESIGN section 3, idea 3.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

REQUESTED, APPROVED, EFFECTIVE, CLOSED, REJECTED, WITHDRAWN = (
    "requested", "approved", "effective", "closed", "rejected", "withdrawn",
)  # fmt: skip
STATES = (REQUESTED, APPROVED, EFFECTIVE, CLOSED, REJECTED, WITHDRAWN)
DEVIATION_STATES = (REQUESTED, APPROVED, CLOSED, REJECTED, WITHDRAWN)
NOT_APPROVED = (REQUESTED, REJECTED, WITHDRAWN)
STANDING = (APPROVED, EFFECTIVE, CLOSED)
"""States in which a change order binds the gate."""

CLASSES = ("I", "II")
EFFECTIVITIES = ("date", "work_order", "serial")
IN_PROCESS = ("finish", "hold")
STOCK = ("use_up", "rework", "scrap", "return")
KINDS = ("deviation", "waiver")

_NEXT: Mapping[str, Collection[str]] = {
    REQUESTED: (APPROVED, REJECTED, WITHDRAWN),
    APPROVED: (EFFECTIVE,),
    EFFECTIVE: (CLOSED,),
}
_NEXT_OF_DEVIATION: Mapping[str, Collection[str]] = {
    REQUESTED: (APPROVED, REJECTED, WITHDRAWN),
    APPROVED: (CLOSED,),
}


def may_become(now: str, then: str, *, deviation: bool = False) -> bool:
    """Say whether a change order, or a deviation, may go from one state to another."""
    return then in (_NEXT_OF_DEVIATION if deviation else _NEXT).get(now, ())


@dataclass(frozen=True, slots=True)
class Order:
    """A work order that a change closes, and the one that takes its place.

    Args:
        quantity: of the new order, None when it is there already.
    """

    closed: str
    instead: str
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class Effectivity:
    """From when on a product is built to another revision, as an approved change order says it.

    Args:
        old, new: revisions.
        on: first plant-local day of the new one, of the kind ``date``.
        serial: first process serial of the new one, of the kind ``serial``.
        orders: closed work order to the one in its place, of the kind ``work_order``.
        state: one of ``STANDING``.
    """

    change: str
    product: str
    old: str
    new: str
    kind: str
    state: str
    on: dt.date | None = None
    serial: str = ""
    orders: tuple[tuple[str, str], ...] = ()


Verdict = Literal["superseded", "not_yet_effective", "order_replaced"]


def decide_start(
    effectivity: Effectivity, *, revision: str, work_order: str, serial: str, day: dt.date
) -> Verdict | None:
    """Say whether a unit may be started; None means yes.

    A closed change order ends the old revision in any case. A serial that is not written as the first new
    one is (same letters before the running number, same length) is not decided by it.

    Args:
        day: of the start, on the plant's calendar.
    """
    is_old, is_new = revision == effectivity.old, revision == effectivity.new
    if is_old and effectivity.state == CLOSED:
        return "superseded"
    if effectivity.kind == "work_order":
        replaced = any(closed == work_order for closed, _ in effectivity.orders)
        return "order_replaced" if replaced and effectivity.state != APPROVED else None
    begun = _has_begun(effectivity, serial, day)
    if is_old and begun is True:
        return "superseded"
    if is_new and begun is False:
        return "not_yet_effective"
    return None


def _has_begun(effectivity: Effectivity, serial: str, day: dt.date) -> bool | None:
    """Say whether a start lies behind the point of change, None when it has no place before or behind it."""
    if effectivity.on is not None:
        return day >= effectivity.on
    return is_at_or_after(serial, effectivity.serial)


def series_of(serial: str) -> tuple[str, str]:
    """Split a serial into what stands before its running number, and the number with its leading zeros."""
    match = re.fullmatch(r"(.*?)([0-9]*)", serial, re.DOTALL)
    assert match is not None
    return match[1], match[2]


def is_at_or_after(serial: str, first: str) -> bool | None:
    """Say whether a serial comes at or after another of its series; None when it is of another series."""
    prefix, number = series_of(serial)
    first_prefix, first_number = series_of(first)
    if not number or (prefix, len(number)) != (first_prefix, len(first_number)):
        return None
    return number >= first_number


@dataclass(frozen=True, slots=True)
class Departure:
    """An approved deviation that lets one part stand in for another, as the gate sees it.

    Args:
        step, role: where it may; None and empty mean anywhere.
        until: last plant-local day, inclusive; ``limit`` most units, boards counted singly. None is open.
        work_orders: empty means every one.
    """

    number: str
    product: str
    revision: str
    part: str
    substitute: str
    step: int | None = None
    role: str = ""
    until: dt.date | None = None
    limit: int | None = None
    work_orders: frozenset[str] = frozenset()

    def covers(
        self,
        released: Collection[str],
        substitute: str,
        *,
        step: int,
        work_order: str | None,
        role: str = "",
    ) -> bool:
        """Say whether a part may stand in here, were it not for date and quantity.

        Args:
            released: the part that the release names, and its alternates.
        """
        return (
            substitute == self.substitute
            and self.part in released
            and self.step in (None, step)
            and self.role in ("", role)
            and (not self.work_orders or work_order in self.work_orders)
        )

    def ended(self, *, day: dt.date, used: int, more: int) -> Literal["expired", "exhausted"] | None:
        """Say whether the deviation is over for a unit.

        Args:
            used: units that were built under it so far; ``more`` how many this use adds, 0 for none.
        """
        if self.until is not None and day > self.until:
            return "expired"
        if self.limit is not None and more and used + more > self.limit:
            return "exhausted"
        return None


def has_grown(shown: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Say whether an impact that was shown tells less than what would happen now.

    Counts of units and quantities move while the factory runs and are not looked at, nor is what is over by
    now; another difference, a work order or a line that was not shown are.
    """

    def named(impact: Mapping[str, Any], table: str, key: str) -> set[str]:
        return {row[key] for row in (impact.get("floor") or {}).get(table, ())}

    return (
        any(shown.get(name) != live.get(name) for name in ("release", "difference"))
        or bool(named(live, "work_orders", "work_order") - named(shown, "work_orders", "work_order"))
        or bool(named(live, "lines", "line") - named(shown, "lines", "line"))
    )
