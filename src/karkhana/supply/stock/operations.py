"""Writes of the store: places, and the one way in which movements come into the journal."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import IntegrityError, connection, transaction

from karkhana.kernel.refusals import Refused
from karkhana.supply.models.stock import StockBalance, StockMove, StorePlace
from karkhana.supply.stock import rules
from karkhana.supply.stock.refusals import no

MOVES_MAX = 2000
_NAMESPACE = uuid.UUID("6f0d0f0e-2b0c-5d3c-9a55-0c6a7f6f7a11")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A movement as it is asked for; ``source`` and ``target`` are codes of places, empty for outside."""

    uid: uuid.UUID
    kind: str
    lot: str
    quantity: Decimal
    source: str = ""
    target: str = ""
    reason: str = ""
    work_order: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a lot that nobody has moved yet begins with, and in which plant."""

    part: str
    plant: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Posted:
    """A movement in the journal; ``repeated`` when it was there before."""

    uid: uuid.UUID
    number: int
    repeated: bool


@dataclass(slots=True)
class Books:
    """What a transaction knows of its lots, under lock; ``places`` holds every place by code."""

    places: dict[str, StorePlace]
    parts: dict[str, str] = field(default_factory=dict)
    balances: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    def place(self, code: str) -> StorePlace | None:
        """Return a place, None for outside.

        Raises:
            Refused: ``place.unknown``.
        """
        if not code:
            return None
        found = self.places.get(code)
        if found is None:
            raise no("place.unknown", place=code[:40])
        return found

    def of(self, lot: str) -> dict[str, Decimal]:
        """Return what the book says of a lot, place by place."""
        return {place: quantity for (code, place), quantity in self.balances.items() if code == lot}


Openings = Callable[[Sequence[str]], Mapping[str, Opening]]
"""Says, of lots without balances, what they begin with; lots that were never received are left out."""


def ensure_place(*, code: str, plant: str, kind: str, name: str = "", is_default: bool = False) -> StorePlace:
    """Make sure that there is a storage place; its name may change, its plant and kind may not.

    Raises:
        Refused: ``place.code``, ``place.kind``, ``place.taken``.
    """
    if not (0 < len(code) <= 40 and code == code.strip() and code.isprintable()):
        raise no("place.code", value=repr(code[:60]))
    if kind not in rules.PLACE_KINDS:
        raise no("place.kind", kind=repr(kind[:20]))
    check_text("name", name, 120)
    made = {"plant": plant, "kind": kind, "name": name, "is_default": is_default}
    place, fresh = StorePlace.objects.get_or_create(code=code, defaults=made)
    if (place.plant, place.kind) != (plant, kind):
        raise no("place.taken", place=code, kind=place.kind, plant=place.plant)
    if not fresh and name and place.name != name:
        place.name = name
        place.save(update_fields=["name"])
    return place


def default_code(plant: str) -> str:
    """Return the code that a plant's default store gets when nobody has named one."""
    return f"STORE-{plant}"


def default_store(plant: str) -> StorePlace:
    """Return the default store of a plant, made when there is none."""
    found = StorePlace.objects.filter(plant=plant, is_default=True).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return ensure_place(code=default_code(plant), plant=plant, kind=rules.STORE, is_default=True)
    except IntegrityError:  # somebody made it meanwhile
        return StorePlace.objects.get(plant=plant, is_default=True)


def lock_lots(lots: Collection[str]) -> None:
    """Keep others from moving these lots until this transaction ends; one order for all."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('stock'), key) FROM"
            " (SELECT DISTINCT hashtext(lot) AS key FROM unnest(%s::text[]) lot ORDER BY key) keys",
            [sorted(set(lots))],
        )


def open_books(lots: Collection[str], openings: Openings, *, now: dt.datetime, by: str = "") -> Books:
    """Lock lots and read their balances; a lot without any is opened at its plant's default store.

    Raises:
        Refused: ``stock.lot_unknown``.
    """
    lock_lots(lots)
    books = read_books(lots)
    bare = sorted(set(lots) - books.parts.keys())
    if bare:
        _open(books, bare, openings(bare), now, by)
    return books


def read_books(lots: Collection[str]) -> Books:
    """Read the balances of lots as they are stored."""
    books = Books({place.code: place for place in StorePlace.objects.all()})
    codes = {place.pk: code for code, place in books.places.items()}
    wanted = list(set(lots))
    for lot, place, quantity in StockBalance.objects.filter(lot__in=wanted).values_list(
        "lot", "place_id", "quantity"
    ):
        books.balances[lot, codes[place]] = quantity
    rows = StockMove.objects.filter(lot__in={lot for lot, _ in books.balances})
    books.parts.update(rows.order_by("lot", "number").distinct("lot").values_list("lot", "part"))
    return books


def _open(
    books: Books, lots: Sequence[str], openings: Mapping[str, Opening], now: dt.datetime, by: str
) -> None:
    rows = []
    for lot in lots:
        opening = openings.get(lot)
        if opening is None:
            raise no("stock.lot_unknown", lot=lot[:80])
        place = default_store(opening.plant)
        books.places.setdefault(place.code, place)
        rows.append(
            StockMove(
                uid=uuid.uuid5(_NAMESPACE, lot),
                kind=rules.OPEN,
                lot=lot,
                part=opening.part,
                target=place,
                quantity=opening.quantity,
                at=now,
                by=by,
            )
        )
        books.parts[lot] = opening.part
        books.balances[lot, place.code] = opening.quantity
    StockMove.objects.bulk_create(rows)


def born(books: Books, parts: Mapping[str, str]) -> None:
    """Tell the books of lots that come to be in this transaction, so that they are not opened again."""
    books.parts.update(parts)


@transaction.atomic
def post(
    moves: Sequence[Wanted],
    *,
    openings: Openings,
    now: dt.datetime,
    held: Collection[str] = (),
    by: str = "",
    batch: uuid.UUID | None = None,
    books: Books | None = None,
) -> list[Posted]:
    """Write movements, all or none; what was written before under the same id is written once.

    Args:
        openings: asked for lots that nobody has moved yet.
        held: lots that are on hold.
        batch: joins the rows.
        books: when the caller has locked and read these lots in this transaction already.

    Raises:
        Refused: ``stock.*``, ``place.unknown``.
    """
    if len(moves) > MOVES_MAX:
        raise no("stock.too_many", count=len(moves), limit=MOVES_MAX)
    for move in moves:
        _check_texts(move)
    check_text("by", by, 150)
    books = books or open_books([move.lot for move in moves], openings, now=now, by=by)
    known = _known([move.uid for move in moves])
    posted: list[Posted] = []
    for move in moves:
        before = known.get(move.uid)
        if before is not None:
            _check_same(move, before)
            posted.append(Posted(move.uid, before.number, repeated=True))
            continue
        row = _row(books, move, held, now, by, batch)
        _save(row, move)
        known[move.uid] = row
        posted.append(Posted(move.uid, row.number, repeated=False))
    return posted


def _check_texts(move: Wanted) -> None:
    check_text("lot", move.lot, 80)
    check_text("reason", move.reason, rules.REASON_MAX)
    check_text("work_order", move.work_order, 40)
    check_text("note", move.note, 500)


def check_text(name: str, text: str, limit: int) -> None:
    """Refuse a text that is too long or holds what cannot be printed.

    Raises:
        Refused: ``stock.text``.
    """
    if len(text) > limit:
        raise no("stock.text", field=name, problem=f"it is longer than {limit} characters", limit=limit)
    if text and not text.isprintable():
        raise no("stock.text", field=name, problem="it holds control characters", limit=limit)


def _known(uids: Sequence[uuid.UUID]) -> dict[uuid.UUID, StockMove]:
    rows = StockMove.objects.filter(uid__in=list(uids)).select_related("source", "target")
    return {row.uid: row for row in rows}


def _check_same(move: Wanted, row: StockMove) -> None:
    was = (
        row.kind,
        row.lot,
        row.quantity,
        row.source.code if row.source else "",
        row.target.code if row.target else "",
        row.reason,
        row.work_order,
    )
    asked = (move.kind, move.lot, move.quantity, move.source, move.target, move.reason, move.work_order)
    if was != asked:
        raise no("stock.conflict", id=str(move.uid))


def _row(
    books: Books,
    move: Wanted,
    held: Collection[str],
    now: dt.datetime,
    by: str,
    batch: uuid.UUID | None,
) -> StockMove:
    source, target = books.place(move.source), books.place(move.target)
    asked = rules.Movement(
        move.kind, move.lot, move.quantity, _as_rule(source), _as_rule(target), move.reason
    )
    there = books.balances.get((move.lot, move.source), Decimal(0))
    refusal = rules.check_movement(asked, held=move.lot in held) or rules.check_enough(asked, there)
    if refusal:
        raise Refused(refusal)
    if move.kind != rules.COUNT:
        if source is not None:
            books.balances[move.lot, source.code] = there - move.quantity
        if target is not None:
            key = (move.lot, target.code)
            books.balances[key] = books.balances.get(key, Decimal(0)) + move.quantity
    return StockMove(
        uid=move.uid,
        batch=batch,
        kind=move.kind,
        lot=move.lot,
        part=books.parts[move.lot],
        source=source,
        target=target,
        quantity=move.quantity,
        reason=move.reason,
        work_order=move.work_order,
        note=move.note,
        at=now,
        by=by,
    )


def _as_rule(place: StorePlace | None) -> rules.Place | None:
    return rules.Place(place.code, place.plant, place.kind) if place else None


def _save(row: StockMove, move: Wanted) -> None:
    """Write a row; whoever used the same id for another lot at the same moment is told so."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as problem:
        if "supply_stockmove_uid" not in str(problem):
            raise
        raise no("stock.conflict", id=str(move.uid)) from problem
