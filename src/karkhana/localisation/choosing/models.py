"""Tables of what could be localised, and of what is planned to be built."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from karkhana.design.models import Product

MINIMA = ("month", "order")


def _money(**said: object) -> models.DecimalField:
    return models.DecimalField(max_digits=20, decimal_places=6, **said)  # type: ignore[arg-type]


class LocalCandidate(models.Model):
    """A part or sub-assembly that could come from a local source; fields as ``solving.localising.Candidate``.

    ``dropped_at`` takes it out of every choice; importing it again brings it back.
    """

    code = models.CharField(max_length=80, unique=True)
    part = models.CharField(max_length=80, default="", blank=True)
    source = models.CharField(max_length=80, default="", blank=True)
    replaces = models.JSONField(default=list)
    requires = models.JSONField(default=list)
    only_one_of = models.CharField(max_length=80, default="", blank=True)
    one_time = _money(default=0)
    lead_months = models.PositiveIntegerField(default=0)
    capacity = models.BigIntegerField(null=True, blank=True)
    minimum = models.BigIntegerField(default=0)
    minimum_per = models.CharField(max_length=5, default="month")
    share_max = models.DecimalField(max_digits=7, decimal_places=6, default=1)
    share_min = models.DecimalField(max_digits=7, decimal_places=6, default=0)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    dropped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(minimum_per__in=MINIMA), name="local_candidate_minimum_per"),
            models.CheckConstraint(
                condition=Q(one_time__gte=0, minimum__gte=0), name="local_candidate_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(share_min__gte=0, share_max__lte=1, share_min__lte=F("share_max")),
                name="local_candidate_shares",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class LocalCandidateEffect(models.Model):
    """What a candidate does to one unit of a product, in rupees; ``local_value`` null is worked out."""

    candidate = models.ForeignKey(LocalCandidate, on_delete=models.CASCADE, related_name="effects")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    imported_before = _money()
    imported_after = _money()
    price_change = _money(default=0)
    value_change = _money(default=0)
    quantity = models.PositiveIntegerField(default=1)
    local_value = _money(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["candidate", "product"], name="local_candidate_effect_once"),
            models.CheckConstraint(
                condition=Q(imported_before__gte=0, imported_after__gte=0, quantity__gte=1),
                name="local_candidate_effect_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.candidate} in {self.product}"


class PlannedUnits(models.Model):
    """Units of a product that are planned for a month; ``month`` is its first day."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    month = models.DateField()
    units = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "month"], name="planned_units_once"),
            models.CheckConstraint(condition=Q(units__gte=0, month__day=1), name="planned_units_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.month:%Y-%m} {self.units}"
