"""What one piece of a lot cost and where it comes from, read from the books in sets.

Owns the way from a lot of the record to ``Piece``: its receipt, the certificate that was valid when it was
bought, the rate that turns its CIF value into rupees, and the lots that it was split or merged from. It does
not own how a method counts a piece (``localisation.rules``).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q

from karkhana.kernel.money import HOME, per_piece
from karkhana.localisation.rules.pieces import IMPORT, UNKNOWN, Certificate, Piece
from karkhana.localisation.rules.valuing import COUNTRY
from karkhana.supply.landed.rules import assessable_value
from karkhana.supply.models import ExchangeRate, LocalContentCertificate, Part, Receipt
from karkhana.supply.models.money import AVERAGE, FIXED, REFERENCE

AS_BOOKED = "bill_of_entry_customs_rate"
RATE_KINDS = {
    "invoice_date_reference_rate": REFERENCE,
    "period_average": AVERAGE,
    "fixed_reference_year": FIXED,
}
"""Which kind of rate a policy takes; ``AS_BOOKED`` takes what the books say."""
CHUNK = 5_000
"""Lots of one round of reads: large enough to be fast, small enough for any memory."""
DEPTH_MAX = 20
"""Splits of splits are followed this deep."""
ZERO = Decimal(0)

_MONEY = ("value", "freight", "insurance", "cif", "price", "duty", "igst", "tax")
_RECEIPT = (
    "lot", "part", "supplier_id", "supplier__code", "channel", "invoice_date", "quantity", "currency",
    *_MONEY, "origin", "igst_creditable", "tax_creditable", "repackaged", "bill_item_id", "bill_item__origin",
)  # fmt: skip
Row = dict[str, Any]


def pieces_of_lots(
    lots: Iterable[str], *, rate_policy: str = AS_BOOKED, fixed_from: dt.date | None = None
) -> dict[str, Piece]:
    """Return one piece of each lot; of a lot that was merged from others, the one that costs most.

    Args:
        lots: lots that nobody knows give a piece of channel ``unknown``.
        rate_policy: value of the parameter ``exchange_rate`` of a method.
        fixed_from: a day of the reference year, for ``fixed_reference_year``; None: the day of the invoice.
    """
    found = candidates_of_lots(lots, rate_policy=rate_policy, fixed_from=fixed_from)
    return {
        lot: max(pieces, key=lambda piece: (piece.amount("landed"), piece.lot))
        for lot, pieces in found.items()
    }


def candidates_of_lots(
    lots: Iterable[str],
    *,
    rate_policy: str = AS_BOOKED,
    fixed_from: dt.date | None = None,
    accepts: Sequence[str] = (),
) -> dict[str, tuple[Piece, ...]]:
    """Return the pieces that one piece of each lot may be.

    A lot with a receipt is itself. One that was split or merged is one piece of the lots that it was made
    from, each as it was bought; more than one where several went in. A lot of another part than what it was
    made from was worked on here: what it cost cannot be told from its parents, so it is unknown.

    Args:
        accepts: methods whose certificates are preferred where several are valid; empty: the newest.
    """
    wanted = list(dict.fromkeys(lots))
    books = _Books(rate_policy, fixed_from, frozenset(accepts))
    found: dict[str, tuple[Piece, ...]] = {}
    for start in range(0, len(wanted), CHUNK):
        found |= books.read(wanted[start : start + CHUNK])
    return found


@dataclass(frozen=True, slots=True)
class _Lot:
    part: str
    supplier: str
    origin: str


@dataclass(slots=True)
class _Chunk:
    """What was read for some lots and the lots behind them."""

    lots: dict[str, _Lot]
    receipts: dict[str, Row]
    parents: dict[str, list[str]]
    groups: dict[str, str]
    pieces: dict[str, tuple[Piece, ...]]


class _Books:
    def __init__(self, rate_policy: str, fixed_from: dt.date | None, accepts: frozenset[str]) -> None:
        self.kind = RATE_KINDS.get(rate_policy)
        self.fixed_from = fixed_from
        self.accepts = accepts
        self.rates: dict[str, list[tuple[dt.date, dt.date, Decimal]]] | None = None

    def read(self, lots: list[str]) -> dict[str, tuple[Piece, ...]]:
        chunk = _Chunk({}, {}, {}, {}, {})
        fresh = set(lots)
        for _ in range(DEPTH_MAX):
            if not fresh:
                break
            chunk.lots |= _lots(fresh)
            rows = {row["lot"]: row for row in _receipts(fresh)}
            chunk.receipts |= rows
            parents = _parents(fresh - rows.keys())
            chunk.parents |= parents
            fresh = {lot for found in parents.values() for lot in found} - chunk.lots.keys()
        chunk.groups = _groups(chunk)
        certificates = _certificates(chunk.receipts.values())
        for lot, row in chunk.receipts.items():
            chunk.pieces[lot] = (self.bought(row, chunk, certificates),)
        return {lot: self.resolve(lot, chunk, 0) for lot in lots}

    def resolve(self, lot: str, chunk: _Chunk, depth: int) -> tuple[Piece, ...]:
        """Return the pieces of a lot: its own, or those of the lots of the same part behind it."""
        known = chunk.pieces.get(lot)
        if known is not None:
            return known
        itself = chunk.lots.get(lot, _Lot("", "", ""))
        parents = chunk.parents.get(lot, [])
        same = [p for p in parents if p in chunk.lots and chunk.lots[p].part == itself.part]
        found: tuple[Piece, ...] = ()
        if same and len(same) == len(parents) and depth < DEPTH_MAX:
            found = tuple(
                dict.fromkeys(piece for parent in same for piece in self.resolve(parent, chunk, depth + 1))
            )
        chunk.pieces[lot] = found or (_unknown(lot, itself, chunk),)
        return chunk.pieces[lot]

    def bought(self, row: Row, chunk: _Chunk, certificates: _Certificates) -> Piece:
        """Turn a receipt into one piece of its lot."""
        itself = chunk.lots.get(row["lot"])
        part = itself.part if itself else row["part"]
        origin, contradiction = _origin(row, itself)
        doubts = ["lot_differs"] if part != row["part"] else []
        doubts += ["no_origin"] if contradiction else []
        cif, no_rate = self.cif(row)
        doubts += ["no_rate"] if no_rate else []
        if row["channel"] == IMPORT and row["bill_item_id"] is None:
            doubts.append("no_bill_of_entry")
        certificate, expired, has_file = certificates.of(
            row["supplier_id"], part, row["invoice_date"], self.accepts
        )
        if certificate is not None and not has_file:
            doubts.append("certificate_no_file")
        quantity = row["quantity"]

        def each(total: Decimal) -> Decimal:
            return per_piece(total, quantity) if total else ZERO

        return Piece(
            part=part,
            lot=row["lot"],
            supplier=row["supplier__code"],
            channel=row["channel"],
            origin=origin,
            group=chunk.groups.get(part, ""),
            bought_on=row["invoice_date"],
            cif=each(cif),
            duty=each(row["duty"]),
            igst=each(row["igst"]),
            igst_creditable=row["igst_creditable"],
            price=each(row["price"]),
            tax=each(row["tax"]),
            tax_creditable=row["tax_creditable"],
            certificate=certificate,
            expired=expired,
            repackaged=row["repackaged"],
            doubts=tuple(doubts),
        )

    def cif(self, row: Row) -> tuple[Decimal, bool]:
        """Return the CIF value of a lot in rupees by the policy, and whether a rate for it is missing."""
        booked: Decimal = row["cif"]
        if self.kind is None or row["channel"] != IMPORT or row["currency"] == HOME:
            return booked, False
        day = row["invoice_date"]
        if self.kind == FIXED and self.fixed_from is not None:
            day = self.fixed_from
        rate = self.rate(row["currency"], day)
        if rate is None:
            return booked, True
        return assessable_value(row["value"], row["freight"], row["insurance"], rate), False

    def rate(self, currency: str, day: dt.date) -> Decimal | None:
        """Return the rate of the policy's kind that holds on a day; of several, the latest to begin."""
        if self.rates is None:
            rows = ExchangeRate.objects.filter(kind=self.kind).order_by("-valid_from")
            self.rates = defaultdict(list)
            for name, first, last, rate in rows.values_list("currency", "valid_from", "valid_to", "rate"):
                self.rates[name].append((first, last, rate))
        for first, last, rate in self.rates.get(currency, ()):
            if first <= day <= last:
                return rate
        return None


def _unknown(lot: str, itself: _Lot, chunk: _Chunk) -> Piece:
    """Describe a lot without a receipt; the origin that the record knows is kept."""
    return Piece(
        part=itself.part,
        lot=lot,
        supplier=itself.supplier,
        channel=UNKNOWN,
        origin=itself.origin,
        group=chunk.groups.get(itself.part, ""),
        doubts=("no_receipt",),
    )


def _origin(row: Row, itself: _Lot | None) -> tuple[str, bool]:
    """Return where a lot was made, and whether the books and the record contradict each other on it.

    When only one of them says that it was made in the country, nothing is shown.
    """
    booked = row["origin"] or row["bill_item__origin"] or ""
    recorded = itself.origin if itself else ""
    if booked and recorded and booked != recorded and COUNTRY in (booked, recorded):
        return "", True
    return booked or recorded, False


def _lots(lots: set[str]) -> dict[str, _Lot]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lot, part, coalesce(supplier, ''), coalesce(origin, '') FROM ledger_lot"
            " WHERE lot = ANY(%s)",
            [list(lots)],
        )
        return {row[0]: _Lot(*row[1:]) for row in cursor.fetchall()}


def _receipts(lots: set[str]) -> Iterator[Row]:
    # One array, not a list of thousands of parameters: the server would plan it anew each time.
    return (
        Receipt.objects.extra(where=["supply_receipt.lot = ANY(%s)"], params=[list(lots)])
        .values(*_RECEIPT)
        .iterator(CHUNK)
    )


def _parents(lots: set[str]) -> dict[str, list[str]]:
    """Return, of lots that a transformation made, what went into each; a unit that went in has no lot's name.

    A unit among the inputs stands as an empty name, so that it never matches a lot.
    """
    if not lots:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT output, CASE WHEN input_kind = 'lot' THEN input ELSE '' END FROM ledger_descent"
            " WHERE output = ANY(%s) AND output_kind = 'lot' ORDER BY output, input",
            [list(lots)],
        )
        found: defaultdict[str, list[str]] = defaultdict(list)
        for output, source in cursor.fetchall():
            found[output].append(source)
    return dict(found)


def _groups(chunk: _Chunk) -> dict[str, str]:
    parts = {lot.part for lot in chunk.lots.values()} | {row["part"] for row in chunk.receipts.values()}
    rows = Part.objects.filter(number__in=parts)
    return {number: group for number, group in rows.values_list("number", "group") if group}


class _Certificates:
    """Certificates of some suppliers, by supplier and part; a part of '' is everything it delivers."""

    def __init__(self) -> None:
        self.rows: defaultdict[tuple[int, str], list[LocalContentCertificate]] = defaultdict(list)

    def of(
        self, supplier: int, part: str, day: dt.date, accepts: frozenset[str]
    ) -> tuple[Certificate | None, str, bool]:
        """Return the certificate that was valid on a day, the number of one that had run out, and a file.

        Of several, one by a preferred method goes first, then the newest, then the one for the part alone.
        """
        known = [*self.rows.get((supplier, part), ()), *(self.rows.get((supplier, ""), ()) if part else ())]
        valid = [row for row in known if row.valid_from <= day <= row.valid_to]
        if valid:
            best = max(valid, key=lambda row: (_preferred(row, accepts), *_newest(row)))
            return Certificate(best.number, best.percent, best.method), "", bool(best.file_sha256)
        over = [row for row in known if row.valid_to < day]
        return None, max(over, key=_newest).number if over else "", False


def _preferred(row: LocalContentCertificate, accepts: frozenset[str]) -> bool:
    return not accepts or not row.method or row.method in accepts


def _newest(row: LocalContentCertificate) -> tuple[dt.date, bool, str]:
    return row.valid_from, bool(row.part), row.number


def _certificates(receipts: Iterable[Row]) -> _Certificates:
    found = _Certificates()
    rows = list(receipts)
    suppliers = {row["supplier_id"] for row in rows}
    if suppliers:
        every = LocalContentCertificate.objects.filter(supplier__in=suppliers)
        # A supplier of thousands of parts may have a certificate for each: only those asked about are read.
        for row in every.filter(Q(part="") | Q(part__in={row["part"] for row in rows})).order_by("pk"):
            found.rows[row.supplier_id, row.part].append(row)
    return found
