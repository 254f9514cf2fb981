"""Values as people and programs write them: ``100nF``, ``0.1 µF``, ``4k7``, ``10 kΩ``, ``0,47R``, ``1u/16V``.

A value is read into quantities (number and unit) and words, so that two dialects of one value are equal and
another capacity or voltage is told from another wording. IEC 60062 gives the letters in place of the
decimal point.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache

import msgspec

SAME, WORDING, CONTRADICTION = "same", "wording", "contradiction"

_POWERS = {
    "f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "": 0, "k": 3, "K": 3, "M": 6, "meg": 6, "G": 9,
}  # fmt: skip
_UNITS = {
    "ohms": "ohm", "ohm": "ohm", "r": "ohm", "e": "ohm", "ω": "ohm", "f": "F", "farad": "F", "h": "H",
    "hz": "Hz", "v": "V", "vdc": "V", "a": "A", "w": "W", "%": "%", "ppm": "ppm", "mm": "mm",
}  # fmt: skip
_UNIT = r"(?:ohms?|farad|vdc|hz|ppm|mm|ω|Ω|[RrEFfHhVvAaWw%])"
_NUMBER = re.compile(
    rf"(?<![A-Za-z0-9.])(?P<number>\d{{1,12}}(?:\.\d{{0,12}})?|\.\d{{1,12}})[ _-]?"
    rf"(?P<prefix>meg|[fpnumkKMG])?[ ]?(?P<unit>{_UNIT})?(?![A-Za-z0-9.])",
    re.IGNORECASE,
)
_INFIX = re.compile(
    r"(?<![A-Za-z0-9.])(?P<whole>\d{0,6})(?P<mark>[pnumkKMGRrVE])(?P<part>\d{1,6})(?P<unit>ohms?|Ω|[FfHhR])?"
    r"(?![A-Za-z0-9.])"
)
_THOUSANDS = re.compile(r"(?<![\d.,])([1-9]\d{0,2}),(\d{3})(?![\d,])")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")


class Value(msgspec.Struct, frozen=True):
    """A value taken apart: quantities in the order written, the other words, and whether a number leads."""

    quantities: tuple[tuple[Decimal, str], ...]
    words: frozenset[str]
    leads: bool


@lru_cache(maxsize=65536)
def parse_value(text: str) -> Value:
    """Take a value apart."""
    plain = unicodedata.normalize("NFKC", text[:400]).replace("μ", "u").strip()
    plain = _DECIMAL_COMMA.sub(".", _THOUSANDS.sub(r"\1\2", plain))
    found: list[tuple[int, int, Decimal, str]] = []
    for match in _NUMBER.finditer(plain):
        unit = _UNITS.get((match["unit"] or "").lower(), "")
        number = Decimal(match["number"]).scaleb(_power(match["prefix"] or ""))
        found.append((match.start(), match.end(), number, unit))
    for match in _INFIX.finditer(plain):
        found.append((match.start(), match.end(), *_infix(match)))
    found.sort()
    rest = plain
    for start, end, _, _ in reversed(found):
        rest = f"{rest[:start]} {rest[end:]}"
    pieces = (piece.strip("._+-") for piece in re.split(r"[^\w.+-]+", rest.casefold()))
    words = frozenset(filter(None, pieces))
    quantities = tuple((number.normalize(), unit) for _, _, number, unit in found)
    return Value(quantities, words, bool(found) and not plain[: found[0][0]].strip("± "))


def _power(prefix: str) -> int:
    """The power of ten of a prefix; milli and mega differ by their case only."""
    return _POWERS[prefix] if prefix in _POWERS else _POWERS[prefix.lower()]


def _infix(match: re.Match[str]) -> tuple[Decimal, str]:
    """A letter in place of the decimal point: ``4k7``, ``R47``, ``5V1``."""
    mark = match["mark"]
    number = Decimal(f"{match['whole'] or '0'}.{match['part']}")
    if mark in "RrE":
        return number, "ohm"
    if mark == "V":
        return number, "V"
    return number.scaleb(_power(mark)), _UNITS.get((match["unit"] or "").lower(), "")


@lru_cache(maxsize=65536)
def compare_values(a: str, b: str) -> str:
    """Judge two values: the same, only worded or rated otherwise, or contradicting one another."""
    first, second = parse_value(a), parse_value(b)
    if first.quantities == second.quantities and first.words == second.words:
        return SAME
    if not (first.leads and second.leads):
        return WORDING
    if not _agree(first.quantities[0], second.quantities[0]) or _ratings_contradict(first, second):
        return CONTRADICTION
    same = sorted(number for number, _ in first.quantities) == sorted(n for n, _ in second.quantities)
    return SAME if same and first.words == second.words else WORDING


def _agree(a: tuple[Decimal, str], b: tuple[Decimal, str]) -> bool:
    """Whether two quantities are equal; a unit that one of them leaves out is no contradiction."""
    return a[0] == b[0] and (a[1] == b[1] or not (a[1] and b[1]))


def _ratings_contradict(a: Value, b: Value) -> bool:
    """Whether both give a rating of one unit, such as a voltage, and not the same."""
    for unit in {unit for _, unit in a.quantities[1:] if unit}:
        mine = {number for number, kind in a.quantities[1:] if kind == unit}
        theirs = {number for number, kind in b.quantities[1:] if kind == unit}
        if theirs and not mine & theirs:
            return True
    return False
