"""What a draft may hold at all: text that can be printed, numbers that can be counted. Pure.

A value that breaks these bounds is refused when it comes in, with its place; everything else that is wrong
with a draft is said while it is a draft and keeps it from being released.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from karkhana.design.plan import Plan
from karkhana.kernel.refusals import Refused, refuse

TEXT_MAX, LIST_MAX = 4000, 2000
WHOLE_MAX = 2**31 - 1
DIGITS_MAX, DECIMALS_MAX = 12, 6
"""Of a decimal number: before and after the point, as ``BomLine.quantity`` has them."""


def check_plan(plan: Plan) -> None:
    """Refuse a plan with a value that cannot be stored.

    Raises:
        Refused: ``plan.value`` naming the place, such as ``steps 3 tests 1 low``.
    """
    found = _problem(msgspec.to_builtins(plan, builtin_types=(Decimal,)), LIST_MAX)
    if found:
        raise _no("plan.value", *found)


def check_text(what: str, text: str, limit: int, *, blank: bool = False) -> None:
    """Refuse a text that cannot be shown in one line.

    Raises:
        Refused: ``text.value``.
    """
    if len(text) > limit or not text.isprintable() or not (blank or text.strip()):
        raise refuse(
            "text.value",
            "{value} is no {what}.",
            "Use 1 to {limit} printable characters.",
            what=what,
            value=repr(text[:60]),
            limit=limit,
        )


def _no(code: str, place: tuple[str, ...], text: str) -> Refused:
    return refuse(
        code, "{place} {problem}.", "Correct it.", place=" ".join(place) or "The document", problem=text
    )


def _problem(value: Any, list_max: int) -> tuple[tuple[str, ...], str] | None:
    """Return where the first value is that cannot be stored, and what is wrong with it."""
    if isinstance(value, dict):
        return _first(value.items(), list_max)
    if isinstance(value, (list, tuple)):
        if len(value) > list_max:
            return (), f"has {len(value)} entries; {list_max} are allowed"
        return _first(((str(place), part) for place, part in enumerate(value, start=1)), list_max)
    if isinstance(value, str):
        return _text_problem(value)
    if isinstance(value, Decimal):
        return _decimal_problem(value)
    if isinstance(value, int) and abs(value) > WHOLE_MAX:
        return (), f"is beyond {WHOLE_MAX}"
    return None


def _first(parts: Any, list_max: int) -> tuple[tuple[str, ...], str] | None:
    for name, part in parts:
        found = _problem(part, list_max)
        if found:
            return (name, *found[0]), found[1]
    return None


def _text_problem(text: str) -> tuple[tuple[str, ...], str] | None:
    if len(text) > TEXT_MAX:
        return (), f"is longer than {TEXT_MAX} characters"
    if any((letter < " " and letter not in "\n\t\r") or "\ud800" <= letter <= "\udfff" for letter in text):
        return (), "holds a character that cannot be printed"
    return None


def _decimal_problem(number: Decimal) -> tuple[tuple[str, ...], str] | None:
    if not number.is_finite():
        return (), "is no number"
    exponent = number.as_tuple().exponent
    if abs(number) >= 10**DIGITS_MAX or (isinstance(exponent, int) and exponent < -DECIMALS_MAX):
        return (), f"has more than {DIGITS_MAX} digits before or {DECIMALS_MAX} after the point"
    return None
