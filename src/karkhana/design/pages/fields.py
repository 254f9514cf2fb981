"""Reads the fields of the design room's forms; what cannot be read is refused by its name."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from django.http import HttpRequest, QueryDict

from karkhana.kernel.refusals import Refused, refuse


def text(fields: Mapping[str, str], name: str, limit: int = 400) -> str:
    """Return a field in one line, without characters that cannot be printed."""
    value = " ".join(fields.get(name, "").split())
    return "".join(letter for letter in value if letter.isprintable()).strip()[:limit]


def column(fields: QueryDict, name: str, place: int, limit: int = 400) -> str:
    """Return the field of one row of a table whose fields have one name, empty when it has no such row."""
    values = fields.getlist(name)
    return text({name: values[place]}, name, limit) if place < len(values) else ""


def rows(fields: QueryDict, *names: str) -> int:
    """Return how many rows a table has."""
    return max((len(fields.getlist(name)) for name in names), default=0)


def words(value: str, separator: str = ",") -> tuple[str, ...]:
    """Return the entries of a list in one field, without blanks and repetitions."""
    parts = (part.strip() for part in value.replace("\n", separator).split(separator))
    return tuple(dict.fromkeys(part for part in parts if part))


def whole(value: str, name: str) -> int:
    """Return a whole number.

    Raises:
        Refused: ``plan.field``.
    """
    sign, digits = ("-", value[1:]) if value[:1] in ("-", "−") else ("", value)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
        raise not_a(value, name, "whole number")
    return int(sign + digits)


def whole_or_none(value: str, name: str) -> int | None:
    """Return a whole number, None for an empty field."""
    return whole(value, name) if value else None


def decimal(value: str, name: str) -> Decimal:
    """Return a decimal number.

    Raises:
        Refused: ``plan.field``.
    """
    try:
        number = Decimal(value.replace("−", "-"))
    except InvalidOperation:
        raise not_a(value, name, "number") from None
    if not number.is_finite() or abs(number) >= 10**12:
        raise not_a(value, name, "number that fits")
    return number


def decimal_or_none(value: str, name: str) -> Decimal | None:
    """Return a decimal number, None for an empty field."""
    return decimal(value, name) if value else None


def not_a(value: str, name: str, what: str) -> Refused:
    """Return the refusal of a field that cannot be read."""
    return refuse(
        "plan.field",
        "{field}: {value} is no {what}.",
        "Correct the field.",
        field=name,
        value=repr(value[:40]),
        what=what,
    )


def version(request: HttpRequest) -> int:
    """Return the version of the plan that a form started from.

    Raises:
        Refused: ``plan.field``.
    """
    return whole(text(request.POST, "version", 12), "version")
