"""Quantities as people type them: ``12``, ``12.0``, ``1,00``, ``4 pcs``, ``2 (DNF)``, ``3x``."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache

_QUANTITY = re.compile(
    r"^\s*['=]?\s*(?P<number>\d[\d.,'\s]{0,24}|[.,]\d{1,9})\s*"
    r"(?P<unit>x|×|pcs?|pieces?|pce|pz|szt|st|stk|stck|stück|ea|each|off|nos?|units?|m|cm|mm|g|kg|ml|sets?"
    r"|个|只|件)?\.?\s*(?P<note>[(\[].{0,60}[)\]])?\s*$",
    re.IGNORECASE,
)
_LIMIT = Decimal("1e9")


@lru_cache(maxsize=4096)
def parse_quantity(text: str, expected: int = 0) -> Decimal | None:
    """Read a quantity, or return None for text that is none.

    Args:
        text: the cell.
        expected: the number of designators beside it, which decides what ``1,000`` means: a thousand, or
            one with three decimals as much of Europe writes it.
    """
    match = _QUANTITY.match(text[:100])
    if match is None:
        return None
    candidates = _readings(re.sub(r"[\s']", "", match["number"]))
    agreeing = [value for value in candidates if value == expected]
    chosen = next(iter(agreeing or candidates), None)
    return chosen if chosen is not None and chosen < _LIMIT else None


def _readings(number: str) -> list[Decimal]:
    """Every number that the digits can mean, the likeliest first."""
    if "," in number and "." in number:
        decimal = max(number.rfind(","), number.rfind("."))
        whole = re.sub(r"[.,]", "", number[:decimal])
        return _decimals(f"{whole}.{number[decimal + 1 :]}")
    if "," not in number:
        return _decimals(number) if number.count(".") < 2 else _decimals(number.replace(".", ""))
    if re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+", number):
        return _decimals(number.replace(",", ""), number.replace(",", ".", 1))
    return _decimals(number.replace(",", ".")) if number.count(",") == 1 else []


def _decimals(*texts: str) -> list[Decimal]:
    values = []
    for text in texts:
        try:
            values.append(tidy(Decimal(text)))
        except InvalidOperation:
            continue
    return values


def tidy(value: Decimal) -> Decimal:
    """Drop trailing zeros without falling into exponents: 12.0 becomes 12."""
    if value == value.to_integral_value():
        return value.quantize(Decimal(1))
    return value.normalize()
