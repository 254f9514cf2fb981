"""What the record says was used of lots: bulk by intervals, key parts by edges, and what became other lots.

A unit that passed a station consumed the released quantity of each part from whatever lots of it were on the
station in its window. With one candidate that is sure; with several, at a change-over, each of them may have
given it or not, so the answer is a range. Each station's windows are read once and counted by their ends
(``windows``), however many lots are asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from karkhana.design.release import ReleasePackage
from karkhana.floor.queries.lists import PAGE, Page, decode_key, encode_key
from karkhana.floor.queries.rows import fetch, fetch_bounded
from karkhana.floor.stores.lots import known_reference
from karkhana.floor.stores.windows import FOREVER, Interval, Windows, used
from karkhana.supply.stock.rules import Range

Fetch = Callable[..., list[tuple[Any, ...]]]
_ZERO = Decimal(0)
NOTHING = Range(_ZERO, _ZERO)


@dataclass(frozen=True, slots=True)
class Use:
    """What was used of a lot.

    Args:
        bulk: consumed at stations; a range where a change-over leaves several candidates.
        key_parts: bound to units by a scan and still inside.
        made: gone into other lots or boards by a transformation that the store did not report itself.
        units: units and panels that surely or possibly took of it.
    """

    bulk: Range = NOTHING
    key_parts: Decimal = _ZERO
    made: Decimal = _ZERO
    units: int = 0

    @property
    def total(self) -> Range:
        """All of it."""
        sure = self.key_parts + self.made
        return Range(self.bulk.low + sure, self.bulk.high + sure)


@dataclass(frozen=True, slots=True)
class UsedBy:
    """A unit or panel that took of a lot; ``how`` is bulk or key_part, ``sure`` False at a change-over."""

    unit: str
    product: str | None
    revision: str | None
    state: str
    how: str
    step: int | None
    quantity: Decimal
    sure: bool


def used_of(lots: Collection[str], *, bounded: bool = False) -> dict[str, Use]:
    """Return what was used of each lot, by the record as it stands; a lot nothing is known of is left out.

    Raises:
        Refused: ``list.too_wide`` when ``bounded`` and it would take too long.
    """
    if not lots:
        return {}
    read: Fetch = fetch_bounded if bounded else fetch
    wanted = sorted(set(lots))
    bulk = _bulk(read, wanted)
    edges = {
        row[0]: row[1]
        for row in read(
            "SELECT lot, count(*) FROM ledger_edge WHERE lot = ANY(%s) AND removed_at IS NULL GROUP BY lot",
            [wanted],
        )
    }
    made = _made(read, wanted)
    return {
        lot: Use(
            bulk=bulk[lot][0] if lot in bulk else NOTHING,
            key_parts=Decimal(edges.get(lot, 0)),
            made=made.get(lot, _ZERO),
            units=(bulk[lot][1] if lot in bulk else 0) + edges.get(lot, 0),
        )
        for lot in wanted
        if lot in bulk or lot in edges or lot in made
    }


@dataclass(frozen=True, slots=True)
class _Mount:
    lot: str
    part: str
    interval: Interval


_Key = tuple[str, str, str, int, str]
"""Station, product, revision, step, and the deviations that the event was accepted by."""


@dataclass(frozen=True, slots=True)
class _Material:
    """A material of a step: how much of it, which parts feed it (some only under a deviation)."""

    product: str
    revision: str
    step: int
    quantity: Decimal
    parts: frozenset[str]
    feeding: tuple[tuple[str, str], ...]


def _bulk(read: Fetch, lots: Sequence[str]) -> dict[str, tuple[Range, int]]:
    """Count what was taken of lots at stations."""
    rows = read("SELECT DISTINCT part FROM ledger_mount WHERE lot = ANY(%s)", [lots])
    materials = _materials_of([row[0] for row in rows])
    if not materials:
        return {}
    spans = _indexed(read, _SPANS, [lots])
    if not spans:
        return {}
    stations = [row[0] for row in spans]
    span = {"stations": stations, "since": [row[1] for row in spans], "until": [row[2] for row in spans]}
    mounts = _mounts(read, span, {part for material in materials for part in material.parts})
    windows = _windows(read, span, {material.step for material in materials})
    wanted = set(lots)
    found: defaultdict[str, list[tuple[_Key, int, Decimal, Decimal]]] = defaultdict(list)
    for key, passed in windows.items():
        for material in materials:
            if (material.product, material.revision, material.step) == key[1:4]:
                for lot, seen in _taken(material, passed, mounts[key[0]], wanted, key[4]):
                    found[lot].append((key, *seen))
    return {lot: _added(rows) for lot, rows in found.items()}


def _added(rows: list[tuple[_Key, int, Decimal, Decimal]]) -> tuple[Range, int]:
    """Add up a lot over stations, steps and materials; a unit counts once per step."""
    units: defaultdict[_Key, int] = defaultdict(int)
    for key, count, _, _ in rows:
        units[key] = max(units[key], count)
    low = sum((row[2] for row in rows), _ZERO)
    return Range(low, sum((row[3] for row in rows), _ZERO)), sum(units.values())


def _taken(
    material: _Material, windows: Windows, mounts: list[_Mount], wanted: set[str], deviations: str
) -> Iterator[tuple[str, tuple[int, Decimal, Decimal]]]:
    """Yield (lot, (windows, surely, at most)) of the wanted lots that fed a material in some windows."""
    under = set(deviations.split())
    feeding = {part for part, deviation in material.feeding if not deviation or deviation in under}
    here = [mount for mount in mounts if mount.part in material.parts]
    for lot in sorted({mount.lot for mount in here if mount.part in feeding} & wanted):
        own = [mount.interval for mount in here if mount.lot == lot]
        others = [mount.interval for mount in here if mount.lot != lot]
        count, low, high = used(windows, own, others)
        if count:
            yield lot, (count, low * material.quantity, high * material.quantity)


# From the first loading of these lots at a station to the last unloading, and as long as a window may be.
_SPANS = """
SELECT m.station, min(m.loaded_at), max(coalesce(m.unloaded_at, '9000-01-01'::timestamptz)
           + s.window_us * interval '1 microsecond')
FROM ledger_mount m JOIN ledger_setup s ON s.station = m.station
WHERE m.lot = ANY(%s) GROUP BY m.station ORDER BY m.station
"""
_SPAN = """
WITH span(station, since, until) AS MATERIALIZED (
    SELECT * FROM unnest(%(stations)s::text[], %(since)s::timestamptz[], %(until)s::timestamptz[])
)"""
_MOUNTS = f"""
{_SPAN}
SELECT m.station, m.lot, m.part, (extract(epoch FROM m.loaded_at) * 1000000)::bigint,
       CASE WHEN m.unloaded_at IS NOT NULL THEN (extract(epoch FROM m.unloaded_at) * 1000000)::bigint END
FROM span JOIN ledger_setup s ON s.station = span.station JOIN ledger_mount m ON m.station = span.station
    AND m.loaded_at <= span.until
    AND (m.unloaded_at IS NULL OR m.unloaded_at >= span.since - s.window_us * interval '1 microsecond')
WHERE m.part = ANY(%(parts)s)
"""
# Of a unit that came to a step again, the last window.
_EVENTS = f"""
{_SPAN}
SELECT e.station, u.product, u.revision, e.step, coalesce(max(e.deviation), ''),
       (extract(epoch FROM max(e.began_at)) * 1000000)::bigint,
       (extract(epoch FROM max(e.happened_at)) * 1000000)::bigint,
       max(CASE WHEN u.kind = 'panel' THEN u.positions ELSE 1 END)
FROM span JOIN ledger_event e ON e.station = span.station AND e.refusal IS NULL
    AND e.happened_at >= span.since AND e.happened_at <= span.until AND e.step = ANY(%(steps)s)
JOIN ledger_unit u ON u.serial = e.subject
GROUP BY e.station, u.product, u.revision, e.step, e.subject
"""


def _mounts(read: Fetch, span: dict[str, Any], parts: Collection[str]) -> defaultdict[str, list[_Mount]]:
    found: defaultdict[str, list[_Mount]] = defaultdict(list)
    for station, lot, part, loaded, unloaded in _indexed(read, _MOUNTS, {**span, "parts": sorted(parts)}):
        found[station].append(_Mount(lot, part, (loaded, FOREVER if unloaded is None else unloaded)))
    return found


def _windows(read: Fetch, span: dict[str, Any], steps: Collection[int]) -> dict[_Key, Windows]:
    found: defaultdict[_Key, list[tuple[int, int, int]]] = defaultdict(list)
    for *key, began, happened, boards in _indexed(read, _EVENTS, {**span, "steps": sorted(steps)}):
        found[key[0], key[1], key[2], key[3], key[4]].append((min(began, happened), happened, boards))
    return {key: Windows(rows) for key, rows in found.items()}


def _indexed(read: Fetch, sql: str, values: Any) -> list[tuple[Any, ...]]:
    """Run a join of intervals; young statistics must not lead it away from the indexes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL jit = off")
        return read(sql, values)


def _materials_of(parts: Collection[str]) -> list[_Material]:
    """List the materials of every release that these parts may feed."""
    releases = known_reference().releases
    stand_ins = defaultdict(list)
    for number, part, substitute, product, revision in fetch(
        "SELECT d.number, d.part, d.substitute, p.code, r.code FROM design_deviation d"
        " JOIN design_product p ON p.id = d.product_id JOIN design_revision r ON r.id = d.revision_id"
        " WHERE d.substitute = ANY(%s) AND d.approved_at IS NOT NULL",
        [list(parts)],
    ):
        stand_ins[product, revision, part].append((substitute, number))
    wanted = frozenset(parts)
    return [row for release in releases.values() for row in _materials(release, stand_ins, wanted)]


def _materials(
    release: ReleasePackage,
    stand_ins: Mapping[tuple[str, str, str], list[tuple[str, str]]],
    parts: frozenset[str],
) -> list[_Material]:
    found = []
    for step in release.steps:
        for material in step.materials:
            released = (material.part, *material.alternates)
            keys = [(release.product, release.revision, part) for part in released]
            more = [pair for key in keys for pair in stand_ins.get(key, ())]
            feeding = [(part, "") for part in released if part in parts]
            feeding += [pair for pair in more if pair[0] in parts]
            if feeding:
                every = frozenset((*released, *(part for part, _ in more)))
                where = (release.product, release.revision, step.number)
                found.append(_Material(*where, material.quantity, every, tuple(feeding)))
    return found


def _made(read: Fetch, lots: Sequence[str]) -> dict[str, Decimal]:
    """Add up what went into transformations; the store's own splits and merges are in its journal instead."""
    rows = read(
        "SELECT d.lot, sum((thing->>'quantity')::numeric) FROM"
        " (SELECT DISTINCT input AS lot, seq FROM ledger_descent"
        "  WHERE input = ANY(%s) AND input_kind = 'lot') d"
        " JOIN ledger_event e ON e.seq = d.seq"
        " CROSS JOIN LATERAL json_array_elements(e.body::json->'inputs') thing"
        " WHERE thing->>'lot' = d.lot AND NOT EXISTS (SELECT FROM supply_stockmove m"
        "  WHERE m.batch = e.id AND m.lot = d.lot) GROUP BY d.lot",
        [list(lots)],
    )
    return {row[0]: row[1] for row in rows if row[1] is not None}


# One row of ``uses`` is a material of a step of a release, and one part that may feed it. ``parts`` are all
# parts that may feed it: another lot of any of them on the station in the same window is another candidate.
_USES = """
uses(material, product, revision, step, part, quantity, parts, deviation) AS MATERIALIZED (
    SELECT material, product, revision, step, part, quantity, string_to_array(parts, E'\\x1f'), deviation
    FROM unnest(%(material)s::int[], %(product)s::text[], %(revision)s::text[], %(step)s::smallint[],
                %(part)s::text[], %(quantity)s::numeric[], %(parts)s::text[], %(deviation)s::text[])
         u(material, product, revision, step, part, quantity, parts, deviation)
)"""
_WINDOWS = """
    SELECT m.lot, e.subject, u.product, u.revision, u.state, e.step, x.material,
           x.quantity * CASE WHEN u.kind = 'panel' THEN u.positions ELSE 1 END AS quantity,
           NOT EXISTS (
               SELECT FROM ledger_mount o WHERE o.station = m.station AND o.lot <> m.lot
                   AND o.part = ANY(x.parts) AND o.loaded_at <= e.happened_at
                   AND (o.unloaded_at IS NULL OR o.unloaded_at >= e.began_at)
           ) AS sure
    FROM ledger_mount m
    JOIN ledger_setup s ON s.station = m.station
    JOIN ledger_event e ON e.station = m.station AND e.refusal IS NULL AND e.step IS NOT NULL
        AND e.happened_at >= m.loaded_at
        AND e.happened_at <= coalesce(m.unloaded_at, 'infinity') + s.window_us * interval '1 microsecond'
        AND e.began_at <= coalesce(m.unloaded_at, 'infinity')
    JOIN ledger_unit u ON u.serial = e.subject
    JOIN uses x ON x.product = u.product AND x.revision = u.revision AND x.step = e.step AND x.part = m.part
        AND (x.deviation = '' OR x.deviation = ANY(string_to_array(e.deviation, ' ')))
    WHERE m.lot = ANY(%(lots)s)
"""


def _uses(parts: Collection[str]) -> dict[str, list[Any]]:
    """Return the materials that these parts may feed as columns for ``_USES``."""
    names = ("material", "product", "revision", "step", "part", "quantity", "parts", "deviation")
    columns: dict[str, list[Any]] = {name: [] for name in names}
    for number, m in enumerate(_materials_of(parts)):
        every = "\x1f".join(sorted(m.parts))
        for part, deviation in m.feeding:
            row = (number, m.product, m.revision, m.step, part, m.quantity, every, deviation)
            for name, value in zip(names, row, strict=True):
                columns[name].append(value)
    return columns


_UNITS = f"""
WITH {_USES}, windows AS ({_WINDOWS})
SELECT subject, product, revision, state, how, step, quantity, sure FROM (
    SELECT subject, product, revision, state, 'bulk' AS how, step, sum(quantity) AS quantity,
           bool_and(sure) AS sure
    FROM (SELECT subject, product, revision, state, step, material, min(quantity) AS quantity,
                 bool_and(sure) AS sure
          FROM windows GROUP BY subject, product, revision, state, step, material) one
    GROUP BY subject, product, revision, state, step
    UNION ALL
    SELECT e.parent, u.product, u.revision, u.state, 'key_part', NULL::smallint, count(*)::numeric, true
    FROM ledger_edge e JOIN ledger_unit u ON u.serial = e.parent
    WHERE e.lot = ANY(%(lots)s) AND e.removed_at IS NULL GROUP BY 1, 2, 3, 4
) found
WHERE (subject, how, coalesce(step, 0)) > (%(unit)s, %(how)s, %(at)s)
ORDER BY subject, how, coalesce(step, 0) LIMIT %(limit)s
"""


def units_of(lot: str, part: str, after: str = "", limit: int = PAGE) -> Page[UsedBy]:
    """Return the units and panels that took of a lot, by serial number.

    Raises:
        Refused: ``list.too_wide``.
    """
    key = decode_key(after, (str, str, int)) if after else None
    unit, how, at = key or ("", "", 0)
    values = {**_uses([part]), "lots": [lot], "unit": unit, "how": how, "at": at, "limit": limit + 1}
    rows = [UsedBy(*row) for row in _indexed(fetch_bounded, _UNITS, values)]
    shown = tuple(rows[:limit])
    last = shown[-1] if shown else None
    more = encode_key([last.unit, last.how, last.step or 0]) if last and len(rows) > limit else None
    return Page(shown, more)
