"""Reads of approvals: who must approve, what was given, and whether the signatures still hold."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from karkhana.design.approvals import rules
from karkhana.design.approvals.rules import Given, Standing, Subject
from karkhana.design.models import Approval, Product
from karkhana.partners import signing
from karkhana.partners.models import Party, Signatory


def required_for(product: Product, kind: str, day: dt.date) -> tuple[frozenset[str], bool]:
    """Return the parties that must approve something of a product, and whether one's own request may be.

    An agreement counts from its start to its end; a product under none needs nobody but, where it owns the
    design, the brand.
    """
    agreement = product.agreement
    approves: dict[str, list[str]] = {}
    own_allowed = False
    if agreement and agreement.starts_on <= day and (agreement.ends_on is None or day < agreement.ends_on):
        own_allowed = agreement.own_allowed
        rows = agreement.parties.values_list("party__code", "approves")
        approves = {code: list(kinds) for code, kinds in rows}
    brand_party = Party.objects.filter(brand=product.brand_id).values_list("code", flat=True).first()
    required = rules.required_parties(
        kind, approves, brand_party=brand_party, design_owner=product.design_owner
    )
    return required, own_allowed


def signed_for(kind: str, name: str) -> list[Approval]:
    """Return every approval of a subject whose signature holds, of any content, in order of signing.

    A row that somebody wrote past this program counts for nothing: it is not signed.
    """
    rows = (
        Approval.objects.filter(subject_kind=kind, subject=name)
        .select_related("party", "signatory")
        .order_by("pk")
    )
    return [row for row in rows if _holds(row)]


def given_for(kind: str, name: str) -> list[Given]:
    """Return what the rules need of every approval of a subject that holds."""
    return [
        Given(row.party.code, row.signatory.public_key, row.subject_hash, row.decision)
        for row in signed_for(kind, name)
    ]


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """One approval as it is shown. ``valid`` says whether its signature fits its statement."""

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


@dataclass(frozen=True, slots=True)
class ApprovalBoard:
    """What a page shows of a subject's approvals; ``mine`` is the party that the visitor may sign for now."""

    subject: Subject
    standing: Standing
    rows: tuple[ApprovalRow, ...]
    mine: str | None

    @property
    def parties(self) -> tuple[tuple[str, str], ...]:
        """Who must approve and what each has said: (party, approved | rejected | missing), by name."""
        said = dict.fromkeys(self.subject.required, "missing")
        said |= dict.fromkeys(self.standing.approved, "approved")
        said |= dict.fromkeys(self.standing.rejected, "rejected")
        return tuple(sorted(said.items()))


def approval_board(subject: Subject, user: Any) -> ApprovalBoard:
    """Return the approvals of a subject and whether this visitor may add one."""
    approvals = (
        Approval.objects.filter(subject_kind=subject.kind, subject=subject.name)
        .select_related("party", "signatory")
        .order_by("pk")
    )
    rows = tuple(
        ApprovalRow(
            party=row.party.code,
            name=row.signatory.name,
            decision=row.decision,
            comment=row.comment,
            signed_at=row.signed_at,
            subject_hash=row.subject_hash,
            statement=row.statement,
            signature=row.signature,
            public_key=row.signatory.public_key,
            valid=_holds(row),
        )
        for row in approvals
    )
    given = given_for(subject.kind, subject.name)
    return ApprovalBoard(subject, rules.standing(subject, given), rows, _mine(subject, user, given))


def _holds(row: Approval) -> bool:
    """Whether the signature fits the statement, and the statement says what the row says."""
    key = row.signatory.public_key
    subject = Subject(row.subject_kind, row.subject, row.subject_hash, frozenset(), None)
    text = rules.statement(
        subject, party=row.party.code, signatory=key, decision=row.decision, comment=row.comment,
        at=row.signed_at,
    )  # fmt: skip
    return row.statement.encode() == text and signing.verify(key, row.signature, text)


def _mine(subject: Subject, user: Any, given: list[Given]) -> str | None:
    """Return the party that a visitor could sign for, None when the rules would refuse."""
    signatory = (
        Signatory.objects.filter(user=user, party__code__in=subject.required, revoked_at=None)
        .select_related("party")
        .order_by("pk")
        .first()
    )
    if signatory is None:
        return None
    refusal = rules.check_approval(
        subject,
        party=signatory.party.code,
        signatory=signatory.public_key,
        login=user.get_username(),
        stated_hash=subject.content_hash,
        decision=rules.APPROVED,
        given=given,
    )
    return None if refusal else signatory.party.code
