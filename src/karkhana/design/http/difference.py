"""The API of the difference between two bills of material."""

from __future__ import annotations

from ninja import Router

router = Router(tags=["design"])
