"""What a currency was worth in rupees on a day."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from karkhana.kernel.money import CURRENCIES, HOME
from karkhana.kernel.refusals import refuse
from karkhana.supply.models import ExchangeRate
from karkhana.supply.models.money import CUSTOMS


def rate_on(currency: str, day: dt.date, kind: str = CUSTOMS) -> Decimal:
    """Return rupees for one unit of a currency on a day.

    Args:
        kind: one of ``models.money.RATE_KINDS``.

    Raises:
        Refused: ``currency.unknown``; ``rate.unknown`` when no rate of the kind holds on the day.
    """
    if currency == HOME:
        return Decimal(1)
    if currency not in CURRENCIES:
        raise refuse(
            "currency.unknown",
            "currency: {value} is no currency that parts are bought in.",
            "Write its ISO code, such as USD or INR.",
            field="currency",
            value=repr(currency[:10]),
        )
    found = (
        ExchangeRate.objects.filter(currency=currency, kind=kind, valid_from__lte=day, valid_to__gte=day)
        .values_list("rate", flat=True)
        .first()
    )
    if found is None:
        raise refuse(
            "rate.unknown",
            "No {kind} rate of {currency} is known for {day}.",
            "Import the table of rates (karkhana import rates FILE), or give the rate in the register.",
            field="exchange_rate",
            kind=kind,
            currency=currency,
            day=day.isoformat(),
        )
    return found
