"""Indian tax identities: GSTIN, tariff items (HSN) and the reference number of an e-invoice (IRN).

Owns the check of one value and its normal form. It does not own rates of duty or tax, nor who carries
which number.

Source: GSTIN: state code, PAN, number of the registration, one character that is ``Z`` by default, check
character; codes of states as of 2026 (25 and 28 are of states that were merged or divided and stand on
older papers; 38 Ladakh since 2019; 97 other territory; 99 centre). The check is a sum with the weights 1
and 2 in base 36. HSN: First Schedule to the Customs Tariff Act 1975: heading of 4 digits, subheading of 6,
tariff item of 8. IRN: SHA-256 as gstzen.in/a/e-invoice-reference-number.html shows it; the codes CRN and
DBN are not verified; capitals since 1 June 2025 by the advisory of the GST Network of 4 April 2025.
"""

from __future__ import annotations

import hashlib
import re

SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
STATE_CODES = frozenset([*(f"{number:02d}" for number in range(1, 39)), "97", "99"])
IRN_KINDS = ("INV", "CRN", "DBN")
"""Invoice, credit note, debit note."""
HSN_LENGTHS = {4: "heading", 6: "subheading", 8: "tariff item"}


def gstin_check_character(first: str) -> str:
    """Return the check character of the first 14 characters of a GSTIN, given in capitals."""
    total = 0
    for index, sign in enumerate(first):
        total += sum(divmod(SIGNS.index(sign) * (1 + index % 2), 36))
    return SIGNS[-total % 36]


def gstin(text: str) -> str:
    """Check a GSTIN and return it in capitals without blanks.

    Raises:
        ValueError: it is malformed; the text says how, in words for a person.
    """
    value = re.sub(r"[ -]", "", text).upper()
    if not re.fullmatch(r"[0-9A-Z]{15}", value):
        raise ValueError("a GSTIN has 15 letters and digits")
    if value[:2] not in STATE_CODES:
        raise ValueError(f"{value[:2]} is no state code of a GSTIN")
    if not re.fullmatch(r"[A-Z]{5}[0-9]{4}[A-Z]", value[2:12]):
        raise ValueError(
            f"characters 3 to 12 are a PAN: five letters, four digits, a letter, not {value[2:12]}"
        )
    if value[12] == "0":
        raise ValueError("the number of the registration, character 13, is never 0")
    wanted = gstin_check_character(value[:14])
    if value[14] != wanted:
        raise ValueError(f"the check character should be {wanted}, not {value[14]}")
    return value


def pan_of(text: str) -> str:
    """Return the PAN within a GSTIN: registrations of one firm in several states share it.

    Raises:
        ValueError: as :func:`gstin`.
    """
    return gstin(text)[2:12]


def hsn(text: str) -> str:
    """Check a heading (4 digits), subheading (6) or tariff item (8) and return its digits alone.

    ``8517 62 90`` and ``8517.62.90`` are ``85176290``.

    Raises:
        ValueError: it is malformed; the text says how.
    """
    digits = re.sub(r"[ .\u00a0]", "", text)
    if not re.fullmatch(r"[0-9]+", digits):
        raise ValueError("a tariff code has digits alone, with blanks or dots between them")
    if len(digits) not in HSN_LENGTHS:
        raise ValueError(f"a tariff code has 4, 6 or 8 digits, not {len(digits)}")
    if digits[:2] == "00":
        raise ValueError("there is no chapter 00 of the tariff")
    return digits


def tariff_item(text: str) -> str:
    """Check a full tariff item, as a bill of entry names it, and return its 8 digits.

    Raises:
        ValueError: it is malformed, or only a heading or subheading.
    """
    digits = hsn(text)
    if len(digits) != 8:
        raise ValueError(f"a tariff item has 8 digits; {digits} is a {HSN_LENGTHS[len(digits)]}")
    return digits


def printed_hsn(digits: str) -> str:
    """Return a code as the tariff prints it: ``8517 62 90``."""
    return " ".join(filter(None, (digits[:4], digits[4:6], digits[6:8])))


def tax_year(text: str) -> str:
    """Check a fiscal year as tax papers write it, ``2019-20``, and return it.

    Raises:
        ValueError: it is written otherwise, or its years do not follow each other.
    """
    found = re.fullmatch(r"((?:19|20)[0-9]{2})-([0-9]{2})", text)
    if not found:
        raise ValueError("a fiscal year is written 2019-20")
    if (int(found[1]) + 1) % 100 != int(found[2]):
        raise ValueError(
            f"the fiscal year after {found[1]} ends in {(int(found[1]) + 1) % 100:02d}, not {found[2]}"
        )
    return text


def irn(supplier_gstin: str, year: str, kind: str, number: str, *, capitals: bool = True) -> str:
    """Return the reference number of an e-invoice: 64 hexadecimal digits in small letters.

    Args:
        supplier_gstin: GSTIN of who issues the document.
        year: fiscal year of the document, ``2019-20``.
        kind: one of :data:`IRN_KINDS`.
        number: number of the document, 1 to 16 letters, digits, ``/`` and ``-``.
        capitals: hash the number in capitals, as the portal does since 1 June 2025. Give ``False`` for older
            documents whose number has small letters.

    Raises:
        ValueError: one of them is malformed; the text says which and how.
    """
    if kind not in IRN_KINDS:
        raise ValueError(f"the kind of a document is {', '.join(IRN_KINDS)}, not {kind[:20]!r}")
    if not re.fullmatch(r"[A-Za-z0-9/-]{1,16}", number):
        raise ValueError("the number of a document has 1 to 16 letters, digits, / and -")
    written = number.upper() if capitals else number
    return hashlib.sha256((gstin(supplier_gstin) + tax_year(year) + kind + written).encode()).hexdigest()
