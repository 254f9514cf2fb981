"""Lists behind the numbers, paged by key, and the search box."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from karkhana.floor.pages import asked
from karkhana.floor.queries import lists, places, wip
from karkhana.floor.queries.tallies import Day
from karkhana.kernel.refusals import Refused

STATES = (
    "in_process",
    "failed",
    "complete",
    "packed",
    "shipped",
    "installed",
    "consumed",
    "scrapped",
    "open",
)
RESULTS = ("passed", "failed", "shipped")


@require_safe
def units(request: HttpRequest) -> HttpResponse:
    """List units by what they are now, or (``result``) the events behind a station's number."""
    try:
        return _event_list(request) if request.GET.get("result") in RESULTS else _unit_list(request)
    except Refused as refused:
        return asked.refused_page(request, refused)


def _unit_list(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    wanted = lists.UnitFilter(
        states=tuple(state for state in request.GET.getlist("state") if state in STATES),
        product=asked.text(request, "product"),
        brand=asked.text(request, "brand"),
        work_order=asked.text(request, "work_order"),
        parent=asked.text(request, "parent"),
        step=asked.number(request, "step"),
        stations=_stations(request),
        failed_step=asked.number(request, "failed_step"),
        finished=bool(request.GET.get("finished")),
        held=bool(request.GET.get("held")),
        waiting_since=now - wip.STUCK_AFTER if request.GET.get("stuck") else None,
    )
    page = lists.unit_page(wanted, asked.text(request, "after", 400))
    context = {
        "page": page,
        "wanted": wanted,
        "filters": _filters(request),
        "states": STATES,
        "now": now,
    }
    return render(request, "floor/units.html", context)


def _event_list(request: HttpRequest) -> HttpResponse:
    day, since, until = _span(request)
    named = _stations(request)
    codes = named if named is not None else _all_stations()
    result = asked.text(request, "result")
    if result == "passed" and not request.GET.get("station"):
        codes = _exit_stations(codes)
    page = lists.event_page(codes, since, until, result, asked.text(request, "after", 400))
    context = {
        "page": page,
        "filters": _filters(request),
        "day": day,
        "result": result,
        "zone": day.zone,
    }
    return render(request, "floor/events.html", context)


@require_safe
def refusals(request: HttpRequest) -> HttpResponse:
    """List what the gate refused, the latest first."""
    day, since, until = _span(request)
    try:
        page = lists.refusal_page(
            _stations(request),
            since,
            until,
            asked.text(request, "code"),
            asked.text(request, "after", 400),
        )
    except Refused as refused:
        return asked.refused_page(request, refused)
    context = {"page": page, "filters": _filters(request), "day": day, "zone": day.zone}
    return render(request, "floor/refusals.html", context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Go straight to the one unit that a text names, else list what it may mean."""
    wanted = asked.text(request, "q")
    found = lists.search(wanted)
    serials = {item.serial for item in found if item.serial}
    exact = [item for item in found if item.text == wanted]
    if len(serials) == 1 and (len(found) == 1 or exact):
        return redirect("unit", serial=serials.pop())
    return render(request, "floor/search.html", {"wanted": wanted, "found": found})


def _stations(request: HttpRequest) -> tuple[str, ...] | None:
    """Return the stations that the address names, by station or by line; None when it names none."""
    named, line = request.GET.getlist("station")[:60], asked.text(request, "line")
    named = [code for code in named if code and code.isprintable()]
    if named:
        return tuple(named)
    return asked.line_or_404(line).station_codes if line else None


def _all_stations() -> tuple[str, ...]:
    return tuple(code for plant in places.plants() for line in plant.lines for code in line.station_codes)


def _exit_stations(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Keep the stations that count as a line's output: a line's number is made of what left it."""
    lines = [
        line for plant in places.plants() for line in plant.lines if set(line.station_codes) & set(codes)
    ]
    released = places.packages(frozenset(pair for line in lines for pair in line.products))
    leaving = {station for line in lines for station, _ in places.exits(line, released)}
    return tuple(code for code in codes if code in leaving)


def _span(request: HttpRequest) -> tuple[Day, dt.datetime, dt.datetime]:
    """Return the day asked for, and its one hour when an hour is named (0 is the day's first)."""
    day = asked.day(request, timezone.now())
    hour = asked.number(request, "hour", 24)
    if hour is None:
        return day, day.since, day.until
    since = day.since + dt.timedelta(hours=hour)
    return day, since, since + dt.timedelta(hours=1)


def _filters(request: HttpRequest) -> dict[str, str]:
    """Return what the list is restricted to, for its heading; the page key is no restriction."""
    return {name: asked.text(request, name) for name in request.GET if name not in ("after",)}
