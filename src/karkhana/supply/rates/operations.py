"""Writes of exchange rates. One day has one rate of a kind: what overlaps is refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import connection, transaction

from karkhana.kernel.money import CURRENCIES, HOME
from karkhana.kernel.refusals import refuse
from karkhana.supply.models import ExchangeRate
from karkhana.supply.models.money import RATE_KINDS

RATE_MAX = Decimal(10) ** 9


def set_rate(
    *, currency: str, kind: str, valid_from: dt.date, valid_to: dt.date, rate: Decimal, source: str = ""
) -> bool:
    """Book a rate; returns False when the same is there already.

    Args:
        rate: rupees for one unit.

    Raises:
        Refused: ``currency.unknown``, ``rate.kind``, ``rate.amount``, ``validity.reversed``,
            ``rate.overlaps`` naming the rate that holds already.
    """
    _check(currency, kind, valid_from, valid_to, rate)
    with transaction.atomic(), connection.cursor() as cursor:
        # Two that overlap each other may come at the same moment: the table has no constraint against it.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('supply_rates'))")
        other = (
            ExchangeRate.objects.filter(
                currency=currency, kind=kind, valid_from__lte=valid_to, valid_to__gte=valid_from
            )
            .order_by("valid_from")
            .first()
        )
        if other is None:
            ExchangeRate.objects.create(
                currency=currency,
                kind=kind,
                valid_from=valid_from,
                valid_to=valid_to,
                rate=rate,
                source=source,
            )
            return True
    if (other.valid_from, other.valid_to, other.rate) == (valid_from, valid_to, rate):
        return False
    raise refuse(
        "rate.overlaps",
        "{currency} {kind} from {first} to {last} overlaps {rate} from {other_first} to {other_last}.",
        "Correct the dates; a rate that was booked is not replaced by an import.",
        field="valid_from",
        currency=currency,
        kind=kind,
        first=valid_from.isoformat(),
        last=valid_to.isoformat(),
        rate=f"{other.rate.normalize():f}",
        other_first=other.valid_from.isoformat(),
        other_last=other.valid_to.isoformat(),
    )


def _check(currency: str, kind: str, first: dt.date, last: dt.date, rate: Decimal) -> None:
    if currency not in CURRENCIES or currency == HOME:
        raise refuse(
            "currency.unknown",
            "currency: {value} is no foreign currency that parts are bought in.",
            "Write its ISO code, such as USD or CNY.",
            field="currency",
            value=repr(currency[:10]),
        )
    if kind not in RATE_KINDS:
        raise refuse(
            "rate.kind",
            "kind: {value} is no kind of rate.",
            "Choose one of: {known}.",
            field="kind",
            value=repr(kind[:20]),
            known=", ".join(RATE_KINDS),
        )
    if not (rate.is_finite() and 0 < rate < RATE_MAX and rate == round(rate, 8)):
        raise refuse(
            "rate.amount",
            "rate: {value} rupees for one {currency} cannot be.",
            "Correct it: above zero, at most 8 decimals.",
            field="rate",
            value=str(rate)[:40],
            currency=currency,
        )
    if last < first:
        raise refuse(
            "validity.reversed",
            "valid_to: it ends on {last}, before it begins on {first}.",
            "Correct the dates.",
            field="valid_to",
            first=first.isoformat(),
            last=last.isoformat(),
        )
