"""Reads and writes the record and its projections in sets; the only SQL that changes them.

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
    TALLY_METRICS,
    UNIT_COLUMNS,
    Changes,
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
_PATCHED = [name for name in UNIT_COLUMNS if name not in ("serial", "kind", "created_at")]
_UPDATE_UNIT = f"UPDATE ledger_unit SET {', '.join(f'{name} = %s' for name in _PATCHED)} WHERE serial = %s"
_FEW = 8

EVENT_COLUMNS = (
    "seq, recorded_at, happened_at, began_at, id, type, plant, station, actor, subject, step,"
    " refusal, detail, body"
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


def save(cursor: Cursor, changes: Changes, *, replaying: bool = False) -> None:
    """Write everything that a batch changed.

    Args:
        replaying: other batches were saved in this same transaction before.
    """
    _save_units(cursor, changes, replaying)
    _save_material(cursor, changes)
    _save_links(cursor, changes)
    _save_holds(cursor, changes)
    _save_tallies(cursor, changes)


def _save_units(cursor: Cursor, changes: Changes, replaying: bool) -> None:
    born = [unit for unit in changes.units.values() if unit.is_new]
    if born:
        with cursor.copy(f"COPY ledger_unit ({', '.join(UNIT_COLUMNS)}) FROM STDIN") as copy:
            copy.write("".join(map(_unit_line, born)))
    known = [unit for unit in changes.units.values() if not unit.is_new]
    if not known:
        return
    if len(known) <= _FEW:
        # A scan moves one unit or two: plain updates save it the round trips of a temporary table.
        for unit in known:
            cursor.execute(_UPDATE_UNIT, [*(getattr(unit, name) for name in _PATCHED), unit.serial])
        return
    cursor.execute("CREATE TEMP TABLE IF NOT EXISTS unit_patch (LIKE ledger_unit) ON COMMIT DELETE ROWS")
    if replaying:
        cursor.execute("TRUNCATE unit_patch")
    with cursor.copy(f"COPY unit_patch ({', '.join(UNIT_COLUMNS)}) FROM STDIN") as copy:
        copy.write("".join(map(_unit_line, known)))
    assignments = ", ".join(f"{name} = p.{name}" for name in _PATCHED)
    cursor.execute(f"UPDATE ledger_unit u SET {assignments} FROM unit_patch p WHERE u.serial = p.serial")


def _unit_line(unit: Unit) -> str:
    null = "\\N"
    return (
        f"{escape(unit.serial)}\t{unit.kind}\t{_text(unit.product)}\t{_text(unit.revision)}\t"
        f"{_text(unit.brand)}\t{_text(unit.work_order)}\t{unit.state}\t{unit.next_step}\t"
        f"{_text(unit.station)}\t{unit.arrived_at or null}\t{unit.moved_at}\t{unit.holds}\t{unit.repairs}\t"
        f"{_array(unit.failed_steps)}\t{_texts(unit.bound)}\t{_texts(unit.firmware)}\t{unit.positions}\t"
        f"{unit.failed_mask}\t{unit.scrapped_mask}\t{_text(unit.parent)}\t{unit.level or null}\t"
        f"{unit.created_at}\t{unit.completed_at or null}\n"
    )


def _text(text: str | None) -> str:
    return "\\N" if text is None else escape(text)


def _array(numbers: list[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}" if numbers else "{}"


def _texts(texts: list[str]) -> str:
    if not texts:
        return "{}"
    quoted = ('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts)
    return escape("{" + ",".join(quoted) + "}")


def _copy_rows(cursor: Cursor, table: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
    rows = list(rows)
    if not rows:
        return
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _save_material(cursor: Cursor, changes: Changes) -> None:
    _copy_rows(
        cursor,
        "ledger_lot",
        "lot, part, quantity, supplier, origin, supplier_lot, received_at, station",
        (
            (
                x.lot,
                x.part,
                x.quantity,
                x.supplier,
                x.origin,
                x.supplier_lot,
                x.received_at,
                x.station,
            )
            for x in changes.lots
        ),
    )
    _copy_rows(
        cursor,
        "ledger_mount",
        "loaded_seq, station, location, lot, part, loaded_at, unloaded_at, unloaded_seq",
        (
            (
                m.loaded_seq,
                m.station,
                m.location,
                m.lot,
                m.part,
                m.loaded_at,
                m.unloaded_at,
                m.unloaded_seq,
            )
            for m in changes.mounts
        ),
    )
    if changes.unmounts:
        cursor.executemany(
            "UPDATE ledger_mount SET unloaded_at = %s, unloaded_seq = %s WHERE loaded_seq = %s",
            [(m.unloaded_at, m.unloaded_seq, m.loaded_seq) for m in changes.unmounts],
        )
    stations = sorted({*changes.setups, *changes.windows})
    if stations:
        cursor.executemany(
            "INSERT INTO ledger_setup (station, version, window_us) VALUES (%s, %s, %s)"
            " ON CONFLICT (station) DO UPDATE SET"
            " version = greatest(ledger_setup.version, excluded.version),"
            " window_us = greatest(ledger_setup.window_us, excluded.window_us)",
            [
                (
                    station,
                    changes.setups[station].version if station in changes.setups else 0,
                    changes.windows.get(station, 0),
                )
                for station in stations
            ],
        )


def _save_links(cursor: Cursor, changes: Changes) -> None:
    if changes.removed:
        # Before the new ones: a part may be taken out of one unit and built into another in one batch.
        cursor.executemany(
            "UPDATE ledger_edge SET removed_at = %s, removed_seq = %s"
            " WHERE parent = %s AND role = %s AND installed_seq = %s",
            [(e.removed_at, e.removed_seq, e.parent, e.role, e.installed_seq) for e in changes.removed],
        )
    _copy_rows(
        cursor,
        "ledger_edge",
        "parent, role, part, child, lot, own, installed_at, installed_seq, removed_at, removed_seq",
        (
            (e.parent, e.role, e.part, e.child, e.lot, e.own, e.installed_at, e.installed_seq,
             e.removed_at, e.removed_seq)
            for e in changes.edges
        ),
    )  # fmt: skip
    _copy_rows(
        cursor,
        "ledger_containment",
        "child, parent, added_at, added_seq",
        changes.packed,
    )
    if changes.unpacked:
        cursor.executemany(
            "UPDATE ledger_containment SET removed_at = %s, removed_seq = %s"
            " WHERE child = %s AND removed_at IS NULL AND added_seq < %s",
            [(at, seq, child, seq) for child, at, seq in changes.unpacked],
        )
    _copy_rows(
        cursor,
        "ledger_descent",
        "seq, input, input_kind, output, output_kind, position, at",
        changes.descents,
    )
    _copy_rows(
        cursor,
        "ledger_identity",
        "space, value, kind, unit, assigned_at, burnt_at",
        ((c.space, c.value, c.kind, c.unit, c.assigned_at, c.burnt_at) for c in changes.claims),
    )
    if changes.burnt:
        cursor.executemany(
            "UPDATE ledger_identity SET burnt_at = %s WHERE space = %s AND value = %s",
            [(c.burnt_at, c.space, c.value) for c in changes.burnt],
        )
    _copy_rows(
        cursor,
        "ledger_shipment",
        "shipment, consignee, reference, shipped_at, station",
        ((s.shipment, s.consignee, s.reference, s.shipped_at, s.station) for s in changes.shipments),
    )
    _copy_rows(
        cursor,
        "ledger_shipment_item",
        "item, shipment",
        ((item, s.shipment) for s in changes.shipments for item in s.items),
    )


def _save_holds(cursor: Cursor, changes: Changes) -> None:
    _copy_rows(
        cursor,
        "ledger_hold",
        "hold, scope, target, reason, placed_at, released_at, release_reason",
        (
            (
                h.hold,
                h.scope,
                h.target,
                h.reason,
                h.placed_at,
                h.released_at,
                h.release_reason,
            )
            for h in changes.holds
        ),
    )
    _copy_rows(
        cursor,
        "ledger_hold_member",
        "hold, serial",
        ((h.hold, serial) for h in changes.holds for serial in h.members),
    )
    if changes.releases:
        cursor.executemany(
            "UPDATE ledger_hold SET released_at = %s, release_reason = %s WHERE hold = %s",
            [(h.released_at, h.release_reason, h.hold) for h in changes.releases],
        )


def _save_tallies(cursor: Cursor, changes: Changes) -> None:
    """Add counts, in one order so that two batches never wait for each other in a ring."""
    if changes.tallies:
        keys = sorted(changes.tallies)
        columns = [[key[i] for key in keys] for i in range(3)]
        counts = [[changes.tallies[key][i] for key in keys] for i in range(len(TALLY_METRICS))]
        sums = ", ".join(f"{name} = t.{name} + excluded.{name}" for name in TALLY_METRICS)
        cursor.execute(
            f"INSERT INTO ledger_tally AS t (station, hour, product, {', '.join(TALLY_METRICS)})"
            " SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::text[]"
            f"{', %s::int[]' * len(TALLY_METRICS)})"
            f" ON CONFLICT (station, hour, product) DO UPDATE SET {sums}",
            [*columns, *counts],
        )
    if changes.refusals:
        keys = sorted(changes.refusals)
        cursor.execute(
            "INSERT INTO ledger_refusal_tally AS t (station, hour, code, refused)"
            " SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::text[], %s::int[])"
            " ON CONFLICT (station, hour, code) DO UPDATE SET refused = t.refused + excluded.refused",
            [
                *([key[i] for key in keys] for i in range(3)),
                [changes.refusals[key] for key in keys],
            ],
        )


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
