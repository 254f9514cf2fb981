"""Tells Django of this package."""

from __future__ import annotations

from django.apps import AppConfig


class LocalisationConfig(AppConfig):
    """The Django application of :mod:`karkhana.localisation`."""

    name = "karkhana.localisation"
    label = "localisation"
    default_auto_field = "django.db.models.BigAutoField"
