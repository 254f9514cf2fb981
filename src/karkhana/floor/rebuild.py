"""Drops every projection and reads it from the record again; digests prove that nothing differs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec
from django.db import connection, transaction

from karkhana.floor import loading
from karkhana.floor.rules import apply, refused
from karkhana.kernel.refusals import Refusal
from karkhana.ledger import events as ev
from karkhana.ledger import saving, store

PROJECTIONS = {
    "ledger_unit": "serial",
    "ledger_edge": "parent, role, installed_seq",
    "ledger_containment": "child, added_seq",
    "ledger_lot": "lot",
    "ledger_mount": "loaded_seq",
    "ledger_setup": "station",
    "ledger_descent": "seq, input, output",
    "ledger_identity": "space, value",
    "ledger_hold": "hold",
    "ledger_hold_member": "hold, serial",
    "ledger_shipment": "shipment",
    "ledger_shipment_item": "item",
    "ledger_deviation_use": "deviation, unit",
    "ledger_tally": "station, hour, product",
    "ledger_refusal_tally": "station, hour, code",
}
"""Projection to its unique order."""

CHUNK = 20_000
_EVENT = msgspec.json.Decoder(ev.AnyEvent)


def digest_projections() -> dict[str, str]:
    """Return the SHA-256 of every projection's rows in their unique order, times in UTC."""
    with transaction.atomic():
        cursor = store.raw_cursor(connection)
        cursor.execute("SET LOCAL TimeZone = 'UTC'")
        return {table: _digest(cursor, table, order) for table, order in PROJECTIONS.items()}


def _digest(cursor: store.Cursor, table: str, order: str) -> str:
    found = hashlib.sha256()
    with cursor.copy(f"COPY (SELECT * FROM {table} ORDER BY {order}) TO STDOUT") as copy:
        for block in copy:
            found.update(block)
    return found.hexdigest()


def rebuild(progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Empty the projections and replay the record into them, in one transaction; writers wait.

    Needs the role that owns the tables. When it fails, what was there before stands.

    Args:
        progress: told (events done, events in all) from time to time.

    Returns:
        The number of events replayed.
    """
    loading.forget_setups()
    try:
        with transaction.atomic():
            cursor = store.raw_cursor(connection)
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('ledger'))")
            cursor.execute(f"TRUNCATE {', '.join(PROJECTIONS)}")
            return _replay(cursor, progress)
    finally:
        loading.forget_setups()


def _replay(cursor: store.Cursor, progress: Callable[[int, int], None]) -> int:
    cursor.execute("SELECT count(*) FROM ledger_event")
    row = cursor.fetchone()
    total = row[0] if row else 0
    store.begin(cursor)
    done, after = 0, 0
    while True:
        cursor.execute(
            "SELECT seq, refusal, deviation, body FROM ledger_event WHERE seq > %s ORDER BY seq LIMIT %s",
            [after, CHUNK],
        )
        rows = cursor.fetchall()
        if not rows:
            return done
        _replay_chunk(cursor, rows)
        after = rows[-1][0]
        done += len(rows)
        progress(done, total)


def _replay_chunk(cursor: store.Cursor, rows: list[tuple[int, str | None, str | None, str]]) -> None:
    events = [
        (seq, refusal, (under or "").split(), _EVENT.decode(body)) for seq, refusal, under, body in rows
    ]
    world = loading.load_world(cursor, [event for _, refusal, _, event in events if refusal is None])
    loading.load_uses(cursor, world, {number for _, _, under, _ in events for number in under})
    for seq, refusal, under, event in events:
        if refusal is None:
            world.grants = under
            apply(world, event, seq)
        else:
            refused(world, event, Refusal(refusal, "", ""))
    saving.save(cursor, world.changes, replaying=True)
