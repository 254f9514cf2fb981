"""What templates need to speak plainly: Indian numbers, plant-local times, states and refusals in words."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop, ngettext

from karkhana.site.pages.refusal_words import say
from karkhana.site.roles import has_role

register = template.Library()

LAKH, CRORE = 100_000, 10_000_000
STATES = {
    "in_process": gettext_noop("in process"),
    "failed": gettext_noop("failed"),
    "complete": gettext_noop("complete"),
    "packed": gettext_noop("packed"),
    "shipped": gettext_noop("shipped"),
    "installed": gettext_noop("installed"),
    "consumed": gettext_noop("consumed"),
    "scrapped": gettext_noop("scrapped"),
    "open": gettext_noop("open"),
}


WORDS = {
    "maker": gettext_noop("maker"),
    "partner": gettext_noop("partner"),
    "joint_venture": gettext_noop("joint venture"),
    "brand": gettext_noop("brand"),
    "supplier": gettext_noop("supplier"),
    "authority": gettext_noop("authority"),
    "joint": gettext_noop("joint"),
    "alliance": gettext_noop("alliance"),
    "contract_manufacturing": gettext_noop("contract manufacturing"),
    "sourcing": gettext_noop("sourcing"),
    "technology_licence": gettext_noop("technology licence"),
    "revision": gettext_noop("revision"),
    "change_order": gettext_noop("change order"),
    "firmware": gettext_noop("firmware"),
    "deviation": gettext_noop("deviation"),
    "stage_gate": gettext_noop("stage gate"),
    "draft": gettext_noop("draft"),
    "in_review": gettext_noop("in review"),
    "released": gettext_noop("released"),
    "superseded": gettext_noop("superseded"),
    "obsolete": gettext_noop("obsolete"),
    "waiver": gettext_noop("waiver"),
    "requested": gettext_noop("requested"),
    "approved": gettext_noop("approved"),
    "effective": gettext_noop("in effect"),
    "closed": gettext_noop("closed"),
    "rejected": gettext_noop("rejected"),
    "withdrawn": gettext_noop("withdrawn"),
    "signed": gettext_noop("signed"),
    "edited": gettext_noop("edited"),
    "held": gettext_noop("held"),
    "impact shown": gettext_noop("impact shown"),
    "use_up": gettext_noop("use up"),
    "rework": gettext_noop("rework"),
    "scrap": gettext_noop("scrap"),
    "return": gettext_noop("return to the supplier"),
    "added": gettext_noop("added"),
    "removed": gettext_noop("removed"),
    "changed": gettext_noop("changed"),
    "steps": gettext_noop("steps"),
    "tests": gettext_noop("tests and limits"),
    "key_parts": gettext_noop("key parts"),
    "identities": gettext_noop("identities"),
    "labels": gettext_noop("labels"),
    "documents": gettext_noop("documents"),
    "compliance": gettext_noop("compliance"),
    "settings": gettext_noop("settings"),
    "phone": gettext_noop("phone"),
    "tablet": gettext_noop("tablet"),
    "laptop": gettext_noop("laptop"),
    "hearable": gettext_noop("hearable"),
    "wearable": gettext_noop("wearable"),
    "telecom": gettext_noop("telecom"),
    "iot": gettext_noop("IoT"),
    "meter": gettext_noop("meter"),
    "automotive": gettext_noop("automotive"),
    "subassembly": gettext_noop("sub-assembly"),
    "waiting": gettext_noop("waits for inspection"),
    "accepted": gettext_noop("accepted"),
    "refused": gettext_noop("refused"),
    "returned": gettext_noop("back to the supplier"),
    "sorted": gettext_noop("sorted, bad items taken out"),
    "concession": gettext_noop("used under a deviation"),
    "normal": gettext_noop("normal"),
    "tightened": gettext_noop("tightened"),
    "reduced": gettext_noop("reduced"),
    "discontinued": gettext_noop("stopped"),
    "irregular": gettext_noop("production irregular"),
    "resumed": gettext_noop("put right by the supplier"),
    "opened": gettext_noop("bag opened"),
    "dry": gettext_noop("into the dry cabinet"),
    "sealed": gettext_noop("sealed again"),
    "baked": gettext_noop("baked"),
    "ignore": gettext_noop("let it in"),
    "warn": gettext_noop("let it in with a warning"),
    "refuse": gettext_noop("refuse it"),
}
"""Codes of kinds and states as people say them."""

STOCK_WORDS = {
    "on_hand": gettext_noop("on hand"),
    "store": gettext_noop("store"),
    "line": gettext_noop("line"),
    "quarantine": gettext_noop("quarantine"),
    "empty": gettext_noop("nothing left"),
    "all": gettext_noop("all"),
    "open": gettext_noop("opening"),
    "move": gettext_noop("move"),
    "issue": gettext_noop("issue to a line"),
    "return": gettext_noop("return from a line"),
    "send_back": gettext_noop("send back to the supplier"),
    "count": gettext_noop("count"),
    "use": gettext_noop("used"),
    "adjust": gettext_noop("adjustment"),
    "split": gettext_noop("split"),
    "merge": gettext_noop("merge"),
    "unexplained": gettext_noop("unexplained"),
    "attrition": gettext_noop("lost by machines"),
    "short_receipt": gettext_noop("came in short"),
    "over_receipt": gettext_noop("came in over"),
    "found": gettext_noop("found"),
    "mistake": gettext_noop("booked by mistake"),
    "other_owner": gettext_noop("another brand's"),
    "on_line": gettext_noop("on a feeder"),
    "expired": gettext_noop("expired"),
    "floor_life": gettext_noop("floor life over"),
    "bake_first": gettext_noop("bake first"),
    "scrap": gettext_noop("scrap"),
    "held": gettext_noop("on hold"),
}
"""Words of the stores: places, movements, reasons. Some of these codes mean another thing elsewhere."""


@register.filter
def spoken(value: Any) -> str:
    """Write the code of a kind or state in words; one that is not known as it stands, without underlines."""
    text = WORDS.get(str(value))
    return gettext(text) if text else str(value).replace("_", " ")


@register.filter
def stock_word(value: Any) -> str:
    """Write a code of the stores in words; a reason that somebody typed stands as it is."""
    text = STOCK_WORDS.get(str(value))
    return gettext(text) if text else str(value)


@register.filter
def indian(value: Any) -> str:
    """Write a number with Indian grouping: 1234567 becomes 12,34,567. Decimals keep their digits."""
    if value is None or value == "":
        return "–"
    text = format(value, "f") if isinstance(value, (Decimal, float)) else str(value)
    sign, text = ("−", text[1:]) if text.startswith("-") else ("", text)
    whole, dot, rest = text.partition(".")
    if not whole.isdigit():
        return str(value)
    head, tail = whole[:-3], whole[-3:]
    groups = [tail]
    while head:
        head, group = head[:-2], head[-2:]
        groups.insert(0, group)
    return sign + ",".join(groups) + dot + rest


@register.filter
def plain(value: Decimal | None) -> str:
    """Write an exact amount without the zeros that its column adds; nothing for what is not known."""
    if value is None:
        return ""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def indian_short(value: Any) -> str:
    """Write a large number in lakh or crore, a small one in full."""
    if not isinstance(value, (int, float, Decimal)):
        return indian(value)
    size = float(value)
    if abs(size) >= CRORE:
        return gettext("%(amount)s crore") % {"amount": f"{size / CRORE:.2f}"}
    if abs(size) >= 10 * LAKH:
        return gettext("%(amount)s lakh") % {"amount": f"{size / LAKH:.2f}"}
    return indian(value)


@register.filter
def percent(value: float | None, digits: int = 1) -> str:
    """Write a share as per cent; an unknown share is a dash. Only a full share reads 100."""
    if value is None:
        return "–"
    shown = round(value * 100, digits)
    if shown >= 100 and value < 1:
        shown = 100 - 10**-digits  # one failure in 50,000 is not "100.0 %"
    return f"{shown:.{digits}f} %" if value < 1 else "100 %"


def _zone(name: str | None) -> dt.tzinfo:
    return zoneinfo.ZoneInfo(name or settings.PLANT_TIME_ZONE)


def _moment(value: Any) -> dt.datetime | None:
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, dt.datetime) else None


@register.filter
def local(value: Any, zone: str | None = None) -> str:
    """Write a time of today as 14:05:09 and another day's as 21 Nov 14:05, plant-local."""
    moment = _moment(value)
    if moment is None:
        return "–" if not value else str(value)
    here = moment.astimezone(_zone(zone))
    if here.date() == timezone.now().astimezone(_zone(zone)).date():
        return here.strftime("%H:%M:%S")
    return f"{date_format(here, 'j M')} {here:%H:%M}"


@register.filter
def local_day(value: Any, zone: str | None = None) -> str:
    """Write the day of a time, plant-local: 21 Nov 2026."""
    moment = _moment(value)
    return date_format(moment.astimezone(_zone(zone)), "j M Y") if moment else ""


@register.filter
def local_full(value: Any, zone: str | None = None) -> str:
    """Write a time with day, year and seconds, plant-local."""
    moment = _moment(value)
    if moment is None:
        return "–" if not value else str(value)
    here = moment.astimezone(_zone(zone))
    return f"{date_format(here, 'j M Y')} {here:%H:%M:%S}"


@register.filter
def iso(value: Any) -> str:
    """Write a time for machines, in UTC."""
    moment = _moment(value)
    return moment.astimezone(dt.UTC).isoformat() if moment else ""


@register.filter
def ago(seconds: float | None) -> str:
    """Write a length of time in its two largest units: ``2 h 05 min``, ``3 d 4 h``."""
    if seconds is None:
        return "–"
    minutes = max(int(seconds), 0) // 60
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return gettext("%(days)d d %(hours)d h") % {"days": days, "hours": hours}
    if hours:
        return gettext("%(hours)d h %(minutes)02d min") % {"hours": hours, "minutes": minutes}
    return gettext("%(minutes)d min") % {"minutes": minutes}


@register.filter
def state_word(state: str | None) -> str:
    """Say a unit's state in the reader's language."""
    return gettext(STATES.get(state or "", state or "–"))


@register.filter
def refusal_message(refusal: dict[str, Any], language: str | None = None) -> str:
    """Say why something was refused, in the page's language or the given one."""
    return say(refusal, "message", language or translation.get_language() or "en")


@register.filter
def refusal_next(refusal: dict[str, Any], language: str | None = None) -> str:
    """Say what to do after a refusal, in the page's language or the given one."""
    return say(refusal, "next_step", language or translation.get_language() or "en")


@register.simple_tag
def units_word(count: int) -> str:
    """Return "1 unit" or "12,34,567 units"."""
    return ngettext("%(count)s unit", "%(count)s units", count) % {"count": indian(count)}


@register.filter
def may(user: Any, roles: str) -> bool:
    """Say whether a user has one of the roles, given as ``"engineer admin"``."""
    return has_role(user, roles.split())


@register.filter
def share_of(part: float | None, whole: float | None) -> str:
    """Return a bar's width in per cent of the largest bar, for a style's custom property."""
    if not part or not whole:
        return SafeString("0")
    return SafeString(f"{min(part / whole, 1) * 100:.2f}")


@register.simple_tag
def querystring_with(request: HttpRequest, name: str, value: str) -> str:
    """Return the address's parameters with one set."""
    parameters = request.GET.copy()
    parameters[name] = value
    return parameters.urlencode()


@register.simple_tag
def querystring_without(request: HttpRequest, name: str) -> str:
    """Return the address's parameters with one taken out, and the list at its start."""
    parameters = request.GET.copy()
    for gone in (name, "after"):
        parameters.pop(gone, None)
    return parameters.urlencode()


@register.simple_tag
def spark(values: Sequence[int], label: str) -> SafeString:
    """Draw small bars, one per hour: enough to see a line slow down or stand still."""
    most = max(values, default=0)
    if not most:
        return SafeString('<span class="quiet">–</span>')
    width = 5 * len(values)
    bars = format_html_join(
        "",
        '<rect x="{}" y="{}" width="4" height="{}"/>',
        ((5 * i, f"{20 - 20 * v / most:.1f}", f"{20 * v / most:.1f}") for i, v in enumerate(values) if v),
    )
    return format_html(
        '<svg class="spark" role="img" aria-label="{}" width="{}" height="20" viewBox="0 0 {} 20">{}</svg>',
        label,
        width,
        width,
        bars,
    )


@register.simple_tag
def num(value: int, url: str, query: str = "") -> SafeString:
    """Write a count as a link to what is behind it; a zero stays grey, there is nothing behind it."""
    if not value:
        return SafeString('<span class="quiet">0</span>')
    return format_html('<a href="{}?{}">{}</a>', reverse(url), query, indian(value))


@register.simple_tag
def stations_query(stations: Sequence[Any], query: str, day: str = "") -> str:
    """Return the parameters of a list that is restricted to some stations."""
    return f"{query}{day}&" + urlencode([("station", station.code) for station in stations])
