"""The WSGI application that granian (or any WSGI server) loads."""

from __future__ import annotations

import gc
import os

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

from karkhana.site.config import Config

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "karkhana.site.settings")
# Before the settings are read: workers that each made up a key would not accept each other's sessions.
Config.from_environment().ensure_secret_key()
application: WSGIHandler = get_wsgi_application()

# What the start has loaded stays for ever: searching it for garbage again and again costs a batch of events a
# third of its time.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)
