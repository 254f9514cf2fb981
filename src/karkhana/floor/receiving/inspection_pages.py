"""Pages of incoming inspection: the queue, one lot with its plan or result, the severity of its source."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from karkhana.floor.pages import asked
from karkhana.floor.receiving import judging, queries
from karkhana.floor.receiving.asked import read_quantity
from karkhana.floor.receiving.pages import posted
from karkhana.kernel.refusals import Refusal, Refused, refuse
from karkhana.supply.incoming import operations
from karkhana.supply.incoming.queries import Switch, history_of
from karkhana.supply.incoming.sampling.rules import DISCONTINUED, START
from karkhana.supply.incoming.sampling.tables import NORMAL, REDUCED, TIGHTENED, tables
from karkhana.supply.models import Inspection
from karkhana.supply.models.incoming import DISPOSITIONS

LANES = (REDUCED, NORMAL, TIGHTENED, DISCONTINUED)
DOTS_MAX, STEP, LANE, LEFT, TOP = 40, 16, 24, 96, 16
ROWS = 8
"""Empty rows for defects in the form."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A lot in the drawing of a source's severity, or a note where ``lot`` is empty."""

    x: int
    y: int
    lot: str
    verdict: str
    state: str
    at: Any


@dataclass(frozen=True, slots=True)
class SeverityChart:
    """How severe inspection was, lot by lot, and is next; places are pixels.

    The names of the lanes are drawn apart, ``margin`` wide, so that they stay when the lots are scrolled.
    """

    margin: int
    width: int
    height: int
    lanes: tuple[tuple[str, int], ...]
    path: str
    dots: tuple[Dot, ...]
    more: int


def severity_chart(history: Sequence[Switch]) -> SeverityChart:
    """Draw the latest lots of a source: a line through the severities, a mark for each verdict."""
    shown = history[-DOTS_MAX:]
    places = {state: TOP + LANE * index for index, state in enumerate(LANES)}
    dots, points = [], []
    for index, one in enumerate(shown):
        x, y = LEFT + STEP * index, places[one.before.state]
        points += [(x - STEP // 2, y), (x + STEP // 2, y)]
        dots.append(Dot(x, y, one.lot, one.verdict, one.before.state, one.at))
    end = LEFT + STEP * len(shown)
    now = places[shown[-1].after.state if shown else START.state]
    points += [(end - STEP // 2, now), (end + STEP // 2, now)]
    path = "M" + " L".join(f"{x} {y}" for x, y in points)
    return SeverityChart(
        margin=LEFT - STEP,
        width=end + STEP - (LEFT - STEP),
        height=TOP + LANE * len(LANES) - LANE // 2,
        lanes=tuple(places.items()),
        path=path,
        dots=tuple(dots),
        more=len(history) - len(shown),
    )


@never_cache
@require_safe
def inspections(request: HttpRequest) -> HttpResponse:
    """Show the lots that wait, and those that were judged."""
    page = queries.done_page(asked.number(request, "after", 2**62))
    context = {"waiting": queries.waiting_rows(), "page": page}
    return render(request, "floor/receiving/inspections.html", context)


@never_cache
@require_safe
def inspection(request: HttpRequest, number: int) -> HttpResponse:
    """Show one lot's plan to inspect by, or its result."""
    return _show(request, number, {}, None)


def _found(number: int) -> Inspection:
    try:
        return judging.find_inspection(number)
    except Refused as refused:
        raise Http404(refused.refusal.message) from refused


def _show(request: HttpRequest, number: int, said: dict[str, str], refusal: Refusal | None) -> HttpResponse:
    one = _found(number)
    result = getattr(one, "result", None)
    row = queries.waiting_row(one) if result is None else None
    history = history_of(one.supplier, one.part)
    severity = history[-1].after if history else START
    defects = _typed_defects(said)
    context = {
        "one": one,
        "row": row,
        "result": result,
        "disposition": getattr(one, "disposition", None),
        "severity": severity,
        "chart": severity_chart(history),
        "switching": tables().switching,
        "history": tuple(reversed(history[-DOTS_MAX:])),
        "said": said,
        "defects": defects + [("", "")] * max(ROWS - len(defects), 1),
        "dispositions": DISPOSITIONS,
        "others": Inspection.objects.filter(lot=one.lot).exclude(pk=one.pk).order_by("pk"),
        "refusal": refusal.as_dict() if refusal else None,
    }
    return render(request, "floor/receiving/inspection.html", context, status=422 if refusal else 200)


def _typed_defects(said: dict[str, str]) -> list[tuple[str, str]]:
    """Return the rows of the form that were filled in: (code, count)."""
    rows = []
    for index in range(judging.DEFECTS_MAX + 1):
        code, count = said.get(f"code-{index}", "").strip(), said.get(f"count-{index}", "").strip()
        if code or count:
            rows.append((code, count))
    return rows


def _count(text: str, what: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise refuse(
            "inspection.number",
            "{value} is no {what}.",
            "Write a whole number, 0 or more.",
            value=repr(text[:20]),
            what=what,
        )
    return int(text)


@never_cache
@require_POST
def inspection_judge(request: HttpRequest, number: int) -> HttpResponse:
    """Judge a lot by what was found in its sample."""
    said = posted(request)
    _found(number)
    try:
        name, digest = _report(request)
        findings = judging.Findings(
            nonconforming=_count(said.get("nonconforming", ""), "count of items"),
            defects=tuple((code, _count(count, "count of defects")) for code, count in _typed_defects(said)),
            inspector=said.get("inspector", "").strip() or request.user.get_username(),
            severity=said.get("severity") or None,
            report_name=name,
            report_sha256=digest,
        )
        result = judging.judge(number=number, findings=findings, now=timezone.now(), user=request.user)
    except Refused as refused:
        return _show(request, number, said, refused.refusal)
    lot = {"lot": result.inspection.lot}
    messages.success(
        request,
        gettext("Lot %(lot)s is accepted and leaves quarantine.") % lot
        if result.verdict == "accepted"
        else gettext("Lot %(lot)s is refused and stays in quarantine.") % lot,
    )
    return redirect("inspection", number=number)


def _report(request: HttpRequest) -> tuple[str, str]:
    """Return the name and SHA-256 of the report that was handed in; the file itself is not kept."""
    file = request.FILES.get("report")
    if not isinstance(file, UploadedFile):
        return "", ""
    digest = hashlib.sha256()
    for block in file.chunks():
        digest.update(block)
    name = "".join(letter for letter in file.name or "report" if letter.isprintable())[-200:]
    return name, digest.hexdigest()


@never_cache
@require_POST
def inspection_dispose(request: HttpRequest, number: int) -> HttpResponse:
    """Say what is done with a refused lot."""
    said = posted(request)
    _found(number)
    try:
        judging.dispose(
            number=number,
            what=said.get("what", ""),
            good=read_quantity(said["good"]) if said.get("good", "").strip() else None,
            bad=read_quantity(said["bad"]) if said.get("bad", "").strip() else None,
            deviation=said.get("deviation", "").strip(),
            note=said.get("note", "").strip(),
            now=timezone.now(),
            user=request.user,
        )
    except Refused as refused:
        return _show(request, number, said, refused.refusal)
    return redirect("inspection", number=number)


@never_cache
@require_POST
def inspection_again(request: HttpRequest) -> HttpResponse:
    """Present a lot to inspection again."""
    lot = posted(request).get("lot", "").strip()
    try:
        made = judging.present_again(lot=lot, now=timezone.now(), user=request.user)
    except Refused as refused:
        return asked.refused_page(request, refused)
    return redirect("inspection", number=made.pk)


@never_cache
@require_POST
def severity_note(request: HttpRequest, number: int) -> HttpResponse:
    """Note on the source of a lot that production is irregular, or that the supplier put things right."""
    said = posted(request)
    one = _found(number)
    try:
        operations.note_severity(
            supplier=one.supplier,
            part=one.part,
            what=said.get("what", ""),
            reason=said.get("reason", "").strip(),
            now=timezone.now(),
            user=request.user,
        )
    except Refused as refused:
        return _show(request, number, said, refused.refusal)
    return redirect("inspection", number=number)
