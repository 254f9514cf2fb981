"""Tells Django of this package."""

from __future__ import annotations

from django.apps import AppConfig


class PartnersConfig(AppConfig):
    """The Django application of :mod:`karkhana.partners`."""

    name = "karkhana.partners"
    label = "partners"
    default_auto_field = "django.db.models.BigAutoField"
