"""Every change of what the gate caches raises ``ledger_reference.version``, by whatever way it comes."""

from django.db import migrations

TABLES = (
    "partners_brand",
    "design_product",
    "design_revision",
    "people_operator",
    "people_certificate",
    "supply_supplier",
    "floor_plant",
    "floor_line",
    "floor_station",
    "floor_linesetup",
    "floor_workorder",
)


class Migration(migrations.Migration):
    """Put the trigger on every reference table."""

    dependencies = [
        ("floor", "0001_initial"),
        ("people", "0001_initial"),
        ("supply", "0001_initial"),
        ("ledger", "0001_record"),
    ]
    operations = [
        migrations.RunSQL(
            f"CREATE TRIGGER bump_reference AFTER INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ledger_bump_reference()",
            f"DROP TRIGGER bump_reference ON {table}",
        )
        for table in TABLES
    ]
