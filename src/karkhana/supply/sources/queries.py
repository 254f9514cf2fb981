"""Reads of suppliers, parts, what they are offered for and what was paid."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from karkhana.kernel.money import per_piece
from karkhana.supply.models import (
    ApprovedSource,
    LocalContentCertificate,
    Part,
    PartPrice,
    Receipt,
    Supplier,
)
from karkhana.supply.models.parts import IMPORT

PAGE = 100
RECEIPTS_DRAWN = 400


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the key from which the next ones go on."""

    rows: tuple[Any, ...]
    after: str | int | None


def supplier_page(q: str, role: str, after: str) -> Page:
    """Return suppliers whose code, name or tax number holds a text, by code."""
    found = Supplier.objects.select_related("brand").order_by("code")
    if q:
        found = found.filter(Q(code__icontains=q) | Q(name__icontains=q) | Q(tax_id__icontains=q))
    if role:
        found = found.filter(role=role)
    return _page(found, "code", after)


def part_page(q: str, group: str, after: str) -> Page:
    """Return parts whose number, maker or description holds a text, by number, with their latest price."""
    found = Part.objects.order_by("number")
    if q:
        found = found.filter(
            Q(number__icontains=q) | Q(manufacturer__icontains=q) | Q(description__icontains=q)
        )
    if group:
        found = found.filter(group=group)
    page = _page(found, "number", after)
    prices: dict[int, PartPrice] = {}
    for price in (
        PartPrice.objects.filter(part__in=page.rows).select_related("supplier").order_by("valid_from")
    ):
        prices[price.part_id] = price
    return Page(tuple((part, prices.get(part.pk)) for part in page.rows), page.after)


def _page(found: QuerySet[Any], key: str, after: str) -> Page:
    if after:
        found = found.filter(**{f"{key}__gt": after})
    rows = list(found[: PAGE + 1])
    going_on = len(rows) > PAGE
    return Page(tuple(rows[:PAGE]), getattr(rows[PAGE - 1], key) if going_on else None)


def groups() -> tuple[str, ...]:
    """Return the groups that parts are gathered under."""
    return tuple(Part.objects.exclude(group="").order_by("group").values_list("group", flat=True).distinct())


@dataclass(frozen=True, slots=True)
class CertificateView:
    """A certificate with how it stands on a day: ``valid``, ``soon``, ``ended`` or ``later``."""

    certificate: LocalContentCertificate
    state: str


def certificates(supplier: Supplier, today: dt.date, soon: dt.timedelta) -> tuple[CertificateView, ...]:
    """Return the certificates of a supplier, the latest first."""
    found = supplier.certificates.order_by("-valid_to", "number")[:PAGE]
    return tuple(CertificateView(one, certificate_state(one, today, soon)) for one in found)


def certificate_state(one: LocalContentCertificate, today: dt.date, soon: dt.timedelta) -> str:
    """Say how a certificate stands on a day."""
    if today > one.valid_to:
        return "ended"
    if today < one.valid_from:
        return "later"
    return "soon" if one.valid_to <= today + soon else "valid"


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """A receipt with its price and cost for one piece, in rupees."""

    receipt: Receipt
    each: Decimal
    landed_each: Decimal

    @property
    def waits(self) -> bool:
        """Whether it is an import whose bill of entry is not there."""
        return self.receipt.channel == IMPORT and self.receipt.bill_item_id is None


def _views(found: QuerySet[Receipt]) -> tuple[ReceiptView, ...]:
    return tuple(
        ReceiptView(
            one, per_piece(one.price or Decimal(0), one.quantity), per_piece(one.landed, one.quantity)
        )
        for one in found
    )


def receipts(
    *, part: str = "", supplier: Supplier | None = None, limit: int = PAGE
) -> tuple[ReceiptView, ...]:
    """Return the latest receipts of a part or of a supplier."""
    found = Receipt.objects.select_related("supplier", "bill_item__bill").order_by("-invoice_date", "-lot")
    if part:
        found = found.filter(part=part)
    if supplier is not None:
        found = found.filter(supplier=supplier)
    return _views(found[:limit])


def open_receipts(what: str, after: int) -> Page:
    """Return receipts without their bill of entry (``bill``) or without a lot (``lot``), the latest first."""
    found = Receipt.objects.select_related("supplier", "bill_item__bill").order_by("-id")
    if what == "bill":
        found = found.filter(channel=IMPORT, bill_item=None)
    elif what == "lot":
        found = found.extra(  # the record has no models: its tables are read by SQL alone
            where=["NOT EXISTS (SELECT 1 FROM ledger_lot l WHERE l.lot = supply_receipt.lot)"]
        )
    if after:
        found = found.filter(id__lt=after)
    rows = _views(found[: PAGE + 1])
    return Page(rows[:PAGE], rows[PAGE - 1].receipt.pk if len(rows) > PAGE else None)


def lots_without_price(after: str) -> Page:
    """Return lots of the record that no register tells the price of, by number."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lot, part, quantity, supplier, origin, received_at FROM ledger_lot l WHERE lot > %s"
            " AND NOT EXISTS (SELECT 1 FROM supply_receipt r WHERE r.lot = l.lot)"
            " AND NOT EXISTS (SELECT 1 FROM ledger_descent d WHERE d.output = l.lot)"
            " ORDER BY lot LIMIT %s",
            [after, PAGE + 1],
        )
        names = ("lot", "part", "quantity", "supplier", "origin", "received_at")
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return Page(tuple(rows[:PAGE]), rows[PAGE - 1]["lot"] if len(rows) > PAGE else None)


def sources(part: Part) -> tuple[ApprovedSource, ...]:
    """Return who may deliver a part."""
    return tuple(part.sources.select_related("supplier").order_by("supplier__code"))


def prices(part: Part) -> tuple[PartPrice, ...]:
    """Return what suppliers ask for a part, the latest first."""
    return tuple(part.prices.select_related("supplier").order_by("-valid_from", "supplier__code")[:PAGE])


def price_chart(number: str) -> dict[str, Any]:
    """Return what was paid for a piece of a part, in rupees, by supplier, for a picture."""
    series: dict[str, dict[str, Any]] = {}
    for view in reversed(receipts(part=number, limit=RECEIPTS_DRAWN)):
        one = view.receipt
        row = series.setdefault(one.supplier.name, {"name": one.supplier.name, "x": [], "y": [], "text": []})
        row["x"].append(one.invoice_date.isoformat())
        row["y"].append(float(view.each))
        row["text"].append(f"{one.lot} · {one.quantity.normalize():f}")
    return {"series": list(series.values())}
