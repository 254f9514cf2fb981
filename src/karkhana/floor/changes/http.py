"""The typed API of change orders, deviations and waivers."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema, Status

from karkhana.design.access import product_for, require_engineer
from karkhana.design.changes import deviating, queries, rules
from karkhana.design.changes import operations as design
from karkhana.design.changes.asked import ChangeAsked, DeviationAsked
from karkhana.floor.changes import operations
from karkhana.floor.changes.operations import plant_day
from karkhana.floor.changes.pages import require_mine
from karkhana.floor.changes.queries import uses_of
from karkhana.kernel.refusals import refuse
from karkhana.partners.answers import ERRORS

router = Router(tags=["design"])


class ChangeOrderIn(Schema):
    """A work order that is closed, and the one in its place; ``quantity`` when that one is to be made."""

    closed: str
    instead: str
    quantity: int | None = None


class ChangeFieldsIn(Schema):
    """What a change order asks for; give what its ``effectivity`` (date, serial, work_order) needs."""

    title: str
    reason: str
    change_class: str = "I"
    effectivity: str = "date"
    effective_on: dt.date | None = None
    effective_serial: str = ""
    orders: list[ChangeOrderIn] = []
    in_process: str = "finish"
    stock: str = "use_up"

    def asked(self) -> ChangeAsked:
        """Return what is asked for."""
        return ChangeAsked(
            title=self.title, reason=self.reason, change_class=self.change_class,
            effectivity=self.effectivity, effective_on=self.effective_on,
            effective_serial=self.effective_serial,
            orders=tuple(rules.Order(one.closed, one.instead, one.quantity) for one in self.orders),
            in_process=self.in_process, stock=self.stock,
        )  # fmt: skip


class ChangeIn(ChangeFieldsIn):
    """A new change order."""

    product: str
    from_revision: str
    to_revision: str


class ChangeRowOut(Schema):
    """A change order in a list; ``missing`` are the parties that have not approved what it says now."""

    number: str
    title: str
    product: str
    from_revision: str
    to_revision: str
    state: str
    effectivity: str
    effective_on: dt.date | None
    effective_serial: str
    orders: list[tuple[str, str]]
    missing: list[str]
    requested_by: str | None
    requested_at: dt.datetime
    due: bool


class NoteOut(Schema):
    """A line of the history."""

    at: dt.datetime
    by: str | None
    what: str
    note: str


class SignedOut(Schema):
    """An approval: who, for which party, on which content; ``valid`` says whether its signature holds."""

    party: str
    name: str
    decision: str
    comment: str
    signed_at: dt.datetime
    subject_hash: str
    statement: str
    signature: str
    public_key: str
    valid: bool


class ChangeOut(ChangeRowOut):
    """A change order with everything about it. ``content_hash`` is what an approval states."""

    reason: str
    change_class: str
    in_process: str
    stock: str
    content_hash: str
    required: list[str]
    impact: dict[str, Any] | None
    approvals: list[SignedOut]
    history: list[NoteOut]


class DeviationIn(Schema):
    """A new deviation or waiver."""

    kind: str = "deviation"
    product: str
    revision: str
    title: str
    reason: str
    part: str = ""
    substitute: str = ""
    step: int | None = None
    role: str = ""
    requirement: str = ""
    max_units: int | None = None
    until: dt.date | None = None
    work_orders: list[str] = []
    serials: list[str] = []


class DeviationRowOut(Schema):
    """A deviation or waiver in a list."""

    number: str
    kind: str
    title: str
    product: str
    revision: str
    state: str
    part: str
    substitute: str
    max_units: int | None
    until: dt.date | None
    units: int
    missing: list[str]
    requested_by: str | None
    requested_at: dt.datetime


class DeviationOut(DeviationRowOut):
    """A deviation or waiver with everything about it; ``used`` counts boards built under it."""

    reason: str
    requirement: str
    step: int | None
    role: str
    work_orders: list[str]
    serials: list[str]
    used: int
    content_hash: str
    required: list[str]
    approvals: list[SignedOut]
    history: list[NoteOut]


class ApproveIn(Schema):
    """An approval with the key that is kept here, or with ``public_key`` one that was signed elsewhere."""

    stated_hash: str
    decision: str = "approved"
    comment: str = ""
    passphrase: str = ""
    public_key: str | None = None
    signature: str = ""
    signed_at: dt.datetime | None = None

    def arguments(self, user: Any) -> dict[str, Any]:
        """Return the keyword arguments of the operation that records it.

        Raises:
            Refused: ``approval.time`` when the time in the statement is missing or has no zone.
        """
        common = {"stated_hash": self.stated_hash, "decision": self.decision, "comment": self.comment}
        if self.public_key is None:
            return {**common, "user": user, "passphrase": self.passphrase}
        if self.signed_at is None or self.signed_at.tzinfo is None:
            raise refuse(
                "approval.time",
                "The time of signing is missing or has no time zone.",
                "Give signed_at as it stands in the statement.",
            )
        return {**common, "public_key": self.public_key, "signature": self.signature,
                "signed_at": self.signed_at}  # fmt: skip


class ChangeStandOut(Schema):
    """How far the approvals are."""

    approved: list[str]
    rejected: list[str]
    missing: list[str]


def _change(request: HttpRequest, number: str) -> dict[str, Any]:
    view = queries.change_view(request.user, number, plant_day(timezone.now()))
    order, subject = view.order, view.board.subject
    return asdict(view.row) | {
        "reason": order.reason, "change_class": order.change_class, "in_process": order.in_process,
        "stock": order.stock, "content_hash": subject.content_hash, "required": sorted(subject.required),
        "impact": view.impact, "approvals": [asdict(row) for row in view.board.rows],
        "history": [asdict(note) for note in view.notes],
    }  # fmt: skip


def _deviation(request: HttpRequest, number: str) -> dict[str, Any]:
    view = queries.deviation_view(request.user, number, plant_day(timezone.now()))
    row, subject = view.deviation, view.board.subject
    return asdict(view.row) | {
        "reason": row.reason, "requirement": row.requirement, "step": row.step, "role": row.role,
        "work_orders": row.work_orders, "serials": row.serials, "used": uses_of(number).boards,
        "content_hash": subject.content_hash, "required": sorted(subject.required),
        "approvals": [asdict(one) for one in view.board.rows],
        "history": [asdict(note) for note in view.notes],
    }  # fmt: skip


def _standing(standing: Any) -> dict[str, list[str]]:
    return {name: sorted(getattr(standing, name)) for name in ("approved", "rejected", "missing")}


@router.get("/changes", response={200: list[ChangeRowOut], **ERRORS}, summary="Change orders")
def get_changes(request: HttpRequest, product: Query[str] = "", state: Query[str] = "") -> object:
    """List the change orders that the caller may see, the newest first."""
    today = plant_day(timezone.now())
    return queries.change_rows(request.user, today, product=_clean(product), state=_clean(state))


@router.post("/changes", response={201: ChangeOut, **ERRORS}, summary="Ask for a change")
def post_change(request: HttpRequest, body: ChangeIn) -> object:
    """Ask for a change from one revision to another and show its impact."""
    product_for(request.user, body.product)
    order = operations.request_change(
        product=body.product, from_revision=_clean(body.from_revision), to_revision=_clean(body.to_revision),
        asked=body.asked(), user=request.user, now=timezone.now(),
    )  # fmt: skip
    return Status(201, _change(request, order.number))


@router.get("/changes/{number}", response={200: ChangeOut, **ERRORS}, summary="One change order")
def get_change(request: HttpRequest, number: str) -> object:
    """Tell everything about a change order."""
    return _change(request, number)


@router.put("/changes/{number}", response={200: ChangeOut, **ERRORS}, summary="Edit a change order")
def put_change(request: HttpRequest, number: str, body: ChangeFieldsIn) -> object:
    """Change what is asked for; approvals that were given do not count any more."""
    require_mine(request.user, queries.find_change(request.user, number))
    operations.edit_change(number=number, asked=body.asked(), user=request.user, now=timezone.now())
    return _change(request, number)


@router.post("/changes/{number}/impact", response={200: ChangeOut, **ERRORS}, summary="Compute the impact")
def post_change_impact(request: HttpRequest, number: str) -> object:
    """Compute the impact again; approvals that were given do not count any more."""
    require_mine(request.user, queries.find_change(request.user, number))
    operations.show_impact(number=number, user=request.user, now=timezone.now())
    return _change(request, number)


@router.post("/changes/{number}/approvals", response={200: ChangeStandOut, **ERRORS}, summary="Sign a change")
def post_change_approval(request: HttpRequest, number: str, body: ApproveIn) -> object:
    """Approve or reject for the caller's party."""
    queries.find_change(request.user, number)
    arguments = body.arguments(request.user)
    return _standing(operations.approve_change(number=number, now=timezone.now(), **arguments))


@router.post("/changes/{number}/accept", response={200: ChangeOut, **ERRORS}, summary="Accept a change")
def post_change_accept(request: HttpRequest, number: str) -> object:
    """Make a change binding that no party has to approve."""
    require_engineer(request.user)
    operations.accept_change(number=number, user=request.user, now=timezone.now())
    return _change(request, number)


@router.post("/changes/{number}/withdraw", response={200: ChangeOut, **ERRORS}, summary="Withdraw a change")
def post_change_withdraw(request: HttpRequest, number: str) -> object:
    """Take back a change order that is not approved yet."""
    require_mine(request.user, queries.find_change(request.user, number))
    design.withdraw_change(number=number, user=request.user, now=timezone.now())
    return _change(request, number)


@router.post("/changes/{number}/effect", response={200: ChangeOut, **ERRORS}, summary="Put into effect")
def post_change_effect(request: HttpRequest, number: str) -> object:
    """Make the new work orders and place the holds that an approved change asks for."""
    require_engineer(request.user)
    operations.put_into_effect(number=number, user=request.user, now=timezone.now())
    return _change(request, number)


@router.post("/changes/{number}/close", response={200: ChangeOut, **ERRORS}, summary="Close a change")
def post_change_close(request: HttpRequest, number: str) -> object:
    """Close a change once nothing of the old revision is in process; that revision is superseded."""
    require_engineer(request.user)
    operations.close_change(number=number, user=request.user, now=timezone.now())
    return _change(request, number)


@router.get("/deviations", response={200: list[DeviationRowOut], **ERRORS}, summary="Deviations and waivers")
def get_deviations(request: HttpRequest, product: Query[str] = "", state: Query[str] = "") -> object:
    """List the deviations and waivers that the caller may see, the newest first."""
    today = plant_day(timezone.now())
    return queries.deviation_rows(request.user, today, product=_clean(product), state=_clean(state))


@router.post("/deviations", response={201: DeviationOut, **ERRORS}, summary="Ask for a deviation or waiver")
def post_deviation(request: HttpRequest, body: DeviationIn) -> object:
    """Ask for a departure from a released revision."""
    product_for(request.user, body.product)
    said = body.dict(exclude={"product", "revision"})
    row = operations.request_deviation(
        product=body.product, revision=_clean(body.revision), asked=DeviationAsked(**said), user=request.user,
        now=timezone.now(),
    )  # fmt: skip
    return Status(201, _deviation(request, row.number))


@router.get("/deviations/{number}", response={200: DeviationOut, **ERRORS}, summary="One deviation or waiver")
def get_deviation(request: HttpRequest, number: str) -> object:
    """Tell everything about a deviation or waiver."""
    return _deviation(request, number)


@router.post(
    "/deviations/{number}/approvals", response={200: ChangeStandOut, **ERRORS}, summary="Sign a deviation"
)
def post_deviation_approval(request: HttpRequest, number: str, body: ApproveIn) -> object:
    """Approve or reject for the caller's party."""
    queries.find_deviation(request.user, number)
    now = timezone.now()
    arguments = body.arguments(request.user)
    approve: Any = deviating.approve_deviation
    if body.public_key is not None:
        approve = deviating.approve_deviation_signed
    return _standing(approve(number=number, now=now, today=plant_day(now), **arguments))


@router.post(
    "/deviations/{number}/accept", response={200: DeviationOut, **ERRORS}, summary="Accept a deviation"
)
def post_deviation_accept(request: HttpRequest, number: str) -> object:
    """Make a deviation binding that no party has to approve."""
    require_engineer(request.user)
    now = timezone.now()
    deviating.accept_deviation(number=_clean(number), user=request.user, now=now, today=plant_day(now))
    return _deviation(request, number)


@router.post(
    "/deviations/{number}/withdraw", response={200: DeviationOut, **ERRORS}, summary="Withdraw a deviation"
)
def post_deviation_withdraw(request: HttpRequest, number: str) -> object:
    """Take back a deviation that is not approved yet."""
    require_mine(request.user, queries.find_deviation(request.user, number))
    deviating.withdraw_deviation(number=number, user=request.user, now=timezone.now())
    return _deviation(request, number)


@router.post(
    "/deviations/{number}/close", response={200: DeviationOut, **ERRORS}, summary="End a deviation now"
)
def post_deviation_close(request: HttpRequest, number: str) -> object:
    """End an approved deviation before its time."""
    require_engineer(request.user)
    deviating.close_deviation(number=_clean(number), user=request.user, now=timezone.now())
    return _deviation(request, number)


def _clean(text: str) -> str:
    """Return a code or filter without what no code contains."""
    return text.replace("\x00", "")[:80]
