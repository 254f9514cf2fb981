"""The difference between two revisions or files: a page, and the same as a workbook.

Nothing is stored. Files come with a POST, stored revisions with the address, so that a comparison of two
revisions can be sent to somebody as a link.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from karkhana.design.access import visible_products
from karkhana.design.bom.limits import MAX_BYTES
from karkhana.design.comparing import one_side
from karkhana.design.difference import Difference, compare
from karkhana.design.difference.workbook import difference_workbook
from karkhana.design.models import Revision
from karkhana.kernel.refusals import Refused

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NAMES_OFFERED = 2_000


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def difference_page(request: HttpRequest) -> HttpResponse:
    """Show the form, and below it the difference when both sides are given."""
    names = _names(request)
    files = bool(request.FILES)
    if request.method == "POST" and not files and not request.htmx:  # type: ignore[attr-defined]
        return HttpResponseRedirect(f"{reverse('design-diff')}?{urlencode(names)}")
    context: dict[str, Any] = {"names": names, "difference": None, "refusal": None}
    if any(names.values()) or files or request.method == "POST":
        try:
            context["difference"] = _difference(request, names).as_dict()
        except Refused as refused:
            context["refusal"] = refused.refusal.as_dict()
    if request.htmx:  # type: ignore[attr-defined]
        response = render(request, "design/difference_answer.html", context)
        if not files:
            response["HX-Push-Url"] = f"{reverse('design-diff')}?{urlencode(names)}"
        return response
    context |= {
        "offered": _offered(request.user),
        "max_bytes": MAX_BYTES,
        "max_megabytes": MAX_BYTES // 1048576,
    }
    return render(request, "design/difference.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def difference_xlsx(request: HttpRequest) -> HttpResponse:
    """Send the difference as a workbook; a refusal is a page."""
    names = _names(request)
    try:
        answer = _difference(request, names).as_dict()
    except Refused as refused:
        context = {"names": names, "difference": None, "refusal": refused.refusal.as_dict()}
        return _whole_page(request, context, HTTPStatus.UNPROCESSABLE_ENTITY)
    response = HttpResponse(difference_workbook(answer), content_type=XLSX)
    name = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "-_.") else "_"
        for letter in f"{answer['a']}-{answer['b']}"
    )
    response["Content-Disposition"] = f'attachment; filename="difference-{name[:90]}.xlsx"'
    return response


def _whole_page(request: HttpRequest, context: dict[str, Any], status: int = HTTPStatus.OK) -> HttpResponse:
    """The form with what it offers, and the answer below it."""
    limits = {"max_bytes": MAX_BYTES, "max_megabytes": MAX_BYTES // 1048576}
    context = {**context, **limits, "offered": _offered(request.user)}
    return render(request, "design/difference.html", context, status=status)


def _difference(request: HttpRequest, names: dict[str, str]) -> Difference:
    """Compare the two sides of the request.

    Raises:
        Refused: as ``comparing.one_side``.
    """
    a = one_side("A", names["a"], request.FILES.get("file_a"), user=request.user)
    return compare(a, one_side("B", names["b"], request.FILES.get("file_b"), user=request.user))


def _names(request: HttpRequest) -> dict[str, str]:
    """The names of both sides, wherever they came."""
    given = request.POST if request.method == "POST" else request.GET
    return {side: given.get(side, "").strip()[:200] for side in ("a", "b")}


def _offered(user: Any) -> list[str]:
    """The revisions that the form offers: what the log-in may see, the newest of each product last."""
    seen = Revision.objects.filter(product__in=visible_products(user))
    found = seen.order_by("product__code", "pk").values_list("product__code", "code")
    return [f"{product}:{revision}" for product, revision in found[:NAMES_OFFERED]]
