"""Pages of releases as files: the download of one, and the form that brings one in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from karkhana.design.exchange.read import FILE_MAX
from karkhana.design.http.exchange import imported_out, read_upload, zip_answer
from karkhana.design.operations import import_release
from karkhana.design.pages.frame import answer, found_revision
from karkhana.kernel.refusals import Refused

_LIMITS = {"max_bytes": FILE_MAX, "max_megabytes": FILE_MAX // (1024 * 1024)}


@never_cache
@require_safe
def release_export(request: HttpRequest, product: str, revision: str) -> HttpResponse:
    """Send a released revision as one ZIP file; a refusal is a page."""
    found = found_revision(request, product, revision)
    try:
        return zip_answer(found.product.code, found.code)
    except Refused as refused:
        return answer(request, "design/import_refused.html", {}, refused.refusal)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def release_import(request: HttpRequest) -> HttpResponse:
    """Show the form, and after it was sent what became of it."""
    context: dict[str, object] = {**_LIMITS, "brand": request.POST.get("brand", "")[:120]}
    if request.method != "POST":
        return answer(request, "design/release_import.html", context)
    try:
        upload = request.FILES.get("file")
        done = import_release(
            data=read_upload(upload), now=timezone.now(), brand_name=request.POST.get("brand")
        )
    except Refused as refused:
        context["asks_brand"] = refused.refusal.code in ("brand.unknown", "brand.name")
        return answer(request, "design/release_import.html", context, refused.refusal)
    return answer(request, "design/release_import.html", {**context, "done": imported_out(done)})
