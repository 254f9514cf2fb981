"""Under which deviation an event was accepted, kept in the record beside it, and the uses counted from that."""

from django.db import migrations

COLUMN = """
ALTER TABLE ledger_event ADD COLUMN deviation text;
COMMENT ON COLUMN ledger_event.deviation IS
    'numbers of the deviations that let it through, a blank between; null elsewhere';
"""
USES = """
CREATE TABLE ledger_deviation_use (
    deviation text        NOT NULL,
    unit      text        NOT NULL,
    boards    smallint    NOT NULL,
    step      smallint    NOT NULL,
    station   text        NOT NULL,
    at        timestamptz NOT NULL,
    seq       bigint      NOT NULL,
    PRIMARY KEY (deviation, unit)
);
COMMENT ON TABLE ledger_deviation_use IS 'units that were built under a deviation, each at its first use';
CREATE INDEX ledger_deviation_use_unit ON ledger_deviation_use (unit);
"""


class Migration(migrations.Migration):
    """Add the column and the projection."""

    dependencies = [("ledger", "0002_units_of_an_order")]
    operations = [
        migrations.RunSQL(COLUMN, "ALTER TABLE ledger_event DROP COLUMN deviation"),
        migrations.RunSQL(USES, "DROP TABLE ledger_deviation_use"),
    ]
