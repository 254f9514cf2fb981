"""A scheme as data: figures with their sources, words, what was never found, and open readings. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

STATUSES = ("sourced", "secondary", "unverified", "derived", "disputed")
"""How well a figure is known.

``sourced``: from the official text, a portal or a standard. ``secondary``: from the press or an adviser.
``unverified``: nobody has seen a source. ``derived``: follows by arithmetic or plain reading from known ones.
``disputed``: sources or readings differ.
"""
WEAK = frozenset({"unverified", "disputed"})
"""What no signed claim may rest on."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where something was read. ``official``: the authority's own text, portal or standard."""

    key: str
    address: str
    official: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a scheme.

    Args:
        name: such as ``A.sales_min``.
        year: year of the scheme, from 1; ``None`` where the number is the same in all years.
        value: exact.
        unit: one of ``loading.UNITS``.
        status: one of :data:`STATUSES`.
        sources: where it was read, best first.
        valid_from, valid_to: first and last day; ``None`` where that is not known.
        note: what a reader should know.
    """

    name: str
    year: int | None
    value: Decimal
    unit: str
    status: str
    sources: tuple[Source, ...]
    valid_from: dt.date | None
    valid_to: dt.date | None
    note: str

    @property
    def label(self) -> str:
        """Return the name with the year, as lists of weak figures show it."""
        return self.name if self.year is None else f"{self.name} (year {self.year})"

    def holds_on(self, day: dt.date) -> bool:
        """Tell whether it is in force on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a scheme says in words or as a list: products, years, categories."""

    name: str
    texts: tuple[str, ...]
    status: str
    sources: tuple[Source, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A figure that the scheme has and nobody found. A result that needs it cannot be signed."""

    name: str
    years: tuple[int, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A question that the texts leave open, with the answers they allow.

    It counts only where the answers give different amounts. Then the person who computes must choose; the
    default alone cannot be signed.
    """

    name: str
    options: tuple[str, ...]
    default: str
    sources: tuple[Source, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Scheme:
    """One scheme with all that is known of it.

    Args:
        id: name of its file without ``.toml``.
        formula: key of ``computing.FORMULAS``; empty where too little is known to compute.
        state: ``open``, ``closed`` or ``unknown``.
        notified: gazette number or date of the text.
        base_fy: fiscal year that increments are counted from; may be empty.
        unit: unit of the amounts in and out.
        years: number of yearly rows.
        digest: SHA-256 of the file, so that a claim can name the data it was computed from.
    """

    id: str
    name: str
    formula: str
    authority: str
    state: str
    notified: str
    base_fy: str
    unit: str
    years: int
    valid_from: dt.date | None
    valid_to: dt.date | None
    notes: tuple[str, ...]
    sources: tuple[Source, ...]
    figures: tuple[Figure, ...]
    facts: tuple[Fact, ...]
    missing: tuple[Missing, ...]
    readings: tuple[Reading, ...]
    digest: str

    def figure(self, name: str, year: int | None = None, on: dt.date | None = None) -> Figure | None:
        """Return a figure, or ``None`` when there is none of this name and year in force on that day."""
        for found in self.figures:
            if found.name == name and found.year == year and (on is None or found.holds_on(on)):
                return found
        return None

    def fact(self, name: str) -> Fact | None:
        """Return what the scheme says under a name."""
        return next((found for found in self.facts if found.name == name), None)

    def reading(self, name: str) -> Reading:
        """Return an open reading.

        Raises:
            KeyError: the scheme has none of this name; loading made sure that those of its formula exist.
        """
        for found in self.readings:
            if found.name == name:
                return found
        raise KeyError(name)

    def lacks(self, name: str, year: int | None) -> Missing | None:
        """Return the entry that says that a figure was never found."""
        for found in self.missing:
            if found.name == name and (not found.years or year in found.years):
                return found
        return None
