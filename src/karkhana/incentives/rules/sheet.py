"""The working paper of one computation: every number that went in, where it is from, and the result. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from karkhana.incentives.rules.asking import Wrong
from karkhana.incentives.rules.scheme import WEAK, Figure, Scheme, Source
from karkhana.incentives.rules.years import last_day

Value = Decimal | str | dt.date
PAISA = Decimal("0.01")


def plain(value: Value | bool | int) -> str:
    """Return a value exactly and without exponent: ``348``, ``5.6``, ``true``, a text, an ISO date."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the explanation.

    ``status`` is a figure's status, or ``given`` (the applicant says so), ``computed``, ``chosen`` or
    ``default`` (an open reading), ``missing``, or ``met`` or ``not met`` (a condition).
    """

    what: str
    value: Value
    unit: str
    status: str
    sources: tuple[Source, ...] = ()
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "what": self.what,
            "value": plain(self.value),
            "unit": self.unit,
            "status": self.status,
            "source": [{"key": one.key, "address": one.address} for one in self.sources],
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Result:
    """What a scheme pays, and why.

    Args:
        amount: in the scheme's unit, not rounded; 0 when the conditions are not met.
        eligible: the conditions of the year are met.
        why_not: sentences about those that are not.
        lines: the whole computation in order.
        unverified: labels of the figures it rests on that nobody has verified, or that are disputed.
        missing: figures it needs that were never found.
        undecided: open readings that change the amount and were left at their default.
        also: further outcomes, such as what is released at once and the last day of claiming.
        asked: the input that gave it, so that it can be computed again.
    """

    scheme: str
    digest: str
    fy: str
    unit: str
    amount: Decimal
    eligible: bool
    why_not: tuple[str, ...]
    lines: tuple[Line, ...]
    unverified: tuple[str, ...]
    missing: tuple[str, ...]
    undecided: tuple[str, ...]
    also: dict[str, Value]
    asked: dict[str, str] = field(default_factory=dict)

    @property
    def signable(self) -> bool:
        """Tell whether a signed claim may hold it: nothing unverified, missing or undecided is in it."""
        return not (self.unverified or self.missing or self.undecided)

    @property
    def shown(self) -> Decimal:
        """Return the amount as people read it: two places, half up. Never compute on with it."""
        return self.amount.quantize(PAISA, ROUND_HALF_UP)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form; numbers are texts, so that no reader rounds them."""
        return {
            "scheme": self.scheme,
            "data_sha256": self.digest,
            "fy": self.fy,
            "asked": dict(self.asked),
            "unit": self.unit,
            "amount": plain(self.amount),
            "amount_shown": plain_places(self.shown),
            "eligible": self.eligible,
            "why_not": list(self.why_not),
            "signable": self.signable,
            "unverified": list(self.unverified),
            "missing": list(self.missing),
            "undecided": list(self.undecided),
            "also": {name: plain(value) for name, value in self.also.items()},
            "lines": [line.as_dict() for line in self.lines],
        }


def plain_places(value: Decimal) -> str:
    """Return a number with the places it has."""
    return format(value, "f")


@dataclass(slots=True)
class Sheet:
    """Collects the lines of one computation; made anew for each."""

    scheme: Scheme
    fy: str
    lines: list[Line] = field(default_factory=list)
    why_not: list[str] = field(default_factory=list)
    weak: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    also: dict[str, Value] = field(default_factory=dict)

    def find(self, name: str, year: int | None = None, what: str = "") -> Decimal | None:
        """Take a figure, or ``None`` where the scheme says that it was never found; either leaves a line.

        Raises:
            Wrong: there is one, but not for this fiscal year (its last day decides).
            LookupError: there is none: a fault of the file that loading should have refused.
        """
        figure = self.scheme.figure(name, year, last_day(self.fy))
        if figure is None:
            gap = self.scheme.lacks(name, year)
            if gap is None and self.scheme.figure(name, year):
                raise Wrong("fy", f"the scheme's {name} is not in force on {last_day(self.fy)}")
            if gap is None:
                raise LookupError(f"{self.scheme.id} has no {name} for year {year}")
            label = name if year is None else f"{name} (year {year})"
            self.lack(label, what or name, gap.note)
            return None
        self._use(figure, what)
        return figure.value

    def take(self, name: str, year: int | None = None, what: str = "") -> Decimal:
        """Take a figure that must be there; raises as :meth:`find`, and ``LookupError`` for a missing one."""
        value = self.find(name, year, what)
        if value is None:
            raise LookupError(f"{self.scheme.id} lacks {name}")
        return value

    def _use(self, figure: Figure, what: str) -> None:
        self.lines.append(
            Line(what or figure.name, figure.value, figure.unit, figure.status, figure.sources, figure.note)
        )
        if figure.status in WEAK and figure.label not in self.weak:
            self.weak.append(figure.label)

    def lack(self, label: str, what: str, note: str) -> None:
        """Say that something the result needs is not known."""
        self.lines.append(Line(what, "not known", "", "missing", note=note))
        if label not in self.missing:
            self.missing.append(label)

    def row(self, option: str, field: str = "fy") -> int:
        """Return which year of the scheme, from 1, the fiscal year is under one choice of years.

        Raises:
            Wrong: it is none; names the field.
        """
        slots = self.scheme.fact(f"slots.{option}")
        if slots is None:
            raise LookupError(f"{self.scheme.id} has no slots.{option}")
        if self.fy not in slots.texts:
            raise Wrong(field, f"{self.fy} is none of the scheme's years {', '.join(slots.texts)}")
        number = slots.texts.index(self.fy) + 1
        self.lines.append(
            Line("year of the scheme", str(number), "", slots.status, slots.sources, slots.note)
        )
        if slots.status in WEAK:
            self.weak.append(slots.name)
        return number

    def given(self, what: str, value: Value, unit: str = "") -> None:
        """Note what the applicant says."""
        self.lines.append(Line(what, value, unit or self._unit(value), "given"))

    def computed(self, what: str, value: Decimal, unit: str = "") -> Decimal:
        """Note what was worked out, and return it."""
        self.lines.append(Line(what, value, unit or self._unit(value), "computed"))
        return value

    def _unit(self, value: Value) -> str:
        return self.scheme.unit if isinstance(value, Decimal) else ""

    def read(self, name: str, chosen: str | None, *, matters: bool) -> str:
        """Return the reading to use. Where it changes the amount it leaves a line and should be chosen."""
        reading = self.scheme.reading(name)
        used = chosen or reading.default
        if matters:
            status = "chosen" if chosen else "default"
            self.lines.append(Line(f"reading {name}", used, "", status, reading.sources, reading.note))
            if not chosen:
                self.undecided.append(name)
        return used

    def reaches(self, what: str, value: Decimal, floor: Decimal | None, unit: str = "") -> bool:
        """Hold a value to its floor (equal is enough) and note the outcome. No known floor: taken as met."""
        if floor is None:
            return True
        met = value >= floor
        said = f"{plain(value)} of at least {plain(floor)}"
        self.lines.append(
            Line(f"condition: {what}", said, unit or self.scheme.unit, "met" if met else "not met")
        )
        if not met:
            self.why_not.append(f"{what} is {plain(value)}, and at least {plain(floor)} is needed")
        return met

    def refused(self, sentence: str) -> None:
        """Note a condition that is not met."""
        self.why_not.append(sentence)

    def limit(self, what: str, value: Decimal, ceiling: Decimal | None) -> Decimal:
        """Return a value held to a ceiling, noting when that bites."""
        if ceiling is None or value <= ceiling:
            return value
        return self.computed(f"{what}, limited to the ceiling", ceiling)

    def result(self, amount: Decimal) -> Result:
        """End the computation. An amount is 0 when a condition was not met, and never below."""
        paid = max(amount, Decimal(0)) if not self.why_not else Decimal(0)
        self.lines.append(Line("incentive", paid, self.scheme.unit, "computed"))
        return Result(
            self.scheme.id,
            self.scheme.digest,
            self.fy,
            self.scheme.unit,
            paid,
            not self.why_not,
            tuple(self.why_not),
            tuple(self.lines),
            tuple(self.weak),
            tuple(self.missing),
            tuple(self.undecided),
            self.also,
        )
