"""A shorthand for what the books say: suppliers, receipts, certificates, rates and price terms."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from floor import workshop as ws
from karkhana.design.models import Product
from karkhana.floor.operations import record_events
from karkhana.localisation.models import PriceTerm
from karkhana.supply.models import (
    BillOfEntry,
    BillOfEntryItem,
    ExchangeRate,
    LocalContentCertificate,
    Part,
    Receipt,
    Supplier,
)

D = Decimal
BOUGHT = dt.date(2026, 6, 1)
RECORDED = dt.datetime(2026, 6, 2, tzinfo=dt.UTC)


def tell(story: str) -> None:
    """Let the workshop live a story; every line ends as it says."""
    for line in ws.lines(story):
        (outcome,) = record_events([line.raw], recorded_at=ws.NOW)
        assert outcome.status == line.outcome, (line.text, outcome.refusal)


def supplier(code: str = "SUP", country: str = "IN") -> Supplier:
    """Make sure that there is a supplier."""
    return Supplier.objects.get_or_create(code=code, defaults={"name": code, "country": country})[0]


def group(part: str, name: str) -> None:
    """Say which group a part is in."""
    Part.objects.update_or_create(number=part, defaults={"group": name})


def buy(lot: str, part: str, channel: str = "domestic", *, of: str = "SUP", **amounts: Any) -> Receipt:
    """Book a lot of 100 pieces; amounts are for the whole lot. An import has its bill of entry.

    The workshop receives everything with origin IN; so do the books, unless they are told otherwise.
    """
    given = {"quantity": D(100), "origin": "IN", **amounts}
    bill = given.pop("bill", channel == "import")
    money = {
        name: D(given.pop(name, 0))
        for name in ("value", "freight", "insurance", "cif", "price", "duty", "igst", "tax")
    }
    seller = supplier(of)
    return Receipt.objects.create(
        lot=lot,
        part=part,
        supplier=seller,
        channel=channel,
        invoice=f"I-{lot}",
        invoice_date=given.pop("on", BOUGHT),
        currency=given.pop("currency", "INR"),
        rate=given.pop("rate", D(1)),
        hsn="85177990",
        landed=money["cif"] + money["price"] + money["duty"],
        bill_item=_bill_item(lot, part, seller, given["origin"], money) if bill else None,
        recorded_at=RECORDED,
        **money,
        **given,
    )


def _bill_item(
    lot: str, part: str, seller: Supplier, origin: str, money: dict[str, Decimal]
) -> BillOfEntryItem:
    bill = BillOfEntry.objects.create(
        number=f"B-{lot}"[:20], date=BOUGHT, port="INDEL4", supplier=seller, currency="USD", rate=D(85)
    )
    return BillOfEntryItem.objects.create(
        bill=bill, number=1, invoice=f"I-{lot}", part=part, hsn="85177990", origin=origin, quantity=D(100),
        value=money["value"], assessable=money["cif"], duty_percent=D(10), duty=money["duty"], surcharge=D(0),
    )  # fmt: skip


def certify(percent: str, *, of: str = "SUP", part: str = "", number: str = "C1", **more: Any) -> None:
    """Record a supplier's certificate, valid in 2026."""
    values = {
        "method": "",
        "valid_from": dt.date(2026, 1, 1),
        "valid_to": dt.date(2026, 12, 31),
        "file_sha256": "ab" * 32,
        **more,
    }
    LocalContentCertificate.objects.create(
        supplier=supplier(of), number=number, part=part, percent=D(percent), recorded_at=RECORDED, **values
    )


def rate(kind: str, rupees: str, first: dt.date, last: dt.date, currency: str = "USD") -> None:
    """Record an exchange rate."""
    ExchangeRate.objects.create(currency=currency, kind=kind, valid_from=first, valid_to=last, rate=D(rupees))


def term(product: str, kind: str, amount: str, **more: Any) -> None:
    """Record a price term of a product, with a document."""
    values = {"market": "", "valid_from": dt.date(2026, 4, 1), "party": "", "document": "doc", **more}
    PriceTerm.objects.create(product=Product.objects.get(code=product), kind=kind, amount=D(amount), **values)
