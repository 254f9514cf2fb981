"""Which column of a register is what: headings as registers have them, and what a person says instead."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from karkhana.kernel.money import CURRENCIES
from karkhana.kernel.refusals import refuse

TEXT, NUMBER, DATE, CODE, YES = "text", "number", "date", "code", "yes"
"""What a cell holds: text, a number, a date, a code (capitals without blanks), a yes or no."""

REFUSAL_HEADINGS = ("refused line", "refused field", "refused because", "what to do", "refusal code")
"""Stand before the columns of a file in the table of its refused rows."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a row can say.

    Args:
        name: stable, as ``--map`` takes it.
        kind: how its cells are read.
        limit: characters that a text may have.
        required: a register without such a column cannot be read. Of alternatives (``value`` or
            ``unit_price``) each names the other in ``instead``.
        headings: how registers call it, in small letters without signs; the likeliest first.
    """

    name: str
    kind: str
    headings: tuple[str, ...]
    limit: int = 80
    required: bool = False
    instead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column (by position) is which field, and the currency that a heading names for it."""

    columns: Mapping[str, int]
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    currency: str = ""


def normal(heading: str) -> str:
    """Return a heading in small letters, with single blanks instead of signs."""
    words = re.sub(r"([a-z])([A-Z])", r"\1 \2", heading)
    return " ".join(re.sub(r"[^0-9a-z%]+", " ", words.lower()).split())


def _forms(heading: str) -> tuple[str, ...]:
    """Return a heading and its form without what stands in brackets or a currency at its end."""
    plain = normal(heading)
    bare = normal(re.sub(r"[(\[].*?[)\]]", " ", heading))
    short = " ".join(word for word in bare.split() if word.upper() not in CURRENCIES and word != "rs")
    return tuple(dict.fromkeys((plain, bare, short)))


def currency_of(heading: str) -> str:
    """Return the currency that a heading names, as ``Taxable value (INR)`` does; empty when none."""
    found = [word.upper() for word in re.findall(r"[A-Za-z]{3}", heading) if word.upper() in CURRENCIES]
    found += ["INR"] if "₹" in heading or re.search(r"\b(rs|rupees)\b", heading.lower()) else []
    return found[0] if len(set(found)) == 1 else ""


def known_headings(cells: Iterable[str], fields: Sequence[Field]) -> int:
    """Return how many cells are headings of different fields."""
    words = {heading: field.name for field in fields for heading in (*field.headings, normal(field.name))}
    return len({words[form] for cell in cells for form in _forms(cell) if form in words})


def fingerprint(kind: str, headings: Sequence[str]) -> str:
    """Return what a layout of headings is known by: a digest of them in their order.

    A table of refused rows is known as the file that they came from.
    """
    own = (normal(heading) for heading in headings)
    text = "\n".join([kind, *(heading for heading in own if heading not in REFUSAL_HEADINGS)])
    return hashlib.sha256(text.encode()).hexdigest()


def read_overrides(texts: Iterable[str]) -> dict[str, str]:
    """Read ``Heading=field`` as the command line takes it; ``Heading=`` leaves a column out.

    Raises:
        Refused: ``register.map``.
    """
    said = {}
    for text in texts:
        heading, sign, name = text.rpartition("=")
        if not sign or not heading.strip():
            raise refuse(
                "register.map",
                "{text} does not say which column is what.",
                'Write it as "Taxable value=value".',
                text=repr(text[:80]),
            )
        said[heading.strip()] = name.strip()
    return said


def propose(
    headings: Sequence[str], fields: Sequence[Field], overrides: Mapping[str, str] | None = None
) -> Layout:
    """Say which column is what: as it is said, then by the headings.

    Raises:
        Refused: ``register.map_heading``, ``register.map_field``: what is said fits nothing.
    """
    said = _checked(headings, fields, overrides or {})
    columns = {name: index for index, name in said.items() if name}
    taken = set(said)
    forms = [_forms(heading) for heading in headings]
    for field in fields:
        if field.name in columns:
            continue
        found = _column_of(field, forms, taken)
        if found is not None:
            columns[field.name] = found
            taken.add(found)
    missing = tuple(
        field.name
        for field in fields
        if field.required and field.name not in columns and not any(name in columns for name in field.instead)
    )
    unused = tuple(
        text.strip() for index, text in enumerate(headings) if text.strip() and index not in columns.values()
    )
    money = [currency_of(headings[columns[name]]) for name in ("value", "unit_price") if name in columns]
    named = {code for code in money if code}
    return Layout(columns, missing, unused, named.pop() if len(named) == 1 else "")


def _column_of(field: Field, forms: Sequence[tuple[str, ...]], taken: set[int]) -> int | None:
    for wanted in (normal(field.name), *field.headings):
        for depth in range(3):
            for index, form in enumerate(forms):
                if index not in taken and depth < len(form) and form[depth] == wanted:
                    return index
    return None


def _checked(
    headings: Sequence[str], fields: Sequence[Field], overrides: Mapping[str, str]
) -> dict[int, str]:
    names = {field.name for field in fields}
    places: dict[str, int] = {}
    for index, heading in enumerate(headings):
        places.setdefault(normal(heading), index)
    said: dict[int, str] = {}
    for heading, name in overrides.items():
        place = places.get(normal(heading))
        if place is None:
            raise refuse(
                "register.map_heading",
                "There is no column {heading} in the file.",
                "Its columns are: {known}.",
                heading=repr(heading[:60]),
                known=", ".join(text.strip()[:40] for text in headings if text.strip())[:600],
            )
        if name and name not in names:
            raise refuse(
                "register.map_field",
                "Nothing is called {name} here.",
                "Choose one of: {known}.",
                name=repr(name[:40]),
                known=", ".join(sorted(names)),
            )
        said[place] = name
    return said
