"""Suppliers, and what they certify of the local content of what they deliver."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from karkhana.partners.models import Brand

MAKER, DISTRIBUTOR, BRAND = "maker", "distributor", "brand"
ROLES = (MAKER, DISTRIBUTOR, BRAND)
"""Makes what it sells; sells what others made; a customer who hands in its own material (free issue)."""


class Supplier(models.Model):
    """Somebody who delivers parts. ``country`` is where it is seated (ISO 3166-1 alpha-2).

    ``tax_id`` is its GSTIN, or the number of its own country. A supplier of role ``brand`` delivers material
    that belongs to ``brand``: every lot of it is consigned stock of that brand.
    """

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    country = models.CharField(max_length=2)
    role = models.CharField(max_length=12, default=MAKER, db_default=MAKER)
    tax_id = models.CharField(max_length=40, default="", db_default="", blank=True)
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=ROLES), name="supplier_role"),
            models.CheckConstraint(
                condition=Q(role=BRAND, brand__isnull=False) | (~Q(role=BRAND) & Q(brand=None)),
                name="supplier_brand",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class LocalContentCertificate(models.Model):
    """A supplier's statement of how much of what it delivers is local, for a time.

    ``part`` is empty when it speaks of everything that the supplier delivers. ``method`` names the method by
    which the percentage was found (``PPP_MII`` and so on), empty when it does not say. ``auditor`` is who
    signed it, ``membership`` that person's number or UDIN.
    """

    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="certificates")
    number = models.CharField(max_length=60)
    part = models.CharField(max_length=80, default="", blank=True)
    method = models.CharField(max_length=40, default="", blank=True)
    percent = models.DecimalField(max_digits=9, decimal_places=6)
    valid_from = models.DateField()
    valid_to = models.DateField()
    auditor = models.CharField(max_length=120, default="", blank=True)
    membership = models.CharField(max_length=40, default="", blank=True)
    file_name = models.CharField(max_length=200, default="", blank=True)
    file_sha256 = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["supplier", "part"], name="content_certificate_of")]
        constraints = [
            models.UniqueConstraint(fields=["supplier", "number", "part"], name="content_certificate_once"),
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lte=100), name="content_certificate_percent"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__gte=F("valid_from")), name="content_certificate_dates"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier.code} {self.number}"
