"""What the forms and addresses of this room say, cleaned; and how their refusals are shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from karkhana.kernel.refusals import Refused
from karkhana.supply.registers.rules.dates import read_date
from karkhana.supply.registers.rules.numbers import DOT, read_number


def asked(request: HttpRequest, name: str, limit: int = 200) -> str:
    """Return a text of the address, without what no name contains."""
    value = request.GET.get(name, "")
    return "".join(sign for sign in value if sign.isprintable()).strip()[:limit]


def asked_number(request: HttpRequest, name: str) -> int:
    """Return a whole number of the address, 0 when there is none."""
    text = asked(request, name, 18)
    return int(text) if text.isascii() and text.isdigit() else 0


def said(request: HttpRequest, name: str) -> str:
    """Return a text of a form."""
    value = request.POST.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def said_number(request: HttpRequest, name: str, default: Decimal = Decimal(0)) -> Decimal:
    """Return a number of a form, written with a point as its decimal sign.

    Raises:
        Refused: ``number.*``.
    """
    number, _ = read_number(said(request, name), DOT, field=name)
    return default if number is None else number


def said_date(request: HttpRequest, name: str) -> dt.date | None:
    """Return a date of a form.

    Raises:
        Refused: ``date.*``.
    """
    return read_date(said(request, name), "", field=name)


class Said:
    """The refusal of a form, if there was one."""

    def __init__(self) -> None:
        self.refusal: dict[str, Any] | None = None

    @property
    def status(self) -> int:
        """The status of the page that shows it."""
        return 422 if self.refusal else 200


@contextmanager
def refusal_shown(said_: Said, request: HttpRequest, done: str) -> Iterator[None]:
    """Keep a refusal for the page that is drawn next; else tell what was done."""
    try:
        yield
    except Refused as refused:
        said_.refusal = refused.refusal.as_dict()
    else:
        messages.success(request, done)
