"""Writes what a batch changed into the projections, in sets.

Every function works on a psycopg cursor inside the caller's transaction. Nothing here decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from karkhana.ledger.state import TALLY_METRICS, UNIT_COLUMNS, Changes, Unit
from karkhana.ledger.store import Cursor, escape

_PATCHED = [name for name in UNIT_COLUMNS if name not in ("serial", "kind", "created_at")]
_UPDATE_UNIT = f"UPDATE ledger_unit SET {', '.join(f'{name} = %s' for name in _PATCHED)} WHERE serial = %s"
_FEW = 8


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
    _copy_rows(
        cursor,
        "ledger_deviation_use",
        "deviation, unit, boards, step, station, at, seq",
        ((u.deviation, u.unit, u.boards, u.step, u.station, u.at, u.seq) for u in changes.deviation_uses),
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
