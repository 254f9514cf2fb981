"""The page of local value as designed: a revision, a method, and every part with its sources."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from karkhana.design.access import revision_for, visible_products
from karkhana.design.models import Revision
from karkhana.design.models.product import RELEASED
from karkhana.design.queries import find_revision
from karkhana.kernel.refusals import Refused, refuse
from karkhana.localisation.catalogue import method_for
from karkhana.localisation.designed.differing import moved
from karkhana.localisation.designed.http import only_known
from karkhana.localisation.designed.queries import (
    GST_PERCENT,
    VOLUME,
    DesignedResult,
    DesignedRow,
    Valued,
    value_found,
)
from karkhana.localisation.pages.methods import choices_of, in_order
from karkhana.localisation.rules.methods import Method
from karkhana.localisation.rules.pieces import Line, plain
from karkhana.localisation.rules.valuing import Settings

PARAMETER = "p."
DEFAULT_METHOD = "PPP_MII"
ROWS_SHOWN = 60
REVISIONS_MAX = 2000
INSTEAD_MAX = 12
_TEXTS = ("what", "product", "revision", "method", "day", "volume", "gst_percent", "market",
          "against", "all")  # fmt: skip
_REASONS = {
    "unknown_part": gettext_noop("No part of this number is held."),
    "no_price": gettext_noop("No price is held for the day."),
    "not_approved": gettext_noop("A price is held, but no source of it is approved."),
    "no_rate": gettext_noop("A price is held, but no exchange rate of its currency."),
}
"""The sentences of ``queries.REASONS``, where translators find them."""


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of the table with what it counts in a unit; ``share`` is its part of the imported value."""

    row: DesignedRow
    value: Decimal
    imported: Decimal
    best: Decimal
    worst: Decimal


@dataclass(frozen=True, slots=True)
class Doubt:
    """One kind of thing that is not proved, with how often and of what."""

    code: str
    count: int
    parts: tuple[str, ...]


@never_cache
@require_safe
def designed_page(request: HttpRequest) -> HttpResponse:
    """Show a revision's local value, or the form alone."""
    said = _said(request)
    revisions = _revisions(request.user)
    context: dict[str, Any] = {"said": said, "revisions": revisions}
    status = 200
    try:
        revision = context["revision"] = _chosen(revisions, said, request.user)
        day = _day(said.get("day", ""))
        method = method_for(only_known(said.get("method") or DEFAULT_METHOD), day)
        chosen = _parameters(said, method)
        context |= _form(method, chosen, day)
        if revision is not None:
            context |= _valued(revision, revisions, said, Settings.of(method, chosen, day=day))
    except Refused as refused:
        context |= {"refusal": refused.refusal.as_dict(), "instead": _instead(revisions, said, refused)}
        status = 422
    if "methods" not in context:
        today = timezone.localdate()
        context |= _form(method_for(DEFAULT_METHOD, today), {}, today)
    if status == 200 and "result" in context and request.GET.get("format") == "csv":
        return _csv(context["revision"], context["result"])
    context["query"] = urlencode({name: value for name, value in said.items() if name != "all"})
    return render(request, "localisation/designed.html", context, status=status)


def _csv(revision: Revision, result: DesignedResult) -> HttpResponse:
    """Return every part with its three sources as a file; amounts are rupees for one unit."""
    out = io.StringIO()
    writer = csv.writer(out)
    cases = ("usual", "best", "worst")
    heads = [
        f"{case} {what}" for case in cases for what in ("part", "supplier", "origin", "channel", "imported")
    ]
    writer.writerow(["part", "manufacturer", "description", "quantity", "value", *heads, "why"])
    for row in result.rows:
        demand = row.demand
        cells = [
            demand.name,
            demand.manufacturer,
            demand.description,
            plain(demand.quantity),
            plain(row.value),
        ]
        for valued in (row.usual, row.best, row.worst):
            cells += _cells(valued, demand.quantity)
        cells.append(row.usual.share.why if row.usual else gettext(_REASONS[demand.reason]))
        writer.writerow([_harmless(cell) for cell in cells])
    name = "".join(
        c if c.isalnum() or c in "-_." else "_" for c in f"{revision.product.code}-{revision.code}"
    )
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="designed-{name[:80]}.csv"'
    return response


def _cells(valued: Valued | None, quantity: Decimal) -> list[str]:
    if valued is None:
        return [""] * 5
    offer = valued.option.offer
    imported = plain(valued.share.imported * quantity)
    return [offer.part, offer.supplier, offer.origin, offer.channel, imported]


def _harmless(cell: str) -> str:
    """Keep a spreadsheet from running a part number that looks like a formula."""
    return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _valued(
    revision: Revision, revisions: list[Revision], said: dict[str, str], settings: Settings
) -> dict[str, Any]:
    """Value the revision, and the one that it is set against."""
    own = [row for row in revisions if row.product_id == revision.product_id and row != revision]

    def value(row: Revision) -> DesignedResult:
        return value_found(
            row,
            settings,
            volume=_number(said.get("volume", ""), VOLUME),
            gst_percent=_number(said.get("gst_percent", ""), GST_PERCENT),
            market=said.get("market", "").upper(),
        )

    result = value(revision)
    context = {"others": own, **_shown(result, settings.method, everything="all" in said)}
    against = next((row for row in own if row.code == said.get("against")), None)
    if against is not None:
        old = value(find_revision(against.product.code, against.code))
        context |= {
            "against": against,
            "old": old,
            "moved": moved(old, result),
            "points": result.usual.percent - old.usual.percent,
            "dearer": result.cost - old.cost,
        }
    return context


def _said(request: HttpRequest) -> dict[str, str]:
    names = [*_TEXTS, *[name for name in request.GET if name.startswith(PARAMETER)][:40]]
    found = {}
    for name in names:
        text = "".join(letter for letter in request.GET.get(name, "") if letter.isprintable()).strip()[:200]
        if text:
            found[name] = text
    return found


def _revisions(user: Any) -> list[Revision]:
    """Return what a visitor may choose from, without the documents of every revision."""
    rows = Revision.objects.filter(product__in=visible_products(user)).select_related("product")
    light = rows.defer("plan", "package", "import_report")
    return list(light.order_by("product__code", "-pk")[:REVISIONS_MAX])


def _chosen(revisions: list[Revision], said: dict[str, str], user: Any) -> Revision | None:
    """Return the revision that is asked for: by key, by codes, or a product's current one.

    Raises:
        Refused: ``product.unknown``, ``revision.unknown``, ``designed.revision``, ``designed.no_revision``.
    """
    own = [row for row in revisions if row.product.code == said.get("product")]
    if said.get("what"):
        row = next((row for row in revisions if str(row.pk) == said["what"]), None)
        if row is None:
            raise refuse("designed.revision", "There is no such revision.", "Choose one of the list.")
        return find_revision(row.product.code, row.code)
    if said.get("product") and said.get("revision"):
        return revision_for(user, said["product"], said["revision"])
    if not said.get("product"):
        return None
    if not own:
        raise refuse(
            "designed.no_revision",
            "{product} has no revision.",
            "Choose one of the list.",
            product=said["product"][:80],
        )
    current = next((row for row in own if row.state == RELEASED), own[0])
    return find_revision(current.product.code, current.code)


def _instead(revisions: list[Revision], said: dict[str, str], refused: Refused) -> list[Revision]:
    """Return the revisions that there are of a product that was asked for with one that there is not."""
    if refused.refusal.code != "revision.unknown":
        return []
    return [row for row in revisions if row.product.code == said.get("product")][:INSTEAD_MAX]


def _day(text: str) -> dt.date:
    if not text:
        return timezone.localdate()
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise refuse("designed.day", "{text} is no day.", "Write it as 2026-11-23.", text=text[:40]) from None


def _number(text: str, default: Decimal) -> Decimal:
    if not text:
        return default
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise refuse(
            "designed.number", "{text} is no number.", "Write digits, such as 1000.", text=text[:40]
        ) from None


def _parameters(said: dict[str, str], method: Method) -> dict[str, str]:
    """Return the parameters of the method; one of another method that the form still carries is dropped."""
    named = {
        name.removeprefix(PARAMETER): value for name, value in said.items() if name.startswith(PARAMETER)
    }
    return {name: value for name, value in named.items() if name in method.parameters}


def _form(method: Method, chosen: dict[str, str], day: dt.date) -> dict[str, Any]:
    held = [m for m in in_order() if m.valid_from <= day and (m.valid_to is None or day <= m.valid_to)]
    return {
        "method": method,
        "methods": list(dict.fromkeys((m.id, m.name) for m in held)),
        "parameters": choices_of(method, chosen),
        "day": day,
        "volume": plain(VOLUME),
        "gst_percent": plain(GST_PERCENT),
    }


def _shown(result: DesignedResult, method: Method, *, everything: bool) -> dict[str, Any]:
    priced = [_row(row) for row in result.rows if row.usual is not None]
    shown = priced if everything else priced[:ROWS_SHOWN]
    return {
        "result": result,
        "unpriced": [(demand, gettext(_REASONS[demand.reason])) for demand in result.unpriced],
        "rows": shown,
        "hidden": len(priced) - len(shown),
        "most": max((row.imported for row in priced), default=Decimal(0)),
        "charges": [line for line in result.usual.lines if line.channel in ("own", "abroad")],
        "doubts": _doubts(result),
        "scale": _scale(result, method),
        "groups": _groups(result.usual.lines),
    }


def _row(row: DesignedRow) -> ShownRow:
    quantity = row.demand.quantity
    assert row.best is not None
    assert row.worst is not None
    return ShownRow(
        row, row.value, row.imported, row.best.share.imported * quantity, row.worst.share.imported * quantity
    )


def _doubts(result: DesignedResult) -> list[Doubt]:
    count = Counter(item.code for item in result.usual.unproved)
    return [
        Doubt(code, number, tuple(dict.fromkeys(
            item.part or item.detail for item in result.usual.unproved if item.code == code))[:8])
        for code, number in count.most_common()
    ]  # fmt: skip


def _groups(lines: Iterable[Line]) -> list[tuple[str, Decimal, Decimal]]:
    """Return part groups with their value and imported value, the most imported first."""
    value: Counter[str] = Counter()
    imported: Counter[str] = Counter()
    for line in lines:
        if line.channel not in ("own", "abroad") and line.value:
            value[line.group] += line.value  # type: ignore[assignment]
            imported[line.group] += line.value - line.local_value  # type: ignore[assignment]
    return sorted(
        ((group, Decimal(value[group]), Decimal(imported[group])) for group in value), key=lambda row: -row[2]
    )


def _scale(result: DesignedResult, method: Method) -> dict[str, Any]:
    """Return where worst, usual and best stand on a bar from 0 to 100 per cent, and the classes."""
    low, high = _place(result.worst.percent), _place(result.best.percent)
    return {
        "low": low,
        "width": SafeString(f"{max(Decimal(high) - Decimal(low), Decimal('0.4')):.2f}"),
        "usual": _place(result.usual.percent),
        "grades": [
            (grade.name, _place(grade.at_least), plain(grade.at_least))
            for grade in sorted(method.grades, key=lambda grade: grade.at_least)
            if grade.at_least > 0
        ],
    }


def _place(percent: Decimal) -> SafeString:
    return SafeString(f"{min(max(percent, Decimal(0)), Decimal(100)):.2f}")
