"""The typed API of stage gates: where products stand, and everything that a person may do about it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone
from ninja import Body, Path, Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from karkhana.design.access import product_for, require_engineer
from karkhana.design.models import StageGate
from karkhana.design.stages import GATES, STAGES
from karkhana.design.stages import operations as gates
from karkhana.floor.stages import articles, operations, queries
from karkhana.floor.stages.evidence import accepted
from karkhana.partners.answers import ERRORS
from karkhana.partners.roles import ADMIN, has_role

router = Router(tags=["stages"])
Code = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$")]


class FindingOut(Schema):
    """A criterion: what is asked for, what there is, and what is missing by name."""

    key: str
    need: str
    have: str
    met: bool
    missing: list[str]


class CellOut(Schema):
    """A product at a stage; ``state``: passed, adopted, revoked, requested, here or later."""

    stage: str
    state: str
    since: dt.datetime | None
    revision: str
    built: int | None
    needed: int
    first_pass: str
    rolled: str
    unmet: list[FindingOut]


class ProductOut(Schema):
    """A product on the board and the stage that it stands at."""

    product: str
    name: str
    brand: str
    stage: str
    cells: list[CellOut]


class StageOut(Schema):
    """One product at one stage. ``evidence_hash`` is of the open request: what is signed now."""

    product: str
    stage: str
    state: str
    revision: str | None
    findings: list[FindingOut]
    evidence: dict[str, Any] | None
    evidence_hash: str | None
    stale: bool
    approvals: dict[str, str]


class GateOut(Schema):
    """One entry of the log of gates."""

    stage: str
    action: str
    evidence_hash: str | None
    reason: str
    decided_at: dt.datetime


class RequestIn(Schema):
    """Which revision the gate is asked for."""

    revision: Code


class ReasonIn(Schema):
    """Why."""

    reason: str


class GateApprovalIn(Schema):
    """An approval with the key that is kept here and the passphrase that opens it."""

    stated_hash: str
    passphrase: str
    decision: str = "approved"
    comment: str = ""


class GateSignedIn(Schema):
    """An approval that was signed elsewhere, over the statement that an approval shows."""

    public_key: str
    stated_hash: str
    signature: str
    signed_at: dt.datetime
    decision: str = "approved"
    comment: str = ""


class GateStandingOut(Schema):
    """How far the approvals are."""

    approved: list[str]
    rejected: list[str]
    missing: list[str]


class IssueIn(Schema):
    """Something that a build showed."""

    revision: Code
    stage: str
    severity: str
    title: str
    owner: str = ""
    due_on: dt.date | None = None


class CloseIn(Schema):
    """What was done about it."""

    resolution: str


class IssueOut(Schema):
    """An issue."""

    number: int
    severity: str
    title: str
    stage: str
    owner: str
    due_on: dt.date | None
    opened_at: dt.datetime
    closed_at: dt.datetime | None
    resolution: str


IssueNumber = Annotated[int, Field(ge=1, le=2_147_483_647)]
Amount = Annotated[Decimal, Field(max_digits=40, allow_inf_nan=False)]


class CharacteristicIn(Schema):
    """One characteristic; one limit may be open, not both."""

    name: str
    measured: Amount
    low: Amount | None = None
    high: Amount | None = None
    nominal: Amount | None = None
    unit_of_measure: str = ""


class ArticleIn(Schema):
    """A first-article inspection; whether it is accepted is worked out."""

    revision: Code
    serial: str
    reason: str
    inspector: str
    documents: list[str] = []
    characteristics: list[CharacteristicIn]


class ArticleOut(Schema):
    """What became of a first article."""

    number: int
    stage: str
    work_order: str
    accepted: bool


def _board_row(row: queries.BoardRow) -> dict[str, Any]:
    return {
        "product": row.code,
        "name": row.name,
        "brand": row.brand,
        "stage": row.stage,
        "cells": [
            {name: getattr(cell, name) for name in cell.__slots__ if name not in ("reason", "unmet")}
            | {"unmet": [_finding(one) for one in cell.unmet]}
            for cell in row.cells
        ],
    }


def _finding(one: queries.Shown) -> dict[str, Any]:
    return {"key": one.key, "need": one.need, "have": one.have, "met": one.met, "missing": list(one.missing)}


def _gate(gate: StageGate) -> dict[str, Any]:
    return {
        "stage": gate.stage,
        "action": gate.action,
        "evidence_hash": gate.evidence_hash,
        "reason": gate.reason,
        "decided_at": gate.decided_at,
    }


@router.get("", response={200: list[ProductOut], **ERRORS}, summary="Where each product stands")
def get_board(request: HttpRequest) -> object:
    """List the products that the caller may see, each with its four stages."""
    return [_board_row(row) for row in queries.board(request.user, timezone.now())]


@router.get("/{product}", response={200: StageOut, **ERRORS}, summary="One product at a stage")
def get_stage(request: HttpRequest, product: Path[Code], stage: Query[str | None] = None) -> object:
    """Tell what a stage asks for and what there is; without a stage, of the one that the product is at."""
    found = product_for(request.user, product)
    if stage is not None:
        gates.check_stage(stage, STAGES)
    view = queries.stage_view(found, stage, request.user, timezone.now())
    return {
        "product": product,
        "stage": view.stage,
        "state": view.state,
        "revision": view.revision.code if view.revision else None,
        "findings": [_finding(one) for one in view.findings],
        "evidence": msgspec.to_builtins(view.evidence) if view.evidence else None,
        "evidence_hash": view.request.evidence_hash if view.request else None,
        "stale": view.stale,
        "approvals": dict(view.approvals.parties) if view.approvals else {},
    }


@router.post("/{product}/{stage}/request", response={201: GateOut, **ERRORS}, summary="Ask for a gate")
def post_request(request: HttpRequest, product: Path[Code], stage: Path[Code], body: RequestIn) -> object:
    """Keep what the build shows, for the parties to sign."""
    require_engineer(request.user)
    made = operations.request_gate(
        product_code=product, revision_code=body.revision, stage=stage, user=request.user,
        now=timezone.now(),
    )  # fmt: skip
    return Status(201, _gate(made))


@router.post("/{product}/{stage}/approve", response={200: GateStandingOut, **ERRORS}, summary="Sign a gate")
def post_approve(
    request: HttpRequest, product: Path[Code], stage: Path[Code], body: GateApprovalIn
) -> object:
    """Sign the evidence of a gate with the caller's own key."""
    product_for(request.user, product)
    return _standing(operations.approve_gate(
        product_code=product, stage=stage, user=request.user, now=timezone.now(), **body.dict()
    ))  # fmt: skip


@router.post(
    "/{product}/{stage}/approve-signed",
    response={200: GateStandingOut, **ERRORS},
    summary="Hand a signature in",
)
def post_signed(request: HttpRequest, product: Path[Code], stage: Path[Code], body: GateSignedIn) -> object:
    """Record an approval of a gate that was signed with a key kept elsewhere."""
    product_for(request.user, product)
    return _standing(operations.approve_gate_signed(
        product_code=product, stage=stage, now=timezone.now(), **body.dict()
    ))  # fmt: skip


def _standing(now: Any) -> dict[str, list[str]]:
    return {name: sorted(getattr(now, name)) for name in ("approved", "rejected", "missing")}


@router.post("/{product}/{stage}/pass", response={201: GateOut, **ERRORS}, summary="Pass a gate")
def post_pass(request: HttpRequest, product: Path[Code], stage: Path[Code]) -> object:
    """Let the product through: the evidence still holds and everybody has signed it."""
    require_engineer(request.user)
    made = operations.pass_gate(product_code=product, stage=stage, user=request.user, now=timezone.now())
    return Status(201, _gate(made))


@router.post("/{product}/{stage}/withdraw", response={201: GateOut, **ERRORS}, summary="Withdraw a request")
def post_withdraw(request: HttpRequest, product: Path[Code], stage: Path[Code], body: ReasonIn) -> object:
    """Take a request back before it is decided."""
    require_engineer(request.user)
    made = operations.withdraw_request(
        product_code=product, stage=stage, reason=body.reason, user=request.user, now=timezone.now()
    )
    return Status(201, _gate(made))


@router.post("/{product}/{stage}/revoke", response={201: GateOut, **ERRORS}, summary="Revoke a gate")
def post_revoke(request: HttpRequest, product: Path[Code], stage: Path[Code], body: ReasonIn) -> object:
    """Take a gate back: no unit may be started under orders of later stages."""
    require_engineer(request.user)
    made = gates.revoke_gate(
        product_code=product, stage=stage, reason=body.reason, user=request.user, now=timezone.now()
    )
    return Status(201, _gate(made))


@router.post("/{product}/{stage}/adopt", response={201: list[GateOut], **ERRORS}, summary="Adopt a product")
def post_adopt(request: HttpRequest, product: Path[Code], stage: Path[Code], body: ReasonIn) -> object:
    """Say that the product was through this gate and those before it before this record; admins only."""
    if not has_role(request.user, (ADMIN,)):
        raise PermissionDenied("admin")
    gates.check_stage(stage, GATES)
    made = gates.adopt_stage(
        product_code=product, stages=GATES[: GATES.index(stage) + 1], reason=body.reason,
        user=request.user, now=timezone.now(),
    )  # fmt: skip
    return Status(201, [_gate(gate) for gate in made])


@router.put("/{product}/{stage}/criteria", response={200: dict[str, Any], **ERRORS}, summary="Ask for more")
def put_criteria(
    request: HttpRequest, product: Path[Code], stage: Path[Code], body: Body[dict[str, Any]]
) -> object:
    """Ask more of a product than of its kind; the body has fields of ``Criteria``, ``{}`` asks no more."""
    require_engineer(request.user)
    return msgspec.to_builtins(
        gates.set_criteria(product_code=product, stage=stage, own=gates.read_criteria(body))
    )


@router.post("/{product}/issues", response={201: IssueOut, **ERRORS}, summary="Add an issue")
def post_issue(request: HttpRequest, product: Path[Code], body: IssueIn) -> object:
    """Write down something that a build showed."""
    product_for(request.user, product)
    fields = body.dict()
    revision = fields.pop("revision")
    made = gates.open_issue(
        product_code=product, revision_code=revision, user=request.user, now=timezone.now(), **fields
    )
    return Status(201, made)


@router.post("/{product}/issues/{number}/close", response={200: IssueOut, **ERRORS}, summary="Close an issue")
def post_close(request: HttpRequest, product: Path[Code], number: Path[IssueNumber], body: CloseIn) -> object:
    """Close an issue by saying what was done."""
    require_engineer(request.user)
    return gates.close_issue(
        product_code=product, number=number, resolution=body.resolution, user=request.user,
        now=timezone.now(),
    )  # fmt: skip


@router.post(
    "/{product}/first-articles", response={201: ArticleOut, **ERRORS}, summary="Record a first article"
)
def post_article(request: HttpRequest, product: Path[Code], body: ArticleIn) -> object:
    """Record what was measured on a finished unit."""
    require_engineer(request.user)
    made = articles.record_first_article(
        product_code=product,
        revision_code=body.revision,
        serial=body.serial,
        reason=body.reason,
        inspector=body.inspector,
        documents=body.documents,
        characteristics=[articles.Measured(**row.dict()) for row in body.characteristics],
        user=request.user,
        now=timezone.now(),
    )
    answer = {
        "number": made.pk,
        "stage": made.stage,
        "work_order": made.work_order,
        "accepted": accepted(made),
    }
    return Status(201, answer)
