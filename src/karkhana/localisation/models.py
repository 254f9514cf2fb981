"""Tables of the localisation room: what a unit of a product is sold for, and what else it costs."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from karkhana.design.models import Product
from karkhana.localisation.rules.pieces import TERMS


class PriceTerm(models.Model):
    """An amount in rupees for one unit of a product, for a time: its price, a royalty, a cost of making it.

    ``kind`` is one of ``rules.pieces.TERMS``. ``market`` is the country that the unit is sold to (ISO 3166-1
    alpha-2), empty: every one. ``document`` and ``file_sha256`` are what it rests on; without a document
    the term is unproved.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="price_terms")
    market = models.CharField(max_length=2, default="", blank=True)
    kind = models.CharField(max_length=24)
    amount = models.DecimalField(max_digits=24, decimal_places=6)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    party = models.CharField(max_length=120, default="", blank=True)
    document = models.CharField(max_length=120, default="", blank=True)
    file_sha256 = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "market", "kind", "party", "valid_from"], name="price_term_once"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="price_term_amount"),
            models.CheckConstraint(condition=Q(kind__in=TERMS), name="price_term_kind"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")), name="price_term_dates"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.kind} {self.amount}"


from karkhana.localisation.certificate.models import IssuedCertificate  # noqa: E402 - beside the table above
from karkhana.localisation.choosing.models import (  # noqa: E402
    LocalCandidate,
    LocalCandidateEffect,
    PlannedUnits,
)
from karkhana.localisation.runs.models import LocalValueRun  # noqa: E402
from karkhana.localisation.targets.models import LocalTarget  # noqa: E402

__all__ = [
    "IssuedCertificate", "LocalCandidate", "LocalCandidateEffect", "LocalTarget", "LocalValueRun",
    "PlannedUnits", "PriceTerm",
]  # fmt: skip
