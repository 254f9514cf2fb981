"""Reads and checks the files of schemes: every figure with unit, status, source and validity.

A file that says something nobody reads is refused with its name and the key, so that a misspelt figure never
goes unnoticed. See docs/incentives.md for the form.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import re
import tomllib
from decimal import Decimal, InvalidOperation
from importlib import resources
from typing import Any

from karkhana.incentives.computing import FORMULAS
from karkhana.incentives.refusals import no
from karkhana.incentives.rules.scheme import (
    STATUSES,
    Fact,
    Figure,
    Missing,
    Reading,
    Scheme,
    Source,
)
from karkhana.kernel.refusals import Refused

UNITS = frozenset({
    "INR_crore", "INR", "INR_per_kWh", "INR_crore_per_GWh", "GWh", "share", "multiple", "years", "months",
})  # fmt: skip
STATES = ("open", "closed", "unknown")
YEARS_MAX = 10
TOP = {"id", "name", "formula", "authority", "state", "notified", "base_fy", "unit", "years", "valid_from",
       "valid_to", "notes", "sources", "figure", "fact", "missing", "reading"}  # fmt: skip
FIGURE = {"name", "value", "values", "years", "unit", "status", "source", "valid_from", "valid_to", "note"}
NAME = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)?")


def scheme_ids() -> list[str]:
    """Return the ids of all schemes, sorted."""
    folder = resources.files("karkhana.incentives").joinpath("schemes")
    return sorted(
        entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")
    )


@functools.cache
def load_scheme(scheme: str) -> Scheme:
    """Return a scheme by its id.

    Raises:
        Refused: ``scheme.unknown``, or ``scheme.data`` with file and key.
    """
    if scheme not in scheme_ids():
        raise no("scheme.unknown", scheme=scheme[:60])
    folder = resources.files("karkhana.incentives").joinpath("schemes")
    return read_scheme(folder.joinpath(f"{scheme}.toml").read_bytes(), f"{scheme}.toml")


def read_scheme(data: bytes, file: str) -> Scheme:
    """Return the scheme that a file describes.

    Args:
        data: TOML, UTF-8. Numbers of figures are texts, so that they are exact.
        file: its name, for messages; without ``.toml`` it must be the scheme's id.

    Raises:
        Refused: ``scheme.data`` with file and key.
    """
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise no("scheme.data", file=file, place="the whole file", problem=str(problem)) from None
    return _Reader(file, document).scheme(hashlib.sha256(data).hexdigest())


class _Reader:
    """One file being read: knows its name and its sources."""

    def __init__(self, file: str, document: dict[str, Any]) -> None:
        self.file, self.document = file, document
        self.sources: dict[str, Source] = {}

    def bad(self, place: str, problem: str) -> Refused:
        return no("scheme.data", file=self.file, place=place, problem=problem)

    def scheme(self, digest: str) -> Scheme:
        top = self.document
        self.known(top, TOP, "the top of the file")
        for key in ("id", "name", "authority", "state", "unit", "sources"):
            if key not in top:
                raise self.bad(key, "it is missing")
        identity = self.text(top, "id")
        if f"{identity}.toml" != self.file:
            raise self.bad("id", f"it is {identity!r}, and the file is {self.file}")
        if self.text(top, "state") not in STATES:
            raise self.bad("state", f"it is one of {', '.join(STATES)}")
        self.read_sources()
        years = top.get("years", 1)
        if not isinstance(years, int) or isinstance(years, bool) or not 1 <= years <= YEARS_MAX:
            raise self.bad("years", f"it is a whole number from 1 to {YEARS_MAX}")
        scheme = Scheme(
            id=identity,
            name=self.text(top, "name"),
            formula=self.text(top, "formula"),
            authority=self.text(top, "authority"),
            state=self.text(top, "state"),
            notified=self.text(top, "notified"),
            base_fy=self.text(top, "base_fy"),
            unit=self.unit(top, "the top of the file"),
            years=years,
            valid_from=self.day(top, "valid_from", "valid_from"),
            valid_to=self.day(top, "valid_to", "valid_to"),
            notes=self.texts(top, "notes", "notes"),
            sources=tuple(self.sources.values()),
            figures=tuple(
                one for place, entry in self.entries("figure") for one in self.figures(place, entry)
            ),
            facts=tuple(self.fact(place, entry) for place, entry in self.entries("fact")),
            missing=tuple(self.missing(place, entry, years) for place, entry in self.entries("missing")),
            readings=tuple(self.reading(place, entry) for place, entry in self.entries("reading")),
            digest=digest,
        )
        self.check_twice(scheme)
        self.check_needs(scheme)
        return scheme

    def known(self, entry: dict[str, Any], keys: set[str], place: str) -> None:
        for key in entry:
            if key not in keys:
                raise self.bad(f"{place}, key {key}", "nobody reads it")

    def text(self, entry: dict[str, Any], key: str, place: str = "") -> str:
        value = entry.get(key, "")
        if not isinstance(value, str):
            raise self.bad(place or key, f"{key} is a text")
        return value

    def texts(self, entry: dict[str, Any], key: str, place: str) -> tuple[str, ...]:
        value = entry.get(key, [])
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.bad(place, f"{key} is a text or a list of texts")
        return tuple(value)

    def day(self, entry: dict[str, Any], key: str, place: str) -> dt.date | None:
        value = entry.get(key)
        if value is None:
            return None
        if type(value) is not dt.date:
            raise self.bad(place, f"{key} is a date such as 2020-04-01, without quotes")
        return value

    def unit(self, entry: dict[str, Any], place: str) -> str:
        unit = self.text(entry, "unit", place)
        if unit not in UNITS:
            raise self.bad(place, f"unit {unit!r} is none of {', '.join(sorted(UNITS))}")
        return unit

    def entries(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the entries of one kind, each with its place for messages."""
        found = self.document.get(kind, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.bad(kind, f"it is written [[{kind}]]")
        places = []
        for number, entry in enumerate(found, start=1):
            name = entry.get("name")
            if not isinstance(name, str) or not NAME.fullmatch(name):
                raise self.bad(
                    f"{kind} number {number}", "its name is missing or no name such as A.sales_min"
                )
            places.append((f"{kind} {name}", entry))
        return places

    def read_sources(self) -> None:
        given = self.document["sources"]
        if not isinstance(given, dict):
            raise self.bad("sources", "it is a table of key = address")
        for key, entry in given.items():
            official = isinstance(entry, dict)
            if official:
                self.known(entry, {"official"}, f"sources {key}")
            address = entry.get("official") if official else entry
            if not isinstance(address, str) or not re.fullmatch(r"https?://\S{4,}", address):
                raise self.bad(f"sources {key}", "an address begins with http:// or https://")
            self.sources[key] = Source(key, address, official)

    def provenance(self, place: str, entry: dict[str, Any]) -> tuple[str, tuple[Source, ...]]:
        """Return status and sources, which must agree: a sourced figure names an official source."""
        status = self.text(entry, "status", place)
        if status not in STATUSES:
            raise self.bad(place, f"status {status!r} is none of {', '.join(STATUSES)}")
        return status, self.named_sources(place, entry, status)

    def named_sources(self, place: str, entry: dict[str, Any], status: str) -> tuple[Source, ...]:
        keys = self.texts(entry, "source", place)
        for key in keys:
            if key not in self.sources:
                raise self.bad(place, f"source {key!r} is not among the file's sources")
        found = tuple(self.sources[key] for key in keys)
        if status == "sourced" and not any(one.official for one in found):
            raise self.bad(place, "what is sourced names an official source; otherwise it is secondary")
        if status == "secondary" and not found:
            raise self.bad(place, "what is secondary names its source; otherwise it is unverified")
        return found

    def number(self, value: Any, place: str) -> Decimal:
        if not isinstance(value, str):
            raise self.bad(place, f"{value!r} is written as a text, so that it stays exact")
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise self.bad(place, f"{value!r} is no number") from None
        if not number.is_finite() or number < 0:
            raise self.bad(place, f"{value!r} is no number from 0 up")
        return number

    def figures(self, place: str, entry: dict[str, Any]) -> list[Figure]:
        """Return the figures of one entry: one for ``value``, one per year for ``values``."""
        self.known(entry, FIGURE, place)
        if ("value" in entry) == ("values" in entry):
            raise self.bad(place, "it has either value, or values for its years")
        values = entry.get("values", [entry.get("value")])
        if not isinstance(values, list):
            raise self.bad(place, "values is a list, one for each year")
        years: list[int | None] = [None]
        if "values" in entry:
            years = list(self.which_years(entry, place, len(values)))
        elif "years" in entry:
            raise self.bad(place, "years stands beside values alone")
        if len(years) != len(values):
            raise self.bad(place, f"{len(values)} values stand for {len(years)} years")
        status, sources = self.provenance(place, entry)
        begins = self.day(entry, "valid_from", place) or self.day(self.document, "valid_from", "valid_from")
        ends = self.day(entry, "valid_to", place) or self.day(self.document, "valid_to", "valid_to")
        if begins and ends and ends < begins:
            raise self.bad(place, "valid_to comes before valid_from")
        name, unit, note = entry["name"], self.unit(entry, place), self.text(entry, "note", place)
        return [
            Figure(name, year, self.number(value, place), unit, status, sources, begins, ends, note)
            for year, value in zip(years, values, strict=True)
        ]

    def which_years(self, entry: dict[str, Any], place: str, default: int) -> list[int]:
        years = entry.get("years", list(range(1, default + 1)))
        most = self.document.get("years", 1)
        if not isinstance(years, list) or not all(type(one) is int and 1 <= one <= most for one in years):
            raise self.bad(place, f"years are whole numbers from 1 to {most}")
        return years

    def fact(self, place: str, entry: dict[str, Any]) -> Fact:
        self.known(entry, {"name", "text", "status", "source", "note"}, place)
        texts = self.texts(entry, "text", place)
        if not texts:
            raise self.bad(place, "its text is missing")
        return Fact(entry["name"], texts, *self.provenance(place, entry), self.text(entry, "note", place))

    def missing(self, place: str, entry: dict[str, Any], years: int) -> Missing:
        self.known(entry, {"name", "years", "note"}, place)
        which = self.which_years(entry, place, 0)
        return Missing(entry["name"], tuple(which), self.text(entry, "note", place))

    def reading(self, place: str, entry: dict[str, Any]) -> Reading:
        self.known(entry, {"name", "options", "default", "source", "note"}, place)
        options = self.texts(entry, "options", place)
        default = self.text(entry, "default", place)
        if len(options) < 2 or default not in options:
            raise self.bad(place, "it has two options or more, and its default is one of them")
        sources = self.named_sources(place, entry, "disputed")
        return Reading(entry["name"], options, default, sources, self.text(entry, "note", place))

    def check_twice(self, scheme: Scheme) -> None:
        """Refuse two figures of one name and year that are in force on the same day."""
        for number, one in enumerate(scheme.figures):
            for other in scheme.figures[number + 1 :]:
                if (one.name, one.year) == (other.name, other.year) and _overlap(one, other):
                    raise self.bad(f"figure {one.label}", "it stands twice for the same days")

    def check_needs(self, scheme: Scheme) -> None:
        """Refuse a file without what its formula reads."""
        if not scheme.formula:
            return
        formula = FORMULAS.get(scheme.formula)
        if formula is None:
            raise self.bad("formula", f"{scheme.formula!r} is none of {', '.join(sorted(FORMULAS))}")
        for need in formula.needs:
            name, yearly = need.removesuffix("*"), need.endswith("*")
            for year in range(1, scheme.years + 1) if yearly else (None,):
                if not (scheme.figure(name, year) or scheme.lacks(name, year)):
                    label = name if year is None else f"{name} for year {year}"
                    raise self.bad(
                        f"figure {label}", f"the formula {scheme.formula} needs it, or a [[missing]]"
                    )
        for kind, names, there in (
            ("reading", formula.readings, {one.name for one in scheme.readings}),
            ("fact", formula.facts, {one.name for one in scheme.facts}),
        ):
            for name in names:
                if name not in there:
                    raise self.bad(f"{kind} {name}", f"the formula {scheme.formula} needs it")


def _overlap(one: Figure, other: Figure) -> bool:
    first, last = dt.date.min, dt.date.max
    return (one.valid_from or first) <= (other.valid_to or last) and (other.valid_from or first) <= (
        one.valid_to or last
    )
