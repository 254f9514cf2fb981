"""Codes, amounts and percentages of local value in words and figures."""

from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation

from django import template
from django.utils.translation import gettext

from karkhana.localisation.certificate.writing import grouped
from karkhana.localisation.pages.words import doubt_said, said

register = template.Library()
register.filter("said", said)
register.filter("doubt_said", doubt_said)

CRORE, LAKH = Decimal(10_000_000), Decimal(100_000)


def _number(value: object) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


@register.filter
def rupees(value: object) -> str:
    """Write an amount with the rupee sign and Indian grouping, to two decimals; a dash for none."""
    found = _number(value)
    if found is None:
        return "–"
    text = grouped(str(found.quantize(Decimal("0.01"), ROUND_HALF_UP)))
    return "₹ " + text.removesuffix(".00")


@register.filter
def rupees_short(value: object) -> str:
    """Write a large amount in crore or lakh."""
    found = _number(value)
    if found is None:
        return "–"
    for size, text in ((CRORE, gettext("%(amount)s crore")), (LAKH, gettext("%(amount)s lakh"))):
        if abs(found) >= size:
            return "₹ " + text % {"amount": (found / size).quantize(Decimal("0.01"), ROUND_HALF_UP)}
    return rupees(found)


@register.filter
def per_cent(value: object) -> str:
    """Write a percentage that is one already, as it stands."""
    return "–" if value in (None, "") else f"{value} %"


@register.filter
def cut_short(value: object) -> str:
    """Write a percentage cut to two decimals, without zeros at its end."""
    found = _number(value)
    if found is None:
        return "–"
    text = str(found.quantize(Decimal("0.01"), ROUND_FLOOR))
    return text.rstrip("0").rstrip(".")


@register.filter
def named(names: dict[str, str], code: str) -> str:
    """Return the name that belongs to a code, the code itself where there is none."""
    return names.get(code, code)


@register.filter
def signed(value: object) -> str:
    """Write a difference with its sign and Indian grouping, to two decimals; ±0 where nothing moves."""
    found = _number(value)
    if found is None:
        return "–"
    cut = found.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if not cut:
        return "±0"
    return f"{'+' if cut > 0 else '−'}{grouped(str(abs(cut)))}"
