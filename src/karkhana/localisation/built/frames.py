"""What is the same for all units of a product that are completed on a day for a market."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from karkhana.localisation.built.book import Book
from karkhana.localisation.built.charges import TermBook
from karkhana.localisation.catalogue import method_for
from karkhana.localisation.rules.methods import Method
from karkhana.localisation.rules.pieces import Charge, Line, Unproved
from karkhana.localisation.rules.valuing import (
    Figures,
    Settings,
    Sums,
    charge_lines,
    figures_of,
    grade_of,
    missing_terms,
    sums_of,
    terms_of,
    unverified,
)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A method on a day with the charges of a product: everything but the parts.

    There is one object for equal ones.
    """

    settings: Settings
    book: Book
    lines: tuple[Line, ...]
    beside: Sums
    terms: Mapping[str, Decimal]
    unproved: tuple[Unproved, ...]

    def figures(self, parts: Sums) -> tuple[Figures, str]:
        """Return the figures of one unit and its class.

        Raises:
            Refused: ``method.denominator``.
        """
        figures = figures_of(self.settings, parts + self.beside, self.terms)
        return figures, grade_of(self.settings, figures)


class Frames:
    """Frames by product, market and day, made when they are first asked for."""

    def __init__(self, method: str, chosen: dict[str, str]) -> None:
        self._method = method
        self._chosen = chosen
        self._terms = TermBook()
        self._methods: dict[dt.date, Method] = {}
        self._books: dict[object, Book] = {}
        self._frames: dict[object, Frame] = {}
        self._known: dict[tuple[str, str, dt.date], Frame] = {}

    def settings(self, day: dt.date) -> Settings:
        """Return the method on a day.

        Raises:
            Refused: ``method.*``.
        """
        if day not in self._methods:
            self._methods[day] = method_for(self._method, day)
        return Settings.of(self._methods[day], self._chosen, day=day)

    def of(self, product: str, market: str, day: dt.date) -> Frame:
        """Return the frame of a unit.

        Raises:
            Refused: ``method.*``.
        """
        key = (product, market, day)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._made(product, market, day)
        return found

    def _made(self, product: str, market: str, day: dt.date) -> Frame:
        settings = self.settings(day)
        charges = self._terms.charges(product, market, day)
        era = _era(settings)
        key = (era, charges)
        found = self._frames.get(key)
        if found is None:
            book = self._books.setdefault(era, Book(settings))
            found = self._frames[key] = _frame(settings, book, charges)
        return found


def _frame(settings: Settings, book: Book, charges: tuple[Charge, ...]) -> Frame:
    lines, unproved = charge_lines(settings, charges)
    terms = terms_of(charges)
    doubts = (*unproved, *missing_terms(settings, terms), *unverified(settings))
    return Frame(settings, book, tuple(lines), sums_of(lines), terms, tuple(dict.fromkeys(doubts)))


def _era(settings: Settings) -> object:
    """Return what tells days apart: the method's edition, its classes, and what is deemed local."""
    method, day = settings.method, settings.day

    def holds(row: object) -> bool:
        first, last = getattr(row, "valid_from", None), getattr(row, "valid_to", None)
        return (first is None or first <= day) and (last is None or day <= last)

    return (
        method.id,
        method.valid_from,
        tuple(map(holds, method.grades)),
        tuple(map(holds, method.deeming)),
    )
