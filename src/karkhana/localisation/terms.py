"""The amounts of a product besides its parts, as they stood on a day."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from karkhana.localisation.models import PriceTerm
from karkhana.localisation.rules.pieces import Charge


def charges_of(product: str, day: dt.date, market: str = "") -> tuple[Charge, ...]:
    """Return what a unit of a product is sold for, and what else it costs, on a day.

    A term of the market stands before one for every market; of two that hold on the day the later one does.
    Several parties of one kind (two royalties) all count.

    Args:
        market: ISO 3166-1 alpha-2; empty asks for the terms that hold everywhere.
    """
    rows = (
        PriceTerm.objects.filter(product__code=product.replace("\x00", "?"), valid_from__lte=day)
        .filter(Q(valid_to=None) | Q(valid_to__gte=day), market__in={"", market})
        .order_by("valid_from", "pk")
    )
    found: dict[tuple[str, str], PriceTerm] = {}
    for row in sorted(rows, key=lambda row: row.market != ""):
        found[row.kind, row.party] = row
    return tuple(
        Charge(kind, row.amount, party, row.document) for (kind, party), row in sorted(found.items())
    )
