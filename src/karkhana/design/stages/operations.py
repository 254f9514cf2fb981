"""Writes of the gates that need nothing of the floor: adopting, revoking, issues, own criteria."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Max

from karkhana.design.models import Product, Revision, StageCriteria, StageGate, StageIssue
from karkhana.design.models.stages import ADOPTED, REVOKED, SEVERITIES
from karkhana.design.queries import find_revision
from karkhana.design.stages import GATES, STAGES
from karkhana.design.stages.queries import criteria_of, in_force
from karkhana.design.stages.reading import group_of
from karkhana.design.stages.rules import Criteria, looser
from karkhana.kernel.refusals import Refused, refuse

REASON_MAX = 2000
BEFORE = "in production before this record began"


def locked_product(code: str) -> Product:
    """Lock a product, so that its gates and orders do not change under each other.

    Raises:
        Refused: ``product.unknown``.
    """
    found = None
    if "\x00" not in code:
        found = (
            Product.objects.select_for_update(of=("self",))
            .select_related("brand", "agreement")
            .filter(code=code)
            .first()
        )
    if found is None:
        raise refuse(
            "product.unknown", "There is no product {product}.", "Check the code.", product=code[:80]
        )
    return found


def check_stage(stage: str, allowed: tuple[str, ...] = STAGES) -> None:
    """Refuse what is no stage.

    Raises:
        Refused: ``stage.unknown``.
    """
    if stage not in allowed:
        raise refuse(
            "stage.unknown",
            "{stage} is no stage.",
            "Choose one of {stages}.",
            stage=repr(stage[:20]),
            stages=", ".join(allowed),
        )


def checked_text(value: str, limit: int, what: str, *, empty: bool = False) -> str:
    """Return a text that can be stored.

    Raises:
        Refused: ``stage.text`` when it is empty, too long or holds control characters.
    """
    text = value.strip()
    if len(text) > limit or (not text and not empty) or any(ord(c) < 32 and c not in "\r\n\t" for c in text):
        raise refuse(
            "stage.text",
            "The {what} is empty, longer than {limit} characters, or holds what cannot be stored.",
            "Correct the {what}.",
            what=what,
            limit=limit,
        )
    return text


@transaction.atomic
def adopt_stage(
    *, product_code: str, stages: tuple[str, ...] = GATES, reason: str, now: dt.datetime, user: Any = None
) -> list[StageGate]:
    """Say that a product was through some gates before this record began; what it is through is left alone.

    Args:
        user: an admin; None where a program writes down what is known.

    Raises:
        Refused: ``product.unknown``, ``stage.unknown``, ``stage.text`` (no reason).
    """
    product = locked_product(product_code)
    for stage in stages:
        check_stage(stage, GATES)
    said = checked_text(reason, REASON_MAX, "reason")
    decided = in_force([product.pk]).get(product.pk, {})
    return [
        StageGate.objects.create(
            product=product, stage=stage, action=ADOPTED, reason=said, decided_at=now, decided_by=user
        )
        for stage in GATES
        if stage in stages and (stage not in decided or decided[stage].action == REVOKED)
    ]


@transaction.atomic
def revoke_gate(
    *, product_code: str, stage: str, reason: str, now: dt.datetime, user: Any = None
) -> StageGate:
    """Take a gate back: from now on nothing may be started under orders of the stages after it.

    Raises:
        Refused: ``product.unknown``, ``stage.unknown``, ``stage.text``, ``stage.not_passed``.
    """
    product = locked_product(product_code)
    check_stage(stage, GATES)
    said = checked_text(reason, REASON_MAX, "reason")
    decided = in_force([product.pk]).get(product.pk, {}).get(stage)
    if decided is None or decided.action == REVOKED:
        raise refuse(
            "stage.not_passed",
            "{product} is not through {stage}, so there is nothing to revoke.",
            "Check the product and the stage.",
            product=product_code,
            stage=stage,
        )
    return StageGate.objects.create(
        product=product, stage=stage, action=REVOKED, reason=said, decided_at=now, decided_by=user
    )


@transaction.atomic
def set_criteria(*, product_code: str, stage: str, own: Criteria | None) -> Criteria:
    """Ask more of a product at a stage than its group asks; None goes back to the group's criteria.

    Returns:
        What counts from now on.

    Raises:
        Refused: ``product.unknown``, ``stage.unknown``, ``stage.criteria_looser``.
    """
    product = locked_product(product_code)
    check_stage(stage)
    if own is None or own == Criteria():
        StageCriteria.objects.filter(product=product, stage=stage).delete()
        return criteria_of(product, stage)
    wrong = looser(group_of(product.segment).stages[stage], own)
    if wrong:
        raise refuse(
            "stage.criteria_looser",
            "{what} cannot be looser than for all of {product}'s kind.",
            "Ask for as much or more, or leave it out.",
            what=", ".join(wrong),
            product=product_code,
        )
    for kind in own.documents:
        checked_text(kind, 80, "kind of document")
    StageCriteria.objects.update_or_create(
        product=product, stage=stage, defaults={"own": msgspec.to_builtins(own)}
    )
    return criteria_of(product, stage)


@transaction.atomic
def open_issue(
    *,
    product_code: str,
    revision_code: str,
    stage: str,
    severity: str,
    title: str,
    now: dt.datetime,
    owner: str = "",
    due_on: dt.date | None = None,
    user: Any = None,
) -> StageIssue:
    """Write down something that a build showed and that is to be mended.

    Raises:
        Refused: ``product.unknown``, ``revision.unknown``, ``stage.unknown``, ``stage.severity``,
            ``stage.text``, ``stage.date``.
    """
    product = locked_product(product_code)
    revision: Revision = find_revision(product_code, revision_code)
    check_stage(stage)
    if severity not in SEVERITIES:
        raise refuse(
            "stage.severity",
            "{severity} is no severity.",
            "Say A (does not work or is a danger), B (a function or the yield suffers) or C (minor).",
            severity=repr(severity[:20]),
        )
    check_date(due_on, now)
    highest = StageIssue.objects.filter(product=product).aggregate(Max("number"))["number__max"] or 0
    return StageIssue.objects.create(
        product=product,
        number=highest + 1,
        revision=revision,
        stage=stage,
        severity=severity,
        title=checked_text(title, 200, "title"),
        owner=checked_text(owner, 80, "owner", empty=True),
        due_on=due_on,
        opened_at=now,
        opened_by=user,
    )


def check_date(day: dt.date | None, now: dt.datetime) -> None:
    """Refuse a day that is no day of a plan: more than ten years from now either way.

    Raises:
        Refused: ``stage.date``.
    """
    if day is not None and abs(day.year - now.year) > 10:
        raise refuse(
            "stage.date",
            "{day} is more than ten years away.",
            "Check the date.",
            day=day.isoformat(),
        )


@transaction.atomic
def close_issue(
    *, product_code: str, number: int, resolution: str, now: dt.datetime, user: Any = None
) -> StageIssue:
    """Close an issue by saying what was done; a closed one stays as it is.

    Raises:
        Refused: ``product.unknown``, ``stage.issue_unknown``, ``stage.issue_closed``, ``stage.text``.
    """
    product = locked_product(product_code)
    issue = StageIssue.objects.filter(product=product, number=min(max(number, 0), 2**31 - 1)).first()
    if issue is None:
        raise _issue_unknown(product_code, number)
    if issue.closed_at is not None:
        raise refuse(
            "stage.issue_closed",
            "Issue {number} of {product} is closed already.",
            "Open a new issue when it has come back.",
            number=number,
            product=product_code,
        )
    issue.resolution = checked_text(resolution, REASON_MAX, "resolution")
    issue.closed_at, issue.closed_by = now, user
    issue.save(update_fields=["resolution", "closed_at", "closed_by"])
    return issue


def _issue_unknown(product: str, number: int) -> Refused:
    return refuse(
        "stage.issue_unknown",
        "{product} has no issue {number}.",
        "Check the number.",
        product=product,
        number=number,
    )


def read_date(text: str) -> dt.date | None:
    """Read a day as a form sends it; empty is None.

    Raises:
        Refused: ``stage.date``.
    """
    if not text.strip():
        return None
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise refuse(
            "stage.date", "{day} is no date.", "Write it as year-month-day.", day=repr(text[:20])
        ) from None


def read_number(text: str, what: str) -> int:
    """Read a whole number as a form sends it.

    Raises:
        Refused: ``stage.number``.
    """
    text = text.strip()
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 12):
        raise refuse(
            "stage.number",
            "The {what} {value} is no whole number.",
            "Write digits only.",
            what=what,
            value=repr(text[:20]),
        )
    return int(text)


def read_criteria(fields: object) -> Criteria:
    """Read criteria from JSON values.

    Raises:
        Refused: ``stage.criteria`` naming the field.
    """
    try:
        return msgspec.convert(fields, Criteria)
    except msgspec.ValidationError as problem:
        raise refuse(
            "stage.criteria",
            "These are no criteria: {problem}.",
            "Give units, first_pass_per_mille, rolled_per_mille, open_issues and so on; see /api/docs.",
            problem=str(problem)[:200],
        ) from problem
