"""Splitting and merging lots: an event of the record through the gate, and the balances with it.

A split or merge is a ``TransformationEvent``, so that a recall follows it in both directions. Only what is of
one part, supplier, origin and owner is merged: otherwise value and origin of what is built would be a guess.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from karkhana.floor.operations import record_events
from karkhana.floor.stores.lots import LotFact, held_lots, openings, read_lots
from karkhana.floor.stores.places import make_known
from karkhana.kernel.refusals import Refused
from karkhana.ledger import store
from karkhana.supply.models import StockMove
from karkhana.supply.stock import rules
from karkhana.supply.stock.operations import Posted, Wanted, born, open_books, post
from karkhana.supply.stock.refusals import no

PIECES_MAX = 200


@dataclass(frozen=True, slots=True)
class Piece:
    """An amount of a lot, at a place where it matters."""

    lot: str
    quantity: Decimal
    place: str = ""


@transaction.atomic
def split_lot(
    *, uid: uuid.UUID, lot: str, place: str, pieces: Sequence[Piece], now: dt.datetime, by: str = ""
) -> list[Posted]:
    """Take new lots off a lot; what is not taken stays in it.

    Args:
        uid: id of the event; the same split sent twice is written once.
        place: where the lot stands and the new ones come to stand.
        pieces: the new lots with their quantities.

    Raises:
        Refused: ``stock.*``, or what the gate says: ``lot.exists``, ``lot.held``.
    """
    _check_pieces(lot, pieces)
    total = sum((piece.quantity for piece in pieces), Decimal(0))
    taken = [Piece(lot, total, place)]
    made = [Piece(piece.lot, piece.quantity, place) for piece in pieces]
    return _transform(uid, rules.SPLIT, taken, made, now, by)


@transaction.atomic
def merge_lots(
    *, uid: uuid.UUID, sources: Sequence[Piece], lot: str, place: str, now: dt.datetime, by: str = ""
) -> list[Posted]:
    """Put amounts of several lots together as one new lot.

    Args:
        sources: lots with quantity and place, all of one part, supplier, origin and owner.
        lot: code of the new lot; place: where it comes to stand.

    Raises:
        Refused: ``stock.unlike``, ``stock.*``, or what the gate says: ``lot.exists``, ``lot.held``.
    """
    _check_pieces(lot, sources)
    total = sum((piece.quantity for piece in sources), Decimal(0))
    return _transform(uid, rules.MERGE, list(sources), [Piece(lot, total, place)], now, by)


def _check_pieces(lot: str, pieces: Sequence[Piece]) -> None:
    if not 1 <= len(pieces) <= PIECES_MAX:
        raise no("stock.split", lot=lot[:80], problem=f"name 1 to {PIECES_MAX} lots")
    names = [piece.lot for piece in pieces]
    if len({*names, lot}) != len(names) + 1:
        raise no("stock.split", lot=lot[:80], problem="a lot is named twice")
    for name in (lot, *names):
        if not 0 < len(name) <= 80 or name != name.strip() or not name.isprintable():
            raise no("stock.split", lot=lot[:80], problem=f"{name[:90]!r} is no lot number")
    for piece in pieces:
        refusal = rules.check_quantity(piece.quantity)
        if refusal:
            raise Refused(refusal)


def _transform(
    uid: uuid.UUID, kind: str, taken: Sequence[Piece], made: Sequence[Piece], now: dt.datetime, by: str
) -> list[Posted]:
    store.begin(store.raw_cursor(connection))  # first of all locks: a rebuild waits for it, and it for one
    moves = _moves(uid, kind, taken, made)
    make_known(piece.place for piece in (*taken, *made))
    books = open_books([piece.lot for piece in taken], openings, now=now, by=by)
    if StockMove.objects.filter(batch=uid).exists():
        return post(moves, openings=openings, now=now, by=by, batch=uid, books=books)
    for piece in (*taken, *made):
        if books.place(piece.place) is None:
            raise no("place.unknown", place="")
    lots = read_lots([piece.lot for piece in taken])
    first = lots[taken[0].lot]
    for piece in taken[1:]:
        _check_like(first, lots[piece.lot])
    _record(_event(uid, taken, made, lots, now, by), now)
    born(books, {piece.lot: first.part for piece in made})
    held = held_lots([piece.lot for piece in taken])
    return post(moves, openings=openings, now=now, held=held, by=by, batch=uid, books=books)


def _moves(uid: uuid.UUID, kind: str, taken: Sequence[Piece], made: Sequence[Piece]) -> list[Wanted]:
    going = [
        Wanted(uuid.uuid5(uid, f"from {piece.lot}"), kind, piece.lot, piece.quantity, source=piece.place)
        for piece in taken
    ]
    coming = [
        Wanted(uuid.uuid5(uid, f"to {piece.lot}"), kind, piece.lot, piece.quantity, target=piece.place)
        for piece in made
    ]
    return going + coming


def _check_like(first: LotFact, other: LotFact) -> None:
    """Refuse to merge what is not alike in everything that value and recall rest on."""
    for name, said in (("part", "part"), ("supplier", "supplier"), ("origin", "origin"), ("owners", "owner")):
        if getattr(first, name) != getattr(other, name):
            raise no("stock.unlike", lot=first.lot, other=other.lot, problem=f"their {said} differs")
    if first.supplier is None:
        raise no("stock.unlike", lot=first.lot, other=other.lot, problem="they were made here of other lots")


def _event(
    uid: uuid.UUID,
    taken: Sequence[Piece],
    made: Sequence[Piece],
    lots: Mapping[str, LotFact],
    now: dt.datetime,
    by: str,
) -> dict[str, Any]:
    first = lots[taken[0].lot]
    kept: dict[str, str] = {"part": first.part}
    if first.supplier and first.origin:
        kept |= {"supplier": first.supplier, "origin": first.origin}
    if first.supplier_lot and len({lots[piece.lot].supplier_lot for piece in taken}) == 1:
        kept["supplier_lot"] = first.supplier_lot
    found: dict[str, Any] = {
        "type": "TransformationEvent",
        "id": str(uid),
        "at": now.isoformat(),
        "station": first.station,
        "inputs": [{"lot": piece.lot, "quantity": rules.plain(piece.quantity)} for piece in taken],
        "outputs": [{"lot": piece.lot, "quantity": rules.plain(piece.quantity), **kept} for piece in made],
    }
    if by and len(by) <= 80:
        found["actor"] = by
    return found


def _record(event: dict[str, Any], now: dt.datetime) -> None:
    (outcome,) = record_events([json.dumps(event).encode()], recorded_at=now)
    if outcome.refusal is not None:
        raise Refused(outcome.refusal)
