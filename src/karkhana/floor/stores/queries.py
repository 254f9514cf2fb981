"""Reads of the stores: what lots stand where, one page at a time by key, and everything about one lot."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from karkhana.floor.queries.lists import PAGE, Page, decode_key, encode_key
from karkhana.floor.queries.rows import fetch, fetch_bounded
from karkhana.floor.rules import Reference
from karkhana.floor.stores.lots import LotFact, facts, find_lot, held_lots, known_reference
from karkhana.floor.stores.operations import booked_use
from karkhana.floor.stores.places import places
from karkhana.floor.stores.used import Use, UsedBy, units_of, used_of
from karkhana.supply.stock import rules
from karkhana.supply.stock.operations import default_code

MAKER = "maker"
STATES = ("on_hand", "store", "line", "quarantine", "scrap", "held", "empty", "all")
"""What lots a list shows: where they stand, on hold, with nothing left by book, or every one."""
_MOVES_SHOWN = 50
_LINKS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """So much of a lot at a place by book."""

    place: str
    kind: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class StockRow:
    """A lot in the list with where it stands; ``on_hand`` is without what lies in a scrap place."""

    fact: LotFact
    standing: tuple[Standing, ...]
    on_hand: Decimal
    held: str


@dataclass(frozen=True, slots=True)
class StockFilter:
    """Which lots a list shows; empty means no restriction.

    Args:
        text: beginning of a lot's or part's number.
        owner: ``maker`` or the code of a brand.
        state: one of ``STATES``.
    """

    text: str = ""
    part: str = ""
    place: str = ""
    owner: str = ""
    state: str = "on_hand"


_UNMOVED = "NOT EXISTS (SELECT FROM supply_stockbalance b WHERE b.lot = l.lot)"
_AT_KIND = (
    "EXISTS (SELECT FROM supply_stockbalance b JOIN supply_storeplace p ON p.id = b.place_id"
    " WHERE b.lot = l.lot AND b.quantity > 0 AND p.kind = ANY(%s))"
)


def stock_page(wanted: StockFilter, after: str = "", limit: int = PAGE) -> Page[StockRow]:
    """Return lots by their numbers with where they stand.

    Raises:
        Refused: ``list.too_wide`` when finding them takes too long.
    """
    known = known_reference()
    where, values = _conditions(wanted, known)
    key = decode_key(after, (str,)) if after else None
    if key:
        where.append("l.lot > %s")
        values.append(key[0])
    columns = "l.lot, l.part, l.quantity, l.supplier, l.origin, l.supplier_lot, l.received_at, l.station"
    rows = fetch_bounded(
        f"SELECT {columns} FROM ledger_lot l WHERE {' AND '.join(where) or 'true'} ORDER BY l.lot LIMIT %s",
        [*values, limit + 1],
    )
    lots = facts(rows[:limit], known)
    standing, held = standing_of(list(lots.values())), held_lots(lots)
    shown = tuple(_row(fact, standing.get(lot, ()), held.get(lot, "")) for lot, fact in lots.items())
    return Page(shown, encode_key([shown[-1].fact.lot]) if len(rows) > limit else None)


def _row(fact: LotFact, standing: tuple[Standing, ...], held: str) -> StockRow:
    here = sum((s.quantity for s in standing if s.kind in rules.IN_HOUSE), Decimal(0))
    return StockRow(fact, standing, here, held)


def _conditions(wanted: StockFilter, known: Reference) -> tuple[list[str], list[Any]]:
    where: list[str] = []
    values: list[Any] = []
    if wanted.text:
        prefix = wanted.text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
        where.append("(l.lot LIKE %s OR l.part LIKE %s)")
        values += [prefix, prefix]
    if wanted.part:
        where.append("l.part = %s")
        values.append(wanted.part)
    if wanted.owner:
        brand = wanted.owner
        named = [s for s, b in known.consigners.items() if brand in (MAKER, b)]
        where.append(
            "(l.supplier IS NULL OR l.supplier <> ALL(%s))" if brand == MAKER else "l.supplier = ANY(%s)"
        )
        values.append(named)
    for condition, more in (_of_place(wanted.place, known), _of_state(wanted.state)):
        if condition:
            where.append(condition)
            values += more
    return where, values


def _of_place(code: str, known: Reference) -> tuple[str, list[Any]]:
    if not code:
        return "", []
    place = next((p for p in places() if p.code == code), None)
    if place is None:
        return "false", []
    here = (
        "EXISTS (SELECT FROM supply_stockbalance b JOIN supply_storeplace p ON p.id = b.place_id"
        " WHERE b.lot = l.lot AND b.quantity > 0 AND p.code = %s)"
    )
    if not place.is_default:
        return here, [code]
    return f"({here} OR ({_UNMOVED} AND l.station = ANY(%s)))", [code, stations_of(place.plant, known)]


def stations_of(plant: str, known: Reference) -> list[str]:
    """Return the codes of a plant's stations."""
    return [code for code, station in known.stations.items() if station.plant == plant]


def _of_state(state: str) -> tuple[str, list[Any]]:
    if state == "all":
        return "", []
    if state == "held":
        rows = fetch("SELECT DISTINCT target FROM ledger_hold WHERE scope = 'lot' AND released_at IS NULL")
        return "l.lot = ANY(%s)", [[row[0] for row in rows]]
    if state == "empty":
        return f"NOT {_UNMOVED} AND NOT {_AT_KIND}", [list(rules.PLACE_KINDS)]
    if state in (rules.LINE, rules.QUARANTINE, rules.SCRAP):
        return _AT_KIND, [[state]]
    kinds = [rules.STORE] if state == rules.STORE else sorted(rules.IN_HOUSE)
    return f"({_UNMOVED} OR {_AT_KIND})", [kinds]


def standing_of(lots: Collection[LotFact]) -> dict[str, tuple[Standing, ...]]:
    """Return where lots stand by book, the fullest place first; what nobody moved is at its default store."""
    rows = fetch(
        "SELECT b.lot, p.code, p.kind, b.quantity FROM supply_stockbalance b"
        " JOIN supply_storeplace p ON p.id = b.place_id WHERE b.lot = ANY(%s)"
        " ORDER BY b.lot, b.quantity DESC, p.code",
        [[fact.lot for fact in lots]],
    )
    found: defaultdict[str, list[Standing]] = defaultdict(list)
    for lot, place, kind, quantity in rows:
        found[lot].append(Standing(place, kind, quantity))
    defaults = {place.plant: place.code for place in places() if place.is_default}
    for fact in lots:
        if fact.lot not in found:
            place = defaults.get(fact.plant, default_code(fact.plant))
            found[fact.lot].append(Standing(place, rules.STORE, fact.quantity))
    return {lot: tuple(s for s in rows if s.quantity) for lot, rows in found.items()}


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A row of the journal in a list."""

    number: int
    kind: str
    lot: str
    quantity: Decimal
    source: str
    target: str
    reason: str
    work_order: str
    note: str
    at: dt.datetime
    by: str


def moves_of(lot: str, before: int | None = None, limit: int = _MOVES_SHOWN) -> Page[MoveRow]:
    """Return a lot's movements, the latest first."""
    rows = fetch(
        "SELECT m.number, m.kind, m.lot, m.quantity, coalesce(s.code, ''), coalesce(t.code, ''), m.reason,"
        " m.work_order, m.note, m.at, m.by FROM supply_stockmove m"
        " LEFT JOIN supply_storeplace s ON s.id = m.source_id"
        " LEFT JOIN supply_storeplace t ON t.id = m.target_id"
        " WHERE m.lot = %s AND m.number < %s ORDER BY m.number DESC LIMIT %s",
        [lot, before or 2**62, limit + 1],
    )
    shown = tuple(MoveRow(*row) for row in rows[:limit])
    return Page(shown, str(shown[-1].number) if len(rows) > limit else None)


@dataclass(frozen=True, slots=True)
class Kin:
    """A lot that another was made of, or made into."""

    lot: str
    part: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Feeding:
    """A lot on a station's location from one moment to another."""

    station: str
    location: str
    loaded_at: dt.datetime
    unloaded_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class LotView:
    """Everything about one lot.

    Args:
        held: reason of its hold, None when it is not on hold.
        use: what the record says was used of it, in all; ``booked`` of it by counts.
        expected: what must be there by book: what stands at places less what is used and not yet booked.
    """

    fact: LotFact
    held: str | None
    standing: tuple[Standing, ...]
    use: Use
    booked: Decimal
    expected: rules.Range
    moves: Page[MoveRow]
    made_from: tuple[Kin, ...]
    made_into: tuple[Kin, ...]
    feeding: tuple[Feeding, ...]

    @property
    def in_house(self) -> Decimal:
        """What stands at places, before what is used and not booked yet."""
        return sum((s.quantity for s in self.standing if s.kind in rules.IN_HOUSE), Decimal(0))


def lot_view(lot: str, *, before: int | None = None) -> LotView:
    """Return everything about one lot.

    Args:
        before: number of the movement that the list of movements begins after.

    Raises:
        Refused: ``stock.lot_unknown``, or ``list.too_wide`` when its use takes too long to count.
    """
    fact = find_lot(lot)
    standing = standing_of([fact])[fact.lot]
    use = used_of([fact.lot], bounded=True).get(fact.lot, Use())
    booked = booked_use(fact.lot)
    here = sum((s.quantity for s in standing if s.kind in rules.IN_HOUSE), Decimal(0))
    rest = here + booked
    return LotView(
        fact=fact,
        held=held_lots([fact.lot]).get(fact.lot),
        standing=standing,
        use=use,
        booked=booked,
        expected=rules.Range(rest - use.total.high, rest - use.total.low),
        moves=moves_of(fact.lot, before),
        made_from=_kin(fact.lot, "output", "input"),
        made_into=_kin(fact.lot, "input", "output"),
        feeding=_feeding(fact.lot),
    )


def _kin(lot: str, here: str, there: str) -> tuple[Kin, ...]:
    rows = fetch(
        f"SELECT DISTINCT d.{there}, l.part, d.at"
        f" FROM ledger_descent d JOIN ledger_lot l ON l.lot = d.{there}"
        f" WHERE d.{here} = %s AND d.{here}_kind = 'lot' AND d.{there}_kind = 'lot'"
        f" ORDER BY d.at DESC, d.{there} LIMIT %s",
        [lot, _LINKS_SHOWN],
    )
    return tuple(Kin(*row) for row in rows)


def _feeding(lot: str) -> tuple[Feeding, ...]:
    rows = fetch(
        "SELECT station, location, loaded_at, unloaded_at FROM ledger_mount WHERE lot = %s"
        " ORDER BY loaded_at DESC LIMIT %s",
        [lot, _LINKS_SHOWN],
    )
    return tuple(Feeding(*row) for row in rows)


def used_by(lot: str, after: str = "") -> Page[UsedBy]:
    """Return the units that took of a lot.

    Raises:
        Refused: ``stock.lot_unknown``, ``list.too_wide``.
    """
    fact = find_lot(lot)
    return units_of(fact.lot, fact.part, after)


def brands_that_consign(known: Reference | None = None) -> tuple[str, ...]:
    """Return the brands that hand material in."""
    return tuple(sorted(set((known or known_reference()).consigners.values())))


def move_dict(row: MoveRow) -> dict[str, Any]:
    """Return the JSON form of a movement."""
    return {name: getattr(row, name) for name in row.__slots__}


def standing_dicts(standing: Sequence[Standing]) -> list[dict[str, Any]]:
    """Return the JSON form of where a lot stands."""
    return [{"place": s.place, "kind": s.kind, "quantity": s.quantity} for s in standing]
