"""An index for the units of a work order, which is how builds are judged; one value per order, so it is small."""

from django.db import migrations


class Migration(migrations.Migration):
    """Add the index; it is no part of the record."""

    dependencies = [("ledger", "0001_record")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX ledger_unit_work_order ON ledger_unit (work_order) WHERE work_order IS NOT NULL",
            "DROP INDEX ledger_unit_work_order",
        )
    ]
