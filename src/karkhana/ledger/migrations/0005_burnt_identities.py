"""Burnt identities are few among many; an index of their own counts them without reading the others."""

from django.db import migrations


class Migration(migrations.Migration):
    """Add the index; it is written to only when a value is burnt."""

    dependencies = [("ledger", "0004_carried_firmware")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX ledger_identity_burnt ON ledger_identity (space, value) WHERE burnt_at IS NOT NULL",
            "DROP INDEX ledger_identity_burnt",
        )
    ]
