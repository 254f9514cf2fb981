"""The database itself refuses to change the record or a released revision, whoever asks."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from floor import workshop as ws
from karkhana.floor.operations import record_events

TABLES = ("ledger_event", "ledger_event_2026_06", "ledger_receipt")
STATEMENTS = ("UPDATE {} SET seq = seq + 1", "UPDATE {} SET seq = seq", "DELETE FROM {}", "TRUNCATE {}")
APP = "karkhana_app"


@pytest.fixture
def written(rolled_back: None) -> None:
    """Put events into the record, one of them refused."""
    story = ws.PANEL + "\n 08:01  AOI-1  inspect P1  route.step_skipped"
    record_events([line.raw for line in ws.lines(story)], recorded_at=ws.NOW)


def has_app_role() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [APP])
        return bool(cursor.fetchone()[0])


def refused(sql: str) -> str:
    """Run a statement that must fail, in a savepoint; return the database's code of the error."""
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    cause = caught.value.__cause__
    assert isinstance(cause, psycopg.Error)
    return str(cause.sqlstate)


RESTRICT_VIOLATION, NO_PRIVILEGE = "23001", "42501"


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", STATEMENTS)
def test_owner_cannot_change_the_record(written: None, statement: str, table: str) -> None:
    assert refused(statement.format(table)) == RESTRICT_VIOLATION


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "statement",
    [
        *STATEMENTS,
        "DROP TABLE {}",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "ALTER TABLE {} ADD COLUMN more text",
        "CREATE RULE quiet AS ON DELETE TO {} DO INSTEAD NOTHING",
    ],
)
def test_application_has_not_even_the_right_to(written: None, statement: str, table: str) -> None:
    if not has_app_role():
        pytest.skip("this server has no role for the application")
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {APP}")
    assert refused(statement.format(table)) == NO_PRIVILEGE
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


@pytest.mark.parametrize("table", ["ledger_unit", "ledger_tally", "ledger_identity"])
def test_application_cannot_empty_a_projection(written: None, table: str) -> None:
    if not has_app_role():
        pytest.skip("this server has no role for the application")
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {APP}")
    assert refused(f"TRUNCATE {table}") == NO_PRIVILEGE


def test_application_can_do_its_work(rolled_back: None) -> None:
    if not has_app_role():
        pytest.skip("this server has no role for the application")
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {APP}")
    story = list(ws.lines(ws.PACKED))
    outcomes = record_events([line.raw for line in story], recorded_at=ws.NOW)
    assert [outcome.status for outcome in outcomes] == ["accepted"] * len(story)
    later = ws.NOW.replace(year=2027)
    (outcome,) = record_events(
        [ws.Line("", ws.event("2027-01-02T00:00:00+00:00", "DOCK-1", "receive N CAP 1 SUP"), "").raw],
        recorded_at=later,
    )
    assert outcome.status == "accepted", "a new month's partition"


def test_partitions_made_later_are_guarded_too(rolled_back: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_make_partition('2031-02-14'), ledger_make_partition('2031-02-01')")
        cursor.execute(
            "INSERT INTO ledger_event (seq, recorded_at, happened_at, id, type, plant, station, body)"
            " VALUES (1, '2031-02-28 23:59:59Z', now(), gen_random_uuid(), 'X', '', '', '{}')"
        )
    for statement in STATEMENTS:
        assert refused(statement.format("ledger_event_2031_02")) == RESTRICT_VIOLATION


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE design_revision SET package = '{}' WHERE code = 'A'",
        "UPDATE design_revision SET package = NULL WHERE code = 'A'",
        "UPDATE design_revision SET package_hash = 'x' WHERE code = 'A'",
        "UPDATE design_revision SET code = 'C' WHERE code = 'A'",
        "DELETE FROM design_revision WHERE code = 'A'",
    ],
)
def test_released_revision_is_immutable(rolled_back: None, statement: str) -> None:
    assert refused(statement) == RESTRICT_VIOLATION


def test_lines_of_a_released_bill_are_immutable(rolled_back: None) -> None:
    from karkhana.design.models import BomLine, Revision

    released = Revision.objects.filter(code="A").first()
    with pytest.raises(DatabaseError, match="cannot change"), transaction.atomic():
        BomLine.objects.create(revision=released, number=1, part_number="X", quantity=1)


def test_a_draft_may_change_until_it_is_released(rolled_back: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO design_revision (code, product_id) SELECT 'DRAFT', id FROM design_product LIMIT 1"
        )
        cursor.execute("UPDATE design_revision SET code = 'DRAFT2' WHERE code = 'DRAFT'")
        cursor.execute("DELETE FROM design_revision WHERE code = 'DRAFT2'")
        assert cursor.rowcount == 1
