"""Change orders and deviations reach the gate at once; the revision of a work order never changes."""

from django.db import migrations

TABLES = ("design_changeorder", "design_deviation")
GUARD = """
CREATE FUNCTION floor_forbid_other_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'work order % is for one revision for ever', OLD.code USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER revision_is_for_ever BEFORE UPDATE OF revision_id, code ON floor_workorder FOR EACH ROW
    WHEN (OLD.revision_id <> NEW.revision_id OR OLD.code <> NEW.code)
    EXECUTE FUNCTION floor_forbid_other_revision();
"""
UNDO = """
DROP TRIGGER revision_is_for_ever ON floor_workorder;
DROP FUNCTION floor_forbid_other_revision;
"""


class Migration(migrations.Migration):
    """Raise the reference's version with every change of these tables; guard work orders."""

    dependencies = [("design", "0009_changes"), ("floor", "0006_stages"), ("ledger", "0003_deviations")]
    operations = [
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER bump_reference AFTER INSERT OR UPDATE OR DELETE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION ledger_bump_reference()",
                f"DROP TRIGGER bump_reference ON {table}",
            )
            for table in TABLES
        ),
        migrations.RunSQL(GUARD, UNDO),
    ]
