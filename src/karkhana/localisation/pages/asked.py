"""Reads what an address or a form asks for: whose units, which days, which method and parameters."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from karkhana.design.models import Product
from karkhana.floor.models import Plant
from karkhana.kernel.fiscal import fiscal_year
from karkhana.localisation.catalogue import method_for, methods
from karkhana.localisation.pages.clock import today
from karkhana.localisation.pages.methods import choices_of, in_order
from karkhana.localisation.runs.models import LocalValueRun
from karkhana.localisation.runs.operations import asked_for
from karkhana.localisation.runs.rules import Asked, days_of
from karkhana.partners.models import Brand

DEFAULT_METHOD = "PPP_MII"
PARAMETER = "p."
"""What the name of a method's parameter begins with in an address."""
TEXTS = ("product", "brand", "plant", "month", "fiscal_year", "first", "last", "method")


def said_in(data: QueryDict) -> dict[str, str]:
    """Return what an address or a form says, cleaned of what no code contains."""
    names = [*TEXTS, *(name for name in data if name.startswith(PARAMETER))][:60]
    return {name: _clean(data.get(name) or "") for name in names if data.get(name)}


def _clean(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable()).strip()[:120]


def is_asked(said: dict[str, str]) -> bool:
    """Say whether a period is named; without one the page only offers what there is."""
    return any(said.get(name) for name in ("month", "fiscal_year", "first", "last"))


def question(said: dict[str, str]) -> Asked:
    """Return the question that was said.

    Raises:
        Refused: as ``days_of`` and ``asked_for``.
    """
    first, last = days_of(
        # The form always shows a month; a fiscal year chosen beside it is meant instead.
        month="" if said.get("fiscal_year") else said.get("month", ""),
        fiscal_year=said.get("fiscal_year", ""),
        first=said.get("first", ""),
        last=said.get("last", ""),
    )
    method = said.get("method") or DEFAULT_METHOD
    known = method_for(method, last).parameters if not method.endswith(".toml") else {}
    chosen = {
        name.removeprefix(PARAMETER): value
        for name, value in said.items()
        # One that this method does not have was left in the form by the method chosen before.
        if name.startswith(PARAMETER) and name.removeprefix(PARAMETER) in known
    }
    return asked_for(
        product=said.get("product", ""),
        brand=said.get("brand", ""),
        plant=said.get("plant", ""),
        first=first,
        last=last,
        method=method,
        chosen=chosen,
    )


def address_of(run: LocalValueRun | Asked, **other: str) -> str:
    """Return the query of the address that asks the same, with some of it changed."""
    parameters = run.parameters if isinstance(run, LocalValueRun) else run.chosen
    said = {"product": run.product, "brand": run.brand, "plant": run.plant, "method": run.method}
    said |= period_said(run.first, run.last)
    said |= {f"{PARAMETER}{name}": value for name, value in sorted(parameters.items())}
    said |= other
    return urlencode({name: value for name, value in said.items() if value})


def period_said(first: dt.date, last: dt.date) -> dict[str, str]:
    """Write days as the shortest period that they are: a month, a fiscal year, or two days."""
    after = last + dt.timedelta(days=1)
    if first.day == 1 and after.day == 1:
        if (first.year, first.month) == (last.year, last.month):
            return {"month": f"{first:%Y-%m}"}
        if first.month == 4 and after.month == 4 and after.year == first.year + 1:
            return {"fiscal_year": fiscal_year(first)}
    return {"first": first.isoformat(), "last": last.isoformat()}


def form_of(said: dict[str, str], asked: Asked | None) -> dict[str, Any]:
    """Return what the form shows and offers."""
    now = today()
    name = asked.method if asked else said.get("method", DEFAULT_METHOD).upper()
    day = asked.last if asked else now
    held = [
        m for m in methods() if m.id == name and m.valid_from <= day and (not m.valid_to or day <= m.valid_to)
    ]
    chosen = asked.chosen if asked else {}
    return {
        "said": said,
        "month": said.get("month") or ("" if is_asked(said) else f"{now:%Y-%m}"),
        "products": Product.objects.order_by("code").values_list("code", "name"),
        "brands": Brand.objects.order_by("code").values_list("code", "name"),
        "plants": Plant.objects.order_by("code").values_list("code", "name"),
        "years": [fiscal_year(dt.date(year, 4, 1)) for year in range(now.year, now.year - 6, -1)],
        "methods": list(dict.fromkeys((m.id, m.name) for m in in_order() if m.valid_to is None)),
        "method": name,
        "parameters": choices_of(held[-1], chosen) if held else [],
    }
