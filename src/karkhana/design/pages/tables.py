"""The tabs that are tables of a plan: identities, firmware, labels and packing, documents, compliance.

One description of the columns (``TABLES``) serves showing a table and reading it back from its form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

import msgspec
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from karkhana.design import operations
from karkhana.design.models import Revision, StoredFile
from karkhana.design.operations.documents import FILE_MAX, add_document
from karkhana.design.pages import fields
from karkhana.design.pages.frame import answer, found_revision, revision_context
from karkhana.design.plan import Plan
from karkhana.design.release import (
    ComplianceItem,
    Document,
    FirmwareRule,
    IdentityRule,
    LabelRule,
    PackPlan,
)
from karkhana.design.route_queries import draft_problems, shown_plan
from karkhana.kernel.identities import SCHEMES
from karkhana.kernel.refusals import Refusal, Refused

BLANK_ROWS = 2
ROWS_MAX = 500
_CHOSEN = ("choice", "yes")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the field's name, its heading, how it is typed in, and how wide.

    ``kind`` is text, optional (empty means none), choice, decimal, whole, list or yes.
    """

    name: str
    label: str | Promise
    kind: str = "text"
    choices: tuple[str, ...] = ()
    size: int = 14
    mono: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A tab that is a table: the plan's attribute, what its entries are, and its columns."""

    attribute: str
    entry: Any
    columns: tuple[Column, ...]


def _literals(entry: Any, name: str) -> tuple[str, ...]:
    return tuple(get_args(get_type_hints(entry)[name]))


TABLES: dict[str, Table] = {
    "identities": Table(
        "identities",
        IdentityRule,
        (
            Column("kind", gettext_lazy("Kind"), mono=True),
            Column("scheme", gettext_lazy("Scheme"), "choice", tuple(SCHEMES)),
            Column("first", gettext_lazy("First"), "optional", size=18, mono=True),
            Column("last", gettext_lazy("Last"), "optional", size=18, mono=True),
            Column("pattern", gettext_lazy("Pattern"), "optional", size=22, mono=True),
            Column("template", gettext_lazy("Template"), "optional", size=24, mono=True),
        ),
    ),
    "firmware": Table(
        "firmware",
        FirmwareRule,
        (
            Column("target", gettext_lazy("Target"), size=10),
            Column("version", gettext_lazy("Version"), size=10),
            Column("sha256", gettext_lazy("SHA-256 of the image"), size=66, mono=True),
            Column("markets", gettext_lazy("Markets (empty: all)"), "list", size=12),
        ),
    ),
    "labels": Table(
        "labels",
        LabelRule,
        (
            Column("name", gettext_lazy("Name")),
            Column("level", gettext_lazy("Goes on"), "choice", _literals(LabelRule, "level")),
            Column("symbology", gettext_lazy("Symbology"), "choice", _literals(LabelRule, "symbology")),
            Column("content", gettext_lazy("Content"), size=40, mono=True),
            Column("width_mm", gettext_lazy("Width mm"), "decimal", size=5),
            Column("height_mm", gettext_lazy("Height mm"), "decimal", size=5),
        ),
    ),
    "documents": Table(
        "documents",
        Document,
        (
            Column("name", gettext_lazy("Name"), size=30),
            Column("kind", gettext_lazy("Kind"), size=14),
            Column("sha256", gettext_lazy("SHA-256 of the content"), size=66, mono=True),
            Column("size", gettext_lazy("Bytes"), "whole", size=9),
        ),
    ),
    "compliance": Table(
        "compliance",
        ComplianceItem,
        (
            Column("code", gettext_lazy("Code"), mono=True),
            Column("title", gettext_lazy("What it is"), size=34),
            Column("authority", gettext_lazy("Authority"), size=14),
            Column("source", gettext_lazy("Rule and date"), size=26),
            Column("required", gettext_lazy("Needed"), "yes"),
            Column("certificate", gettext_lazy("Certificate"), size=16, mono=True),
            Column("evidence", gettext_lazy("SHA-256 of the evidence"), "optional", size=20, mono=True),
        ),
    ),
}
PACKING: tuple[tuple[str, str | Promise, str], ...] = (
    ("panel_positions", gettext_lazy("Boards on a panel"), "whole"),
    ("repair_limit", gettext_lazy("Repairs allowed"), "whole"),
    ("units_per_box", gettext_lazy("Units in a box"), "whole"),
    ("boxes_per_carton", gettext_lazy("Boxes in a carton"), "whole"),
    ("cartons_per_pallet", gettext_lazy("Cartons on a pallet"), "whole"),
    ("gtin", gettext_lazy("GTIN"), "optional"),
    ("markets", gettext_lazy("Markets (empty: all)"), "list"),
    ("serial_prefix", gettext_lazy("Serials begin with"), "text"),
    ("panel_prefix", gettext_lazy("Panel serials begin with"), "text"),
    ("trolley", gettext_lazy("Feeder trolleys"), "text"),
)
"""Fields of packing and building that stand once in a plan, on the tab of labels."""


def table_tab(
    request: HttpRequest, revision: Revision, tab: str, refusal: Refusal | None = None
) -> HttpResponse:
    """Show a table of a revision's plan; with a refusal as it was filled in."""
    table, plan = TABLES[tab], shown_plan(revision)
    context = revision_context(request, revision, tab)
    entries = [
        [_shown(getattr(entry, column.name), column.kind) for column in table.columns]
        for entry in getattr(plan, table.attribute)
    ]
    if refusal and "row" in request.POST:
        entries = _as_sent(request.POST, table)
    blank = [["" for _ in table.columns] for _ in range(BLANK_ROWS)] if context["may_edit"] else []
    packing = [(name, label, kind, _packed(plan, name, kind)) for name, label, kind in PACKING]
    stored: frozenset[str] = frozenset()
    if tab == "documents":
        names = [document.sha256 for document in plan.documents]
        stored = frozenset(StoredFile.objects.filter(pk__in=names).values_list("pk", flat=True))
    context |= {
        "columns": table.columns,
        "entries": [list(zip(table.columns, entry, strict=True)) for entry in entries],
        "blank": [list(zip(table.columns, entry, strict=True)) for entry in blank],
        "packing": packing if tab == "labels" else [],
        "stored": stored,
        "file_max": FILE_MAX // 1048576,
        "version": revision.plan_version,
        "problems": [problem.text for problem in draft_problems(revision) if problem.place == tab],
    }
    return answer(request, "design/revision_table.html", context, refusal)


def _shown(value: Any, kind: str) -> str:
    if kind == "list":
        return ", ".join(value)
    if kind == "yes":
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _packed(plan: Plan, name: str, kind: str) -> str:
    return _shown(getattr(plan.pack if name in PackPlan.__struct_fields__ else plan, name), kind)


def _as_sent(said: QueryDict, table: Table) -> list[list[str]]:
    count = min(fields.rows(said, *(column.name for column in table.columns)), ROWS_MAX)
    rows = [[fields.column(said, column.name, place) for column in table.columns] for place in range(count)]
    return [row for row in rows if any(row)]


@never_cache
@require_POST
def table_save(request: HttpRequest, product: str, revision: str, tab: str) -> HttpResponse:
    """Store a table of a draft as it was filled in."""
    found = found_revision(request, product, revision)
    if tab not in TABLES:
        raise Http404(gettext("There is no page %(page)s of a revision.") % {"page": tab})
    try:
        change = _packing_change if request.POST.get("part") == "packing" else _table_change(TABLES[tab])
        operations.save_plan(
            product_code=found.product.code,
            revision_code=found.code,
            plan=change(shown_plan(found), request.POST),
            version=fields.version(request),
        )
    except Refused as refused:
        return table_tab(request, found, tab, refused.refusal)
    messages.success(request, gettext("Stored."))
    return redirect("design-revision-tab", found.product.code, found.code, tab)


def _table_change(table: Table) -> Callable[[Plan, QueryDict], Plan]:
    def change(plan: Plan, said: QueryDict) -> Plan:
        names = [column.name for column in table.columns]
        count = min(fields.rows(said, *names), ROWS_MAX)
        entries = []
        for place in range(count):
            sent = [fields.column(said, name, place, 4000) for name in names]
            typed = zip(sent, table.columns, strict=True)
            # A row with nothing but its choices is one of the blank ones.
            if any(text for text, column in typed if column.kind not in _CHOSEN):
                entries.append(_entry(table, sent, place + 1))
        return msgspec.structs.replace(plan, **{table.attribute: tuple(entries)})

    return change


def _entry(table: Table, sent: list[str], row: int) -> Any:
    """Read one row.

    Raises:
        Refused: ``plan.field``, naming the row and column.
    """
    values = {
        column.name: _read(text, column.kind, f"{row}. {column.label}")
        for column, text in zip(table.columns, sent, strict=True)
    }
    values = {name: value for name, value in values.items() if value is not msgspec.UNSET}
    try:
        return msgspec.convert(values, table.entry)
    except msgspec.ValidationError as problem:
        raise fields.not_a(str(problem), f"row {row}", "valid entry") from problem


def _read(text: str, kind: str, name: str) -> Any:
    if kind == "optional":
        return text or None
    if kind == "whole":
        return fields.whole(text, name) if text else msgspec.UNSET
    if kind == "decimal":
        return fields.decimal(text, name) if text else msgspec.UNSET
    if kind == "list":
        return fields.words(text)
    if kind == "yes":
        return text == "yes"
    return text


def _packing_change(plan: Plan, said: QueryDict) -> Plan:
    values = {name: _read(fields.text(said, name), kind, str(label)) for name, label, kind in PACKING}
    values = {name: value for name, value in values.items() if value is not msgspec.UNSET}
    pack = {name: values.pop(name) for name in PackPlan.__struct_fields__ if name in values}
    return msgspec.structs.replace(plan, **values, pack=msgspec.structs.replace(plan.pack, **pack))


@never_cache
@require_POST
def document_add(request: HttpRequest, product: str, revision: str) -> HttpResponse:
    """Store an uploaded file and name it in the draft's documents."""
    found = found_revision(request, product, revision)
    file = request.FILES.get("file")
    try:
        add_document(
            product_code=found.product.code,
            revision_code=found.code,
            name=fields.text(request.POST, "name", 200) or (file.name or "" if file else ""),
            kind=fields.text(request.POST, "kind", 80),
            content=file.read() if file and (file.size or 0) <= FILE_MAX else None,
            media_type=(file.content_type or "") if file else "",
            version=fields.version(request),
            now=timezone.now(),
        )
    except Refused as refused:
        return table_tab(request, found, "documents", refused.refusal)
    messages.success(request, gettext("Stored."))
    return redirect("design-revision-tab", found.product.code, found.code, "documents")


@never_cache
@require_safe
def document_file(request: HttpRequest, product: str, revision: str, sha256: str) -> HttpResponse:
    """Send the content of a document that the revision names."""
    found = found_revision(request, product, revision)
    named = next((one for one in shown_plan(found).documents if one.sha256 == sha256), None)
    file = StoredFile.objects.filter(pk=sha256).first() if named else None
    if named is None or file is None:
        raise Http404(gettext("The file is not kept here."))
    response = HttpResponse(bytes(file.content), content_type="application/octet-stream")
    name = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_"
                   for letter in named.name)  # fmt: skip
    response["Content-Disposition"] = f'attachment; filename="{name[:120] or sha256}"'
    return response
