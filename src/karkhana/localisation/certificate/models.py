"""Table of issued certificates. The database itself holds that none is changed or goes.

See migration ``localisation.0004_certificates``: triggers forbid change, and the hash must fit the data.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from karkhana.design.models import Product


class IssuedCertificate(models.Model):
    """A certificate of local content as it was issued.

    Args:
        number: ``LC/2026-27/0001``, counted within the fiscal year of its issue.
        first, last: days of the period that the figures are of, both included.
        percent: certified, cut to 2 decimals.
        data: everything that the documents say, as canonical JSON; both files are made of it alone.
        sha256: of ``data`` in UTF-8; printed on the documents.
        replaces: the certificate that this one stands in for.
    """

    fiscal_year = models.CharField(max_length=7)
    count = models.PositiveIntegerField()
    number = models.CharField(max_length=24, unique=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=60)
    percent = models.DecimalField(max_digits=9, decimal_places=2)
    grade = models.CharField(max_length=60, default="", blank=True)
    first = models.DateField()
    last = models.DateField()
    data = models.TextField()
    sha256 = models.CharField(max_length=64)
    replaces = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by"
    )
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fiscal_year", "count"], name="issued_certificate_once"),
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="issued_certificate_days"),
        ]

    def __str__(self) -> str:
        return self.number
