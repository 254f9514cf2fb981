"""The design room's typed API: one module per subject, each with a ``router``; joined here."""

from __future__ import annotations

from ninja import Router

from karkhana.design.http.difference import router as difference
from karkhana.design.http.exchange import router as exchange

router = Router(tags=["design"])
router.add_router("", difference)
router.add_router("", exchange)
