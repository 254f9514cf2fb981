"""Stage gates: the log of each product's gates, issues, first articles, reliability runs, and their guards."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

GUARDS = """
-- The first gate before a stage that a product is not through; null when it may be built at that stage.
CREATE FUNCTION design_stage_missing(wanted_product bigint, wanted_stage text) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT gate.stage FROM unnest(ARRAY['EVT', 'DVT', 'PVT']) WITH ORDINALITY AS gate (stage, number)
    WHERE gate.number < coalesce(array_position(ARRAY['EVT', 'DVT', 'PVT', 'MP'], wanted_stage), 4)
      AND coalesce((
        SELECT log.action = 'revoked' FROM design_stagegate log
        WHERE log.product_id = wanted_product AND log.stage = gate.stage
          AND log.action IN ('passed', 'adopted', 'revoked')
        ORDER BY log.id DESC LIMIT 1
      ), true)
    ORDER BY gate.number LIMIT 1
$$;

CREATE FUNCTION design_check_gate() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    missing text := design_stage_missing(NEW.product_id, NEW.stage);
BEGIN
    IF NEW.evidence_hash IS DISTINCT FROM encode(sha256(convert_to(NEW.evidence, 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'the hash does not fit the evidence' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.revision_id IS NOT NULL
       AND NEW.product_id <> (SELECT product_id FROM design_revision WHERE id = NEW.revision_id) THEN
        RAISE EXCEPTION 'the revision belongs to another product' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.action = 'passed' AND missing IS NOT NULL THEN
        RAISE EXCEPTION '% comes before %', missing, NEW.stage USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER in_order BEFORE INSERT ON design_stagegate
    FOR EACH ROW EXECUTE FUNCTION design_check_gate();
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON design_stagegate
    FOR EACH ROW EXECUTE FUNCTION design_forbid_change();
CREATE TRIGGER bump_reference AFTER INSERT ON design_stagegate
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_bump_reference();
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON design_firstarticle
    FOR EACH ROW EXECUTE FUNCTION design_forbid_change();
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON design_characteristic
    FOR EACH ROW EXECUTE FUNCTION design_forbid_change();
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON design_reliabilityrun
    FOR EACH ROW EXECUTE FUNCTION design_forbid_change();
CREATE TRIGGER written_once BEFORE DELETE ON design_stageissue
    FOR EACH ROW EXECUTE FUNCTION design_forbid_change();
CREATE TRIGGER closed_is_closed BEFORE UPDATE ON design_stageissue
    FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION design_forbid_change();
"""
UNDO = """
DROP TRIGGER closed_is_closed ON design_stageissue;
DROP TRIGGER written_once ON design_stageissue;
DROP TRIGGER written_once ON design_reliabilityrun;
DROP TRIGGER written_once ON design_characteristic;
DROP TRIGGER written_once ON design_firstarticle;
DROP TRIGGER bump_reference ON design_stagegate;
DROP TRIGGER written_once ON design_stagegate;
DROP TRIGGER in_order ON design_stagegate;
DROP FUNCTION design_check_gate, design_stage_missing;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("design", "0004_guards"),
        ("ledger", "0001_record"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FirstArticle",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stage", models.CharField(max_length=4)),
                ("work_order", models.CharField(max_length=40)),
                ("serial", models.CharField(max_length=80)),
                ("reason", models.CharField(max_length=200)),
                (
                    "documents",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200), default=list, size=None
                    ),
                ),
                ("inspector", models.CharField(max_length=80)),
                ("inspected_at", models.DateTimeField()),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="first_articles",
                        to="design.product",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "revision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="design.revision"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Characteristic",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=120)),
                ("unit_of_measure", models.CharField(blank=True, max_length=20)),
                ("nominal", models.DecimalField(decimal_places=9, max_digits=24, null=True)),
                ("low", models.DecimalField(decimal_places=9, max_digits=24, null=True)),
                ("high", models.DecimalField(decimal_places=9, max_digits=24, null=True)),
                ("measured", models.DecimalField(decimal_places=9, max_digits=24)),
                (
                    "conforms",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(
                                models.Q(
                                    ("measured__lt", models.F("low")),
                                    ("measured__gt", models.F("high")),
                                    _connector="OR",
                                ),
                                then=models.Value(False),
                            ),
                            default=models.Value(True),
                        ),
                        output_field=models.BooleanField(),
                    ),
                ),
                (
                    "article",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="characteristics",
                        to="design.firstarticle",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReliabilityRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stage", models.CharField(max_length=4)),
                ("name", models.CharField(max_length=120)),
                ("units", models.PositiveIntegerField()),
                ("unit_hours", models.DecimalField(decimal_places=1, max_digits=12)),
                ("failures", models.PositiveIntegerField()),
                ("report", models.CharField(max_length=200)),
                ("recorded_at", models.DateTimeField()),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reliability",
                        to="design.product",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "revision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="design.revision"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StageCriteria",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stage", models.CharField(max_length=4)),
                ("own", models.JSONField()),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="criteria",
                        to="design.product",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StageGate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stage", models.CharField(max_length=4)),
                ("action", models.CharField(max_length=10)),
                ("evidence", models.TextField(null=True)),
                ("evidence_hash", models.CharField(max_length=64, null=True)),
                ("reason", models.TextField(blank=True)),
                ("decided_at", models.DateTimeField()),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="gates", to="design.product"
                    ),
                ),
                (
                    "revision",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="design.revision",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StageIssue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("stage", models.CharField(max_length=4)),
                ("severity", models.CharField(max_length=1)),
                ("title", models.CharField(max_length=200)),
                ("owner", models.CharField(blank=True, max_length=80)),
                ("due_on", models.DateField(null=True)),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("resolution", models.TextField(blank=True)),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="issues",
                        to="design.product",
                    ),
                ),
                (
                    "revision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="design.revision"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="firstarticle",
            index=models.Index(fields=["revision", "stage", "-id"], name="first_article_latest"),
        ),
        migrations.AddConstraint(
            model_name="firstarticle",
            constraint=models.CheckConstraint(
                condition=models.Q(("stage__in", ("EVT", "DVT", "PVT", "MP"))), name="first_article_stage"
            ),
        ),
        migrations.AddConstraint(
            model_name="characteristic",
            constraint=models.UniqueConstraint(fields=("article", "number"), name="characteristic_once"),
        ),
        migrations.AddConstraint(
            model_name="characteristic",
            constraint=models.CheckConstraint(
                condition=models.Q(("low__isnull", False), ("high__isnull", False), _connector="OR"),
                name="characteristic_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="reliabilityrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("stage__in", ("EVT", "DVT", "PVT", "MP"))), name="reliability_stage"
            ),
        ),
        migrations.AddConstraint(
            model_name="reliabilityrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("unit_hours__gt", 0), ("units__gt", 0)), name="reliability_some"
            ),
        ),
        migrations.AddConstraint(
            model_name="stagecriteria",
            constraint=models.UniqueConstraint(fields=("product", "stage"), name="stage_criteria_once"),
        ),
        migrations.AddConstraint(
            model_name="stagecriteria",
            constraint=models.CheckConstraint(
                condition=models.Q(("stage__in", ("EVT", "DVT", "PVT", "MP"))), name="stage_criteria_stage"
            ),
        ),
        migrations.AddIndex(
            model_name="stagegate",
            index=models.Index(fields=["product", "stage", "-id"], name="stage_gate_latest"),
        ),
        migrations.AddConstraint(
            model_name="stagegate",
            constraint=models.CheckConstraint(
                condition=models.Q(("stage__in", ("EVT", "DVT", "PVT"))), name="stage_gate_stage"
            ),
        ),
        migrations.AddConstraint(
            model_name="stagegate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("action__in", ["requested", "passed"]),
                        ("evidence__isnull", False),
                        ("evidence_hash__isnull", False),
                        ("revision__isnull", False),
                    ),
                    models.Q(
                        ("action__in", ["adopted", "revoked"]),
                        ("evidence", None),
                        ("evidence_hash", None),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    models.Q(("action", "withdrawn"), ("evidence", None), ("evidence_hash", None)),
                    _connector="OR",
                ),
                name="stage_gate_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="stageissue",
            constraint=models.UniqueConstraint(fields=("product", "number"), name="stage_issue_once"),
        ),
        migrations.AddConstraint(
            model_name="stageissue",
            constraint=models.CheckConstraint(
                condition=models.Q(("stage__in", ("EVT", "DVT", "PVT", "MP"))), name="stage_issue_stage"
            ),
        ),
        migrations.AddConstraint(
            model_name="stageissue",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__in", ("A", "B", "C"))), name="stage_issue_severity"
            ),
        ),
        migrations.AddConstraint(
            model_name="stageissue",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_at", None), models.Q(("resolution", ""), _negated=True), _connector="OR"
                ),
                name="stage_issue_resolution",
            ),
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]
