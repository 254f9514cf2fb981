"""When part numbers, makers, packages or descriptions are the same although they are spelled otherwise."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from karkhana.design.bom.words import word_set

_CHIP = re.compile(
    r"(?<!\d)(008004|01005|0201|0402|0603|0805|1008|1206|1210|1218|1806|1808|1812|1825|2010|2220|2225|2512"
    r"|2816)(?!\d)"
)
_OUTLINE = re.compile(r"(?<![A-Z])(TSOT|SOT|SOD)[-_ ]?(\d{2,3})(?:[-_ ](\d{1,2}))?(?![0-9])")
_PART_NAME = re.compile(r"^(?=[^\s]*\d)(?=[^\s]*[A-Za-z])[\w./+#-]{5,40}$")
_FAMILY = 6
_TECHNOLOGY = frozenset({"smd", "smt", "tht", "pth", "through hole", "surface mount", "mixed values"})
_COMPANY = word_set(
    "inc incorporated corp corporation co company ltd limited llc llp gmbh ag kg sa srl spa bv nv plc pte pty"
    " electronics electronic electric semiconductor semiconductors technology technologies components"
    " component connectivity solutions devices products commercial north america usa us international group"
    " holdings the and elektronik"
)
_ALIASES = {
    "on": "onsemi", "onsemiconductor": "onsemi", "fairchild": "onsemi", "ti": "texas", "st": "stmicro",
    "stmicroelectronics": "stmicro", "tyco": "te", "amp": "te", "we": "wurth", "adi": "analog",
    "aos": "alpha", "mps": "monolithic", "avago": "broadcom",
}  # fmt: skip


@lru_cache(maxsize=65536)
def part_key(text: str) -> str:
    """A part number without blanks and case; marks inside it are part of it."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


@lru_cache(maxsize=65536)
def text_key(text: str) -> str:
    """A text without case, doubled blanks and the two ways of writing micro and ohm."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("μ", "u").replace("ω", "ohm")
    return re.sub(r"\s*([,;:/()|])\s*", r"\1", " ".join(plain.split())).strip(" .,;")


def other_part_name(a: str, b: str) -> bool:
    """Whether two values name different parts, such as ``M24128`` and ``24FC64F``.

    A label (``Battery``, ``USB port``) names no part, and one name is often the beginning of the other.
    """
    if not (_PART_NAME.match(a) and _PART_NAME.match(b)):
        return False
    mine, theirs = (re.sub(r"[^A-Z0-9]", "", text.upper()) for text in (a, b))
    return mine[:_FAMILY] != theirs[:_FAMILY]


@lru_cache(maxsize=8192)
def maker_words(text: str) -> tuple[str, ...]:
    """The words that tell one maker from another: ``Murata Electronics North America`` is Murata."""
    plain = unicodedata.normalize("NFKD", text).casefold().replace("ue", "u")
    plain = "".join(letter for letter in plain if letter != "&" and not unicodedata.combining(letter))
    words = [word for word in re.split(r"\W+", plain) if word]
    telling = [word for word in words if word not in _COMPANY] or words
    return tuple(_ALIASES.get(word, word) for word in telling)


@lru_cache(maxsize=8192)
def same_maker(a: str, b: str) -> bool:
    """Whether two names are one maker: the same telling words, or the beginning of the other's."""
    first, second = maker_words(a), maker_words(b)
    shorter = min(len(first), len(second))
    return first[:shorter] == second[:shorter] and (shorter > 0 or first == second)


def without_library(package: str) -> str:
    """A footprint without the name of its library, and nothing for what only tells how it is soldered."""
    plain = package.rsplit(":", 1)[-1].strip(" -")
    return "" if plain.casefold() in _TECHNOLOGY else plain


@lru_cache(maxsize=16384)
def outline(package: str) -> str:
    """The standard outline that a footprint's name carries: ``C_0603_1608Metric`` is 0603, or nothing."""
    plain = unicodedata.normalize("NFKC", without_library(package)).upper()
    standard = _OUTLINE.search(plain)
    if standard is not None:
        pins = standard[3] or ("3" if standard[2] == "23" and standard[1] == "SOT" else "")
        return f"{standard[1]}{standard[2]}-{pins}".rstrip("-")
    chip = _CHIP.search(plain)
    return chip[1] if chip else ""


@lru_cache(maxsize=16384)
def package_key(package: str) -> str:
    """A footprint's name without library, case and strokes."""
    return re.sub(r"[\s_.-]+", "", text_key(without_library(package)))


_DIGITS = re.compile(r"(\d+)")


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key under which R2 comes before R10."""
    return tuple(
        (0, len(piece.lstrip("0")), piece.lstrip("0")) if piece.isdecimal() else (1, 0, piece.upper())
        for piece in _DIGITS.split(name)
        if piece
    )
