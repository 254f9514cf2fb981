"""All addresses of the web. Rooms add theirs below; only ``/healthz`` and the log-in are open to everyone."""

from __future__ import annotations

from django.urls import path

from karkhana.site.api import api
from karkhana.site.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("api/", api.urls),
]
