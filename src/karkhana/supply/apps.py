"""Tells Django of this package."""

from __future__ import annotations

from django.apps import AppConfig


class SupplyConfig(AppConfig):
    """The Django application of :mod:`karkhana.supply`."""

    name = "karkhana.supply"
    label = "supply"
    default_auto_field = "django.db.models.BigAutoField"
