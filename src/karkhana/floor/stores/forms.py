"""Reads what the forms of the stores say, and answers: with the page again, or with a refusal beside them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from decimal import Decimal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRedirect

from karkhana.kernel.refusals import Refused
from karkhana.supply.stock.refusals import no

#: 1234.5, 1,234.5 and 12,34,567: a comma parts thousands or lakhs and never decimals.
_AMOUNT = re.compile(r"(\d{1,3}(,\d{2,3})*,\d{3}|\d{1,18})(\.\d{1,12})?", re.ASCII)


def text(request: HttpRequest, name: str) -> str:
    """Return a text of a form without the blanks around it."""
    return request.POST.get(name, "").strip()


def amount(typed: str) -> Decimal:
    """Read a quantity as people type it.

    Raises:
        Refused: ``stock.quantity``.
    """
    typed = typed.strip()
    if not _AMOUNT.fullmatch(typed):
        raise no("stock.quantity", value=repr(typed[:40]))
    return Decimal(typed.replace(",", ""))


def form_id(request: HttpRequest) -> uuid.UUID:
    """Return the id that a form was drawn with, so that a second click does nothing."""
    try:
        return uuid.UUID(text(request, "id"))
    except ValueError:
        return uuid.uuid4()


def said(request: HttpRequest, act: Callable[[], HttpResponse]) -> HttpResponse:
    """Do what a form asks; say a refusal beside the form, as a page where the browser has no script."""
    try:
        return act()
    except Refused as refused:
        template = "floor/stores/refused.html" if request.headers.get("HX-Request") else "floor/refused.html"
        # 200 for htmx, which shows nothing of an answer that is an error.
        status = 200 if request.headers.get("HX-Request") else 422
        return render(request, template, {"refusal": refused.refusal.as_dict()}, status=status)


def go_on(request: HttpRequest, address: str, message: str) -> HttpResponse:
    """Tell what was done and show a page anew."""
    messages.success(request, message)
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(address)
    return HttpResponse(status=303, headers={"Location": address})
