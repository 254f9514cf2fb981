"""From the figures of a period to the basis of a certificate: amounts of every lot, and the documents behind.

The figures say what was counted of each lot; the books say what it is made of: CIF, duty, price, taxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, localcontext
from typing import Any

from django.db.models import Q

from karkhana.design.models import Product
from karkhana.kernel.money import EXACT
from karkhana.localisation.built.pieces import AS_BOOKED, candidates_of_lots
from karkhana.localisation.built.units import accepted_by
from karkhana.localisation.catalogue import method_for
from karkhana.localisation.certificate.rules import Basis, Document, Paid, Taken
from karkhana.localisation.models import PriceTerm
from karkhana.localisation.rules.methods import Method
from karkhana.localisation.rules.pieces import UNKNOWN, Piece, Unproved
from karkhana.localisation.rules.valuing import Settings
from karkhana.localisation.runs.rules import Asked
from karkhana.supply.models import BillOfEntryItem, LocalContentCertificate, Receipt, Supplier

BESIDE = ("own", "abroad")
CHUNK = 5_000
ZERO = Decimal(0)


def basis_of(asked: Asked, result: Mapping[str, Any], *, seq: int) -> Basis:
    """Return the basis of a certificate.

    Args:
        asked: the question; names a product.
        result: the JSON form of its answer, with a line for each lot as ``lots``.
        seq: place in the record up to which it was read.
    """
    method = method_for(asked.method, asked.last)
    settings = Settings.of(method, asked.chosen, day=asked.last)
    product = Product.objects.get(code=asked.product)
    parts = [line for line in result["lots"] if line["channel"] not in BESIDE]
    books = _Books({line["lot"] for line in parts if line["lot"]}, settings)
    denominator, imported = Decimal(result["denominator"]), Decimal(result["imported"])
    units = result["units"]
    return Basis(
        product=product.code,
        product_name=product.name,
        first=asked.first.isoformat(),
        last=asked.last.isoformat(),
        units=units["count"],
        denominator=denominator,
        imported=imported,
        divisor=imported if method.denominator.divide_by == "imported" else denominator,
        certified=Decimal(result["certified"]),
        grade=result["class"],
        classes=units["by_class"],
        percent_least=Decimal(units["least"]),
        percent_most=Decimal(units["most"]),
        parameters=asked.chosen,
        taken=tuple(books.taken(line) for line in parts),
        paid=_paid(result, method, asked),
        documents=books.documents(),
        unproved=tuple(_unproved(item) for item in result["unproved"]),
        seq=seq,
    )


def _unproved(item: Mapping[str, Any]) -> Unproved:
    lot = item["lot"] or " ".join(item["lots"][:3])
    return Unproved(item["code"], item["part"], lot, item["detail"])


class _Books:
    """What the books say of some lots."""

    def __init__(self, lots: set[str], settings: Settings) -> None:
        self._pieces: dict[str, Piece] = {}
        self._receipts: dict[str, dict[str, Any]] = {}
        found = candidates_of_lots(
            sorted(lots),
            rate_policy=settings.values.get("exchange_rate", AS_BOOKED),
            accepts=accepted_by(settings),
        )
        for lot, pieces in found.items():
            self._pieces[lot] = next((piece for piece in pieces if piece.lot == lot), pieces[0])
        for some in _chunks(sorted({piece.lot for piece in self._pieces.values()})):
            rows = Receipt.objects.filter(lot__in=some).values("lot", "hsn", "bill_item_id", "supplier__name")
            self._receipts |= {row["lot"]: dict(row) for row in rows}
        self._bills = self._bills_of()
        codes = {piece.supplier for piece in self._pieces.values()}
        self._names = dict(Supplier.objects.filter(code__in=codes).values_list("code", "name"))

    def _bills_of(self) -> dict[int, BillOfEntryItem]:
        wanted = sorted({row["bill_item_id"] for row in self._receipts.values() if row["bill_item_id"]})
        found: dict[int, BillOfEntryItem] = {}
        for some in _chunks(wanted):
            found |= BillOfEntryItem.objects.select_related("bill").in_bulk(some)
        return found

    def taken(self, line: Mapping[str, Any]) -> Taken:
        """Return what all units took of the lot of a line."""
        piece = self._pieces.get(line["lot"]) or Piece(line["part"], line["lot"], line["supplier"], UNKNOWN)
        receipt = self._receipts.get(piece.lot, {})
        item = self._bills.get(receipt.get("bill_item_id") or 0)
        quantity = Decimal(line["quantity"])
        with localcontext(EXACT):
            amounts = {
                name: getattr(piece, name) * quantity for name in ("cif", "duty", "igst", "price", "tax")
            }
        return Taken(
            part=line["part"],
            lot=line["lot"],
            supplier=line["supplier"],
            supplier_name=self._names.get(line["supplier"], ""),
            origin=line["origin"],
            hsn=receipt.get("hsn", ""),
            channel=line["channel"],
            quantity=quantity,
            value=Decimal(line["value"]),
            local=Decimal(line["local_value"]),
            why=line["why"],
            certificate=piece.certificate.number if piece.certificate else "",
            bill=f"{item.bill.number} of {item.bill.date} at {item.bill.port}, item {item.number}"
            if item
            else "",
            **amounts,
        )

    def documents(self) -> tuple[Document, ...]:
        """Return the bills of entry and the suppliers' certificates behind the lots."""
        bills = {item.bill.pk: item.bill for item in self._bills.values()}
        found = [
            Document("bill of entry", bill.number, f"of {bill.date}, port {bill.port}", bill.file_sha256)
            for bill in bills.values()
        ]
        used = {
            (piece.supplier, piece.certificate.number) for piece in self._pieces.values() if piece.certificate
        }
        rows = LocalContentCertificate.objects.select_related("supplier").filter(
            supplier__code__in={code for code, _ in used}
        )
        found += [
            Document(
                "supplier's certificate",
                row.number,
                f"{row.supplier.name}, {row.part or 'all parts'}, {row.percent.normalize():f} %,"
                f" {row.valid_from} to {row.valid_to}",
                row.file_sha256,
            )
            for row in rows
            if (row.supplier.code, row.number) in used
        ]
        return tuple(found)


def _chunks(values: list[Any]) -> Iterable[list[Any]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


def _paid(result: Mapping[str, Any], method: Method, asked: Asked) -> tuple[Paid, ...]:
    """Return the terms beside the parts, for all units: those that count as lines, and the denominator's."""
    documents = _documents_of_terms(asked)
    found = [
        Paid(
            line["part"],
            line["supplier"],
            Decimal(line["value"]),
            "local" if Decimal(line["local_value"]) == Decimal(line["value"]) else "imported",
            ", ".join(documents.get((line["part"], line["supplier"]), ())),
        )
        for line in result["lots"]
        if line["channel"] in BESIDE
    ]
    if method.denominator.of == "terms":
        what = " + ".join(method.denominator.add) + "".join(f" - {kind}" for kind in method.denominator.less)
        rests = {
            document
            for (kind, _), names in documents.items()
            if kind in method.denominator.add
            for document in names
        }
        found.insert(
            0, Paid(what, "", Decimal(result["denominator"]), "denominator", ", ".join(sorted(rests)))
        )
    return tuple(found)


def _documents_of_terms(asked: Asked) -> dict[tuple[str, str], list[str]]:
    """Return the documents of the product's terms that held in the period, by kind and party."""
    terms = PriceTerm.objects.filter(
        Q(valid_to=None) | Q(valid_to__gte=asked.first),
        product__code=asked.product,
        valid_from__lte=asked.last,
    )
    found: dict[tuple[str, str], list[str]] = {}
    for term in terms.exclude(document="").order_by("valid_from", "pk"):
        names = found.setdefault((term.kind, term.party), [])
        if term.document not in names:
            names.append(term.document)
    return found
