"""Change orders, deviations and waivers, and what happened to them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from karkhana.design.changes import rules
from karkhana.design.models.product import Product, Revision


class _Numbered(models.Model):
    """What change orders and deviations share: a number, who asked for it, and what was approved.

    ``content`` is the canonical JSON that everybody approved and ``content_hash`` its SHA-256; both are null
    until then. ``required`` are the parties that had to approve it.
    """

    number = models.CharField(max_length=20, unique=True)
    title = models.CharField(max_length=200)
    reason = models.TextField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    state = models.CharField(max_length=12, default=rules.REQUESTED)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField()
    required = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    content = models.TextField(null=True)
    content_hash = models.CharField(max_length=64, null=True)
    approved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.number


class ChangeOrder(_Numbered):
    """A change from one revision of a product to the next, and from when on the next one is built.

    ``change_class`` is I where form, fit or function change, II where they do not (ANSI/EIA-649).
    ``effectivity`` says what decides which revision is built: the day of the start at the plant
    (``effective_on``), the work order (``orders``: a list of ``[closed, in its place, quantity]``)
    or the process serial (``effective_serial``: the first one of the new revision). ``impact`` is what was
    shown as canonical JSON, null until it was computed.
    """

    from_revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="changes_from")
    to_revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="changes_to")
    change_class = models.CharField(max_length=2)
    effectivity = models.CharField(max_length=10)
    effective_on = models.DateField(null=True)
    effective_serial = models.CharField(max_length=80, blank=True, default="")
    orders = models.JSONField(default=list)
    in_process = models.CharField(max_length=10)
    stock = models.CharField(max_length=10)
    impact = models.TextField(null=True)
    effective_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=rules.STATES), name="change_state"),
            models.CheckConstraint(condition=Q(change_class__in=rules.CLASSES), name="change_class"),
            models.CheckConstraint(condition=Q(in_process__in=rules.IN_PROCESS), name="change_in_process"),
            models.CheckConstraint(condition=Q(stock__in=rules.STOCK), name="change_stock"),
            models.CheckConstraint(condition=~Q(from_revision=F("to_revision")), name="change_revisions"),
            models.CheckConstraint(
                condition=Q(effectivity="date", effective_on__isnull=False)
                | (Q(effectivity="serial") & ~Q(effective_serial=""))
                | (Q(effectivity="work_order") & ~Q(orders=[])),
                name="change_effectivity",
            ),
            models.CheckConstraint(
                condition=Q(state__in=rules.NOT_APPROVED, approved_at=None, content=None, content_hash=None)
                | Q(
                    state__in=rules.STANDING, approved_at__isnull=False, content__isnull=False,
                    content_hash__isnull=False, impact__isnull=False,
                ),
                name="change_approved_whole",
            ),
            models.UniqueConstraint(
                fields=["from_revision"],
                condition=Q(state__in=rules.STANDING, effectivity__in=["date", "serial"]),
                name="change_from_once",
            ),
        ]  # fmt: skip


class Deviation(_Numbered):
    """An approved departure from a release: a deviation before units are built, a waiver of ones that are.

    A deviation names ``part`` and its ``substitute``, at a ``step`` or for a ``role`` or anywhere (null and
    empty), or a ``requirement`` in words, which the gate does not check. It ends with the plant-local day
    ``until`` and with the unit ``max_units`` (boards counted singly). ``work_orders`` empty means every one.
    A waiver lists ``serials``.
    """

    kind = models.CharField(max_length=10)
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT)
    part = models.CharField(max_length=200, blank=True, default="")
    substitute = models.CharField(max_length=200, blank=True, default="")
    step = models.PositiveSmallIntegerField(null=True)
    role = models.CharField(max_length=80, blank=True, default="")
    requirement = models.TextField(blank=True, default="")
    max_units = models.PositiveIntegerField(null=True)
    until = models.DateField(null=True)
    work_orders = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    serials = ArrayField(models.CharField(max_length=80), default=list, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=rules.DEVIATION_STATES), name="deviation_state"),
            models.CheckConstraint(
                condition=(Q(kind="deviation", serials=[]) & ~Q(until=None, max_units=None))
                | (Q(kind="waiver", part="", max_units=None, until=None) & ~Q(serials=[])),
                name="deviation_kind",
            ),
            models.CheckConstraint(
                condition=Q(part="", substitute="")
                | (~Q(part="") & ~Q(substitute="") & ~Q(part=F("substitute"))),
                name="deviation_part",
            ),
            models.CheckConstraint(
                condition=~Q(part="") | ~Q(requirement=""), name="deviation_says_something"
            ),
            models.CheckConstraint(condition=Q(max_units=None) | Q(max_units__gt=0), name="deviation_units"),
            models.CheckConstraint(
                condition=Q(state__in=rules.NOT_APPROVED, approved_at=None, content=None, content_hash=None)
                | Q(
                    state__in=[rules.APPROVED, rules.CLOSED], approved_at__isnull=False,
                    content__isnull=False, content_hash__isnull=False,
                ),
                name="deviation_approved_whole",
            ),
        ]  # fmt: skip


class ChangeNote(models.Model):
    """What was done with a change order or deviation, by whom, when. Append only."""

    subject = models.CharField(max_length=20, db_index=True)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    what = models.CharField(max_length=40)
    note = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return f"{self.subject} {self.what}"
