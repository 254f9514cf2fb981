"""Error pages: what happened, and what to do next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say which roles may open the page."""
    return render(request, "403.html", {"roles": str(exception or "")}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say that there is no such page; the exception's text is ours when a view raised it."""
    said = exception.args[0] if exception is not None and exception.args else ""
    return render(request, "404.html", {"said": said if isinstance(said, str) else ""}, status=404)


def fault(request: HttpRequest) -> HttpResponse:
    """Say that the program failed; needs neither database nor session, which may be what failed."""
    return render(None, "500.html", status=500)
