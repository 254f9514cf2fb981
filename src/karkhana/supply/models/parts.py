"""Parts that are bought: who may deliver them, and what they cost by offer or contract."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from karkhana.supply.models.parties import Supplier

IMPORT, DOMESTIC, RESELLER, CONSIGNED = "import", "domestic", "reseller", "consigned"
CHANNELS = (IMPORT, DOMESTIC, RESELLER, CONSIGNED)
"""Own import; made and bought in the country; bought here of an importer; free issue of a brand."""


class Part(models.Model):
    """A manufacturer part. ``number`` is how bills, lots and events name it.

    ``group`` is what a picture of value gathers it under, such as display, battery, passives. ``hsn`` is what
    it is expected to be classified as: what counts is the tariff item of each receipt.
    """

    number = models.CharField(max_length=80, unique=True)
    manufacturer = models.CharField(max_length=120, default="", blank=True)
    description = models.CharField(max_length=300, default="", blank=True)
    group = models.CharField(max_length=60, default="", blank=True)
    hsn = models.CharField(max_length=8, default="", blank=True)
    unit = models.CharField(max_length=12, default="pcs", db_default="pcs")

    def __str__(self) -> str:
        return self.number


class ApprovedSource(models.Model):
    """A supplier who may deliver a part, until ``ended_on``. ``maker_part`` is the maker's own number."""

    part = models.ForeignKey(Part, on_delete=models.PROTECT, related_name="sources")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="sources")
    maker_part = models.CharField(max_length=120, default="", blank=True)
    approved_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["part", "supplier"], name="approved_source_once"),
        ]

    def __str__(self) -> str:
        return f"{self.part} from {self.supplier}"


class PartPrice(models.Model):
    """What a supplier asks for a piece of a part from a day on: quotation or contract, without indirect tax.

    ``channel`` says how it would come in; ``origin`` where it is made (ISO 3166-1 alpha-2, empty: not known).
    ``freight_percent`` is added to the price for the CIF value of an import, ``duty_percent`` is the basic
    customs duty expected.
    """

    part = models.ForeignKey(Part, on_delete=models.PROTECT, related_name="prices")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="prices")
    price = models.DecimalField(max_digits=24, decimal_places=9)
    currency = models.CharField(max_length=3)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    minimum = models.DecimalField(max_digits=18, decimal_places=6, default=0)
    channel = models.CharField(max_length=10)
    origin = models.CharField(max_length=2, default="", blank=True)
    freight_percent = models.DecimalField(max_digits=9, decimal_places=6, default=0)
    duty_percent = models.DecimalField(max_digits=9, decimal_places=6, default=0)
    source = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["part", "supplier", "valid_from", "minimum"], name="part_price_once"
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="part_price_amount"),
            models.CheckConstraint(condition=Q(channel__in=CHANNELS), name="part_price_channel"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="part_price_dates"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.part} {self.price} {self.currency}"
