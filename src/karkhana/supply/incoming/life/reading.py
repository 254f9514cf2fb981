"""Reads what limits the use of lots, for the gate and for pages: one query, a second for moisture clocks.

A lot that came out of other lots (split, merge) inherits their lives: their clocks as they stood then, and
its own from there on.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace

from karkhana.ledger.store import Cursor, text_array
from karkhana.supply.incoming.life.rules import Life, Tick, levels

DEPTH_MAX = 12
"""How many splits and merges back a life is looked for."""
# The transaction around it scans no table whole (``store.begin``), so every step has its index.
_LIVES = """
    WITH RECURSIVE kin AS (
        SELECT lot, lot AS source, ARRAY[lot] AS path, ARRAY['infinity'::timestamptz] AS until
        FROM unnest(%s::text[]) AS lot
        UNION ALL
        SELECT k.lot, d.input, k.path || d.input, k.until || least(k.until[array_length(k.until, 1)], d.at)
        FROM kin k JOIN ledger_descent d ON d.output = k.source
        WHERE d.output_kind = 'lot' AND d.input_kind = 'lot' AND array_length(k.path, 1) < %s
          AND d.input <> ALL(k.path)
    )
    SELECT k.lot, k.path, k.until::text[], life.expires_on, life.msl, life.label_hours, tick.whats, tick.ats
    FROM kin k
    LEFT JOIN LATERAL (
        SELECT l.expires_on, l.msl, l.label_hours FROM supply_lotlife l
        WHERE l.lot = k.source ORDER BY l.id DESC LIMIT 1
    ) life ON true
    LEFT JOIN LATERAL (
        SELECT array_agg(t.what ORDER BY t.at, t.id) AS whats, array_agg(t.at ORDER BY t.at, t.id) AS ats
        FROM supply_lottick t WHERE t.lot = k.source
    ) tick ON true
"""


@dataclass(frozen=True, slots=True)
class _Kin:
    """A lot, or one that it came from: the way down to it, and until when each on the way counts."""

    lot: str
    path: tuple[str, ...]
    until: tuple[dt.datetime | None, ...]
    life: Life | None


def lives_of(cursor: Cursor, lots: Collection[str]) -> dict[str, tuple[Life, ...]]:
    """Return the lives that bind each of these lots; a lot that nothing binds is left out."""
    if not lots:
        return {}
    cursor.execute(_LIVES, [text_array(sorted(lots)), DEPTH_MAX])
    kin: list[_Kin] = []
    ticks: dict[str, tuple[Tick, ...]] = {}
    for lot, path, until, expires_on, msl, hours, whats, ats in cursor.fetchall():
        ticks[path[-1]] = tuple(Tick(at, what) for what, at in zip(whats or (), ats or (), strict=True))
        life = None if msl is None else Life(expires_on, msl, hours)
        kin.append(_Kin(lot, tuple(path), tuple(map(_moment, until)), life))
    bound = [one for one in kin if one.life is not None]
    loads = _loads(cursor, {lot for one in bound if _watched(one) for lot in one.path})
    found: defaultdict[str, tuple[Life, ...]] = defaultdict(tuple)
    for one in bound:
        found[one.lot] += (_whole(one, ticks, loads),)
    return dict(found)


def _moment(text: str) -> dt.datetime | None:
    return None if text == "infinity" else dt.datetime.fromisoformat(text)


def _watched(one: _Kin) -> bool:
    level = levels().get(one.life.msl) if one.life else None
    return level is not None and level.watched


def _loads(cursor: Cursor, lots: Collection[str]) -> dict[str, list[dt.datetime]]:
    found: defaultdict[str, list[dt.datetime]] = defaultdict(list)
    if lots:
        cursor.execute(
            "SELECT lot, loaded_at FROM ledger_mount WHERE lot = ANY(%s::text[])", [text_array(sorted(lots))]
        )
        for lot, at in cursor.fetchall():
            found[lot].append(at)
    return found


def _whole(one: _Kin, ticks: dict[str, tuple[Tick, ...]], loads: dict[str, list[dt.datetime]]) -> Life:
    """Put together the clock of a life along its way: what happened to each lot while it counted."""
    assert one.life is not None
    steps = tuple(zip(one.path, one.until, strict=True))
    return replace(
        one.life,
        ticks=tuple(
            tick for lot, until in steps for tick in ticks.get(lot, ()) if until is None or tick.at <= until
        ),
        loaded=tuple(at for lot, until in steps for at in loads.get(lot, ()) if until is None or at <= until),
    )
