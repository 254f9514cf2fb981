"""The design room's typed API: one module per subject, each with a ``router``; joined here."""

from __future__ import annotations

from ninja import Router

import karkhana.design.addresses  # noqa: F401  (makes the address part ``code`` known)
from karkhana.design.http.difference import router as difference
from karkhana.design.http.exchange import router as exchange
from karkhana.design.http.products import router as products
from karkhana.design.http.revisions import router as revisions
from karkhana.design.http.shapes import BODIES

__all__ = ["BODIES", "router"]

router = Router(tags=["design"])
router.add_router("", difference)
router.add_router("", exchange)
router.add_router("", products)
router.add_router("", revisions)
