"""Tables of the people room."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Operator(models.Model):
    """A person who works on the floor. ``user`` is null for people who never log in by themselves."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)

    def __str__(self) -> str:
        return self.code


class Certificate(models.Model):
    """A skill that an operator may use from ``valid_from`` until before ``valid_to`` (plant-local days)."""

    operator = models.ForeignKey(Operator, on_delete=models.PROTECT, related_name="certificates")
    skill = models.CharField(max_length=40)
    valid_from = models.DateField()
    valid_to = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(valid_to__gt=F("valid_from")), name="certificate_period"),
            models.UniqueConstraint(fields=["operator", "skill", "valid_from"], name="certificate_once"),
        ]

    def __str__(self) -> str:
        return f"{self.operator} {self.skill}"


class ApiToken(models.Model):
    """A token of a machine or program, acting as ``user``. ``digest`` is the SHA-256 of its text.

    ``revoked_at`` is null while it is valid.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    name = models.CharField(max_length=120)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
