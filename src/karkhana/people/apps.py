"""Tells Django of this package."""

from __future__ import annotations

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """The Django application of :mod:`karkhana.people`."""

    name = "karkhana.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"
