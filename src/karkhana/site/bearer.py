"""Log-in by token: ``Authorization: Bearer kk_…`` acts as the token's user for one request."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from karkhana.kernel.refusals import Refusal
from karkhana.people.tokens import find_token


def bearer_token(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Let a request with a valid token in; refuse one with an invalid token, whatever its session says."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return get_response(request)
        token = find_token(text.strip())
        if token is None:
            refusal = Refusal(
                "auth.token_invalid", "This token is unknown or was revoked.", "Ask an admin for a new token."
            )
            return JsonResponse({"refusal": refusal.as_dict()}, status=401)
        request.user = token.user
        # A token is sent on purpose, never by a browser on its own: there is nothing to forge.
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        return get_response(request)

    return handle
