"""What people do in the stores: put away, move, issue, return, scrap, send back, count."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from karkhana.floor.stores.lots import brand_of_order, check_owner, held_lots, openings, read_lots
from karkhana.floor.stores.places import make_known
from karkhana.floor.stores.used import NOTHING, Use, used_of
from karkhana.kernel.refusals import Refused
from karkhana.supply.models import StockMove
from karkhana.supply.stock import rules
from karkhana.supply.stock.operations import Books, Posted, Wanted, check_text, open_books, post
from karkhana.supply.stock.refusals import no

BY_HAND = (rules.MOVE, rules.ISSUE, rules.RETURN, rules.SCRAPPED, rules.SEND_BACK)
"""Kinds of movement that people ask for directly; the others follow from a count, a split or a merge."""


@transaction.atomic
def move_stock(
    moves: Sequence[Wanted], *, now: dt.datetime, by: str = "", batch: uuid.UUID | None = None
) -> list[Posted]:
    """Move lots between places, to a line, back, to scrap or to the supplier: all of it or nothing.

    Args:
        moves: each with an id of its own; what was written under it before is not written again.

    Raises:
        Refused: ``stock.*``, ``place.unknown``, ``order.unknown``.
    """
    for move in moves:
        if move.kind not in BY_HAND:
            raise no("stock.places", lot=move.lot, verb=move.kind[:20], problem="nobody moves material so")
    _check_orders(moves)
    make_known(code for move in moves for code in (move.source, move.target))
    held = held_lots([move.lot for move in moves])
    return post(moves, openings=openings, now=now, held=held, by=by, batch=batch)


def _check_orders(moves: Sequence[Wanted]) -> None:
    """Refuse to hand a brand's own material out for an order of another."""
    named = [move for move in moves if move.work_order]
    if not named:
        return
    lots = read_lots([move.lot for move in named])
    brands = {order: brand_of_order(order) for order in {move.work_order for move in named}}
    for move in named:
        if move.kind == rules.ISSUE and move.lot in lots:
            check_owner(lots[move.lot], move.work_order, brands[move.work_order])


@dataclass(frozen=True, slots=True)
class CountView:
    """What the book expects at a place and what a count says of it.

    ``expected`` is a range where the record knows the use only as one. ``difference`` is counted minus
    expected; below zero something is missing.
    """

    lot: str
    place: str
    balance: Decimal
    expected: rules.Range
    counted: Decimal
    used: Decimal
    difference: Decimal
    repeated: bool = False


@transaction.atomic
def count_lot(
    *,
    uid: uuid.UUID,
    lot: str,
    place: str,
    counted: Decimal,
    now: dt.datetime,
    reason: str = "",
    note: str = "",
    by: str = "",
) -> CountView:
    """Count a lot at a place: what the record says was used is booked, the rest is adjusted with a reason.

    Args:
        counted: pieces that are there, 0 or more.
        reason: one of ``ADJUST_REASONS``; needed only where the count differs from what is expected.

    Raises:
        Refused: ``stock.difference`` for a difference without a reason, ``stock.*``, ``place.unknown``.
    """
    check_text("lot", lot, 80)
    check_text("reason", reason, rules.REASON_MAX)
    check_text("note", note, 500)
    refusal = rules.check_quantity(counted, zero=True)
    if refusal:
        raise Refused(refusal)
    make_known([place])
    books = open_books([lot], openings, now=now, by=by)
    before = StockMove.objects.filter(uid=uid).select_related("target").first()
    if before is not None:
        return _counted_before(before, uid, lot, place, counted)
    found = books.place(place)
    if found is None:
        raise no("place.unknown", place="")
    balance = books.balances.get((lot, place), Decimal(0))
    use = _open_use(books, lot, place)
    view = rules.settle_count(balance, counted, use)
    low = max(balance - use.high, Decimal(0))
    expected = rules.Range(low, max(balance - use.low, low))
    if view.difference and reason not in rules.ADJUST_REASONS:
        raise no(
            "stock.difference",
            lot=lot,
            place=place,
            counted=rules.plain(counted),
            expected=_said(expected),
            difference=rules.plain(abs(view.difference)),
            what="missing" if view.difference < 0 else "too many",
            reasons=", ".join(rules.ADJUST_REASONS),
        )
    moves = _count_moves(uid, lot, place, counted, view, reason, note)
    post(moves, openings=openings, now=now, by=by, batch=uid, books=books)
    return CountView(lot, place, balance, expected, counted, view.used, view.difference)


def _said(expected: rules.Range) -> str:
    if expected.exact:
        return rules.plain(expected.low)
    return f"{rules.plain(expected.low)} to {rules.plain(expected.high)}"


def _counted_before(row: StockMove, uid: uuid.UUID, lot: str, place: str, counted: Decimal) -> CountView:
    was = (row.kind, row.lot, row.target.code if row.target else "", row.quantity)
    if was != (rules.COUNT, lot, place, counted):
        raise no("stock.conflict", id=str(uid))
    used = difference = Decimal(0)
    for other in StockMove.objects.filter(batch=uid):
        if other.kind == rules.USE:
            used = other.quantity
        if other.kind == rules.ADJUST:
            difference = other.quantity if other.source_id is None else -other.quantity
    balance = counted - difference + used
    expected = rules.Range(counted - difference, counted - difference)
    return CountView(lot, place, balance, expected, counted, used, difference, repeated=True)


def booked_use(lot: str) -> Decimal:
    """Return what of a lot the journal has booked as used already."""
    found = StockMove.objects.filter(lot=lot, kind=rules.USE).aggregate(sum=Sum("quantity"))["sum"]
    return found or Decimal(0)


def open_use(lot: str) -> rules.Range:
    """Return what the record says was used of a lot and no count has booked yet."""
    total = used_of([lot]).get(lot, Use()).total
    booked = booked_use(lot)
    return rules.Range(total.low - booked, total.high - booked)


def _open_use(books: Books, lot: str, place: str) -> rules.Range:
    """Return the part of the open use of a lot that may have left one place."""
    kind = books.places[place].kind
    if kind not in rules.IN_HOUSE:
        return NOTHING
    elsewhere = {code: amount for code, amount in books.of(lot).items() if code != place}
    lines = sum((q for code, q in elsewhere.items() if books.places[code].kind == rules.LINE), Decimal(0))
    rest = sum((q for code, q in elsewhere.items() if books.places[code].kind == rules.STORE), Decimal(0))
    if kind == rules.LINE:
        return rules.use_at(kind, open_use(lot), before=Decimal(0), beside=lines)
    return rules.use_at(kind, open_use(lot), before=lines, beside=rest)


def _count_moves(
    uid: uuid.UUID, lot: str, place: str, counted: Decimal, view: rules.Counted, reason: str, note: str
) -> list[Wanted]:
    moves = [Wanted(uid, rules.COUNT, lot, counted, target=place, note=note)]
    if view.used:
        moves.append(Wanted(uuid.uuid5(uid, "use"), rules.USE, lot, view.used, source=place))
    if view.difference:
        here = {"source": place} if view.difference < 0 else {"target": place}
        amount = abs(view.difference)
        moves.append(
            Wanted(
                uuid.uuid5(uid, "adjust"),
                rules.ADJUST,
                lot,
                amount,
                reason=reason,
                note=note,
                **here,
            )
        )
    return moves
