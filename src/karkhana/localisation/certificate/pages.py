"""Pages of certificates: the list, a new one with what stands in its way, one of them, and its files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from karkhana.design.models import Product
from karkhana.floor.models import Plant
from karkhana.kernel.refusals import Refusal, Refused
from karkhana.localisation.catalogue import method_for
from karkhana.localisation.certificate import queries as certificates
from karkhana.localisation.certificate.models import IssuedCertificate
from karkhana.localisation.certificate.operations import is_fresh, issue_on
from karkhana.localisation.certificate.rules import FIELDS, is_own, proof_for, read_form
from karkhana.localisation.models import LocalValueRun
from karkhana.localisation.pages import asked as asking
from karkhana.localisation.pages.doubts import doubts_shown
from karkhana.localisation.pages.value import bar_of, run_context
from karkhana.localisation.runs import queries
from karkhana.localisation.runs.models import DONE
from karkhana.localisation.runs.rules import Asked
from karkhana.partners.models import Party

TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@never_cache
@require_safe
def list_page(request: HttpRequest) -> HttpResponse:
    """List the issued certificates."""
    context = {"certificates": certificates.certificates(), "form": asking.form_of({}, None)}
    return render(request, "localisation/certificates.html", context)


@never_cache
@require_safe
def new_page(request: HttpRequest) -> HttpResponse:
    """Ask for a product and a period; show what stands in the way of a certificate, or the form for it."""
    said = asking.said_in(request.GET)
    replaces = "".join(letter for letter in request.GET.get("replaces", "") if letter.isprintable())[:24]
    if not asking.is_asked(said):
        return _new(request, said, None, {"replaces": replaces}, None)
    try:
        asked = asking.question(said)
    except Refused as refused:
        return _new(request, said, None, {}, refused.refusal)
    return _new(request, said, asked, {"replaces": replaces}, None)


@require_POST
def issue_certificate(request: HttpRequest) -> HttpResponse:
    """Issue a certificate on an answer."""
    number = request.POST.get("run", "")
    run = LocalValueRun.objects.filter(pk=int(number)).first() if _is_number(number) else None
    if run is None or run.state != DONE:
        raise Http404(gettext("This answer is not kept any more."))
    given = {name: request.POST.get(name, "") for name in (*FIELDS, "replaces")}
    asked = Asked(run.product, run.brand, run.plant, run.first, run.last, run.method, run.parameters)
    try:
        made = issue_on(
            run,
            read_form(given),
            user=request.user,
            now=timezone.now(),
            replaces=given["replaces"].strip(),
        )
    except Refused as refused:
        return _new(request, {}, asked, given, refused.refusal)
    messages.success(request, gettext("Certificate %(number)s is issued.") % {"number": made.number})
    return HttpResponse(status=303, headers={"Location": reverse("certificate", args=[made.number])})


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _new(
    request: HttpRequest,
    said: dict[str, str],
    asked: Asked | None,
    given: dict[str, str],
    refusal: Refusal | None,
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": asking.form_of(said or _said(asked), asked),
        "asked": asked,
        "refusal": refusal.as_dict() if refusal else None,
        "then": "certificate",
        "given": given,
    }
    if asked and not asked.product:
        context["needs_product"] = True
    elif asked:
        run = queries.find_run(asked)
        context |= run_context(run, pictures=False)
        if run is not None and context["state"] == DONE:
            context |= _ready(run, asked, given)
    status = 422 if refusal else 200
    return render(request, "localisation/certificate_new.html", context, status=status)


def _said(asked: Asked | None) -> dict[str, str]:
    if asked is None:
        return {}
    return {"product": asked.product, "plant": asked.plant, **asking.period_said(asked.first, asked.last)}


def _ready(run: LocalValueRun, asked: Asked, given: dict[str, str]) -> dict[str, Any]:
    result = queries.summary_of(run)
    method = method_for(asked.method, asked.last)
    proof = proof_for(method, None)
    return {
        "result": result,
        "bar": bar_of(result),
        "unproved": doubts_shown(result["unproved"], run.pk),
        "unproved_count": len(result["unproved"]),
        "fresh": is_fresh(run, timezone.now()),
        "method": method,
        "own": is_own(proof),
        "limit": proof.up_to if proof else None,
        "other": next((p.by for p in method.proofs if not is_own(p)), ""),
        "given": _first_guess(asked) | {name: value for name, value in given.items() if value},
        "query": asking.address_of(asked),
    }


def _first_guess(asked: Asked) -> dict[str, str]:
    """Return what the form begins with: what is known, and what the last certificate of the product said."""
    import json

    last = IssuedCertificate.objects.filter(product__code=asked.product).order_by("-pk").first()
    if last is not None:
        known = json.loads(last.data)
        return {
            "item": known["item"]["name"],
            "hsn": known["item"]["hsn"],
            "places": "\n".join(known["places"]),
            "maker": known["maker"]["name"],
            "maker_id": known["maker"]["id"],
            "signatory": known["signatory"]["name"],
            "designation": known["signatory"]["designation"],
            "membership": known["signatory"]["membership"],
        }
    maker = Party.objects.filter(kind="maker").order_by("pk").first()
    plants = Plant.objects.filter(code=asked.plant) if asked.plant else Plant.objects.all()
    return {
        "item": Product.objects.get(code=asked.product).name,
        "maker": maker.name if maker else "",
        "places": "\n".join(plants.order_by("code").values_list("name", flat=True)),
    }


def _found(number: str) -> IssuedCertificate:
    try:
        return certificates.find_certificate(number)
    except Refused as refused:
        raise Http404(refused.refusal.message) from refused


@never_cache
@require_safe
def certificate_page(request: HttpRequest, number: str) -> HttpResponse:
    """Show one certificate: what it says, its hash and its files."""
    import json

    from karkhana.localisation.certificate.document import document_view

    found = _found(number)
    data = json.loads(found.data)
    newer = IssuedCertificate.objects.filter(replaces=found).first()
    query = asking.address_of(
        Asked(
            found.product.code,
            "",
            "",
            found.first,
            found.last,
            found.method,
            {row["name"]: row["value"] for row in data["method"]["parameters"]},
        )
    )
    context = {
        "certificate": found,
        "view": document_view(data, found.sha256),
        "newer": newer,
        "query": query,
    }
    return render(request, "localisation/certificate.html", context)


@never_cache
@require_safe
def certificate_file(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """Send a certificate as PDF or XLSX."""
    found = _found(number)
    if kind not in TYPES:
        raise Http404(gettext("There is no such file."))
    response = HttpResponse(certificates.file_of(found, kind), content_type=TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{certificates.file_name(found, kind)}"'
    return response
