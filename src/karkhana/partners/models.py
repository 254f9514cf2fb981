"""Tables of the partners room."""

from __future__ import annotations

from django.db import models


class Brand(models.Model):
    """A customer whose products are built here. Brands compete; none may learn of another."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.code
