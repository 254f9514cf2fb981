"""Who must approve what, and whether an approval counts. Pure.

The statement that is signed is canonical JSON, so that it can be checked offline with nothing but the public
key: ``{"statement":"karkhana.approval.v1","kind":…,"subject":…,"hash":…,"party":…,"signatory":…,"decision":…,
"comment":…,"at":…}``, keys in this order, no white space, UTF-8; ``signatory`` is the public key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from karkhana.kernel.refusals import Refusal, refuse

STATEMENT = "karkhana.approval.v1"
APPROVED, REJECTED = "approved", "rejected"
DECISIONS = (APPROVED, REJECTED)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be approved.

    Args:
        kind: one of ``partners.models.SUBJECTS``; ``name`` is what people call it.
        content_hash: SHA-256 of the content that is approved, lower-case hexadecimal.
        required: codes of the parties that must approve.
        requested_by: log-in of the person who asked, None when a program did.
        own_allowed: whether that person may approve.
    """

    kind: str
    name: str
    content_hash: str
    required: frozenset[str]
    requested_by: str | None
    own_allowed: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """An approval that was given: by whom, for which party, on which content."""

    party: str
    signatory: str
    content_hash: str
    decision: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the approvals of a subject are: parties by what they said of its present content."""

    approved: frozenset[str] = frozenset()
    rejected: frozenset[str] = frozenset()
    missing: frozenset[str] = field(default_factory=frozenset)

    @property
    def complete(self) -> bool:
        """Whether every party that must approve has, and nobody said no."""
        return not self.missing and not self.rejected


def required_parties(
    kind: str,
    approves: Mapping[str, Iterable[str]],
    *,
    brand_party: str | None,
    design_owner: str,
) -> frozenset[str]:
    """Say who must approve: the parties whom the agreement names, and the brand where it owns the design.

    Args:
        approves: party code to the subjects that the agreement lets it approve.
        brand_party: code of the brand's own party, None when it has none.
    """
    named = {party for party, kinds in approves.items() if kind in set(kinds)}
    if design_owner == "brand" and brand_party is not None:
        named.add(brand_party)
    return frozenset(named)


def standing(subject: Subject, given: Iterable[Given]) -> Standing:
    """Tell how far the approvals are; what was said of other content does not count.

    One yes of any signatory of a party is the party's yes; one no is its no.
    """
    here = [one for one in given if one.content_hash == subject.content_hash]
    rejected = frozenset(one.party for one in here if one.decision == REJECTED)
    approved = frozenset(one.party for one in here if one.decision == APPROVED) - rejected
    return Standing(approved, rejected, subject.required - approved - rejected)


def check_approval(
    subject: Subject,
    *,
    party: str,
    signatory: str,
    login: str | None,
    stated_hash: str,
    decision: str,
    given: Iterable[Given],
) -> Refusal | None:
    """Refuse an approval that does not count.

    Args:
        signatory: public key of who signs; ``login`` is the log-in of that person, None without one.
        stated_hash: the content that the person saw and signs.
    """
    here = {"kind": subject.kind.replace("_", " "), "subject": subject.name, "party": party}
    if decision not in DECISIONS:
        return _no(
            "approval.decision",
            "{decision} is no decision.",
            "Say approved or rejected.",
            decision=decision[:40],
        )
    if party not in subject.required:
        return _no(
            "approval.party",
            "{party} has no say in {kind} {subject}.",
            "Only {required} can approve it.",
            **here,
            required=", ".join(sorted(subject.required)) or "nobody",
        )
    if stated_hash != subject.content_hash:
        return _no(
            "approval.stale",
            "{kind} {subject} has changed since it was shown to {party}.",
            "Look at it again, then approve what it says now.",
            **here,
            stated=stated_hash[:64],
            current=subject.content_hash,
        )
    if subject.requested_by is not None and login == subject.requested_by and not subject.own_allowed:
        return _no(
            "approval.own_request",
            "{login} asked for {kind} {subject} and cannot approve it.",
            "Have another signatory of {party} approve it.",
            **here,
            login=login,
        )
    for one in given:
        if one.content_hash == stated_hash and one.signatory == signatory:
            return _no(
                "approval.twice",
                "This signatory of {party} has {decision} {kind} {subject} already.",
                "Nothing is left to do.",
                **here,
                decision=one.decision,
            )
    return None


def statement(
    subject: Subject, *, party: str, signatory: str, decision: str, comment: str, at: dt.datetime
) -> bytes:
    """Return the exact bytes that are signed.

    Args:
        signatory: public key of who signs. ``at`` is told in UTC to the second.
    """
    return msgspec.json.encode(
        {
            "statement": STATEMENT,
            "kind": subject.kind,
            "subject": subject.name,
            "hash": subject.content_hash,
            "party": party,
            "signatory": signatory,
            "decision": decision,
            "comment": comment,
            "at": at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    )


def _no(code: str, message: str, next_step: str, **fields: str | None) -> Refusal:
    return refuse(code, message, next_step, **fields).refusal
