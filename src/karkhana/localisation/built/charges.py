"""What a unit of a product is sold for and costs besides its parts, on a day and in a market."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from karkhana.localisation.models import PriceTerm
from karkhana.localisation.rules.pieces import Charge


class TermBook:
    """The price terms of all products, read once.

    Of one kind and party the term that began last holds. Terms for the unit's own market stand in place of
    those for every market, kind by kind.
    """

    def __init__(self) -> None:
        self._terms: defaultdict[str, list[PriceTerm]] = defaultdict(list)
        for term in PriceTerm.objects.select_related("product").order_by("valid_from", "pk"):
            self._terms[term.product.code].append(term)
        self._known: dict[tuple[str, str, dt.date], tuple[Charge, ...]] = {}

    def charges(self, product: str, market: str, day: dt.date) -> tuple[Charge, ...]:
        """Return the charges of one unit, by kind and party."""
        key = (product, market, day)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._chosen(product, market, day)
        return found

    def _chosen(self, product: str, market: str, day: dt.date) -> tuple[Charge, ...]:
        held: dict[tuple[str, str, str], PriceTerm] = {}
        for term in self._terms.get(product, ()):
            in_time = term.valid_from <= day and (term.valid_to is None or day <= term.valid_to)
            if in_time and term.market in ("", market):
                held[term.kind, term.market, term.party] = term  # in order of beginning: the latest stays
        own = {kind for kind, where, _ in held if where}
        chosen = [term for (kind, where, _), term in held.items() if where or kind not in own]
        return tuple(
            Charge(term.kind, term.amount, term.party, term.document)
            for term in sorted(chosen, key=lambda term: (term.kind, term.party))
        )
