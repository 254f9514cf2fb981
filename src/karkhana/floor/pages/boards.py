"""The live boards and the indexes of lines and stations. The ``live`` views are what boards poll."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from karkhana.floor.pages import asked
from karkhana.floor.queries import board, places, tallies
from karkhana.floor.queries.wip import SHARED_SECONDS


def _overview_context(request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    day = asked.day(request, now)
    # Every screen of a plant polls this; one reading serves all that ask within the same few seconds.
    view = cache.get_or_set(
        f"floor.overview.{day.date}", lambda: board.overview(now, day), timeout=SHARED_SECONDS
    )
    assert view is not None
    zone = tallies.ZoneInfo(day.zone)
    chart = {
        "hours": [hour.astimezone(zone).strftime("%H:%M") for hour in view.hours],
        "series": [
            {"name": f"{row.line.plant} {row.line.name}", "values": row.finished}
            for plant in view.plants
            for row in plant.lines
            if any(row.finished)
        ],
    }
    return {
        "view": view,
        "zone": day.zone,
        "chart": chart,
        "now": now,
        "is_today": day.since <= now < day.until,
    }


@never_cache
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show both plants and all lines."""
    return render(request, "floor/overview.html", _overview_context(request))


@never_cache
@require_safe
def overview_live(request: HttpRequest) -> HttpResponse:
    """Return the part of the overview that changes."""
    return render(request, "floor/overview_live.html", _overview_context(request))


def _line_context(request: HttpRequest, code: str) -> dict[str, Any]:
    now = timezone.now()
    line_view = asked.line_or_404(code)
    day = asked.day(request, now, line_view.zone)
    view = board.line_board(line_view, now, day)
    zone = tallies.ZoneInfo(day.zone)
    chart = {
        "hours": [hour.astimezone(zone).strftime("%H:%M") for hour, _ in view.hours],
        "series": [{"name": line_view.code, "values": [count for _, count in view.hours]}],
    }
    return {
        "view": view,
        "zone": day.zone,
        "chart": chart,
        "now": now,
        "is_today": day.since <= now < day.until,
    }


@never_cache
@require_safe
def line(request: HttpRequest, code: str) -> HttpResponse:
    """Show a line's board."""
    return render(request, "floor/line.html", _line_context(request, code))


@never_cache
@require_safe
def line_live(request: HttpRequest, code: str) -> HttpResponse:
    """Return the part of a line's board that changes."""
    return render(request, "floor/line_live.html", _line_context(request, code))


@require_safe
def lines(request: HttpRequest) -> HttpResponse:
    """List the lines of every plant."""
    return render(request, "floor/lines.html", {"plants": places.plants()})


@require_safe
def stations(request: HttpRequest) -> HttpResponse:
    """List the stations of every line, each a link to its screen."""
    return render(request, "floor/stations.html", {"plants": places.plants()})
