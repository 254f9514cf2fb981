"""What every request passes through that is ours: its id in the log, what a page may load, log-in."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from karkhana.kernel.refusals import Refusal
from karkhana.site.request_log import current_id

Handler = Callable[[HttpRequest], HttpResponseBase]

#: A factory may be cut off from the internet, and nothing of it may leak there: only our own files load.
#: Plotly sets styles in elements and draws from blob: and data: pictures. No script in a page's text runs.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
API_PREFIX = "/api/"
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id(get_response: Handler) -> Handler:
    """Give each request an id, the caller's ``X-Request-ID`` when it is harmless, and send it back."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        identity = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex[:16]
        # Not taken back afterwards: Django logs the request's errors after the last middleware is done.
        current_id.set(identity)
        response = get_response(request)
        response.headers["X-Request-ID"] = identity
        return response

    return handle


def content_security_policy(get_response: Handler) -> Handler:
    """Tell the browser that a page loads nothing but our own files."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return handle


class LoginRequired(LoginRequiredMiddleware):
    """Django's rule with the API's manners: a program gets 401 and a refusal, not a log-in page."""

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponse:
        """Answer a request without log-in."""
        if not request.path.startswith(API_PREFIX):
            return super().handle_no_permission(request, view_func)
        refusal = Refusal(
            "auth.login_required", "This address needs a log-in.", "Log in, then repeat the request."
        )
        return JsonResponse({"refusal": refusal.as_dict()}, status=401)
