"""The form by which somebody signs an approval; pages include ``design/parts/approvals.html`` for it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class ApprovalForm:
    """What was filled in: the hash that the person saw, passphrase, decision and comment."""

    stated_hash: str
    passphrase: str
    decision: str
    comment: str

    def arguments(self) -> dict[str, str]:
        """Return the fields as keyword arguments of the operations that approve."""
        return {
            "stated_hash": self.stated_hash,
            "passphrase": self.passphrase,
            "decision": self.decision,
            "comment": self.comment,
        }


def read_approval_form(request: HttpRequest) -> ApprovalForm:
    """Read the form; whatever is missing is empty and refused later."""
    fields = request.POST
    return ApprovalForm(
        stated_hash=fields.get("stated_hash", "")[:64],
        passphrase=fields.get("passphrase", "")[:200],
        decision=fields.get("decision", "")[:20],
        comment=fields.get("comment", ""),
    )
