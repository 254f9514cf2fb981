"""Receiving: rules of parts, life and clock of lots, inspections. All but the rules is written once."""

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

GUARDS = """
CREATE FUNCTION supply_incoming_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was received and inspected is written once: % on % is forbidden', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON supply_lotlife
    FOR EACH ROW EXECUTE FUNCTION supply_incoming_written_once();
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON supply_lottick
    FOR EACH ROW EXECUTE FUNCTION supply_incoming_written_once();
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON supply_inspection
    FOR EACH ROW EXECUTE FUNCTION supply_incoming_written_once();
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON supply_inspectionresult
    FOR EACH ROW EXECUTE FUNCTION supply_incoming_written_once();
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON supply_disposition
    FOR EACH ROW EXECUTE FUNCTION supply_incoming_written_once();
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON supply_severitynote
    FOR EACH ROW EXECUTE FUNCTION supply_incoming_written_once();
"""
UNDO = """
DROP TRIGGER written_once ON supply_lotlife;
DROP TRIGGER written_once ON supply_lottick;
DROP TRIGGER written_once ON supply_inspection;
DROP TRIGGER written_once ON supply_inspectionresult;
DROP TRIGGER written_once ON supply_disposition;
DROP TRIGGER written_once ON supply_severitynote;
DROP FUNCTION supply_incoming_written_once;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("supply", "0002_sources"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Inspection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lot", models.CharField(max_length=80)),
                ("part", models.CharField(max_length=80)),
                ("supplier", models.CharField(max_length=40)),
                ("lot_size", models.PositiveBigIntegerField()),
                ("level", models.CharField(max_length=3)),
                ("aql", models.DecimalField(decimal_places=3, max_digits=5)),
                ("may_reduce", models.BooleanField()),
                ("original", models.BooleanField(default=True)),
                ("hold", models.CharField(max_length=80, unique=True)),
                ("asked_at", models.DateTimeField()),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Disposition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("what", models.CharField(max_length=10)),
                ("good", models.DecimalField(blank=True, decimal_places=6, max_digits=18, null=True)),
                ("bad", models.DecimalField(blank=True, decimal_places=6, max_digits=18, null=True)),
                ("deviation", models.CharField(blank=True, default="", max_length=20)),
                ("note", models.CharField(blank=True, default="", max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "inspection",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disposition",
                        to="supply.inspection",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InspectionResult",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("severity", models.CharField(max_length=10)),
                ("letter", models.CharField(max_length=1)),
                ("sample", models.PositiveBigIntegerField()),
                ("accept", models.PositiveIntegerField()),
                ("reject", models.PositiveIntegerField()),
                ("whole", models.BooleanField()),
                ("nonconforming", models.PositiveBigIntegerField()),
                ("defects", models.JSONField(default=list)),
                ("tighter", models.BooleanField()),
                ("verdict", models.CharField(max_length=8)),
                ("inspector", models.CharField(blank=True, default="", max_length=80)),
                ("report_name", models.CharField(blank=True, default="", max_length=200)),
                ("report_sha256", models.CharField(blank=True, default="", max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "inspection",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="result",
                        to="supply.inspection",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LotLife",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lot", models.CharField(max_length=80)),
                ("manufactured_on", models.DateField(blank=True, null=True)),
                ("expires_on", models.DateField(blank=True, null=True)),
                ("msl", models.CharField(blank=True, default="", max_length=2)),
                ("label_hours", models.PositiveIntegerField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, default="", max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LotTick",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lot", models.CharField(max_length=80)),
                ("what", models.CharField(max_length=6)),
                ("at", models.DateTimeField()),
                ("note", models.CharField(blank=True, default="", max_length=200)),
                ("recorded_at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReceivingRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("part", models.CharField(max_length=80, unique=True)),
                ("level", models.CharField(blank=True, default="", max_length=3)),
                ("aql", models.DecimalField(blank=True, decimal_places=3, max_digits=5, null=True)),
                ("may_reduce", models.BooleanField(default=False)),
                ("source_policy", models.CharField(default="warn", max_length=6)),
                ("shelf_life_days", models.PositiveIntegerField(blank=True, null=True)),
                ("msl", models.CharField(blank=True, default="", max_length=2)),
                ("changed_at", models.DateTimeField()),
                (
                    "changed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SeverityNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("supplier", models.CharField(max_length=40)),
                ("part", models.CharField(max_length=80)),
                ("what", models.CharField(max_length=10)),
                ("reason", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="inspection",
            index=models.Index(fields=["lot"], name="inspection_lot"),
        ),
        migrations.AddIndex(
            model_name="inspection",
            index=models.Index(fields=["supplier", "part"], name="inspection_source"),
        ),
        migrations.AddConstraint(
            model_name="disposition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("bad", None), ("deviation", ""), ("good", None), ("what", "returned")),
                    models.Q(("bad__gte", 0), ("deviation", ""), ("good__gte", 0), ("what", "sorted")),
                    models.Q(
                        ("bad", None),
                        ("good", None),
                        ("what", "concession"),
                        models.Q(("deviation", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="disposition_whole",
            ),
        ),
        migrations.AddIndex(
            model_name="inspectionresult",
            index=models.Index(fields=["at"], name="inspection_result_at"),
        ),
        migrations.AddConstraint(
            model_name="inspectionresult",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__in", ("normal", "tightened", "reduced"))),
                name="inspection_severity",
            ),
        ),
        migrations.AddConstraint(
            model_name="inspectionresult",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("nonconforming__lte", models.F("accept")), ("verdict", "accepted")),
                    models.Q(("nonconforming__gte", models.F("reject")), ("verdict", "refused")),
                    _connector="OR",
                ),
                name="inspection_verdict",
            ),
        ),
        migrations.AddConstraint(
            model_name="inspectionresult",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "reject",
                        django.db.models.expressions.CombinedExpression(
                            models.F("accept"), "+", models.Value(1)
                        ),
                    )
                ),
                name="inspection_numbers",
            ),
        ),
        migrations.AddConstraint(
            model_name="inspectionresult",
            constraint=models.CheckConstraint(
                condition=models.Q(("nonconforming__lte", models.F("sample"))), name="inspection_counted"
            ),
        ),
        migrations.AddIndex(
            model_name="lotlife",
            index=models.Index(fields=["lot", "-id"], name="lot_life_latest"),
        ),
        migrations.AddIndex(
            model_name="lotlife",
            index=models.Index(fields=["expires_on"], name="lot_life_expiry"),
        ),
        migrations.AddConstraint(
            model_name="lotlife",
            constraint=models.CheckConstraint(
                condition=models.Q(("msl__in", ("", "1", "2", "2a", "3", "4", "5", "5a", "6"))),
                name="lot_life_msl",
            ),
        ),
        migrations.AddConstraint(
            model_name="lotlife",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("label_hours", None),
                    models.Q(("label_hours__gt", 0), ("label_hours__lte", 8760)),
                    _connector="OR",
                ),
                name="lot_life_hours",
            ),
        ),
        migrations.AddConstraint(
            model_name="lotlife",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("expires_on", None),
                    ("manufactured_on", None),
                    ("expires_on__gte", models.F("manufactured_on")),
                    _connector="OR",
                ),
                name="lot_life_dates",
            ),
        ),
        migrations.AddIndex(
            model_name="lottick",
            index=models.Index(fields=["lot", "at"], name="lot_tick_lot"),
        ),
        migrations.AddConstraint(
            model_name="lottick",
            constraint=models.CheckConstraint(
                condition=models.Q(("what__in", ("opened", "dry", "sealed", "baked"))), name="lot_tick_what"
            ),
        ),
        migrations.AddConstraint(
            model_name="receivingrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("aql", None), ("level", "")),
                    models.Q(models.Q(("level", ""), _negated=True), ("aql__isnull", False)),
                    _connector="OR",
                ),
                name="receiving_rule_plan",
            ),
        ),
        migrations.AddConstraint(
            model_name="receivingrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("source_policy__in", ("ignore", "warn", "refuse"))),
                name="receiving_rule_source",
            ),
        ),
        migrations.AddConstraint(
            model_name="receivingrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("msl__in", ("", "1", "2", "2a", "3", "4", "5", "5a", "6"))),
                name="receiving_rule_msl",
            ),
        ),
        migrations.AddIndex(
            model_name="severitynote",
            index=models.Index(fields=["supplier", "part"], name="severity_note_source"),
        ),
        migrations.AddConstraint(
            model_name="severitynote",
            constraint=models.CheckConstraint(
                condition=models.Q(("what__in", ("irregular", "resumed"))), name="severity_note_what"
            ),
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]
