"""Consigned stock, reconciled: what a brand handed in, what became of it, and what nobody can explain.

Every figure comes from two books that know nothing of each other: the record (received, used) and the journal
of the store (scrapped, returned, counted). What is on hand follows from both; what counts found beyond that
stays unexplained until somebody gives a reason.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from karkhana.floor.queries.lists import Page, decode_key, encode_key
from karkhana.floor.queries.rows import fetch, fetch_bounded
from karkhana.floor.stores.lots import COLUMNS, LotFact, facts, known_reference
from karkhana.floor.stores.used import Use, used_of
from karkhana.kernel.refusals import refuse
from karkhana.supply.stock import rules
from karkhana.supply.stock.rules import Account

PARTS_PAGE = 20
LOTS_PAGE = 50
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Counted:
    """The last count of a lot: how much, where, when."""

    quantity: Decimal
    place: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class LotAccount:
    """A consigned lot with what became of it."""

    fact: LotFact
    account: Account
    units: int
    counted: Counted | None


@dataclass(frozen=True, slots=True)
class PartAccount:
    """All lots of a part that a brand handed in, added up."""

    part: str
    lots: int
    account: Account
    units: int
    counted_at: dt.datetime | None


def suppliers_of_brand(brand: str) -> list[str]:
    """Return the suppliers that hand in a brand's material.

    Raises:
        Refused: ``consigned.brand``.
    """
    found = sorted(name for name, code in known_reference().consigners.items() if code == brand)
    if not found:
        raise refuse(
            "consigned.brand",
            "No supplier hands in material of a brand {brand}.",
            "Choose a brand of the list, or have the buyer make a supplier of role brand for it.",
            brand=brand.replace("\x00", "")[:40],
        )
    return found


def part_accounts(brand: str, after: str = "", limit: int = PARTS_PAGE) -> Page[PartAccount]:
    """Return a brand's consigned parts with what became of them, by part number.

    Raises:
        Refused: ``consigned.brand``, ``list.too_wide``.
    """
    suppliers = suppliers_of_brand(brand)
    key = decode_key(after, (str,)) if after else None
    parts = [
        row[0]
        for row in fetch_bounded(
            "SELECT DISTINCT part FROM ledger_lot WHERE supplier = ANY(%s) AND part > %s"
            " ORDER BY part LIMIT %s",
            [suppliers, key[0] if key else "", limit + 1],
        )
    ]
    shown = parts[:limit]
    rows = fetch_bounded(
        f"SELECT {COLUMNS} FROM ledger_lot WHERE supplier = ANY(%s) AND part = ANY(%s) ORDER BY part, lot",
        [suppliers, shown],
    )
    by_part: defaultdict[str, list[LotAccount]] = defaultdict(list)
    for one in accounts_of(facts(rows).values()):
        by_part[one.fact.part].append(one)
    return Page(
        tuple(_added(part, by_part[part]) for part in shown),
        encode_key([shown[-1]]) if len(parts) > limit else None,
    )


def _added(part: str, lots: list[LotAccount]) -> PartAccount:
    counts = [one.counted.at for one in lots if one.counted]
    return PartAccount(
        part=part,
        lots=len(lots),
        account=rules.total([one.account for one in lots]),
        units=sum(one.units for one in lots),
        counted_at=max(counts, default=None),
    )


def lot_accounts(brand: str, part: str, after: str = "", limit: int = LOTS_PAGE) -> Page[LotAccount]:
    """Return a brand's consigned lots of a part with what became of each, by number.

    Raises:
        Refused: ``consigned.brand``, ``list.too_wide``.
    """
    key = decode_key(after, (str,)) if after else None
    rows = fetch_bounded(
        f"SELECT {COLUMNS} FROM ledger_lot WHERE supplier = ANY(%s) AND part = %s AND lot > %s"
        " ORDER BY lot LIMIT %s",
        [suppliers_of_brand(brand), part, key[0] if key else "", limit + 1],
    )
    shown = tuple(accounts_of(facts(rows[:limit]).values()))
    return Page(shown, encode_key([shown[-1].fact.lot]) if len(rows) > limit else None)


def accounts_of(lots: Iterable[LotFact]) -> list[LotAccount]:
    """Return what became of lots, from the record and the journal.

    Raises:
        Refused: ``list.too_wide``.
    """
    known = list(lots)
    codes = [fact.lot for fact in known]
    uses = used_of(codes, bounded=True)
    booked = _booked(codes)
    born = _born(codes)
    counts = _last_counts(codes)
    return [
        _account(fact, uses.get(fact.lot, Use()), booked[fact.lot], counts.get(fact.lot), fact.lot in born)
        for fact in known
    ]


_Sums = dict[str, Decimal]


def _account(fact: LotFact, use: Use, sums: _Sums, counted: Counted | None, is_born: bool) -> LotAccount:
    taken_in = sums.get("in", _ZERO)
    if is_born and not taken_in:
        taken_in = fact.quantity  # a machine reported the transformation, not the store
    account = Account(
        received=_ZERO if is_born else fact.quantity,
        taken_over=taken_in - sums.get("out", _ZERO),
        used=use.total,
        scrapped=sums.get(rules.SCRAPPED, _ZERO),
        returned=sums.get(rules.SEND_BACK, _ZERO),
        explained=sums.get("explained", _ZERO),
        unexplained=sums.get(rules.UNEXPLAINED, _ZERO),
    )
    return LotAccount(fact, account, use.units, counted)


def _booked(lots: Collection[str]) -> defaultdict[str, _Sums]:
    """Add up the journal by lot: scrapped, sent back, adjusted, gone into and come from other lots."""
    rows = fetch(
        "SELECT m.lot, CASE"
        " WHEN m.kind IN ('split', 'merge') THEN CASE WHEN m.source_id IS NULL THEN 'in' ELSE 'out' END"
        " WHEN m.kind = 'adjust' THEN CASE WHEN m.reason = 'unexplained' THEN m.reason ELSE 'explained' END"
        " ELSE m.kind END AS what,"
        " sum(CASE WHEN m.kind = 'adjust' AND m.source_id IS NOT NULL THEN -m.quantity ELSE m.quantity END)"
        " FROM supply_stockmove m LEFT JOIN supply_storeplace s ON s.id = m.source_id"
        " WHERE m.lot = ANY(%s) AND m.kind IN ('split', 'merge', 'adjust', 'scrap', 'send_back')"
        # What goes back out of a scrap place was counted when it was scrapped.
        " AND NOT (m.kind = 'send_back' AND s.kind = 'scrap') GROUP BY 1, 2",
        [list(lots)],
    )
    found: defaultdict[str, _Sums] = defaultdict(dict)
    for lot, what, quantity in rows:
        found[lot][what] = quantity
    return found


def _born(lots: Collection[str]) -> set[str]:
    """Return the lots that were made here of other lots."""
    rows = fetch(
        "SELECT DISTINCT output FROM ledger_descent WHERE output = ANY(%s) AND output_kind = 'lot'",
        [list(lots)],
    )
    return {row[0] for row in rows}


def _last_counts(lots: Collection[str]) -> dict[str, Counted]:
    rows = fetch(
        "SELECT DISTINCT ON (m.lot) m.lot, m.quantity, p.code, m.at FROM supply_stockmove m"
        " JOIN supply_storeplace p ON p.id = m.target_id WHERE m.lot = ANY(%s) AND m.kind = 'count'"
        " ORDER BY m.lot, m.number DESC",
        [list(lots)],
    )
    return {row[0]: Counted(*row[1:]) for row in rows}
