"""A released revision, the approvals behind it and the files it names survive every attempt to change them,
in raw SQL and as the role that the application connects as.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from design import office
from design.office import NOW
from karkhana.design import operations as design
from karkhana.design.models import Approval, Revision, StoredFile
from karkhana.partners.operations import ensure_party

APP = "karkhana_app"
RESTRICT, CHECK, NO_PRIVILEGE = "23001", "23514", "42501"
WHERE = "WHERE code = 'A' AND product_id = (SELECT id FROM design_product WHERE code = 'BOARD')"
SELECTED = f"(SELECT id FROM design_revision {WHERE})"


@pytest.fixture
def released(rolled_back: None) -> Iterator[Revision]:
    """Release a revision with approvals and a file, become the application, and compare it all afterwards."""
    office.product(agreement=office.alliance())
    office.submitted()
    office.approve("asha")
    office.approve("li")
    revision = design.release_reviewed(product_code="BOARD", revision_code="A", now=NOW)
    office.product("DRAFTS")
    office.draft("DRAFTS")
    content = b"drawing"
    StoredFile.objects.create(
        sha256=hashlib.sha256(content).hexdigest(), size=len(content), content=content, stored_at=NOW
    )
    before = everything()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", [APP])
        if not cursor.fetchone()[0]:
            pytest.skip("this server has no role for the application")
        cursor.execute(f"SET LOCAL ROLE {APP}")
    yield revision
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    assert everything() == before


def everything() -> dict[str, Any]:
    """Read all that must stay; the hash is made anew from what is stored."""
    statements = {
        "revision": f"SELECT to_jsonb(r) FROM design_revision r {WHERE}",
        "hash": f"SELECT encode(sha256(convert_to(package, 'UTF8')), 'hex') = package_hash"
                f" FROM design_revision {WHERE}",
        "lines": f"SELECT to_jsonb(l) FROM design_bomline l WHERE revision_id = {SELECTED} ORDER BY number",
        "owner": "SELECT p.id, p.code, b.id, b.code FROM design_product p JOIN partners_brand b"
                 " ON b.id = p.brand_id WHERE p.code = 'BOARD'",
        "approvals": "SELECT to_jsonb(a), s.public_key, p.code FROM design_approval a"
                     " JOIN partners_signatory s ON s.id = a.signatory_id"
                     " JOIN partners_party p ON p.id = a.party_id ORDER BY a.id",
        "files": "SELECT sha256, encode(content, 'hex') FROM design_storedfile",
    }  # fmt: skip
    found = {}
    with connection.cursor() as cursor:
        for name, statement in statements.items():
            cursor.execute(statement)
            found[name] = cursor.fetchall()
    assert found["hash"] == [(True,)]
    assert len(found["lines"]) == len(found["approvals"]) == 2
    return found


def failing(*statements: str) -> str | None:
    """Run statements of which one must fail; return the database's code of the error."""

    def run() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    with pytest.raises(DatabaseError) as caught:
        run()
    cause = caught.value.__cause__
    assert isinstance(cause, psycopg.Error)
    return cause.sqlstate


OTHER_VALUES = {
    "id": "{t}.id + 100000",
    "product_id": "(SELECT id FROM design_product WHERE code = 'DRAFTS')",
    "code": "'Z'",
    "state": "'draft'",
    "base_id": "(SELECT id FROM design_revision WHERE product_id = (SELECT id FROM design_product"
    " WHERE code = 'DRAFTS'))",
    "plan": "''",
    "plan_version": "{t}.plan_version + 1",
    "created_at": "now()",
    "submitted_by_id": "NULL",
    "submitted_at": "now()",
    "review_hash": "repeat('0', 64)",
    "package": "{t}.package || ' '",
    "package_hash": "repeat('0', 64)",
    "released_at": "now()",
    "ended_at": "now()",
    "import_report": "'[]'",
}


def test_every_column_is_tried() -> None:
    assert set(OTHER_VALUES) == {field.column for field in Revision._meta.concrete_fields}


@pytest.mark.parametrize("column", sorted(OTHER_VALUES))
def test_no_column_can_be_updated(released: Revision, column: str) -> None:
    other = OTHER_VALUES[column]
    value, of_r = other.format(t="design_revision"), other.format(t="r")
    for statement in (
        f"UPDATE design_revision SET {column} = {value} {WHERE}",
        "INSERT INTO design_revision (product_id, code, state, plan_version)"
        f" SELECT product_id, code, 'draft', 0 FROM design_revision {WHERE}"
        f" ON CONFLICT (product_id, code) DO UPDATE SET {column} = {value}",
        f"MERGE INTO design_revision r USING (SELECT 1) one ON r.id = {SELECTED}"
        f" WHEN MATCHED THEN UPDATE SET {column} = {of_r}",
    ):
        assert failing(statement) == RESTRICT


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        ((f"DELETE FROM design_revision {WHERE}",), RESTRICT),
        (("TRUNCATE design_revision CASCADE",), NO_PRIVILEGE),
        (("TRUNCATE design_bomline",), NO_PRIVILEGE),
        (("TRUNCATE design_approval",), NO_PRIVILEGE),
        # Its lines, out, in and changed.
        ((f"UPDATE design_bomline SET quantity = 9 WHERE revision_id = {SELECTED}",), RESTRICT),
        ((f"DELETE FROM design_bomline WHERE revision_id = {SELECTED}",), RESTRICT),
        ((f"UPDATE design_bomline SET revision_id = {SELECTED}, number = 77"
          f" WHERE revision_id <> {SELECTED} AND number = 1",), RESTRICT),
        ((f"UPDATE design_bomline SET revision_id = (SELECT id FROM design_revision WHERE package IS NULL"
          f" LIMIT 1), number = 88 WHERE revision_id = {SELECTED} AND number = 1",), RESTRICT),
        (("INSERT INTO design_bomline (revision_id, number, part_number, manufacturer, description, value,"
          " package, quantity, \"references\", not_fitted, mechanical, alternates, approved_manufacturers)"
          f" VALUES ({SELECTED}, 99, 'X', '', '', '', '', 1, '{{}}', '{{}}', false, '[]', '{{}}')",),
         RESTRICT),
        # The guards themselves.
        (("ALTER TABLE design_revision DISABLE TRIGGER ALL",), NO_PRIVILEGE),
        (("ALTER TABLE design_revision DISABLE TRIGGER released_is_immutable",), NO_PRIVILEGE),
        (("DROP TRIGGER released_is_immutable ON design_revision",), NO_PRIVILEGE),
        (("CREATE OR REPLACE FUNCTION public.design_forbid_change_of_release() RETURNS trigger"
          " LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",), NO_PRIVILEGE),
        (("ALTER FUNCTION design_forbid_change_of_release RENAME TO gone",), NO_PRIVILEGE),
        (("SET session_replication_role = replica",), NO_PRIVILEGE),
        (("SET LOCAL session_replication_role = replica",), NO_PRIVILEGE),
        (("CREATE RULE quiet AS ON UPDATE TO design_revision DO INSTEAD NOTHING",), NO_PRIVILEGE),
        (("CREATE TRIGGER mine BEFORE UPDATE ON design_revision FOR EACH ROW"
          " EXECUTE FUNCTION suppress_redundant_updates_trigger()",), NO_PRIVILEGE),
        (("ALTER TABLE design_revision DROP COLUMN package",), NO_PRIVILEGE),
        (("ALTER TABLE design_revision DROP CONSTRAINT revision_state",), NO_PRIVILEGE),
        (("ALTER TABLE design_bomline DROP CONSTRAINT bom_line_once",), NO_PRIVILEGE),
        (("DROP TABLE design_revision CASCADE",), NO_PRIVILEGE),
        (("CREATE TABLE public.design_other ()",), NO_PRIVILEGE),
        (("CREATE SCHEMA mine",), NO_PRIVILEGE),
        (("COPY design_revision FROM PROGRAM 'true'",), NO_PRIVILEGE),
        (("COPY design_revision FROM '/etc/passwd'",), NO_PRIVILEGE),
        (("UPDATE pg_catalog.pg_trigger SET tgenabled = 'D'",), NO_PRIVILEGE),
        # A table of the session in place of the one that a guard looks into.
        ((f"CREATE TEMP TABLE kept AS SELECT {SELECTED} AS id",
          "CREATE TEMP TABLE design_revision (LIKE public.design_revision)",
          "UPDATE public.design_bomline SET quantity = 9 WHERE revision_id = (SELECT id FROM kept)"),
         RESTRICT),
        (("CREATE TEMP TABLE design_revision (LIKE public.design_revision)",
          "UPDATE public.design_product SET code = 'STOLEN' WHERE code = 'BOARD'"), RESTRICT),
        (("CREATE TEMP TABLE design_approval (LIKE public.design_approval)",
          "DELETE FROM public.partners_signatory"), RESTRICT),
        # What the package names: product and brand, changed, or taken away and put in anew under the same id.
        (("UPDATE design_product SET code = 'STOLEN' WHERE code = 'BOARD'",), RESTRICT),
        (("UPDATE design_product SET brand_id = (SELECT id FROM partners_brand WHERE code <> 'ACME' LIMIT 1)"
          " WHERE code = 'BOARD'",), RESTRICT),
        (("UPDATE design_product SET id = -1 WHERE code = 'BOARD'",), RESTRICT),
        (("DELETE FROM design_product WHERE code = 'BOARD'",), RESTRICT),
        (("UPDATE partners_brand SET code = 'STOLEN' WHERE code = 'ACME'",), RESTRICT),
        (("UPDATE partners_brand SET id = -1 WHERE code = 'ACME'",), RESTRICT),
        (("DELETE FROM partners_brand WHERE code = 'ACME'",), RESTRICT),
        # Approvals, who signed them, and files.
        (("UPDATE design_approval SET decision = 'rejected'",), RESTRICT),
        (("UPDATE design_approval SET signature = ''",), RESTRICT),
        (("DELETE FROM design_approval",), RESTRICT),
        (("INSERT INTO design_approval SELECT * FROM design_approval ON CONFLICT (id) DO UPDATE"
          " SET comment = 'x'",), RESTRICT),
        (("UPDATE partners_signatory SET public_key = repeat('0', 63) || id % 10",), RESTRICT),
        (("UPDATE partners_signatory SET id = id + 1000",), RESTRICT),
        (("UPDATE partners_signatory SET party_id = (SELECT max(id) FROM partners_party) WHERE party_id ="
          " (SELECT id FROM partners_party WHERE code = 'MAKER')",), RESTRICT),
        (("DELETE FROM partners_signatory",), RESTRICT),
        (("UPDATE partners_party SET code = 'STOLEN' WHERE code = 'MAKER'",), RESTRICT),
        (("UPDATE partners_party SET id = id + 1000 WHERE code = 'MAKER'",), RESTRICT),
        (("DELETE FROM partners_party WHERE code = 'MAKER'",), RESTRICT),
        (("UPDATE design_storedfile SET content = 'x'",), RESTRICT),
        (("DELETE FROM design_storedfile",), RESTRICT),
        (("INSERT INTO design_storedfile SELECT sha256, size, media_type, 'x', stored_at FROM"
          " design_storedfile ON CONFLICT (sha256) DO UPDATE SET content = 'x'",), CHECK),
        (("INSERT INTO design_storedfile SELECT sha256, size, media_type, content, stored_at FROM"
          " design_storedfile ON CONFLICT (sha256) DO UPDATE SET media_type = 'x'",), RESTRICT),
        (("INSERT INTO design_storedfile VALUES (repeat('0', 64), 1, 'x', 'x', now())",), CHECK),
    ],
)  # fmt: skip
def test_no_statement_of_the_application_changes_it(
    released: Revision, statements: tuple[str, ...], code: str
) -> None:
    assert failing(*statements) == code


COPY_OF = (
    "INSERT INTO design_revision (product_id, code, state, plan_version, package, package_hash, released_at)"
    " SELECT product_id, '{code}', 'released', 0, {package}, {hash}, now() FROM design_revision " + WHERE
)
RENAMED = 'replace(package, \'"revision":"A"\', \'"revision":"Z"\')'


@pytest.mark.parametrize(
    ("code", "package", "hashed"),
    [
        ("Z", RENAMED, "repeat('0', 64)"),
        ("Z", RENAMED, f"upper(encode(sha256({RENAMED}::bytea), 'hex'))"),
        ("Z", "package", "package_hash"),
        ("Z", f"replace({RENAMED}, 'ACME', 'OTHER')",
         f"encode(sha256(convert_to(replace({RENAMED}, 'ACME', 'OTHER'), 'UTF8')), 'hex')"),
        ("Z", "'{}'", "encode(sha256('{}'), 'hex')"),
    ],
)  # fmt: skip
def test_a_made_up_release_cannot_be_put_in(released: Revision, code: str, package: str, hashed: str) -> None:
    assert failing(COPY_OF.format(code=code, package=package, hash=hashed)) == CHECK


@pytest.mark.parametrize("state", ["released", "superseded", "obsolete"])
def test_what_has_no_package_cannot_say_that_it_is_released(released: Revision, state: str) -> None:
    assert failing(f"UPDATE design_revision SET state = '{state}' WHERE package IS NULL") == CHECK


def test_it_goes_forward_through_its_states_and_never_back(rolled_back: None) -> None:
    office.product()
    office.released()
    with connection.cursor() as cursor:
        for state, back in (("superseded", ["released"]), ("obsolete", ["released", "superseded"])):
            cursor.execute(f"UPDATE design_revision SET state = '{state}', ended_at = now() {WHERE}")
            for other in [*back, "draft", "in_review", "nonsense"]:
                assert failing(f"UPDATE design_revision SET state = '{other}' {WHERE}") in (RESTRICT, CHECK)
        cursor.execute(f"SELECT state, package_hash = review_hash FROM design_revision {WHERE}")
        assert cursor.fetchone() == ("obsolete", True)


def test_what_is_not_released_yet_can_change_and_go(released: Revision) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE design_bomline SET quantity = 9 WHERE revision_id IN"
                       " (SELECT id FROM design_revision WHERE package IS NULL)")  # fmt: skip
        assert cursor.rowcount > 0
        cursor.execute("UPDATE design_product SET code = 'RENAMED' WHERE code = 'DRAFTS'")
        cursor.execute("UPDATE partners_brand SET name = 'Acme Limited' WHERE code = 'ACME'")
        cursor.execute("UPDATE partners_signatory SET revoked_at = now()")
        assert cursor.rowcount > 0
    ensure_party(code="MAKER", name="Maker Limited", kind="maker")
    assert Approval.objects.count() == 2
