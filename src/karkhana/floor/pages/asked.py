"""Reads what an address asks for, and answers when it asks for what is not there."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from karkhana.floor.queries import places
from karkhana.floor.queries.tallies import Day, day_of
from karkhana.kernel.refusals import Refused


def text(request: HttpRequest, name: str, limit: int = 200) -> str:
    """Return a text of the address, cleaned of what no code contains."""
    value = request.GET.get(name, "")
    return "".join(letter for letter in value if letter.isprintable()).strip()[:limit]


def number(request: HttpRequest, name: str, largest: int = 10_000) -> int | None:
    """Return a whole number of the address, None when there is none."""
    value = text(request, name)
    return int(value) if value.isascii() and value.isdigit() and int(value) <= largest else None


def day(request: HttpRequest, now: dt.datetime, zone: str | None = None) -> Day:
    """Return the plant-local day that the address asks for, today when it asks for none."""
    asked = None
    value = text(request, "day", 10)
    if value:
        try:
            asked = dt.date.fromisoformat(value)
        except ValueError as problem:
            raise Http404(gettext("There is no day %(day)s.") % {"day": value}) from problem
        if not 1950 <= asked.year <= 2150:
            raise Http404(gettext("There is no day %(day)s.") % {"day": value})
    return day_of(zone or settings.PLANT_TIME_ZONE, now, asked)


def line_or_404(code: str) -> places.LineView:
    """Return a line, or end in a page that says there is none."""
    found = places.find_line(code, places.plants())
    if found is None:
        raise Http404(gettext("There is no line %(code)s.") % {"code": code})
    return found


def station_or_404(code: str) -> tuple[places.LineView, places.StationView]:
    """Return a station with its line, or end in a page that says there is none."""
    found = places.find_station(code, places.plants())
    if found is None:
        raise Http404(gettext("There is no station %(code)s.") % {"code": code})
    return found


def refused_page(request: HttpRequest, refused: Refused) -> HttpResponse:
    """Show a refusal as a page of its own."""
    return render(
        request,
        "floor/refused.html",
        {"refusal": refused.refusal.as_dict()},
        status=422,
    )
