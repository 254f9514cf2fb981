"""Log-in and language. The language may be chosen before log-in, so it rides on the log-in's address."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation

from karkhana.partners.roles import is_staff

COOKIE_SECONDS = 365 * 24 * 3600


class LogIn(LoginView):
    """Django's log-in in our clothes; ``?language=hi`` switches the page and is remembered."""

    template_name = "login.html"
    redirect_authenticated_user = True

    def get_default_redirect_url(self) -> str:
        """People of partners begin in the design hub, staff with the overview."""
        return super().get_default_redirect_url() if is_staff(self.request.user) else "/design/"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Switch the language first, so that the page is drawn in it."""
        language = request.GET.get("language")
        known = language in dict(settings.LANGUAGES)
        if language and known:
            translation.activate(language)
            request.LANGUAGE_CODE = language
        response = super().dispatch(request, *args, **kwargs)
        if language and known and isinstance(response, HttpResponse):
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME, language, max_age=COOKIE_SECONDS, samesite="Lax"
            )
        return response
