"""Tables of the floor room: plants, lines, stations, line set-ups and work orders (ISA-95 terms)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from karkhana.design.models import Revision
from karkhana.design.stages import STAGES


class Plant(models.Model):
    """A site. ``time_zone`` is an IANA name; days and shifts are told in it."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=40, default="Asia/Kolkata")

    def __str__(self) -> str:
        return self.code


class Line(models.Model):
    """A production line. ``kind`` is smt, assembly, box or glass."""

    plant = models.ForeignKey(Plant, on_delete=models.PROTECT, related_name="lines")
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20)

    def __str__(self) -> str:
        return self.code


class Station(models.Model):
    """A place on a line where one kind of step is done; stores, repair benches and docks included."""

    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="stations")
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    station_type = models.CharField(max_length=40)
    sequence = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.code


class LineSetup(models.Model):
    """A released revision that a line is set up to build; a line may be set up for several."""

    line = models.ForeignKey(Line, on_delete=models.CASCADE, related_name="setups")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["line", "revision"], name="line_setup_once")]

    def __str__(self) -> str:
        return f"{self.line} {self.revision}"


class WorkOrder(models.Model):
    """An order to build so many units of one released revision.

    ``stage`` is what the build is for; a trigger refuses it where the product is not through the gates before
    it. ``market`` is the country (ISO 3166-1 alpha-2) that its units go to. ``created_at`` is null on orders
    from before this was kept.
    """

    code = models.CharField(max_length=40, unique=True)
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT)
    quantity = models.PositiveIntegerField()
    stage = models.CharField(max_length=4, default="MP", db_default="MP")
    market = models.CharField(max_length=2, default="IN", db_default="IN")
    due_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="work_order_quantity"),
            models.CheckConstraint(condition=Q(stage__in=STAGES), name="work_order_stage"),
            models.CheckConstraint(condition=Q(market__regex="^[A-Z]{2}$"), name="work_order_market"),
        ]

    def __str__(self) -> str:
        return self.code


from karkhana.floor.pools.models import (  # noqa: E402 - they name the tables above
    Pool,
    PoolAllotment,
    PoolRange,
    PoolSpace,
    PoolSpoilt,
)

__all__ = [
    "STAGES",
    "Line",
    "LineSetup",
    "Plant",
    "Pool",
    "PoolAllotment",
    "PoolRange",
    "PoolSpace",
    "PoolSpoilt",
    "Station",
    "WorkOrder",
]
