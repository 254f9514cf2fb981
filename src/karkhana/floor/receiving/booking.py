"""What leaves the stores when a refused lot is sorted or goes back."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from karkhana.floor.stores.lots import openings
from karkhana.kernel.refusals import refuse
from karkhana.supply.stock import rules
from karkhana.supply.stock.operations import Wanted, open_books, post

_SENDERS = (rules.STORE, rules.QUARANTINE)


def take_out(
    *, lot: str, kind: str, quantity: Decimal | None, reason: str, now: dt.datetime, by: str = ""
) -> None:
    """Book a lot, or some of it, out of the stores; quarantine places first.

    Args:
        kind: ``rules.SCRAPPED`` or ``rules.SEND_BACK``.
        quantity: None takes all that stands there, which may be nothing.

    Raises:
        Refused: ``disposition.stock`` when the stores hold less; ``stock.*``.
    """
    books = open_books([lot], openings, now=now, by=by)
    standing = sorted(
        (books.places[place].kind != rules.QUARANTINE, -there, place)
        for place, there in books.of(lot).items()
        if there > 0 and books.places[place].kind in _SENDERS
    )
    left = quantity if quantity is not None else sum((-there for _, there, _ in standing), Decimal(0))
    moves = []
    for _, there, place in standing:
        taken = min(left, -there)
        if taken > 0:
            moves.append(Wanted(uuid.uuid4(), kind, lot, taken, source=place, reason=reason))
            left -= taken
    if left > 0:
        raise refuse(
            "disposition.stock",
            "The stores hold {missing} less of lot {lot} than is to be taken out.",
            "Count the lot, or say what is done with it after it is back in the store.",
            missing=rules.plain(left),
            lot=lot,
        )
    if moves:
        post(moves, openings=openings, now=now, by=by, books=books)
