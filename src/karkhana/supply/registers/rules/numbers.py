"""Numbers as registers write them: ``1,234.56``, ``1.234,56``, ``1,23,456.50``, ``1 234,56``, ``₹ 500``.

What a comma or a point means is never guessed from one cell. Most numbers say it themselves; ``1,234`` does
not, and is read as the other numbers of its column (then of its file) are, or refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from karkhana.kernel.money import CURRENCIES
from karkhana.kernel.refusals import Refused, refuse

DOT, COMMA, MIXED, UNSAID = "dot", "comma", "mixed", ""
"""What stands before the decimals in a column: a point, a comma, both in turn, nothing that says it."""
TYPED = "\x02"
"""Begins a cell that a workbook holds as a number: nothing about it is ambiguous."""
WHOLE_MAX, DECIMALS_MAX = 15, 9

_CELL = re.compile(
    r"(?P<sign>[-−(]?)\s*(?P<before>[A-Z]{3}|₹|Rs\.?|INR|US\$|\$|€|£|¥)?\s*(?P<minus>[-−]?)"
    r"(?P<number>[.,]?\d[\d.,' \u00a0\u202f]*)"
    r"\s*(?P<after>%|[A-Za-z]{1,6}\.?|₹|€|£|¥|\$)?\s*(?P<end>[-)]?)",
    re.ASCII,
)
_BARE = re.compile(r"[.,]?[0-9][0-9.,]*")
_WHOLE = Decimal(10) ** WHOLE_MAX
_SYMBOLS = {"₹": "INR", "Rs": "INR", "Rs.": "INR", "US$": "USD", "€": "EUR", "£": "GBP"}
_UNITS = frozenset(
    [
        "pcs",
        "pc",
        "pce",
        "nos",
        "no",
        "ea",
        "each",
        "set",
        "sets",
        "kg",
        "g",
        "gm",
        "gms",
        "m",
        "mtr",
        "mtrs",
        "cm",
        "mm",
        "l",
        "ltr",
        "ltrs",
        "roll",
        "rolls",
        "reel",
        "reels",
        "pkt",
        "box",
        "u",
        "unt",
        "unit",
        "units",
        "nmb",
        "kgs",
    ]
)
_GROUPED = {
    ",": re.compile(r"\d{1,3}(,\d{3})+|\d{1,2}(,\d{2})+,\d{3}"),
    ".": re.compile(r"\d{1,3}(\.\d{3})+"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """A cell taken apart: digits with their separators, whether it is negative, the currency beside it."""

    digits: str
    negative: bool
    currency: str = ""


def take_apart(cell: str) -> Said | None:
    """Take a cell apart, None when it is no number. ``4 Nos`` and ``500 INR`` are numbers."""
    if _BARE.fullmatch(cell):  # most cells
        return Said(cell, False)
    found = _CELL.fullmatch(cell.strip())
    if found is None:
        return None
    words = [word for word in (found["before"], found["after"]) if word and word != "%"]
    currency = ""
    for word in words:
        code = _SYMBOLS.get(word, word.upper())
        if code in CURRENCIES:
            currency = code
        elif word not in ("$", "¥") and word.lower().rstrip(".") not in _UNITS:
            return None
    if (found["sign"] == "(") != (found["end"] == ")"):
        return None
    digits = re.sub(r"[' \u00a0\u202f]", "", found["number"])
    return Said(digits, bool(found["sign"] or found["minus"] or found["end"]), currency)


def evidence(digits: str) -> str | None:
    """Return what digits with separators say of their convention: ``dot``, ``comma``, ``?`` or nothing.

    ``?`` is an ambiguous number, ``""`` one that fits both; None when the digits are no number at all.
    """
    commas, dots = digits.count(","), digits.count(".")
    if not commas and not dots:
        return ""
    if commas and dots:
        mark, group = (".", ",") if digits.rfind(".") > digits.rfind(",") else (",", ".")
        whole, _, rest = digits.rpartition(mark)
        good = _GROUPED[group].fullmatch(whole) and rest.isdigit()
        return (DOT if mark == "." else COMMA) if good else None
    mark = "," if commas else "."
    if commas + dots > 1:
        return (DOT if mark == "," else COMMA) if _GROUPED[mark].fullmatch(digits) else None
    whole, _, rest = digits.partition(mark)
    if len(rest) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0":
        return "?"
    return DOT if mark == "." else COMMA


def say_of_cell(cell: str) -> str | None:
    """Return what a cell says of the convention, as :func:`evidence`; quick for plain digits."""
    if not cell or cell.isdigit() or cell.startswith(TYPED):
        return ""
    said = take_apart(cell)
    return evidence(said.digits) if said else None


def decided(said: set[str]) -> str:
    """Return the convention of a column or file by everything that its cells said."""
    if {DOT, COMMA} <= said:
        return MIXED
    return DOT if DOT in said else COMMA if COMMA in said else UNSAID


def read_number(cell: str, convention: str, *, field: str) -> tuple[Decimal | None, str]:
    """Read a cell; returns the number (None for an empty cell) and the currency that stands beside it.

    Args:
        convention: of the column: :data:`DOT`, :data:`COMMA`, :data:`MIXED` or :data:`UNSAID`.

    Raises:
        Refused: ``number.unreadable``, ``number.ambiguous``, ``number.other_convention``,
            ``number.scientific``, ``number.too_large``.
    """
    if cell.isdigit() and cell.isascii():
        return _bounded(Decimal(cell), cell, field), ""
    if cell.startswith(TYPED):
        return _bounded(_typed(cell[1:], field), cell[1:], field), ""
    if not cell.strip() or cell.strip() in ("-", "–"):
        return None, ""
    said = take_apart(cell)
    says = evidence(said.digits) if said else None
    if said is None or says is None:
        raise _unreadable(cell, field)
    if says == "?" and convention in (UNSAID, MIXED):
        raise refuse(
            "number.ambiguous",
            "{field}: {value} may be a thousand and more or a number with three decimals, and nothing else in"
            " the column says which.",
            "Say how this file writes decimals (--decimal dot or --decimal comma), or write it without"
            " separators.",
            field=field,
            value=cell.strip()[:40],
        )
    if says in (DOT, COMMA) and convention in (DOT, COMMA) and says != convention:
        raise refuse(
            "number.other_convention",
            "{field}: {value} is written otherwise than was said of this file.",
            "Correct it, or do not say how the file writes decimals.",
            field=field,
            value=cell.strip()[:40],
        )
    by_dot = (convention if says in ("?", "") else says) != COMMA
    digits = said.digits.replace(",", "") if by_dot else said.digits.replace(".", "").replace(",", ".")
    number = _bounded(Decimal(digits), cell, field)
    return (-number if said.negative else number), said.currency


def _typed(text: str, field: str) -> Decimal:
    try:
        number = Decimal(text)
    except ArithmeticError:
        raise _unreadable(text, field) from None
    if not number.is_finite():
        raise _unreadable(text, field)
    return number


def _bounded(number: Decimal, cell: str, field: str) -> Decimal:
    """Refuse what no book holds; drop decimals that are only zeros."""
    if abs(number) >= _WHOLE:
        raise refuse(
            "number.too_large",
            "{field}: {value} is more than any register holds.",
            "Correct the number.",
            field=field,
            value=cell.strip()[:40],
        )
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > DECIMALS_MAX:
        short = round(number, DECIMALS_MAX)
        if short != number:
            raise refuse(
                "number.too_long",
                "{field}: {value} has more than {places} decimals.",
                "Round it to {places} decimals.",
                field=field,
                value=cell.strip()[:40],
                places=DECIMALS_MAX,
            )
        return short
    return number


def _unreadable(cell: str, field: str) -> Refused:
    if re.fullmatch(r"\s*-?\d+([.,]\d+)?[eE][+-]?\d+\s*", cell):
        return refuse(
            "number.scientific",
            "{field}: {value} has lost its last digits to a spreadsheet.",
            "Format the column as a plain number in the spreadsheet and save again.",
            field=field,
            value=cell.strip()[:40],
        )
    return refuse(
        "number.unreadable",
        "{field}: {value} is no number.",
        "Correct the cell.",
        field=field,
        value=repr(cell.strip()[:40]),
    )
