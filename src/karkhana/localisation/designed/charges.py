"""The amounts of a product besides its parts, as they stood on a day."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from karkhana.localisation.models import PriceTerm
from karkhana.localisation.rules.pieces import Charge


def charges_of(product: str, day: dt.date, market: str = "") -> tuple[Charge, ...]:
    """Return what a unit of a product is sold for, and what else it costs, on a day.

    Of one kind and party the term that began last holds. Terms of the market stand in place of those that
    hold everywhere, kind by kind; several parties of one kind (two royalties) all count.

    Args:
        market: ISO 3166-1 alpha-2; empty asks for the terms that hold everywhere.
    """
    rows = (
        PriceTerm.objects.filter(product__code=product.replace("\x00", "?"), valid_from__lte=day)
        .filter(Q(valid_to=None) | Q(valid_to__gte=day), market__in={"", market})
        .order_by("valid_from", "pk")
    )
    found = {(row.kind, row.market, row.party): row for row in rows}
    own = {kind for kind, where, _ in found if where}
    return tuple(
        Charge(kind, row.amount, party, row.document)
        for (kind, where, party), row in sorted(found.items())
        if where or kind not in own
    )
