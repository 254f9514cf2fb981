"""Reads the record and its projections under lock, and appends to the record; ``saving`` writes the rest.

Every function works on a psycopg cursor inside the caller's transaction. Nothing here decides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from karkhana.ledger.state import (
    UNIT_COLUMNS,
    Claim,
    Edge,
    Hold,
    Lot,
    Mount,
    Setup,
    Unit,
)

Cursor = psycopg.Cursor[Any]
_UNIT_SELECT = f"SELECT {', '.join(UNIT_COLUMNS)} FROM ledger_unit"

EVENT_COLUMNS = (
    "seq, recorded_at, happened_at, began_at, id, type, plant, station, actor, subject, step,"
    " refusal, detail, body, deviation"
)


def begin(cursor: Cursor, *, alone: bool = False) -> None:
    """Prepare a transaction that writes sets.

    The planner cannot know how few rows a temporary table holds against a table of millions, so whole
    scans are switched off for this transaction. Rebuilds wait for this transaction, and it for them.

    Args:
        alone: wait until every other batch has ended, and let new ones wait until this one has.
    """
    lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    cursor.execute(
        "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off;"
        f" SET LOCAL enable_bitmapscan = off; SELECT {lock}(hashtext('ledger'))"
    )


def allocate(cursor: Cursor, count: int) -> int:
    """Draw consecutive places in the record; return the first. Places of a failed batch stay empty."""
    cursor.execute("SELECT ledger_allocate(%s)", [count])
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])


@dataclass(frozen=True, slots=True)
class Known:
    """An event that is in the record already: its canonical body, and its refusal (JSON) if it has one."""

    body: str
    detail: str | None


def known_events(cursor: Cursor, ids: Iterable[str]) -> dict[str, Known]:
    """Read the events of these ids that are in the record."""
    cursor.execute(
        "SELECT r.id::text, e.body, e.detail FROM ledger_receipt r JOIN ledger_event e ON e.seq = r.seq"
        " WHERE r.id = ANY(%s::uuid[])",
        ["{" + ",".join(ids) + "}"],
    )
    return {row[0]: Known(row[1], row[2]) for row in cursor.fetchall()}


def append_receipts(cursor: Cursor, receipts: Sequence[tuple[str, int]]) -> None:
    """Claim event ids; a batch with the same ids waits here until the other has ended.

    Args:
        receipts: (event id, place in the record), ids all different.

    Raises:
        psycopg.errors.UniqueViolation: on ``ledger_receipt_pkey``, when one of them was recorded before.
    """
    if not receipts:
        return
    with cursor.copy("COPY ledger_receipt (id, seq) FROM STDIN") as copy:
        # One order for all, so that two batches never wait for each other in a ring.
        copy.write("".join([f"{event_id}\t{seq}\n" for event_id, seq in sorted(receipts)]))


def text_array(texts: Iterable[str]) -> str:
    """Write an array literal of texts, several times faster than the driver adapts a list of thousands."""
    return "{" + ",".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts) + "}"


def make_partition(cursor: Cursor, month: dt.date) -> None:
    """Make sure that the record has a partition for a month."""
    cursor.execute("SELECT ledger_make_partition(%s)", [month])


def lock_units(cursor: Cursor, serials: Iterable[str]) -> dict[str, Unit]:
    """Read units and keep others from changing them until this transaction ends; locked in one order."""
    cursor.execute(
        f"{_UNIT_SELECT} WHERE serial = ANY(%s::text[]) ORDER BY serial FOR NO KEY UPDATE",
        [list(serials)],
    )
    return {row[0]: Unit(*row) for row in cursor.fetchall()}


def lots(cursor: Cursor, codes: Iterable[str]) -> dict[str, Lot]:
    """Read lots by their codes."""
    cursor.execute(
        "SELECT lot, part, quantity, supplier, origin, supplier_lot, received_at, station"
        " FROM ledger_lot WHERE lot = ANY(%s)",
        [list(codes)],
    )
    return {row[0]: Lot(*row) for row in cursor.fetchall()}


def suppliers_behind(cursor: Cursor, codes: Sequence[str]) -> dict[str, frozenset[str]]:
    """Read the suppliers of the lots that these lots were made of, at any depth."""
    cursor.execute(
        "WITH RECURSIVE back(lot, source) AS (SELECT code, code FROM unnest(%s::text[]) code"
        " UNION SELECT b.lot, d.input FROM ledger_descent d"
        " JOIN back b ON d.output = b.source AND d.output_kind = 'lot' AND d.input_kind = 'lot')"
        " SELECT b.lot, array_agg(DISTINCT l.supplier) FROM back b JOIN ledger_lot l ON l.lot = b.source"
        " WHERE l.supplier IS NOT NULL GROUP BY b.lot",
        [list(codes)],
    )
    return {row[0]: frozenset(row[1]) for row in cursor.fetchall()}


def setups(cursor: Cursor, stations: Iterable[str], *, lock: bool) -> dict[str, tuple[int, int]]:
    """Read (version, longest window) of stations' set-ups; locked when they are about to change."""
    suffix = " ORDER BY station FOR NO KEY UPDATE" if lock else ""
    stations = set(stations)
    cursor.execute(
        f"SELECT station, version, window_us FROM ledger_setup WHERE station = ANY(%s){suffix}",
        [sorted(stations)],
    )
    found = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
    if lock and len(found) < len(stations):
        # Nothing was ever loaded there, so there is no row to lock yet.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('ledger_setup'))")
    return found


def open_mounts(cursor: Cursor, stations: Iterable[str]) -> list[Mount]:
    """Read what is on the stations now, in order of loading."""
    cursor.execute(
        "SELECT loaded_seq, station, location, lot, part, loaded_at, unloaded_at, unloaded_seq"
        " FROM ledger_mount WHERE station = ANY(%s) AND unloaded_at IS NULL ORDER BY loaded_seq",
        [list(stations)],
    )
    return [Mount(*row) for row in cursor.fetchall()]


_HOLD_SELECT = """
    SELECT h.hold, h.scope, h.target, h.reason, h.placed_at,
           coalesce((SELECT array_agg(m.serial ORDER BY m.serial) FROM ledger_hold_member m
                     WHERE m.hold = h.hold), '{}'), h.released_at, h.release_reason
    FROM ledger_hold h
"""


def holds(cursor: Cursor, codes: Sequence[str]) -> list[Hold]:
    """Read the holds of these codes, and every open hold of a lot or work order."""
    cursor.execute(
        f"{_HOLD_SELECT} WHERE h.hold = ANY(%s) OR (h.released_at IS NULL AND h.scope <> 'unit')",
        [list(codes)],
    )
    return [
        Hold(hold, scope, target, reason, placed_at, tuple(members), released_at, release_reason)
        for hold, scope, target, reason, placed_at, members, released_at, release_reason in cursor.fetchall()
    ]


def open_edges(cursor: Cursor, parents: Iterable[str]) -> list[Edge]:
    """Read the key parts that are in these units now."""
    cursor.execute(
        "SELECT parent, role, part, child, lot, own, installed_at, installed_seq, removed_at, removed_seq"
        " FROM ledger_edge WHERE parent = ANY(%s) AND removed_at IS NULL",
        [list(parents)],
    )
    return [Edge(*row) for row in cursor.fetchall()]


def used_children(cursor: Cursor, serials: Iterable[str]) -> dict[tuple[str, str], str]:
    """Say which of these part serials are inside a unit now: (serial, part) to the unit."""
    cursor.execute(
        "SELECT child, part, parent FROM ledger_edge WHERE child = ANY(%s::text[]) AND removed_at IS NULL",
        [text_array(serials)],
    )
    return {(row[0], row[1]): row[2] for row in cursor.fetchall()}


def claims(cursor: Cursor, values: Iterable[str], units: Iterable[str]) -> list[Claim]:
    """Read the identities of these values, and those that these units carry or carried."""
    cursor.execute(
        "SELECT space, value, kind, unit, assigned_at, burnt_at FROM ledger_identity"
        " WHERE value = ANY(%(values)s::text[])"
        " UNION SELECT space, value, kind, unit, assigned_at, burnt_at FROM ledger_identity"
        " WHERE unit = ANY(%(units)s::text[])",
        {"values": text_array(values), "units": text_array(units)},
    )
    return [Claim(*row) for row in cursor.fetchall()]


def inside(cursor: Cursor, roots: Iterable[str]) -> list[tuple[str, str]]:
    """Read (container or unit, what is directly in it) for everything below the roots."""
    cursor.execute(
        "WITH RECURSIVE below AS ("
        " SELECT parent, serial FROM ledger_unit WHERE parent = ANY(%s)"
        " UNION SELECT u.parent, u.serial FROM ledger_unit u JOIN below b ON u.parent = b.serial)"
        " SELECT parent, serial FROM below",
        [list(roots)],
    )
    return [(row[0], row[1]) for row in cursor.fetchall()]


def outer(cursor: Cursor, serials: Iterable[str]) -> set[str]:
    """Read the serials of everything that these units are in, at any depth."""
    cursor.execute(
        "WITH RECURSIVE above AS ("
        " SELECT parent FROM ledger_unit WHERE serial = ANY(%s) AND parent IS NOT NULL"
        " UNION SELECT u.parent FROM ledger_unit u JOIN above a ON u.serial = a.parent"
        " WHERE u.parent IS NOT NULL) SELECT parent FROM above",
        [list(serials)],
    )
    return {row[0] for row in cursor.fetchall()}


def deviation_uses(
    cursor: Cursor, numbers: Sequence[str], units: Iterable[str], *, lock: Sequence[str] = ()
) -> tuple[dict[str, int], set[tuple[str, str]]]:
    """Read how many units were built under deviations, and which of these units are among them.

    Args:
        lock: deviations of which no other batch may use up what is left until this transaction ends.

    Returns:
        Number of the deviation to units, boards counted singly; and (number, unit).
    """
    for number in sorted(lock):
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('deviation'), hashtext(%s))", [number])
    cursor.execute(
        "SELECT deviation, sum(boards) FROM ledger_deviation_use"
        " WHERE deviation = ANY(%s) GROUP BY deviation",
        [list(numbers)],
    )
    counts = {row[0]: int(row[1]) for row in cursor.fetchall()}
    cursor.execute(
        "SELECT deviation, unit FROM ledger_deviation_use"
        " WHERE unit = ANY(%s::text[]) AND deviation = ANY(%s)",
        [text_array(units), list(numbers)],
    )
    return counts, {(row[0], row[1]) for row in cursor.fetchall()}


def known_shipments(cursor: Cursor, codes: Iterable[str]) -> set[str]:
    """Say which shipments exist already."""
    cursor.execute("SELECT shipment FROM ledger_shipment WHERE shipment = ANY(%s)", [list(codes)])
    return {row[0] for row in cursor.fetchall()}


def escape(text: str) -> str:
    """Escape for COPY's text format what holds no control characters: codes and JSON."""
    return text.replace("\\", "\\\\") if "\\" in text else text


def append_events(cursor: Cursor, lines: Sequence[str]) -> None:
    """Append events to the record; each line is COPY text in the order of ``EVENT_COLUMNS``."""
    with cursor.copy(f"COPY ledger_event ({EVENT_COLUMNS}) FROM STDIN") as copy:
        copy.write("".join(lines))


def raw_cursor(connection: Any) -> Cursor:
    """Return a psycopg cursor of a Django connection's open transaction."""
    connection.ensure_connection()
    cursor: Cursor = connection.connection.cursor(row_factory=tuple_row)
    return cursor


def setup_of(station: str, version: int, window_us: int, mounts: list[Mount]) -> Setup:
    """Build a station's set-up from what was read."""
    return Setup(
        station,
        version,
        window_us,
        [mount for mount in mounts if mount.station == station],
    )
