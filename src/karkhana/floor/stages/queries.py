"""Reads for the board of stages and for one product's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import msgspec

from karkhana.design.access import visible_products
from karkhana.design.approvals.queries import ApprovalBoard, approval_board
from karkhana.design.models import (
    Characteristic,
    FirstArticle,
    Product,
    ReliabilityRun,
    Revision,
    StageCriteria,
    StageGate,
    StageIssue,
)
from karkhana.design.models.stages import ADOPTED, PASSED, REQUESTED
from karkhana.design.release import decode_package
from karkhana.design.stages import GATES, STAGES
from karkhana.design.stages.queries import criteria_of, in_force
from karkhana.design.stages.reading import group_of
from karkhana.design.stages.rules import PER_MILLE, Criteria, Evidence, Finding, judge, per_cent, unmet
from karkhana.floor.queries import builds
from karkhana.floor.stages.evidence import RECENT, evidence_of, orders_of, revision_at
from karkhana.floor.stages.operations import gate_subject, open_request, present_evidence
from karkhana.floor.stages.words import amount, title

State = Literal["passed", "adopted", "revoked", "requested", "here", "later"]


@dataclass(frozen=True, slots=True)
class Shown:
    """One criterion as it is shown: its name and numbers in the reader's language."""

    key: str
    title: str
    need: str
    have: str
    met: bool
    missing: tuple[str, ...]


def show(findings: Iterable[Finding]) -> tuple[Shown, ...]:
    """Return criteria with their names and signs."""
    return tuple(
        Shown(f.key, title(f.key), amount(f.key, f.need), amount(f.key, f.have), f.met, f.missing)
        for f in findings
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """A product at one stage, as the board shows it.

    Args:
        state: ``here`` is where the product stands; ``requested`` the same, with the gate asked for.
        since: when the gate was passed, adopted or revoked.
        built, needed: units; ``first_pass`` and ``rolled`` in per cent as text, empty where unknown.
    """

    stage: str
    state: State
    since: dt.datetime | None = None
    reason: str = ""
    revision: str = ""
    built: int | None = None
    needed: int = 0
    first_pass: str = ""
    rolled: str = ""
    unmet: tuple[Shown, ...] = ()

    @property
    def lacking(self) -> tuple[Shown, ...]:
        """What is missing beside units, which the cell shows anyway."""
        return tuple(one for one in self.unmet if one.key != "units")


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A product on the board."""

    code: str
    name: str
    brand: str
    segment: str
    stage: str
    cells: tuple[Cell, ...]


def board(user: Any, now: dt.datetime) -> tuple[BoardRow, ...]:
    """Return where each product that a log-in may see stands; what waits for somebody comes first."""
    products = list(visible_products(user))
    decided = in_force([product.pk for product in products])
    asked = _requests([product.pk for product in products])
    made = builds.production(now - RECENT)
    rows = [
        _row(product, decided.get(product.pk, {}), asked.get(product.pk, {}), made.get(product.code))
        for product in products
    ]
    return tuple(sorted(rows, key=lambda row: (row.stage == STAGES[-1], row.code)))


def _requests(products: Iterable[int]) -> dict[int, dict[str, StageGate]]:
    rows = StageGate.objects.filter(product_id__in=list(products)).select_related("revision")
    found: dict[int, dict[str, StageGate]] = {}
    for row in rows.order_by("product_id", "stage", "-pk").distinct("product_id", "stage"):
        if row.action == REQUESTED:
            found.setdefault(row.product_id, {})[row.stage] = row
    return found


def _through(decided: Mapping[str, StageGate], stage: str) -> bool:
    return stage in decided and decided[stage].action in (PASSED, ADOPTED)


def _row(
    product: Product,
    decided: Mapping[str, StageGate],
    asked: Mapping[str, StageGate],
    made: builds.Production | None,
) -> BoardRow:
    present = next((stage for stage in GATES if not _through(decided, stage)), STAGES[-1])
    cells = []
    for stage in STAGES:
        if _through(decided, stage):
            cells.append(_decided_cell(stage, decided[stage]))
        elif stage == present and stage != STAGES[-1]:
            cells.append(_present_cell(product, stage, decided.get(stage), asked.get(stage)))
        elif stage == present:
            cells.append(_production_cell(product, made))
        elif stage in decided:
            cells.append(Cell(stage, "revoked", decided[stage].decided_at, decided[stage].reason))
        else:
            cells.append(Cell(stage, "later"))
    return BoardRow(product.code, product.name, product.brand.code, product.segment, present, tuple(cells))


class _Kept(msgspec.Struct):
    """A snapshot as it was kept."""

    evidence: Evidence
    criteria: Criteria


def kept_evidence(gate: StageGate) -> Evidence | None:
    """Return the evidence that a gate was decided on, None where none was kept (adopted)."""
    return msgspec.json.decode(gate.evidence, type=_Kept).evidence if gate.evidence else None


def _decided_cell(stage: str, gate: StageGate) -> Cell:
    shown = kept_evidence(gate)
    state: State = "passed" if gate.action == PASSED else "adopted"
    if shown is None:
        return Cell(stage, state, gate.decided_at, gate.reason)
    return Cell(
        stage, state, gate.decided_at, revision=shown.revision, built=shown.built,
        first_pass=lowest(shown), rolled=per_cent(shown.rolled),
    )  # fmt: skip


def lowest(shown: Evidence) -> str:
    """Return the first-pass yield of the worst step in per cent, empty where nothing was judged."""
    return per_cent(min((step.share for step in shown.steps if step.share is not None), default=None))


def _present_cell(product: Product, stage: str, decided: StageGate | None, asked: StageGate | None) -> Cell:
    criteria = criteria_of(product, stage)
    revision = asked.revision if asked else revision_at(product, stage)
    state: State = "requested" if asked else "revoked" if decided else "here"
    since = decided.decided_at if decided else None
    reason = decided.reason if decided else ""
    if revision is None:
        return Cell(stage, state, since, reason, needed=criteria.units)
    shown = evidence_of(revision, stage, criteria)
    return Cell(
        stage, state, since, reason, revision.code, shown.built, criteria.units, lowest(shown),
        per_cent(shown.rolled), show(unmet(judge(criteria, shown))),
    )  # fmt: skip


def _production_cell(product: Product, made: builds.Production | None) -> Cell:
    revision = revision_at(product, STAGES[-1])
    if made is None or revision is None or revision.package is None:
        return Cell(STAGES[-1], "here", revision=revision.code if revision else "")
    package = decode_package(revision.package)
    shown = Evidence(
        product.code, revision.code, STAGES[-1], "", built=made.completed,
        steps=builds.production_yields(made, package),
    )  # fmt: skip
    criteria = criteria_of(product, STAGES[-1])
    watched = Criteria(
        first_pass_per_mille=criteria.first_pass_per_mille, rolled_per_mille=criteria.rolled_per_mille
    )
    return Cell(
        STAGES[-1], "here", revision=revision.code, built=made.completed, first_pass=lowest(shown),
        rolled=per_cent(shown.rolled), unmet=show(unmet(judge(watched, shown))),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OrderRow:
    """A work order of a build."""

    code: str
    quantity: int
    started: int
    built: int
    scrapped: int


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of a build: how it went at the first go."""

    number: int
    name: str
    judged: int
    failed: int
    first_pass: str
    below: bool


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """A first article in a list."""

    number: int
    serial: str
    stage: str
    work_order: str
    inspector: str
    inspected_at: dt.datetime
    characteristics: int
    failed: int

    @property
    def accepted(self) -> bool:
        """Whether every characteristic conforms."""
        return self.characteristics > 0 and not self.failed


@dataclass(frozen=True, slots=True)
class StageView:
    """One product at one stage, with everything that its page shows."""

    product: Product
    stage: str
    cells: tuple[Cell, ...]
    state: State
    revision: Revision | None
    criteria: Criteria
    own: Criteria
    source: str
    findings: tuple[Shown, ...]
    evidence: Evidence | None
    orders: tuple[OrderRow, ...]
    steps: tuple[StepRow, ...]
    issues: tuple[StageIssue, ...]
    articles: tuple[ArticleRow, ...]
    runs: tuple[ReliabilityRun, ...]
    log: tuple[StageGate, ...]
    request: StageGate | None
    approvals: ApprovalBoard | None
    stale: bool

    @property
    def ready(self) -> bool:
        """Whether everything that is asked for is there."""
        return bool(self.findings) and all(finding.met for finding in self.findings)


def stage_view(product: Product, stage: str | None, user: Any, now: dt.datetime) -> StageView:
    """Return one product at a stage; None means the stage that it stands at."""
    decided = in_force([product.pk]).get(product.pk, {})
    asked = _requests([product.pk]).get(product.pk, {})
    row = _row(product, decided, asked, None)
    stage = stage or row.stage
    request = open_request(product, stage)
    revision = request.revision if request else revision_at(product, stage)
    criteria = criteria_of(product, stage)
    released = revision is not None and revision.package is not None
    shown = evidence_of(revision, stage, criteria, now) if revision is not None and released else None
    return StageView(
        product=product,
        stage=stage,
        cells=row.cells,
        state=next(cell.state for cell in row.cells if cell.stage == stage),
        revision=revision,
        criteria=criteria,
        own=_own(product, stage),
        source=group_of(product.segment).source,
        findings=show(judge(criteria, shown)) if shown else (),
        evidence=shown,
        orders=_orders(revision, stage) if revision else (),
        steps=_steps(shown, criteria) if shown else (),
        issues=tuple(StageIssue.objects.filter(product=product).select_related("revision", "opened_by")
                     .order_by("closed_at", "severity", "number")),
        articles=article_rows(FirstArticle.objects.filter(product=product, stage=stage)),
        runs=tuple(ReliabilityRun.objects.filter(product=product, stage=stage).select_related("revision")
                   .order_by("-pk")),
        log=tuple(StageGate.objects.filter(product=product).select_related("revision", "decided_by")
                  .order_by("-pk")),
        request=request,
        approvals=approval_board(gate_subject(request, product, now.date()), user) if request else None,
        stale=_stale(request, now),
    )  # fmt: skip


def _stale(request: StageGate | None, now: dt.datetime) -> bool:
    if request is None or request.revision is None:
        return False
    return present_evidence(request.revision, request.stage, now)[0] != (request.evidence or "").encode()


def _own(product: Product, stage: str) -> Criteria:
    own = StageCriteria.objects.filter(product=product, stage=stage).values_list("own", flat=True).first()
    return msgspec.convert(own, Criteria) if own else Criteria()


def _orders(revision: Revision, stage: str) -> tuple[OrderRow, ...]:
    orders = orders_of(revision, stage)
    counts = builds.order_counts([order.code for order in orders])
    none = builds.BuildCount()
    return tuple(
        OrderRow(order.code, order.quantity, count.started, count.built, count.scrapped)
        for order in orders
        for count in (counts.get(order.code, none),)
    )


def _steps(shown: Evidence, criteria: Criteria) -> tuple[StepRow, ...]:
    limit = Fraction(criteria.first_pass_per_mille or 0, PER_MILLE)
    return tuple(
        StepRow(
            step.number, step.name, step.judged, step.judged - step.passed, per_cent(step.share),
            step.share is not None and step.share < limit,
        )
        for step in shown.steps
    )  # fmt: skip


def article_rows(articles: Any) -> tuple[ArticleRow, ...]:
    """Return first articles as they are listed, the latest first."""
    found = list(articles.order_by("-pk")[:100])
    counts: dict[int, list[int]] = {article.pk: [0, 0] for article in found}
    for article, conforms in Characteristic.objects.filter(article__in=found).values_list(
        "article_id", "conforms"
    ):
        counts[article][0] += 1
        counts[article][1] += not conforms
    return tuple(
        ArticleRow(a.pk, a.serial, a.stage, a.work_order, a.inspector, a.inspected_at, *counts[a.pk])
        for a in found
    )
