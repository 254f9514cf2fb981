"""What somebody filled in on the pages of changes and deviations, read into what is asked for."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from django.http import QueryDict

from karkhana.design.changes.asked import QUANTITY_MAX, ChangeAsked, DeviationAsked
from karkhana.design.changes.rules import Order
from karkhana.kernel.refusals import refuse

_WORDS = re.compile(r"[\s,;]+")


def read_change(said: QueryDict) -> ChangeAsked:
    """Read the form of a change order; only the fields of the chosen effectivity count.

    Raises:
        Refused: ``change.effectivity`` when a day or quantity is none.
    """
    kind = said.get("effectivity", "")
    return ChangeAsked(
        title=said.get("title", ""),
        reason=said.get("reason", ""),
        change_class=said.get("change_class", ""),
        effectivity=kind,
        effective_on=_day(said, "effective_on", "change.effectivity") if kind == "date" else None,
        effective_serial=said.get("effective_serial", "").strip() if kind == "serial" else "",
        orders=_orders(said) if kind == "work_order" else (),
        in_process=said.get("in_process", ""),
        stock=said.get("stock", ""),
    )


def _orders(said: QueryDict) -> tuple[Order, ...]:
    return tuple(
        Order(
            closed,
            said.get(f"instead-{closed}", "").strip(),
            _number(said, f"quantity-{closed}", "change.effectivity"),
        )
        for closed in said.getlist("replace")
    )


def read_deviation(said: QueryDict) -> DeviationAsked:
    """Read the form of a deviation or waiver.

    Raises:
        Refused: ``deviation.limit`` or ``deviation.what`` when a day or number is none.
    """
    kind = said.get("kind", "")
    waiver = kind == "waiver"
    return DeviationAsked(
        kind=kind,
        title=said.get("title", ""),
        reason=said.get("reason", ""),
        part="" if waiver else said.get("part", "").strip(),
        substitute="" if waiver else said.get("substitute", "").strip(),
        step=None if waiver else _number(said, "step", "deviation.what"),
        role="" if waiver else said.get("role", "").strip(),
        requirement=said.get("requirement", ""),
        max_units=None if waiver else _number(said, "max_units", "deviation.limit"),
        until=None if waiver else _day(said, "until", "deviation.limit"),
        work_orders=() if waiver else tuple(_listed(said, "work_orders")),
        serials=tuple(_listed(said, "serials")) if waiver else (),
    )


def _listed(said: QueryDict, name: str) -> list[str]:
    return [word for word in _WORDS.split(said.get(name, "").strip()) if word]


def _day(said: Mapping[str, str], name: str, code: str) -> dt.date | None:
    text = said.get(name, "").strip()
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise refuse(
            code, "{value} is no day.", "Give the day as YYYY-MM-DD.", value=repr(text[:40])
        ) from None


def _number(said: Mapping[str, str], name: str, code: str) -> int | None:
    text = said.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(QUANTITY_MAX))):
        raise refuse(code, "{value} is no number here.", "Give a whole number.", value=repr(text[:40]))
    return int(text)
