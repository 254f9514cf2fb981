"""Signed approvals: who approved what, when, on which content."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from karkhana.partners.kinds import SUBJECTS
from karkhana.partners.models import Party, Signatory


class Approval(models.Model):
    """One signed yes or no. Append only: a trigger refuses every change.

    ``subject`` names the thing (``OST-P7:C``, ``CO-12``), ``subject_hash`` its content as it was approved.
    ``statement`` is the exact text that was signed (``design.approvals.statement``).
    """

    subject_kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=120)
    subject_hash = models.CharField(max_length=64)
    party = models.ForeignKey(Party, on_delete=models.PROTECT)
    signatory = models.ForeignKey(Signatory, on_delete=models.PROTECT)
    decision = models.CharField(max_length=10)
    comment = models.TextField(blank=True)
    signed_at = models.DateTimeField()
    statement = models.TextField()
    signature = models.CharField(max_length=128)

    class Meta:
        indexes = [models.Index(fields=["subject_kind", "subject"], name="approval_subject")]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject", "subject_hash", "signatory"], name="approval_once"
            ),
            models.CheckConstraint(condition=Q(subject_kind__in=SUBJECTS), name="approval_subject_kind"),
            models.CheckConstraint(
                condition=Q(decision__in=["approved", "rejected"]), name="approval_decision"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject} {self.decision} by {self.signatory}"
