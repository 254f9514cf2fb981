"""What an order is built for: its stage and its market."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("design", "0004_guards"),
        ("floor", "0002_reference_version"),
    ]

    operations = [
        migrations.AddField(
            model_name="workorder",
            name="market",
            field=models.CharField(db_default="IN", default="IN", max_length=2),
        ),
        migrations.AddField(
            model_name="workorder",
            name="stage",
            field=models.CharField(db_default="MP", default="MP", max_length=4),
        ),
        migrations.AddConstraint(
            model_name="workorder",
            constraint=models.CheckConstraint(
                condition=models.Q(("stage__in", ("EVT", "DVT", "PVT", "MP"))), name="work_order_stage"
            ),
        ),
        migrations.AddConstraint(
            model_name="workorder",
            constraint=models.CheckConstraint(
                condition=models.Q(("market__regex", "^[A-Z]{2}$")), name="work_order_market"
            ),
        ),
    ]
