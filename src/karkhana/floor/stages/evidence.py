"""Puts together what the record shows of a build."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from karkhana.design.models import FirmwareImage, FirstArticle, Product, ReliabilityRun, Revision, StageIssue
from karkhana.design.models.firmware import APPROVED
from karkhana.design.release import ReleasePackage, decode_package
from karkhana.design.stages import STAGES
from karkhana.design.stages.rules import Criteria, Evidence, Issue, StepYield
from karkhana.floor.models import WorkOrder
from karkhana.floor.queries import builds

RECENT = dt.timedelta(days=30)
"""How far back mass production is looked at; it has no end, so it is judged by its latest month."""


def revision_at(product: Product, stage: str) -> Revision | None:
    """Return the revision that a stage is about: of its latest order, else the latest that is released."""
    order = (
        WorkOrder.objects.filter(revision__product=product, stage=stage)
        .select_related("revision__product")
        .order_by("-pk")
        .first()
    )
    if order is not None:
        return order.revision
    return (
        Revision.objects.filter(product=product, package__isnull=False)
        .select_related("product")
        .order_by("-released_at", "-pk")
        .first()
    )


def orders_of(revision: Revision, stage: str) -> tuple[WorkOrder, ...]:
    """Return the orders over a revision at a stage, in order of their numbers."""
    return tuple(WorkOrder.objects.filter(revision=revision, stage=stage).order_by("code"))


def evidence_of(
    revision: Revision, stage: str, criteria: Criteria, now: dt.datetime | None = None
) -> Evidence:
    """Return what there is for a revision at a stage.

    Args:
        revision: released.
        criteria: which kinds of documents are looked for.
        now: bounds what is looked at of mass production (``RECENT``), where it is needed.
    """
    package = decode_package(revision.package or "")
    orders = tuple(order.code for order in orders_of(revision, stage))
    counts, steps = _built(package, orders, stage, now)
    have = {document.kind for document in package.documents}
    return Evidence(
        product=package.product,
        revision=package.revision,
        stage=stage,
        package_hash=revision.package_hash or "",
        orders=orders,
        started=counts.started,
        built=counts.built,
        scrapped=counts.scrapped,
        steps=steps,
        issues=_issues(revision.product_id),
        first_article=latest_article(revision, stage),
        compliance=tuple(
            item.code for item in package.compliance if item.required and not item.certificate.strip()
        ),
        documents=tuple(kind for kind in criteria.documents if kind not in have),
        firmware=_unapproved(revision.product_id, package),
        reliability_hours=_hours(revision, stage),
    )


def _built(
    package: ReleasePackage, orders: tuple[str, ...], stage: str, now: dt.datetime | None
) -> tuple[builds.BuildCount, tuple[StepYield, ...]]:
    if stage != STAGES[-1] or now is None:
        counts = builds.total(builds.order_counts(orders).values()) if orders else builds.BuildCount()
        return counts, builds.first_yields(orders, package)
    made = builds.production(now - RECENT, package.product).get(package.product)
    if made is None:
        return builds.BuildCount(), ()
    return builds.BuildCount(built=made.completed), builds.production_yields(made, package)


def _issues(product: int) -> tuple[Issue, ...]:
    rows = StageIssue.objects.filter(product_id=product, closed_at=None).order_by("number")
    return tuple(Issue(*row) for row in rows.values_list("number", "severity", "title"))


def latest_article(revision: Revision, stage: str) -> tuple[str, bool] | None:
    """Return the serial of the latest first article and whether it is accepted, None when there is none."""
    found = FirstArticle.objects.filter(revision=revision, stage=stage).order_by("-pk").first()
    return (found.serial, accepted(found)) if found else None


def accepted(article: FirstArticle) -> bool:
    """Whether every characteristic of a first article conforms; the database worked each out."""
    verdicts = list(article.characteristics.values_list("conforms", flat=True))
    return bool(verdicts) and all(verdicts)


def _unapproved(product: int, package: ReleasePackage) -> tuple[str, ...]:
    """Return the images that the release names and nobody has approved as they are."""
    known = set(
        FirmwareImage.objects.filter(product_id=product, state=APPROVED).values_list(
            "target", "version", "sha256"
        )
    )
    return tuple(
        f"{rule.target} {rule.version}"
        for rule in package.firmware
        if (rule.target, rule.version, rule.sha256) not in known
    )


def _hours(revision: Revision, stage: str) -> Decimal:
    """Return unit-hours of runs in which nothing failed; a failure throws its run's hours away."""
    runs: Iterable[Decimal] = ReliabilityRun.objects.filter(
        revision=revision, stage=stage, failures=0
    ).values_list("unit_hours", flat=True)
    return sum(runs, Decimal(0)).normalize() + Decimal(0)
