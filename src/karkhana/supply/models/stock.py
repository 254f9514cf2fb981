"""Stock: places, the journal of movements, and the balances that triggers keep from it.

The journal is the truth; a balance changes only through a row of it, in the same transaction (triggers of
migration 0003). A lot that nobody moved has no balance: all of it stands at the default store of its plant.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from karkhana.supply.stock.rules import COUNT, KINDS, OPEN, PLACE_KINDS


class StorePlace(models.Model):
    """Where material stands: ``kind`` is store, quarantine, line or scrap. ``plant`` is the plant's code.

    The default store of a plant is where lots stand that nobody has moved yet.
    """

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120, default="", blank=True)
    plant = models.CharField(max_length=20)
    kind = models.CharField(max_length=12)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=PLACE_KINDS), name="place_kind"),
            models.CheckConstraint(condition=Q(is_default=False) | Q(kind="store"), name="place_default"),
            models.UniqueConstraint(
                fields=["plant"], condition=Q(is_default=True), name="place_default_once"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class StockBalance(models.Model):
    """How much of a lot stands at a place by book. Written by the journal's trigger alone."""

    lot = models.CharField(max_length=80)
    place = models.ForeignKey(StorePlace, on_delete=models.PROTECT)
    quantity = models.DecimalField(max_digits=18, decimal_places=6)

    class Meta:
        indexes = [models.Index(fields=["place", "lot"], name="stock_at_place", condition=Q(quantity__gt=0))]
        constraints = [
            models.UniqueConstraint(fields=["lot", "place"], name="stock_once"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="stock_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.lot} at {self.place}"


class StockMove(models.Model):
    """One row of the journal; ``number`` is its order, ``uid`` was given by whoever reports it.

    ``source`` is null where material comes from outside, ``target`` where it leaves. Of a count, ``quantity``
    is what was counted at ``target`` and moves nothing. ``batch`` joins the rows of one kit, split or merge.
    """

    number = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(unique=True)
    batch = models.UUIDField(null=True)
    kind = models.CharField(max_length=12)
    lot = models.CharField(max_length=80)
    part = models.CharField(max_length=80)
    source = models.ForeignKey(StorePlace, null=True, on_delete=models.PROTECT, related_name="+")
    target = models.ForeignKey(StorePlace, null=True, on_delete=models.PROTECT, related_name="+")
    quantity = models.DecimalField(max_digits=18, decimal_places=6)
    reason = models.CharField(max_length=200, default="", blank=True)
    work_order = models.CharField(max_length=40, default="", blank=True)
    note = models.CharField(max_length=500, default="", blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=150, default="", blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["lot", "number"], name="stock_move_lot"),
            models.Index(fields=["work_order", "part"], name="stock_move_order", condition=~Q(work_order="")),
            models.Index(fields=["part", "work_order"], name="stock_move_part", condition=~Q(work_order="")),
            models.Index(fields=["batch"], name="stock_move_batch", condition=Q(batch__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="stock_move_kind"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0) | Q(quantity=0, kind__in=(OPEN, COUNT)),
                name="stock_move_quantity",
            ),
            models.CheckConstraint(
                condition=Q(source__isnull=False) | Q(target__isnull=False), name="stock_move_somewhere"
            ),
            models.UniqueConstraint(fields=["lot"], condition=Q(kind=OPEN), name="stock_opened_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity} of {self.lot}"
