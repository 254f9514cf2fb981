"""What the house keeps of lots that come in: how they are inspected, and how long they may be used.

Only ``ReceivingRule`` changes; everything else is written once. That a lot is in quarantine is a hold in the
record, not a row here.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from karkhana.supply.incoming.life.rules import LABEL_HOURS_MAX, TICKS, levels
from karkhana.supply.incoming.sampling.tables import SEVERITIES

IGNORE, WARN, REFUSE = "ignore", "warn", "refuse"
SOURCE_POLICIES = (IGNORE, WARN, REFUSE)
"""What is done with a lot from a supplier who is no approved source of its part."""
ACCEPTED, REFUSED = "accepted", "refused"
VERDICTS = (ACCEPTED, REFUSED)
RETURNED, SORTED, CONCESSION = "returned", "sorted", "concession"
DISPOSITIONS = (RETURNED, SORTED, CONCESSION)
"""Back to the supplier; every item inspected, the bad ones taken out; used under an approved deviation."""
IRREGULAR, RESUMED = "irregular", "resumed"
SEVERITY_NOTES = (IRREGULAR, RESUMED)
"""Production is irregular (ISO 2859-1, 9.3.4); the supplier has put things right (9.4)."""
MSL = ("", *levels())


def _somebody() -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )


class ReceivingRule(models.Model):
    """How lots of a part are received.

    ``level`` and ``aql`` (per cent nonconforming) make its sampling plan; an empty level means that lots are
    not inspected. ``may_reduce`` allows reduced inspection (ISO 2859-1, 9.3.3 b and c). ``shelf_life_days``
    counts from the day of manufacture where the label gives no last day. ``msl`` is the part's level where
    the label gives none.
    """

    part = models.CharField(max_length=80, unique=True)
    level = models.CharField(max_length=3, default="", blank=True)
    aql = models.DecimalField(max_digits=5, decimal_places=3, null=True, blank=True)
    may_reduce = models.BooleanField(default=False)
    source_policy = models.CharField(max_length=6, default=WARN)
    shelf_life_days = models.PositiveIntegerField(null=True, blank=True)
    msl = models.CharField(max_length=2, default="", blank=True)
    changed_at = models.DateTimeField()
    changed_by = _somebody()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(level="", aql=None) | (~Q(level="") & Q(aql__isnull=False)),
                name="receiving_rule_plan",
            ),
            models.CheckConstraint(
                condition=Q(source_policy__in=SOURCE_POLICIES), name="receiving_rule_source"
            ),
            models.CheckConstraint(condition=Q(msl__in=MSL), name="receiving_rule_msl"),
        ]

    def __str__(self) -> str:
        return self.part


class LotLife(models.Model):
    """What a lot's label says of its life; the latest row of a lot counts.

    ``expires_on`` is the last day of use on the plant's clock. ``label_hours`` is a floor life that the bag's
    label gives in place of the standard's. ``reason`` says why a later row was written, such as a new test
    that extends the shelf life.
    """

    lot = models.CharField(max_length=80)
    manufactured_on = models.DateField(null=True, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    msl = models.CharField(max_length=2, default="", blank=True)
    label_hours = models.PositiveIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=200, default="", blank=True)
    at = models.DateTimeField()
    by = _somebody()

    class Meta:
        indexes = [
            models.Index(fields=["lot", "-id"], name="lot_life_latest"),
            models.Index(fields=["expires_on"], name="lot_life_expiry"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(msl__in=MSL), name="lot_life_msl"),
            models.CheckConstraint(
                condition=Q(label_hours=None) | Q(label_hours__gt=0, label_hours__lte=LABEL_HOURS_MAX),
                name="lot_life_hours",
            ),
            models.CheckConstraint(
                condition=Q(expires_on=None)
                | Q(manufactured_on=None)
                | Q(expires_on__gte=F("manufactured_on")),
                name="lot_life_dates",
            ),
        ]

    def __str__(self) -> str:
        return self.lot


class LotTick(models.Model):
    """Something that starts, stops or resets a lot's floor-life clock, at the time when it happened."""

    lot = models.CharField(max_length=80)
    what = models.CharField(max_length=6)
    at = models.DateTimeField()
    note = models.CharField(max_length=200, default="", blank=True)
    recorded_at = models.DateTimeField()
    by = _somebody()

    class Meta:
        indexes = [models.Index(fields=["lot", "at"], name="lot_tick_lot")]
        constraints = [models.CheckConstraint(condition=Q(what__in=TICKS), name="lot_tick_what")]

    def __str__(self) -> str:
        return f"{self.lot} {self.what}"


class Inspection(models.Model):
    """A lot that is to be inspected; its plan is found when it is judged, by the severity of that moment.

    ``hold`` is the hold in the record that keeps the lot in quarantine. ``original`` is False for a lot that
    is presented again: it does not count for switching (ISO 2859-1, 9.3).
    """

    lot = models.CharField(max_length=80)
    part = models.CharField(max_length=80)
    supplier = models.CharField(max_length=40)
    lot_size = models.PositiveBigIntegerField()
    level = models.CharField(max_length=3)
    aql = models.DecimalField(max_digits=5, decimal_places=3)
    may_reduce = models.BooleanField()
    original = models.BooleanField(default=True)
    hold = models.CharField(max_length=80, unique=True)
    asked_at = models.DateTimeField()
    asked_by = _somebody()

    class Meta:
        indexes = [
            models.Index(fields=["lot"], name="inspection_lot"),
            models.Index(fields=["supplier", "part"], name="inspection_source"),
        ]

    def __str__(self) -> str:
        return f"inspection of {self.lot}"


class InspectionResult(models.Model):
    """What an inspection found, by which plan. ``tighter``: one AQL tighter would have accepted the lot too.

    ``defects`` is a list of ``{"code", "count"}``; a bad item may have several. ``report_sha256`` names the
    report's file where there is one.
    """

    inspection = models.OneToOneField(Inspection, on_delete=models.PROTECT, related_name="result")
    severity = models.CharField(max_length=10)
    letter = models.CharField(max_length=1)
    sample = models.PositiveBigIntegerField()
    accept = models.PositiveIntegerField()
    reject = models.PositiveIntegerField()
    whole = models.BooleanField()
    nonconforming = models.PositiveBigIntegerField()
    defects = models.JSONField(default=list)
    tighter = models.BooleanField()
    verdict = models.CharField(max_length=8)
    inspector = models.CharField(max_length=80, default="", blank=True)
    report_name = models.CharField(max_length=200, default="", blank=True)
    report_sha256 = models.CharField(max_length=64, default="", blank=True)
    at = models.DateTimeField()
    by = _somebody()

    class Meta:
        indexes = [models.Index(fields=["at"], name="inspection_result_at")]
        constraints = [
            models.CheckConstraint(condition=Q(severity__in=SEVERITIES), name="inspection_severity"),
            models.CheckConstraint(
                condition=Q(verdict=ACCEPTED, nonconforming__lte=F("accept"))
                | Q(verdict=REFUSED, nonconforming__gte=F("reject")),
                name="inspection_verdict",
            ),
            models.CheckConstraint(condition=Q(reject=F("accept") + 1), name="inspection_numbers"),
            models.CheckConstraint(condition=Q(nonconforming__lte=F("sample")), name="inspection_counted"),
        ]

    def __str__(self) -> str:
        return f"{self.inspection.lot} {self.verdict}"


class Disposition(models.Model):
    """What is done with a lot that was refused.

    Of a sorted lot ``good`` stays and ``bad`` is taken out. A concession names the approved ``deviation``.
    """

    inspection = models.OneToOneField(Inspection, on_delete=models.PROTECT, related_name="disposition")
    what = models.CharField(max_length=10)
    good = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    bad = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    deviation = models.CharField(max_length=20, default="", blank=True)
    note = models.CharField(max_length=200, default="", blank=True)
    at = models.DateTimeField()
    by = _somebody()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(what=RETURNED, good=None, bad=None, deviation="")
                | Q(what=SORTED, good__gte=0, bad__gte=0, deviation="")
                | (Q(what=CONCESSION, good=None, bad=None) & ~Q(deviation="")),
                name="disposition_whole",
            )
        ]

    def __str__(self) -> str:
        return f"{self.inspection.lot} {self.what}"


class SeverityNote(models.Model):
    """Something besides verdicts that switches how severely a supplier's part is inspected."""

    supplier = models.CharField(max_length=40)
    part = models.CharField(max_length=80)
    what = models.CharField(max_length=10)
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = _somebody()

    class Meta:
        indexes = [models.Index(fields=["supplier", "part"], name="severity_note_source")]
        constraints = [
            models.CheckConstraint(condition=Q(what__in=SEVERITY_NOTES), name="severity_note_what")
        ]

    def __str__(self) -> str:
        return f"{self.supplier} {self.part} {self.what}"
