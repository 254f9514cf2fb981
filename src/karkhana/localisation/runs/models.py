"""Table of the runs: what was asked for, how far it is, and the answer."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

WAITING, RUNNING, DONE, REFUSED, BROKEN = "waiting", "running", "done", "refused", "broken"
STATES = (WAITING, RUNNING, DONE, REFUSED, BROKEN)
"""Asked for; being computed; answered; refused by a rule; ended by a fault or with its process."""


class LocalValueRun(models.Model):
    """Local value of the units that were completed in a period, by one method.

    Args:
        key: SHA-256 of what was asked for; asking again finds the same run.
        product, brand, plant: codes, empty: all.
        first, last: days on the calendar of the plant, both included.
        done, total: units, while it is computed.
        result: the JSON form of the answer, null until there is one.
        seq: place in the record up to which it was read; later events are not in the answer.
        told_at: last sign of life of what computes it.
    """

    key = models.CharField(max_length=64, unique=True)
    product = models.CharField(max_length=40, default="", blank=True)
    brand = models.CharField(max_length=40, default="", blank=True)
    plant = models.CharField(max_length=20, default="", blank=True)
    first = models.DateField()
    last = models.DateField()
    method = models.CharField(max_length=60)
    parameters = models.JSONField(default=dict)
    state = models.CharField(max_length=10, default=WAITING)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    result = models.JSONField(null=True, blank=True)
    refusal = models.JSONField(null=True, blank=True)
    seq = models.BigIntegerField(default=0)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    told_at = models.DateTimeField(null=True, blank=True)
    computed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["product", "method", "first"], name="local_value_run_product")]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="local_value_run_state"),
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="local_value_run_days"),
        ]

    def __str__(self) -> str:
        return f"{self.product or self.brand or 'all'} {self.method} {self.first} to {self.last}"
