"""Tells Django of this package."""

from __future__ import annotations

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The Django application of :mod:`karkhana.ledger`."""

    name = "karkhana.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"
