"""Rows of a bill-of-entry register become bills of entry with their items, and complete waiting receipts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from django.db import connection

from karkhana.kernel.money import EXACT, rounded
from karkhana.kernel.refusals import Refused, refuse
from karkhana.supply.duties.catalogue import duties_for
from karkhana.supply.landed.rules import HUNDRED, assessable_value, duties_on
from karkhana.supply.models import BillOfEntry, BillOfEntryItem
from karkhana.supply.registers.context import Context, Entry, Outcome
from karkhana.supply.registers.linking import link_waiting
from karkhana.supply.registers.rules import rows as rules
from karkhana.supply.registers.rules.rows import needed, number_of
from karkhana.supply.registers.rules.survey import Row

Key = tuple[str, Any, str]
_HEADER = ("supplier_id", "currency", "rate")
_ITEM = (
    "invoice", "part", "hsn", "origin", "quantity", "value", "assessable", "duty_percent", "duty",
    "surcharge", "other", "igst",
)  # fmt: skip
PERCENT_MAX = Decimal(500)


@dataclass(slots=True)
class _Draft:
    """One item with what its row says of the bill."""

    key: Key
    header: dict[str, Any]
    number: int
    item: dict[str, Any]


def book(entries: Sequence[Entry], context: Context) -> list[Outcome]:
    """Book rows; the caller holds the lock of the registers and an open transaction."""
    drafts: list[tuple[Entry, _Draft | Refused]] = []
    for entry in entries:
        try:
            drafts.append((entry, _draft(entry, context)))
        except Refused as refused:
            drafts.append((entry, refused))
    store = _Store([draft for _, draft in drafts if isinstance(draft, _Draft)], context)
    outcomes = []
    for entry, draft in drafts:
        if isinstance(draft, Refused):
            outcomes.append(Outcome(entry, refusal=draft.refusal))
            continue
        try:
            twin = store.twin_of(draft)
            made = store.take(draft)
            if twin is not None:
                _remark_twin(entry, draft, twin, context)
            if made:
                _remark_duty(entry, draft, context)
            outcomes.append(Outcome(entry, made=made))
        except Refused as refused:
            outcomes.append(Outcome(entry, refusal=refused.refusal))
    pairs = store.save()
    with connection.cursor() as cursor:
        link_waiting(cursor, pairs)
    return outcomes


class _Store:
    """The bills that a chunk speaks of: as they are booked, and what is to be added."""

    def __init__(self, drafts: Sequence[_Draft], context: Context) -> None:
        numbers = {draft.key[0] for draft in drafts}
        self._bills: dict[Key, BillOfEntry] = {
            (bill.number, bill.date, bill.port): bill
            for bill in BillOfEntry.objects.filter(number__in=numbers).select_related("supplier")
        }
        known = {bill.pk: key for key, bill in self._bills.items()}
        self._items: dict[tuple[Key, int], BillOfEntryItem] = {
            (known[item.bill_id], item.number): item
            for item in BillOfEntryItem.objects.filter(bill_id__in=known)
        }
        self._context = context
        self._new: list[BillOfEntryItem] = []

    def twin_of(self, draft: _Draft) -> BillOfEntry | None:
        """Return a bill of the same number and port on another day when the draft's own is new."""
        if draft.key in self._bills:
            return None
        number, _, port = draft.key
        return next((bill for key, bill in self._bills.items() if (key[0], key[2]) == (number, port)), None)

    def take(self, draft: _Draft) -> bool:
        """Take an item; returns False when it is booked.

        Raises:
            Refused: ``bill.differs``.
        """
        bill = self._bills.get(draft.key)
        if bill is not None:
            _same_or_refuse(draft, bill, draft.header, "the bill")
        item = self._items.get((draft.key, draft.number))
        if item is not None:
            _same_or_refuse(draft, item, draft.item, f"item {draft.number}")
            return False
        if bill is None:
            number, date, port = draft.key
            bill = BillOfEntry.objects.create(
                number=number, date=date, port=port, file_sha256=self._context.file_sha256, **draft.header
            )
            self._bills[draft.key] = bill
        item = BillOfEntryItem(bill=bill, number=draft.number, **draft.item)
        self._items[draft.key, draft.number] = item
        self._new.append(item)
        return True

    def save(self) -> set[tuple[str, str]]:
        """Write the new items; return their invoices and parts."""
        BillOfEntryItem.objects.bulk_create(self._new)
        return {(item.invoice, item.part) for item in self._new}


def _same_or_refuse(draft: _Draft, booked: Any, said: dict[str, Any], what: str) -> None:
    for name, value in said.items():
        if getattr(booked, name) != value:
            number, date, port = draft.key
            raise refuse(
                "bill.differs",
                "{field}: bill of entry {number} of {date} at {port} is booked: {what} has {old}, this row"
                " says {said}.",
                "A bill of entry is booked once. Correct the row.",
                field=name.removesuffix("_id"),
                number=number,
                date=date.isoformat(),
                port=port,
                what=what,
                old=_shown(getattr(booked, name)),
                said=_shown(value),
            )


def _shown(value: Any) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _draft(entry: Entry, context: Context) -> _Draft:
    row = entry.row
    supplier = context.supplier(row)
    number, port = cast(str, needed(row, "number")), cast(str, needed(row, "port"))
    date = rules.not_future(needed(row, "date"), context.today, field="date")
    currency = rules.currency_of(row, context.settings.currency)
    stated = rules.rate_of(row, currency)
    rate = stated if stated is not None else context.rate(currency, date)
    quantity = rules.positive(row, "quantity", "quantity.not_positive")
    value = rules.value_of(row, quantity)
    assessable = _assessable(row, value, rate)
    header = {"supplier_id": supplier.pk, "currency": currency, "rate": rate}
    needed(row, "item")
    item = {
        "invoice": needed(row, "invoice"),
        "part": needed(row, "part"),
        "hsn": rules.hsn_of(row, full=True),
        "origin": needed({"origin": rules.origin_of(row)}, "origin"),
        "quantity": quantity,
        "value": value,
        "assessable": assessable,
        **_duties(row, assessable),
    }
    return _Draft((number, date, port), header, rules.whole(row, "item", 1), item)


def _assessable(row: Row, value: Decimal, rate: Decimal) -> Decimal:
    """Return the assessable value that the row states, or the CIF value at the bill's rate."""
    stated = rules.not_negative(row, "assessable")
    if stated:
        return stated
    freight, insurance = rules.not_negative(row, "freight"), rules.not_negative(row, "insurance")
    return rules.in_bounds(
        rules.six(assessable_value(value, freight, insurance, rate)), "value", rules.RUPEES_MAX
    )


def _duties(row: Row, assessable: Decimal) -> dict[str, Decimal]:
    """Return the duties that a row states; what it does not state follows from what it does."""
    percent, duty = number_of(row, "duty_percent"), number_of(row, "duty")
    if percent is None:
        duty = rules.not_negative({"duty": cast(Decimal, needed(row, "duty"))}, "duty")
        percent = rounded(EXACT.divide(duty * HUNDRED, assessable), 6)
    if not 0 <= percent <= PERCENT_MAX:
        raise refuse(
            "percent.range",
            "duty_percent: {value} is no rate of duty.",
            "Correct it.",
            field="duty_percent",
            value=f"{percent:f}"[:40],
        )
    other = rules.not_negative(row, "other")
    due = duties_on(assessable, duty_percent=percent, other=other)
    said = {name: number_of(row, name) for name in ("duty", "surcharge", "igst")}
    return {
        "duty_percent": rounded(percent, 6),
        "duty": rules.six(due.basic) if said["duty"] is None else rules.not_negative(row, "duty"),
        "surcharge": rules.six(due.surcharge)
        if said["surcharge"] is None
        else rules.not_negative(row, "surcharge"),
        "other": other,
        "igst": rules.not_negative(row, "igst"),
    }


def _remark_twin(entry: Entry, draft: _Draft, twin: BillOfEntry, context: Context) -> None:
    """Remark a number that comes again on another day: numbers may begin anew, or one date is a slip."""
    number, date, port = draft.key
    context.remark(
        entry.line,
        "bill.number_again",
        f"Bill of entry {number} at {port} is booked on {twin.date} too; {date} is taken as another one.",
    )


def _remark_duty(entry: Entry, draft: _Draft, context: Context) -> None:
    """Remark a rate that no table has for the heading on that day; it is never refused for it."""
    known = duties_for(draft.item["hsn"], draft.key[1])
    rates = sorted({rate.percent for rate in known if rate.percent is not None})
    if rates and draft.item["duty_percent"] not in rates:
        context.remark(
            entry.line,
            "bill.duty_differs",
            f"{draft.item['hsn']}: {_shown(draft.item['duty_percent'])} % basic duty; the tables have"
            f" {', '.join(_shown(rate) for rate in rates)} % for this heading in {known[0].year}.",
        )
