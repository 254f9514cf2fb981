"""What the rules value: pieces of lots, and the amounts that belong to a product besides its parts.

Pure values. Everything is in rupees; amounts of a ``Piece`` are for one piece, those of a ``Charge`` for
one unit.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

IMPORT, DOMESTIC, RESELLER, CONSIGNED, UNKNOWN = "import", "domestic", "reseller", "consigned", "unknown"
CHANNELS = (IMPORT, DOMESTIC, RESELLER, CONSIGNED, UNKNOWN)
"""How a piece came in. ``unknown``: no receipt says what it cost or where it comes from."""

AMOUNTS = ("cif", "duty", "igst", "igst_not_creditable", "price", "tax", "tax_not_creditable", "landed")
"""Amounts of a piece that a method may count.

``cif``: value of an import at the border. ``duty``: customs duties that cannot be credited. ``price``: paid
to the supplier without indirect tax. ``tax``: GST on a purchase in the country. ``landed``: what the piece
costs in all.
"""

TERMS = (
    "price", "ex_factory_price", "fob", "discount", "excess_discount", "credit_note", "exempted_import",
    "royalty_abroad", "licence_abroad", "technical_fee_abroad", "service_abroad", "royalty_local",
    "conversion", "design", "research", "software_local", "software_abroad", "packing", "overhead",
    "profit", "warranty",
)  # fmt: skip
"""Amounts per unit that a product has besides its parts. Those with ``abroad`` are paid to somebody abroad.

``price`` is the net invoice value without indirect taxes; ``conversion`` labour, power and tests of making
it.
"""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A supplier's statement of local content that was valid when the piece was bought."""

    number: str
    percent: Decimal
    method: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a lot, or of an offer: what it cost and where it comes from.

    Args:
        lot: empty for an offer that nothing was bought of yet.
        origin: country in which it was made (ISO 3166-1 alpha-2), empty when it cannot be shown.
        bought_on: day of the invoice.
        certificate: valid on that day, of this supplier, for this part; None when there is none.
        expired: number of a certificate that ran out before that day, empty when there is none.
        repackaged: an import that was only repacked, refurbished or relabelled in the country.
        doubts: what cannot be shown, as codes of ``DOUBTS``.
    """

    part: str
    lot: str
    supplier: str
    channel: str
    origin: str = ""
    group: str = ""
    bought_on: dt.date | None = None
    cif: Decimal = Decimal(0)
    duty: Decimal = Decimal(0)
    igst: Decimal = Decimal(0)
    igst_creditable: bool = True
    price: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    tax_creditable: bool = True
    certificate: Certificate | None = None
    expired: str = ""
    repackaged: bool = False
    doubts: tuple[str, ...] = ()

    def amount(self, name: str) -> Decimal:
        """Return one of ``AMOUNTS``.

        Raises:
            KeyError: there is no such amount.
        """
        if name == "igst_not_creditable":
            return Decimal(0) if self.igst_creditable else self.igst
        if name == "tax_not_creditable":
            return Decimal(0) if self.tax_creditable else self.tax
        if name == "landed":
            base = self.cif if self.channel == IMPORT else self.price
            return base + self.duty + self.amount("igst_not_creditable") + self.amount("tax_not_creditable")
        if name not in AMOUNTS:
            raise KeyError(name)
        value: Decimal = getattr(self, name)
        return value


@dataclass(frozen=True, slots=True)
class Charge:
    """An amount per unit besides the parts. ``document`` is what it rests on, empty: unproved."""

    kind: str
    amount: Decimal
    party: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """What one unit took of one part at one place.

    Args:
        place: what tells it from other uses: role of a key part, or step and location.
        quantity: pieces, above 0.
        pieces: the pieces that it may have been; more than one at a change-over, or where alternates are
            allowed. Empty when nothing is known of what was consumed.
        process: what was done where it went in, such as ``smt``; deeming rules ask for it.
    """

    part: str
    place: str
    quantity: Decimal
    pieces: tuple[Piece, ...]
    process: str = ""


DOUBTS = {
    "no_receipt": "No receipt says what the lot cost.",
    "no_price": "No price is known.",
    "no_bill_of_entry": "The bill of entry of this import is not there.",
    "no_rate": "No exchange rate is known for the day.",
    "no_origin": "The country of origin cannot be shown.",
    "no_lot": "The record does not tell which lot was consumed.",
    "lot_differs": "The receipt speaks of another part than the record.",
    "certificate_missing": "The supplier's certificate of local content is missing.",
    "certificate_expired": "The supplier's certificate had run out on the day of purchase.",
    "certificate_other_method": "The supplier's certificate rests on another method.",
    "not_finished": "The unit is not finished, or was scrapped.",
    "certificate_no_file": "The file of the certificate is not there.",
    "charge_no_document": "No document shows this amount.",
    "term_missing": "The product has no amount of this kind for the day.",
    "figure_unverified": "A figure of the method is not verified.",
}
"""Why something is unproved: code and sentence."""


@dataclass(frozen=True, slots=True)
class Unproved:
    """One thing that a claim cannot rest on yet."""

    code: str
    part: str = ""
    lot: str = ""
    detail: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the JSON form, with the sentence."""
        return {
            "code": self.code,
            "part": self.part,
            "lot": self.lot,
            "why": DOUBTS[self.code],
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class Line:
    """How one use, or one charge, was counted; amounts for the unit.

    Args:
        value: what was counted of it.
        local_value: what of that is local, at least.
        local_most: the same at most, where a change-over leaves more than one lot possible.
        why: one sentence.
        lots: every lot that it may have been, the one that ``value`` rests on first.
    """

    part: str
    lot: str
    supplier: str
    origin: str
    group: str
    channel: str
    quantity: Decimal
    value: Decimal
    local_value: Decimal
    local_most: Decimal
    why: str
    lots: tuple[str, ...] = ()
    place: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form, amounts as text."""
        return {
            "part": self.part,
            "lot": self.lot,
            "supplier": self.supplier,
            "origin": self.origin,
            "group": self.group,
            "channel": self.channel,
            "place": self.place,
            "quantity": plain(self.quantity),
            "value": plain(self.value),
            "local_value": plain(self.local_value),
            "local_most": plain(self.local_most),
            "why": self.why,
            "lots": list(self.lots),
        }


@dataclass(frozen=True, slots=True)
class Result:
    """Local value of one unit by one method.

    Args:
        denominator: what the percentage is of.
        imported: what counts as not local, at most; ``imported_least`` the same at least.
        percent: unrounded downwards to 4 decimals, of what is proved to be local; equal to ``percent_min``.
        certified: rounded down to 2 decimals: what a certificate may say.
        grade: the class that is reached, empty when the method has none.
    """

    method: str
    denominator: Decimal
    imported: Decimal
    imported_least: Decimal
    percent: Decimal
    percent_min: Decimal
    percent_max: Decimal
    certified: Decimal
    grade: str
    lines: tuple[Line, ...]
    unproved: tuple[Unproved, ...] = ()
    parameters: dict[str, str] = field(default_factory=dict)

    def as_dict(self, subject: dict[str, object]) -> dict[str, object]:
        """Return the JSON form of ``karkhana localise``."""
        return {
            "subject": subject,
            "method": self.method,
            "denominator": plain(self.denominator),
            "imported": plain(self.imported),
            "imported_min": plain(self.imported_least),
            "local": plain(self.denominator - self.imported),
            "percent": str(self.percent),
            "percent_min": str(self.percent_min),
            "percent_max": str(self.percent_max),
            "certified": str(self.certified),
            "class": self.grade,
            "parameters": dict(sorted(self.parameters.items())),
            "lines": [line.as_dict() for line in self.lines],
            "unproved": [item.as_dict() for item in self.unproved],
        }


def plain(value: Decimal) -> str:
    """Write a Decimal without exponent and without trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
