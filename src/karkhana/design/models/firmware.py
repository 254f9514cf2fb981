"""Firmware images of products: what bytes a version is, and who let it into units."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from karkhana.design.models.files import StoredFile
from karkhana.design.models.product import Product

DRAFT, APPROVED, WITHDRAWN = "draft", "approved", "withdrawn"
FIRMWARE_STATES = (DRAFT, APPROVED, WITHDRAWN)


class FirmwareImage(models.Model):
    """One image of a product's firmware for a target. Only its state changes after it is registered.

    ``file`` is null where the image is kept elsewhere; ``location`` then says where (address or path).
    ``markets`` are countries (ISO 3166-1 alpha-2) that it may be sold in, ``revisions`` codes of the
    product's revisions that it is for; empty means any. ``content_hash`` is the SHA-256 of all of this
    (``design.firmware.rules``), and what partners sign.

    ``required`` are the parties that had to approve it when it was approved, empty where nobody but the
    engineer (``released_by``) had a say. A trigger sees to it that each of them signed.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="firmware_images")
    target = models.CharField(max_length=40)
    version = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    file = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.PROTECT)
    location = models.CharField(max_length=500, blank=True)
    notes = models.TextField(blank=True)
    markets = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    revisions = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    content_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=10, default=DRAFT, db_default=DRAFT)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()
    required = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "target", "version"], name="firmware_once"),
            models.CheckConstraint(condition=Q(state__in=FIRMWARE_STATES), name="firmware_state"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="firmware_sha256"),
            models.CheckConstraint(condition=Q(size__gt=0), name="firmware_size"),
            models.CheckConstraint(condition=Q(file=None) | Q(file=F("sha256")), name="firmware_file"),
            models.CheckConstraint(condition=~Q(target__contains="="), name="firmware_target"),
            models.CheckConstraint(
                condition=Q(state=DRAFT, approved_at=None, withdrawn_at=None)
                | Q(state=APPROVED, approved_at__isnull=False, withdrawn_at=None)
                | Q(state=WITHDRAWN, approved_at__isnull=False, withdrawn_at__isnull=False),
                name="firmware_life",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product.code} {self.target}={self.version}"
