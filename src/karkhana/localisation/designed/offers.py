"""Reads what is offered of parts on a day: approved sources, prices, certificates, exchange rates."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q

from karkhana.kernel.money import HOME
from karkhana.localisation.designed.rules import Break, Offer, pick_break
from karkhana.localisation.rules.pieces import Certificate
from karkhana.supply.models import ApprovedSource, ExchangeRate, LocalContentCertificate, Part, PartPrice

RATE_KINDS = {
    "bill_of_entry_customs_rate": "customs",
    "invoice_date_reference_rate": "reference",
    "period_average": "average",
    "fixed_reference_year": "fixed",
}
"""Kind of rate by the value of the methods' parameter ``exchange_rate``."""
_CHUNK = 5000
Named = tuple[str, str]
"""(manufacturer, part number) as a bill names a part."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What is offered of a part: offers, and why there are none."""

    offers: tuple[Offer, ...] = ()
    reason: str = ""


def offers_of(
    needs: Mapping[Named, Decimal], *, day: dt.date, accepts: Collection[str]
) -> dict[Named, Offered]:
    """Return the offers of every part of a bill.

    A part is found by its number, exactly; where there is none, by the maker's own number of an approved
    source or by ``MAKER NUMBER``, of that maker only.

    Args:
        needs: pieces that are assumed to be bought, by part.
        accepts: methods whose certificates count; others are taken only where there are none of these.
    """
    found: dict[Named, Offered] = {}
    names = list(needs)
    for start in range(0, len(names), _CHUNK):
        chunk = names[start : start + _CHUNK]
        parts = _parts(chunk)
        priced = _prices({part.pk for part in parts.values()}, day)
        certificates = Certificates({row["supplier__code"] for rows in priced.values() for row in rows})
        for named in chunk:
            part = parts.get(named)
            if part is None:
                found[named] = Offered(reason="unknown_part")
                continue
            rows = priced.get(part.pk, [])
            found[named] = _offered(part, rows, needs[named], day, certificates, accepts)
    return found


def _parts(names: Iterable[Named]) -> dict[Named, Part]:
    names = tuple(names)
    numbers = {part for _, part in names}
    known = {part.number: part for part in Part.objects.filter(number__in=numbers)}
    found = {named: known[named[1]] for named in names if named[1] in known}
    left = [named for named in names if named not in found and named[0]]
    if not left:
        return found
    joined = {part.number: part for part in Part.objects.filter(number__in={f"{m} {p}" for m, p in left})}
    own: dict[tuple[str, str], Part] = {}
    sources = ApprovedSource.objects.filter(maker_part__in={part for _, part in left})
    for source in sources.select_related("part").order_by("pk"):
        own.setdefault((source.part.manufacturer.casefold(), source.maker_part), source.part)
    for maker, part in left:
        hit = own.get((maker.casefold(), part)) or joined.get(f"{maker} {part}")
        if hit is not None:
            found[maker, part] = hit
    return found


def _prices(parts: Collection[int], day: dt.date) -> dict[int, list[dict[str, Any]]]:
    """Return the prices of parts that hold on the day, each with whether its source is approved."""
    approved = set(
        ApprovedSource.objects.filter(part__in=parts, approved_on__lte=day)
        .filter(Q(ended_on=None) | Q(ended_on__gt=day))
        .values_list("part", "supplier")
    )
    rows = (
        PartPrice.objects.filter(part__in=parts, valid_from__lte=day)
        .filter(Q(valid_to=None) | Q(valid_to__gte=day))
        .order_by("supplier__code", "valid_from", "pk")
    )
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    columns = ("part", "supplier", "supplier__code", "price", "currency", "minimum", "channel", "origin",
               "freight_percent", "duty_percent")  # fmt: skip
    for row in rows.values(*columns):
        found[row["part"]].append({**row, "approved": (row["part"], row["supplier"]) in approved})
    return found


def _offered(
    part: Part,
    rows: list[dict[str, Any]],
    need: Decimal,
    day: dt.date,
    certificates: Certificates,
    accepts: Collection[str],
) -> Offered:
    if not rows:
        return Offered(reason="no_price")
    approved = [row for row in rows if row["approved"]]
    if not approved:
        return Offered(reason="not_approved")
    by_supplier: defaultdict[str, list[Break]] = defaultdict(list)
    for price in approved:
        by_supplier[price["supplier__code"]].append(price)
    offers = []
    for supplier, breaks in by_supplier.items():
        row = pick_break(breaks, need)
        assert row is not None
        certificate, expired, doubts = certificates.on(supplier, part.number, day, accepts)
        offers.append(
            Offer(
                part=part.number,
                supplier=supplier,
                channel=str(row["channel"]),
                origin=str(row["origin"]),
                group=part.group,
                price=row["price"],
                currency=str(row["currency"]),
                minimum=row["minimum"],
                below_minimum=need < row["minimum"],
                freight_percent=row["freight_percent"],
                duty_percent=row["duty_percent"],
                certificate=certificate,
                expired=expired,
                doubts=doubts,
            )
        )
    return Offered(tuple(offers))


class Certificates:
    """Certificates of local content of some suppliers."""

    def __init__(self, suppliers: Collection[str]) -> None:
        self._of: defaultdict[str, list[LocalContentCertificate]] = defaultdict(list)
        rows = LocalContentCertificate.objects.filter(supplier__code__in=suppliers)
        for row in rows.select_related("supplier").order_by("valid_from", "pk"):
            self._of[row.supplier.code].append(row)

    def on(
        self, supplier: str, part: str, day: dt.date, accepts: Collection[str]
    ) -> tuple[Certificate | None, str, tuple[str, ...]]:
        """Return what a supplier certifies of a part on a day.

        Of several, one by a method that counts stands before another, the newest before an older one, and one
        of the part before one of everything that the supplier delivers.

        Returns:
            The certificate; the number of one that ran out where none is valid; doubts.
        """
        held = [row for row in self._of.get(supplier, ()) if row.part in ("", part) and row.valid_from <= day]
        valid = [row for row in held if day <= row.valid_to]
        if not valid:
            return None, held[-1].number if held else "", ()
        row = max(
            valid,
            key=lambda row: (not row.method or row.method in accepts, row.valid_from, row.part != "", row.pk),
        )
        doubts = () if row.file_sha256 else ("certificate_no_file",)
        return Certificate(row.number, row.percent, row.method), "", doubts


@dataclass(frozen=True, slots=True)
class Rate:
    """Rupees for one unit of a currency; ``wanted`` says that it is of the kind that was asked for."""

    rate: Decimal
    kind: str
    wanted: bool


def rates_on(currencies: Iterable[str], *, day: dt.date, policy: str) -> dict[str, Rate]:
    """Return the rates of currencies on a day; another kind's where the wanted one is not known.

    Args:
        policy: value of the methods' parameter ``exchange_rate``.
    """
    wanted = RATE_KINDS.get(policy, "customs")
    rows = ExchangeRate.objects.filter(
        currency__in=set(currencies) - {HOME}, valid_from__lte=day, valid_to__gte=day
    ).order_by("valid_from", "pk")
    order = (wanted, *(kind for kind in ("customs", "reference", "average", "fixed") if kind != wanted))
    found = {HOME: Rate(Decimal(1), "home", True)}
    held = {(row.currency, row.kind): row.rate for row in rows}
    for currency in {currency for currency, _ in held}:
        kind = next(kind for kind in order if (currency, kind) in held)
        found[currency] = Rate(held[currency, kind], kind, kind == wanted)
    return found
