"""What the books say of every lot that came in: its receipt, and for an import the bill of entry.

All of it follows from the files and the lots' numbers, so that a day booked twice is booked once, and the
same lots cost the same on every machine. A few lots are left without a receipt, and a few imports without a
bill of entry, as books run behind a floor. All amounts are made up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import groupby
from typing import Any

from django.db import connection, transaction

from karkhana.floor.operations import record_events
from karkhana.ledger import store
from karkhana.sim.priced import HUNDRED, IMPORT, Priced, draw, factor_on, priced_parts
from karkhana.sim.scenario import Scenario
from karkhana.sim.supplies import Supplies
from karkhana.sim.supplying import month_of
from karkhana.supply.landed.rules import assessable_value, duties_on
from karkhana.supply.models import BillOfEntry, BillOfEntryItem, Receipt, Supplier

PAISA = Decimal("0.01")
ZERO = Decimal(0)
EVERY = dt.timedelta(minutes=10)
"""How often a live factory books what came in."""
SOON = dt.timedelta(minutes=1)
"""When it does so first: to begin with, it receives the next reel of every feeder."""
_COLUMNS = (
    "lot", "part", "supplier_id", "channel", "invoice", "invoice_line", "invoice_date", "quantity",
    "currency", "value", "freight", "insurance", "incoterm", "rate", "hsn", "origin", "cif", "price",
    "duty", "igst", "igst_creditable", "tax", "tax_creditable", "landed", "repackaged", "bill_item_id",
    "file_sha256", "recorded_at",
)  # fmt: skip
_LOTS = (
    "SELECT l.lot, l.part, l.quantity, l.supplier, coalesce(l.origin, ''),"
    " timezone(p.time_zone, l.received_at)::date AS day"
    " FROM ledger_lot l JOIN floor_station s ON s.code = l.station JOIN floor_line i ON i.id = s.line_id"
    " JOIN floor_plant p ON p.id = i.plant_id"
    " WHERE l.quantity > 0 AND l.supplier = ANY(%s) AND l.received_at >= %s"
    " AND NOT EXISTS (SELECT FROM supply_receipt r WHERE r.lot = l.lot)"
    " ORDER BY l.supplier, day, l.part, l.lot"
)


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot of the record; ``day`` is when it came in, on its plant's calendar."""

    lot: str
    part: str
    quantity: Decimal
    supplier: str
    origin: str
    day: dt.date


@dataclass(slots=True)
class Booked:
    """What was written.

    Args:
        without_receipt: lots that are left without a receipt, of those that were looked at.
        without_bill: imports among the receipts whose bill of entry is not there.
    """

    receipts: int = 0
    bills: int = 0
    without_receipt: int = 0
    without_bill: int = 0


def book_purchases(scenario: Scenario, *, now: dt.datetime, since: dt.datetime | None = None) -> Booked:
    """Write receipts and bills of entry of all lots that have none yet; again, it writes what is missing.

    Args:
        now: time of writing, with time zone.
        since: only lots that came in from then on.
    """
    found = Booked()
    supplies = scenario.supplies
    if supplies is None:
        return found
    places = {row.code: place for place, row in enumerate(scenario.suppliers, start=1)}
    complete = frozenset(
        part
        for product in supplies.rules.books_complete
        for line in scenario.products[product].lines
        for part in (line.part, *line.alternates)
    )
    books = _Books(supplies, priced_parts(scenario), places, complete, now)
    suppliers = {row.code: row for row in Supplier.objects.filter(code__in=places)}
    for code, lots in groupby(_lots(sorted(suppliers), since), key=lambda lot: lot.supplier):
        with transaction.atomic():
            _book_supplier(books, suppliers[code], list(lots), found)
    return found


def posting(scenario: Scenario, *, began: dt.datetime) -> Callable[[bytes, dt.datetime], Any]:
    """Return a way to post live events that books what came in: soon after the start, then every ten minutes.

    It raises what the record or the books raise; the same batch posted again is written once.
    """
    due, since = began + SOON, None

    def post(batch: bytes, at: dt.datetime) -> Any:
        nonlocal due, since
        answer = record_events(batch, recorded_at=at)
        if at >= due:
            # The first time all lots are looked at: an earlier run may have ended before it booked its last.
            book_purchases(scenario, now=at, since=since)
            due, since = at + EVERY, at - EVERY
        return answer

    return post


def _lots(suppliers: Sequence[str], since: dt.datetime | None) -> Iterator[Lot]:
    with connection.cursor() as cursor:
        cursor.execute(_LOTS, [list(suppliers), since or dt.datetime(1970, 1, 1, tzinfo=dt.UTC)])
        rows = cursor.fetchall()
    return (Lot(*row) for row in rows)


def _book_supplier(books: _Books, supplier: Supplier, lots: list[Lot], found: Booked) -> None:
    """Write one supplier's lots: an invoice for each day, a bill of entry for imports."""
    kept = [lot for lot in lots if books.is_booked(lot)]
    found.without_receipt += len(lots) - len(kept)
    used = set(
        Receipt.objects.filter(supplier=supplier).order_by().values_list("invoice", flat=True).distinct()
    )
    drafts: list[_Draft] = []
    for day, of_day in groupby(kept, key=lambda lot: lot.day):
        number = next(n for n in range(1, 10_000) if invoice_number(supplier.code, day, n) not in used)
        drafts += books.delivery(list(of_day), supplier.code, day, number)
    bills, items = _write_bills(supplier, drafts)
    _copy_receipts(supplier, drafts, items, books.now)
    found.receipts += len(drafts)
    found.bills += bills
    found.without_bill += sum(draft.channel == IMPORT and not draft.bill for draft in drafts)


def invoice_number(supplier: str, day: dt.date, number: int) -> str:
    """Return the number of a supplier's invoice for what came in on a day."""
    return f"{supplier.removeprefix('SUP-')[:24]}/{day:%y%m%d}/{number}"


@dataclass(slots=True)
class _Draft:
    """The receipt of a lot, before it is written; ``bill`` is empty where there is no bill of entry."""

    lot: Lot
    channel: str
    invoice: str
    invoice_line: int
    invoice_date: dt.date
    currency: str
    value: Decimal
    freight: Decimal
    insurance: Decimal
    incoterm: str
    rate: Decimal
    hsn: str
    cif: Decimal
    price: Decimal
    duty_percent: Decimal
    basic: Decimal
    surcharge: Decimal
    igst: Decimal
    tax: Decimal
    bill: str = ""
    bill_date: dt.date = dt.date.min
    port: str = ""

    @property
    def duty(self) -> Decimal:
        return self.basic + self.surcharge

    @property
    def landed(self) -> Decimal:
        """What the lot costs: taxes can all be credited here."""
        return (self.cif if self.channel == IMPORT else self.price) + self.duty


@dataclass(slots=True)
class _Books:
    """Everything that receipts are made from.

    Args:
        places: numbers of the suppliers, for bills of entry.
        complete: parts whose lots have all their papers.
    """

    supplies: Supplies
    priced: dict[str, Priced]
    places: dict[str, int]
    complete: frozenset[str]
    now: dt.datetime
    rates: dict[str, dict[dt.date, Decimal]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.supplies.rates:
            # Which month a rate belongs to is told from the day on which the books are written.
            first, _ = month_of(self.now.date(), row.months_ago)
            self.rates.setdefault(row.currency, {})[first] = row.customs

    def is_booked(self, lot: Lot) -> bool:
        """Say whether a lot has a receipt: its part is known, and it is not one that the books lack."""
        row = self.priced.get(lot.part)
        return (
            row is not None
            and row.supplier == lot.supplier
            and not self.lacks("receipt", lot, self.supplies.rules.lots_without_receipt)
        )

    def lacks(self, paper: str, lot: Lot, share: int) -> bool:
        """Say whether a lot is one of those, so many of a thousand, whose paper is not there yet."""
        return lot.part not in self.complete and draw(paper, lot.lot, 1000) < share

    def delivery(self, lots: list[Lot], supplier: str, day: dt.date, number: int) -> list[_Draft]:
        """Make the receipts of a delivery: one invoice, for imports one bill of entry."""
        rules = self.supplies.rules
        abroad = self.priced[lots[0].part].channel == IMPORT
        first, last = rules.abroad.invoice_days if abroad else rules.home.invoice_days
        key = f"{supplier}/{day}/{number}"
        invoiced = day - dt.timedelta(days=first + draw("invoice", key, last - first + 1))
        lines = {part: place for place, part in enumerate(sorted({lot.part for lot in lots}), start=1)}
        drafts = []
        for lot in lots:
            draft = self.draft(lot, invoice_number(supplier, day, number), lines[lot.part], invoiced, day)
            if abroad and not self.lacks("bill", lot, rules.imports_without_bill):
                draft.bill = f"{self.places[supplier]:03d}{day:%j}{number:04d}"
                draft.bill_date = max(invoiced, day - dt.timedelta(days=1))
                draft.port = rules.abroad.ports[draw("port", supplier, len(rules.abroad.ports))]
            drafts.append(draft)
        return drafts

    def draft(self, lot: Lot, invoice: str, line: int, invoiced: dt.date, day: dt.date) -> _Draft:
        """Make the receipt of one lot."""
        row = self.priced[lot.part]
        abroad, home = self.supplies.rules.abroad, self.supplies.rules.home
        value = _paise(row.price * factor_on(self.supplies, invoiced) * lot.quantity)
        rate = self.rate(row.currency, day)
        draft = _Draft(
            lot=lot, channel=row.channel, invoice=invoice, invoice_line=line, invoice_date=invoiced,
            currency=row.currency, value=value, freight=ZERO, insurance=ZERO, incoterm=home.incoterm,
            rate=rate, hsn=row.hsn, cif=ZERO, price=_paise(value * rate), duty_percent=row.duty_percent,
            basic=ZERO, surcharge=ZERO, igst=ZERO, tax=ZERO,
        )  # fmt: skip
        if row.channel == IMPORT:
            draft.incoterm = abroad.incoterm
            draft.freight = _paise(value * abroad.freight_percent / HUNDRED)
            draft.insurance = _paise((value + draft.freight) * abroad.insurance_percent / HUNDRED)
            draft.cif = _paise(assessable_value(value, draft.freight, draft.insurance, rate))
            duties = duties_on(draft.cif, duty_percent=row.duty_percent, igst_percent=row.gst_percent)
            draft.basic, draft.surcharge = _paise(duties.basic), _paise(duties.surcharge)
            draft.igst = _paise(duties.igst)
        elif row.channel != "consigned":
            draft.tax = _paise(draft.price * row.gst_percent / HUNDRED)
        return draft

    def rate(self, currency: str, day: dt.date) -> Decimal:
        """Return the customs rate of a day's month; of a month that has none, that of the nearest."""
        if currency == self.supplies.rules.home.currency:
            return Decimal(1)
        rates = self.rates[currency]
        month = day.replace(day=1)
        return rates.get(month) or rates[min(rates, key=lambda known: abs(known - month))]


def _paise(amount: Decimal) -> Decimal:
    """Round to two decimals, but never to nothing: a screw costs something."""
    return max(amount.quantize(PAISA, ROUND_HALF_EVEN), PAISA) if amount else ZERO


def _write_bills(
    supplier: Supplier, drafts: Iterable[_Draft]
) -> tuple[int, dict[tuple[str, str], BillOfEntryItem]]:
    """Write bills of entry with an item for each part; return their count and the items by (bill, part)."""
    of_bill: dict[str, dict[str, list[_Draft]]] = {}
    for draft in drafts:
        if draft.bill:
            of_bill.setdefault(draft.bill, {}).setdefault(draft.lot.part, []).append(draft)
    bills, items = [], {}
    for number, parts in of_bill.items():
        one = next(iter(parts.values()))[0]
        bill = BillOfEntry(
            number=number, date=one.bill_date, port=one.port, supplier=supplier, currency=one.currency,
            rate=one.rate,
        )  # fmt: skip
        bills.append(bill)
        for place, (part, own) in enumerate(sorted(parts.items()), start=1):
            items[number, part] = _item(bill, place, own)
    BillOfEntry.objects.bulk_create(bills)
    BillOfEntryItem.objects.bulk_create(items.values(), batch_size=2_000)
    return len(bills), items


def _item(bill: BillOfEntry, number: int, drafts: list[_Draft]) -> BillOfEntryItem:
    def total(name: str) -> Decimal:
        return sum((getattr(draft, name) for draft in drafts), ZERO)

    one = drafts[0]
    return BillOfEntryItem(
        bill=bill, number=number, invoice=one.invoice, part=one.lot.part, hsn=one.hsn, origin=one.lot.origin,
        quantity=sum((draft.lot.quantity for draft in drafts), ZERO), value=total("value"),
        assessable=total("cif"), duty_percent=one.duty_percent, duty=total("basic"),
        surcharge=total("surcharge"), igst=total("igst"),
    )  # fmt: skip


def _copy_receipts(
    supplier: Supplier,
    drafts: Sequence[_Draft],
    items: dict[tuple[str, str], BillOfEntryItem],
    now: dt.datetime,
) -> None:
    if not drafts:
        return
    sql = f"COPY supply_receipt ({', '.join(_COLUMNS)}) FROM STDIN"
    with store.raw_cursor(connection).copy(sql) as copy:
        for draft in drafts:
            item = items.get((draft.bill, draft.lot.part))
            copy.write_row(_row(supplier, draft, item, now))


def _row(
    supplier: Supplier, draft: _Draft, item: BillOfEntryItem | None, now: dt.datetime
) -> tuple[Any, ...]:
    return (
        draft.lot.lot, draft.lot.part, supplier.pk, draft.channel, draft.invoice, draft.invoice_line,
        draft.invoice_date, draft.lot.quantity, draft.currency, draft.value, draft.freight, draft.insurance,
        draft.incoterm, draft.rate, draft.hsn, draft.lot.origin, draft.cif, draft.price, draft.duty,
        draft.igst, True, draft.tax, True, draft.landed, False, item.pk if item else None, "", now,
    )  # fmt: skip
