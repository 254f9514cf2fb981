"""Tells Django of this package."""

from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """The Django application of :mod:`karkhana.site`."""

    name = "karkhana.site"
    label = "site_pages"
    default_auto_field = "django.db.models.BigAutoField"
