"""Agreements, drafts with plans, variants, assemblies, signed approvals, stored files."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("design", "0002_released_is_immutable"),
        ("partners", "0002_agreements"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Approval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject_kind", models.CharField(max_length=20)),
                ("subject", models.CharField(max_length=120)),
                ("subject_hash", models.CharField(max_length=64)),
                ("decision", models.CharField(max_length=10)),
                ("comment", models.TextField(blank=True)),
                ("signed_at", models.DateTimeField()),
                ("statement", models.TextField()),
                ("signature", models.CharField(max_length=128)),
            ],
        ),
        migrations.CreateModel(
            name="StoredFile",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("size", models.PositiveBigIntegerField()),
                ("media_type", models.CharField(default="application/octet-stream", max_length=100)),
                ("content", models.BinaryField()),
                ("stored_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="bomline",
            name="approved_manufacturers",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=200), default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="bomline",
            name="assembly_product",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
        migrations.AddField(
            model_name="bomline",
            name="assembly_revision",
            field=models.CharField(blank=True, db_default="", default="", max_length=20),
        ),
        migrations.AddField(
            model_name="bomline",
            name="dropped",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="product",
            name="agreement",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="partners.agreement"
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="design_owner",
            field=models.CharField(db_default="maker", default="maker", max_length=10),
        ),
        migrations.AddField(
            model_name="revision",
            name="base",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="variants",
                to="design.revision",
            ),
        ),
        migrations.AddField(
            model_name="revision",
            name="created_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="revision",
            name="ended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="revision",
            name="plan",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="revision",
            name="plan_version",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="revision",
            name="review_hash",
            field=models.CharField(max_length=64, null=True),
        ),
        migrations.AddField(
            model_name="revision",
            name="state",
            field=models.CharField(db_default="draft", default="draft", max_length=12),
        ),
        migrations.AddField(
            model_name="revision",
            name="submitted_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="revision",
            name="submitted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="revision",
            name="product",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="revisions", to="design.product"
            ),
        ),
        migrations.AddIndex(
            model_name="bomline",
            index=models.Index(fields=["part_number"], name="bom_line_part"),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(("design_owner__in", ("maker", "brand", "joint"))),
                name="product_design_owner",
            ),
        ),
        migrations.RunSQL(
            "DROP TRIGGER released_is_immutable ON design_revision;"
            "UPDATE design_revision SET state = 'released' WHERE package IS NOT NULL",
            "CREATE TRIGGER released_is_immutable BEFORE UPDATE OR DELETE ON design_revision FOR EACH ROW"
            " WHEN (OLD.package IS NOT NULL) EXECUTE FUNCTION design_forbid_change_of_release()",
        ),
        migrations.AddConstraint(
            model_name="revision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("package", None), ("state__in", ("draft", "in_review"))),
                    models.Q(
                        ("package__isnull", False), ("state__in", ["released", "superseded", "obsolete"])
                    ),
                    _connector="OR",
                ),
                name="revision_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="revision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "in_review"), _negated=True),
                    models.Q(("review_hash__isnull", False), ("submitted_at__isnull", False)),
                    _connector="OR",
                ),
                name="revision_in_review",
            ),
        ),
        migrations.AddConstraint(
            model_name="revision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("base", None), models.Q(("base", models.F("id")), _negated=True), _connector="OR"
                ),
                name="revision_base",
            ),
        ),
        migrations.AddField(
            model_name="approval",
            name="party",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="partners.party"),
        ),
        migrations.AddField(
            model_name="approval",
            name="signatory",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="partners.signatory"),
        ),
        migrations.AddConstraint(
            model_name="storedfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")), name="stored_file_name"
            ),
        ),
        migrations.AddIndex(
            model_name="approval",
            index=models.Index(fields=["subject_kind", "subject"], name="approval_subject"),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.UniqueConstraint(
                fields=("subject_kind", "subject", "subject_hash", "signatory"), name="approval_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("subject_kind__in", ("revision", "change_order", "firmware", "deviation", "stage_gate"))
                ),
                name="approval_subject_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(("decision__in", ["approved", "rejected"])), name="approval_decision"
            ),
        ),
    ]
