"""Tables of the supply room. Lots themselves are facts of the record (``ledger``)."""

from __future__ import annotations

from django.db import models


class Supplier(models.Model):
    """Somebody who delivers parts. ``country`` is where it is seated (ISO 3166-1 alpha-2)."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    country = models.CharField(max_length=2)

    def __str__(self) -> str:
        return self.code
