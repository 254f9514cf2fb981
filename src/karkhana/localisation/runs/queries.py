"""Reads kept runs. The lots of a large period weigh megabytes: they stay in the database until asked for."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.db import connection
from django.db.models import F, Func, JSONField, QuerySet, Value

from karkhana.localisation.runs.models import DONE, LocalValueRun
from karkhana.localisation.runs.rules import Asked


class _Without(Func):
    """The JSON object without one of its keys."""

    template = "(%(expressions)s)"
    arg_joiner = " - "
    output_field = JSONField()


def runs() -> QuerySet[LocalValueRun]:
    """Return runs whose ``summary`` is the result without its lots."""
    return LocalValueRun.objects.defer("result").annotate(summary=_Without(F("result"), Value("lots")))


def find_run(asked: Asked) -> LocalValueRun | None:
    """Return the kept run of a question."""
    return runs().filter(key=asked.key).first()


def run_of(pk: int) -> LocalValueRun | None:
    """Return a run by its number."""
    return runs().filter(pk=pk).first() if 0 < pk < 2**63 else None


def summary_of(run: LocalValueRun) -> dict[str, Any]:
    """Return the result of a run of ``runs()`` without its lots; empty while there is none."""
    return getattr(run, "summary", None) or {}


def lots_of(run: LocalValueRun) -> list[dict[str, Any]]:
    """Return a line for every lot of a run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT result -> 'lots' FROM localisation_localvaluerun WHERE id = %s", [run.pk])
        row = cursor.fetchone()
    found = row[0] if row else None
    return (json.loads(found) if isinstance(found, str) else found) or []


def months_of(asked: Asked) -> list[dict[str, Any]]:
    """Return the months of every kept answer about the same units by the same method, by month.

    Only whole months count; of a month that was computed twice the younger answer does.
    """
    kept = runs().filter(
        product=asked.product,
        brand=asked.brand,
        plant=asked.plant,
        method=asked.method,
        parameters=asked.chosen,
        state=DONE,
    )
    found: dict[str, dict[str, Any]] = {}
    for run in kept.order_by("computed_at")[:60]:
        for month in summary_of(run).get("months", []):
            if _is_whole(month["month"], run.first, run.last):
                found[month["month"]] = month
    return [found[name] for name in sorted(found)]


def _is_whole(month: str, first: dt.date, last: dt.date) -> bool:
    begin = dt.date.fromisoformat(f"{month}-01")
    after = (begin + dt.timedelta(days=32)).replace(day=1)
    return first <= begin and after - dt.timedelta(days=1) <= last


def latest_runs(limit: int = 8) -> list[LocalValueRun]:
    """Return what was computed last, for the page that nothing is asked of yet."""
    return list(runs().filter(state=DONE).order_by("-computed_at")[:limit])
