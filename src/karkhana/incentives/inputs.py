"""Checks what somebody asks of a formula: every field by its kind and bounds, none unknown, none left out."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import tomllib
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar, get_type_hints

from karkhana.incentives.refusals import no
from karkhana.incentives.rules.asking import Ask, Wrong
from karkhana.incentives.rules.years import fiscal_year

Asked = TypeVar("Asked")
BYTES_MAX = 1024 * 1024
PLACES_MAX = 12
"""Decimal places of an amount: far below a paisa of a crore, far above anything a book holds."""


def asks_of(kind: type[Any]) -> dict[str, tuple[Ask, bool]]:
    """Return the fields of a formula's input: how each is asked, and whether it may be left out."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        field.name: (hints[field.name].__metadata__[0], field.default is not dataclasses.MISSING)
        for field in dataclasses.fields(kind)
    }


def read_input(kind: type[Asked], values: dict[str, Any]) -> Asked:
    """Return the formula's input made of values by name.

    Raises:
        Wrong: a field is unknown, missing or not possible.
    """
    asks = asks_of(kind)
    for name in values:
        if name not in asks:
            raise Wrong(str(name)[:60], f"there is no such field; the fields are {', '.join(asks)}")
    read: dict[str, Any] = {}
    for name, (ask, optional) in asks.items():
        if values.get(name) is not None:
            read[name] = KINDS[ask.kind](name, ask, values[name])
        elif not optional:
            raise Wrong(name, f"it is missing: {ask.what}")
    return kind(**read)


def _amount(name: str, ask: Ask, value: Any) -> Decimal:
    """Return an exact number; binary floating point is refused, because it is not what was written."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise Wrong(name, "it is a number such as 12.5")
    text = str(value).strip() if not isinstance(value, int) else ""
    if isinstance(value, str) and ("," in text or "_" in text or not text.isascii()):
        raise Wrong(name, f"{text[:40]!r} is no plain number; write 1234.5 without commas")
    try:
        number = Decimal(value if isinstance(value, int) else text)
    except InvalidOperation:
        raise Wrong(name, f"{text[:40]!r} is no number") from None
    if not number.is_finite():
        raise Wrong(name, f"{text[:40]!r} is no number")
    _bounds(name, ask, number)
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > PLACES_MAX:
        raise Wrong(name, f"it has more than {PLACES_MAX} decimal places")
    return number or Decimal(0)


def _bounds(name: str, ask: Ask, number: Decimal) -> None:
    if ask.least is not None and number < ask.least:
        raise Wrong(name, f"it is at least {ask.least}")
    if ask.most is not None and number > ask.most:
        raise Wrong(name, f"it is at most {ask.most:f}")


def _whole(name: str, ask: Ask, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Wrong(name, "it is a whole number")
    _bounds(name, ask, Decimal(value))
    return value


def _choice(name: str, ask: Ask, value: Any) -> str:
    if not isinstance(value, str) or value not in ask.options:
        raise Wrong(name, f"it is one of {', '.join(ask.options)}")
    return value


def _yes_no(name: str, ask: Ask, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong(name, "it is true or false")
    return value


def _fiscal_year(name: str, ask: Ask, value: Any) -> str:
    if not isinstance(value, str):
        raise Wrong(name, "a fiscal year is written FY21 or 2020-21, in quotes")
    try:
        return fiscal_year(value)
    except ValueError as problem:
        raise Wrong(name, str(problem)) from None


def _day(name: str, ask: Ask, value: Any) -> dt.date:
    if type(value) is dt.date:
        return value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Wrong(name, "it is a date such as 2020-08-01") from None


KINDS: dict[str, Callable[[str, Ask, Any], Any]] = {
    "amount": _amount,
    "whole": _whole,
    "choice": _choice,
    "yes_no": _yes_no,
    "fiscal_year": _fiscal_year,
    "day": _day,
}


def read_file(data: bytes, file: str, scheme: str) -> dict[str, Any]:
    """Return the values of an input file, TOML or JSON by its ending, numbers as ``Decimal``.

    Raises:
        Refused: ``scheme.file`` when it is no such file.
    """
    if len(data) > BYTES_MAX:
        raise no("scheme.file", file=file, problem="it has more than 1 MB", scheme=scheme)
    ending = file.lower().rsplit(".", 1)[-1]
    if ending not in ("toml", "json"):
        raise no("scheme.file", file=file, problem="it ends neither in .toml nor in .json", scheme=scheme)
    try:
        text = data.decode("utf-8-sig")
        if ending == "toml":
            values: Any = tomllib.loads(text, parse_float=Decimal)
        else:
            values = json.loads(text, parse_float=Decimal, object_pairs_hook=_once)
    except UnicodeDecodeError:
        raise no("scheme.file", file=file, problem="it is not UTF-8 text", scheme=scheme) from None
    except InvalidOperation:
        raise no("scheme.file", file=file, problem="a number in it is too large", scheme=scheme) from None
    except (ValueError, RecursionError) as problem:
        # ValueError covers what TOML and JSON say, and whole numbers of more digits than Python reads.
        raise no("scheme.file", file=file, problem=str(problem)[:200].rstrip("."), scheme=scheme) from None
    if not isinstance(values, dict):
        raise no("scheme.file", file=file, problem="it is no table of fields", scheme=scheme)
    return values


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field stands twice")
    return found
