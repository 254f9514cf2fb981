"""Imports of registers, their refused rows, and saved layouts."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("supply", "0003_stock"),
    ]

    operations = [
        migrations.CreateModel(
            name="RegisterLayout",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("fingerprint", models.CharField(max_length=64, unique=True)),
                ("kind", models.CharField(max_length=20)),
                ("headings", models.JSONField(default=list)),
                ("columns", models.JSONField(default=dict)),
                ("decimal", models.CharField(blank=True, default="", max_length=5)),
                ("dates", models.CharField(blank=True, default="", max_length=3)),
                ("currency", models.CharField(blank=True, default="", max_length=3)),
                ("saved_at", models.DateTimeField()),
                ("saved_by", models.CharField(blank=True, default="", max_length=150)),
            ],
        ),
        migrations.CreateModel(
            name="RegisterRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("file_name", models.CharField(max_length=200)),
                ("file_sha256", models.CharField(max_length=64)),
                ("state", models.CharField(default="running", max_length=8)),
                ("rows", models.PositiveIntegerField(default=0)),
                ("lines", models.PositiveIntegerField(default=0)),
                ("made", models.PositiveIntegerField(default=0)),
                ("same", models.PositiveIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0)),
                ("skipped", models.PositiveIntegerField(default=0)),
                ("codes", models.JSONField(default=dict)),
                ("remarks", models.JSONField(default=list)),
                ("settings", models.JSONField(default=dict)),
                ("problem", models.CharField(blank=True, default="", max_length=400)),
                ("user", models.CharField(blank=True, default="", max_length=150)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["-started_at"], name="register_run_latest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("running", "done", "failed"))),
                        name="register_run_state",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RegisterRefusal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line", models.PositiveIntegerField()),
                ("field", models.CharField(blank=True, default="", max_length=40)),
                ("code", models.CharField(max_length=60)),
                ("message", models.TextField()),
                ("next_step", models.TextField()),
                ("cells", models.JSONField(default=list)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refusals",
                        to="supply.registerrun",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["run", "line"], name="register_refusal_line")],
            },
        ),
    ]
