"""Rows of a purchase register become receipts: one per lot, once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from django.db import connection

from karkhana.kernel.money import EXACT
from karkhana.kernel.refusals import Refused, refuse
from karkhana.supply.models import Receipt, Supplier
from karkhana.supply.registers.context import Context, Entry, Outcome
from karkhana.supply.registers.linking import link_waiting
from karkhana.supply.registers.rules import rows as rules
from karkhana.supply.registers.rules.rows import CONSIGNED, IMPORT, needed, number_of, text_of
from karkhana.supply.registers.rules.survey import Row

Draft = dict[str, Any]
_COLUMNS = (
    "lot", "part", "supplier_id", "channel", "invoice", "invoice_line", "invoice_date", "quantity",
    "currency",
    "value", "freight", "insurance", "incoterm", "rate", "hsn", "origin", "cif", "price", "duty", "igst",
    "igst_creditable", "tax", "tax_creditable", "landed", "repackaged", "file_sha256", "file_line",
    "recorded_at",
)  # fmt: skip
_COPY = f"COPY supply_receipt ({', '.join(_COLUMNS)}) FROM STDIN"
_ALWAYS = (
    "part", "supplier_id", "invoice", "invoice_date", "quantity", "currency", "value", "freight",
    "insurance", "hsn",
)  # fmt: skip
"""What a row always says of a lot; the rest is compared where the row says it."""
_STATED = {
    "invoice_line": "invoice_line", "incoterm": "incoterm", "exchange_rate": "rate", "origin": "origin",
    "channel": "channel", "tax_creditable": "tax_creditable", "repackaged": "repackaged",
}  # fmt: skip


def book(entries: Sequence[Entry], context: Context) -> list[Outcome]:
    """Book rows; the caller holds the lock of the registers and an open transaction."""
    drafts: list[tuple[Entry, Draft | Refused]] = []
    for entry in entries:
        try:
            drafts.append((entry, _draft(entry, context)))
        except Refused as refused:
            drafts.append((entry, refused))
    good = [draft for _, draft in drafts if isinstance(draft, dict)]
    lots = [draft["lot"] for draft in good]
    booked = _booked(lots)
    with connection.cursor() as cursor:
        cursor.execute("SELECT lot, part FROM ledger_lot WHERE lot = ANY(%s)", [lots])
        recorded: dict[str, str] = dict(cursor.fetchall())
        new: dict[str, Draft] = {}
        outcomes = [_outcome(entry, draft, booked, recorded, new) for entry, draft in drafts]
        if new:
            with cursor.copy(_COPY) as copy:
                for draft in new.values():
                    copy.write_row([draft[name] for name in _COLUMNS])
        waiting = {(draft["invoice"], draft["part"]) for draft in new.values() if draft["channel"] == IMPORT}
        link_waiting(cursor, waiting)
    return outcomes


def _booked(lots: list[str]) -> dict[str, Draft]:
    fields = {"supplier_id", *_ALWAYS, *_STATED.values(), "lot", "tax", "recorded_at", "file_line"}
    return {row["lot"]: row for row in Receipt.objects.filter(lot__in=lots).values(*sorted(fields))}


def _outcome(
    entry: Entry,
    draft: Draft | Refused,
    booked: dict[str, Draft],
    recorded: dict[str, str],
    new: dict[str, Draft],
) -> Outcome:
    if isinstance(draft, Refused):
        return Outcome(entry, refusal=draft.refusal)
    lot = draft["lot"]
    try:
        if recorded.get(lot, draft["part"]) != draft["part"]:
            raise refuse(
                "receipt.part_differs",
                "part: lot {lot} came in as {recorded}, the register says {said}.",
                "Find out which is right; the record of the floor is not changed by a register.",
                field="part",
                lot=lot,
                recorded=recorded[lot],
                said=draft["part"],
            )
        before = booked.get(lot) or new.get(lot)
        if before is not None:
            _same_or_refuse(before, draft)
            return Outcome(entry)
    except Refused as refused:
        return Outcome(entry, refusal=refused.refusal)
    new[lot] = draft
    return Outcome(entry, made=True)


def _same_or_refuse(before: Draft, draft: Draft) -> None:
    for name in (*_ALWAYS, *sorted(draft["stated"])):
        if before[name] == draft[name]:
            continue
        old, said = before[name], draft[name]
        if name == "supplier_id":
            codes = dict(Supplier.objects.filter(pk__in=(old, said)).values_list("pk", "code"))
            old, said = codes.get(old), codes.get(said)
        raise refuse(
            "receipt.differs",
            "{field}: lot {lot} is booked with {old} ({where}); this row says {said}.",
            "Correct the row, or give it a lot or an invoice line of its own.",
            field=name.removesuffix("_id"),
            lot=draft["lot"],
            old=_shown(old),
            said=_shown(said),
            where=f"line {before['file_line']}, read {before['recorded_at']:%Y-%m-%d}",
        )


def _shown(value: Any) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _draft(entry: Entry, context: Context) -> Draft:
    """Return the receipt that a row describes, with the names that it states itself under ``stated``.

    Raises:
        Refused: whatever is wrong with the row.
    """
    row = entry.row
    supplier = context.supplier(row)
    part, invoice = cast(str, needed(row, "part")), cast(str, needed(row, "invoice"))
    day = rules.not_future(needed(row, "invoice_date"), context.today, field="invoice_date")
    quantity = rules.positive(row, "quantity", "quantity.not_positive")
    origin = rules.origin_of(row)
    channel = rules.stated_channel(row) or rules.derived_channel(
        role=supplier.role, supplier_country=supplier.country, origin=origin
    )
    currency = rules.currency_of(row, context.settings.currency)
    value = rules.value_of(row, quantity, free=channel == CONSIGNED)
    rate = rules.rate_of(row, currency)
    line = rules.whole(row, "invoice_line", 1)
    draft: Draft = {
        "lot": text_of(row, "lot")
        or rules.derived_lot(supplier.code, invoice, line, part, has_line="invoice_line" in context.columns),
        "part": part,
        "supplier_id": supplier.pk,
        "channel": channel,
        "invoice": invoice,
        "invoice_line": line,
        "invoice_date": day,
        "quantity": quantity,
        "currency": currency,
        "value": value,
        "freight": rules.not_negative(row, "freight"),
        "insurance": rules.not_negative(row, "insurance"),
        "incoterm": text_of(row, "incoterm"),
        "rate": rate if rate is not None else context.rate(currency, day),
        "hsn": rules.hsn_of(row),
        "origin": origin,
        "tax_creditable": row.get("tax_creditable") is not False,
        "repackaged": row.get("repackaged") is True,
        "file_sha256": context.file_sha256,
        "file_line": entry.line,
        "recorded_at": context.now,
    }
    stated = {own for said, own in _STATED.items() if row.get(said) not in (None, "")}
    return draft | _amounts(row, draft) | {"stated": stated}


def _amounts(row: Row, draft: Draft) -> Draft:
    """Return the rupees of a receipt; those of an import are set anew by its bill of entry."""
    goods = EXACT.multiply(draft["value"], draft["rate"])
    whole = EXACT.multiply(draft["value"] + draft["freight"] + draft["insurance"], draft["rate"])
    zero = Decimal(0)
    creditable = draft["tax_creditable"]
    if draft["channel"] == IMPORT:
        cif = rules.six(whole)
        amounts = {"cif": cif, "price": rules.six(goods), "tax": zero, "landed": cif}
    else:
        tax, price = _tax(row), rules.six(whole)
        amounts = {"cif": zero, "price": price, "tax": tax, "landed": price + (zero if creditable else tax)}
    for name in ("price", "landed"):
        rules.in_bounds(amounts[name], "value", rules.RUPEES_MAX)
    return amounts | {"duty": zero, "igst": zero, "igst_creditable": creditable}


def _tax(row: Row) -> Decimal:
    if number_of(row, "tax") is not None:
        return rules.not_negative(row, "tax")
    return sum((rules.not_negative(row, name) for name in ("cgst", "sgst", "igst")), Decimal(0))
