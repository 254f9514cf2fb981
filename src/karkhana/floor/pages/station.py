"""The station screen: one field, one scanner, an answer that fills the screen."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from karkhana.floor.operations import Outcome, record_events
from karkhana.floor.pages import asked
from karkhana.floor.pages.scanning import (
    Answer,
    Context,
    Scan,
    decode_context,
    first_prompt,
    take,
)
from karkhana.floor.queries import places, scans

#: A browser's clock is only believed when it is about right; pages correct it by the server's.
CLOCK_MARGIN = dt.timedelta(minutes=5)


def _packs(line: places.LineView, station: places.StationView) -> bool:
    """Say whether units are put into containers here."""
    released = places.packages(frozenset(line.products))
    return any(
        step.passed_by == "AggregationEvent" and step.station_type == station.station_type
        for package in released.values()
        for step in package.steps
    )


def _start(request: HttpRequest) -> Context:
    language: Literal["en", "hi"] = "hi" if translation.get_language() == "hi" else "en"
    return Context(language=language, operator=scans.operator_code(request.user.pk or 0))


def _screen(request: HttpRequest, template: str, answer: Answer, code: str) -> HttpResponse:
    """Draw the screen in the language that the station speaks, whatever the browser asks for."""
    line, station_view = asked.station_or_404(code)
    other = "en" if answer.context.language == "hi" else "hi"
    context: dict[str, Any] = {
        "line": line,
        "station": station_view,
        "answer": answer,
        "context": msgspec.json.encode(answer.context).decode(),
        "languages": (answer.context.language, other),
        "now": timezone.now(),
        "zone": line.zone,
    }
    with translation.override(answer.context.language):
        return render(request, template, context)


@never_cache
@require_safe
def station(request: HttpRequest, code: str) -> HttpResponse:
    """Show a station's screen, waiting for a scan."""
    line, station_view = asked.station_or_404(code)
    context = _start(request)
    answer = Answer("ready", context, first_prompt(context, _packs(line, station_view)))
    return _screen(request, "floor/station.html", answer, code)


@never_cache
@require_POST
def station_scan(request: HttpRequest, code: str) -> HttpResponse:
    """Take one scan. Sent again with the same event id, it is answered as it was the first time."""
    line, station_view = asked.station_or_404(code)
    context = decode_context(request.POST.get("context", ""), _start(request))
    now = timezone.now()
    text = request.POST.get("scan", "").strip()
    packs = _packs(line, station_view)
    if not text or len(text) > 2000 or not text.isprintable():
        answer = Answer("note", context, first_prompt(context, packs), context.unit, "unreadable")
    else:
        scan = Scan(
            text=text,
            event_id=_event_id(request.POST.get("event_id", "")),
            at=_moment(request.POST.get("at", ""), now),
            station=code,
            station_type=station_view.station_type,
            packs=packs,
            context=context,
            record=lambda batch: _record(batch, now),
        )
        answer = take(scan)
    template = "floor/station_screen.html" if request.headers.get("X-Station") else "floor/station.html"
    return _screen(request, template, answer, code)


def _record(batch: list[bytes], now: dt.datetime) -> list[Outcome]:
    return record_events(batch, recorded_at=now)


def _event_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.uuid4()


def _moment(text: str, now: dt.datetime) -> dt.datetime:
    """Return when the scan was made. It comes from the browser, so that a repeated request says the same."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return now
    # A scan may have waited for the network to come back, but it cannot be of the future.
    return moment if moment.tzinfo and moment <= now + CLOCK_MARGIN else now
