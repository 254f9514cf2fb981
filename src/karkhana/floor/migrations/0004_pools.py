"""Pools of identities, and what the database itself holds about them.

No two ranges share a value, whoever owns them; what is drawn begins where the counter of its range stands;
a counter never goes back; what was drawn or spoilt stays so. All of it binds the application's role too.
"""

import django.db.models.deletion
from django.db import migrations, models

GUARDS = """
-- Spaces lie one after the other on one line of numbers: the largest number in a space is below 10^97.
ALTER TABLE floor_poolrange ADD CONSTRAINT pool_range_apart EXCLUDE USING gist (
    numrange(space_id * 1e100::numeric + low, space_id * 1e100::numeric + high) WITH &&
);
ALTER TABLE floor_poolrange ADD CONSTRAINT pool_range_in_space CHECK (low >= 0 AND high < 1e99::numeric);
ALTER TABLE floor_poolrange SET (fillfactor = 50);
ALTER TABLE floor_poolrange ALTER next_index SET DEFAULT 0;

CREATE FUNCTION floor_pool_take() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE floor_poolrange SET next_index = NEW.last_index + 1
        WHERE id = NEW.range_id AND pool_id = NEW.pool_id
          AND next_index = NEW.first_index AND NEW.last_index BETWEEN next_index AND count - 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'an allotment begins where the counter of its range stands'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER pool_take BEFORE INSERT ON floor_poolallotment
    FOR EACH ROW EXECUTE FUNCTION floor_pool_take();

CREATE FUNCTION floor_pool_only_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.next_index < OLD.next_index
        OR (NEW.id, NEW.pool_id, NEW.space_id, NEW.low, NEW.high, NEW.first, NEW.last, NEW.stem, NEW.period,
            NEW.count, NEW.source, NEW.certificate, NEW.created_at)
        IS DISTINCT FROM
           (OLD.id, OLD.pool_id, OLD.space_id, OLD.low, OLD.high, OLD.first, OLD.last, OLD.stem, OLD.period,
            OLD.count, OLD.source, OLD.certificate, OLD.created_at)
    THEN
        RAISE EXCEPTION 'of a range only the counter changes, and only forward'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER pool_only_forward BEFORE UPDATE ON floor_poolrange
    FOR EACH ROW EXECUTE FUNCTION floor_pool_only_forward();

CREATE FUNCTION floor_pool_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.brand_id, NEW.plant_id, NEW.product_id, NEW.scheme, NEW.kind, NEW.template, NEW.counter_first,
        NEW.counter_last, NEW.code)
        IS DISTINCT FROM
       (OLD.brand_id, OLD.plant_id, OLD.product_id, OLD.scheme, OLD.kind, OLD.template, OLD.counter_first,
        OLD.counter_last, OLD.code)
    THEN
        RAISE EXCEPTION 'what a pool is for does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER pool_fixed BEFORE UPDATE ON floor_pool
    FOR EACH ROW EXECUTE FUNCTION floor_pool_fixed();

CREATE FUNCTION floor_pool_keep_drawn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.next_index > 0 THEN
        RAISE EXCEPTION 'a range that was drawn from is kept' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER pool_keep_drawn BEFORE DELETE ON floor_poolrange
    FOR EACH ROW EXECUTE FUNCTION floor_pool_keep_drawn();

CREATE TRIGGER pool_allotment_append_only BEFORE UPDATE OR DELETE ON floor_poolallotment
    FOR EACH ROW EXECUTE FUNCTION ledger_forbid_change();
CREATE TRIGGER pool_spoilt_append_only BEFORE UPDATE OR DELETE ON floor_poolspoilt
    FOR EACH ROW EXECUTE FUNCTION ledger_forbid_change();

-- A draw moves a counter and nothing that the gate caches: only a range that comes or goes does.
CREATE TRIGGER bump_reference AFTER INSERT OR UPDATE OR DELETE ON floor_pool
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_bump_reference();
CREATE TRIGGER bump_reference AFTER INSERT OR DELETE ON floor_poolrange
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_bump_reference();

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'karkhana_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON floor_poolallotment, floor_poolspoilt FROM karkhana_app;
    END IF;
END $$;
"""
BACK = """
DROP TRIGGER pool_take ON floor_poolallotment;
DROP TRIGGER pool_allotment_append_only ON floor_poolallotment;
DROP TRIGGER pool_spoilt_append_only ON floor_poolspoilt;
DROP TRIGGER pool_only_forward ON floor_poolrange;
DROP TRIGGER pool_keep_drawn ON floor_poolrange;
DROP TRIGGER bump_reference ON floor_poolrange;
DROP TRIGGER bump_reference ON floor_pool;
DROP TRIGGER pool_fixed ON floor_pool;
DROP FUNCTION floor_pool_take, floor_pool_only_forward, floor_pool_fixed, floor_pool_keep_drawn;
"""


class Migration(migrations.Migration):
    """Create the tables and their guards."""

    dependencies = [
        ("design", "0002_released_is_immutable"),
        ("floor", "0003_work_order_stage"),
        ("partners", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PoolSpace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="Pool",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(blank=True, max_length=120)),
                ("scheme", models.CharField(max_length=20)),
                ("kind", models.CharField(blank=True, max_length=40)),
                ("template", models.CharField(blank=True, max_length=80)),
                ("counter_first", models.BigIntegerField(default=1)),
                ("counter_last", models.BigIntegerField(blank=True, null=True)),
                ("alarm_days", models.PositiveIntegerField(default=14)),
                ("alarm_count", models.BigIntegerField(default=0)),
                ("is_closed", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                (
                    "brand",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="partners.brand"),
                ),
                (
                    "plant",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="floor.plant"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="design.product",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PoolRange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("low", models.DecimalField(decimal_places=0, max_digits=100)),
                ("high", models.DecimalField(decimal_places=0, max_digits=100)),
                ("first", models.CharField(max_length=40)),
                ("last", models.CharField(max_length=40)),
                ("stem", models.CharField(blank=True, max_length=80)),
                ("period", models.CharField(blank=True, max_length=80)),
                ("count", models.BigIntegerField()),
                ("next_index", models.BigIntegerField(default=0)),
                ("source", models.CharField(max_length=200)),
                ("certificate", models.CharField(blank=True, max_length=120)),
                ("created_at", models.DateTimeField()),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="ranges", to="floor.pool"
                    ),
                ),
                (
                    "space",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="floor.poolspace"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PoolAllotment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("first_index", models.BigIntegerField()),
                ("last_index", models.BigIntegerField()),
                ("key", models.CharField(max_length=120, null=True)),
                ("part", models.PositiveIntegerField(default=0)),
                ("line", models.CharField(blank=True, max_length=40)),
                ("station", models.CharField(blank=True, max_length=40)),
                ("work_order", models.CharField(blank=True, max_length=40)),
                ("unit", models.CharField(blank=True, max_length=80)),
                ("actor", models.CharField(blank=True, max_length=150)),
                ("at", models.DateTimeField()),
                ("pool", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="floor.pool")),
                (
                    "range",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="floor.poolrange"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PoolSpoilt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("index", models.BigIntegerField()),
                ("reason", models.CharField(max_length=120)),
                ("actor", models.CharField(blank=True, max_length=150)),
                ("at", models.DateTimeField()),
                (
                    "range",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="floor.poolrange"),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="pool",
            constraint=models.CheckConstraint(
                condition=models.Q(("counter_first__gte", 0), ("alarm_count__gte", 0)),
                name="pool_not_negative",
            ),
        ),
        migrations.AddIndex(
            model_name="poolallotment",
            index=models.Index(fields=["pool", "at"], name="pool_allotment_at"),
        ),
        migrations.AddConstraint(
            model_name="poolallotment",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_index__gte", 0), ("last_index__gte", models.F("first_index"))),
                name="pool_allotment_some",
            ),
        ),
        migrations.AddConstraint(
            model_name="poolallotment",
            constraint=models.UniqueConstraint(
                fields=("pool", "key", "part"), name="pool_allotment_key_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="poolrange",
            constraint=models.CheckConstraint(
                condition=models.Q(("count__gt", 0), ("high__gt", models.F("low"))), name="pool_range_some"
            ),
        ),
        migrations.AddConstraint(
            model_name="poolrange",
            constraint=models.CheckConstraint(
                condition=models.Q(("next_index__gte", 0), ("next_index__lte", models.F("count"))),
                name="pool_range_drawn",
            ),
        ),
        migrations.AddConstraint(
            model_name="poolrange",
            constraint=models.UniqueConstraint(
                condition=models.Q(("period", ""), _negated=True),
                fields=("pool", "period"),
                name="pool_range_period_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="poolspoilt",
            constraint=models.UniqueConstraint(fields=("range", "index"), name="pool_spoilt_once"),
        ),
        migrations.RunSQL(GUARDS, BACK),
    ]
