"""Pages of suppliers, parts, prices, exchange rates and duty tables."""

from __future__ import annotations

import hashlib
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from karkhana.kernel.countries import COUNTRIES
from karkhana.kernel.money import CURRENCIES
from karkhana.kernel.refusals import refuse
from karkhana.partners.models import Brand
from karkhana.supply.duties.catalogue import rates as duty_rates
from karkhana.supply.duties.catalogue import tables
from karkhana.supply.forms import (
    Said,
    asked,
    asked_number,
    refusal_shown,
    said,
    said_date,
    said_number,
)
from karkhana.supply.models import ExchangeRate, Part, Supplier
from karkhana.supply.models.money import RATE_KINDS
from karkhana.supply.models.parties import ROLES
from karkhana.supply.models.parts import CHANNELS
from karkhana.supply.rates.operations import set_rate
from karkhana.supply.registers.queries import SOON
from karkhana.supply.sources import operations, queries

DOCUMENT_MAX = 32 * 2**20
RATES_SHOWN = 200
form_page = require_http_methods(["GET", "HEAD", "POST"])


def _choices() -> dict[str, Any]:
    return {
        "roles": ROLES,
        "channels": CHANNELS,
        "countries": sorted(COUNTRIES),
        "currencies": sorted(CURRENCIES),
        "brands": tuple(Brand.objects.order_by("code").values_list("code", flat=True)),
        "today": timezone.localdate(),
    }


def _set_supplier(request: HttpRequest, code: str) -> None:
    operations.set_supplier(
        code=code,
        name=said(request, "name"),
        country_code=said(request, "country"),
        role=said(request, "role"),
        tax_id=said(request, "tax_id"),
        brand=said(request, "brand"),
    )


@never_cache
@form_page
def suppliers(request: HttpRequest) -> HttpResponse:
    """Show suppliers; make a new one known."""
    shown = Said()
    if request.method == "POST":
        code = said(request, "code")
        with refusal_shown(shown, request, gettext("The supplier is known now.")):
            if code.isprintable() and Supplier.objects.filter(code=code[:40]).exists():
                raise refuse(
                    "supplier.known",
                    "code: there is a supplier {value} already.",
                    "Open it to correct it.",
                    field="code",
                    value=repr(code[:40]),
                )
            _set_supplier(request, code)
        if shown.refusal is None:
            return redirect("supply-supplier", code=code)
    q, role = asked(request, "q", 60), asked(request, "role", 12)
    page = queries.supplier_page(q, role, asked(request, "after", 40))
    context = _choices() | {
        "page": page,
        "q": q,
        "role": role,
        "refusal": shown.refusal,
        "said": request.POST,
    }
    return render(request, "supply/sources/suppliers.html", context, status=shown.status)


@never_cache
@form_page
def supplier(request: HttpRequest, code: str) -> HttpResponse:
    """Show one supplier with its certificates and receipts; correct it, or record a certificate."""
    found = (
        Supplier.objects.filter(code=code[:40]).select_related("brand").first()
        if code.isprintable()
        else None
    )
    if found is None:
        raise Http404(gettext("There is no supplier %(code)s.") % {"code": code[:40]})
    shown = Said()
    if request.method == "POST":
        with refusal_shown(shown, request, gettext("Saved.")):
            if said(request, "act") == "certificate":
                _add_certificate(request, found.code)
            else:
                _set_supplier(request, found.code)
        if shown.refusal is None:
            return redirect("supply-supplier", code=found.code)
    today = timezone.localdate()
    context = _choices() | {
        "supplier": found,
        "certificates": queries.certificates(found, today, SOON),
        "receipts": queries.receipts(supplier=found, limit=30),
        "sources": found.sources.select_related("part").order_by("part__number")[: queries.PAGE],
        "refusal": shown.refusal,
        "said": request.POST,
    }
    return render(request, "supply/sources/supplier.html", context, status=shown.status)


def _add_certificate(request: HttpRequest, code: str) -> None:
    first, last = said_date(request, "valid_from"), said_date(request, "valid_to")
    if first is None or last is None:
        raise refuse(
            "register.missing",
            "{field} is empty.",
            "Say from when until when the certificate holds.",
            field="valid_from" if first is None else "valid_to",
        )
    file = request.FILES.get("file")
    digest = _digest(file) if isinstance(file, UploadedFile) else said(request, "file_sha256")
    names = ("number", "part", "method", "auditor", "membership")
    certified = operations.Certified(
        supplier=code,
        percent=said_number(request, "percent"),
        valid_from=first,
        valid_to=last,
        file_sha256=digest,
        file_name=(file.name or "")[:200] if file else "",
        **{name: said(request, name) for name in names},
    )
    operations.add_certificate(certified, now=timezone.now())


def _digest(file: UploadedFile) -> str:
    """Return the SHA-256 of an uploaded document; the document itself stays with whoever has it.

    Raises:
        Refused: ``certificate.file``.
    """
    if not 0 < (file.size or 0) <= DOCUMENT_MAX:
        raise refuse(
            "certificate.file",
            "file: {name} is empty or has more than {limit} MB.",
            "Choose the signed document, or give its SHA-256.",
            field="file",
            name=repr((file.name or "")[:60]),
            limit=DOCUMENT_MAX // 2**20,
        )
    digest = hashlib.sha256()
    for block in file.chunks():
        digest.update(block)
    return digest.hexdigest()


@never_cache
@form_page
def parts(request: HttpRequest) -> HttpResponse:
    """Show parts with their latest price; make a new one known."""
    shown = Said()
    if request.method == "POST":
        number = said(request, "number")
        with refusal_shown(shown, request, gettext("Saved.")):
            _set_part(request, number)
        if shown.refusal is None:
            return redirect("supply-part", number=number)
    q, group = asked(request, "q", 60), asked(request, "group", 60)
    context = _choices() | {
        "page": queries.part_page(q, group, asked(request, "after", 80)),
        "groups": queries.groups(),
        "q": q,
        "group": group,
        "refusal": shown.refusal,
        "said": request.POST,
    }
    return render(request, "supply/sources/parts.html", context, status=shown.status)


def _set_part(request: HttpRequest, number: str) -> None:
    names = ("manufacturer", "description", "group", "hsn", "unit")
    operations.set_part(number=number, **{name: said(request, name) for name in names})


@never_cache
@form_page
def part(request: HttpRequest, number: str) -> HttpResponse:
    """Show one part: sources, offers, what was paid; correct it, approve a source, add a price.

    A part that only receipts name is shown too: it can be described here.
    """
    found = Part.objects.filter(number=number[:80]).first() if number.isprintable() else None
    receipts = queries.receipts(part=number) if number.isprintable() else ()
    if found is None and not receipts:
        raise Http404(gettext("There is no part %(number)s.") % {"number": number[:80]})
    shown = Said()
    if request.method == "POST":
        with refusal_shown(shown, request, gettext("Saved.")):
            _act_on_part(request, number)
        if shown.refusal is None:
            return redirect("supply-part", number=number)
    context = _choices() | {
        "number": number,
        "part": found,
        "sources": queries.sources(found) if found else (),
        "prices": queries.prices(found) if found else (),
        "receipts": receipts,
        "chart": queries.price_chart(number),
        "suppliers": tuple(Supplier.objects.order_by("code").values_list("code", "name")[:2000]),
        "refusal": shown.refusal,
        "said": request.POST,
    }
    return render(request, "supply/sources/part.html", context, status=shown.status)


def _act_on_part(request: HttpRequest, number: str) -> None:
    act = said(request, "act")
    if act not in ("source", "price"):
        _set_part(request, number)
        return
    operations.set_part(number=number)
    today = timezone.localdate()
    if act == "source":
        operations.approve_source(
            part=number,
            supplier=said(request, "supplier"),
            on=said_date(request, "approved_on") or today,
            ended_on=said_date(request, "ended_on"),
            maker_part=said(request, "maker_part"),
        )
        return
    operations.add_price(
        operations.Offer(
            part=number,
            supplier=said(request, "supplier"),
            price=said_number(request, "price"),
            currency=said(request, "currency"),
            valid_from=said_date(request, "valid_from") or today,
            valid_to=said_date(request, "valid_to"),
            minimum=said_number(request, "minimum"),
            channel=said(request, "channel"),
            origin=said(request, "origin"),
            freight_percent=said_number(request, "freight_percent"),
            duty_percent=said_number(request, "duty_percent"),
            source=said(request, "source"),
        )
    )


@never_cache
@require_safe
def receipts(request: HttpRequest) -> HttpResponse:
    """Show receipts, all or those that lack something; and lots that no register tells the price of."""
    what = asked(request, "open", 10)
    if what == "price":
        page = queries.lots_without_price(asked(request, "after", 80))
    else:
        page = queries.open_receipts(what, asked_number(request, "after"))
    return render(request, "supply/sources/receipts.html", {"page": page, "what": what})


@never_cache
@form_page
def rates(request: HttpRequest) -> HttpResponse:
    """Show exchange rates; book one."""
    shown = Said()
    if request.method == "POST":
        with refusal_shown(shown, request, gettext("The rate is booked.")):
            first = said_date(request, "valid_from") or timezone.localdate()
            set_rate(
                currency=said(request, "currency"),
                kind=said(request, "kind"),
                valid_from=first,
                valid_to=said_date(request, "valid_to") or first,
                rate=said_number(request, "rate"),
                source=said(request, "source")[:200],
            )
        if shown.refusal is None:
            return redirect("supply-rates")
    currency, kind = asked(request, "currency", 3), asked(request, "kind", 10)
    found = ExchangeRate.objects.order_by("-valid_from", "currency", "kind")
    if currency:
        found = found.filter(currency=currency)
    if kind:
        found = found.filter(kind=kind)
    context = _choices() | {
        "rates": found[:RATES_SHOWN],
        "kinds": RATE_KINDS,
        "currency": currency,
        "kind": kind,
        "refusal": shown.refusal,
        "said": request.POST,
    }
    return render(request, "supply/sources/rates.html", context, status=shown.status)


@never_cache
@require_safe
def duties(request: HttpRequest) -> HttpResponse:
    """Show the duty tables, each figure with how sure it is."""
    shown = []
    for table in tables():
        found = [rate for rate in duty_rates() if rate.device == table.device]
        # The tables of phones go by dates, the others by fiscal years.
        years = sorted({rate.year for rate in found if rate.year.startswith("FY")})
        rows = [(item, [rate for rate in found if rate.item == item.item]) for item in table.items]
        shown.append({"table": table, "years": years, "rows": rows})
    return render(request, "supply/sources/duties.html", {"shown": shown})
