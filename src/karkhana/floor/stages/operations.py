"""Gates asked for, signed, passed; first articles and reliability runs of units that were really built."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from karkhana.design.approvals import operations as approvals
from karkhana.design.approvals.queries import required_for
from karkhana.design.approvals.rules import Standing, Subject
from karkhana.design.models import Product, Revision, StageGate
from karkhana.design.models.stages import ADOPTED, PASSED, REQUESTED, REVOKED, WITHDRAWN
from karkhana.design.queries import find_revision
from karkhana.design.stages import GATES
from karkhana.design.stages.operations import REASON_MAX, check_stage, checked_text, locked_product
from karkhana.design.stages.queries import criteria_of, in_force, missing_gate
from karkhana.design.stages.rules import Finding, judge, snapshot, snapshot_hash, unmet
from karkhana.floor.stages.evidence import evidence_of
from karkhana.floor.stages.words import say_finding
from karkhana.kernel.refusals import Refused, refuse


def open_request(product: Product, stage: str) -> StageGate | None:
    """Return the request that a gate stands open for decision on: the latest entry, when it is one."""
    latest = (
        StageGate.objects.filter(product=product, stage=stage)
        .select_related("revision__product", "decided_by")
        .order_by("-pk")
        .first()
    )
    return latest if latest is not None and latest.action == REQUESTED else None


def gate_subject(request: StageGate, product: Product, day: dt.date) -> Subject:
    """Return what is to be approved of a gate: the evidence as it was when the gate was asked for."""
    required, own_allowed = required_for(product, "stage_gate", day)
    login: Any = request.decided_by
    return Subject(
        kind="stage_gate",
        name=f"{product.code}:{request.stage}",
        content_hash=request.evidence_hash or "",
        required=required,
        requested_by=login.get_username() if login else None,
        own_allowed=own_allowed,
    )


def present_evidence(revision: Revision, stage: str, now: dt.datetime) -> tuple[bytes, tuple[Finding, ...]]:
    """Return the snapshot that would be decided on now, and how it is judged.

    It counts how often the gate was revoked, so that what was signed before a revocation never counts after.
    """
    criteria = criteria_of(revision.product, stage)
    shown = evidence_of(revision, stage, criteria, now)
    revoked = StageGate.objects.filter(product=revision.product, stage=stage, action=REVOKED).count()
    return snapshot(criteria, shown, revoked), judge(criteria, shown)


@transaction.atomic
def request_gate(
    *, product_code: str, revision_code: str, stage: str, user: Any, now: dt.datetime
) -> StageGate:
    """Ask for a gate: what the build shows is kept, and whoever must approve signs exactly that.

    Asking again takes the place of the request before; what was signed on other evidence does not count.

    Raises:
        Refused: ``product.unknown``, ``revision.unknown``, ``stage.unknown``, ``stage.not_released``,
            ``stage.order``, ``stage.passed_already``, ``stage.criteria_unmet`` naming what is missing.
    """
    product = locked_product(product_code)
    check_stage(stage, GATES)
    revision = find_revision(product_code, revision_code)
    _check_turn(product, stage)
    if revision.package is None:
        raise refuse(
            "stage.not_released",
            "{product} {revision} is not released, so no build of it can be judged.",
            "Release it and build it first.",
            product=product_code,
            revision=revision_code,
        )
    data, findings = present_evidence(revision, stage, now)
    _check_met(product_code, stage, findings)
    return StageGate.objects.create(
        product=product,
        stage=stage,
        action=REQUESTED,
        revision=revision,
        evidence=data.decode(),
        evidence_hash=snapshot_hash(data),
        decided_at=now,
        decided_by=user,
    )


def _check_turn(product: Product, stage: str) -> None:
    decided = in_force([product.pk]).get(product.pk, {}).get(stage)
    if decided is not None and decided.action in (PASSED, ADOPTED):
        raise refuse(
            "stage.passed_already",
            "{product} is through {stage} already.",
            "Revoke the gate first if it has to be decided anew.",
            product=product.code,
            stage=stage,
        )
    missing = missing_gate(product.pk, stage)
    if missing is not None:
        raise refuse(
            "stage.order",
            "{product} is not through {missing}, which comes before {stage}.",
            "Pass the gates in their order.",
            product=product.code,
            missing=missing,
            stage=stage,
        )


def _check_met(product: str, stage: str, findings: tuple[Finding, ...]) -> None:
    missing = unmet(findings)
    if missing:
        raise refuse(
            "stage.criteria_unmet",
            "{product} does not show what {stage} asks for: {problems}.",
            "Build, mend and close what is missing; the board of the stages shows it.",
            product=product,
            stage=stage,
            problems="; ".join(say_finding(finding) for finding in missing),
            criteria=[finding.key for finding in missing],
        )


def _requested(product_code: str, stage: str, now: dt.datetime) -> tuple[Product, StageGate]:
    """Lock the product and return its open request, whose evidence still is what the record shows."""
    product = locked_product(product_code)
    check_stage(stage, GATES)
    request = open_request(product, stage)
    if request is None or request.revision is None:
        raise _not_requested(product_code, stage)
    data, findings = present_evidence(request.revision, stage, now)
    if snapshot_hash(data) != request.evidence_hash:
        raise refuse(
            "stage.evidence_changed",
            "The evidence for {stage} of {product} has changed since the gate was asked for.",
            "Ask for the gate again; approvals are then given on what there is now.",
            product=product_code,
            stage=stage,
        )
    _check_met(product_code, stage, findings)
    return product, request


@transaction.atomic
def approve_gate(
    *,
    product_code: str,
    stage: str,
    user: Any,
    stated_hash: str,
    passphrase: str,
    now: dt.datetime,
    decision: str = "approved",
    comment: str = "",
) -> Standing:
    """Sign the evidence of a gate that was asked for, for the party that a log-in signs for.

    Raises:
        Refused: ``product.unknown``, ``stage.unknown``, ``stage.not_requested``, ``stage.evidence_changed``,
            ``approval.*``.
    """
    product, request = _requested(product_code, stage, now)
    return approvals.approve(
        subject=gate_subject(request, product, now.date()), user=user, stated_hash=stated_hash,
        passphrase=passphrase, now=now, decision=decision, comment=comment,
    )  # fmt: skip


@transaction.atomic
def approve_gate_signed(
    *,
    product_code: str,
    stage: str,
    public_key: str,
    stated_hash: str,
    signature: str,
    signed_at: dt.datetime,
    now: dt.datetime,
    decision: str = "approved",
    comment: str = "",
) -> Standing:
    """Record an approval of a gate that was signed elsewhere.

    Raises:
        Refused: as :func:`approve_gate`.
    """
    product, request = _requested(product_code, stage, now)
    return approvals.approve_signed(
        subject=gate_subject(request, product, now.date()), public_key=public_key, stated_hash=stated_hash,
        signature=signature, signed_at=signed_at, now=now, decision=decision, comment=comment,
    )  # fmt: skip


@transaction.atomic
def pass_gate(*, product_code: str, stage: str, user: Any, now: dt.datetime) -> StageGate:
    """Let a product through a gate: the evidence still holds and everybody has signed it.

    Raises:
        Refused: ``product.unknown``, ``stage.unknown``, ``stage.not_requested``, ``stage.evidence_changed``,
            ``stage.order``, ``approval.missing``, ``approval.rejected``.
    """
    product, request = _requested(product_code, stage, now)
    _check_turn(product, stage)
    approvals.require_complete(gate_subject(request, product, now.date()))
    return StageGate.objects.create(
        product=product,
        stage=stage,
        action=PASSED,
        revision=request.revision,
        evidence=request.evidence,
        evidence_hash=request.evidence_hash,
        decided_at=now,
        decided_by=user,
    )


@transaction.atomic
def withdraw_request(*, product_code: str, stage: str, reason: str, user: Any, now: dt.datetime) -> StageGate:
    """Take a request back before it is decided.

    Raises:
        Refused: ``product.unknown``, ``stage.unknown``, ``stage.not_requested``, ``stage.text``.
    """
    product = locked_product(product_code)
    check_stage(stage, GATES)
    if open_request(product, stage) is None:
        raise _not_requested(product_code, stage)
    return StageGate.objects.create(
        product=product,
        stage=stage,
        action=WITHDRAWN,
        reason=checked_text(reason, REASON_MAX, "reason", empty=True),
        decided_at=now,
        decided_by=user,
    )


def _not_requested(product: str, stage: str) -> Refused:
    return refuse(
        "stage.not_requested",
        "Nobody has asked for the {stage} gate of {product}.",
        "Ask for it first.",
        product=product,
        stage=stage,
    )
