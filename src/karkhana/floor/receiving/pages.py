"""Pages of goods in: receive lots, the list of receipts, rules of parts, lots whose time runs out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from karkhana.floor.models import Station
from karkhana.floor.pages import asked
from karkhana.floor.receiving import queries
from karkhana.floor.receiving.asked import (
    COLUMNS,
    Delivery,
    Unread,
    read_day,
    read_delivery,
    read_hours,
    read_pasted,
)
from karkhana.floor.receiving.days import today_of
from karkhana.floor.receiving.operations import Received, receive_lots
from karkhana.kernel.refusals import Refusal, Refused, refuse
from karkhana.supply.incoming import operations
from karkhana.supply.incoming.life.rules import TICKS, levels
from karkhana.supply.incoming.queries import latest_life, life_views, rules_of, ticks_of
from karkhana.supply.incoming.sampling.tables import tables
from karkhana.supply.models import Supplier
from karkhana.supply.models.incoming import SOURCE_POLICIES

CHOICES_MAX = 2000


def posted(request: HttpRequest) -> dict[str, str]:
    """Return the texts of a form."""
    return {name: value for name, value in request.POST.items() if isinstance(value, str)}


def stations() -> tuple[tuple[str, str], ...]:
    """Return the stations where goods may come in, docks first."""
    found = Station.objects.values_list("code", "name", "station_type").order_by("code")[:CHOICES_MAX]
    docks = {"DOCK", "RECEIVING", "GOODS-IN", "STORE"}
    ordered = sorted(found, key=lambda row: (row[2].upper() not in docks, row[0]))
    return tuple((code, name) for code, name, _ in ordered)


@never_cache
@require_safe
def receipts(request: HttpRequest) -> HttpResponse:
    """List lots that came in, the latest first."""
    now = timezone.now()
    wanted = {name: asked.text(request, name, 80) for name in ("part", "supplier", "lot")}
    try:
        page = queries.receipt_page(
            now=now,
            today=today_of(now),
            part=wanted["part"],
            supplier=wanted["supplier"],
            lot=wanted["lot"],
            after=asked.text(request, "after", 400),
        )
    except Refused as refused:
        return asked.refused_page(request, refused)
    return render(request, "floor/receiving/receipts.html", {"page": page, "wanted": wanted})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def receive(request: HttpRequest) -> HttpResponse:
    """Ask for lots that come in, one by one or pasted as a list, and receive them."""
    if request.method != "POST":
        return _receive_form(request, {"station": asked.text(request, "station", 80)}, None)
    said = posted(request)
    now = timezone.now()
    try:
        lots = _said_lots(said)
        answers = receive_lots(
            lots=[lot for _, lot in lots],
            station=said.get("station", ""),
            at=_moment(said.get("at", ""), now),
            now=now,
            actor=None,
            user=request.user,
        )
    except Refused as refused:
        return _receive_form(request, said, refused.refusal)
    numbered = tuple(zip((number for number, _ in lots), answers, strict=True))
    again = _unreceived(said.get("pasted", ""), numbered)
    if not said.get("pasted", "").strip() and answers[0].refusal is not None:
        return _receive_form(request, said, answers[0].refusal)
    context = {
        "answers": numbered,
        "received": sum(answer.refusal is None for answer in answers),
        "refused": sum(answer.refusal is not None for answer in answers),
        "again": again,
        "station": said.get("station", ""),
    }
    return render(request, "floor/receiving/received.html", context)


def _said_lots(said: dict[str, str]) -> list[tuple[int, Delivery | Unread]]:
    """Return what a form says: (line of the pasted list, lot), or the one lot of its fields."""
    if not said.get("pasted", "").strip():
        return [(1, read_delivery(said))]
    found: list[tuple[int, Delivery | Unread]] = []
    for line in read_pasted(said["pasted"]):
        if line.delivery is not None:
            found.append((line.number, line.delivery))
        elif line.refused is not None:
            found.append((line.number, Unread("", line.refused.refusal)))
    return found


def _unreceived(pasted: str, answers: tuple[tuple[int, Received], ...]) -> str:
    """Return the lines of a pasted list that were refused, to be corrected and sent again."""
    lines = pasted.splitlines()
    return "\n".join(
        lines[number - 1] for number, answer in answers if answer.refusal and number <= len(lines)
    )


def _moment(text: str, now: dt.datetime) -> dt.datetime:
    """Read a plant-local time; nothing is now."""
    if not text.strip():
        return now
    try:
        found = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        found = None
    if found is None or not 1990 <= found.year <= 2150:
        raise refuse(
            "receipt.time",
            "{value} is no time.",
            "Choose a date and a time.",
            value=text[:40],
        )
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(settings.PLANT_TIME_ZONE))


def _receive_form(request: HttpRequest, said: dict[str, str], refusal: Refusal | None) -> HttpResponse:
    context = {
        "said": said,
        "stations": stations(),
        "suppliers": tuple(Supplier.objects.order_by("code").values_list("code", "name")[:CHOICES_MAX]),
        "levels": tuple(levels()),
        "columns": COLUMNS,
        "refusal": refusal.as_dict() if refusal else None,
        "pasting": bool(said.get("pasted")) or "paste" in request.GET,
    }
    return render(request, "floor/receiving/receive.html", context, status=422 if refusal else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: HttpRequest) -> HttpResponse:
    """List how parts are received, and set it for one."""
    if request.method != "POST":
        part = asked.text(request, "edit", 80)
        return _rules_page(request, _rule_said(part), None)
    said = posted(request)
    try:
        operations.set_receiving_rule(
            part=said.get("part", "").strip(),
            asked=operations.RuleAsked(
                level=said.get("level", ""),
                aql=said.get("aql", "") if said.get("level") else "",
                may_reduce=bool(said.get("may_reduce")),
                source_policy=said.get("source_policy", ""),
                shelf_life_days=_days(said.get("shelf_life_days", "")),
                msl=said.get("msl", ""),
            ),
            now=timezone.now(),
            user=request.user,
        )
    except Refused as refused:
        return _rules_page(request, said, refused.refusal)
    messages.success(request, gettext("The rule of %(part)s is kept.") % {"part": said["part"].strip()})
    return redirect("receiving-rules")


def _days(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise refuse(
            "receiving.shelf_life",
            "A shelf life of {days} days cannot be kept.",
            "Say 1 to {limit} days, or leave it empty.",
            days=text[:20],
            limit=operations.SHELF_DAYS_MAX,
        )
    return int(text)


def _rule_said(part: str) -> dict[str, Any]:
    rule = rules_of([part]).get(part) if part else None
    if rule is None:
        return {"part": part, "source_policy": "warn"}
    aql = next((str(one) for one in tables().aqls if one == rule.aql), "")
    names = ("part", "level", "may_reduce", "source_policy", "shelf_life_days", "msl")
    return {name: getattr(rule, name) for name in names} | {"aql": aql}


def _rules_page(request: HttpRequest, said: dict[str, Any], refusal: Refusal | None) -> HttpResponse:
    context = {
        "rules": queries.rule_rows(asked.text(request, "part", 80)),
        "wanted": {"part": asked.text(request, "part", 80)},
        "said": said,
        "inspection_levels": tables().levels,
        "aqls": tuple(map(str, tables().aqls)),
        "policies": SOURCE_POLICIES,
        "levels": tuple(levels()),
        "refusal": refusal.as_dict() if refusal else None,
    }
    return render(request, "floor/receiving/rules.html", context, status=422 if refusal else 200)


@dataclass(frozen=True, slots=True)
class LifePanel:
    """What a lot's page shows of its life (``floor/receiving/life_panel.html``); ``view`` None: no limit."""

    lot: str
    view: Any
    label: Any
    ticks: tuple[Any, ...]
    levels: tuple[str, ...]
    choices: tuple[str, ...]


def life_panel(lot: str, now: dt.datetime) -> LifePanel:
    """Return what a lot's page shows of its life; the lot must exist."""
    view = life_views([lot], now, today_of(now)).get(lot)
    return LifePanel(lot, view, latest_life(lot), ticks_of(lot), tuple(levels()), TICKS)


@never_cache
@require_safe
def expiry(request: HttpRequest) -> HttpResponse:
    """List lots by what ends first: shelf life or floor life."""
    return _expiry_page(request, {}, None)


@never_cache
@require_POST
def ticks(request: HttpRequest) -> HttpResponse:
    """Record that bags were opened, put away, sealed or baked."""
    said = posted(request)
    now = timezone.now()
    lots = [word for word in said.get("lots", "").replace(",", " ").split() if word]
    try:
        written = operations.write_ticks(
            lots=lots,
            what=said.get("what", ""),
            at=_moment(said.get("at", ""), now),
            now=now,
            note=said.get("note", "").strip(),
            user=request.user,
        )
    except Refused as refused:
        return _expiry_page(request, said, refused.refusal)
    count = len(written)
    messages.success(
        request,
        ngettext("%(count)d bag is written.", "%(count)d bags are written.", count) % {"count": count},
    )
    return _back(request, said)


def _back(request: HttpRequest, said: dict[str, str]) -> HttpResponse:
    """Go back to the lot's page where a form came from it, else to the list of lots."""
    target = said.get("next", "")
    own = target.startswith("/supply/") and "//" not in target and "\\" not in target and target.isprintable()
    return redirect(target if own else "expiry")


@never_cache
@require_POST
def life(request: HttpRequest) -> HttpResponse:
    """Say anew how long a lot may be used."""
    said = posted(request)
    try:
        operations.write_life(
            lot=said.get("lot", "").strip(),
            manufactured_on=read_day(said.get("manufactured_on", "")),
            expires_on=read_day(said.get("expires_on", "")),
            msl=said.get("msl", ""),
            label_hours=read_hours(said.get("label_hours", "")),
            reason=said.get("reason", "").strip(),
            now=timezone.now(),
            user=request.user,
        )
    except Refused as refused:
        return _expiry_page(request, said, refused.refusal)
    messages.success(request, gettext("The life of lot %(lot)s is kept.") % {"lot": said["lot"].strip()})
    return _back(request, said)


def _expiry_page(request: HttpRequest, said: dict[str, str], refusal: Refusal | None) -> HttpResponse:
    now = timezone.now()
    part = asked.text(request, "part", 80)
    try:
        rows, more = queries.expiry_rows(now=now, today=today_of(now), part=part)
    except Refused as refused:
        return asked.refused_page(request, refused)
    context = {
        "rows": rows,
        "more": more,
        "limit": queries.EXPIRY_MAX,
        "wanted": {"part": part},
        "said": said,
        "choices": TICKS,
        "levels": tuple(levels()),
        "refusal": refusal.as_dict() if refusal else None,
        "over": sum(bool(row.life.stop) for row in rows),
        "loaded_over": sum(bool(row.life.stop and row.station) for row in rows),
    }
    return render(request, "floor/receiving/expiry.html", context, status=422 if refusal else 200)
