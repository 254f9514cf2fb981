"""The recall page: where a lot or part went, in numbers that can be read across a room, and as a list."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from karkhana.floor.pages import asked
from karkhana.floor.queries import recalls
from karkhana.floor.recall import recall
from karkhana.kernel.refusals import Refused

SHOWN = 500


def _query(request: HttpRequest) -> dict[str, str]:
    lot, serial = asked.text(request, "lot"), asked.text(request, "serial")
    if lot:
        return {"lot": lot}
    return {"serial": serial} if serial else {}


@never_cache
@require_safe
def recall_page(request: HttpRequest) -> HttpResponse:
    """Show what a lot or serial number went into; without one, ask for it."""
    query = _query(request)
    context: dict[str, Any] = {
        "query": query,
        "lot": query.get("lot", ""),
        "serial": query.get("serial", ""),
    }
    if not query:
        return render(request, "floor/recall.html", context)
    try:
        found = recall(**query)
    except Refused as refused:
        context["refusal"] = refused.refusal.as_dict()
        return render(request, "floor/recall.html", context, status=422)
    rows = recalls.units(found["serials"][:SHOWN])
    context |= {
        "found": found,
        "brands": Counter(found["by_brand"]).most_common(),
        "states": Counter(found["by_state"]).most_common(),
        "rows": rows,
        "hidden": max(0, len(found["serials"]) - SHOWN),
    }
    return render(request, "floor/recall.html", context)


@never_cache
@require_safe
def recall_csv(request: HttpRequest) -> HttpResponse:
    """Return the whole list as a CSV file."""
    query = _query(request)
    try:
        found = recall(**query) if query else {"serials": []}
    except Refused as refused:
        return asked.refused_page(request, refused)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["serial", "product", "revision", "brand", "state", "inside"])
    for row in recalls.units(found["serials"]):
        cells = (
            row.serial,
            row.product,
            row.revision,
            row.brand,
            row.state,
            row.parent,
        )
        writer.writerow([_harmless(cell or "") for cell in cells])
    name = "recall-" + "".join(c if c.isalnum() or c in "-_." else "_" for c in "".join(query.values()))
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name[:80]}.csv"'
    return response


def _harmless(cell: str) -> str:
    """Keep a spreadsheet from running a serial number that looks like a formula."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@") else cell
