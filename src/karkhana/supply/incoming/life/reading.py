"""Reads what limits the use of lots, for the gate and for pages.

One light query says whether anything does; a second reads the clocks of what is moisture-sensitive. Only
where a lot came out of other lots (split, merge) are those looked for: it inherits their lives, their clocks
as they stood then, and its own from there on.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from karkhana.ledger.store import Cursor, text_array
from karkhana.supply.incoming.life.rules import Life, Tick, levels

DEPTH_MAX = 12
"""How many splits and merges back a life is looked for."""
# Planning is most of what a read of a few rows costs the gate, so the common case is kept plain.
_NEAR = """
    SELECT lot, NULL::text, id, expires_on, msl, label_hours FROM supply_lotlife
    WHERE lot = ANY(%(lots)s::text[])
    UNION ALL
    SELECT output, input, 0, NULL, NULL, NULL FROM ledger_descent
    WHERE output = ANY(%(lots)s::text[]) AND output_kind = 'lot' AND input_kind = 'lot'
"""
# The transaction around it scans no table whole (``store.begin``), so every step has its index.
_KIN = """
    WITH RECURSIVE kin AS (
        SELECT lot, lot AS source, ARRAY[lot] AS path, ARRAY['infinity'::timestamptz] AS until
        FROM unnest(%s::text[]) AS lot
        UNION ALL
        SELECT k.lot, d.input, k.path || d.input, k.until || least(k.until[array_length(k.until, 1)], d.at)
        FROM kin k JOIN ledger_descent d ON d.output = k.source
        WHERE d.output_kind = 'lot' AND d.input_kind = 'lot' AND array_length(k.path, 1) < %s
          AND d.input <> ALL(k.path)
    )
    SELECT k.lot, k.path, k.until::text[], life.expires_on, life.msl, life.label_hours
    FROM kin k JOIN LATERAL (
        SELECT l.expires_on, l.msl, l.label_hours FROM supply_lotlife l
        WHERE l.lot = k.source ORDER BY l.id DESC LIMIT 1
    ) life ON true
"""
_CLOCKS = """
    SELECT lot, what, at FROM supply_lottick WHERE lot = ANY(%(lots)s::text[])
    UNION ALL
    SELECT lot, NULL, loaded_at FROM ledger_mount WHERE lot = ANY(%(lots)s::text[])
"""


@dataclass(frozen=True, slots=True)
class _Bound:
    """A life that binds a lot, of its own or of one that it came from.

    Args:
        path: from the lot back to the one whose life it is, each with the time until which it counts.
    """

    lot: str
    path: tuple[tuple[str, dt.datetime | None], ...]
    life: Life


def lives_of(cursor: Cursor, lots: Collection[str]) -> dict[str, tuple[Life, ...]]:
    """Return the lives that bind each of these lots; a lot that nothing binds is left out."""
    if not lots:
        return {}
    bound = _bound(cursor, lots)
    watched = {lot for one in bound if _watched(one.life) for lot, _ in one.path}
    clocks = _clocks(cursor, watched) if watched else {}
    found: defaultdict[str, tuple[Life, ...]] = defaultdict(tuple)
    for one in bound:
        found[one.lot] += (_whole(one, clocks),)
    return dict(found)


def _bound(cursor: Cursor, lots: Collection[str]) -> list[_Bound]:
    cursor.execute(_NEAR, {"lots": text_array(lots)})
    latest: dict[str, tuple[int, Life]] = {}
    for lot, source, number, expires_on, msl, hours in cursor.fetchall():
        if source is not None:
            return _inherited(cursor, lots)
        if lot not in latest or number > latest[lot][0]:
            latest[lot] = number, Life(expires_on, msl, hours)
    return [_Bound(lot, ((lot, None),), life) for lot, (_, life) in sorted(latest.items())]


def _inherited(cursor: Cursor, lots: Collection[str]) -> list[_Bound]:
    cursor.execute(_KIN, [text_array(sorted(lots)), DEPTH_MAX])
    return [
        _Bound(lot, tuple(zip(path, map(_moment, until), strict=True)), Life(expires_on, msl, hours))
        for lot, path, until, expires_on, msl, hours in cursor.fetchall()
    ]


def _moment(text: str) -> dt.datetime | None:
    return None if text == "infinity" else dt.datetime.fromisoformat(text)


def _watched(life: Life) -> bool:
    level = levels().get(life.msl)
    return level is not None and level.watched


_Clocks = dict[str, list[tuple[str | None, dt.datetime]]]


def _clocks(cursor: Cursor, lots: Iterable[str]) -> _Clocks:
    """Read what happened to lots: (what, when), None for a load on a station."""
    found: _Clocks = defaultdict(list)
    cursor.execute(_CLOCKS, {"lots": text_array(lots)})
    for lot, what, at in cursor.fetchall():
        found[lot].append((what, at))
    return found


def _whole(one: _Bound, clocks: _Clocks) -> Life:
    """Put together the clock of a life along its way: what happened to each lot while it counted."""
    happened = [
        (what, at)
        for lot, until in one.path
        for what, at in clocks.get(lot, ())
        if until is None or at <= until
    ]
    return replace(
        one.life,
        ticks=tuple(Tick(at, what) for what, at in happened if what is not None),
        loaded=tuple(at for what, at in happened if what is None),
    )
