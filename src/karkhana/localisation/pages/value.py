"""Pages of local value as built: the question, the answer with its pictures, its lines and its units."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from karkhana.kernel.refusals import Refusal, Refused
from karkhana.localisation.pages import asked as asking
from karkhana.localisation.pages.charts import sankey, treemap, trend
from karkhana.localisation.pages.doubts import doubts_shown
from karkhana.localisation.pages.pictures import boxes, flows, rows
from karkhana.localisation.runs import queries
from karkhana.localisation.runs.models import BROKEN, DONE, REFUSED, LocalValueRun
from karkhana.localisation.runs.operations import ask, is_silent, last_place
from karkhana.localisation.runs.rules import Asked
from karkhana.localisation.targets.operations import targets_of
from karkhana.supply.models import Supplier

PARTS_SHOWN = 25
LINES_SHOWN = 200


@never_cache
@require_safe
def value_page(request: HttpRequest) -> HttpResponse:
    """Show the form, and the answer that is kept for what it asks."""
    said = asking.said_in(request.GET)
    if not asking.is_asked(said):
        return render(request, "localisation/value.html", _newest(said))
    try:
        asked = asking.question(said)
    except Refused as refused:
        return _refused(request, said, refused.refusal)
    run = queries.find_run(asked)
    shown: dict[str, Any] = {
        "form": asking.form_of(said, asked),
        "asked": asked,
        "query": asking.address_of(asked),
    }
    return render(request, "localisation/value.html", shown | run_context(run))


def _newest(said: dict[str, str]) -> dict[str, Any]:
    """Return what the page shows that nothing is asked of: the newest answer, and the list of the latest."""
    runs = queries.latest_runs()
    latest = [_recent(run) for run in runs]
    if said or not runs:
        return {"form": asking.form_of(said, None), "latest": latest}
    query = asking.address_of(runs[0])
    shown = {
        "form": asking.form_of(asking.said_in(QueryDict(query)), asked_of(runs[0])),
        "asked": asked_of(runs[0]),
        "query": query,
        "latest": latest,
    }
    return shown | run_context(runs[0])


def _refused(request: HttpRequest, said: dict[str, str], refusal: Refusal) -> HttpResponse:
    context = {"form": asking.form_of(said, None), "refusal": refusal.as_dict()}
    return render(request, "localisation/value.html", context, status=422)


def _recent(run: LocalValueRun) -> dict[str, Any]:
    summary = queries.summary_of(run)
    return {"run": run, "address": asking.address_of(run), "percent": summary.get("percent_min"),
            "grade": summary.get("class"), "units": summary.get("units", {}).get("count")}  # fmt: skip


@require_POST
def compute(request: HttpRequest) -> HttpResponse:
    """Begin to compute what the form asks, unless the answer is kept already, and show the page of it."""
    said = asking.said_in(request.POST)
    try:
        asked = asking.question(said)
    except Refused as refused:
        return _refused(request, said, refused.refusal)
    ask(asked, user=request.user, now=timezone.now(), anew=request.POST.get("anew") == "1")
    back = reverse("certificate-new") if request.POST.get("then") == "certificate" else reverse("value")
    return HttpResponse(status=303, headers={"Location": f"{back}?{asking.address_of(asked)}"})


@never_cache
@require_safe
def run_progress(request: HttpRequest, number: int) -> HttpResponse:
    """Tell how far a run is; once it has ended, have the page shown anew."""
    run = _run(number)
    response = render(request, "localisation/parts/progress.html", run_context(run, pictures=False))
    if run.state in (DONE, REFUSED, BROKEN) or is_silent(run, timezone.now()):
        response["HX-Refresh"] = "true"
    return response


def _run(number: int) -> LocalValueRun:
    run = queries.run_of(number)
    if run is None:
        raise Http404(gettext("This answer is not kept any more."))
    return run


def run_context(run: LocalValueRun | None, *, pictures: bool = True) -> dict[str, Any]:
    """Return what templates show of a run: how far it is, or its answer."""
    if run is None:
        return {"run": None}
    state = BROKEN if is_silent(run, timezone.now()) else run.state
    context: dict[str, Any] = {"run": run, "state": state, "share": _share(run)}
    if state == DONE and pictures:
        context |= _answer(run)
    return context


def _share(run: LocalValueRun) -> int:
    return min(100, run.done * 100 // run.total) if run.total else 0


def asked_of(run: LocalValueRun) -> Asked:
    """Return the question of a run."""
    return Asked(run.product, run.brand, run.plant, run.first, run.last, run.method, run.parameters)


def _answer(run: LocalValueRun) -> dict[str, Any]:
    result, asked = queries.summary_of(run), asked_of(run)
    lines = result["lines"]
    names = supplier_names({line["supplier"] for line in lines if line["supplier"]})
    lines_url = f"{reverse('value-lines')}?run={run.pk}"
    targets = [_target(row) for row in targets_of(product=run.product, brand=run.brand, method=run.method)]
    return {
        "result": result,
        "bar": bar_of(result),
        "unproved": doubts_shown(result["unproved"], run.pk),
        "classes": [
            {"name": name, "units": units} for name, units in result["units"]["by_class"].items() if units
        ],
        "grew": max(0, last_place() - run.seq),
        "sankey": sankey(flows(lines, Decimal(result["denominator"])), names, lines_url),
        "treemap": treemap(boxes(lines), names, lines_url),
        "trend": trend(queries.months_of(asked) or result["months"], targets),
        "trend_months": queries.months_of(asked) or result["months"],
        "targets": targets,
        "rows": rows(lines, ("group", "part", "supplier", "origin", "channel"), {})[:PARTS_SHOWN],
        "lines_count": len(lines),
        "names": names,
        "over": Decimal(result["denominator"]) < sum((Decimal(line["value"]) for line in lines), Decimal(0)),
        "per_unit": {
            name: Decimal(result[name]) / result["units"]["count"]
            for name in ("denominator", "imported", "local")
        },
    }


def bar_of(result: dict[str, Any]) -> dict[str, str]:
    """Return how much of a bar is proved and how much more may be local, within 0 and 100."""
    low, high = (
        min(Decimal(100), max(Decimal(0), Decimal(result[name]))) for name in ("percent_min", "percent_max")
    )
    return {"least": f"{low:.2f}", "more": f"{high - low:.2f}"}


def _target(row: Any) -> dict[str, Any]:
    subject = row.product.code if row.product else row.brand.code
    return {"pk": row.pk, "percent": row.percent, "by": row.by_date.isoformat(), "name": subject,
            "said_by": row.said_by, "method": row.method}  # fmt: skip


def supplier_names(codes: set[str]) -> dict[str, str]:
    """Return the names of suppliers by their codes."""
    return dict(Supplier.objects.filter(code__in=codes).values_list("code", "name"))


BY = {
    "part": ("group", "part", "supplier", "origin", "channel", "why"),
    "lot": ("part", "lot", "supplier", "origin", "channel", "why"),
}
FILTERS = ("group", "part", "supplier", "origin", "channel", "lot")


@never_cache
@require_safe
def lines_page(request: HttpRequest) -> HttpResponse:
    """Show the lines of an answer, those that fit; by part, or by lot."""
    run = asked_run(request)
    by = "lot" if request.GET.get("by") == "lot" or request.GET.get("lot") else "part"
    only = {name: request.GET[name][:200] for name in FILTERS if request.GET.get(name)}
    source = queries.lots_of(run) if by == "lot" else queries.summary_of(run)["lines"]
    found = rows(source, BY[by], only)
    start = min(_number(request.GET.get("from", "")), len(found))
    context = {
        "run": run,
        "asked": asked_of(run),
        "query": asking.address_of(run),
        "by": by,
        "only": only,
        "filters": urlencode({"run": run.pk, **only}),
        "rows": found[start : start + LINES_SHOWN],
        "count": len(found),
        "next": start + LINES_SHOWN if start + LINES_SHOWN < len(found) else None,
        "names": supplier_names({row["supplier"] for row in found if row["supplier"]}),
        "value": sum((row["value"] for row in found), Decimal(0)),
        "imported": sum((row["imported"] for row in found), Decimal(0)),
    }
    return render(request, "localisation/lines.html", context)


def asked_run(request: HttpRequest) -> LocalValueRun:
    """Return the answered run that an address names, or end in a page that says there is none."""
    run = _run(_number(request.GET.get("run", "")))
    if run.state != DONE:
        raise Http404(gettext("This answer is not there yet."))
    return run


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
