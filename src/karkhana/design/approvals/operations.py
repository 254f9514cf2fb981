"""Recording approvals, under lock, with their signatures checked."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from karkhana.design.approvals import rules
from karkhana.design.approvals.queries import given_for
from karkhana.design.approvals.rules import Standing, Subject
from karkhana.design.models import Approval
from karkhana.kernel.refusals import Refused, refuse
from karkhana.partners import signing
from karkhana.partners.models import Signatory

COMMENT_MAX = 2000
CLOCK_MAX = dt.timedelta(minutes=10)
SIGNATURE_DIGITS = 128


def signatory_of(*, user: Any, parties: frozenset[str]) -> Signatory:
    """Return the signatory that a log-in is for one of these parties.

    Raises:
        Refused: ``approval.no_signatory``.
    """
    found = (
        Signatory.objects.filter(user=user, party__code__in=parties, revoked_at=None)
        .select_related("party")
        .order_by("pk")
        .first()
    )
    if found is None:
        raise refuse(
            "approval.no_signatory",
            "{login} signs for none of {parties}.",
            "Have one of their signatories approve, or enrol this person.",
            login=str(user),
            parties=", ".join(sorted(parties)) or "the parties",
        )
    return found


@transaction.atomic
def approve(
    *,
    subject: Subject,
    user: Any,
    stated_hash: str,
    passphrase: str,
    now: dt.datetime,
    decision: str = rules.APPROVED,
    comment: str = "",
) -> Standing:
    """Sign with the key that is kept here and that the person's passphrase opens; record the approval.

    The caller holds the lock on the subject's row, so that its content cannot change meanwhile.

    Returns:
        How far the approvals are now.

    Raises:
        Refused: ``approval.*``.
    """
    signatory = signatory_of(user=user, parties=subject.required)
    _check(subject, signatory, stated_hash, decision)
    if signatory.sealed_key is None:
        raise refuse(
            "approval.key_elsewhere",
            "{name} keeps the signing key elsewhere.",
            "Sign the statement there and hand in the signature.",
            name=signatory.name,
        )
    text = rules.statement(
        subject, party=signatory.party.code, signatory=signatory.public_key, decision=decision,
        comment=_comment(comment), at=now,
    )  # fmt: skip
    try:
        signature = signing.sign(signatory.sealed_key, passphrase or "\x00", text)
    except ValueError:
        raise refuse(
            "approval.passphrase",
            "The signing passphrase is not right.",
            "Type the passphrase that was chosen when the key was made.",
        ) from None
    return _record(subject, signatory, decision, comment, now, text, signature)


@transaction.atomic
def approve_signed(
    *,
    subject: Subject,
    public_key: str,
    stated_hash: str,
    signature: str,
    signed_at: dt.datetime,
    now: dt.datetime,
    decision: str = rules.APPROVED,
    comment: str = "",
) -> Standing:
    """Record an approval that was signed elsewhere, with a key that is not kept here.

    Args:
        signed_at: the time inside the statement, at most ten minutes from now.

    Raises:
        Refused: ``approval.*``.
    """
    signatory = (
        Signatory.objects.filter(public_key=public_key, revoked_at=None).select_related("party").first()
    )
    if signatory is None:
        raise refuse(
            "approval.no_signatory",
            "Nobody signs with this key.",
            "Enrol the public key first.",
        )
    _check(subject, signatory, stated_hash, decision)
    if signed_at.tzinfo is None or abs(signed_at - now) > CLOCK_MAX:
        raise refuse(
            "approval.time",
            "The statement says {at}, which is more than ten minutes from now.",
            "Set the clock and sign again.",
            at=signed_at.isoformat(),
        )
    text = rules.statement(
        subject, party=signatory.party.code, signatory=public_key, decision=decision,
        comment=_comment(comment), at=signed_at,
    )  # fmt: skip
    if len(signature) != SIGNATURE_DIGITS or not signing.verify(public_key, signature, text):
        raise refuse(
            "approval.signature",
            "The signature does not fit the statement.",
            "Sign the exact statement that is shown, with the enrolled key.",
        )
    return _record(subject, signatory, decision, comment, signed_at, text, signature.lower())


def _check(subject: Subject, signatory: Signatory, stated_hash: str, decision: str) -> None:
    refusal = rules.check_approval(
        subject,
        party=signatory.party.code,
        signatory=signatory.public_key,
        login=signatory.user.get_username() if signatory.user else None,
        stated_hash=stated_hash,
        decision=decision,
        given=given_for(subject.kind, subject.name),
    )
    if refusal:
        raise Refused(refusal)


def _comment(text: str) -> str:
    if len(text) > COMMENT_MAX or "\x00" in text:
        raise refuse(
            "approval.comment",
            "The comment is longer than {limit} characters or holds what cannot be stored.",
            "Shorten it.",
            limit=COMMENT_MAX,
        )
    return text


def _record(
    subject: Subject,
    signatory: Signatory,
    decision: str,
    comment: str,
    at: dt.datetime,
    text: bytes,
    signature: str,
) -> Standing:
    Approval.objects.create(
        subject_kind=subject.kind,
        subject=subject.name,
        subject_hash=subject.content_hash,
        party=signatory.party,
        signatory=signatory,
        decision=decision,
        comment=comment,
        signed_at=at,
        statement=text.decode(),
        signature=signature,
    )
    return rules.standing(subject, given_for(subject.kind, subject.name))


def require_complete(subject: Subject) -> None:
    """Refuse to go on before everybody has approved.

    Raises:
        Refused: ``approval.missing`` or ``approval.rejected``.
    """
    now = rules.standing(subject, given_for(subject.kind, subject.name))
    here = {"kind": subject.kind.replace("_", " "), "subject": subject.name}
    if now.rejected:
        raise refuse(
            "approval.rejected",
            "{parties} rejected {kind} {subject}.",
            "Change it as they ask, then ask again.",
            **here,
            parties=", ".join(sorted(now.rejected)),
        )
    if now.missing:
        raise refuse(
            "approval.missing",
            "{kind} {subject} still needs the approval of {parties}.",
            "Have their signatories approve it.",
            **here,
            parties=", ".join(sorted(now.missing)),
        )
