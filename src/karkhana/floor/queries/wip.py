"""Units in process now: how many stand where, at which step, and which have waited too long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from django.core.cache import cache

from karkhana.floor.queries.held import holds_of_units
from karkhana.floor.queries.rows import fetch

#: A unit that nothing happened to for this long is stuck: far beyond any step's time, below a break.
STUCK_AFTER = dt.timedelta(minutes=60)
#: One read serves every screen of this process for so long.
SHARED_SECONDS = 4


@dataclass(frozen=True, slots=True)
class Standing:
    """Units of one revision that stand at one station (None: between stations) before the same step."""

    product: str
    revision: str
    state: str
    kind: str
    next_step: int
    station: str | None
    units: int
    boards: int
    stuck: int
    held: int
    oldest: dt.datetime


def standing(now: dt.datetime) -> list[Standing]:
    """Return all units in process or failed, in groups. Panels count their boards that are not scrapped."""
    known = cast("list[Standing] | None", cache.get("floor.standing"))
    if known is not None:
        return known
    holds, targets = holds_of_units()
    rows = fetch(
        "SELECT product, revision, state, kind, next_step, station, count(*),"
        " sum(CASE WHEN kind = 'panel' THEN positions - bit_count(scrapped_mask::bit(64)) ELSE 1 END),"
        f" count(*) FILTER (WHERE moved_at < %s), count(*) FILTER (WHERE {holds} > 0), min(moved_at)"
        " FROM ledger_unit WHERE state IN ('in_process', 'failed')"
        " GROUP BY product, revision, state, kind, next_step, station",
        [now - STUCK_AFTER, *targets],
    )
    found = [Standing(*(*row[:7], int(row[7]), *row[8:])) for row in rows]
    cache.set("floor.standing", found, SHARED_SECONDS)
    return found


@dataclass(frozen=True, slots=True)
class Waiting:
    """One unit that waits, for the list of the longest waits."""

    serial: str
    product: str
    state: str
    next_step: int
    station: str | None
    moved_at: dt.datetime
    holds: int
    seconds: float


def longest_waiting(
    products: Iterable[str], stations: Iterable[str], now: dt.datetime, limit: int = 8
) -> list[Waiting]:
    """Return the units on a line's stations that nothing has happened to for longest."""
    holds, targets = holds_of_units()
    rows = fetch(
        f"SELECT serial, product, state, next_step, station, moved_at, {holds} FROM ledger_unit"
        " WHERE state IN ('in_process', 'failed') AND product = ANY(%s) AND station = ANY(%s)"
        " AND moved_at < %s ORDER BY moved_at, serial LIMIT %s",
        [*targets, list(products), list(stations), now - STUCK_AFTER, limit],
    )
    return [Waiting(*(*row, (now - row[5]).total_seconds())) for row in rows]
