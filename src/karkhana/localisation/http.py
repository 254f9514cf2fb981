"""The typed API of local value."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from karkhana.kernel.fiscal import fiscal_year as fiscal_year_of
from karkhana.kernel.fiscal import fiscal_year_days, month_days
from karkhana.kernel.refusals import refuse
from karkhana.localisation import catalogue
from karkhana.localisation.built.queries import value_period, value_unit
from karkhana.localisation.designed.http import read_settings
from karkhana.localisation.rules.methods import Method
from karkhana.partners.answers import ERRORS

router = Router(tags=["local value"])
Code = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
MethodId = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_\-]+$")]
UNITS_MAX = 200_000
"""Units of one answer; more are valued by the command, which nobody waits for in a browser."""


class MethodParameterOut(Schema):
    """A choice that a method leaves open."""

    default: str
    choices: list[str]
    meaning: str
    status: str


class MethodGradeOut(Schema):
    """A class and the percentage from which it is reached, as text."""

    name: str
    at_least: str
    valid_from: dt.date | None
    valid_to: dt.date | None


class MethodOut(Schema):
    """An edition of a method of counting local value."""

    id: str
    name: str
    order: str
    valid_from: dt.date
    valid_to: dt.date | None
    status: str
    source: str
    note: str
    parameters: dict[str, MethodParameterOut]
    grades: list[MethodGradeOut]


class MethodsOut(Schema):
    """Every edition of every method, by id and date."""

    methods: list[MethodOut]


def _method(method: Method) -> dict[str, Any]:
    plain = {
        name: getattr(method, name) for name in MethodOut.model_fields if name not in ("parameters", "grades")
    }
    return plain | {
        "parameters": {
            name: {
                "default": row.default,
                "choices": list(row.choices),
                "meaning": row.meaning,
                "status": row.status,
            }
            for name, row in method.parameters.items()
        },
        "grades": [
            {
                "name": row.name,
                "at_least": str(row.at_least),
                "valid_from": row.valid_from,
                "valid_to": row.valid_to,
            }
            for row in method.grades
        ],
    }


@router.get("/methods", response={200: MethodsOut, **ERRORS}, summary="Methods of counting local value")
def get_methods(request: HttpRequest) -> object:
    """List every edition of every method with its parameters and classes."""
    return {"methods": [_method(method) for method in catalogue.methods()]}


_ANSWER = {
    "responses": {
        200: {
            "description": "Local value: subject, method, denominator, imported, local, percent, percent_min,"
            " percent_max, certified, class, parameters, lines, unproved; amounts and percentages as text.",
            "content": {"application/json": {"schema": {"type": "object", "additionalProperties": True}}},
        }
    }
}


def _answer(value: dict[str, Any]) -> HttpResponse:
    """Answer with JSON of the command's own form."""
    return HttpResponse(msgspec.json.encode(value), content_type="application/json")


class UnitValueAsked(Schema):
    """How to value a unit: by which method, with which parameters (``name=value``), as of which day."""

    method: MethodId = "PPP_MII"
    set: list[str] = Field(default=[], max_length=60)
    day: dt.date | None = None


class PeriodValueAsked(Schema):
    """Which units to value, and how; without a period those of the running fiscal year."""

    method: MethodId = "PPP_MII"
    set: list[str] = Field(default=[], max_length=60)
    month: Code | None = None
    fiscal_year: Code | None = None
    first: dt.date | None = None
    last: dt.date | None = None
    product: Code | None = None
    brand: Code | None = None
    plant: Code | None = None
    all_lines: bool = False


@router.get("/units/{path:serial}", response=ERRORS, summary="Local value of one unit", openapi_extra=_ANSWER)
def get_unit_value(request: HttpRequest, serial: Path[Code], asked: Query[UnitValueAsked]) -> HttpResponse:
    """Value one unit by what it consumed, line by line."""
    chosen = read_settings(asked.set)
    subject, result = value_unit(serial, method=asked.method, chosen=chosen, day=asked.day)
    return _answer(result.as_dict(subject))


@router.get("/period", response=ERRORS, summary="Local value of a period", openapi_extra=_ANSWER)
def get_period_value(request: HttpRequest, asked: Query[PeriodValueAsked]) -> HttpResponse:
    """Value all units completed in a month, a fiscal year, or from a first to a last day."""
    first, last = _period(asked.month, asked.fiscal_year, asked.first, asked.last)
    result = value_period(
        method=asked.method,
        chosen=read_settings(asked.set),
        product=asked.product,
        brand=asked.brand,
        plant=asked.plant,
        first=first,
        last=last,
        by_lot=asked.all_lines,
        units_max=UNITS_MAX,
    )
    return _answer(result.as_dict(all_lines=asked.all_lines))


def _period(
    month: str | None, fiscal_year: str | None, first: dt.date | None, last: dt.date | None
) -> tuple[dt.date, dt.date]:
    """Return the days of the one period that is named; the running fiscal year when none is.

    Raises:
        Refused: ``period.*``.
    """
    if sum(value is not None for value in (month, fiscal_year, first or last)) > 1:
        raise refuse("period.twice", "More than one period is named.", "Name a month, a year or two days.")
    if month is not None:
        return month_days(month)
    if fiscal_year is not None:
        return fiscal_year_days(fiscal_year)
    if first is not None and last is not None:
        return first, last
    if first is not None or last is not None:
        raise refuse("period.half", "A period has a first and a last day.", "Give both first and last.")
    return fiscal_year_days(fiscal_year_of(timezone.localdate()))
