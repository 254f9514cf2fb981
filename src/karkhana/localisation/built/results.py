"""What the units of a period add up to: figures, classes, lines by origin and supplier, months. Exact."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from karkhana.kernel.money import EXACT
from karkhana.localisation.built.book import Doubt, Total
from karkhana.localisation.rules.pieces import DOUBTS, plain
from karkhana.localisation.rules.valuing import ZERO, Figures

LINES_SHOWN = 50
"""Lines of the JSON form, the greatest imported value first, unless all are asked for."""
LOTS_SHOWN = 5
OWN = ("own", "abroad")
"""Channels of what is no part: charges."""


@dataclass(slots=True)
class Spread:
    """Percentages of units: how many in which class, least, most, mean and by whole per cents."""

    units: int = 0
    least: Decimal | None = None
    most: Decimal | None = None
    total: Decimal = ZERO
    classes: Counter[str] = field(default_factory=Counter)
    histogram: Counter[int] = field(default_factory=Counter)

    def add(self, figures: Figures, grade: str, units: int) -> None:
        """Count units of equal figures."""
        low, high = figures.percent_min, figures.percent_max
        self.units += units
        self.least = low if self.least is None else min(self.least, low)
        self.most = high if self.most is None else max(self.most, high)
        self.total = EXACT.add(self.total, low * units)
        self.classes[grade] += units
        self.histogram[int(low.to_integral_value(ROUND_FLOOR))] += units

    @property
    def mean(self) -> Decimal | None:
        """Mean of what is proved of each unit, cut to 4 decimals."""
        if not self.units:
            return None
        return EXACT.divide(self.total, Decimal(self.units)).quantize(Decimal("0.0001"), ROUND_FLOOR, EXACT)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "least": _text(self.least),
            "most": _text(self.most),
            "mean": _text(self.mean),
            "by_class": dict(sorted(self.classes.items())),
            "histogram": {str(percent): units for percent, units in sorted(self.histogram.items())},
        }


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a period, ``2026-11``; figures are None where nothing could be computed."""

    month: str
    units: int
    figures: Figures
    grade: str

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"month": self.month, "units": self.units, **figures_dict(self.figures), "class": self.grade}


@dataclass(frozen=True, slots=True)
class Group:
    """Parts that have something in common, and what all units took of them."""

    name: str
    value: Decimal
    local_value: Decimal
    local_most: Decimal

    @property
    def imported(self) -> Decimal:
        """What is not local, at most."""
        return self.value - self.local_value

    def as_dict(self) -> dict[str, str]:
        """Return the JSON form."""
        return {
            "name": self.name,
            "value": plain(self.value),
            "imported": plain(self.imported),
            "local_value": plain(self.local_value),
            "local_most": plain(self.local_most),
        }


GROUPS: Mapping[str, Callable[[Total], str]] = {
    "part_group": lambda line: line.group,
    "supplier": lambda line: line.supplier,
    "origin": lambda line: line.origin,
    "channel": lambda line: line.channel,
    "part": lambda line: line.part,
}


@dataclass(frozen=True, slots=True)
class PeriodResult:
    """Local value of all units of a period by one method.

    Args:
        subject: what was asked, JSON form.
        figures: of all units together; what each unit counts is added before anything is divided.
        grade: class that the sum reaches, by the classes of the last day that had units.
        sets: distinct sets of lots that were valued, chunk by chunk.
        lines: parts and charges over all units, the greatest imported value first.
        doubts: by code, part and detail.
        left_out: units that cannot be computed, by reason; they are in no figure here.
    """

    subject: dict[str, Any]
    method: str
    parameters: dict[str, str]
    units: int
    sets: int
    figures: Figures
    grade: str
    spread: Spread
    months: tuple[Month, ...]
    lines: tuple[Total, ...]
    doubts: Mapping[tuple[str, str, str], Doubt]
    left_out: Mapping[tuple[str, str], int]

    def groups(self, by: str) -> list[Group]:
        """Return the parts gathered by one of ``GROUPS``, the greatest imported value first.

        Raises:
            KeyError: there is no such way.
        """
        name_of = GROUPS[by]
        sums: defaultdict[str, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO, ZERO])
        for line in self.lines:
            if line.channel in OWN:
                continue
            row = sums[name_of(line)]
            for place, amount in enumerate((line.value, line.local_value, line.local_most)):
                row[place] = EXACT.add(row[place], amount)
        found = [Group(name, *row) for name, row in sums.items()]
        return sorted(found, key=lambda group: (-group.imported, group.name))

    @property
    def charges(self) -> tuple[Total, ...]:
        """The lines that are no parts."""
        return tuple(line for line in self.lines if line.channel in OWN)

    def as_dict(self, *, all_lines: bool = False) -> dict[str, Any]:
        """Return the JSON form of ``karkhana localise`` over a period."""
        lines = self.lines if all_lines else self.lines[:LINES_SHOWN]
        return {
            "subject": {**self.subject, "units": self.units},
            "method": self.method,
            **figures_dict(self.figures),
            "class": self.grade,
            "parameters": dict(sorted(self.parameters.items())),
            "units": {"count": self.units, "sets": self.sets, **self.spread.as_dict()},
            "months": [month.as_dict() for month in self.months],
            "groups": {by: [group.as_dict() for group in self.groups(by)] for by in GROUPS},
            "lines": [line_dict(line) for line in lines],
            "lines_in_all": len(self.lines),
            "unproved": [
                doubt_dict(key, doubt)
                for key, doubt in sorted(self.doubts.items(), key=lambda row: (-row[1].uses, row[0]))
            ],
            "left_out": [
                {"product": product, "why": why, "units": units}
                for (product, why), units in sorted(self.left_out.items())
            ],
        }


def figures_dict(figures: Figures) -> dict[str, str]:
    """Return the JSON form of figures: the keys of one unit's."""
    return {
        "denominator": plain(figures.denominator),
        "imported": plain(figures.imported),
        "imported_min": plain(figures.imported_least),
        "local": plain(figures.denominator - figures.imported),
        "percent": str(figures.percent_min),
        "percent_min": str(figures.percent_min),
        "percent_max": str(figures.percent_max),
        "certified": str(figures.certified),
    }


def line_dict(line: Total) -> dict[str, Any]:
    """Return the JSON form of a line over many units; ``lot`` is empty when there are several."""
    lots = sorted(line.lots)
    return {
        "part": line.part,
        "lot": line.lot or (lots[0] if len(lots) == 1 and not line.more_lots else ""),
        "supplier": line.supplier,
        "origin": line.origin,
        "group": line.group,
        "channel": line.channel,
        "quantity": plain(line.quantity),
        "value": plain(line.value),
        "imported": plain(line.value - line.local_value),
        "local_value": plain(line.local_value),
        "local_most": plain(line.local_most),
        "why": line.why,
        "lots": lots,
        "more_lots": line.more_lots,
    }


def doubt_dict(key: tuple[str, str, str], doubt: Doubt) -> dict[str, Any]:
    """Return the JSON form of something unproved over many units."""
    code, part, detail = key
    lots = sorted(doubt.lots)
    return {
        "code": code,
        "part": part,
        "lot": lots[0] if len(lots) == 1 and not doubt.more_lots else "",
        "why": DOUBTS[code],
        "detail": detail,
        "uses": doubt.uses,
        "lots": lots,
        "more_lots": doubt.more_lots,
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
