"""Storage places, the journal of stock, and the balances that follow it.

The journal is append only and moves the balances; nothing else may change them, the application's role included.
"""

import django.db.models.deletion
from django.db import migrations, models

GUARDS = """
CREATE FUNCTION supply_stock_apply() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind = 'count' THEN
        RETURN NULL;
    END IF;
    IF NEW.source_id IS NOT NULL THEN
        UPDATE supply_stockbalance SET quantity = quantity - NEW.quantity
            WHERE lot = NEW.lot AND place_id = NEW.source_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'nothing of lot % stands at that place', NEW.lot USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF NEW.target_id IS NOT NULL THEN
        INSERT INTO supply_stockbalance (lot, place_id, quantity) VALUES (NEW.lot, NEW.target_id, NEW.quantity)
            ON CONFLICT (lot, place_id)
            DO UPDATE SET quantity = supply_stockbalance.quantity + excluded.quantity;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER stock_apply AFTER INSERT ON supply_stockmove
    FOR EACH ROW EXECUTE FUNCTION supply_stock_apply();
CREATE TRIGGER stock_append_only BEFORE UPDATE OR DELETE ON supply_stockmove
    FOR EACH ROW EXECUTE FUNCTION ledger_forbid_change();
CREATE TRIGGER stock_no_truncate BEFORE TRUNCATE ON supply_stockmove
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_forbid_change();

CREATE FUNCTION supply_stock_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Depth 2 is this trigger inside the journal's own.
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'balances follow the journal of movements' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stock_follows BEFORE INSERT OR UPDATE OR DELETE ON supply_stockbalance
    FOR EACH ROW EXECUTE FUNCTION supply_stock_follows();

CREATE FUNCTION supply_place_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.code, NEW.plant, NEW.kind) IS DISTINCT FROM (OLD.code, OLD.plant, OLD.kind) THEN
        RAISE EXCEPTION 'a place keeps its code, plant and kind' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER place_fixed BEFORE UPDATE ON supply_storeplace
    FOR EACH ROW EXECUTE FUNCTION supply_place_fixed();

-- Lots are picked by part, oldest first, and listed by supplier.
CREATE INDEX ledger_lot_part ON ledger_lot (part, received_at, lot);
CREATE INDEX ledger_lot_supplier ON ledger_lot (supplier, lot);

DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'karkhana_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON supply_stockmove FROM karkhana_app;
    END IF;
END $$;
"""
BACK = """
DROP INDEX ledger_lot_supplier;
DROP INDEX ledger_lot_part;
DROP TRIGGER place_fixed ON supply_storeplace;
DROP TRIGGER stock_follows ON supply_stockbalance;
DROP TRIGGER stock_no_truncate ON supply_stockmove;
DROP TRIGGER stock_append_only ON supply_stockmove;
DROP TRIGGER stock_apply ON supply_stockmove;
DROP FUNCTION supply_stock_apply, supply_stock_follows, supply_place_fixed;
"""


class Migration(migrations.Migration):
    """Create the tables and their guards."""

    dependencies = [
        ("ledger", "0001_record"),
        ("supply", "0004_incoming"),
    ]

    operations = [
        migrations.CreateModel(
            name="StorePlace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(blank=True, default="", max_length=120)),
                ("plant", models.CharField(max_length=20)),
                ("kind", models.CharField(max_length=12)),
                ("is_default", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ("store", "quarantine", "line", "scrap"))),
                        name="place_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("is_default", False), ("kind", "store"), _connector="OR"),
                        name="place_default",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)), fields=("plant",), name="place_default_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StockMove",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("uid", models.UUIDField(unique=True)),
                ("batch", models.UUIDField(null=True)),
                ("kind", models.CharField(max_length=12)),
                ("lot", models.CharField(max_length=80)),
                ("part", models.CharField(max_length=80)),
                ("quantity", models.DecimalField(decimal_places=6, max_digits=18)),
                ("reason", models.CharField(blank=True, default="", max_length=200)),
                ("work_order", models.CharField(blank=True, default="", max_length=40)),
                ("note", models.CharField(blank=True, default="", max_length=500)),
                ("at", models.DateTimeField()),
                ("by", models.CharField(blank=True, default="", max_length=150)),
                (
                    "source",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="supply.storeplace",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="supply.storeplace",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["lot", "number"], name="stock_move_lot"),
                    models.Index(
                        condition=models.Q(("work_order", ""), _negated=True),
                        fields=["work_order", "part"],
                        name="stock_move_order",
                    ),
                    models.Index(
                        condition=models.Q(("work_order", ""), _negated=True),
                        fields=["part", "work_order"],
                        name="stock_move_part",
                    ),
                    models.Index(
                        condition=models.Q(("batch__isnull", False)),
                        fields=["batch"],
                        name="stock_move_batch",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                (
                                    "open",
                                    "move",
                                    "issue",
                                    "return",
                                    "count",
                                    "use",
                                    "adjust",
                                    "scrap",
                                    "send_back",
                                    "split",
                                    "merge",
                                ),
                            )
                        ),
                        name="stock_move_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("quantity__gt", 0),
                            models.Q(("kind__in", ("open", "count")), ("quantity", 0)),
                            _connector="OR",
                        ),
                        name="stock_move_quantity",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("source__isnull", False), ("target__isnull", False), _connector="OR"
                        ),
                        name="stock_move_somewhere",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "open")), fields=("lot",), name="stock_opened_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StockBalance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lot", models.CharField(max_length=80)),
                ("quantity", models.DecimalField(decimal_places=6, max_digits=18)),
                (
                    "place",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="supply.storeplace"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("quantity__gt", 0)),
                        fields=["place", "lot"],
                        name="stock_at_place",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("lot", "place"), name="stock_once"),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 0)), name="stock_not_negative"
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, BACK),
    ]
