"""Pages of first articles: the form, filled in with what release and testers know; the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from karkhana.design.access import product_for
from karkhana.design.models import FirstArticle, Revision
from karkhana.design.queries import find_revision
from karkhana.design.release import decode_package
from karkhana.floor.pages import asked
from karkhana.floor.stages.articles import (
    CHARACTERISTICS_MAX,
    Measured,
    measured_on,
    read_amount,
    record_first_article,
    tests_of,
)
from karkhana.kernel.refusals import Refusal, Refused

BLANK_ROWS = 6
_COLUMNS = ("name", "unit_of_measure", "nominal", "low", "high", "measured")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the form, as text."""

    name: str = ""
    unit_of_measure: str = ""
    nominal: str = ""
    low: str = ""
    high: str = ""
    measured: str = ""


@never_cache
@require_safe
def first_article(request: HttpRequest, product: str, number: int) -> HttpResponse:
    """Show one first-article inspection by the three forms of AS9102."""
    try:
        found = product_for(request.user, product)
    except Refused as refused:
        raise Http404(refused.refusal.message) from refused
    article = (
        FirstArticle.objects.select_related("revision", "recorded_by")
        .filter(product=found, pk=min(number, 2**62))
        .first()
    )
    if article is None:
        raise Http404
    rows = tuple(article.characteristics.order_by("number"))
    package = decode_package(article.revision.package or "")
    context = {
        "product": found,
        "article": article,
        "rows": rows,
        "accepted": bool(rows) and all(row.conforms for row in rows),
        "documents": package.documents,
        "parts": tuple(part for step in package.steps for part in step.key_parts),
    }
    return render(request, "floor/stages/article.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_first_article(request: HttpRequest, product: str) -> HttpResponse:
    """Ask for what was measured on a unit, and record it."""
    try:
        found = product_for(request.user, product)
        revision = find_revision(product, asked.text(request, "revision", 40))
    except Refused as refused:
        raise Http404(refused.refusal.message) from refused
    serial = asked.text(request, "serial", 80)
    if request.method != "POST":
        return _form(request, found, revision, serial, _prefilled(revision, serial), None)
    rows = _said(request.POST)
    try:
        made = record_first_article(
            product_code=product,
            revision_code=revision.code,
            serial=request.POST.get("serial", "").strip()[:80],
            reason=request.POST.get("reason", ""),
            inspector=request.POST.get("inspector", ""),
            documents=[text for text in request.POST.get("documents", "").splitlines() if text.strip()],
            characteristics=[_measured(number, row) for number, row in enumerate(rows, start=1)],
            user=request.user,
            now=timezone.now(),
        )
    except Refused as refused:
        return _form(request, found, revision, serial, rows, refused.refusal)
    return redirect("first-article", product=product, number=made.pk)


def _prefilled(revision: Revision, serial: str) -> list[Row]:
    """Return a row per measurement of the release, with what the testers measured on the unit."""
    if revision.package is None:
        raise Http404
    known = measured_on(serial) if serial else {}
    return [
        Row(
            test.name,
            test.unit_of_measure,
            "",
            "" if test.low is None else str(test.low),
            "" if test.high is None else str(test.high),
            str(known[test.name]) if test.name in known else "",
        )
        for test in tests_of(decode_package(revision.package)).values()
    ]


def _said(said: Any) -> list[Row]:
    columns = [said.getlist(name)[: CHARACTERISTICS_MAX + 1] for name in _COLUMNS]
    height = min(map(len, columns))
    rows = [Row(*(column[index][:200] for column in columns)) for index in range(height)]
    return [row for row in rows if row.name.strip() or row.measured.strip()]


def _measured(number: int, row: Row) -> Measured:
    """Read a row.

    Raises:
        Refused: ``first_article.number``.
    """
    measured = read_amount(row.measured, number, "measured")
    if measured is None:
        measured = read_amount("nothing", number, "measured")
    assert measured is not None
    return Measured(
        name=row.name.strip(),
        measured=measured,
        low=read_amount(row.low, number, "low"),
        high=read_amount(row.high, number, "high"),
        nominal=read_amount(row.nominal, number, "nominal"),
        unit_of_measure=row.unit_of_measure.strip(),
    )


def _form(
    request: HttpRequest,
    product: Any,
    revision: Revision,
    serial: str,
    rows: list[Row],
    refusal: Refusal | None,
) -> HttpResponse:
    context = {
        "product": product,
        "revision": revision,
        "serial": request.POST.get("serial", serial),
        "rows": [*rows, *[Row()] * BLANK_ROWS],
        "said": request.POST,
        "refusal": refusal.as_dict() if refusal else None,
    }
    return render(request, "floor/stages/new_article.html", context, status=422 if refusal else 200)
