"""Finds the units that carry a version of firmware, and leaves units without firmware alone."""

from django.db import migrations


class Migration(migrations.Migration):
    """Index what units carry.

    A product's units carry few different sets of versions, so the sets are walked first and then the units of
    those that hold the version. Against an index over each version by itself (GIN) an entry is written once
    per unit, not once per version.
    """

    dependencies = [("ledger", "0003_deviations")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX ledger_unit_firmware ON ledger_unit (product, firmware) WHERE firmware <> '{}'",
            "DROP INDEX ledger_unit_firmware",
        ),
    ]
