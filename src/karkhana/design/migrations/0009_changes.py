"""Change orders, deviations and waivers, and what nobody may do to an approved one."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

GUARDS = """
CREATE SEQUENCE design_change_number;
CREATE SEQUENCE design_deviation_number;

CREATE FUNCTION design_forbid_change_of_order() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    rest jsonb;
    ways jsonb;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '% cannot go', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    ways := CASE TG_TABLE_NAME
        WHEN 'design_changeorder' THEN '{"requested": ["approved", "rejected", "withdrawn"],
                                         "approved": ["effective"], "effective": ["closed"]}'::jsonb
        ELSE '{"requested": ["approved", "rejected", "withdrawn"], "approved": ["closed"]}'::jsonb END;
    IF NEW.state <> OLD.state AND NOT coalesce(ways -> OLD.state ? NEW.state, false) THEN
        RAISE EXCEPTION '% is % and cannot become %', OLD.number, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.id <> OLD.id OR NEW.number <> OLD.number OR NEW.requested_by_id IS DISTINCT FROM OLD.requested_by_id
       OR NEW.requested_at <> OLD.requested_at THEN
        RAISE EXCEPTION '%: who asked for it cannot change', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state <> 'requested' THEN
        rest := to_jsonb(NEW) || jsonb_build_object('state', OLD.state);
        -- What a step forward notes, and nothing without one.
        IF NEW.state = 'effective' AND OLD.state = 'approved' THEN
            rest := rest || jsonb_build_object('effective_at', to_jsonb(OLD) -> 'effective_at');
        ELSIF NEW.state = 'closed' AND OLD.state <> 'closed' THEN
            rest := rest || jsonb_build_object('closed_at', to_jsonb(OLD) -> 'closed_at');
        END IF;
        IF rest IS DISTINCT FROM to_jsonb(OLD) THEN
            RAISE EXCEPTION '% is % and cannot change', OLD.number, OLD.state
                USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION design_check_order() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.content_hash IS DISTINCT FROM encode(sha256(convert_to(NEW.content, 'UTF8')), 'hex') THEN
        RAISE EXCEPTION 'the hash of % does not fit its content', NEW.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved_is_immutable BEFORE UPDATE OR DELETE ON design_changeorder
    FOR EACH ROW EXECUTE FUNCTION design_forbid_change_of_order();
CREATE TRIGGER approved_is_immutable BEFORE UPDATE OR DELETE ON design_deviation
    FOR EACH ROW EXECUTE FUNCTION design_forbid_change_of_order();
CREATE TRIGGER fits_its_hash BEFORE INSERT OR UPDATE ON design_changeorder
    FOR EACH ROW WHEN (NEW.content IS NOT NULL) EXECUTE FUNCTION design_check_order();
CREATE TRIGGER fits_its_hash BEFORE INSERT OR UPDATE ON design_deviation
    FOR EACH ROW WHEN (NEW.content IS NOT NULL) EXECUTE FUNCTION design_check_order();
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON design_changenote
    FOR EACH ROW EXECUTE FUNCTION design_forbid_change();
"""
UNDO = """
DROP TRIGGER written_once ON design_changenote;
DROP TRIGGER fits_its_hash ON design_deviation;
DROP TRIGGER fits_its_hash ON design_changeorder;
DROP TRIGGER approved_is_immutable ON design_deviation;
DROP TRIGGER approved_is_immutable ON design_changeorder;
DROP FUNCTION design_check_order, design_forbid_change_of_order;
DROP SEQUENCE design_change_number, design_deviation_number;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("design", "0008_no_way_around"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ChangeNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.CharField(db_index=True, max_length=20)),
                ("at", models.DateTimeField()),
                ("what", models.CharField(max_length=40)),
                ("note", models.TextField(blank=True, default="")),
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
            name="ChangeOrder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=20, unique=True)),
                ("title", models.CharField(max_length=200)),
                ("reason", models.TextField()),
                ("state", models.CharField(default="requested", max_length=12)),
                ("requested_at", models.DateTimeField()),
                (
                    "required",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, size=None
                    ),
                ),
                ("content", models.TextField(null=True)),
                ("content_hash", models.CharField(max_length=64, null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("change_class", models.CharField(max_length=2)),
                ("effectivity", models.CharField(max_length=10)),
                ("effective_on", models.DateField(null=True)),
                ("effective_serial", models.CharField(blank=True, default="", max_length=80)),
                ("orders", models.JSONField(default=list)),
                ("in_process", models.CharField(max_length=10)),
                ("stock", models.CharField(max_length=10)),
                ("impact", models.TextField(null=True)),
                ("effective_at", models.DateTimeField(null=True)),
                (
                    "from_revision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes_from",
                        to="design.revision",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="design.product"),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "to_revision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes_to",
                        to="design.revision",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ("requested", "approved", "effective", "closed", "rejected", "withdrawn"),
                            )
                        ),
                        name="change_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("change_class__in", ("I", "II"))), name="change_class"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("in_process__in", ("finish", "hold"))), name="change_in_process"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("stock__in", ("use_up", "rework", "scrap", "return"))),
                        name="change_stock",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("from_revision", models.F("to_revision")), _negated=True),
                        name="change_revisions",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("effective_on__isnull", False), ("effectivity", "date")),
                            models.Q(
                                ("effectivity", "serial"), models.Q(("effective_serial", ""), _negated=True)
                            ),
                            models.Q(("effectivity", "work_order"), models.Q(("orders", []), _negated=True)),
                            _connector="OR",
                        ),
                        name="change_effectivity",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("approved_at", None),
                                ("content", None),
                                ("content_hash", None),
                                ("state__in", ("requested", "rejected", "withdrawn")),
                            ),
                            models.Q(
                                ("approved_at__isnull", False),
                                ("content__isnull", False),
                                ("content_hash__isnull", False),
                                ("impact__isnull", False),
                                ("state__in", ("approved", "effective", "closed")),
                            ),
                            _connector="OR",
                        ),
                        name="change_approved_whole",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("effectivity__in", ["date", "serial"]),
                            ("state__in", ("approved", "effective", "closed")),
                        ),
                        fields=("from_revision",),
                        name="change_from_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Deviation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=20, unique=True)),
                ("title", models.CharField(max_length=200)),
                ("reason", models.TextField()),
                ("state", models.CharField(default="requested", max_length=12)),
                ("requested_at", models.DateTimeField()),
                (
                    "required",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, size=None
                    ),
                ),
                ("content", models.TextField(null=True)),
                ("content_hash", models.CharField(max_length=64, null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("kind", models.CharField(max_length=10)),
                ("part", models.CharField(blank=True, default="", max_length=200)),
                ("substitute", models.CharField(blank=True, default="", max_length=200)),
                ("step", models.PositiveSmallIntegerField(null=True)),
                ("role", models.CharField(blank=True, default="", max_length=80)),
                ("requirement", models.TextField(blank=True, default="")),
                ("max_units", models.PositiveIntegerField(null=True)),
                ("until", models.DateField(null=True)),
                (
                    "work_orders",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, size=None
                    ),
                ),
                (
                    "serials",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), blank=True, default=list, size=None
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="design.product"),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "revision",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="design.revision"),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ("requested", "approved", "closed", "rejected", "withdrawn"))
                        ),
                        name="deviation_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind", "deviation"),
                                ("serials", []),
                                models.Q(("max_units", None), ("until", None), _negated=True),
                            ),
                            models.Q(
                                ("kind", "waiver"),
                                ("max_units", None),
                                ("part", ""),
                                ("until", None),
                                models.Q(("serials", []), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="deviation_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("part", ""), ("substitute", "")),
                            models.Q(
                                models.Q(("part", ""), _negated=True),
                                models.Q(("substitute", ""), _negated=True),
                                models.Q(("part", models.F("substitute")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="deviation_part",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("part", ""), _negated=True),
                            models.Q(("requirement", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="deviation_says_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("max_units", None), ("max_units__gt", 0), _connector="OR"),
                        name="deviation_units",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("approved_at", None),
                                ("content", None),
                                ("content_hash", None),
                                ("state__in", ("requested", "rejected", "withdrawn")),
                            ),
                            models.Q(
                                ("approved_at__isnull", False),
                                ("content__isnull", False),
                                ("content_hash__isnull", False),
                                ("state__in", ["approved", "closed"]),
                            ),
                            _connector="OR",
                        ),
                        name="deviation_approved_whole",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]
