"""The pools' pages: all pools with what is left of them, and one pool with its ranges and draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from karkhana.design.models import Product
from karkhana.floor.models import Plant
from karkhana.floor.pools import operations, queries
from karkhana.floor.pools.draws import draw
from karkhana.floor.pools.files import BYTES_MAX, RangeLine, read_ranges
from karkhana.floor.pools.refusals import no
from karkhana.kernel.ranges import RANGED
from karkhana.kernel.refusals import Refused
from karkhana.kernel.templates import LENGTH_MAX
from karkhana.partners.models import Brand

VALUES_SHOWN = 200


@never_cache
@require_safe
def pools_page(request: HttpRequest) -> HttpResponse:
    """Show all pools, those that give alarm first, with the form for a new one."""
    found = queries.pools(timezone.now())
    context = {
        "pools": sorted(found, key=lambda view: (not view.alarm, view.is_closed)),
        "alarms": sum(view.alarm for view in found),
        "schemes": RANGED,
        "brands": Brand.objects.order_by("code").values_list("code", "name"),
        "plants": Plant.objects.order_by("code").values_list("code", "name"),
        "products": Product.objects.order_by("code").values_list("code", "name"),
    }
    return render(request, "floor/pools/pools.html", context)


@never_cache
@require_safe
def pool_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show one pool: counts, consumption, ranges and the latest draws."""
    now = timezone.now()
    try:
        view = queries.pool(code, now)
    except Refused:
        raise Http404(gettext("There is no pool %(code)s.") % {"code": code[:40]}) from None
    days = queries.per_day(code, view.zone, now)
    chart = {
        "hours": [f"{day:%d.%m}" for day, _ in days],
        "series": [{"name": gettext("Drawn"), "values": [count for _, count in days]}],
    }
    context = {
        "view": view,
        "chart": chart,
        "days": [(day, count) for day, count in reversed(days) if count],
        "ranges": queries.ranges(code),
        "draws": queries.allotments(code),
        "max_bytes": BYTES_MAX,
        "max_megabytes": BYTES_MAX // 2**20,
    }
    return render(request, "floor/pools/pool.html", context)


def _said(request: HttpRequest, act: Callable[[], HttpResponse]) -> HttpResponse:
    """Do what a form asks; say a refusal beside the form, as a page where the browser has no script."""
    try:
        return act()
    except Refused as refused:
        template = "floor/pools/refused.html" if request.headers.get("HX-Request") else "floor/refused.html"
        # 200 for htmx, which shows nothing of an answer that is an error.
        status = 200 if request.headers.get("HX-Request") else 422
        return render(request, template, {"refusal": refused.refusal.as_dict()}, status=status)


def _go_on(request: HttpRequest, code: str, said: str) -> HttpResponse:
    """Tell what was done and show the pool anew."""
    messages.success(request, said)
    address = reverse("pool", args=[code])
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(address)
    return HttpResponse(status=303, headers={"Location": address})


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").strip()


def _number(request: HttpRequest, name: str, default: int | None = None) -> int:
    """Return a number of a form.

    Raises:
        Refused: ``pool.invalid`` with the field's name.
    """
    text = _text(request, name).replace(",", "").replace(" ", "")
    if not text and default is not None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise no("pool.invalid", field=name, problem=f"{text[:40]!r} is no number")
    return int(text)


@require_POST
def pool_create(request: HttpRequest) -> HttpResponse:
    """Make a pool."""

    def act() -> HttpResponse:
        pool = operations.create_pool(
            **{name: _text(request, name) for name in
               ("code", "brand", "scheme", "name", "kind", "plant", "product", "template")},
            counter_first=_number(request, "counter_first", 1),
            counter_last=_number(request, "counter_last") if _text(request, "counter_last") else None,
            alarm_days=_number(request, "alarm_days", 14),
            alarm_count=_number(request, "alarm_count", 0),
            now=timezone.now(),
        )  # fmt: skip
        return _go_on(request, pool.code, gettext("The pool is there."))

    return _said(request, act)


@require_POST
def pool_set(request: HttpRequest, code: str) -> HttpResponse:
    """Close or open a pool, or set when it gives alarm."""

    def act() -> HttpResponse:
        closed = {"close": True, "open": False}.get(_text(request, "state"))
        days, count = (_text(request, name) for name in ("alarm_days", "alarm_count"))
        operations.set_pool(
            code=code,
            is_closed=closed,
            alarm_days=_number(request, "alarm_days") if days else None,
            alarm_count=_number(request, "alarm_count") if count else None,
        )
        return _go_on(request, code, gettext("Saved."))

    return _said(request, act)


@require_POST
def pool_import(request: HttpRequest, code: str) -> HttpResponse:
    """Give a pool the ranges of a file, or the one range of the form."""

    def act() -> HttpResponse:
        done = operations.import_ranges(lines=_lines(request), pool=code, now=timezone.now())
        for warning in done.warnings[:5]:
            messages.warning(request, warning)
        said = ngettext(
            "%(count)d range with %(values)d values was stored.",
            "%(count)d ranges with %(values)d values were stored.",
            done.ranges,
        )
        return _go_on(request, code, said % {"count": done.ranges, "values": done.values})

    return _said(request, act)


def _lines(request: HttpRequest) -> list[RangeLine]:
    file = request.FILES.get("file")
    if file is not None:
        name = file.name or "file"
        if (file.size or 0) > BYTES_MAX:
            raise no("pool.file", file=name, problem=f"it has more than {BYTES_MAX // 2**20} MB")
        return read_ranges(file.read(), name)
    values = {name: _text(request, name) for name in ("first", "last", "certificate")}
    for name, text in values.items():
        if len(text) > 120 or not text.isprintable():
            raise no(
                "pool.range", place=f"form field {name}", problem="it is longer than 120 printable signs"
            )
    count = _number(request, "count") if _text(request, "count") else None
    return [RangeLine("form", values["first"], values["last"], count, values["certificate"])]


@require_POST
def pool_remove_range(request: HttpRequest, code: str) -> HttpResponse:
    """Take back a range that nothing was drawn from."""

    def act() -> HttpResponse:
        operations.remove_range(pool=code, first=_text(request, "first"))
        return _go_on(request, code, gettext("The range was taken back."))

    return _said(request, act)


@require_POST
def pool_draw(request: HttpRequest, code: str) -> HttpResponse:
    """Draw values and show them; the form's key makes a second click harmless."""

    def act() -> HttpResponse:
        drawn = draw(
            pool=code,
            count=_number(request, "count", 1),
            key=_text(request, "key") or None,
            station=_text(request, "station"),
            work_order=_text(request, "work_order"),
            unit=_text(request, "unit"),
            actor=request.user.get_username(),
            now=timezone.now(),
        )
        context: dict[str, Any] = {
            "drawn": drawn,
            "values": drawn.values() if drawn.count <= VALUES_SHOWN else [],
            "code": code,
        }
        htmx = request.headers.get("HX-Request")
        return render(request, "floor/pools/drawn.html" if htmx else "floor/pools/drawn_page.html", context)

    return _said(request, act)


@require_POST
def pool_spoil(request: HttpRequest, code: str) -> HttpResponse:
    """Take a drawn value out of use."""

    def act() -> HttpResponse:
        value = operations.spoil(
            pool=code,
            value=_text(request, "value")[: LENGTH_MAX * 2],
            reason=_text(request, "reason"),
            actor=request.user.get_username(),
            now=timezone.now(),
        )
        return _go_on(request, code, gettext("%(value)s is out of use.") % {"value": value})

    return _said(request, act)
