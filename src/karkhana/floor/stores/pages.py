"""Pages of the stores: the stock, one lot, the units that used it, and consigned stock."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from karkhana.floor.models import Plant
from karkhana.floor.pages import asked
from karkhana.floor.receiving.pages import life_panel
from karkhana.floor.stores import consigned as accounts
from karkhana.floor.stores import queries
from karkhana.floor.stores.forms import amount, form_id, go_on, said, text
from karkhana.floor.stores.http import name_of, require_plant
from karkhana.floor.stores.operations import BY_HAND, count_lot, move_stock
from karkhana.floor.stores.places import places
from karkhana.floor.stores.transforming import Piece, merge_lots, split_lot
from karkhana.kernel.refusals import Refused
from karkhana.supply.models import Inspection, Receipt
from karkhana.supply.stock import rules
from karkhana.supply.stock.operations import Wanted, ensure_place
from karkhana.supply.stock.refusals import no


@never_cache
@require_safe
def stock(request: HttpRequest) -> HttpResponse:
    """List lots with where they stand."""
    state = asked.text(request, "state")
    wanted = queries.StockFilter(
        text=asked.text(request, "text"),
        part=asked.text(request, "part"),
        place=asked.text(request, "place"),
        owner=asked.text(request, "owner"),
        state=state if state in queries.STATES else "on_hand",
    )
    try:
        page = queries.stock_page(wanted, asked.text(request, "after", 400))
    except Refused as refused:
        return asked.refused_page(request, refused)
    context = {
        "page": page,
        "wanted": wanted,
        "places": places(),
        "brands": queries.brands_that_consign(),
        "states": queries.STATES,
        "kinds": rules.PLACE_KINDS,
        "plants": Plant.objects.order_by("code").values_list("code", "name"),
    }
    return render(request, "floor/stores/stock.html", context)


@require_POST
def place_make(request: HttpRequest) -> HttpResponse:
    """Make a storage place."""

    def act() -> HttpResponse:
        code, plant = text(request, "code"), text(request, "plant").replace("\x00", "")
        require_plant(plant)
        ensure_place(code=code, plant=plant, kind=text(request, "kind"), name=text(request, "name"))
        return go_on(request, reverse("stock"), gettext("There is a place %(place)s now.") % {"place": code})

    return said(request, act)


@never_cache
@require_safe
def lot(request: HttpRequest, lot: str) -> HttpResponse:
    """Show one lot: what it is, where it stands, what became of it."""
    try:
        view = queries.lot_view(lot, before=asked.number(request, "after", 2**62))
    except Refused as refused:
        if refused.refusal.code == "stock.lot_unknown":
            raise Http404(refused.refusal.message) from refused
        return asked.refused_page(request, refused)
    lots = [view.fact.lot, *(kin.lot for kin in view.made_from)]
    receipts = {r.lot: r for r in Receipt.objects.filter(lot__in=lots).select_related("bill_item__bill")}
    receipt = next((receipts[code] for code in lots if code in receipts), None)
    context = {
        "view": view,
        "life": life_panel(view.fact.lot, timezone.now()),
        "inspections": _inspections(view.fact.lot),
        "receipt": receipt,
        "each": (receipt.landed / receipt.quantity).quantize(rules.STEP) if receipt else None,
        "fact": view.fact,
        "page": view.moves,
        "places": places(),
        "kinds": BY_HAND,
        "reasons": rules.ADJUST_REASONS,
        "id": uuid.uuid4(),
    }
    return render(request, "floor/stores/lot.html", context)


def _inspections(lot: str) -> list[Inspection]:
    """Return a lot's inspections, the latest first; ``result`` is None on one that waits."""
    found = list(Inspection.objects.filter(lot=lot).select_related("result").order_by("-pk")[:10])
    for inspection in found:
        if not hasattr(inspection, "result"):
            inspection.result = None
    return found


@never_cache
@require_safe
def lot_units(request: HttpRequest, lot: str) -> HttpResponse:
    """List the units that took of a lot."""
    try:
        page = queries.used_by(lot, asked.text(request, "after", 400))
    except Refused as refused:
        if refused.refusal.code == "stock.lot_unknown":
            raise Http404(refused.refusal.message) from refused
        return asked.refused_page(request, refused)
    return render(request, "floor/stores/used.html", {"lot": lot, "page": page})


@require_POST
def lot_act(request: HttpRequest, lot: str) -> HttpResponse:
    """Move, count, split or merge a lot, as one of the forms of its page asks."""
    act = _ACTS.get(text(request, "do"))
    if act is None:
        raise Http404(gettext("There is nothing here."))
    return said(request, lambda: go_on(request, reverse("lot", args=[lot]), act(request, lot)))


def _move(request: HttpRequest, lot: str) -> str:
    wanted = Wanted(
        uid=form_id(request),
        kind=text(request, "kind"),
        lot=lot,
        quantity=amount(text(request, "quantity")),
        source=text(request, "source"),
        target="" if text(request, "kind") == rules.SEND_BACK else text(request, "target"),
        reason=text(request, "reason"),
        work_order=text(request, "work_order"),
    )
    move_stock([wanted], now=timezone.now(), by=name_of(request))
    return gettext("The movement is written.")


def _count(request: HttpRequest, lot: str) -> str:
    view = count_lot(
        uid=form_id(request),
        lot=lot,
        place=text(request, "place"),
        counted=amount(text(request, "counted")),
        reason=text(request, "reason"),
        note=text(request, "note"),
        now=timezone.now(),
        by=name_of(request),
    )
    if not view.difference:
        return gettext("The count agrees with the books.")
    return gettext("The count is written; %(difference)s were adjusted.") % {
        "difference": rules.plain(view.difference)
    }


def _split(request: HttpRequest, lot: str) -> str:
    rows = _rows(text(request, "pieces"), 2, lot)
    pieces = [Piece(name, amount(quantity)) for name, quantity in rows]
    split_lot(
        uid=form_id(request),
        lot=lot,
        place=text(request, "place"),
        pieces=pieces,
        now=timezone.now(),
        by=name_of(request),
    )
    return gettext("The lot is split.")


def _merge(request: HttpRequest, lot: str) -> str:
    rows = _rows(text(request, "sources"), 3, lot)
    sources = [Piece(name, amount(quantity), place) for name, quantity, place in rows]
    here = Piece(lot, amount(text(request, "quantity")), text(request, "place"))
    merge_lots(
        uid=form_id(request),
        sources=[here, *sources],
        lot=text(request, "lot"),
        place=text(request, "place"),
        now=timezone.now(),
        by=name_of(request),
    )
    return gettext("The lots are merged.")


def _rows(typed: str, columns: int, lot: str) -> list[list[str]]:
    """Read a row of words per line, the last ones without blanks in them.

    Raises:
        Refused: ``stock.split`` naming the line.
    """
    found = []
    for number, line in enumerate(typed.splitlines(), start=1):
        words = line.split("\t") if "\t" in line else line.split()
        words = [word.strip() for word in words if word.strip()]
        if not words:
            continue
        if len(words) != columns:
            problem = f"line {number} has {len(words)} words, not {columns}"
            raise no("stock.split", lot=lot[:80], problem=problem)
        found.append(words)
    return found


_ACTS: dict[str, Callable[[HttpRequest, str], str]] = {
    "move": _move,
    "count": _count,
    "split": _split,
    "merge": _merge,
}


@never_cache
@require_safe
def consigned(request: HttpRequest) -> HttpResponse:
    """Reconcile what brands handed in: a brand's parts, or the lots of one part."""
    brands = queries.brands_that_consign()
    brand = asked.text(request, "brand") or (brands[0] if brands else "")
    part, after = asked.text(request, "part"), asked.text(request, "after", 400)
    context: dict[str, object] = {"brands": brands, "brand": brand, "part": part}
    if not brands:
        return render(request, "floor/stores/consigned.html", context)
    try:
        if part:
            page = accounts.lot_accounts(brand, part, after)
            total = rules.total([row.account for row in page.rows])
            context |= {"page": page, "total": total}
            return render(request, "floor/stores/consigned_part.html", context)
        parts = accounts.part_accounts(brand, after)
    except Refused as refused:
        return asked.refused_page(request, refused)
    context["page"] = parts
    context["missing"] = sum((row.account.missing for row in parts.rows), Decimal(0))
    return render(request, "floor/stores/consigned.html", context)
