"""Writes of change orders: ask, show the impact, approve, put into effect, close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.models import Q

from karkhana.design.approvals import operations as approvals
from karkhana.design.approvals.rules import Standing, Subject
from karkhana.design.changes import rules
from karkhana.design.changes.asked import ChangeAsked
from karkhana.design.changes.content import change_content, change_subject
from karkhana.design.models import ChangeNote, ChangeOrder, Revision
from karkhana.design.models.product import DRAFT, IN_REVIEW, OBSOLETE, OPEN_STATES, RELEASED, SUPERSEDED
from karkhana.design.operations.revisions import end_revision, release_changed
from karkhana.design.queries import find_revision
from karkhana.kernel.refusals import refuse
from karkhana.partners.models import Signatory


@transaction.atomic
def request_change(
    *,
    product: str,
    from_revision: str,
    to_revision: str,
    asked: ChangeAsked,
    user: Any,
    now: dt.datetime,
) -> ChangeOrder:
    """Ask for a change from one revision to another; it is approved once its impact was shown.

    Raises:
        Refused: ``change.*``, ``revision.unknown``.
    """
    asked.check()
    old, new = find_revision(product, from_revision), find_revision(product, to_revision)
    _check_revisions(old, new)
    order = ChangeOrder(
        number=draw_number("CO", "design_change_number"),
        product=old.product, from_revision=old, to_revision=new, requested_by=user, requested_at=now,
    )  # fmt: skip
    _take(order, asked)
    order.save()
    note(order.number, "requested", user, now)
    return order


def draw_number(prefix: str, sequence: str) -> str:
    """Draw the next number; no two are ever the same, one of a failed request stays unused."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s)", [sequence])
        return f"{prefix}-{cursor.fetchone()[0]:04d}"


def note(number: str, what: str, user: Any, now: dt.datetime, text: str = "") -> None:
    """Write a line of the history."""
    ChangeNote.objects.create(subject=number, at=now, by=user, what=what, note=text)


def _check_revisions(old: Revision, new: Revision) -> None:
    problem = None
    if old.pk == new.pk:
        problem = "both are the same revision"
    elif old.state not in (RELEASED, SUPERSEDED):
        problem = f"{old.code} was never released" if old.state in OPEN_STATES else f"{old.code} is obsolete"
    elif new.state in (SUPERSEDED, OBSOLETE):
        problem = f"{new.code} is {new.state}"
    if problem:
        raise refuse(
            "change.revisions",
            "{product} cannot change from {old} to {new}: {problem}.",
            "Change from a released revision to a newer one.",
            product=old.product.code, old=old.code, new=new.code, problem=problem,
        )  # fmt: skip


def _take(order: ChangeOrder, asked: ChangeAsked) -> None:
    order.title, order.reason = asked.title.strip(), asked.reason.strip()
    order.change_class, order.effectivity = asked.change_class, asked.effectivity
    order.effective_on, order.effective_serial = asked.effective_on, asked.effective_serial
    order.orders = [[one.closed, one.instead, one.quantity] for one in asked.orders]
    order.in_process, order.stock = asked.in_process, asked.stock


def locked(number: str) -> ChangeOrder:
    """Lock a change order.

    Raises:
        Refused: ``change.unknown``.
    """
    found = (
        ChangeOrder.objects.select_for_update(of=("self",))
        .select_related("product__brand", "product__agreement", "requested_by", "from_revision__product",
                        "to_revision__product__brand", "to_revision__product__agreement", "to_revision__base",
                        "to_revision__submitted_by")
        .filter(number=number)
        .first()
    ) if "\x00" not in number else None  # fmt: skip
    if found is None:
        raise refuse(
            "change.unknown", "There is no change order {number}.", "Check the number.", number=number[:40]
        )
    return found


def _require(order: ChangeOrder, then: str) -> None:
    if not rules.may_become(order.state, then):
        raise refuse(
            "change.state",
            "{number} is {now} and cannot become {then}.",
            "A change order is requested, approved, put into effect and closed, in this order.",
            number=order.number, now=order.state, then=then,
        )  # fmt: skip


def _requested(number: str) -> ChangeOrder:
    order = locked(number)
    if order.state != rules.REQUESTED:
        raise refuse(
            "change.settled",
            "{number} is {state}; nothing of it can change.",
            "Ask for another change in a new change order.",
            number=number, state=order.state,
        )  # fmt: skip
    return order


@transaction.atomic
def edit_change(*, number: str, asked: ChangeAsked, user: Any, now: dt.datetime) -> ChangeOrder:
    """Change what is asked for; approvals that were given do not count any more then.

    Raises:
        Refused: ``change.unknown``, ``change.settled``, ``change.*`` of the fields.
    """
    order = _requested(number)
    asked.check()
    _take(order, asked)
    order.save()
    note(number, "edited", user, now)
    return order


@transaction.atomic
def show_impact(*, number: str, impact: Mapping[str, Any], user: Any, now: dt.datetime) -> ChangeOrder:
    """Keep an impact as what approvals are given on; another one than before makes them stale.

    Raises:
        Refused: ``change.unknown``, ``change.settled``.
    """
    order = _requested(number)
    order.impact = msgspec.json.encode(impact).decode()
    order.save(update_fields=["impact"])
    note(number, "impact shown", user, now)
    return order


@transaction.atomic
def approve_change(
    *,
    number: str,
    user: Any,
    stated_hash: str,
    passphrase: str,
    now: dt.datetime,
    today: dt.date,
    impact: Mapping[str, Any],
    decision: str = "approved",
    comment: str = "",
) -> Standing:
    """Sign a change order for the party that a log-in signs for; with the last one it is approved.

    Args:
        today: on the plant's calendar.
        impact: computed now; refused as stale when it tells more than what was shown.

    Raises:
        Refused: ``change.*``, ``approval.*``, ``revision.changed_in_review``.
    """

    def sign(subject: Subject) -> Standing:
        return approvals.approve(
            subject=subject, user=user, stated_hash=stated_hash, passphrase=passphrase, now=now,
            decision=decision, comment=comment,
        )  # fmt: skip

    return _approve(number, user.get_username(), user, sign, decision, now, today, impact)


@transaction.atomic
def approve_change_signed(
    *,
    number: str,
    public_key: str,
    stated_hash: str,
    signature: str,
    signed_at: dt.datetime,
    now: dt.datetime,
    today: dt.date,
    impact: Mapping[str, Any],
    decision: str = "approved",
    comment: str = "",
) -> Standing:
    """Record an approval that was signed elsewhere, with a key that is not kept here.

    Raises:
        Refused: as ``approve_change``.
    """
    signatory = Signatory.objects.filter(public_key=public_key).select_related("user").first()
    user: Any = signatory.user if signatory else None

    def sign(subject: Subject) -> Standing:
        return approvals.approve_signed(
            subject=subject, public_key=public_key, stated_hash=stated_hash, signature=signature,
            signed_at=signed_at, now=now, decision=decision, comment=comment,
        )  # fmt: skip

    login = user.get_username() if user else None
    return _approve(number, login, user, sign, decision, now, today, impact)


def _approve(
    number: str,
    login: str | None,
    user: Any,
    sign: Callable[[Subject], Standing],
    decision: str,
    now: dt.datetime,
    today: dt.date,
    impact: Mapping[str, Any],
) -> Standing:
    order = locked(number)
    _require(order, rules.REJECTED if decision == "rejected" else rules.APPROVED)
    subject = change_subject(order, today)
    if decision != "rejected":
        _check_shown(order, impact)
        _check_own_revision(order, subject, login)
    standing = sign(subject)
    if standing.rejected:
        order.state, order.closed_at = rules.REJECTED, now
        order.save(update_fields=["state", "closed_at"])
        note(number, "rejected", user, now)
        return standing
    note(number, "signed", user, now)
    if standing.complete:
        _adopt(order, subject, user, now)
    return standing


def _check_shown(order: ChangeOrder, impact: Mapping[str, Any]) -> None:
    """Refuse to approve what nobody can know: a draft, no impact, or one that has grown since."""
    if order.to_revision.state == DRAFT:
        raise refuse(
            "change.draft",
            "{product} {revision} is a draft; it could change after the approval.",
            "Submit the revision for review first.",
            product=order.product.code, revision=order.to_revision.code,
        )  # fmt: skip
    if order.impact is None:
        raise refuse(
            "change.no_impact",
            "The impact of {number} was never computed.",
            "Compute the impact and look at it, then approve.",
            number=order.number,
        )
    # Both as JSON knows them.
    live = msgspec.json.decode(msgspec.json.encode(impact))
    if rules.has_grown(msgspec.json.decode(order.impact), live):
        raise refuse(
            "approval.stale",
            "The impact of {number} has grown since it was shown.",
            "Compute the impact again and look at it, then approve.",
            number=order.number,
        )


def _check_own_revision(order: ChangeOrder, subject: Subject, login: str | None) -> None:
    """Refuse the one who put the new revision into review: the approval is one of the revision too."""
    submitter: Any = order.to_revision.submitted_by
    if order.to_revision.state != IN_REVIEW or subject.own_allowed or submitter is None:
        return
    if login == submitter.get_username():
        raise refuse(
            "approval.own_request",
            "{login} put {product} {revision} into review and cannot approve the change to it.",
            "Have another signatory approve it.",
            login=login, product=order.product.code, revision=order.to_revision.code,
        )  # fmt: skip


def _adopt(order: ChangeOrder, subject: Subject, user: Any, now: dt.datetime) -> None:
    """Make an order binding: keep what was approved, and release the revision that it brings."""
    _check_overlap(order)
    content = change_content(order)
    order.content, order.content_hash = content.decode(), subject.content_hash
    order.required = sorted(subject.required)
    order.state, order.approved_at = rules.APPROVED, now
    order.save()
    note(order.number, "approved", user, now)
    if order.to_revision.state == IN_REVIEW:
        release_changed(
            product_code=order.product.code, revision_code=order.to_revision.code, change=subject,
            change_content=content, now=now,
        )  # fmt: skip
        note(order.number, "released", user, now, str(order.to_revision))


def _check_overlap(order: ChangeOrder) -> None:
    """Refuse a second order that says from when on the same revision is no longer built."""
    if order.effectivity == "work_order":
        return
    other = (
        ChangeOrder.objects.filter(Q(state__in=rules.STANDING), from_revision=order.from_revision)
        .exclude(effectivity="work_order")
        .first()
    )
    if other is not None:
        raise refuse(
            "change.overlap",
            "{other} says already from when on {product} {revision} is not built any more.",
            "Withdraw this one, or change from the newer revision.",
            other=other.number, product=order.product.code, revision=order.from_revision.code,
        )  # fmt: skip


@transaction.atomic
def accept_change(
    *, number: str, user: Any, now: dt.datetime, today: dt.date, impact: Mapping[str, Any]
) -> ChangeOrder:
    """Make an order binding that no party has to approve, once its impact was shown.

    Raises:
        Refused: ``approval.missing`` when somebody must; ``change.*``.
    """
    order = locked(number)
    _require(order, rules.APPROVED)
    subject = change_subject(order, today)
    _check_shown(order, impact)
    approvals.require_complete(subject)
    _adopt(order, subject, user, now)
    return order


@transaction.atomic
def withdraw_change(*, number: str, user: Any, now: dt.datetime) -> ChangeOrder:
    """Take back a change order that is not approved yet.

    Raises:
        Refused: ``change.unknown``, ``change.state``.
    """
    order = locked(number)
    _require(order, rules.WITHDRAWN)
    order.state, order.closed_at = rules.WITHDRAWN, now
    order.save(update_fields=["state", "closed_at"])
    note(number, "withdrawn", user, now)
    return order


@transaction.atomic
def put_into_effect(
    *, number: str, user: Any, now: dt.datetime, today: dt.date, done: Sequence[str] = ()
) -> ChangeOrder:
    """Note that an approved change has taken effect; ``floor.changes`` does what it asks for.

    Args:
        done: what was carried out, in words, for the history.

    Raises:
        Refused: ``change.unknown``, ``change.state``, ``change.not_due``.
    """
    order = locked(number)
    _require(order, rules.EFFECTIVE)
    if order.effective_on is not None and today < order.effective_on:
        raise refuse(
            "change.not_due",
            "{number} takes effect on {day}.",
            "Wait for that day; the gate keeps to it by itself.",
            number=number, day=order.effective_on.isoformat(),
        )  # fmt: skip
    order.state, order.effective_at = rules.EFFECTIVE, now
    order.save(update_fields=["state", "effective_at"])
    note(number, "effective", user, now, "; ".join(done))
    return order


@transaction.atomic
def close_change(*, number: str, in_use: int, user: Any, now: dt.datetime) -> ChangeOrder:
    """Close a change that is in effect: the old revision is superseded.

    Args:
        in_use: units of the old revision that are still in process.

    Raises:
        Refused: ``change.unknown``, ``change.state``, ``change.still_in_use``.
    """
    order = locked(number)
    _require(order, rules.CLOSED)
    if in_use:
        raise refuse(
            "change.still_in_use",
            "{count} units of {product} {revision} are still in process.",
            "Finish or scrap them first.",
            count=in_use, product=order.product.code, revision=order.from_revision.code,
        )  # fmt: skip
    order.state, order.closed_at = rules.CLOSED, now
    order.save(update_fields=["state", "closed_at"])
    if order.from_revision.state == RELEASED:
        end_revision(
            product_code=order.product.code, revision_code=order.from_revision.code, state=SUPERSEDED, now=now
        )
    note(number, "closed", user, now)
    return order
