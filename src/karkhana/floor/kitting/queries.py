"""Reads of kitting: what an order needs, which lots there are for it, what other orders hold."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from karkhana.floor.kitting import rules
from karkhana.floor.kitting.rules import Candidate, KitLine, Need
from karkhana.floor.models import WorkOrder
from karkhana.floor.queries.rows import fetch
from karkhana.floor.rules import Reference
from karkhana.floor.stores.lots import LotFact, facts, held_lots, known_reference
from karkhana.floor.stores.places import PlaceView, places
from karkhana.floor.stores.queries import standing_of, stations_of
from karkhana.floor.stores.used import used_of
from karkhana.kernel.refusals import refuse
from karkhana.supply.incoming.queries import life_views
from karkhana.supply.stock.rules import LINE, QUARANTINE, STORE

LOTS_PER_PART = 400
"""Lots of a part that are looked at, the oldest first."""
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What was handed out of a part to another order and did not come back."""

    work_order: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Kit:
    """A work order's material: what it needs, what can be handed out, what is short.

    Args:
        place: the line place that it is handed out to, empty when the plant has none.
        built_here: needs that come from a line: sub-assemblies.
        elsewhere: part to what other orders hold of it.
    """

    work_order: str
    product: str
    revision: str
    brand: str
    units: int
    plant: str
    place: str
    lines: tuple[KitLine, ...]
    built_here: tuple[Need, ...]
    elsewhere: Mapping[str, tuple[Elsewhere, ...]]

    @property
    def short(self) -> tuple[KitLine, ...]:
        """The lines that are not covered."""
        return tuple(line for line in self.lines if line.short > 0)

    @property
    def ready(self) -> bool:
        """Whether something can be handed out."""
        return any(line.picks for line in self.lines)


def find_work_order(code: str) -> WorkOrder:
    """Return a work order.

    Raises:
        Refused: ``order.unknown``.
    """
    found = None
    if "\x00" not in code:
        orders = WorkOrder.objects.select_related("revision__product__brand")
        found = orders.filter(code=code).first()
    if found is None:
        raise refuse(
            "order.unknown",
            "There is no work order {order}.",
            "Check the number.",
            order=code.replace("\x00", "")[:80],
        )
    return found


def line_place(order: WorkOrder, known: Reference, wanted: str = "") -> PlaceView | None:
    """Return the place that an order's material goes to: the one asked for, else of a line that builds it."""
    lines = [place for place in places() if place.kind == LINE]
    if wanted:
        return next((place for place in lines if place.code == wanted), None)
    pair = (order.revision.product.code, order.revision.code)
    building = {line for line, pairs in known.setups.items() if pair in pairs}
    plants = {station.plant for station in known.stations.values() if station.line in building}
    return next(
        (place for place in lines if place.code in building),
        next((place for place in lines if place.plant in plants), lines[0] if lines else None),
    )


def plan_kit(code: str, *, now: dt.datetime, place: str = "", whole: bool = False) -> Kit:
    """Return what an order needs and which lots to take for it, as things stand.

    Args:
        place: a line place; empty for one that suits the order.
        whole: propose whole lots.

    Raises:
        Refused: ``order.unknown``.
    """
    order, known = find_work_order(code), known_reference()
    pair = (order.revision.product.code, order.revision.code)
    target = line_place(order, known, place)
    release = known.releases[pair]
    needs = rules.needs_of(release, order.quantity, issued_to(code))
    plant = target.plant if target else _plant_of(pair, known)
    bought = [need for need in needs if need.product is None]
    parts = {part for need in bought for part in need.parts}
    candidates = candidates_of(parts, plant, release.brand, known, now)
    lines = _choose(needs, candidates, whole)
    return Kit(
        work_order=code,
        product=pair[0],
        revision=pair[1],
        brand=release.brand,
        units=order.quantity,
        plant=plant,
        place=target.code if target else "",
        lines=lines,
        built_here=tuple(need for need in needs if need.product is not None),
        elsewhere=_elsewhere({part for line in lines if line.short for part in line.need.parts}, code),
    )


def _plant_of(pair: tuple[str, str], known: Reference) -> str:
    building = {line for line, pairs in known.setups.items() if pair in pairs}
    plants = sorted({s.plant for s in known.stations.values() if s.line in building})
    every = sorted({s.plant for s in known.stations.values()})
    return (plants or every or [""])[0]


def issued_to(work_order: str) -> dict[str, Decimal]:
    """Return, by part, what was handed out to an order, less what came back."""
    rows = fetch(
        "SELECT part, sum(CASE kind WHEN 'issue' THEN quantity ELSE -quantity END) FROM supply_stockmove"
        " WHERE work_order = %s AND kind IN ('issue', 'return') GROUP BY part",
        [work_order],
    )
    return {row[0]: row[1] for row in rows}


def _elsewhere(parts: Collection[str], work_order: str) -> dict[str, tuple[Elsewhere, ...]]:
    rows = fetch(
        "SELECT part, work_order, sum(CASE kind WHEN 'issue' THEN quantity ELSE -quantity END) AS held"
        " FROM supply_stockmove WHERE part = ANY(%s) AND work_order <> '' AND work_order <> %s"
        " AND kind IN ('issue', 'return') GROUP BY part, work_order"
        " HAVING sum(CASE kind WHEN 'issue' THEN quantity ELSE -quantity END) > 0"
        " ORDER BY part, held DESC, work_order",
        [sorted(parts), work_order],
    )
    found: defaultdict[str, list[Elsewhere]] = defaultdict(list)
    for part, order, held in rows:
        found[part].append(Elsewhere(order, held))
    return {part: tuple(held) for part, held in found.items()}


_LOTS = """
SELECT l.* FROM unnest(%s::text[]) p(part) CROSS JOIN LATERAL (
    SELECT l.lot, l.part, l.quantity, l.supplier, l.origin, l.supplier_lot, l.received_at, l.station
    FROM ledger_lot l WHERE l.part = p.part AND (
        (l.station = ANY(%s) AND NOT EXISTS (SELECT FROM supply_stockbalance b WHERE b.lot = l.lot))
        OR EXISTS (SELECT FROM supply_stockbalance b JOIN supply_storeplace s ON s.id = b.place_id
                   WHERE b.lot = l.lot AND b.quantity > 0 AND s.kind IN ('store', 'quarantine')
                     AND s.plant = %s))
    ORDER BY l.received_at, l.lot LIMIT %s
) l
"""


def candidates_of(
    parts: Collection[str], plant: str, brand: str, known: Reference, now: dt.datetime
) -> list[Candidate]:
    """Return the lots of parts in a plant's stores, with why some may not be taken."""
    wanted = [sorted(parts), stations_of(plant, known), plant, LOTS_PER_PART]
    lots = facts(fetch(_LOTS, wanted), known)
    today = now.astimezone(_zone(plant, known)).date()
    held, mounted = held_lots(lots), _mounted(lots)
    lives = life_views(list(lots), now, today)
    standing = standing_of(list(lots.values()))
    here = {p.code: p.kind for p in places() if p.kind in (STORE, QUARANTINE) and p.plant == plant}
    found = []
    for lot, fact in lots.items():
        life = lives.get(lot)
        # On a feeder, and the store was never told that it went there.
        on_line = lot in mounted and not any(s.kind == LINE for s in standing[lot])
        problem = rules.problem_of(
            held=lot in held,
            owners=fact.owners,
            brand=brand,
            ended=life.stop if life else "",
            on_line=on_line,
        )
        found += [
            _candidate(
                fact,
                s.place,
                s.quantity,
                life.expires_on if life else None,
                problem or (QUARANTINE if here[s.place] == QUARANTINE else ""),
            )
            for s in standing[lot]
            if s.place in here
        ]
    return found


def _candidate(
    fact: LotFact, place: str, free: Decimal, expires_on: dt.date | None, problem: str
) -> Candidate:
    return Candidate(fact.lot, fact.part, place, free, fact.received_at, fact.owner, expires_on, problem)


def _zone(plant: str, known: Reference) -> ZoneInfo:
    return next((s.time_zone for s in known.stations.values() if s.plant == plant), ZoneInfo("UTC"))


def _mounted(lots: Collection[str]) -> set[str]:
    rows = fetch(
        "SELECT DISTINCT lot FROM ledger_mount WHERE lot = ANY(%s) AND unloaded_at IS NULL", [list(lots)]
    )
    return {row[0] for row in rows}


def _choose(needs: list[Need], base: list[Candidate], whole: bool) -> tuple[KitLine, ...]:
    """Choose lots, less what lines took of them without an issue.

    That shows only in the record and costs a look at every interval of a lot, so only lots that would be
    taken are looked up.
    """
    gone: dict[str, Decimal] = {}
    for _ in range(_ROUNDS):
        lines = rules.propose(needs, _less(base, gone), whole=whole)
        fresh = {pick.lot for line in lines for pick in line.picks} - gone.keys()
        if not fresh:
            return lines
        gone |= _taken_directly(fresh)
    return rules.propose(needs, _less(base, gone), whole=whole)


def _taken_directly(lots: Collection[str]) -> dict[str, Decimal]:
    """Return, of each lot, what was used beyond what was issued to lines; at most, where it is a range."""
    touched = fetch(
        "SELECT lot FROM ledger_mount WHERE lot = ANY(%(lots)s) UNION"
        " SELECT lot FROM ledger_edge WHERE lot = ANY(%(lots)s) UNION"
        " SELECT input FROM ledger_descent WHERE input = ANY(%(lots)s) AND input_kind = 'lot'",
        {"lots": list(lots)},
    )
    uses = used_of([row[0] for row in touched])
    rows = fetch(
        "SELECT lot, sum(quantity) FROM ("
        " SELECT b.lot, b.quantity FROM supply_stockbalance b JOIN supply_storeplace p ON p.id = b.place_id"
        " WHERE b.lot = ANY(%(lots)s) AND p.kind = 'line' UNION ALL"
        " SELECT lot, quantity FROM supply_stockmove WHERE lot = ANY(%(lots)s) AND kind = 'use') b"
        " GROUP BY lot",
        {"lots": list(lots)},
    )
    issued = {row[0]: row[1] for row in rows}
    zero = Decimal(0)
    return {
        lot: max(uses[lot].total.high - issued.get(lot, zero), zero) if lot in uses else zero for lot in lots
    }


def _less(candidates: list[Candidate], gone: Mapping[str, Decimal]) -> list[Candidate]:
    """Take off candidates what is gone of their lots, place after place."""
    left = dict(gone)
    found = []
    for candidate in candidates:
        taken = min(left.get(candidate.lot, Decimal(0)), candidate.free)
        if taken:
            left[candidate.lot] -= taken
            candidate = replace(candidate, free=candidate.free - taken)
        found.append(candidate)
    return found
