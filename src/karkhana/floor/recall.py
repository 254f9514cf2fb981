"""Where-used in both directions: which units hold a lot or a part, and what a unit is made of.

A lot reaches a unit in three ways: by an interval on a station (bulk), by an edge (a key part of the
lot), or through a transformation into another lot or from a sheet. From there it goes on through
sub-assemblies into devices. What was taken out again is listed apart: it was exposed, but is not inside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction

from karkhana.floor.reference import reference
from karkhana.floor.trace import find_serial
from karkhana.kernel.refusals import refuse
from karkhana.ledger import store

_CONSUMED = """
WITH uses(product, revision, step) AS (SELECT * FROM unnest(%(products)s::text[], %(revisions)s::text[],
                                                            %(steps)s::smallint[]))
SELECT DISTINCT e.subject
FROM ledger_mount m
JOIN ledger_setup s ON s.station = m.station
JOIN ledger_event e ON e.station = m.station
    AND e.refusal IS NULL
    AND e.step IS NOT NULL
    AND e.happened_at >= m.loaded_at
    AND e.happened_at <= coalesce(m.unloaded_at, 'infinity') + s.window_us * interval '1 microsecond'
    AND e.began_at <= coalesce(m.unloaded_at, 'infinity')
JOIN ledger_unit u ON u.serial = e.subject
JOIN uses x ON x.product = u.product AND x.revision = u.revision AND x.step = e.step
WHERE m.lot = ANY(%(lots)s) AND m.part = %(part)s
"""

_DEVIATED = """
SELECT DISTINCT e.subject
FROM ledger_mount m
JOIN ledger_setup s ON s.station = m.station
JOIN ledger_event e ON e.station = m.station
    AND e.refusal IS NULL
    AND e.step IS NOT NULL
    AND e.happened_at >= m.loaded_at
    AND e.happened_at <= coalesce(m.unloaded_at, 'infinity') + s.window_us * interval '1 microsecond'
    AND e.began_at <= coalesce(m.unloaded_at, 'infinity')
WHERE m.lot = %(lot)s AND m.part = %(part)s
    AND e.deviation IS NOT NULL AND string_to_array(e.deviation, ' ') && %(numbers)s::text[]
"""

_UP = """
WITH RECURSIVE up(name, what) AS (
    SELECT unnest(%(serials)s::text[]), 'unit'::text
    UNION
    SELECT next.name, next.what FROM up CROSS JOIN LATERAL (
        SELECT output AS name, output_kind AS what FROM ledger_descent
        WHERE input = up.name AND input_kind = up.what
        UNION ALL
        SELECT parent, 'unit' FROM ledger_edge
        WHERE own AND child = up.name AND up.what = 'unit' AND removed_at IS NULL
    ) next
)
SELECT up.name, u.brand, u.product, u.revision, u.state, u.kind
FROM up LEFT JOIN ledger_unit u ON u.serial = up.name AND up.what = 'unit'
ORDER BY up.name
"""


def recall(*, lot: str | None = None, serial: str | None = None) -> dict[str, Any]:
    """Tell which units hold a lot, or a part or unit of a serial number, at any depth.

    Args:
        lot: lot of material; or
        serial: of a bought key part, a sub-assembly, a panel or a unit.

    Returns:
        ``query``, ``units`` (count), ``shipped``, ``in_plant``, ``scrapped``, ``by_brand``, ``by_product``,
        ``by_state``, ``serials`` (outermost units and whole panels, sorted), ``sub_assemblies`` (serials
        inside those), ``removed`` (units from which the lot or part was taken out again), ``sources``
        (backward: lots and suppliers behind the query).

    Raises:
        Refused: ``lot.unknown``, ``unit.unknown``, or ``recall.what`` when not exactly one is given.
    """
    if (lot is None) == (serial is None):
        raise refuse(
            "recall.what",
            "Name a lot or a serial number, not both.",
            "Give one of the two.",
        )
    with transaction.atomic():
        cursor = store.raw_cursor(connection)
        # The answer may be a large share of a table whose statistics are young: keep to the indexes.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL jit = off")
        if lot is not None:
            return _of_lot(cursor, lot)
        return _of_serial(cursor, serial or "")


def _of_lot(cursor: store.Cursor, lot: str) -> dict[str, Any]:
    lots = store.lots(cursor, [lot])
    if lot not in lots:
        raise refuse(
            "lot.unknown",
            "Lot {lot} was never received.",
            "Check the number on the label.",
            lot=lot,
        )
    family = _lot_family(cursor, [lot])
    direct, removed = _users(cursor, family)
    sources = _lot_sources(cursor, lot)
    return _answer(cursor, {"lot": lot, "part": lots[lot].part}, direct, removed, sources, family)


def _users(cursor: store.Cursor, lots: set[str]) -> tuple[set[str], set[str]]:
    """List the units that any of these lots went into directly, and those it was taken out of again."""
    direct: set[str] = set()
    for code, found in store.lots(cursor, lots).items():
        direct |= _consumers(cursor, code, found.part)
    codes = list(lots)
    cursor.execute(
        "SELECT DISTINCT output FROM ledger_descent"
        " WHERE input = ANY(%s) AND input_kind = 'lot' AND output_kind = 'unit'",
        [codes],
    )
    direct |= {row[0] for row in cursor.fetchall()}
    cursor.execute("SELECT parent, removed_at IS NULL FROM ledger_edge WHERE lot = ANY(%s)", [codes])
    edges = cursor.fetchall()
    direct |= {row[0] for row in edges if row[1]}
    return direct, {row[0] for row in edges if not row[1]}


def _lot_family(cursor: store.Cursor, lots: Iterable[str]) -> set[str]:
    """List lots and every lot that was made from them."""
    cursor.execute(
        "WITH RECURSIVE family(lot) AS (SELECT unnest(%s::text[]) UNION SELECT d.output FROM ledger_descent d"
        " JOIN family f ON d.input = f.lot AND d.input_kind = 'lot' AND d.output_kind = 'lot')"
        " SELECT lot FROM family",
        [list(lots)],
    )
    return {row[0] for row in cursor.fetchall()}


def _lot_sources(cursor: store.Cursor, lot: str) -> list[dict[str, Any]]:
    """List a lot and the lots that it was made from, with their suppliers."""
    cursor.execute(
        "WITH RECURSIVE back(lot) AS (SELECT %s::text UNION SELECT d.input FROM ledger_descent d"
        " JOIN back b ON d.output = b.lot AND d.output_kind = 'lot' AND d.input_kind = 'lot')"
        " SELECT l.lot, l.part, l.supplier, l.origin, l.supplier_lot, l.received_at"
        " FROM back JOIN ledger_lot l USING (lot) ORDER BY l.lot",
        [lot],
    )
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _consumers(cursor: store.Cursor, lot: str, part: str) -> set[str]:
    """List units and panels whose window at a station that had the lot on it consumed the part."""
    uses = [
        (product, revision, step.number)
        for (product, revision), release in reference(cursor).releases.items()
        for step in release.steps
        if any(material.allows(part) for material in step.materials)
    ]
    products, revisions, steps = ([use[i] for use in uses] for i in range(3))
    cursor.execute(
        _CONSUMED,
        {
            "products": products,
            "revisions": revisions,
            "steps": steps,
            "lots": [lot],
            "part": part,
        },
    )
    return {row[0] for row in cursor.fetchall()} | _deviated(cursor, lot, part)


def _deviated(cursor: store.Cursor, lot: str, part: str) -> set[str]:
    """List units and panels that a lot went into by a deviation, now open or over."""
    cursor.execute(
        "SELECT number FROM design_deviation WHERE substitute = %s AND approved_at IS NOT NULL", [part]
    )
    numbers = [row[0] for row in cursor.fetchall()]
    if not numbers:
        return set()
    cursor.execute(_DEVIATED, {"lot": lot, "part": part, "numbers": numbers})
    return {row[0] for row in cursor.fetchall()}


def _of_serial(cursor: store.Cursor, serial: str) -> dict[str, Any]:
    cursor.execute(
        "SELECT parent, removed_at IS NULL, lot FROM ledger_edge WHERE child = %s",
        [serial],
    )
    edges = cursor.fetchall()
    direct = {row[0] for row in edges if row[1]}
    removed = {row[0] for row in edges if not row[1]}
    if not edges:
        direct = {find_serial(cursor, serial)}
    cursor.execute("SELECT serial FROM ledger_unit WHERE serial = %s", [serial])
    if cursor.fetchone():
        direct.add(serial)
    direct |= _contents(cursor, direct)
    sources = [source for row in edges if row[2] for source in _lot_sources(cursor, row[2])]
    return _answer(cursor, {"serial": serial}, direct, removed, sources)


def _contents(cursor: store.Cursor, serials: set[str]) -> set[str]:
    """List what is inside containers among the serials: recalling a pallet recalls its units."""
    cursor.execute(
        "SELECT serial FROM ledger_unit WHERE serial = ANY(%s) AND kind = 'container'",
        [list(serials)],
    )
    containers = [row[0] for row in cursor.fetchall()]
    return {serial for _, serial in store.inside(cursor, containers)} if containers else set()


def _spread(
    cursor: store.Cursor, direct: set[str], known_lots: set[str]
) -> tuple[list[tuple[Any, ...]], set[str]]:
    """Follow units upwards: into boards, devices, and lots made of units, which go into units again.

    Returns:
        Rows of ``_UP`` of everything that is affected, and the units out of which such a part was taken.
    """
    removed: set[str] = set()
    while True:
        cursor.execute(_UP, {"serials": sorted(direct)})
        rows = cursor.fetchall()
        fresh = _lot_family(cursor, {row[0] for row in rows if row[5] is None}) - known_lots
        if not fresh:
            break
        known_lots |= fresh
        more, taken_out = _users(cursor, fresh)
        direct = direct | more
        removed |= taken_out
    units = [row for row in rows if row[5] is not None]
    cursor.execute(
        "SELECT DISTINCT parent FROM ledger_edge"
        " WHERE own AND child = ANY(%s) AND child IS NOT NULL AND removed_at IS NOT NULL",
        [[row[0] for row in units]],
    )
    return units, removed | {row[0] for row in cursor.fetchall()}


def _answer(
    cursor: store.Cursor,
    query: dict[str, Any],
    direct: set[str],
    removed: set[str],
    sources: list[dict[str, Any]],
    lots: Iterable[str] = (),
) -> dict[str, Any]:
    everything, exposed = _spread(cursor, direct, set(lots))
    removed = removed | exposed
    found = [row for row in everything if row[5] != "container" and row[4] != "consumed"]
    # A board inside a device is recalled with the device; alone, or on its panel still, it stands for itself.
    outermost = [row for row in found if row[4] != "installed"]
    serials = [row[0] for row in outermost]
    states = Counter(row[4] for row in outermost)
    return {
        "query": query,
        "units": len(outermost),
        "shipped": states["shipped"],
        "scrapped": states["scrapped"],
        "in_plant": len(outermost) - states["shipped"] - states["scrapped"],
        "by_brand": dict(sorted(Counter(row[1] for row in outermost).items())),
        "by_product": dict(sorted(Counter(f"{row[2]} {row[3]}" for row in outermost).items())),
        "by_state": dict(sorted(states.items())),
        "serials": serials,
        "sub_assemblies": [row[0] for row in found if row[4] == "installed"],
        "removed": sorted(removed - set(serials)),
        "sources": sources,
    }
