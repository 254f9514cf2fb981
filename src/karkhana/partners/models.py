"""Tables of the partners room: brands, the parties we have agreements with, and who signs for them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from karkhana.partners.kinds import AGREEMENT_KINDS, PARTY_KINDS, SUBJECTS


class Brand(models.Model):
    """A customer whose products are built here. Brands compete; none may learn of another."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.code


class Party(models.Model):
    """Somebody who signs agreements: the maker, a partner, a brand. ``brand`` is null but for brands."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=20)
    brand = models.OneToOneField(Brand, null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=PARTY_KINDS), name="party_kind"),
            models.CheckConstraint(condition=Q(brand=None) | Q(kind="brand"), name="party_brand"),
        ]

    def __str__(self) -> str:
        return self.code


class Agreement(models.Model):
    """What parties agreed on. Products name the agreement that they are developed under.

    ``ends_on`` is null while it is open. With ``own_allowed`` somebody may approve what they asked for
    themselves; the rule of most design hubs is that they may not.
    """

    code = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=30)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    own_allowed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=AGREEMENT_KINDS), name="agreement_kind"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")), name="agreement_period"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class AgreementParty(models.Model):
    """A party of an agreement and what it must approve: a list of ``SUBJECTS``, empty for none."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="parties")
    party = models.ForeignKey(Party, on_delete=models.PROTECT)
    approves = ArrayField(models.CharField(max_length=20), default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "party"], name="agreement_party_once"),
            models.CheckConstraint(
                condition=Q(approves__contained_by=list(SUBJECTS)), name="agreement_party_approves"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement} {self.party}"


class PartyMember(models.Model):
    """A person who works for a party and sees what its agreements cover."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["party", "user"], name="party_member_once")]

    def __str__(self) -> str:
        return f"{self.user} of {self.party}"


class Signatory(models.Model):
    """A person who signs for a party, with an Ed25519 key.

    ``public_key`` is the raw key, 64 hexadecimal digits. ``sealed_key`` is the private key as encrypted
    PKCS 8 that only the person's passphrase opens, null when the person keeps the key elsewhere and
    hands in signatures. ``user`` is null for somebody without a log-in here.
    """

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="signatories")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)
    name = models.CharField(max_length=120)
    public_key = models.CharField(max_length=64, unique=True)
    sealed_key = models.TextField(null=True)
    enrolled_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["party", "user"],
                condition=Q(revoked_at=None, user__isnull=False),
                name="signatory_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} for {self.party}"
