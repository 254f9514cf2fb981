"""Tells Django of this package."""

from __future__ import annotations

from django.apps import AppConfig


class FloorConfig(AppConfig):
    """The Django application of :mod:`karkhana.floor`."""

    name = "karkhana.floor"
    label = "floor"
    default_auto_field = "django.db.models.BigAutoField"
