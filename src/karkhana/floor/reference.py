"""Reads the reference data that the gate needs, once per change of it.

The cache is held per process and database and is true as long as ``ledger_reference.version`` stands:
triggers raise it in the same transaction as any change.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from types import MappingProxyType
from zoneinfo import ZoneInfo

from karkhana.design.changes.rules import APPROVED, STANDING, Departure, Effectivity
from karkhana.design.firmware.queries import REGISTERED
from karkhana.design.firmware.rules import Registered
from karkhana.design.release import ReleasePackage, decode_package
from karkhana.floor.rules import Reference, Station
from karkhana.floor.rules.pooled import PooledRange, PoolIndex
from karkhana.kernel.ranges import stored
from karkhana.ledger.store import Cursor

_CACHE: dict[str, tuple[int, Reference]] = {}
_PACKAGES: dict[str, ReleasePackage] = {}


def reference(cursor: Cursor) -> Reference:
    """Return the reference data as of now; a read of one row when nothing has changed."""
    cursor.execute("SELECT version FROM ledger_reference")
    row = cursor.fetchone()
    assert row is not None
    name = cursor.connection.info.dbname
    cached = _CACHE.get(name)
    if cached is None or cached[0] != row[0]:
        cached = _CACHE[name] = (row[0], _read(cursor))
    return cached[1]


def _read(cursor: Cursor) -> Reference:
    stations = _stations(cursor)
    setups = _setups(cursor)
    releases = _releases(cursor)
    images = _images(cursor)
    return Reference(
        stations=MappingProxyType(stations),
        setups=MappingProxyType(setups),
        releases=MappingProxyType(releases),
        work_orders=MappingProxyType(_work_orders(cursor)),
        certificates=MappingProxyType(_certificates(cursor)),
        suppliers=_suppliers(cursor),
        consigners=MappingProxyType(_consigners(cursor)),
        feeder_parts=MappingProxyType(_feeder_parts(setups, releases)),
        pools=_pools(cursor),
        closed_orders=MappingProxyType(_closed_orders(cursor)),
        effectivities=MappingProxyType(_effectivities(cursor)),
        departures=MappingProxyType(_departures(cursor)),
        markets=MappingProxyType(_markets(cursor)),
        images=MappingProxyType(images),
        firmware_names=_firmware_names(releases, images),
    )


def _stations(cursor: Cursor) -> dict[str, Station]:
    cursor.execute(
        "SELECT s.code, p.code, l.code, s.station_type, p.time_zone FROM floor_station s"
        " JOIN floor_line l ON l.id = s.line_id JOIN floor_plant p ON p.id = l.plant_id"
    )
    return {row[0]: Station(row[0], row[1], row[2], row[3], ZoneInfo(row[4])) for row in cursor.fetchall()}


def _setups(cursor: Cursor) -> dict[str, frozenset[tuple[str, str]]]:
    cursor.execute(
        "SELECT l.code, p.code, r.code FROM floor_linesetup s JOIN floor_line l ON l.id = s.line_id"
        " JOIN design_revision r ON r.id = s.revision_id JOIN design_product p ON p.id = r.product_id"
    )
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for line, product, revision in cursor.fetchall():
        found[line].add((product, revision))
    return {line: frozenset(pairs) for line, pairs in found.items()}


def _releases(cursor: Cursor) -> dict[tuple[str, str], ReleasePackage]:
    cursor.execute(
        "SELECT p.code, r.code, r.package_hash FROM design_revision r"
        " JOIN design_product p ON p.id = r.product_id WHERE r.package IS NOT NULL"
    )
    rows = cursor.fetchall()
    unread = [row[2] for row in rows if row[2] not in _PACKAGES]
    if unread:
        cursor.execute(
            "SELECT package_hash, package FROM design_revision WHERE package_hash = ANY(%s)",
            [unread],
        )
        for digest, package in cursor.fetchall():
            _PACKAGES[digest] = decode_package(package)
    return {(product, revision): _PACKAGES[digest] for product, revision, digest in rows}


def _work_orders(cursor: Cursor) -> dict[str, tuple[str, str]]:
    cursor.execute(
        "SELECT w.code, p.code, r.code FROM floor_workorder w"
        " JOIN design_revision r ON r.id = w.revision_id JOIN design_product p ON p.id = r.product_id"
        " WHERE r.package IS NOT NULL"
    )
    return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def _closed_orders(cursor: Cursor) -> dict[str, tuple[str, str]]:
    cursor.execute(
        "SELECT code, stage, missing FROM (SELECT w.code, w.stage,"
        " design_stage_missing(r.product_id, w.stage) AS missing"
        " FROM floor_workorder w JOIN design_revision r ON r.id = w.revision_id) orders"
        " WHERE missing IS NOT NULL"
    )
    return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def _markets(cursor: Cursor) -> dict[str, str]:
    cursor.execute("SELECT code, market FROM floor_workorder")
    return dict(cursor.fetchall())


def _images(cursor: Cursor) -> dict[tuple[str, str, str], Registered]:
    cursor.execute(REGISTERED)
    return {
        (row[0], row[1], row[2]): Registered(row[3], row[4], row[5], tuple(row[6]), tuple(row[7]))
        for row in cursor.fetchall()
    }


def _firmware_names(
    releases: dict[tuple[str, str], ReleasePackage], images: dict[tuple[str, str, str], Registered]
) -> frozenset[str]:
    released = {
        f"{product} {rule.target}={rule.version}"
        for (product, _), package in releases.items()
        for rule in package.firmware
    }
    return frozenset(released | {f"{product} {target}={version}" for product, target, version in images})


def _certificates(
    cursor: Cursor,
) -> dict[str, dict[str, tuple[tuple[dt.date, dt.date], ...]]]:
    cursor.execute(
        "SELECT o.code, c.skill, c.valid_from, c.valid_to FROM people_operator o"
        " LEFT JOIN people_certificate c ON c.operator_id = o.id"
    )
    found: defaultdict[str, dict[str, tuple[tuple[dt.date, dt.date], ...]]] = defaultdict(dict)
    for operator, skill, start, end in cursor.fetchall():
        held = found[operator]
        if skill is not None:
            held[skill] = (*held.get(skill, ()), (start, end))
    return dict(found)


def _suppliers(cursor: Cursor) -> frozenset[str]:
    cursor.execute("SELECT code FROM supply_supplier")
    return frozenset(row[0] for row in cursor.fetchall())


def _consigners(cursor: Cursor) -> dict[str, str]:
    """Read the suppliers that hand in a brand's own material."""
    cursor.execute(
        "SELECT s.code, b.code FROM supply_supplier s JOIN partners_brand b ON b.id = s.brand_id"
        " WHERE s.role = 'brand'"
    )
    return dict(cursor.fetchall())


def _pools(cursor: Cursor) -> PoolIndex:
    """Read every pool with its ranges; one without any is kept: nothing may be written there yet."""
    cursor.execute(
        "SELECT coalesce(r.id, 0), p.code, b.code, p.scheme, p.kind, coalesce(d.code, ''),"
        " coalesce(f.code, ''), r.first, r.count, r.stem"
        " FROM floor_pool p JOIN partners_brand b ON b.id = p.brand_id"
        " LEFT JOIN design_product d ON d.id = p.product_id LEFT JOIN floor_plant f ON f.id = p.plant_id"
        " LEFT JOIN floor_poolrange r ON r.pool_id = p.id"
    )
    found = []
    for range_id, pool, brand, scheme, kind, product, plant, first, count, stem in cursor.fetchall():
        values = None if first is None else stored(scheme, first, count, stem)
        found.append(PooledRange(range_id, pool, brand, scheme, kind, product, plant, values))
    return PoolIndex(found)


def _effectivities(cursor: Cursor) -> dict[tuple[str, str], tuple[Effectivity, ...]]:
    cursor.execute(
        "SELECT c.number, p.code, a.code, b.code, c.effectivity, c.state, c.effective_on, c.effective_serial,"
        " c.orders FROM design_changeorder c JOIN design_product p ON p.id = c.product_id"
        " JOIN design_revision a ON a.id = c.from_revision_id"
        " JOIN design_revision b ON b.id = c.to_revision_id WHERE c.state = ANY(%s) ORDER BY c.number",
        [list(STANDING)],
    )
    found: defaultdict[tuple[str, str], list[Effectivity]] = defaultdict(list)
    for number, product, old, new, kind, state, on, serial, orders in cursor.fetchall():
        rows = json.loads(orders) if isinstance(orders, str) else orders
        pairs = tuple((row[0], row[1]) for row in rows)
        change = Effectivity(number, product, old, new, kind, state, on, serial, pairs)
        found[change.product, change.old].append(change)
        found[change.product, change.new].append(change)
    return {pair: tuple(changes) for pair, changes in found.items()}


def _departures(cursor: Cursor) -> dict[str, tuple[Departure, ...]]:
    cursor.execute(
        "SELECT d.number, p.code, r.code, d.part, d.substitute, d.step, d.role, d.until, d.max_units,"
        " d.work_orders FROM design_deviation d JOIN design_product p ON p.id = d.product_id"
        " JOIN design_revision r ON r.id = d.revision_id WHERE d.state = %s AND d.substitute <> ''"
        " ORDER BY d.number",
        [APPROVED],
    )
    found: defaultdict[str, list[Departure]] = defaultdict(list)
    for number, product, revision, part, substitute, step, role, until, limit, orders in cursor.fetchall():
        departure = Departure(
            number, product, revision, part, substitute, step, role, until, limit, frozenset(orders)
        )
        found[substitute].append(departure)
    return {part: tuple(departures) for part, departures in found.items()}


def _feeder_parts(
    setups: dict[str, frozenset[tuple[str, str]]],
    releases: dict[tuple[str, str], ReleasePackage],
) -> dict[tuple[str, str], dict[str | None, frozenset[str]]]:
    found: defaultdict[tuple[str, str], defaultdict[str | None, set[str]]] = defaultdict(
        lambda: defaultdict(set)
    )
    for line, pairs in setups.items():
        for pair in pairs:
            for step in releases[pair].steps if pair in releases else ():
                places = found[line, step.station_type]
                for material in step.materials:
                    places[material.location].update({material.part, *material.alternates})
    return {key: {loc: frozenset(p) for loc, p in places.items()} for key, places in found.items()}
