"""Money: currencies, amounts read from text, and what one piece of a lot costs.

Amounts are Decimals. The cost of one piece is the one place where a division is needed: it is kept to
``PIECE_PLACES`` decimals and rounded up, so that what is non-local is never understated; everything after
it is sums and products, and those are exact.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal

HOME = "INR"
"""The currency in which value is told."""
PIECE_PLACES = 12
_PIECE = Decimal(1).scaleb(-PIECE_PLACES)
# Wide enough that no sum or product of what a factory books is ever rounded silently.
EXACT = Context(prec=60)

CURRENCIES = frozenset({
    "AED", "AUD", "BDT", "BHD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR",
    "ILS", "INR", "JPY", "KRW", "KWD", "LKR", "MXN", "MYR", "NOK", "NPR", "NZD", "OMR", "PHP", "PLN", "QAR",
    "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "USD", "VND", "ZAR",
})  # fmt: skip
"""Codes of ISO 4217 in which electronics are bought; a register in another one is refused, not guessed."""


def rounded(number: Decimal, places: int) -> Decimal:
    """Round to so many decimals, half to even. ``round`` itself fails on numbers of more than 28 digits."""
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN, EXACT)


def per_piece(total: Decimal, pieces: Decimal) -> Decimal:
    """Return what one piece costs, to 12 decimals, rounded up.

    Args:
        total: what all pieces cost together.
        pieces: above 0.
    """
    return EXACT.divide(total, pieces).quantize(_PIECE, ROUND_CEILING, EXACT)


def percent_down(part: Decimal, whole: Decimal, places: int = 4) -> Decimal:
    """Return ``part`` of ``whole`` in per cent, rounded towards zero: nothing certified gains by rounding."""
    return EXACT.divide(part * 100, whole).quantize(Decimal(1).scaleb(-places), ROUND_DOWN, EXACT)


def percent_up(part: Decimal, whole: Decimal, places: int = 4) -> Decimal:
    """Return ``part`` of ``whole`` in per cent, rounded up: the upper end of a range."""
    return EXACT.divide(part * 100, whole).quantize(Decimal(1).scaleb(-places), ROUND_CEILING, EXACT)
