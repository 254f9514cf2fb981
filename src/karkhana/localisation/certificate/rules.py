"""What a certificate of local content asks for, what it says, and when it may not be issued. Pure.

The fields follow what the Public Procurement (Preference to Make in India) Order asks a supplier to show:
what the item is, where value is added, the percentage, what was imported, bought here of importers and paid
abroad (revision of 19.07.2024), and who answers for it. There is one form for every method; the form of a
buyer or ministry, where it has one, goes before it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from karkhana.kernel.money import percent_down
from karkhana.kernel.refusals import Refused, refuse
from karkhana.kernel.tax import gstin, hsn
from karkhana.localisation.rules.methods import Method, Proof
from karkhana.localisation.rules.pieces import DOUBTS, Unproved, plain

FORM = "karkhana.local-content/1"
UNROUNDED_PLACES = 12
"""Decimals of the percentage that is called unrounded; it is cut there."""
NAMED = 3
"""So many of what is unproved are named in the refusal; the rest is in its fields and on the page."""
LONGEST = 200
AMOUNT_MAX = Decimal(10) ** 15
GSTIN_LENGTH = 15
"""A maker's number of that length is a GSTIN, whose check digit must fit."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a person says on a certificate.

    Args:
        item: as the buyer calls it. hsn: 4, 6 or 8 digits.
        places: where value is added, at least one.
        maker, maker_id: who certifies, and its GSTIN or other number.
        tender: of the bid or order, empty: none.
        contract_value: in rupees, None: not for one contract; decides who must sign.
        signatory, designation, membership: who answers for the maker.
        auditor, auditor_role, auditor_membership, udin: who audited it; empty where nobody had to.
        reason: why an earlier certificate is replaced.
    """

    item: str
    hsn: str
    places: tuple[str, ...]
    maker: str
    maker_id: str = ""
    tender: str = ""
    contract_value: Decimal | None = None
    signatory: str = ""
    designation: str = ""
    membership: str = ""
    auditor: str = ""
    auditor_role: str = ""
    auditor_membership: str = ""
    udin: str = ""
    reason: str = ""


TEXTS = (
    "item", "maker", "maker_id", "tender", "signatory", "designation", "membership", "auditor",
    "auditor_role", "auditor_membership", "udin", "reason",
)  # fmt: skip
NEEDED = ("item", "maker", "signatory", "designation")
FIELDS = (*TEXTS, "hsn", "places", "contract_value")


def read_form(said: Mapping[str, str]) -> Form:
    """Read what was typed. ``places`` has one place per line.

    Raises:
        Refused: ``certificate.field`` or ``certificate.letters``, naming the field.
    """
    texts = {name: _text(name, said.get(name, "")) for name in TEXTS}
    for name in NEEDED:
        if not texts[name]:
            raise _bad(name, "is missing")
    places = tuple(filter(None, (_text("places", line) for line in said.get("places", "").splitlines())))
    if not places:
        raise _bad("places", "is missing: name where value is added, one place per line")
    try:
        code = hsn(said.get("hsn", "")[:40])
    except ValueError as error:
        raise _bad("hsn", str(error)) from None
    if len(texts["maker_id"]) == GSTIN_LENGTH:
        try:
            texts["maker_id"] = gstin(texts["maker_id"])
        except ValueError as error:
            raise _bad("maker_id", str(error)) from None
    udin = texts["udin"].upper()
    if udin and not re.fullmatch(r"[0-9A-Z-]{10,25}", udin):
        raise _bad("udin", "is not a document number: 10 to 25 letters and digits")
    texts["udin"] = udin
    return Form(hsn=code, places=places, contract_value=_value(said.get("contract_value", "")), **texts)


def _value(text: str) -> Decimal | None:
    text = text.strip().replace(",", "")[:40]
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise _bad("contract_value", f"{text!r} is no amount") from None
    if not value.is_finite() or not 0 < value < AMOUNT_MAX:
        raise _bad("contract_value", f"{text} is no amount of a contract in rupees")
    return value


def _text(name: str, text: str) -> str:
    text = " ".join(text.split())
    if len(text) > LONGEST:
        raise _bad(name, f"is longer than {LONGEST} letters")
    strange = unprintable(text)
    if strange:
        raise refuse(
            "certificate.letters",
            "{field} has letters that the document cannot show: {letters}",
            "Write it in Latin letters.",
            field=name,
            letters=strange,
        )
    return text


def _bad(field: str, problem: str) -> Refused:
    return refuse(
        "certificate.field",
        "The field {field} {problem}.",
        "Correct it and issue the certificate again.",
        field=field,
        problem=problem,
    )


def unprintable(text: str) -> str:
    """Return the letters that the fonts of the document do not have (they have Latin, Greek, Cyrillic)."""
    return "".join(dict.fromkeys(letter for letter in text if not _printable(letter)))[:20]


def _printable(letter: str) -> bool:
    code = ord(letter)
    if code < 0x250:
        return code >= 0x20 and not 0x7F <= code < 0xA0
    return 0x370 <= code < 0x530 or 0x2010 <= code < 0x2045 or letter in "₹€№™"


def shown(text: str) -> str:
    """Return a name for the document: letters that its fonts do not have are replaced.

    A letter with marks becomes its plain letter, any other one a question mark. The workbook and the stored
    data keep the name as it is.
    """
    found = "".join(
        letter if _printable(letter) else unicodedata.normalize("NFKD", letter)[:1] for letter in text
    )
    return "".join(letter if _printable(letter) else "?" for letter in found)


def proof_for(method: Method, contract_value: Decimal | None) -> Proof | None:
    """Return what the method asks as proof for a contract of that value; None where it names nothing.

    Without a value, what is asked of the smallest contract.
    """
    proofs = sorted(method.proofs, key=lambda proof: (proof.up_to is None, proof.up_to or 0))
    for proof in proofs:
        if proof.up_to is None or contract_value is None or contract_value <= proof.up_to:
            return proof
    return proofs[-1] if proofs else None


def is_own(proof: Proof | None) -> bool:
    """Say whether the maker may certify by itself."""
    return proof is None or proof.by.startswith("self")


def check_proof(method: Method, form: Form) -> Proof | None:
    """Make sure that who must certify is named.

    Raises:
        Refused: ``certificate.auditor``.
    """
    proof = proof_for(method, form.contract_value)
    if is_own(proof) or (form.auditor and form.auditor_membership):
        return proof
    assert proof is not None
    bounds = [known.up_to for known in method.proofs if known.up_to is not None]
    raise refuse(
        "certificate.auditor",
        "Above {limit} rupees {method} asks for: {by}.",
        "Name the auditor with the membership number, or correct the contract's value.",
        limit=plain(max(bounds)) if bounds else "0",
        method=method.id,
        by=proof.by,
    )


def check_proved(unproved: Iterable[Unproved]) -> None:
    """Make sure that nothing that the percentage rests on is unproved.

    Raises:
        Refused: ``certificate.unproved`` with everything that is.
    """
    found = list(unproved)
    if not found:
        return
    named = "; ".join(said_of(item) for item in found[:NAMED])
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    raise refuse(
        "certificate.unproved",
        "The certificate rests on what is not proved: {named}{more}.",
        "Record what is missing, or choose parameters that do not rest on it.",
        named=named,
        more=more,
        count=len(found),
        unproved=[item.as_dict() for item in found[:1000]],
    )


def said_of(item: Unproved) -> str:
    """Say one unproved thing in a few words."""
    where = " ".join(filter(None, (item.part, item.lot, item.detail)))
    return f"{where or item.code}: {DOUBTS[item.code].rstrip('.')}"


@dataclass(frozen=True, slots=True)
class Taken:
    """What all units together took of one lot, in rupees; ``value`` and ``local`` are what was counted."""

    part: str
    lot: str
    supplier: str
    supplier_name: str
    origin: str
    hsn: str
    channel: str
    quantity: Decimal
    cif: Decimal
    duty: Decimal
    igst: Decimal
    price: Decimal
    tax: Decimal
    value: Decimal
    local: Decimal
    why: str
    certificate: str = ""
    bill: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the stored form, amounts as text."""
        return {
            name: plain(value) if isinstance(value := getattr(self, name), Decimal) else value
            for name in self.__slots__
        }


@dataclass(frozen=True, slots=True)
class Paid:
    """A term of the product besides its parts, for all units: a royalty, a licence, a cost.

    ``counted`` is ``local``, ``imported``, ``denominator`` or ``left_out``.
    """

    kind: str
    party: str
    amount: Decimal
    counted: str
    document: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document that the figures rest on: a bill of entry or a supplier's certificate.

    ``sha256`` is of its file, empty where the file is not kept here.
    """

    kind: str
    number: str
    detail: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Basis:
    """The figures of a certificate, for all units of its product that were completed in the period."""

    product: str
    product_name: str
    first: str
    last: str
    units: int
    denominator: Decimal
    imported: Decimal
    divisor: Decimal
    certified: Decimal
    grade: str
    classes: Mapping[str, int]
    percent_least: Decimal
    percent_most: Decimal
    parameters: Mapping[str, str]
    taken: tuple[Taken, ...]
    paid: tuple[Paid, ...]
    documents: tuple[Document, ...]
    unproved: tuple[Unproved, ...]
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """What makes one issue different from another of the same figures; ``issued_at`` in ISO 8601, UTC."""

    number: str
    issued_at: str
    issued_by: str
    replaces: str = ""
    replaces_sha256: str = ""


def content(
    head: Head, form: Form, method: Method, basis: Basis, sources: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """Return everything that the documents say.

    Raises:
        Refused: ``certificate.unproved``, ``certificate.auditor``.
    """
    check_proved(basis.unproved)
    proof = check_proof(method, form)
    return {
        "form": FORM,
        "number": head.number,
        "issued_at": head.issued_at,
        "issued_by": head.issued_by,
        "replaces": {"number": head.replaces, "sha256": head.replaces_sha256, "reason": form.reason},
        "item": {"name": form.item, "hsn": form.hsn, "product": basis.product, "title": basis.product_name},
        "places": list(form.places),
        "maker": {"name": form.maker, "id": form.maker_id},
        "contract": {
            "tender": form.tender,
            "value": "" if form.contract_value is None else plain(form.contract_value),
        },
        "method": _method(method, basis, sources),
        "period": {"first": basis.first, "last": basis.last, "units": basis.units, "seq": basis.seq},
        "result": _result(basis),
        "lines": [row.as_dict() for row in sorted(basis.taken, key=lambda row: (row.part, row.lot))],
        "paid": [
            {
                "kind": row.kind,
                "party": row.party,
                "amount": plain(row.amount),
                "counted": row.counted,
                "document": row.document,
            }
            for row in basis.paid
        ],
        "documents": [
            {"kind": row.kind, "number": row.number, "detail": row.detail, "sha256": row.sha256}
            for row in sorted(basis.documents, key=lambda row: (row.kind, row.number, row.detail))
        ],
        "proof": {"by": proof.by if proof else "", "own": is_own(proof)},
        "signatory": {
            "name": form.signatory,
            "designation": form.designation,
            "membership": form.membership,
        },
        "auditor": {
            "name": form.auditor,
            "role": form.auditor_role,
            "membership": form.auditor_membership,
            "udin": form.udin,
        },
    }


def _result(basis: Basis) -> dict[str, Any]:
    local = basis.denominator - basis.imported
    return {
        "denominator": plain(basis.denominator),
        "imported": plain(basis.imported),
        "local": plain(local),
        "divisor": plain(basis.divisor),
        "percent": str(percent_down(local, basis.divisor, UNROUNDED_PLACES)),
        "certified": str(basis.certified),
        "class": basis.grade,
        "classes": dict(sorted(basis.classes.items())),
        "unit_least": str(basis.percent_least),
        "unit_most": str(basis.percent_most),
    }


def _method(method: Method, basis: Basis, sources: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    return {
        "id": method.id,
        "name": method.name,
        "order": method.order,
        "valid_from": method.valid_from.isoformat(),
        "parameters": [
            {
                "name": name,
                "value": value,
                "default": method.parameters[name].default,
                "meaning": method.parameters[name].meaning,
                "status": method.parameters[name].status,
            }
            for name, value in sorted(basis.parameters.items())
            if name in method.parameters
        ],
        "grades": [{"name": grade.name, "at_least": plain(grade.at_least)} for grade in method.grades],
        "figures": [
            {"place": place, "status": cited.status, "source": cited.source, **sources.get(cited.source, {})}
            for place, cited in method.cited()
        ],
    }


def canonical(data: Mapping[str, Any]) -> str:
    """Write the data as canonical JSON: sorted keys, no blanks, letters as they are."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def number_of(fiscal_year: str, count: int) -> str:
    """Return the number of a certificate, counted within its fiscal year: ``LC/2026-27/0001``."""
    return f"LC/{fiscal_year}/{count:04d}"
