"""Fiscal years of India: 1 April to 31 March, named by the year in which they end (``FY21`` ends in 2021)."""

from __future__ import annotations

import datetime as dt
import re


def fiscal_year(text: str) -> str:
    """Return ``FY21`` for ``FY21``, ``2020-21`` or ``FY2020-21``.

    Raises:
        ValueError: it is written otherwise, or its two years do not follow each other.
    """
    short = re.fullmatch(r"FY([0-9]{2})", text)
    if short:
        return text
    long = re.fullmatch(r"(?:FY)?20([0-9]{2})-([0-9]{2})", text)
    if not long or (int(long[1]) + 1) % 100 != int(long[2]):
        raise ValueError("a fiscal year is written FY21 or 2020-21")
    return f"FY{long[2]}"


def first_day(year: str) -> dt.date:
    """Return 1 April of a fiscal year written ``FY21``."""
    return dt.date(1999 + int(year[2:]), 4, 1)


def last_day(year: str) -> dt.date:
    """Return 31 March of a fiscal year written ``FY21``."""
    return dt.date(2000 + int(year[2:]), 3, 31)
