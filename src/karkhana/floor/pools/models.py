"""Tables of the pools. The database itself holds that no value is in two ranges or drawn twice.

Ranges of one space cannot overlap (an exclusion constraint, whoever owns them), an allotment begins
exactly where its range's counter stands and moves it on (a trigger), and the counter never goes back:
see migration ``floor.0004_pools``.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Pool(models.Model):
    """Where the values of one identity of one brand come from.

    Args:
        plant, product: null for all plants and products of the brand.
        kind: the identity's name in the release, such as ``imei1``; empty for all of the scheme.
        template: of serial numbers that are composed when they are drawn; the pool then opens a range by
            itself whenever the text before the counter changes. Empty where ranges are imported.
        counter_first, counter_last: of the template's counter; last null for all it has room for.
        alarm_days, alarm_count: the pool gives alarm when it lasts for fewer days or holds fewer values.
        is_closed: nothing is drawn any more; what was drawn may still be written.
    """

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120, blank=True)
    brand = models.ForeignKey("partners.Brand", on_delete=models.PROTECT)
    plant = models.ForeignKey("floor.Plant", on_delete=models.PROTECT, null=True, blank=True)
    product = models.ForeignKey("design.Product", on_delete=models.PROTECT, null=True, blank=True)
    scheme = models.CharField(max_length=20)
    kind = models.CharField(max_length=40, blank=True)
    template = models.CharField(max_length=80, blank=True)
    counter_first = models.BigIntegerField(default=1)
    counter_last = models.BigIntegerField(null=True, blank=True)
    alarm_days = models.PositiveIntegerField(default=14)
    alarm_count = models.BigIntegerField(default=0)
    is_closed = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(counter_first__gte=0) & Q(alarm_count__gte=0), name="pool_not_negative"
            )
        ]

    def __str__(self) -> str:
        return self.code


class PoolSpace(models.Model):
    """A space in which values are unique, such as ``eui48`` or ``serial/ACME/14``; its number is folded
    into the numbers of the ranges, so that one constraint keeps all of them apart."""

    name = models.CharField(max_length=80, unique=True)

    def __str__(self) -> str:
        return self.name


class PoolRange(models.Model):
    """A run of consecutive values. Only ``next_index`` ever changes, and only upwards.

    Args:
        low, high: half-open interval of numbers in the space (``kernel.ranges.Range.span``).
        stem: of texts, the template with nothing open but the counter and the check character.
        period: the stem again where the pool opened the range by itself, else empty.
        next_index: how many are drawn: the place of the next value, counted from 0.
        source: file and line that it came from, ``form``, or ``template``.
        certificate: reference of the registry's allocation.
    """

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="ranges")
    space = models.ForeignKey(PoolSpace, on_delete=models.PROTECT)
    low = models.DecimalField(max_digits=100, decimal_places=0)
    high = models.DecimalField(max_digits=100, decimal_places=0)
    first = models.CharField(max_length=40)
    last = models.CharField(max_length=40)
    stem = models.CharField(max_length=80, blank=True)
    period = models.CharField(max_length=80, blank=True)
    count = models.BigIntegerField()
    next_index = models.BigIntegerField(default=0)
    source = models.CharField(max_length=200)
    certificate = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(count__gt=0) & Q(high__gt=models.F("low")), name="pool_range_some"
            ),
            models.CheckConstraint(
                condition=Q(next_index__gte=0) & Q(next_index__lte=models.F("count")), name="pool_range_drawn"
            ),
            models.UniqueConstraint(
                fields=["pool", "period"], condition=~Q(period=""), name="pool_range_period_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} … {self.last}"


class PoolAllotment(models.Model):
    """Values that were drawn: a block of one range. Append only.

    Args:
        key: who draws with the same key again gets the same values; ``part`` counts the blocks of a draw.
        line, station, work_order, unit, actor: what is printed on them, or empty.
    """

    pool = models.ForeignKey(Pool, on_delete=models.PROTECT)
    range = models.ForeignKey(PoolRange, on_delete=models.PROTECT)
    first_index = models.BigIntegerField()
    last_index = models.BigIntegerField()
    key = models.CharField(max_length=120, null=True)
    part = models.PositiveIntegerField(default=0)
    line = models.CharField(max_length=40, blank=True)
    station = models.CharField(max_length=40, blank=True)
    work_order = models.CharField(max_length=40, blank=True)
    unit = models.CharField(max_length=80, blank=True)
    actor = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(first_index__gte=0) & Q(last_index__gte=models.F("first_index")),
                name="pool_allotment_some",
            ),
            models.UniqueConstraint(fields=["pool", "key", "part"], name="pool_allotment_key_once"),
        ]
        indexes = [models.Index(fields=["pool", "at"], name="pool_allotment_at")]

    def __str__(self) -> str:
        return f"{self.range_id}: {self.first_index} … {self.last_index}"


class PoolSpoilt(models.Model):
    """A value that must never be written into a unit, drawn or not. Append only."""

    range = models.ForeignKey(PoolRange, on_delete=models.PROTECT)
    index = models.BigIntegerField()
    reason = models.CharField(max_length=120)
    actor = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["range", "index"], name="pool_spoilt_once")]

    def __str__(self) -> str:
        return f"{self.range_id}: {self.index}"
