"""Writes of the people room."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from karkhana.people.models import Certificate, Operator


def ensure_operator(*, code: str, name: str) -> Operator:
    """Make sure that an operator is known; doing it again changes nothing."""
    operator, _ = Operator.objects.get_or_create(code=code, defaults={"name": name})
    if operator.name != name:
        operator.name = name
        operator.save(update_fields=["name"])
    return operator


@transaction.atomic
def ensure_certificate(
    *, operator: str, skill: str, valid_from: dt.date, valid_to: dt.date, today: dt.date
) -> Certificate:
    """Make sure that an operator has, or once had, a certificate.

    The latest certificate of that skill is kept when it is still good today, or when the wanted one has run
    out as well: a wish for an expired certificate never renews a person. Otherwise the wanted one is added.

    Args:
        valid_from, valid_to: plant-local days, half-open.
        today: the plant's day.
    """
    latest = (
        Certificate.objects.filter(operator__code=operator, skill=skill)
        .order_by("valid_to")
        .select_related("operator")
        .last()
    )
    if latest is not None and (latest.valid_to > today or valid_to <= today):
        return latest
    certificate, _ = Certificate.objects.get_or_create(
        operator=Operator.objects.get(code=operator),
        skill=skill,
        valid_from=valid_from,
        defaults={"valid_to": valid_to},
    )
    return certificate
