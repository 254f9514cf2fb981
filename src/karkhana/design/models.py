"""Tables of the design room: products, revisions with their bill of material, and the release."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from karkhana.partners.models import Brand


class Product(models.Model):
    """Something that is built: a finished device or a sub-assembly. One brand owns it."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    segment = models.CharField(max_length=20)

    def __str__(self) -> str:
        return self.code


class Revision(models.Model):
    """One revision of a product.

    ``package`` is null while it is a draft. Once released it holds the canonical bytes that the gate
    reads and ``package_hash`` their SHA-256; a trigger refuses every later change of a released row.
    ``import_report`` is what the importer said of the bill of material's file, null when there was none.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    code = models.CharField(max_length=20)
    package = models.TextField(null=True)
    package_hash = models.CharField(max_length=64, null=True)
    released_at = models.DateTimeField(null=True)
    import_report = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "code"], name="revision_once"),
            models.CheckConstraint(
                condition=Q(package=None, package_hash=None, released_at=None)
                | Q(package__isnull=False, package_hash__isnull=False, released_at__isnull=False),
                name="revision_released_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product.code}:{self.code}"


class BomLine(models.Model):
    """One line of a revision's bill of material.

    ``references`` are the fitted designators, ``not_fitted`` those drawn but not placed; both are empty
    on a mechanical line. ``alternates`` is a list of ``[manufacturer, part number]``, best first.
    ``quantity`` counts pieces per unit and is 0 only on a line that is not fitted at all.
    """

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    part_number = models.CharField(max_length=200)
    manufacturer = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    value = models.TextField(blank=True)
    package = models.CharField(max_length=200, blank=True)
    quantity = models.DecimalField(max_digits=18, decimal_places=6)
    references = ArrayField(models.CharField(max_length=80), default=list)
    not_fitted = ArrayField(models.CharField(max_length=80), default=list)
    mechanical = models.BooleanField(default=False)
    alternates = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["revision", "number"], name="bom_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="bom_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.revision} line {self.number}"
