"""Tells Django of this package."""

from __future__ import annotations

from django.apps import AppConfig


class LocalisationConfig(AppConfig):
    """The Django application of :mod:`karkhana.localisation`."""

    name = "karkhana.localisation"
    label = "localisation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let change orders tell what they cost and what they do to local value."""
        from karkhana.floor.changes.money import register_teller
        from karkhana.localisation.designed.money import money_of_change

        register_teller(money_of_change)
