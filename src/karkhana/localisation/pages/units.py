"""The units behind a figure, and the rupees of one unit: the way down to the device."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from karkhana.kernel.refusals import Refused
from karkhana.localisation.built.queries import value_unit
from karkhana.localisation.catalogue import methods
from karkhana.localisation.pages import asked as asking
from karkhana.localisation.pages.charts import unit_bars
from karkhana.localisation.pages.doubts import doubts_shown
from karkhana.localisation.pages.pictures import rows
from karkhana.localisation.pages.value import asked_run, bar_of, supplier_names
from karkhana.localisation.rules.pieces import Result
from karkhana.localisation.runs.units import units_of_run

COMPARED = "PMA_BOM"
"""The method that is shown beside PPP_MII unless another one is asked for."""
LINES_SHOWN = 200


@never_cache
@require_safe
def units_page(request: HttpRequest) -> HttpResponse:
    """List the units of an answer, or those of them that hold a lot."""
    run = asked_run(request)
    lot = "".join(letter for letter in request.GET.get("lot", "") if letter.isprintable())[:120]
    after = "".join(letter for letter in request.GET.get("after", "") if letter.isprintable())[:200]
    try:
        found, more = units_of_run(run, lot=lot, after=after)
    except Refused as refused:
        raise Http404(refused.refusal.message) from refused
    context = {
        "run": run,
        "query": asking.address_of(run),
        "lot": lot,
        "units": found,
        "after": found[-1].serial if more else None,
    }
    return render(request, "localisation/units.html", context)


@never_cache
@require_safe
def unit_fragment(request: HttpRequest, serial: str) -> HttpResponse:
    """Show where one unit's rupees come from, by two methods; a part of the unit's own page."""
    if "\x00" in serial:
        raise Http404
    known = {method.id for method in methods()}
    second = request.GET.get("method", COMPARED)
    names = [asking.DEFAULT_METHOD, second if second in known else COMPARED]
    answers = [_answer(serial, name) for name in dict.fromkeys(names)]
    first = answers[0]
    context = {
        "serial": serial,
        "answers": answers,
        "first": first,
        "methods": sorted(known - {asking.DEFAULT_METHOD}),
        "second": names[-1],
        "differ": len({answer["result"]["class"] for answer in answers if answer["result"]}) > 1,
    }
    return render(request, "localisation/parts/unit.html", context)


def _answer(serial: str, method: str) -> dict[str, Any]:
    """Value the unit by one method; a refusal stands in the place of the answer."""
    try:
        subject, result = value_unit(serial, method=method)
    except Refused as refused:
        if refused.refusal.code in ("unit.unknown", "localise.not_a_unit"):
            raise Http404(gettext("There is no unit %(serial)s.") % {"serial": serial[:40]}) from refused
        return {"method": method, "result": None, "refusal": refused.refusal.as_dict()}
    return {"method": method, **shown(subject, result)}


def shown(subject: dict[str, Any], result: Result) -> dict[str, Any]:
    """Return what the fragment shows of one answer."""
    said = result.as_dict(subject)
    lines: list[dict[str, Any]] = [line.as_dict() for line in result.lines]
    return {
        "result": said,
        "refusal": None,
        "bar": bar_of(said),
        "bars": unit_bars(lines, Decimal(str(said["denominator"]))),
        "rows": _with_range(lines)[:LINES_SHOWN],
        "lines_count": len(lines),
        "names": supplier_names({line["supplier"] for line in lines if line["supplier"]}),
        "unproved": doubts_shown([item.as_dict() for item in result.unproved]),
        "unproved_count": len(result.unproved),
    }


def _with_range(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines, the most imported first, with the lots that each may be."""
    found = rows(lines, ("part", "place", "lot", "supplier", "origin", "channel"), {})
    lots = {(line["part"], line["place"], line["lot"]): line["lots"] for line in lines}
    for row in found:
        row["candidates"] = lots.get((row["part"], row["place"], row["lot"]), [])
    return found
