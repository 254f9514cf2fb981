"""The fiscal year of India: 1 April to 31 March.

Owns how a fiscal year and a month are written and where they begin and end. Pure.
"""

from __future__ import annotations

import datetime as dt
import re

from karkhana.kernel.refusals import refuse

_FISCAL = re.compile(r"(?:FY)?(\d{4})-(\d{2}|\d{4})|FY(\d{2}|\d{4})", re.IGNORECASE)
_MONTH = re.compile(r"(\d{4})-(\d{2})")


def fiscal_year(day: dt.date) -> str:
    """Return the fiscal year of a day, such as ``2026-27``."""
    start = day.year if day.month >= 4 else day.year - 1
    return f"{start}-{(start + 1) % 100:02d}"


def fiscal_year_days(text: str) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of a fiscal year.

    Args:
        text: ``2026-27``, ``2026-2027``, ``FY27`` or ``FY2027`` (named by the year in which it ends).

    Raises:
        Refused: ``period.fiscal_year``.
    """
    found = _FISCAL.fullmatch(text.strip())
    start = 0
    if found and found[3]:
        start = int(found[3]) % 100 + (2000 if len(found[3]) == 2 else int(found[3]) // 100 * 100) - 1
    elif found and int(found[2]) % 100 == (int(found[1]) + 1) % 100:
        start = int(found[1])
    if not 1 <= start <= 9998:
        raise refuse(
            "period.fiscal_year",
            "{text} is not a fiscal year.",
            "Write it as 2026-27 or FY27.",
            text=text[:40],
        )
    return dt.date(start, 4, 1), dt.date(start + 1, 3, 31)


def month_days(text: str) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of a month written year-month.

    Raises:
        Refused: ``period.month``.
    """
    found = _MONTH.fullmatch(text.strip())
    if not found or not (1 <= int(found[2]) <= 12 and 1 <= int(found[1]) <= 9998):
        raise refuse("period.month", "{text} is not a month.", "Write it as 2026-11.", text=text[:40])
    first = dt.date(int(found[1]), int(found[2]), 1)
    return first, (first + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)
