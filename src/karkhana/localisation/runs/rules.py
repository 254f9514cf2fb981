"""What may be asked for: whose units, of which days, by which method. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field

from karkhana.kernel.fiscal import fiscal_year_days, month_days
from karkhana.kernel.refusals import refuse

DAYS_MAX = 3660


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: units of a product, brand or plant (codes, empty: all) that were completed in some days.

    ``chosen`` holds every parameter of the method, those left alone with their defaults, so that the same
    question always has the same key.
    """

    product: str
    brand: str
    plant: str
    first: dt.date
    last: dt.date
    method: str
    chosen: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """SHA-256 of the question."""
        said = [self.product, self.brand, self.plant, self.first.isoformat(), self.last.isoformat(),
                self.method, sorted(self.chosen.items())]  # fmt: skip
        return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def days_of(
    *, month: str = "", fiscal_year: str = "", first: str = "", last: str = ""
) -> tuple[dt.date, dt.date]:
    """Return the days of a month, of a fiscal year, or from one day to another, both included.

    Raises:
        Refused: ``period.missing``, ``period.several``, ``period.day``, ``period.order``, ``period.long``,
            and as ``kernel.fiscal``.
    """
    given = [bool(month), bool(fiscal_year), bool(first or last)]
    if sum(given) > 1:
        raise refuse(
            "period.several", "More than one period is named.", "Name a month, a fiscal year or two days."
        )
    if month:
        return month_days(month)
    if fiscal_year:
        return fiscal_year_days(fiscal_year)
    if not (first and last):
        raise refuse(
            "period.missing", "No period is named.", "Name a month such as 2026-11, or a fiscal year."
        )
    begin, end = _day(first), _day(last)
    if end < begin:
        raise refuse(
            "period.order",
            "{last} is before {first}.",
            "Name the first day, then the last.",
            first=first[:20],
            last=last[:20],
        )
    if (end - begin).days > DAYS_MAX:
        raise refuse("period.long", "The period is longer than ten years.", "Ask for less at once.")
    return begin, end


def _day(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text.strip())
    except ValueError:
        day = dt.date.min
    if not 1950 <= day.year <= 2150:
        raise refuse("period.day", "{text} is not a day.", "Write it as 2026-11-23.", text=text[:40])
    return day
