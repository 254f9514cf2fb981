"""The typed API of the stores: places, stock, movements, counts, splits, merges and consigned stock."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Query, Router, Status
from pydantic import Field

from karkhana.floor.models import Plant
from karkhana.floor.stores import consigned, queries
from karkhana.floor.stores.lots import LotFact
from karkhana.floor.stores.operations import CountView, count_lot, move_stock
from karkhana.floor.stores.places import places
from karkhana.floor.stores.shapes import (
    AllPostedOut,
    ConsignedLotsOut,
    ConsignedOut,
    CountIn,
    CountOut,
    Key,
    LotDetailOut,
    MergeIn,
    Name,
    PlaceIn,
    PlacesOut,
    SplitIn,
    State,
    StockMovesIn,
    StockMovesOut,
    StockOut,
    StockUnitsOut,
)
from karkhana.floor.stores.transforming import Piece, merge_lots, split_lot
from karkhana.floor.stores.used import UsedBy
from karkhana.kernel.refusals import refuse
from karkhana.partners.answers import ERRORS
from karkhana.supply.stock.operations import Posted, Wanted, ensure_place
from karkhana.supply.stock.rules import Account, Range, plain

router = Router(tags=["supply"])


def range_out(found: Range) -> dict[str, str]:
    """Return the JSON form of a range."""
    return {"low": plain(found.low), "high": plain(found.high)}


def row_out(row: queries.StockRow) -> dict[str, Any]:
    """Return the JSON form of a lot in a list."""
    return {**_fact_out(row.fact), **_standing_out(row.standing), "on_hand": plain(row.on_hand),
            "held": row.held}  # fmt: skip


def _fact_out(fact: LotFact) -> dict[str, Any]:
    names = ("lot", "part", "supplier", "origin", "supplier_lot", "received_at", "plant", "owner")
    return {name: getattr(fact, name) for name in names} | {"quantity": plain(fact.quantity)}


def _standing_out(standing: tuple[queries.Standing, ...]) -> dict[str, Any]:
    return {"standing": [{"place": s.place, "kind": s.kind, "quantity": plain(s.quantity)} for s in standing]}


def _move_out(row: queries.MoveRow) -> dict[str, Any]:
    return queries.move_dict(row) | {"quantity": plain(row.quantity)}


def lot_out(view: queries.LotView) -> dict[str, Any]:
    """Return the JSON form of everything about a lot."""
    return {
        **_fact_out(view.fact),
        **_standing_out(view.standing),
        "on_hand": plain(view.in_house),
        "held": view.held or "",
        "used": range_out(view.use.total),
        "booked": plain(view.booked),
        "expected": range_out(view.expected),
        "units": view.use.units,
        "moves": [_move_out(row) for row in view.moves.rows],
        "made_from": [{"lot": k.lot, "part": k.part, "at": k.at} for k in view.made_from],
        "made_into": [{"lot": k.lot, "part": k.part, "at": k.at} for k in view.made_into],
    }


def _unit_out(row: UsedBy) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__} | {"quantity": plain(row.quantity)}


def posted_out(posted: list[Posted]) -> dict[str, Any]:
    """Return the JSON form of what was written."""
    return {"moves": [{"id": p.uid, "number": p.number, "repeated": p.repeated} for p in posted]}


def count_out(view: CountView) -> dict[str, Any]:
    """Return the JSON form of a count."""
    amounts = {n: plain(getattr(view, n)) for n in ("balance", "counted", "used", "difference")}
    here = {"lot": view.lot, "place": view.place, "repeated": view.repeated}
    return {**here, **amounts, "expected": range_out(view.expected)}


def account_out(account: Account, units: int) -> dict[str, Any]:
    """Return the JSON form of an account."""
    names = ("received", "taken_over", "scrapped", "returned", "explained", "unexplained")
    return {
        **{name: plain(getattr(account, name)) for name in names},
        "used": range_out(account.used),
        "on_hand": range_out(account.on_hand),
        "units": units,
    }


@router.get("/places", response={200: PlacesOut, **ERRORS}, summary="Storage places")
def get_places(request: HttpRequest) -> object:
    """List every storage place."""
    return {"places": [{n: getattr(p, n) for n in p.__slots__} for p in places()]}


@router.post("/places", response={201: PlacesOut, **ERRORS}, summary="Make a storage place")
def post_place(request: HttpRequest, body: PlaceIn) -> object:
    """Make a storage place; one that is there already stays as it is."""
    require_plant(body.plant)
    ensure_place(code=body.code, plant=body.plant, kind=body.kind, name=body.name)
    return Status(201, get_places(request))


def require_plant(code: str) -> None:
    """Refuse a plant that is not there.

    Raises:
        Refused: ``place.plant``.
    """
    if not Plant.objects.filter(code=code).exists():
        raise refuse(
            "place.plant", "There is no plant {plant}.", "Choose a plant of the list.", plant=code[:40]
        )


def _filter(
    text: str | None, part: str | None, place: str | None, owner: str | None, state: str | None
) -> queries.StockFilter:
    return queries.StockFilter(text or "", part or "", place or "", owner or "", state or "on_hand")


@router.get("/stock", response={200: StockOut, **ERRORS}, summary="Lots and where they stand")
def get_stock(
    request: HttpRequest,
    text: Query[Key | None] = None,
    part: Query[Key | None] = None,
    place: Query[Key | None] = None,
    owner: Query[Key | None] = None,
    state: Query[State | None] = None,
    after: Query[Key | None] = None,
) -> object:
    """List lots by their numbers, one page at a time."""
    page = queries.stock_page(_filter(text, part, place, owner, state), after or "")
    return {"lots": [row_out(row) for row in page.rows], "after": page.after}


@router.get("/stock/moves", response={200: StockMovesOut, **ERRORS}, summary="A lot's movements")
def get_moves(
    request: HttpRequest,
    lot: Query[Name],
    before: Annotated[int | None, Query(), Field(ge=0, lt=2**62)] = None,
) -> object:
    """List a lot's movements, the latest first."""
    page = queries.moves_of(lot, before)
    return {"moves": [_move_out(row) for row in page.rows], "before": page.after}


@router.get("/stock/units", response={200: StockUnitsOut, **ERRORS}, summary="Units that took of a lot")
def get_units(request: HttpRequest, lot: Query[Name], after: Query[Key | None] = None) -> object:
    """List the units and panels that took of a lot."""
    page = queries.used_by(lot, after or "")
    return {"units": [_unit_out(row) for row in page.rows], "after": page.after}


@router.post("/stock/moves", response={200: AllPostedOut, **ERRORS}, summary="Move stock")
def post_moves(request: HttpRequest, body: StockMovesIn) -> object:
    """Put away, issue, return, scrap or send back; all of it or nothing."""
    moves = [
        Wanted(m.id, m.kind, m.lot, m.quantity, m.source, m.target, m.reason, m.work_order, m.note)
        for m in body.moves
    ]
    return posted_out(move_stock(moves, now=timezone.now(), by=name_of(request)))


@router.post("/stock/counts", response={200: CountOut, **ERRORS}, summary="Count a lot at a place")
def post_count(request: HttpRequest, body: CountIn) -> object:
    """Count a lot: what was used is booked, what differs is adjusted with a reason."""
    return count_out(
        count_lot(
            uid=body.id,
            lot=body.lot,
            place=body.place,
            counted=body.counted,
            reason=body.reason,
            note=body.note,
            now=timezone.now(),
            by=name_of(request),
        )
    )


@router.post("/stock/splits", response={200: AllPostedOut, **ERRORS}, summary="Split a lot")
def post_split(request: HttpRequest, body: SplitIn) -> object:
    """Take new lots off a lot; the record says so too."""
    pieces = [Piece(piece.lot, piece.quantity) for piece in body.pieces]
    posted = split_lot(
        uid=body.id, lot=body.lot, place=body.place, pieces=pieces, now=timezone.now(), by=name_of(request)
    )
    return posted_out(posted)


@router.post("/stock/merges", response={200: AllPostedOut, **ERRORS}, summary="Merge lots")
def post_merge(request: HttpRequest, body: MergeIn) -> object:
    """Put lots of one part, supplier, origin and owner together."""
    sources = [Piece(source.lot, source.quantity, source.place) for source in body.sources]
    posted = merge_lots(
        uid=body.id, sources=sources, lot=body.lot, place=body.place, now=timezone.now(), by=name_of(request)
    )
    return posted_out(posted)


def name_of(request: HttpRequest) -> str:
    """Return the name of who asks."""
    return str(request.user.get_username())[:150]


@router.get("/consigned", response={200: ConsignedOut, **ERRORS}, summary="A brand's consigned parts")
def get_consigned(request: HttpRequest, brand: Query[Name], after: Query[Key | None] = None) -> object:
    """Reconcile what a brand handed in, part by part."""
    page = consigned.part_accounts(brand, after or "")
    parts = [
        account_out(row.account, row.units)
        | {"part": row.part, "lots": row.lots, "counted_at": row.counted_at}
        for row in page.rows
    ]
    return {"brand": brand, "parts": parts, "after": page.after}


@router.get("/consigned/lots", response={200: ConsignedLotsOut, **ERRORS}, summary="Consigned lots of a part")
def get_consigned_lots(
    request: HttpRequest, brand: Query[Name], part: Query[Name], after: Query[Key | None] = None
) -> object:
    """Reconcile a brand's lots of a part, one by one."""
    page = consigned.lot_accounts(brand, part, after or "")
    return {"brand": brand, "lots": [_lot_account_out(row) for row in page.rows], "after": page.after}


def _lot_account_out(row: consigned.LotAccount) -> dict[str, Any]:
    counted = row.counted
    return account_out(row.account, row.units) | {
        "lot": row.fact.lot,
        "part": row.fact.part,
        "received_at": row.fact.received_at,
        "last_count": plain(counted.quantity) if counted else None,
        "counted_place": counted.place if counted else None,
        "counted_at": counted.at if counted else None,
    }


@router.get("/lots/{path:lot}", response={200: LotDetailOut, **ERRORS}, summary="Everything about a lot")
def get_lot(request: HttpRequest, lot: Path[Name]) -> object:
    """Tell where a lot stands, what became of it and what must be there."""
    return lot_out(queries.lot_view(lot))
