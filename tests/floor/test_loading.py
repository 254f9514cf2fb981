"""What batches share, caches and locks, must never let one see what is not so."""

from __future__ import annotations

import json

import psycopg
import pytest
from django.db import connection, transaction

from floor import workshop as ws
from floor.chaos import DECODER
from karkhana.floor import loading
from karkhana.floor.operations import record_events
from karkhana.ledger import store
from karkhana.supply.operations import ensure_supplier


def answer(at: str, station: str, what: str) -> str:
    raw = json.dumps(ws.event(at, station, what)).encode()
    (outcome,) = record_events([raw], recorded_at=ws.NOW)
    return outcome.refusal.code if outcome.refusal else outcome.status


def tell(story: str) -> None:
    for line in ws.lines(story):
        (outcome,) = record_events([line.raw], recorded_at=ws.NOW)
        assert outcome.status == line.outcome, (line.text, outcome.refusal)


def test_reference_data_that_was_rolled_back_is_forgotten(fresh_database: str) -> None:
    with transaction.atomic():
        ensure_supplier(code="NEVER", name="Never", country="IN")
        assert answer("07:00", "DOCK-1", "receive L1 CAP 5 NEVER") == "accepted"
        transaction.set_rollback(True)
    # At once: nothing reads the reference data between the change that never was and the next one.
    ensure_supplier(code="REAL", name="Real", country="IN")
    assert answer("07:00", "DOCK-1", "receive L2 CAP 5 NEVER") == "supplier.unknown"
    assert answer("07:00", "DOCK-1", "receive L2 CAP 5 REAL") == "accepted"


def test_feeders_that_were_rolled_back_are_forgotten(fresh_database: str) -> None:
    tell(ws.PANEL)
    with transaction.atomic():
        tell("08:00  SMT-1  unload CAP-1 on F1  accepted")
        assert answer("08:01", "SMT-1", "process P1") == "material.not_loaded"
        transaction.set_rollback(True)
    assert answer("08:01", "SMT-1", "process P1") == "accepted"
    with transaction.atomic():
        tell("08:02  SMT-1  load RES-1 RES on F5  accepted")
        transaction.set_rollback(True)
    assert answer("08:03", "SMT-1", "unload RES-1 on F5") == "material.location_empty"


def test_a_batch_that_failed_leaves_nothing_in_memory(
    fresh_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(ws.PANEL)
    with monkeypatch.context() as patch:
        patch.setattr(store, "append_events", lambda *_: (_ for _ in ()).throw(OSError("disk")))
        with pytest.raises(OSError, match="disk"):
            answer("08:00", "SMT-1", "unload CAP-1 on F1")
    cached = loading._SETUPS[fresh_database, "SMT-1"]
    assert [mount.unloaded_at for mount in cached.mounts] == [None, None]
    assert answer("08:01", "SMT-1", "process P1") == "accepted"
    assert answer("08:02", "SMT-1", "unload CAP-1 on F1") == "accepted"
    with connection.cursor() as cursor:
        cursor.execute("SELECT unloaded_at FROM ledger_mount WHERE lot = 'CAP-1'")
        assert cursor.fetchall() == [(ws.when("08:02"),)]


@pytest.mark.parametrize("known", [False, True])
def test_two_batches_that_load_one_station_wait_for_each_other(fresh_database: str, known: bool) -> None:
    """Else the later place in the record could be committed first, and caches keep the earlier set-up."""
    if known:
        tell(ws.LOADED)
    parameters = connection.get_connection_params()
    wanted = {key: value for key, value in parameters.items() if key not in ("cursor_factory", "context")}
    with psycopg.connect(**wanted) as first, psycopg.connect(**wanted) as second:
        store.setups(first.cursor(), ["SMT-1"], lock=True)
        cursor = second.cursor()
        cursor.execute("SET lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            store.setups(cursor, ["SMT-1"], lock=True)
        second.rollback()
        first.rollback()
        store.setups(second.cursor(), ["SMT-1"], lock=True)


def test_what_is_packed_in_the_meantime_is_shipped_too(fresh_database: str) -> None:
    """A box goes into the carton of a pallet while the pallet is being loaded for shipping."""
    tell(ws.TABLETS + """
        08:10  PACK-1  pack T1 into BOX1                     accepted
        08:11  PACK-1  pack BOX1 into CARTON1 carton         accepted
        08:12  PACK-1  pack CARTON1 into PALLET1 pallet      accepted
        08:13  PACK-1  pack T2 into BOX2                     accepted
    """)  # fmt: skip
    real, calls = store.inside, []

    def inside_then_packed(cursor: store.Cursor, roots: list[str]) -> list[tuple[str, str]]:
        found = real(cursor, roots)
        if not calls:
            calls.append(1)
            cursor.execute("UPDATE ledger_unit SET parent = 'CARTON1' WHERE serial = 'BOX2'")
        return found

    body = ws.event("08:20", "DOCK-1", "ship PALLET1 as S1")
    event = DECODER.decode(json.dumps(body))
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr(store, "inside", inside_then_packed)
        world = loading.load_world(store.raw_cursor(connection), [event])
        transaction.set_rollback(True)
    assert set(world.everything_inside("PALLET1")) == {"CARTON1", "BOX1", "BOX2", "T1", "T2"}
    assert {"BOX2", "T2"} <= world.units.keys(), "locked as well"


def test_a_recorded_month_needs_its_partition_once(fresh_database: str) -> None:
    for month in (1, 2, 2, 12):
        now = ws.NOW.replace(month=month)
        raw = json.dumps(ws.event(now.isoformat(), "DOCK-1", f"receive M{month} CAP 1 SUP")).encode()
        record_events([raw], recorded_at=now)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'ledger_event'::regclass ORDER BY 1"
        )
        names = [row[0] for row in cursor.fetchall()]
    assert names == ["ledger_event_2026_01", "ledger_event_2026_02", "ledger_event_2026_12"]
