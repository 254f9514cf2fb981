"""Which units carry a version of firmware, and where they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from karkhana.floor.queries.held import holds_of_units
from karkhana.floor.queries.lists import PAGE, Page, UnitRow, decode_key, encode_key
from karkhana.floor.queries.rows import fetch, fetch_bounded
from karkhana.ledger.state import ENDED

#: Walks the few different sets of versions that a product's units carry, by the index on them.
_SETS = """
    WITH RECURSIVE sets AS (
        (SELECT firmware FROM ledger_unit WHERE product = %s AND firmware <> '{}'
         ORDER BY firmware LIMIT 1)
        UNION ALL
        SELECT (SELECT u.firmware FROM ledger_unit u
                WHERE u.product = %s AND u.firmware <> '{}' AND u.firmware > s.firmware
                ORDER BY u.firmware LIMIT 1)
        FROM sets s WHERE s.firmware IS NOT NULL
    )
    SELECT firmware FROM sets WHERE %s = ANY(firmware)
"""
_COLUMNS = (
    "u.serial, u.kind, u.product, u.revision, u.brand, u.state, u.next_step, u.station, u.moved_at, {holds},"
    " u.parent"
)
_CARRIED = f"u.product = %s AND u.firmware <> '{{}}' AND u.firmware IN ({_SETS})"


@dataclass(frozen=True, slots=True)
class Share:
    """Units in one state, or at one station, with a version; ``name`` is empty where they stand nowhere."""

    name: str
    units: int


@dataclass(frozen=True, slots=True)
class Where:
    """Where the units with a version are. Scrapped ones are neither in plant nor shipped."""

    units: int
    in_plant: int
    shipped: int
    by_state: tuple[Share, ...]
    by_station: tuple[Share, ...]


def where_is(product: str, target: str, version: str) -> Where:
    """Count the units with a version by state, and those in plant by station, the most first.

    A unit that is built into another one is ``installed``, wherever the outer one is now.
    """
    rows = fetch(
        f"SELECT u.state, coalesce(u.station, ''), count(*) FROM ledger_unit u WHERE {_CARRIED}"
        " GROUP BY 1, 2",
        _parameters(product, target, version),
    )
    states: dict[str, int] = {}
    stations: dict[str, int] = {}
    for state, station, count in rows:
        states[state] = states.get(state, 0) + count
        if state not in ENDED and state != "scrapped":
            stations[station] = stations.get(station, 0) + count
    return Where(
        units=sum(states.values()),
        in_plant=sum(stations.values()),
        shipped=states.get("shipped", 0),
        by_state=_shares(states),
        by_station=_shares(stations),
    )


def _shares(counts: dict[str, int]) -> tuple[Share, ...]:
    return tuple(Share(name, units) for name, units in sorted(counts.items(), key=lambda x: (-x[1], x[0])))


def _parameters(product: str, target: str, version: str) -> list[object]:
    return [product, product, product, f"{target}={version}"]


def units_with(
    product: str, target: str, version: str, *, state: str = "", after: str = "", limit: int = PAGE
) -> Page[UnitRow]:
    """Return the units with a version in order of their serial numbers, one page at a time.

    Raises:
        Refused: ``list.too_wide`` when it takes too long.
    """
    where, parameters = _CARRIED, _parameters(product, target, version)
    holds, targets = holds_of_units()
    if state:
        where += " AND u.state = %s"
        parameters.append(state)
    key = decode_key(after, (str,)) if after else None
    if key:
        where += " AND u.serial > %s"
        parameters.append(key[0])
    rows = fetch_bounded(
        f"SELECT {_COLUMNS.format(holds=holds)} FROM ledger_unit u WHERE {where} ORDER BY u.serial LIMIT %s",
        [*targets, *parameters, limit + 1],
    )
    found = tuple(UnitRow(*row) for row in rows[:limit])
    return Page(found, encode_key([found[-1].serial]) if len(rows) > limit else None)


def carried(products: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Count the units of products by what they carry.

    Returns:
        ``PRODUCT TARGET=VERSION`` to (units in plant, units shipped).
    """
    rows = fetch(
        "SELECT product, firmware, count(*) FILTER (WHERE state NOT IN ('shipped', 'installed', 'consumed',"
        " 'scrapped')), count(*) FILTER (WHERE state = 'shipped') FROM ledger_unit"
        " WHERE product = ANY(%s) AND firmware <> '{}' GROUP BY product, firmware",
        [sorted(products)],
    )
    found: dict[str, tuple[int, int]] = {}
    for product, firmware, in_plant, shipped in rows:
        for text in firmware:
            before = found.get(f"{product} {text}", (0, 0))
            found[f"{product} {text}"] = before[0] + in_plant, before[1] + shipped
    return found
