"""The typed API of kitting."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Query, Router, Schema
from pydantic import Field

from karkhana.floor.kitting.operations import Taken, hand_out_kit
from karkhana.floor.kitting.queries import Kit, plan_kit
from karkhana.floor.kitting.rules import KitLine, Need
from karkhana.floor.stores.http import name_of, posted_out
from karkhana.floor.stores.shapes import AllPostedOut, Key, Name, Words
from karkhana.partners.answers import ERRORS
from karkhana.supply.stock.rules import plain

router = Router(tags=["supply"])
PICKS_MAX = 1000


class NeedOut(Schema):
    """What an order needs of a part; ``product`` is set for a sub-assembly that is built here."""

    part: str
    alternates: list[str]
    steps: list[str]
    per_unit: str
    quantity: str
    issued: str
    open: str
    product: str | None


class PickOut(Schema):
    """So much of a lot to take from a place."""

    lot: str
    part: str
    place: str
    quantity: str
    owner: str
    expires_on: dt.date | None
    received_at: dt.datetime


class LeftOut(Schema):
    """A lot that may not be taken, and why.

    ``problem`` is held, other_owner, expired, floor_life, bake_first, on_line or quarantine.
    """

    lot: str
    place: str
    quantity: str
    problem: str
    owner: str


class OtherOrderOut(Schema):
    """What another order holds."""

    work_order: str
    quantity: str


class KitLineOut(NeedOut):
    """A need with what to take for it, what is left out, and what is short."""

    free: str
    short: str
    picks: list[PickOut]
    left_out: list[LeftOut]
    others: list[OtherOrderOut]


class KitOut(Schema):
    """A work order's material. ``place`` is the line place that it goes to."""

    work_order: str
    product: str
    revision: str
    brand: str
    units: int
    plant: str
    place: str
    ready: bool
    complete: bool
    lines: list[KitLineOut]
    built_here: list[NeedOut]


class TakenIn(Schema):
    """A lot that a person chose."""

    lot: Name
    place: Name
    quantity: Decimal


class KitIn(Schema):
    """Hand material out to an order's line; without ``taken``, what is proposed."""

    id: uuid.UUID
    work_order: Name
    place: Words = ""
    whole: bool = False
    taken: Annotated[list[TakenIn] | None, Field(max_length=PICKS_MAX)] = None


def _need(need: Need) -> dict[str, Any]:
    return {
        "part": need.part,
        "alternates": list(need.parts[1:]),
        "steps": list(need.steps),
        "product": need.product,
        **{name: plain(getattr(need, name)) for name in ("per_unit", "quantity", "issued", "open")},
    }


def _line(line: KitLine, kit: Kit) -> dict[str, Any]:
    others = [held for part in line.need.parts for held in kit.elsewhere.get(part, ())] if line.short else []
    return {
        **_need(line.need),
        "free": plain(line.free),
        "short": plain(line.short),
        "picks": [
            {
                "lot": p.lot,
                "part": p.part,
                "place": p.place,
                "quantity": plain(p.quantity),
                "owner": p.owner,
                "expires_on": p.expires_on,
                "received_at": p.received_at,
            }
            for p in line.picks
        ],
        "left_out": [
            {
                "lot": c.lot,
                "place": c.place,
                "quantity": plain(c.free),
                "problem": c.problem,
                "owner": c.owner,
            }
            for c in line.left_out
        ],
        "others": [{"work_order": held.work_order, "quantity": plain(held.quantity)} for held in others],
    }


def kit_out(kit: Kit) -> dict[str, Any]:
    """Return the JSON form of a kit."""
    names = ("work_order", "product", "revision", "brand", "units", "plant", "place", "ready")
    return {
        **{name: getattr(kit, name) for name in names},
        "complete": not kit.short,
        "lines": [_line(line, kit) for line in kit.lines],
        "built_here": [_need(need) for need in kit.built_here],
    }


@router.post("/kits", response={200: AllPostedOut, **ERRORS}, summary="Hand a kit out")
def post_kit(request: HttpRequest, body: KitIn) -> object:
    """Issue material to an order's line, all of it or nothing; the same kit sent twice goes out once."""
    taken = None
    if body.taken is not None:
        taken = [Taken(one.lot, one.place, one.quantity) for one in body.taken]
    posted = hand_out_kit(
        uid=body.id,
        work_order=body.work_order,
        place=body.place,
        taken=taken,
        whole=body.whole,
        now=timezone.now(),
        by=name_of(request),
    )
    return posted_out(posted)


@router.get("/kits/{path:order}", response={200: KitOut, **ERRORS}, summary="A work order's material")
def get_kit(
    request: HttpRequest, order: Path[Name], place: Query[Key | None] = None, whole: bool = False
) -> object:
    """Tell what an order needs, which lots to take, and what is short."""
    return kit_out(plan_kit(order, now=timezone.now(), place=place or "", whole=whole))
