"""The bill of a revision: looked through page by page, edited line by line, opened through its assemblies."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from karkhana.design import operations
from karkhana.design.access import visible_products
from karkhana.design.bill import line_digest
from karkhana.design.bom import read_bom
from karkhana.design.bom_queries import (
    BomRow,
    BomWanted,
    bom_page,
    exploded,
    find_row,
    free_number,
    items_of,
)
from karkhana.design.models import Revision
from karkhana.design.pages import fields
from karkhana.design.pages.frame import answer, found_revision, revision_context
from karkhana.design.pages.imports import read_upload
from karkhana.design.pages.line_form import Draft, arranged, draft_of, item_from
from karkhana.design.release import BomItem
from karkhana.kernel.refusals import Refusal, Refused, refuse

FILTERS = (
    ("not_fitted", gettext_lazy("not fitted")),
    ("alternates", gettext_lazy("with alternates")),
    ("mechanical", gettext_lazy("mechanical")),
    ("assemblies", gettext_lazy("assemblies")),
    ("changed", gettext_lazy("changed")),
    ("problems", gettext_lazy("with a problem")),
)
NUMBER_MAX = 2**31 - 1


def bom_tab(request: HttpRequest, revision: Revision, refusal: Refusal | None = None) -> HttpResponse:
    """Show the lines that fit; only the rows when the table asks for more of them."""
    asked = request.GET
    wanted = _wanted(asked)
    page = bom_page(revision, wanted, after=_number(asked, "after") or 0)
    shown = {name: getattr(wanted, name) for name, _ in FILTERS}
    query = {"q": wanted.text} | {name: "1" for name, on in shown.items() if on}
    context = revision_context(request, revision, "bom") | {
        "page": page,
        "wanted": wanted,
        "filters": [
            (name, label, shown[name])
            for name, label in FILTERS
            if (name != "changed" or page.against) and (name != "problems" or revision.package is None)
        ],
        "query": urlencode({name: value for name, value in query.items() if value}),
        "line": _number(asked, "line"),
    }
    if request.headers.get("HX-Target") in ("bom-rows", "bom-more"):
        context["more_only"] = request.headers.get("HX-Target") == "bom-more"
        return render(request, "design/parts/bom_rows.html", context)
    if context["line"]:
        context |= _line_context(request, revision, context["line"])
    return answer(request, "design/revision_bom.html", context, refusal)


def _wanted(asked: QueryDict) -> BomWanted:
    return BomWanted(
        text=fields.text(asked, "q", 120),
        **{name: asked.get(name) == "1" for name, _ in FILTERS},
    )


def _number(asked: QueryDict, name: str) -> int | None:
    value = fields.text(asked, name, 12)
    return int(value) if value.isascii() and value.isdigit() and int(value) <= NUMBER_MAX else None


@never_cache
@require_safe
def bom_line(request: HttpRequest, product: str, revision: str, number: int) -> HttpResponse:
    """Show one line: to read, or in a draft to edit; number 0 is a new one."""
    found = found_revision(request, product, revision)
    context = revision_context(request, found, "bom")
    if number == 0 and not context["may_edit"]:
        raise Http404(gettext("There is no such line."))
    return _panel(request, found, context | _line_context(request, found, number))


def _line_context(request: HttpRequest, found: Revision, number: int) -> dict[str, Any]:
    row = find_row(found, number) if 0 < number <= NUMBER_MAX else None
    if row is None and number:
        raise Http404(gettext("There is no line %(number)s.") % {"number": number})
    item = row.item if row else BomItem(number=free_number(items_of(found)), part="")
    return {"row": row, "item": item, "draft": draft_of(item), "seen": line_digest(item) if row else ""}


def _panel(
    request: HttpRequest, found: Revision, context: dict[str, Any], refusal: Refusal | None = None
) -> HttpResponse:
    if getattr(request, "htmx", False):
        return answer(request, "design/parts/bom_line.html", context, refusal)
    page = bom_page(found)
    whole = context | {"page": page, "wanted": BomWanted(), "filters": [], "line": context["item"].number}
    return answer(request, "design/revision_bom.html", whole, refusal)


@never_cache
@require_POST
def bom_line_save(request: HttpRequest, product: str, revision: str, number: int) -> HttpResponse:
    """Store a line, drop it, or only put the alternates into another order."""
    found = found_revision(request, product, revision)
    said = request.POST
    draft = Draft.sent(said)
    arrange, action = fields.text(said, "arrange", 20), fields.text(said, "action", 10)
    seen = fields.text(said, "seen", 64)
    if arrange:
        return _again(request, found, number, arranged(draft, arrange), seen)
    name = {"product_code": found.product.code, "revision_code": found.code}
    try:
        if action == "drop":
            operations.drop_line(**name, number=number, seen=seen)
            return _dropped(request, found, number)
        item = item_from(draft)
        if number and item.number != number:
            raise refuse(
                "bom.line_number",
                "Line {number} cannot become line {other}.",
                "Drop the line and add one with the other number.",
                number=number,
                other=item.number,
            )
        operations.save_line(**name, item=item, seen=seen)
    except Refused as refused:
        return _again(request, found, number, draft, seen, refused.refusal)
    return _saved(request, found, item, is_new=not number)


def _again(
    request: HttpRequest,
    found: Revision,
    number: int,
    draft: Draft,
    seen: str,
    refusal: Refusal | None = None,
) -> HttpResponse:
    """Show the form as it was filled in."""
    context = revision_context(request, found, "bom")
    row = find_row(found, number) if 0 < number <= NUMBER_MAX else None
    item = row.item if row else BomItem(number=number, part="")
    context |= {"row": row, "item": item, "draft": draft, "seen": seen}
    return _panel(request, found, context, refusal)


def _saved(request: HttpRequest, found: Revision, item: BomItem, *, is_new: bool) -> HttpResponse:
    tab = reverse("design-revision-tab", args=[found.product.code, found.code, "bom"])
    if not getattr(request, "htmx", False):
        return redirect(f"{tab}?line={item.number}#line-{item.number}")
    if is_new:
        response = HttpResponse()
        response["HX-Redirect"] = f"{tab}?line={item.number}#line-{item.number}"
        return response
    context = revision_context(request, found, "bom") | _line_context(request, found, item.number)
    return answer(request, "design/parts/bom_line.html", context | {"saved": True})


def _dropped(request: HttpRequest, found: Revision, number: int) -> HttpResponse:
    if not getattr(request, "htmx", False):
        messages.success(request, gettext("Line %(number)s is out of the bill.") % {"number": number})
        return redirect("design-revision-tab", found.product.code, found.code, "bom")
    return render(request, "design/parts/bom_line_gone.html", {"number": number})


@never_cache
@require_POST
def bom_import(request: HttpRequest, product: str, revision: str) -> HttpResponse:
    """Put the bill of an uploaded file into a draft, in place of the lines that it has."""
    found = found_revision(request, product, revision)
    upload = request.FILES.get("file")
    try:
        if upload is None:
            raise refuse(
                "bom.no_file", "No file came with the form.", "Choose or drop a file, then try again."
            )
        name, data = read_upload(upload)
        operations.import_bom(
            report=read_bom(data, file_name=name),
            product_code=found.product.code,
            revision_code=found.code,
            now=timezone.now(),
        )
    except Refused as refused:
        return bom_tab(request, found, refused.refusal)
    messages.success(request, gettext("The bill is in place; the history says how the file was read."))
    return redirect("design-revision-tab", found.product.code, found.code, "bom")


@never_cache
@require_safe
def bom_assembly(request: HttpRequest, product: str, revision: str, number: int) -> HttpResponse:
    """Show the lines of the assembly that a line is, to stand below it."""
    found = found_revision(request, product, revision)
    row = find_row(found, number) if 0 < number <= NUMBER_MAX else None
    if row is None or row.item.assembly is None:
        raise Http404(gettext("The line is no assembly."))
    inner = found_revision(request, *row.item.assembly)
    context: dict[str, Any] = {
        "outer": row.item,
        "inner": inner,
        "rows": [BomRow(item, own=True, changed=False, problem="") for item in items_of(inner)[:500]],
    }
    template = "design/parts/bom_assembly.html"
    if not getattr(request, "htmx", False):
        return redirect("design-revision-tab", inner.product.code, inner.code, "bom")
    return render(request, template, context)


@never_cache
@require_safe
def bom_exploded(request: HttpRequest, product: str, revision: str) -> HttpResponse:
    """Show the bill through all its assemblies, with how many of each part a unit has."""
    found = found_revision(request, product, revision)
    visible = frozenset(visible_products(request.user).values_list("code", flat=True))
    context = revision_context(request, found, "bom")
    try:
        view = exploded(found, visible, after=_number(request.GET, "after") or 0)
    except Refused as refused:
        return answer(request, "design/revision_exploded.html", context | {"view": None}, refused.refusal)
    return answer(request, "design/revision_exploded.html", context | {"view": view})
