"""Products, their revisions with a plan and a bill of material, and the release."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from karkhana.partners.models import Agreement, Brand

OWNERS = ("maker", "brand", "joint")
DRAFT, IN_REVIEW, RELEASED, SUPERSEDED, OBSOLETE = (
    "draft", "in_review", "released", "superseded", "obsolete",
)  # fmt: skip
OPEN_STATES = (DRAFT, IN_REVIEW)
STATES = (DRAFT, IN_REVIEW, RELEASED, SUPERSEDED, OBSOLETE)


class Product(models.Model):
    """Something that is built: a finished device or a sub-assembly. One brand owns it.

    ``agreement`` is what it is developed under, null where nobody else has a say. ``design_owner`` is who
    owns the design; where the brand does, its party approves too.
    """

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    segment = models.CharField(max_length=20)
    agreement = models.ForeignKey(Agreement, null=True, blank=True, on_delete=models.PROTECT)
    design_owner = models.CharField(max_length=10, default="maker", db_default="maker")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(design_owner__in=OWNERS), name="product_design_owner"),
        ]

    def __str__(self) -> str:
        return self.code


class Revision(models.Model):
    """One revision of a product: a draft, in review, released, superseded, obsolete.

    ``plan`` is the draft's JSON (``design.plan``), null when only a bill is known; ``plan_version`` counts
    its changes, so that two editors do not overwrite each other. ``base`` is the revision that this one is a
    variant of: its own lines are laid over the base's. ``review_hash`` is the content hash that is in review.

    Once released, ``package`` holds the canonical bytes that the gate reads and ``package_hash`` their
    SHA-256; from then on a trigger lets nothing change but the state, and that only forward.
    ``import_report`` is what the importer said of the bill of material's file, null when there was none.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="revisions")
    code = models.CharField(max_length=20)
    state = models.CharField(max_length=12, default=DRAFT, db_default=DRAFT)
    base = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="variants")
    plan = models.TextField(null=True)
    plan_version = models.PositiveIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    submitted_at = models.DateTimeField(null=True)
    review_hash = models.CharField(max_length=64, null=True)
    package = models.TextField(null=True)
    package_hash = models.CharField(max_length=64, null=True)
    released_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    import_report = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "code"], name="revision_once"),
            models.CheckConstraint(
                condition=Q(package=None, package_hash=None, released_at=None)
                | Q(package__isnull=False, package_hash__isnull=False, released_at__isnull=False),
                name="revision_released_whole",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_STATES, package=None)
                | Q(state__in=[RELEASED, SUPERSEDED, OBSOLETE], package__isnull=False),
                name="revision_state",
            ),
            models.CheckConstraint(
                condition=~Q(state=IN_REVIEW) | Q(review_hash__isnull=False, submitted_at__isnull=False),
                name="revision_in_review",
            ),
            models.CheckConstraint(condition=Q(base=None) | ~Q(base=F("id")), name="revision_base"),
        ]

    def __str__(self) -> str:
        return f"{self.product.code}:{self.code}"


class BomLine(models.Model):
    """One line of a revision's bill of material.

    ``references`` are the fitted designators, ``not_fitted`` those drawn but not placed; both are empty
    on a mechanical line. ``alternates`` is a list of ``[manufacturer, part number]``, best first.
    ``quantity`` counts pieces per unit and is 0 only on a line that is not fitted at all. On a variant a line
    stands in place of the base's line of the same number; ``dropped`` says that the variant has none.
    ``assembly_product`` and ``assembly_revision`` are empty unless the line is a sub-assembly.
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
    approved_manufacturers = ArrayField(models.CharField(max_length=200), default=list)
    assembly_product = models.CharField(max_length=40, blank=True, default="", db_default="")
    assembly_revision = models.CharField(max_length=20, blank=True, default="", db_default="")
    dropped = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = [models.Index(fields=["part_number"], name="bom_line_part")]
        constraints = [
            models.UniqueConstraint(fields=["revision", "number"], name="bom_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="bom_line_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.revision} line {self.number}"
