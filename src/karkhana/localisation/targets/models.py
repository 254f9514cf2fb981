"""Table of the targets."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from karkhana.design.models import Product
from karkhana.partners.models import Brand


class LocalTarget(models.Model):
    """A share of local value, by one method, that a product or all of a brand shall reach by a day.

    ``percent`` is compared unrounded. ``said_by`` is who promised or asked for it, such as a contract.
    """

    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=60)
    percent = models.DecimalField(max_digits=7, decimal_places=4)
    by_date = models.DateField()
    said_by = models.CharField(max_length=120, default="", blank=True)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "method", "by_date"],
                condition=Q(brand=None),
                name="local_target_product_once",
            ),
            models.UniqueConstraint(
                fields=["brand", "method", "by_date"],
                condition=Q(product=None),
                name="local_target_brand_once",
            ),
            models.CheckConstraint(
                condition=Q(product=None, brand__isnull=False) | Q(product__isnull=False, brand=None),
                name="local_target_subject",
            ),
            models.CheckConstraint(condition=Q(percent__gt=0, percent__lte=100), name="local_target_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.product or self.brand} {self.percent} by {self.by_date}"
