"""Stage gates: the log of each product's gates, issues, first articles and reliability runs."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Q, Value, When

from karkhana.design.models.product import Product, Revision
from karkhana.design.stages import GATES, STAGES

REQUESTED, PASSED, ADOPTED, REVOKED, WITHDRAWN = "requested", "passed", "adopted", "revoked", "withdrawn"
ACTIONS = (REQUESTED, PASSED, ADOPTED, REVOKED, WITHDRAWN)
SEVERITIES = ("A", "B", "C")
"""A: a danger or a unit that does not work; B: a function or the yield suffers; C: cosmetic or minor."""


class StageGate(models.Model):
    """One entry of the log of a product's gates. Append only: a trigger refuses every change.

    ``requested`` and ``passed`` name the revision and keep the evidence as canonical JSON with its SHA-256;
    ``adopted`` (was in production before this record began) and ``revoked`` give a reason instead. The latest
    entry of a stage that is passed, adopted or revoked says whether the product is through that gate.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="gates")
    stage = models.CharField(max_length=4)
    action = models.CharField(max_length=10)
    revision = models.ForeignKey(Revision, null=True, on_delete=models.PROTECT, related_name="+")
    evidence = models.TextField(null=True)
    evidence_hash = models.CharField(max_length=64, null=True)
    reason = models.TextField(blank=True)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["product", "stage", "-id"], name="stage_gate_latest")]
        constraints = [
            models.CheckConstraint(condition=Q(stage__in=GATES), name="stage_gate_stage"),
            models.CheckConstraint(
                condition=Q(
                    action__in=[REQUESTED, PASSED],
                    revision__isnull=False,
                    evidence__isnull=False,
                    evidence_hash__isnull=False,
                )
                | Q(action__in=[ADOPTED, REVOKED], evidence=None, evidence_hash=None) & ~Q(reason="")
                | Q(action=WITHDRAWN, evidence=None, evidence_hash=None),
                name="stage_gate_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.stage} {self.action}"


class StageCriteria(models.Model):
    """What a product itself must show at a stage, stricter than its group's: JSON of ``stages.rules``."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="criteria")
    stage = models.CharField(max_length=4)
    own = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "stage"], name="stage_criteria_once"),
            models.CheckConstraint(condition=Q(stage__in=STAGES), name="stage_criteria_stage"),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.stage}"


class StageIssue(models.Model):
    """Something that was found at a build and is to be mended. Never deleted; closed with what was done."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="issues")
    number = models.PositiveIntegerField()
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    stage = models.CharField(max_length=4)
    severity = models.CharField(max_length=1)
    title = models.CharField(max_length=200)
    owner = models.CharField(max_length=80, blank=True)
    due_on = models.DateField(null=True)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    resolution = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "number"], name="stage_issue_once"),
            models.CheckConstraint(condition=Q(stage__in=STAGES), name="stage_issue_stage"),
            models.CheckConstraint(condition=Q(severity__in=SEVERITIES), name="stage_issue_severity"),
            models.CheckConstraint(
                condition=Q(closed_at=None) | ~Q(resolution=""), name="stage_issue_resolution"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} issue {self.number}"


class FirstArticle(models.Model):
    """A first-article inspection of one unit, in the shape of AS9102: whose part, made how, measured how.

    Form 1 is this row (part, revision by content hash, serial, order, reason); form 2, material and tests, is
    the record of the unit; form 3 the characteristics. Append only.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="first_articles")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    stage = models.CharField(max_length=4)
    work_order = models.CharField(max_length=40)
    serial = models.CharField(max_length=80)
    reason = models.CharField(max_length=200)
    documents = ArrayField(models.CharField(max_length=200), default=list)
    inspector = models.CharField(max_length=80)
    inspected_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["revision", "stage", "-id"], name="first_article_latest")]
        constraints = [models.CheckConstraint(condition=Q(stage__in=STAGES), name="first_article_stage")]

    def __str__(self) -> str:
        return f"{self.product} first article {self.serial}"


class Characteristic(models.Model):
    """One characteristic of a first article. The database works ``conforms`` out; nobody types it.

    Of a feature that is only looked at, the deviations are counted: nominal 0, low 0, high 0.
    """

    article = models.ForeignKey(FirstArticle, on_delete=models.CASCADE, related_name="characteristics")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    unit_of_measure = models.CharField(max_length=20, blank=True)
    nominal = models.DecimalField(max_digits=24, decimal_places=9, null=True)
    low = models.DecimalField(max_digits=24, decimal_places=9, null=True)
    high = models.DecimalField(max_digits=24, decimal_places=9, null=True)
    measured = models.DecimalField(max_digits=24, decimal_places=9)
    conforms = models.GeneratedField(
        expression=Case(
            When(Q(measured__lt=F("low")) | Q(measured__gt=F("high")), then=Value(False)),
            default=Value(True),
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="characteristic_once"),
            models.CheckConstraint(
                condition=Q(low__isnull=False) | Q(high__isnull=False), name="characteristic_limit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.article} {self.number}"


class ReliabilityRun(models.Model):
    """An ageing or reliability run of some units: hours in all, failures, and where the report is."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="reliability")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    stage = models.CharField(max_length=4)
    name = models.CharField(max_length=120)
    units = models.PositiveIntegerField()
    unit_hours = models.DecimalField(max_digits=12, decimal_places=1)
    failures = models.PositiveIntegerField()
    report = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(stage__in=STAGES), name="reliability_stage"),
            models.CheckConstraint(condition=Q(units__gt=0, unit_hours__gt=0), name="reliability_some"),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.name}"
