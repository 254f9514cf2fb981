"""The page of what to localise next: candidates, the question, the answer part by part."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from karkhana.kernel.refusals import Refused, refuse
from karkhana.localisation.choosing import queries
from karkhana.localisation.choosing.asking import Asked, problem_asked
from karkhana.localisation.choosing.operations import (
    Imported,
    drop_candidate,
    import_candidates,
    import_plan,
)
from karkhana.localisation.choosing.words import MEASURES, shown
from karkhana.localisation.pages.methods import in_order
from karkhana.solving.localising.problem import Measure, month_number, month_text

SECONDS = 15.0
BYTES_MAX = 8 * 2**20
REFUSALS_SHOWN = 100
_TEXTS = (
    "target", "by", "start", "measure", "months", "budget", "budget_on", "method", "units", "local_parts",
    "local_parts_value", "once",
)  # fmt: skip


@never_cache
@require_safe
def next_page(request: HttpRequest) -> HttpResponse:
    """Show the candidates, and the answer when something is asked."""
    return _page(request)


@never_cache
@require_POST
def next_import(request: HttpRequest) -> HttpResponse:
    """Store the candidates or the plan of a file, and tell what became of its rows."""
    try:
        with _stored(request.FILES.get("file")) as (path, name):
            if request.POST.get("what") == "plan":
                report = import_plan(path=path, name=name)
            else:
                now = timezone.now()
                report = import_candidates(path=path, name=name, now=now, user=request.user)
    except Refused as refused:
        return _page(request, refusal=refused.refusal.as_dict(), status=422)
    return _page(request, report=report)


@never_cache
@require_POST
def next_drop(request: HttpRequest) -> HttpResponse:
    """Take a candidate out of every choice."""
    code = request.POST.get("candidate", "")
    try:
        drop_candidate(code=code, now=timezone.now())
    except Refused as refused:
        return _page(request, refusal=refused.refusal.as_dict(), status=422)
    messages.success(request, gettext("%(candidate)s is dropped.") % {"candidate": code})
    return redirect("value-next")


@contextmanager
def _stored(file: UploadedFile[Any] | None) -> Iterator[tuple[Path, str]]:
    """Put an upload into a file of its own for as long as the block lasts."""
    if file is None or not file.size:
        raise refuse("localise_next.no_file", "No file came along.", "Choose a CSV or XLSX file.")
    name = "".join(letter for letter in (file.name or "file") if letter.isprintable())[:120]
    if file.size > BYTES_MAX:
        raise refuse("localise_next.file_size", "{file} is larger than 8 MB.", "Split it.", file=name)
    handle, path = tempfile.mkstemp(prefix="karkhana-next-", suffix=Path(name).suffix[:8])
    try:
        with os.fdopen(handle, "wb") as out:
            for chunk in file.chunks():
                out.write(chunk)
        yield Path(path), name
    finally:
        os.unlink(path)


def _page(
    request: HttpRequest,
    *,
    refusal: dict[str, Any] | None = None,
    report: Imported | None = None,
    status: int = 200,
) -> HttpResponse:
    today = timezone.localdate()
    touched = queries.products_touched()
    said = _said(request)
    named = [code for code in request.GET.getlist("product")[:200] if code in touched]
    # A sub-assembly counts inside of its device; it is measured only by who names it, and then alone.
    inside = queries.subassemblies(touched)
    known = tuple(code for code in touched if code not in inside or code in named) or touched
    chosen = named or [code for code in known if code not in inside]
    context: dict[str, Any] = {
        "said": {"measure": "percentage", "method": "PPP_MII", "start": f"{today:%Y-%m}", "months": "1"}
        | said,
        "known": [
            {
                "code": code,
                "chosen": code in chosen,
                "value": _text(request, f"v.{code}"),
                "imported": _text(request, f"i.{code}"),
            }
            for code in known
        ],
        "measures": [(name, gettext(text)) for name, text in MEASURES.items()],
        "methods": sorted({(each.id, each.name) for each in in_order()}),
        "benchmarks": queries.benchmarks(),
        "report": report,
        "refusals": report.refusals[:REFUSALS_SHOWN] if report else [],
    }
    if request.method in ("GET", "HEAD") and said.get("by"):
        try:
            context |= _answered(request, said, tuple(chosen))
        except Refused as refused:
            refusal, status = refused.refusal.as_dict(), 422
    context |= {"refusal": refusal, "candidates": queries.candidates(), "plan": _plan(touched)}
    return render(request, "localisation/next.html", context, status=status)


def _answered(request: HttpRequest, said: dict[str, str], chosen: tuple[str, ...]) -> dict[str, Any]:
    own = {
        code: (value, imported)
        for code in chosen
        if (value := _amount(_text(request, f"v.{code}"), "value")) is not None
        and (imported := _amount(_text(request, f"i.{code}"), "imported")) is not None
    }
    measure: Measure = "percentage"
    if said.get("measure") == "count":
        measure = "count"
    elif said.get("measure") == "value":
        measure = "value"
    asked = Asked(
        products=chosen,
        by=said["by"],
        start=said.get("start") or f"{timezone.localdate():%Y-%m}",
        amount=_amount(said.get("target", ""), "target"),
        measure=measure,
        months=_whole(said.get("months", ""), "months") or 1,
        budget=_amount(said.get("budget", ""), "budget"),
        budget_on=said.get("budget_on", "total"),
        units=_whole(said.get("units", ""), "units"),
        method=_method(said.get("method") or "PPP_MII"),
        keep="once" not in said,
        local_parts=_whole(said.get("local_parts", ""), "local_parts") or 0,
        local_parts_value=_amount(said.get("local_parts_value", ""), "local_parts_value") or Decimal(0),
        said=own,
    )
    problem, present = problem_asked(asked, day=timezone.localdate())
    result = queries.answer(problem, seconds=SECONDS)
    return {"result": result, "present": present, "horizon": problem.months, **shown(result)}


def _method(name: str) -> str:
    """Return a method of the program; a path of a file is only for the command line."""
    known = {method.id for method in in_order()}
    if name not in known:
        raise refuse(
            "method.unknown", "There is no method {name}.", "Choose one of the list.", name=repr(name[:40])
        )
    return name


def _plan(known: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return for each product what is planned, month by month."""
    plan = queries.planned(known)
    months = [month for own in plan.values() for month in own]
    if not months:
        return []
    first, last = month_number(min(months)), month_number(max(months))
    return [
        {"code": code, "first": month_text(first), "last": month_text(last), "units": sum(own.values()),
         "most": max(own.values())}
        for code, own in plan.items()
    ]  # fmt: skip


def _said(request: HttpRequest) -> dict[str, str]:
    return {name: text for name in _TEXTS if (text := _text(request, name))}


def _text(request: HttpRequest, name: str) -> str:
    value = request.GET.get(name, "")
    return "".join(letter for letter in value if letter.isprintable()).strip()[:80]


def _amount(text: str, name: str) -> Decimal | None:
    if not text:
        return None
    try:
        found = Decimal(text.replace(",", ""))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) > 10**15:
        raise refuse(
            "localise_next.asked", "{field}: {reason}.", "Write digits, such as 50 or 1200.50.",
            field=name, reason=f"{text[:40]!r} is no number",
        )  # fmt: skip
    return found


def _whole(text: str, name: str) -> int | None:
    found = _amount(text, name)
    if found is None:
        return None
    if found != int(found) or not 0 <= found <= 10**9:
        raise refuse(
            "localise_next.asked", "{field}: {reason}.", "Write a whole number.",
            field=name, reason=f"{text[:40]!r} is no whole number",
        )  # fmt: skip
    return int(found)
