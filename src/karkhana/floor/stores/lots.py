"""Lots as the stores need them: what they are, whose they are, whether they are on hold, how they begin."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from django.db import connection, transaction

from karkhana.floor.queries.rows import fetch
from karkhana.floor.reference import reference
from karkhana.floor.rules import Reference
from karkhana.kernel.refusals import refuse
from karkhana.ledger import store
from karkhana.supply.stock.operations import Opening
from karkhana.supply.stock.refusals import no
from karkhana.supply.stock.rules import QUANTITY_LIMIT, STEP

COLUMNS = "lot, part, quantity, supplier, origin, supplier_lot, received_at, station"


@dataclass(frozen=True, slots=True)
class LotFact:
    """A lot as the record knows it. ``owners`` are the brands that handed it in; none: it is the maker's.

    ``quantity`` is what it came in with, 0 where the record does not say a usable amount.
    """

    lot: str
    part: str
    quantity: Decimal
    supplier: str | None
    origin: str | None
    supplier_lot: str
    received_at: dt.datetime
    station: str
    plant: str
    owners: frozenset[str]

    @property
    def owner(self) -> str:
        """The brand that it belongs to; empty for the maker's own."""
        return " + ".join(sorted(self.owners))


def known_reference() -> Reference:
    """Return the floor's reference data as of now."""
    with transaction.atomic():
        return reference(store.raw_cursor(connection))


def usable(quantity: Decimal | None) -> Decimal:
    """Return an amount of the record as the book can hold it: 0 for what is unknown, absurd or negative."""
    if quantity is None or not quantity.is_finite() or not 0 < quantity < QUANTITY_LIMIT:
        return Decimal(0)
    return quantity.quantize(STEP, rounding=ROUND_DOWN)


def read_lots(lots: Collection[str], known: Reference | None = None) -> dict[str, LotFact]:
    """Read lots by their codes; what was never received is left out."""
    clean = sorted({lot for lot in lots if "\x00" not in lot})
    if not clean:
        return {}
    return facts(fetch(f"SELECT {COLUMNS} FROM ledger_lot WHERE lot = ANY(%s)", [clean]), known)


def facts(rows: Sequence[tuple[object, ...]], known: Reference | None = None) -> dict[str, LotFact]:
    """Turn rows of ``COLUMNS`` into facts, with owners looked up through what lots were made of."""
    known = known or known_reference()
    bare = [str(row[0]) for row in rows if row[3] is None]
    behind: dict[str, frozenset[str]] = {}
    if bare and known.consigners:
        with transaction.atomic():
            behind = store.suppliers_behind(store.raw_cursor(connection), bare)
    return {str(row[0]): _fact(row, known, behind) for row in rows}


def _fact(row: Sequence[object], known: Reference, behind: Mapping[str, frozenset[str]]) -> LotFact:
    lot, part, quantity, supplier, origin, supplier_lot, received_at, station = row
    suppliers = frozenset({str(supplier)}) if supplier else behind.get(str(lot), frozenset())
    found = known.stations.get(str(station))
    assert isinstance(received_at, dt.datetime)
    return LotFact(
        lot=str(lot),
        part=str(part),
        quantity=usable(quantity if isinstance(quantity, Decimal) else None),
        supplier=str(supplier) if supplier else None,
        origin=str(origin) if origin else None,
        supplier_lot=str(supplier_lot or ""),
        received_at=received_at,
        station=str(station),
        plant=found.plant if found else "",
        owners=frozenset(known.consigners[name] for name in suppliers if name in known.consigners),
    )


def openings(lots: Sequence[str]) -> dict[str, Opening]:
    """Say what lots begin with that nobody has moved yet."""
    return {fact.lot: Opening(fact.part, fact.plant, fact.quantity) for fact in read_lots(lots).values()}


def held_lots(lots: Collection[str]) -> dict[str, str]:
    """Return those of the lots that are on hold, with the reason of the latest hold."""
    rows = fetch(
        "SELECT target, reason FROM ledger_hold WHERE scope = 'lot' AND released_at IS NULL"
        " AND target = ANY(%s) ORDER BY placed_at",
        [[lot for lot in lots if "\x00" not in lot]],
    )
    return {row[0]: row[1] for row in rows}


def find_lot(lot: str) -> LotFact:
    """Return a lot.

    Raises:
        Refused: ``stock.lot_unknown``.
    """
    found = read_lots([lot]).get(lot)
    if found is None:
        raise no("stock.lot_unknown", lot=lot.replace("\x00", "")[:80])
    return found


def brand_of_order(work_order: str, known: Reference | None = None) -> str:
    """Return the brand that a work order builds for.

    Raises:
        Refused: ``order.unknown``.
    """
    known = known or known_reference()
    pair = known.work_orders.get(work_order)
    if pair is None:
        raise refuse(
            "order.unknown",
            "There is no work order {order}.",
            "Check the number.",
            order=work_order.replace("\x00", "")[:80],
        )
    return known.releases[pair].brand


def check_owner(fact: LotFact, work_order: str, brand: str) -> None:
    """Refuse a lot of another brand than the one that an order builds for.

    Raises:
        Refused: ``stock.owner``.
    """
    others = fact.owners - {brand}
    if others:
        raise no("stock.owner", lot=fact.lot, owner=min(others), order=work_order, brand=brand)
