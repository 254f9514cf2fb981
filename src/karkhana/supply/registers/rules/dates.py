"""Dates as registers write them: real dates of a workbook, ISO, ``05-Apr-2025``, ``05/04/2025``, ``5.4.25``.

Which of two numbers is the day is never guessed: ``05/04/2025`` is read as the other dates of its column
(then of its file) are, or in the order that is said, or refused.
"""

from __future__ import annotations

import datetime as dt
import re

from karkhana.kernel.refusals import Refused, refuse

DMY, MDY, MIXED, UNSAID = "dmy", "mdy", "mixed", ""
TYPED = "\x03"
"""Begins a cell that a workbook holds as a date."""
FIRST, LAST = dt.date(1990, 1, 1), dt.date(2150, 12, 31)

_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?(?: ?[AaPp][Mm])?)?"
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _TIME)
_PACKED = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_NAMED = re.compile(r"(\d{1,2})[-/ .]?([A-Za-z]{3,9})[-/ .,]*(\d{4}|\d{2})" + _TIME)
_NUMBERS = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})" + _TIME)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def say_of_cell(cell: str) -> str:
    """Return what a cell says of the order: ``dmy``, ``mdy`` or nothing."""
    found = _NUMBERS.fullmatch(cell.strip()) if cell and not cell.startswith(TYPED) else None
    if found is None:
        return ""
    first, second = int(found[1]), int(found[2])
    if first > 12 >= second:
        return DMY
    return MDY if second > 12 >= first else ""


def decided(said: set[str]) -> str:
    """Return the order of a column or file by everything that its cells said."""
    if {DMY, MDY} <= said:
        return MIXED
    return DMY if DMY in said else MDY if MDY in said else UNSAID


def read_date(cell: str, order: str, *, field: str) -> dt.date | None:
    """Read a cell, None when it is empty.

    Args:
        order: of the column: :data:`DMY`, :data:`MDY`, :data:`MIXED` or :data:`UNSAID`.

    Raises:
        Refused: ``date.unreadable``, ``date.ambiguous``, ``date.other_order``.
    """
    text = cell.lstrip("\x02" + TYPED).strip()
    if not text:
        return None
    if found := _ISO.fullmatch(text) or _PACKED.fullmatch(text):
        return _made(int(found[1]), int(found[2]), int(found[3]), text, field)
    if found := _NAMED.fullmatch(text):
        name = found[2][:3].lower()
        month = _MONTHS.index(name) + 1 if name in _MONTHS else 0
        return _made(_year(found[3]), month, int(found[1]), text, field)
    if found := _NUMBERS.fullmatch(text):
        first, second = int(found[1]), int(found[2])
        day, month = (first, second) if _is_day_first(first, second, order, text, field) else (second, first)
        return _made(_year(found[3]), month, day, text, field)
    raise _unreadable(text, field)


def _is_day_first(first: int, second: int, order: str, text: str, field: str) -> bool:
    says = DMY if first > 12 else MDY if second > 12 else ""
    if says:
        if order in (DMY, MDY) and says != order:
            raise refuse(
                "date.other_order",
                "{field}: {value} does not fit the order that was said of this file.",
                "Correct it, or say the other order.",
                field=field,
                value=text[:40],
            )
        return says == DMY
    if order in (DMY, MDY):
        return order == DMY
    if first == second:
        return True
    raise refuse(
        "date.ambiguous",
        "{field}: nothing says whether the day or the month stands first in {value}.",
        "Say it (--dates dmy or --dates mdy), or write dates as 2025-04-05.",
        field=field,
        value=text[:40],
    )


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _made(year: int, month: int, day: int, text: str, field: str) -> dt.date:
    try:
        made = dt.date(year, month, day)
    except ValueError:
        raise _unreadable(text, field) from None
    if not FIRST <= made <= LAST:
        raise _unreadable(text, field)
    return made


def _unreadable(text: str, field: str) -> Refused:
    return refuse(
        "date.unreadable",
        "{field}: {value} is no date.",
        "Write it as 2025-04-05 or 05-Apr-2025.",
        field=field,
        value=repr(text[:40]),
    )
