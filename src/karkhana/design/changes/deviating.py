"""Writes of deviations and waivers: ask, approve, withdraw, close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import transaction

from karkhana.design.approvals import operations as approvals
from karkhana.design.approvals.rules import Standing, Subject
from karkhana.design.changes import rules
from karkhana.design.changes.asked import DeviationAsked
from karkhana.design.changes.content import deviation_content, deviation_subject
from karkhana.design.changes.operations import draw_number, note
from karkhana.design.models import Deviation
from karkhana.design.queries import find_revision, package_of
from karkhana.design.release import ReleasePackage
from karkhana.kernel.refusals import refuse
from karkhana.partners.models import Signatory


@transaction.atomic
def request_deviation(
    *, product: str, revision: str, asked: DeviationAsked, user: Any, now: dt.datetime
) -> Deviation:
    """Ask for a departure from a released revision.

    Raises:
        Refused: ``deviation.*``, ``revision.unknown``.
    """
    asked.check()
    found = find_revision(product, revision)
    if found.package is None:
        raise refuse(
            "deviation.revision",
            "{product} {revision} is not released; there is nothing to depart from.",
            "Change the draft.",
            product=product,
            revision=revision,
        )
    if asked.part:
        _check_part(package_of(found), asked)
    is_waiver = asked.kind == "waiver"
    row = Deviation.objects.create(
        number=draw_number("WV" if is_waiver else "DV", "design_deviation_number"),
        title=asked.title.strip(), reason=asked.reason.strip(), product=found.product, revision=found,
        requested_by=user, requested_at=now, kind=asked.kind, part=asked.part, substitute=asked.substitute,
        step=asked.step, role=asked.role, requirement=asked.requirement.strip(), max_units=asked.max_units,
        until=asked.until, work_orders=sorted(set(asked.work_orders)), serials=sorted(asked.serials),
    )  # fmt: skip
    note(row.number, "requested", user, now)
    return row


def _check_part(package: ReleasePackage, asked: DeviationAsked) -> None:
    """Refuse a deviation from a part that the release does not build in there."""
    steps = [step for step in package.steps if asked.step in (None, step.number)]
    places = [
        part
        for step in steps
        for part in (*(() if asked.role else step.materials), *step.key_parts)
        if asked.role in ("", getattr(part, "role", "")) and part.allows(asked.part)
    ]
    if not places:
        raise refuse(
            "deviation.part",
            "{product} {revision} builds in no {part}{place}.",
            "Name a part that a step of the route consumes or binds.",
            product=package.product, revision=package.revision, part=asked.part,
            place=f" at step {asked.step}" if asked.step else "",
        )  # fmt: skip
    if all(part.allows(asked.substitute) for part in places):
        raise refuse(
            "deviation.part",
            "{substitute} is released in place of {part} already.",
            "Nothing is left to do: it is an approved alternate.",
            substitute=asked.substitute, part=asked.part,
        )  # fmt: skip


def locked(number: str) -> Deviation:
    """Lock a deviation or waiver.

    Raises:
        Refused: ``deviation.unknown``.
    """
    found = (
        Deviation.objects.select_for_update(of=("self",))
        .select_related("product__brand", "product__agreement", "revision__product", "requested_by")
        .filter(number=number)
        .first()
    ) if "\x00" not in number else None  # fmt: skip
    if found is None:
        raise refuse(
            "deviation.unknown", "There is no deviation {number}.", "Check the number.", number=number[:40]
        )
    return found


def _require(row: Deviation, then: str) -> None:
    if not rules.may_become(row.state, then, deviation=True):
        raise refuse(
            "deviation.state",
            "{number} is {now} and cannot become {then}.",
            "A deviation is requested, approved and closed, in this order.",
            number=row.number, now=row.state, then=then,
        )  # fmt: skip


@transaction.atomic
def approve_deviation(
    *,
    number: str,
    user: Any,
    stated_hash: str,
    passphrase: str,
    now: dt.datetime,
    today: dt.date,
    decision: str = "approved",
    comment: str = "",
) -> Standing:
    """Sign a deviation or waiver for the party that a log-in signs for; with the last one it is approved.

    Raises:
        Refused: ``deviation.*``, ``approval.*``.
    """

    def sign(subject: Subject) -> Standing:
        return approvals.approve(
            subject=subject, user=user, stated_hash=stated_hash, passphrase=passphrase, now=now,
            decision=decision, comment=comment,
        )  # fmt: skip

    return _approve(number, user, sign, decision, now, today)


@transaction.atomic
def approve_deviation_signed(
    *,
    number: str,
    public_key: str,
    stated_hash: str,
    signature: str,
    signed_at: dt.datetime,
    now: dt.datetime,
    today: dt.date,
    decision: str = "approved",
    comment: str = "",
) -> Standing:
    """Record an approval that was signed elsewhere, with a key that is not kept here.

    Raises:
        Refused: ``deviation.*``, ``approval.*``.
    """
    signatory = Signatory.objects.filter(public_key=public_key).select_related("user").first()

    def sign(subject: Subject) -> Standing:
        return approvals.approve_signed(
            subject=subject, public_key=public_key, stated_hash=stated_hash, signature=signature,
            signed_at=signed_at, now=now, decision=decision, comment=comment,
        )  # fmt: skip

    return _approve(number, signatory.user if signatory else None, sign, decision, now, today)


def _approve(
    number: str,
    user: Any,
    sign: Callable[[Subject], Standing],
    decision: str,
    now: dt.datetime,
    today: dt.date,
) -> Standing:
    row = locked(number)
    _require(row, rules.REJECTED if decision == "rejected" else rules.APPROVED)
    subject = deviation_subject(row, today)
    standing = sign(subject)
    if standing.rejected:
        row.state, row.closed_at = rules.REJECTED, now
        row.save(update_fields=["state", "closed_at"])
        note(number, "rejected", user, now)
        return standing
    note(number, "signed", user, now)
    if standing.complete:
        _adopt(row, subject, user, now)
    return standing


def _adopt(row: Deviation, subject: Subject, user: Any, now: dt.datetime) -> None:
    row.content, row.content_hash = deviation_content(row).decode(), subject.content_hash
    row.required = sorted(subject.required)
    row.state, row.approved_at = rules.APPROVED, now
    row.save()
    note(row.number, "approved", user, now)


@transaction.atomic
def accept_deviation(*, number: str, user: Any, now: dt.datetime, today: dt.date) -> Deviation:
    """Make a deviation binding that no party has to approve.

    Raises:
        Refused: ``approval.missing`` when somebody must; ``deviation.*``.
    """
    row = locked(number)
    _require(row, rules.APPROVED)
    subject = deviation_subject(row, today)
    approvals.require_complete(subject)
    _adopt(row, subject, user, now)
    return row


@transaction.atomic
def withdraw_deviation(*, number: str, user: Any, now: dt.datetime) -> Deviation:
    """Take back a deviation that is not approved yet.

    Raises:
        Refused: ``deviation.unknown``, ``deviation.state``.
    """
    return _end(number, rules.WITHDRAWN, user, now)


@transaction.atomic
def close_deviation(*, number: str, user: Any, now: dt.datetime) -> Deviation:
    """End an approved deviation before its time; what was built under it stays as it is.

    Raises:
        Refused: ``deviation.unknown``, ``deviation.state``.
    """
    return _end(number, rules.CLOSED, user, now)


def _end(number: str, state: str, user: Any, now: dt.datetime) -> Deviation:
    row = locked(number)
    _require(row, state)
    row.state, row.closed_at = state, now
    row.save(update_fields=["state", "closed_at"])
    note(number, state, user, now)
    return row
