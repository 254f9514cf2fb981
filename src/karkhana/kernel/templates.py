"""How a maker composes a serial number: year, week, plant, counter, check character.

A template is text with fields in braces, such as ``OSTP7{yy}{ww}{plant}{n:05}{check}``:

===================  ======================================================================
``{yyyy} {yy}``      year; of the ISO week when the template has ``{ww}``
``{y}``              one sign for the year, the code of place 10 of a VIN (2026 is T)
``{mm} {m}``         month 01 to 12, or one sign: 1 to 9, A, B, C
``{ww}``             ISO 8601 week 01 to 53
``{ddd}``            day of the year 001 to 366
``{plant}``          code of the plant
``{n:05}``           counter of five decimal digits; ``{n:04h}`` hexadecimal; ``{n:04z}`` base 34,
                     which is the digits and the letters without I and O
``{check}``          check character ISO 7064 mod 37,36; ``{check:mod11}`` ISO 7064 mod 11,10,
                     ``{check:luhn}`` Luhn over digits, ``{check:luhn36}`` Luhn over letters and digits
===================  ======================================================================

All fields stand before the counter, and after it only letters and the check character: so all
numbers of one run lie between the first and the last of it. The counter begins anew whenever the text
before it changes: with a week in the template every week, without any date never.

Owns composing and taking apart. It does not own who counts (``floor.pools``). Pure.

Source: ISO 8601 (week), ISO 3779 (year code), ISO/IEC 7064 (check characters, by python-stdnum).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from stdnum import luhn
from stdnum.iso7064 import mod_11_10, mod_37_36

DIGITS = "0123456789"
HEXADECIMAL = DIGITS + "ABCDEF"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ALPHANUMERIC = DIGITS + LETTERS
BASE_34 = ALPHANUMERIC.replace("I", "").replace("O", "")
YEAR_CODES = "ABCDEFGHJKLMNPRSTVWXY123456789"
MONTH_CODES = "123456789ABC"
LENGTH_MAX = 40
_LITERAL = frozenset(ALPHANUMERIC + "-./_")
_FIELD = re.compile(r"\{([^{}]*)\}|([^{}]+)|([{}])")
_COUNTER = re.compile(r"n:0?([1-9][0-9]?)([dhz]?)")
_ALPHABETS = {"": DIGITS, "d": DIGITS, "h": HEXADECIMAL, "z": BASE_34}
_BY_ALPHABET = {DIGITS: "", HEXADECIMAL: "h", BASE_34: "z"}

_CHECKS: dict[str, tuple[Callable[[str], str], str]] = {
    "check": (mod_37_36.calc_check_digit, ALPHANUMERIC),
    "check:mod37": (mod_37_36.calc_check_digit, ALPHANUMERIC),
    "check:mod11": (mod_11_10.calc_check_digit, DIGITS),
    "check:luhn": (luhn.calc_check_digit, DIGITS),
    "check:luhn36": (lambda body: luhn.calc_check_digit(body, ALPHANUMERIC), ALPHANUMERIC),
}
_DATES: dict[str, tuple[str, int, int]] = {
    # Field: what it is called, and the lowest and highest number it shows.
    "yyyy": ("the year", 1950, 2150),
    "yy": ("the year", 0, 99),
    "mm": ("the month", 1, 12),
    "ww": ("the week", 1, 53),
    "ddd": ("the day of the year", 1, 366),
}
_CODES = {"y": ("the year", YEAR_CODES), "m": ("the month", MONTH_CODES)}


def _date_text(name: str, day: dt.date, iso_year: bool) -> str:
    year, week, _ = day.isocalendar() if iso_year else (day.year, 0, 0)
    if name == "y":
        return YEAR_CODES[(year - 1980) % 30]
    if name == "m":
        return MONTH_CODES[day.month - 1]
    number = {
        "yyyy": year,
        "yy": year % 100,
        "mm": day.month,
        "ww": week,
        "ddd": day.timetuple().tm_yday,
    }[name]
    return f"{number:0{len(name)}d}"


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template.

    Args:
        text: as it was written.
        before: literals and fields before the counter; a field is written as in the template, with braces.
        width, alphabet: of the counter.
        after: literal between the counter and the check character.
        check: name of the check field, empty when there is none.
    """

    text: str
    before: tuple[str, ...]
    width: int
    alphabet: str
    after: str
    check: str

    @property
    def capacity(self) -> int:
        """How many numbers the counter has."""
        return int(len(self.alphabet) ** self.width)

    @property
    def is_dated(self) -> bool:
        """Say whether the counter begins anew with the time."""
        return any(part.startswith("{") and part != "{plant}" for part in self.before)

    @property
    def names_plant(self) -> bool:
        """Say whether the plant's code is in the number."""
        return "{plant}" in self.before

    def stem(self, day: dt.date, plant: str = "") -> str:
        """Return the template with everything filled in but the counter and the check character.

        Raises:
            ValueError: the plant's code cannot stand in this number.
        """
        iso_year = "{ww}" in self.before
        parts = []
        for part in self.before:
            if part == "{plant}":
                parts.append(_plant_code(plant, self.check))
            else:
                parts.append(_date_text(part[1:-1], day, iso_year) if part.startswith("{") else part)
        counter = f"{{n:0{self.width}{_BY_ALPHABET[self.alphabet]}}}"
        check = f"{{{self.check}}}" if self.check else ""
        found = "".join(parts) + counter + self.after + check
        compile_template(found)
        return found

    def render(self, number: int, day: dt.date | None = None, plant: str = "") -> str:
        """Return the serial number with this counter.

        Args:
            day: plant-local; may be left out when the template has no date.

        Raises:
            ValueError: the counter is negative or has no room, or the plant's code cannot stand there.
        """
        if any(part.startswith("{") for part in self.before):
            if day is None:
                raise ValueError("this template needs a day")
            return compile_template(self.stem(day, plant)).render(number)
        if not 0 <= number < self.capacity:
            raise ValueError(f"the counter {number} has no room in {self.width} places")
        signs = []
        for _ in range(self.width):
            number, place = divmod(number, len(self.alphabet))
            signs.append(self.alphabet[place])
        body = "".join(self.before) + "".join(reversed(signs)) + self.after
        return body + self._check_of(body)

    def number(self, text: str) -> int:
        """Return the counter in a serial number, of whatever day and plant.

        Raises:
            ValueError: it is no number of this template; the text says why, in words for a person.
        """
        return self._take_apart(text, None)

    def problem(self, text: str, plant: str | None = None) -> str | None:
        """Say what is wrong with a serial number, None when nothing is.

        Args:
            plant: the code that must stand in it; None accepts any.
        """
        try:
            self._take_apart(text, plant)
        except ValueError as problem:
            return str(problem)
        return None

    def _take_apart(self, text: str, plant: str | None) -> int:
        size = self.width + len(self.after) + (1 if self.check else 0)
        if len(text) < size or not text.isascii():
            raise ValueError(f"it is no number of the form {self.text}")
        head, rest = text[: len(text) - size], text[len(text) - size :]
        self._check_head(head, plant)
        counter, after = rest[: self.width], rest[self.width : self.width + len(self.after)]
        number = 0
        for sign in counter:
            place = self.alphabet.find(sign)
            if place < 0:
                raise ValueError(f"{sign!r} cannot stand in the counter {counter!r}")
            number = number * len(self.alphabet) + place
        if after != self.after:
            raise ValueError(f"{self.after!r} should stand after the counter, not {after!r}")
        if self.check:
            wanted = self._check_of(text[:-1])
            if wanted != text[-1]:
                raise ValueError(f"the check character should be {wanted}, not {text[-1]}")
        return number

    def _check_head(self, head: str, plant: str | None) -> None:
        """Compare what stands before the counter; the plant's code has whatever length is left for it."""
        fixed = sum(_width_of(part) for part in self.before if part != "{plant}")
        left = len(head) - fixed
        if (left < 1) if self.names_plant else (left != 0):
            raise ValueError(f"it is no number of the form {self.text}: its length is wrong")
        place = 0
        for part in self.before:
            width = left if part == "{plant}" else _width_of(part)
            _check_part(part, head[place : place + width], plant)
            place += width

    def _check_of(self, body: str) -> str:
        if not self.check:
            return ""
        compute, alphabet = _CHECKS[self.check]
        bare = "".join(sign for sign in body if sign in ALPHANUMERIC)
        if any(sign not in alphabet for sign in bare):
            raise ValueError("this check digit is only for numbers without letters")
        return compute(bare)

    def may_equal(self, other: Template, plant: str = "", other_plant: str = "") -> bool:
        """Say whether two templates could ever compose the same text, check characters aside."""
        mine, theirs = self._signs(plant), other._signs(other_plant)
        return len(mine) == len(theirs) and all(a & b for a, b in zip(mine, theirs, strict=True))

    def _signs(self, plant: str) -> list[frozenset[str]]:
        """Return what can stand at each place."""
        places: list[frozenset[str]] = []
        for part in self.before:
            if part == "{plant}":
                places += [frozenset(sign) for sign in plant]
            elif part.startswith("{"):
                code = _CODES.get(part[1:-1])
                places += [frozenset(code[1] if code else DIGITS)] * _width_of(part)
            else:
                places += [frozenset(sign) for sign in part]
        places += [frozenset(self.alphabet)] * self.width + [frozenset(sign) for sign in self.after]
        return [*places, frozenset(ALPHANUMERIC)] if self.check else places


def _plant_code(plant: str, check: str) -> str:
    if not re.fullmatch(r"[A-Z0-9._-]{1,20}", plant):
        raise ValueError(f"the plant's code {plant!r} cannot stand in a serial number")
    if check and _CHECKS[check][1] == DIGITS and not plant.isdigit():
        raise ValueError(f"the plant's code {plant!r} has letters, and the check digit is only for digits")
    return plant


def _width_of(part: str) -> int:
    return len(part) - 2 if part.startswith("{") else len(part)


def _check_part(part: str, text: str, plant: str | None) -> None:
    name = part[1:-1]
    if part == "{plant}":
        if plant is not None and text != plant:
            raise ValueError(f"the plant should be {plant}, not {text}")
        if not re.fullmatch(r"[A-Z0-9._-]{1,20}", text):
            raise ValueError(f"{text!r} is no plant's code")
    elif not part.startswith("{"):
        if text != part:
            raise ValueError(f"{part!r} should stand where {text!r} stands")
    elif name in _CODES:
        if text not in _CODES[name][1]:
            raise ValueError(f"{text!r} is no sign for {_CODES[name][0]}")
    else:
        said, low, high = _DATES[name]
        if not (text.isdigit() and low <= int(text) <= high):
            raise ValueError(f"{text!r} cannot be {said}")


@lru_cache(maxsize=4096)
def compile_template(text: str) -> Template:
    """Read a template.

    Raises:
        ValueError: it cannot be used; the text says what and where, in words for a person.
    """
    before: list[str] = []
    after: list[str] = []
    counter: tuple[int, str] | None = None
    check = ""
    for found in _FIELD.finditer(text):
        name, literal, stray = found.groups()
        where = f"at place {found.start() + 1}"
        if stray:
            raise ValueError(f"the brace {where} has no partner")
        if check:
            raise ValueError(f"the check character must be the last sign; something follows {where}")
        if literal is not None:
            _check_literal(literal, found.start())
            (before if counter is None else after).append(literal)
        elif name in _CHECKS:
            check = name
        elif match := _COUNTER.fullmatch(name):
            if counter is not None:
                raise ValueError(f"there is a second counter {where}")
            counter = int(match[1]), _ALPHABETS[match[2]]
        elif name in _DATES or name in _CODES or name == "plant":
            if counter is not None:
                raise ValueError(f"{{{name}}} {where} must stand before the counter")
            before.append(f"{{{name}}}")
        else:
            raise ValueError(f"there is no field {{{name[:20]}}} ({where})")
    if counter is None:
        raise ValueError("it has no counter, such as {n:05}")
    template = Template(text, tuple(before), *counter, "".join(after), check)
    _check_whole(template)
    return template


def _check_literal(literal: str, start: int) -> None:
    for place, sign in enumerate(literal, start=start + 1):
        if sign not in _LITERAL:
            raise ValueError(
                f"{sign!r} at place {place} cannot stand in a serial number; use capitals, digits and - . / _"
            )


def _check_whole(template: Template) -> None:
    before = template.before
    if before.count("{plant}") > 1:
        raise ValueError("{plant} stands twice")
    if template.width > 12:
        raise ValueError(f"a counter of {template.width} places is too wide; 12 are allowed")
    if "{ww}" in before and ("{mm}" in before or "{m}" in before or "{ddd}" in before):
        raise ValueError("a week does not go with a month or a day: they belong to different years")
    dated = [part for part in before if part in ("{ww}", "{mm}", "{m}", "{ddd}")]
    if dated and not {"{yyyy}", "{yy}", "{y}"} & set(before):
        raise ValueError(f"{dated[0]} without a year comes again every year")
    if template.check and _CHECKS[template.check][1] == DIGITS:
        literals = "".join(part for part in (*before, template.after) if not part.startswith("{"))
        if template.alphabet != DIGITS or {"{y}", "{m}"} & set(before) or re.search("[A-Z]", literals):
            raise ValueError(f"{{{template.check}}} is only for numbers without letters")
    length = sum(_width_of(part) for part in before) + template.width + len(template.after)
    if length + bool(template.check) > LENGTH_MAX:
        raise ValueError(f"the number would be longer than {LENGTH_MAX} signs")
