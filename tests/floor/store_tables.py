"""What tests of the stores share: places of the workshop, and short ways to say what is moved."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from floor import workshop as ws
from karkhana.floor.operations import record_events
from karkhana.floor.stores.operations import CountView, count_lot, move_stock
from karkhana.kernel.refusals import Refused
from karkhana.supply.models import StockBalance
from karkhana.supply.stock.operations import Posted, Wanted, ensure_place

PLACES = {"SHELF": "store", "CAGE": "quarantine", "SMT": "line", "ASM": "line", "BIN": "scrap"}


def make_places() -> None:
    for code, kind in PLACES.items():
        ensure_place(code=code, plant="NOIDA", kind=kind)


def happen(table: str) -> None:
    """Record a table of shorthand; everything must be answered as it says."""
    for line in ws.lines(table):
        (outcome,) = record_events([line.raw], recorded_at=ws.NOW)
        said = outcome.refusal.code if outcome.refusal else outcome.status
        assert said == line.outcome, line.text


def move(kind: str, lot: str, quantity: str, source: str = "", target: str = "", **more: Any) -> Posted:
    """Move a lot; ``uid`` may be given."""
    uid = more.pop("uid", None) or uuid.uuid4()
    wanted = Wanted(uid, kind, lot, Decimal(quantity), source, target, **more)
    return move_stock([wanted], now=ws.NOW, by="ravi")[0]


def count(lot: str, place: str, found: str, reason: str = "", uid: uuid.UUID | None = None) -> CountView:
    return count_lot(
        uid=uid or uuid.uuid4(), lot=lot, place=place, counted=Decimal(found), reason=reason, now=ws.NOW
    )


def stock(lot: str) -> dict[str, str]:
    """Return what the book says of a lot, place by place, without what is empty."""
    rows = StockBalance.objects.filter(lot=lot, quantity__gt=0).values_list("place__code", "quantity")
    return {place: format(quantity.normalize(), "f") for place, quantity in rows}


def said(call: Callable[[], object]) -> str:
    """Return the code of the refusal that a call ends with."""
    with pytest.raises(Refused) as caught, transaction.atomic():
        call()
    return caught.value.refusal.code
