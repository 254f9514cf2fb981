"""Work orders by stage: what was built before is adopted, then the database holds the order of the gates."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ADOPT = """
INSERT INTO design_stagegate (product_id, stage, action, reason, decided_at)
SELECT DISTINCT r.product_id, gate.stage, 'adopted', 'in production before this record began', now()
FROM floor_workorder w JOIN design_revision r ON r.id = w.revision_id,
     unnest(ARRAY['EVT', 'DVT', 'PVT']) WITH ORDINALITY AS gate (stage, number)
WHERE gate.number < array_position(ARRAY['EVT', 'DVT', 'PVT', 'MP'], w.stage::text)
"""
GUARD = """
CREATE FUNCTION floor_check_stage() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    owner bigint;
    missing text;
BEGIN
    SELECT product_id INTO owner FROM design_revision WHERE id = NEW.revision_id;
    missing := design_stage_missing(owner, NEW.stage);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'order % is for %, but its product is not through %', NEW.code, NEW.stage, missing
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER through_its_gates BEFORE INSERT OR UPDATE OF stage, revision_id ON floor_workorder
    FOR EACH ROW EXECUTE FUNCTION floor_check_stage();
"""
UNGUARD = """
DROP TRIGGER through_its_gates ON floor_workorder;
DROP FUNCTION floor_check_stage;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("design", "0007_stages"),
        ("floor", "0004_pools"),
        ("ledger", "0002_units_of_an_order"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="workorder",
            name="created_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="workorder",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="workorder",
            name="due_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.RunSQL(ADOPT, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
