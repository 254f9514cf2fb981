"""Pages of registers: upload, preview, import with progress, what was refused; and bills of entry."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from karkhana.kernel.money import CURRENCIES
from karkhana.kernel.refusals import Refused, refuse
from karkhana.supply.duties.catalogue import duties_for
from karkhana.supply.forms import asked, asked_number, said
from karkhana.supply.models.money import RATE_KINDS
from karkhana.supply.models.registers import RegisterRun
from karkhana.supply.registers import background, queries
from karkhana.supply.registers.context import Settings
from karkhana.supply.registers.kinds import KINDS
from karkhana.supply.registers.looking import preview
from karkhana.supply.registers.reading import BYTES_MAX
from karkhana.supply.registers.rules.columns import read_overrides

RUNS_SHOWN, REFUSALS_SHOWN, ITEMS_SHOWN = 25, 60, 100


@never_cache
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show what of the supply needs somebody, and where everything is."""
    found = queries.attention(timezone.localdate())
    context = {
        "found": found,
        "soon": queries.SOON.days,
        "most": queries.COUNT_MAX,
        "today": timezone.localdate(),
    }
    return render(request, "supply/overview.html", context)


@never_cache
@require_safe
def registers(request: HttpRequest) -> HttpResponse:
    """Show the form for a register and what was imported before."""
    context = {
        "kinds": tuple(KINDS),
        "kind": asked(request, "kind") if asked(request, "kind") in KINDS else "purchases",
        "currencies": sorted(CURRENCIES),
        "rate_kinds": RATE_KINDS,
        "max_bytes": BYTES_MAX,
        "max_megabytes": BYTES_MAX // 2**20,
        "runs": RegisterRun.objects.order_by("-started_at", "-pk")[:RUNS_SHOWN],
    }
    return render(request, "supply/registers/registers.html", context)


@never_cache
@require_POST
def register_preview(request: HttpRequest) -> HttpResponse:
    """Show how an uploaded register would be read. Writes nothing."""
    path: Path | None = None
    try:
        path = background.kept(request.FILES.get("file"))
        name = _file_name(request)
        settings = _settings(request)
        shown = preview(kind=said(request, "kind"), path=path, name=name, settings=settings)
    except Refused as refused:
        return _refused(request, refused)
    finally:
        if path is not None:
            path.unlink(missing_ok=True)
    mapped = {heading: name for name, heading in shown["columns"].items()}
    context = {
        "shown": shown,
        "columns": [(heading, mapped.get(heading, "")) for heading in shown["headings"]],
        "said_columns": [f"{heading}={name}" for heading, name in settings.columns.items()],
        "names": list(shown["columns"]),
        "rows": [_row(row, list(shown["columns"])) for row in shown["first_rows"]],
    }
    return render(request, "supply/registers/preview.html", context)


def _row(row: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return row | {"values": [row["row"].get(name) for name in names]}


@never_cache
@require_POST
def register_import(request: HttpRequest) -> HttpResponse:
    """Import the register that was previewed, and go to the account of it."""
    path: Path | None = None
    try:
        settings = _settings(request)
        path = background.kept(request.FILES.get("file"))
        run = background.start(
            kind=said(request, "kind"),
            path=path,
            name=_file_name(request),
            settings=settings,
            user=request.user.get_username(),
        )
    except Refused as refused:
        if path is not None:
            path.unlink(missing_ok=True)
        return _refused(request, refused)
    address = reverse("supply-register", args=[run.pk])
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(address)
    return redirect(address)


def _file_name(request: HttpRequest) -> str:
    file = request.FILES.get("file")
    name = (file.name if file else "") or "register"
    return "".join(sign for sign in name if sign.isprintable())[:200]


def _settings(request: HttpRequest) -> Settings:
    """Return what the form says of the file: choices of columns that were changed, and those before them."""
    columns = read_overrides(
        text for text in request.POST.getlist("said") if isinstance(text, str) and "=" in text
    )
    headings, names = request.POST.getlist("heading"), request.POST.getlist("column")
    before = request.POST.getlist("was")
    if len(headings) != len(names) or len(headings) != len(before):
        raise refuse("register.form", "The form came incomplete.", "Look at the preview again.")
    columns |= {
        str(heading): str(name)
        for heading, name, was in zip(headings, names, before, strict=True)
        if name != was
    }
    return Settings(
        columns=columns,
        decimal=said(request, "decimal"),
        dates=said(request, "dates"),
        currency=said(request, "currency"),
        rate_kind=said(request, "rate_kind") or "customs",
        create_suppliers=said(request, "create_suppliers") == "yes",
    )


def _refused(request: HttpRequest, refused: Refused) -> HttpResponse:
    # 200 for htmx, which shows nothing of an answer that is an error; the refusal is the content.
    status = 200 if request.headers.get("HX-Request") else 422
    return render(request, "supply/refused.html", {"refusal": refused.refusal.as_dict()}, status=status)


def _run(number: int) -> RegisterRun:
    found = RegisterRun.objects.filter(pk=number).first() if number < 2**63 else None
    if found is None:
        raise Http404(gettext("There is no such import."))
    return found


@never_cache
@require_safe
def register_run(request: HttpRequest, number: int) -> HttpResponse:
    """Show what an import did, and while it is under way how far it is."""
    run = _run(number)
    context = {
        "run": run,
        "codes": sorted(run.codes.items(), key=lambda item: -item[1]),
        "refusals": run.refusals.order_by("line", "pk")[:REFUSALS_SHOWN] if run.state != "running" else (),
        "more": max(0, run.refused - REFUSALS_SHOWN),
    }
    part = "HX-Request" in request.headers and request.GET.get("part") == "run"
    return render(request, "supply/registers/account.html" if part else "supply/registers/run.html", context)


class _Echo:
    def write(self, text: str) -> str:
        return text


@never_cache
@require_safe
def register_refused(request: HttpRequest, number: int) -> HttpResponseBase:
    """Hand out the refused rows of an import: mended, the same file can be imported."""
    run = _run(number)
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield "\ufeff"  # spreadsheets take it for UTF-8 then
        for row in queries.refused_rows(run.pk):
            yield writer.writerow(row)

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="refused-{run.pk}.csv"'
    return answer


@never_cache
@require_safe
def bills(request: HttpRequest) -> HttpResponse:
    """Show the items of bills of entry, with what the duty tables say of their rates."""
    number = asked(request, "number", 20).upper()
    items = queries.bill_items(number=number, after=asked_number(request, "after"), limit=ITEMS_SHOWN + 1)
    rows = [{"item": item, "remark": _remark(item)} for item in items[:ITEMS_SHOWN]]
    page = {"after": items[ITEMS_SHOWN - 1].pk if len(items) > ITEMS_SHOWN else None}
    if number and not items:
        messages.info(request, gettext("There is no bill of entry %(number)s.") % {"number": number})
    return render(request, "supply/registers/bills.html", {"rows": rows, "number": number, "page": page})


def _remark(item: Any) -> str:
    """Say which rates the tables have for an item's heading where its own is none of them."""
    known = sorted(
        {rate.percent for rate in duties_for(item.hsn, item.bill.date) if rate.percent is not None}
    )
    if not known or item.duty_percent in known:
        return ""
    return " / ".join(f"{rate.normalize():f}" for rate in known)
