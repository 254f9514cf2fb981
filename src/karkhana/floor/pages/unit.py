"""The page of one unit: state, identities, history, what is inside, measurements, genealogy."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from karkhana.floor.pages import asked, genealogy
from karkhana.floor.queries import places
from karkhana.floor.trace import trace_unit
from karkhana.kernel.refusals import Refused

#: Fields of an event that the history shows in columns of their own.
_COLUMNS = frozenset(
    {
        *("id", "type", "at", "recorded_at", "plant", "station", "actor", "subject", "unit", "step"),
        *("outcome", "refusal", "measurements", "result"),
    }
)
OPEN_MAX = 200


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One line of the history; ``facts`` is the rest of the event in words."""

    event: dict[str, Any]
    step_name: str
    good: bool | None
    facts: tuple[tuple[str, str], ...]


def _traced(serial: str) -> dict[str, Any]:
    if "\x00" in serial:
        raise Http404
    try:
        return trace_unit(serial)
    except Refused as refused:
        raise Http404(refused.refusal.message) from refused


def _zone(trace: dict[str, Any]) -> str | None:
    plants = {plant.code: plant.zone for plant in places.plants()}
    last = trace["events"][-1]["plant"] if trace["events"] else None
    return plants.get(last) if last else None


@never_cache
@require_safe
def unit(request: HttpRequest, serial: str) -> HttpResponse:
    """Show everything about one unit."""
    trace = _traced(serial)
    pair = (trace["product"], trace["revision"])
    package = places.packages(frozenset({pair})).get(pair) if trace["product"] else None
    steps = package.steps if package and trace.get("kind") != "container" else ()
    names = {step.number: step.name for step in steps}
    exact = Counter(bool(material["exact"]) for material in trace["materials"])
    context = {
        "trace": trace,
        "zone": _zone(trace),
        "history": [_history_row(event, names) for event in reversed(trace["events"])],
        "refused": sum(event["outcome"] == "refused" for event in trace["events"]),
        "steps": [_step_state(step, trace) for step in steps],
        "stations": _by_station(trace["materials"], names),
        "exact": exact[True],
        "sets": exact[False],
        "failed_measurements": sum(m["verdict"] == "Failed" for m in trace["measurements"]),
        "open_holds": [hold for hold in trace["holds"] if hold["released_at"] is None],
        "graph": genealogy.draw(trace, _opened(request)),
        "opened": _opened(request),
    }
    return render(request, "floor/unit.html", context)


@never_cache
@require_safe
def unit_graph(request: HttpRequest, serial: str) -> HttpResponse:
    """Return the genealogy graph with other groups opened."""
    opened = _opened(request)
    trace = _traced(serial)
    context = {"trace": trace, "graph": genealogy.draw(trace, opened), "opened": opened}
    return render(request, "floor/unit_graph.html", context)


def _opened(request: HttpRequest) -> list[str]:
    keys = request.GET.getlist("open")[:OPEN_MAX]
    toggled = asked.text(request, "toggle", 400)
    if toggled:
        keys = [key for key in keys if key != toggled] if toggled in keys else [*keys, toggled]
    return keys


def _step_state(step: Any, trace: dict[str, Any]) -> dict[str, Any]:
    """Say of one step of the route whether it is done, failed, next or still to come."""
    upcoming = (trace.get("next_step") or {}).get("number")
    here = upcoming is not None and step.number == upcoming and trace["state"] in ("in_process", "failed")
    if here:
        word = "failed" if trace["state"] == "failed" else "next"
    else:
        word = "done" if upcoming is None or step.number < upcoming else "open"
    if trace["state"] == "scrapped" and word != "done":
        word = "open"
    return {
        "number": step.number,
        "name": step.name,
        "station_type": step.station_type,
        "word": word,
    }


def _history_row(event: dict[str, Any], names: dict[int, str]) -> HistoryRow:
    result = event.get("result")
    good = None
    if event["outcome"] == "refused" or result in ("Failed",) or event["type"] == "UnitsDisqualified":
        good = False
    elif result in ("Passed", "Completed"):
        good = True
    rest = [
        (key, value) for key, value in event.items() if key not in _COLUMNS and value not in (None, "", [])
    ]
    if event.get("measurements"):
        rest.append(("measurements", len(event["measurements"])))
    return HistoryRow(event, names.get(event.get("step") or 0, ""), good,
                      tuple((key, _words(value)) for key, value in rest))  # fmt: skip


def _words(value: Any) -> str:
    """Write a value of an event on one line."""
    if isinstance(value, dict):
        return " ".join(_words(item) for item in value.values() if item not in (None, ""))
    if isinstance(value, list):
        shown = ", ".join(_words(item) for item in value[:12])
        return f"{shown} … ({len(value)})" if len(value) > 12 else shown
    return str(value)


def _by_station(materials: list[dict[str, Any]], names: dict[int, str]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, int], dict[str, Any]] = {}
    for material in materials:
        key = (material["station"], material["step"])
        group = groups.setdefault(
            key,
            {
                "station": key[0],
                "step": names.get(key[1], str(key[1])),
                "rows": [],
                "sets": 0,
            },
        )
        group["rows"].append(material)
        group["sets"] += not material["exact"]
    return list(groups.values())
