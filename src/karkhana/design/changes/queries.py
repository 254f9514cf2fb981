"""Reads of change orders and deviations: lists, and one with everything that was said about it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db.models import Q, QuerySet

from karkhana.design.access import visible_products
from karkhana.design.approvals.queries import ApprovalBoard, approval_board, given_for
from karkhana.design.approvals.rules import Subject, check_approval, standing
from karkhana.design.changes import rules
from karkhana.design.changes.content import change_subject, deviation_subject
from karkhana.design.models import ChangeNote, ChangeOrder, Deviation
from karkhana.design.models.product import IN_REVIEW
from karkhana.kernel.refusals import Refusal, refuse
from karkhana.partners.models import Signatory

ROWS_MAX = 500
OPEN = (rules.REQUESTED, rules.APPROVED, rules.EFFECTIVE)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change order in a list; ``missing`` are the parties that have not approved what it says now.

    ``due`` says that its day has come and it waits to be put into effect.
    """

    number: str
    title: str
    product: str
    from_revision: str
    to_revision: str
    state: str
    effectivity: str
    effective_on: dt.date | None
    effective_serial: str
    orders: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    requested_by: str | None
    requested_at: dt.datetime
    due: bool


@dataclass(frozen=True, slots=True)
class DeviationRow:
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
    missing: tuple[str, ...]
    requested_by: str | None
    requested_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Note:
    """A line of the history."""

    at: dt.datetime
    by: str | None
    what: str
    note: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change order with everything about it; ``blocked`` says why the visitor cannot sign though they do
    sign for one of the parties."""

    order: ChangeOrder
    row: ChangeRow
    board: ApprovalBoard
    impact: dict[str, Any] | None
    notes: tuple[Note, ...]
    blocked: Refusal | None


@dataclass(frozen=True, slots=True)
class DeviationView:
    """A deviation or waiver with everything about it."""

    deviation: Deviation
    row: DeviationRow
    board: ApprovalBoard
    notes: tuple[Note, ...]
    blocked: Refusal | None


def _orders(user: Any) -> QuerySet[ChangeOrder]:
    return ChangeOrder.objects.filter(product__in=visible_products(user)).select_related(
        "product__brand", "product__agreement", "requested_by", "from_revision__product__brand",
        "from_revision__base", "to_revision__product__brand", "to_revision__base",
        "to_revision__submitted_by",
    )  # fmt: skip


def _deviations(user: Any) -> QuerySet[Deviation]:
    return Deviation.objects.filter(product__in=visible_products(user)).select_related(
        "product__brand", "product__agreement", "requested_by", "revision__product__brand", "revision__base"
    )


def change_rows(user: Any, today: dt.date, *, product: str = "", state: str = "") -> tuple[ChangeRow, ...]:
    """List the change orders that a log-in may see, the newest first.

    Args:
        state: one of ``rules.STATES``, ``open`` for what is not over, empty for all.
    """
    found = _orders(user).order_by("-pk")
    if product:
        found = found.filter(product__code=product)
    if state:
        found = found.filter(state__in=OPEN if state == "open" else [state])
    return tuple(_change_row(order, change_subject(order, today), today) for order in found[:ROWS_MAX])


def _change_row(order: ChangeOrder, subject: Subject, today: dt.date) -> ChangeRow:
    on = order.effective_on
    return ChangeRow(
        number=order.number,
        title=order.title,
        product=order.product.code,
        from_revision=order.from_revision.code,
        to_revision=order.to_revision.code,
        state=order.state,
        effectivity=order.effectivity,
        effective_on=on,
        effective_serial=order.effective_serial,
        orders=tuple((closed, instead) for closed, instead, _ in order.orders),
        missing=_missing(order, subject),
        requested_by=_login(order),
        requested_at=order.requested_at,
        due=order.state == rules.APPROVED and (on is None or on <= today),
    )


def _missing(row: ChangeOrder | Deviation, subject: Subject) -> tuple[str, ...]:
    if row.state != rules.REQUESTED:
        return ()
    return tuple(sorted(standing(subject, given_for(subject.kind, subject.name)).missing))


def _login(row: ChangeOrder | Deviation) -> str | None:
    login: Any = row.requested_by
    return login.get_username() if login else None


def find_change(user: Any, number: str) -> ChangeOrder:
    """Return a change order that a log-in may see.

    Raises:
        Refused: ``change.unknown``, the same whether it is not there or not theirs.
    """
    found = _orders(user).filter(number=number).first() if "\x00" not in number else None
    if found is None:
        raise refuse(
            "change.unknown", "There is no change order {number}.", "Check the number.", number=number[:40]
        )
    return found


def change_view(user: Any, number: str, today: dt.date) -> ChangeView:
    """Return a change order with its approvals, its impact as it was shown and its history.

    Raises:
        Refused: ``change.unknown``.
    """
    order = find_change(user, number)
    subject = change_subject(order, today)
    board = approval_board(subject, user) if order.state == rules.REQUESTED else _settled(subject, user)
    blocked = None
    if order.state == rules.REQUESTED and board.mine is None:
        blocked = _why_not(subject, user)
    elif board.mine and order.to_revision.state == IN_REVIEW and not subject.own_allowed:
        submitter: Any = order.to_revision.submitted_by
        if submitter is not None and submitter == user:
            board = _settled(subject, user)
            blocked = refuse(
                "approval.own_request",
                "{login} put {revision} into review and cannot approve the change to it.",
                "Have another signatory approve it.",
                login=user.get_username(), revision=str(order.to_revision),
            ).refusal  # fmt: skip
    impact = msgspec.json.decode(order.impact) if order.impact else None
    return ChangeView(order, _change_row(order, subject, today), board, impact, notes_of(number), blocked)


def _settled(subject: Subject, user: Any) -> ApprovalBoard:
    """Return a board without a form."""
    board = approval_board(subject, user)
    return ApprovalBoard(board.subject, board.standing, board.rows, None)


def _why_not(subject: Subject, user: Any) -> Refusal | None:
    """Say why somebody who signs for one of the parties cannot, None when they do not sign for any."""
    signatory = (
        Signatory.objects.filter(user=user, party__code__in=subject.required, revoked_at=None)
        .select_related("party")
        .order_by("pk")
        .first()
    )
    if signatory is None:
        return None
    refusal = check_approval(
        subject,
        party=signatory.party.code,
        signatory=signatory.public_key,
        login=user.get_username(),
        stated_hash=subject.content_hash,
        decision="approved",
        given=given_for(subject.kind, subject.name),
    )
    return refusal if refusal and refusal.code != "approval.twice" else None


def notes_of(number: str) -> tuple[Note, ...]:
    """Return the history of a change order or deviation, oldest first."""
    rows = ChangeNote.objects.filter(subject=number).order_by("pk")
    return tuple(Note(*row) for row in rows.values_list("at", "by__username", "what", "note"))


def deviation_rows(
    user: Any, today: dt.date, *, product: str = "", state: str = ""
) -> tuple[DeviationRow, ...]:
    """List the deviations and waivers that a log-in may see, the newest first."""
    found = _deviations(user).order_by("-pk")
    if product:
        found = found.filter(product__code=product)
    if state:
        found = found.filter(state__in=OPEN if state == "open" else [state])
    return tuple(_deviation_row(row, deviation_subject(row, today)) for row in found[:ROWS_MAX])


def _deviation_row(row: Deviation, subject: Subject) -> DeviationRow:
    return DeviationRow(
        number=row.number,
        kind=row.kind,
        title=row.title,
        product=row.product.code,
        revision=row.revision.code,
        state=row.state,
        part=row.part,
        substitute=row.substitute,
        max_units=row.max_units,
        until=row.until,
        units=len(row.serials),
        missing=_missing(row, subject),
        requested_by=_login(row),
        requested_at=row.requested_at,
    )


def find_deviation(user: Any, number: str) -> Deviation:
    """Return a deviation that a log-in may see.

    Raises:
        Refused: ``deviation.unknown``.
    """
    found = _deviations(user).filter(number=number).first() if "\x00" not in number else None
    if found is None:
        raise refuse(
            "deviation.unknown", "There is no deviation {number}.", "Check the number.", number=number[:40]
        )
    return found


def deviation_view(user: Any, number: str, today: dt.date) -> DeviationView:
    """Return a deviation with its approvals and its history.

    Raises:
        Refused: ``deviation.unknown``.
    """
    row = find_deviation(user, number)
    subject = deviation_subject(row, today)
    if row.state != rules.REQUESTED:
        return DeviationView(
            row, _deviation_row(row, subject), _settled(subject, user), notes_of(number), None
        )
    board = approval_board(subject, user)
    blocked = _why_not(subject, user) if board.mine is None else None
    return DeviationView(row, _deviation_row(row, subject), board, notes_of(number), blocked)


def bound_products(user: Any) -> list[str]:
    """Return the codes of the products that have a released revision and that a log-in may see."""
    found = visible_products(user).filter(Q(revisions__package__isnull=False)).distinct()
    return list(found.values_list("code", flat=True))
