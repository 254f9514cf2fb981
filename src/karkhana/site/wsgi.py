"""The WSGI application that granian (or any WSGI server) loads."""

from __future__ import annotations

import os

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

from karkhana.site.collector import calm_collector
from karkhana.site.config import Config

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "karkhana.site.settings")
# Before the settings are read: workers that each made up a key would not accept each other's sessions.
Config.from_environment().ensure_secret_key()
application: WSGIHandler = get_wsgi_application()
calm_collector()
