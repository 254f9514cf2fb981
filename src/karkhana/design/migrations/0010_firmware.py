"""Firmware images; what is registered of one never changes, and only signed ones are approved."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

GUARDS = """
-- What is registered stays as it is; a state goes forward only, and forward to approved only with every signature.
CREATE FUNCTION design_guard_firmware() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    rest design_firmwareimage;
    unsigned text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'draft' THEN
            RAISE EXCEPTION 'firmware % % is % and cannot go', OLD.target, OLD.version, OLD.state
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'firmware % % begins as a draft', NEW.target, NEW.version
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    rest := NEW;
    rest.state := OLD.state;
    IF OLD.state = 'draft' AND NEW.state = 'approved' THEN
        rest.required := OLD.required;
        rest.released_by_id := OLD.released_by_id;
        rest.approved_at := OLD.approved_at;
    ELSIF OLD.state = 'approved' AND NEW.state = 'withdrawn' THEN
        rest.withdrawn_by_id := OLD.withdrawn_by_id;
        rest.withdrawn_at := OLD.withdrawn_at;
        rest.withdrawn_reason := OLD.withdrawn_reason;
    ELSIF NEW.state <> OLD.state THEN
        RAISE EXCEPTION 'firmware % % is % and cannot become %', OLD.target, OLD.version, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF rest IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'firmware % % is registered and cannot change', OLD.target, OLD.version
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state = 'draft' AND NEW.state = 'approved' THEN
        SELECT needed INTO unsigned FROM (
            SELECT unnest(NEW.required) AS needed
            UNION
            SELECT y.code FROM design_product d
            JOIN partners_agreement a ON a.id = d.agreement_id
                AND a.starts_on <= NEW.approved_at::date
                AND (a.ends_on IS NULL OR NEW.approved_at::date < a.ends_on)
            JOIN partners_agreementparty g ON g.agreement_id = a.id AND 'firmware' = ANY(g.approves)
            JOIN partners_party y ON y.id = g.party_id WHERE d.id = NEW.product_id
            UNION
            SELECT y.code FROM design_product d JOIN partners_party y ON y.brand_id = d.brand_id
            WHERE d.id = NEW.product_id AND d.design_owner = 'brand'
        ) parties
        WHERE NOT EXISTS (
            SELECT FROM design_approval s JOIN partners_party y ON y.id = s.party_id
            WHERE s.subject_kind = 'firmware' AND s.subject_hash = NEW.content_hash
              AND s.decision = 'approved' AND y.code = needed
        ) LIMIT 1;
        IF unsigned IS NOT NULL THEN
            RAISE EXCEPTION 'firmware % % is not signed by %', NEW.target, NEW.version, unsigned
                USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE INSERT OR UPDATE OR DELETE ON design_firmwareimage
    FOR EACH ROW EXECUTE FUNCTION design_guard_firmware();
CREATE TRIGGER bump_reference AFTER INSERT OR UPDATE OR DELETE ON design_firmwareimage
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_bump_reference();
"""
UNDO = """
DROP TRIGGER bump_reference ON design_firmwareimage;
DROP TRIGGER guarded ON design_firmwareimage;
DROP FUNCTION design_guard_firmware;
"""


class Migration(migrations.Migration):
    """Make the table of images and guard it in the database itself."""

    dependencies = [
        ("ledger", "0001_record"),
        ("design", "0009_changes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FirmwareImage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("target", models.CharField(max_length=40)),
                ("version", models.CharField(max_length=80)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveBigIntegerField()),
                ("location", models.CharField(blank=True, max_length=500)),
                ("notes", models.TextField(blank=True)),
                (
                    "markets",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=2), blank=True, default=list, size=None
                    ),
                ),
                (
                    "revisions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), blank=True, default=list, size=None
                    ),
                ),
                ("content_hash", models.CharField(max_length=64)),
                ("state", models.CharField(db_default="draft", default="draft", max_length=10)),
                ("created_at", models.DateTimeField()),
                (
                    "required",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, size=None
                    ),
                ),
                ("approved_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_reason", models.TextField(blank=True)),
                (
                    "file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="design.storedfile",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="firmware_images",
                        to="design.product",
                    ),
                ),
                (
                    "released_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
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
                    "withdrawn_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("product", "target", "version"), name="firmware_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("draft", "approved", "withdrawn"))),
                        name="firmware_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")), name="firmware_sha256"
                    ),
                    models.CheckConstraint(condition=models.Q(("size__gt", 0)), name="firmware_size"),
                    models.CheckConstraint(
                        condition=models.Q(("file", None), ("file", models.F("sha256")), _connector="OR"),
                        name="firmware_file",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("target__contains", "="), _negated=True), name="firmware_target"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at", None), ("state", "draft"), ("withdrawn_at", None)),
                            models.Q(
                                ("approved_at__isnull", False), ("state", "approved"), ("withdrawn_at", None)
                            ),
                            models.Q(
                                ("approved_at__isnull", False),
                                ("state", "withdrawn"),
                                ("withdrawn_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="firmware_life",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]
