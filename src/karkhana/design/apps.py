"""Tells Django of this package."""

from __future__ import annotations

from django.apps import AppConfig


class DesignConfig(AppConfig):
    """The Django application of :mod:`karkhana.design`."""

    name = "karkhana.design"
    label = "design"
    default_auto_field = "django.db.models.BigAutoField"
