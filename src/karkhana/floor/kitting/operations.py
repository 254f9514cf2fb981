"""Handing a kit out: every lot of it to one line place, in one transaction."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction

from karkhana.floor.kitting.queries import find_work_order, line_place, plan_kit
from karkhana.floor.kitting.rules import needs_of
from karkhana.floor.stores.lots import (
    brand_of_order,
    check_owner,
    held_lots,
    known_reference,
    openings,
    read_lots,
)
from karkhana.floor.stores.places import make_known
from karkhana.supply.models import StockMove
from karkhana.supply.stock import rules
from karkhana.supply.stock.operations import Posted, Wanted, open_books, post
from karkhana.supply.stock.refusals import no


@dataclass(frozen=True, slots=True)
class Taken:
    """So much of a lot from a place of the store, as a person chose it."""

    lot: str
    place: str
    quantity: Decimal


@transaction.atomic
def hand_out_kit(
    *,
    uid: uuid.UUID,
    work_order: str,
    now: dt.datetime,
    place: str = "",
    taken: Sequence[Taken] | None = None,
    whole: bool = False,
    by: str = "",
) -> list[Posted]:
    """Issue material to an order's line: all of it or nothing.

    Two who do this for one order at once do it one after the other, so that nothing goes out twice.

    Args:
        uid: id of the kit; the same kit sent twice is handed out once.
        place: a line place; empty for one that suits the order.
        taken: lots that a person chose; None for what is proposed.
        whole: with a proposal, hand whole lots out.

    Raises:
        Refused: ``kit.nothing``, ``kit.line_place``, ``kit.not_needed``, ``stock.owner``, ``stock.*``,
            ``order.unknown``.
    """
    order, known = find_work_order(work_order), known_reference()
    target = line_place(order, known, place)
    if target is None:
        raise no("kit.line_place", place=place.replace("\x00", "")[:40] or "Nothing")
    _lock_order(work_order)
    before = StockMove.objects.filter(batch=uid).order_by("number")
    if before:
        if any((row.work_order, row.kind) != (work_order, rules.ISSUE) for row in before):
            raise no("stock.conflict", id=str(uid))
        return [Posted(row.uid, row.number, repeated=True) for row in before]
    if taken is None:
        plan = plan_kit(work_order, now=now, place=target.code, whole=whole)
        wanted = [Taken(pick.lot, pick.place, pick.quantity) for line in plan.lines for pick in line.picks]
    else:
        _check_chosen(work_order, taken)
        wanted = list(taken)
    moves = _moves(uid, work_order, target.code, wanted)
    if not moves:
        raise no("kit.nothing", order=work_order)
    make_known([target.code, *(move.source for move in moves)])
    lots = sorted({move.lot for move in moves})
    books = open_books(lots, openings, now=now, by=by)
    return post(moves, openings=openings, now=now, held=held_lots(lots), by=by, batch=uid, books=books)


def _lock_order(work_order: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('kit'), hashtext(%s))", [work_order])


def _check_chosen(work_order: str, taken: Sequence[Taken]) -> None:
    """Refuse lots that the order does not need, or that belong to another brand."""
    order, known = find_work_order(work_order), known_reference()
    pair = (order.revision.product.code, order.revision.code)
    release = known.releases[pair]
    needed = {part for need in needs_of(release, order.quantity, {}) for part in need.parts}
    lots = read_lots([one.lot for one in taken], known)
    brand = brand_of_order(work_order, known)
    for one in taken:
        fact = lots.get(one.lot)
        if fact is None:
            raise no("stock.lot_unknown", lot=one.lot.replace("\x00", "")[:80])
        stands_in = any(
            (departure.product, departure.revision) == pair
            for departure in known.departures.get(fact.part, ())
        )
        if fact.part not in needed and not stands_in:
            raise no("kit.not_needed", order=work_order, part=fact.part, lot=one.lot)
        check_owner(fact, work_order, brand)


def _moves(uid: uuid.UUID, work_order: str, target: str, taken: Sequence[Taken]) -> list[Wanted]:
    """Add up what is taken of a lot at one place, so that each pair is one movement."""
    sums: dict[tuple[str, str], Decimal] = {}
    for one in taken:
        key = (one.lot, one.place)
        sums[key] = sums.get(key, Decimal(0)) + one.quantity
    return [
        Wanted(
            uuid.uuid5(uid, f"{lot}\t{place}"),
            rules.ISSUE,
            lot,
            quantity,
            source=place,
            target=target,
            work_order=work_order,
        )
        for (lot, place), quantity in sorted(sums.items())
    ]
