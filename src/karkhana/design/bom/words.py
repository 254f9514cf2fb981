"""What a heading means: folding it to a comparable form and looking it up in the vocabulary.

A heading is compared lower case, without stars, brackets and punctuation. One that can mean several things
yields them all; the contents of the column decide.
"""

from __future__ import annotations

import re
from functools import lru_cache

from karkhana.design.bom.vocabulary import DISTRIBUTORS, HEADINGS

REFERENCES = "references"
QUANTITY = "quantity"
VALUE = "value"
DESCRIPTION = "description"
PACKAGE = "package"
MANUFACTURER = "manufacturer"
PART_NUMBER = "part_number"
SUPPLIER = "supplier"
SUPPLIER_NUMBER = "supplier_part_number"
HOUSE_NUMBER = "house_number"
NOT_FITTED = "not_fitted"
FITTED = "fitted"
NOTES = "notes"
ITEM = "item"
ALTERNATE = "alternate"
X = "x"
Y = "y"
ROTATION = "rotation"
SIDE = "side"
LIBRARY = "library"
IGNORED = "ignored"


def word_set(text: str) -> frozenset[str]:
    """A set of words from one text: how word lists are written in this package."""
    return frozenset(text.split())


_NUMBER_WORDS = word_set(
    "part parts number no nr num pn p n sku code order ref reference id catalog catalogue stock cat item"
    " product article artikel s bestellnummer bestellnr artikelnummer 编号 商品编号 料号 components uk us"
    " de optional oc"
)
_SPACES = re.compile(r"[\s_./\\\-–#*:;,()\[\]{}'\"`?!&+|<>=@°]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ORDINAL = re.compile(r"^(.*\D)\s?(\d{1,2})$")


_VARIANTS = (
    ("number", ("no", "num", "nr", "nbr", "nº")),
    ("part number", ("partnumber", "pn", "p n", "part", "partno", "part num")),
    (
        "manufacturer",
        ("mfr", "mfg", "manf", "mfgr", "manuf", "mnf", "man", "manufacturers", "manufacturer s", "maker"),
    ),
    ("supplier", ("vendor", "distributor", "suppl", "distrib", "supplier s", "dist")),
    ("quantity", ("qty", "qnty")),
    ("reference", ("ref",)),
)


def _lookup() -> dict[str, tuple[str, ...]]:
    """The vocabulary by folded phrase, with the usual short forms of its words."""
    table: dict[str, tuple[str, ...]] = {}
    for meanings, phrases in HEADINGS.items():
        for word in phrases.split(";"):
            table.setdefault(word.strip(), tuple(meanings.split("|")))
    for full, shorts in _VARIANTS:
        for phrase, kinds in list(table.items()):
            if re.search(rf"\b{full}\b", phrase):
                for short in shorts:
                    table.setdefault(re.sub(rf"\b{full}\b", short, phrase), kinds)
    return table


_LOOKUP = _lookup()


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Bring a heading to the form in which headings are compared."""
    return _SPACES.sub(" ", text[:200]).strip().lower()


@lru_cache(maxsize=8192)
def meanings_of(header: str) -> tuple[tuple[str, ...], int]:
    """What a heading can mean, likeliest first, and its ordinal (``Manufacturer 2`` is the second).

    An empty tuple stands for a heading that is not known.
    """
    if not header or len(header) > 120:
        return (), 1
    word = fold(header)
    if "#" in header and f"{word} no" in _LOOKUP:
        return _LOOKUP[f"{word} no"], 1
    if word in _LOOKUP:
        return _LOOKUP[word], 1
    spaced = fold(_CAMEL.sub(" ", header))
    if spaced in _LOOKUP:
        return _LOOKUP[spaced], 1
    counted = _ORDINAL.match(spaced)
    if counted is not None and counted[1].strip() in _LOOKUP:
        return _LOOKUP[counted[1].strip()], int(counted[2])
    inner = re.match(r"^(\w+) (\d) (.+)$", word)
    if inner is not None and f"{inner[1]} {inner[3]}" in _LOOKUP:
        return _LOOKUP[f"{inner[1]} {inner[3]}"], int(inner[2])
    if distributor_number(word):
        return (SUPPLIER_NUMBER,), 1
    numbered = _ORDINAL.match(word)
    if numbered is not None and numbered[1].strip() in _LOOKUP:
        return _LOOKUP[numbered[1].strip()], int(numbered[2])
    if numbered is not None and distributor_number(numbered[1].strip()):
        return (SUPPLIER_NUMBER,), int(numbered[2])
    return _by_parts(header, word), 1


def _by_parts(header: str, word: str) -> tuple[str, ...]:
    """Headings known only in part: ``Manufacturer Part Number (preferred)``, ``Qty for 100``."""
    outside = fold(re.sub(r"[(\[][^)\]]*[)\]]", " ", header))
    if outside and outside != word and outside in _LOOKUP:
        return _LOOKUP[outside]
    first = fold(re.split(r"[/|\n(]", header)[0])
    if first != word and first in _LOOKUP:
        return _LOOKUP[first]
    quantity = re.match(r"^(total )?(qty|quantity|qnty|menge|anzahl)\b", word)
    return (QUANTITY,) if quantity and not re.search(r"stock|price|order|moq", word) else ()


@lru_cache(maxsize=4096)
def distributor_of(text: str) -> str:
    """The distributor that a text names, or nothing."""
    word = fold(text)
    if word in DISTRIBUTORS:
        return DISTRIBUTORS[word]
    for length in (2, 1):
        head = " ".join(word.split()[:length])
        if head in DISTRIBUTORS:
            return DISTRIBUTORS[head]
    return ""


def distributor_number(word: str) -> str:
    """The distributor whose numbers a folded heading announces: ``lcsc part``, ``mouser``."""
    rest = " ".join(part for part in word.split() if part not in _NUMBER_WORDS)
    return DISTRIBUTORS.get(rest, "")
