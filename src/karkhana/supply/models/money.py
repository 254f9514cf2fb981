"""What lots cost: exchange rates, bills of entry, and the receipt of each lot.

The lot itself is a fact of the record (``ledger_lot``); a receipt is what the books say of it. A register
may be
read before or after the lot comes in: both are joined by the lot's number.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from karkhana.supply.models.parties import Supplier
from karkhana.supply.models.parts import CHANNELS

CUSTOMS, REFERENCE, AVERAGE, FIXED = "customs", "reference", "average", "fixed"
RATE_KINDS = (CUSTOMS, REFERENCE, AVERAGE, FIXED)
"""As notified by customs; reference rate of the day; average of a period; fixed for a reference year."""
POSITIVE = Q(quantity__gt=0)


class ExchangeRate(models.Model):
    """Rupees for one unit of a currency, from a day until a day. ``source`` says who published it."""

    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=10)
    valid_from = models.DateField()
    valid_to = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    source = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["currency", "kind", "valid_from"], name="rate_once"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="rate_positive"),
            models.CheckConstraint(condition=Q(kind__in=RATE_KINDS), name="rate_kind"),
            models.CheckConstraint(condition=Q(valid_to__gte=F("valid_from")), name="rate_dates"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.rate} from {self.valid_from}"


class BillOfEntry(models.Model):
    """An import declaration, named by number, date and port. ``rate`` is the customs rate that applied."""

    number = models.CharField(max_length=20)
    date = models.DateField()
    port = models.CharField(max_length=10)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    file_sha256 = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["number", "date", "port"], name="bill_of_entry_once"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="bill_of_entry_rate"),
        ]

    def __str__(self) -> str:
        return f"{self.number} of {self.date}"


class BillOfEntryItem(models.Model):
    """One item of a bill of entry; amounts in rupees for the whole ``quantity``.

    ``assessable`` is the CIF value at the bill's rate. ``surcharge`` is the social welfare surcharge,
    ``other`` every other duty that cannot be credited (anti-dumping, AIDC). ``igst`` stands apart: it can,
    as a rule.
    """

    bill = models.ForeignKey(BillOfEntry, on_delete=models.PROTECT, related_name="items")
    number = models.PositiveIntegerField()
    invoice = models.CharField(max_length=40)
    part = models.CharField(max_length=80)
    hsn = models.CharField(max_length=8)
    origin = models.CharField(max_length=2)
    quantity = models.DecimalField(max_digits=18, decimal_places=6)
    value = models.DecimalField(max_digits=24, decimal_places=6)
    assessable = models.DecimalField(max_digits=24, decimal_places=6)
    duty_percent = models.DecimalField(max_digits=9, decimal_places=6)
    duty = models.DecimalField(max_digits=24, decimal_places=6)
    surcharge = models.DecimalField(max_digits=24, decimal_places=6)
    other = models.DecimalField(max_digits=24, decimal_places=6, default=0)
    igst = models.DecimalField(max_digits=24, decimal_places=6, default=0)

    class Meta:
        indexes = [models.Index(fields=["invoice", "part"], name="bill_item_invoice")]
        constraints = [
            models.UniqueConstraint(fields=["bill", "number"], name="bill_item_once"),
            models.CheckConstraint(condition=POSITIVE, name="bill_item_quantity"),
            models.CheckConstraint(
                condition=Q(
                    value__gte=0, assessable__gte=0, duty__gte=0, surcharge__gte=0, other__gte=0, igst__gte=0
                ),
                name="bill_item_amounts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bill} item {self.number}"


class Receipt(models.Model):
    """What the books say of one lot; amounts for the whole lot.

    ``value`` is the price of the goods in ``currency``, ``freight`` and ``insurance`` what makes it CIF, in
    the same currency. ``rate`` is rupees for one unit of it, as booked (1 for rupees). ``cif`` (imports),
    ``price`` (rupees paid to the supplier, without indirect tax), ``duty`` (customs duties that cannot be
    credited), ``igst``, ``tax`` (GST on a purchase in the country) and ``landed`` (its cost) are in rupees.

    ``bill_item`` is null while the bill of entry of an import is not there: the receipt is then unproved.
    ``repackaged`` says that imported goods were only repacked, refurbished or relabelled here.
    """

    lot = models.CharField(max_length=80, unique=True)
    part = models.CharField(max_length=80)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="receipts")
    channel = models.CharField(max_length=10)
    invoice = models.CharField(max_length=40)
    invoice_line = models.PositiveIntegerField(default=1)
    invoice_date = models.DateField()
    quantity = models.DecimalField(max_digits=18, decimal_places=6)
    currency = models.CharField(max_length=3)
    value = models.DecimalField(max_digits=24, decimal_places=6)
    freight = models.DecimalField(max_digits=24, decimal_places=6, default=0)
    insurance = models.DecimalField(max_digits=24, decimal_places=6, default=0)
    incoterm = models.CharField(max_length=3, default="", blank=True)
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    hsn = models.CharField(max_length=8)
    origin = models.CharField(max_length=2, default="", blank=True)
    cif = models.DecimalField(max_digits=24, decimal_places=6, default=0)
    price = models.DecimalField(max_digits=24, decimal_places=6)
    duty = models.DecimalField(max_digits=24, decimal_places=6, default=0)
    igst = models.DecimalField(max_digits=24, decimal_places=6, default=0)
    igst_creditable = models.BooleanField(default=True)
    tax = models.DecimalField(max_digits=24, decimal_places=6, default=0)
    tax_creditable = models.BooleanField(default=True)
    landed = models.DecimalField(max_digits=24, decimal_places=6)
    repackaged = models.BooleanField(default=False)
    bill_item = models.ForeignKey(
        BillOfEntryItem, null=True, blank=True, on_delete=models.PROTECT, related_name="receipts"
    )
    file_sha256 = models.CharField(max_length=64, default="", blank=True)
    file_line = models.PositiveIntegerField(null=True, blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["part", "invoice_date"], name="receipt_part"),
            models.Index(fields=["supplier", "invoice_date"], name="receipt_supplier"),
            models.Index(fields=["invoice", "part"], name="receipt_invoice"),
        ]
        constraints = [
            models.CheckConstraint(condition=POSITIVE, name="receipt_quantity"),
            models.CheckConstraint(condition=Q(channel__in=CHANNELS), name="receipt_channel"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="receipt_rate"),
            models.CheckConstraint(
                condition=Q(
                    value__gte=0,
                    freight__gte=0,
                    insurance__gte=0,
                    cif__gte=0,
                    price__gte=0,
                    duty__gte=0,
                    igst__gte=0,
                    tax__gte=0,
                    landed__gte=0,
                ),
                name="receipt_amounts",
            ),
        ]

    def __str__(self) -> str:
        return self.lot
