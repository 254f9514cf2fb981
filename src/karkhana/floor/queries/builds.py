"""What was built under work orders: counts, and yields at the first go, from units and not from tallies.

Tallies are kept per station, hour and product; a build is judged by its orders. Everything is read in sets:
the units of an order by an index, one pass for what they reached and one for where they failed. Only panels
with a bad board are looked up in the record, because a panel's row does not say which boards failed where.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import msgspec

from karkhana.design.release import ReleasePackage
from karkhana.design.stages.rules import StepYield
from karkhana.floor.queries.rows import fetch, fetch_bounded

_OF_BUILD = "work_order = ANY(%s) AND product = %s AND revision = %s"
_BAD_PANEL = "(kind = 'panel' AND (failed_steps <> '{}' OR scrapped_mask <> 0))"


@dataclass(frozen=True, slots=True)
class BuildCount:
    """Units of an order or a build; boards of a panel count singly, also before they are parted.

    ``states`` counts units and boards by state; ``scrapped`` is what was given up at any time.
    """

    started: int = 0
    built: int = 0
    scrapped: int = 0
    states: Mapping[str, int] = field(default_factory=dict)


_POPULATION = "length(replace(scrapped_mask::bit(64)::text, '0', ''))"


def order_counts(orders: Sequence[str], *, bounded: bool = False) -> dict[str, BuildCount]:
    """Return what became of each order; an order without units is not in the answer.

    Args:
        bounded: for lists: many large orders at once may take longer than somebody waits.

    Raises:
        Refused: ``list.too_wide`` when ``bounded``.
    """
    if not orders:
        return {}
    rows = (fetch_bounded if bounded else fetch)(
        "SELECT work_order, kind, state, count(*), sum(positions), count(completed_at),"
        f" sum({_POPULATION}) FROM ledger_unit WHERE work_order = ANY(%s) AND kind <> 'container'"
        " GROUP BY work_order, kind, state ORDER BY work_order, kind, state",
        [list(orders)],
    )
    found: dict[str, BuildCount] = {}
    for order, group in groupby(rows, key=lambda row: row[0]):
        found[order] = _counted(list(group))
    return found


def _counted(rows: list[tuple[str, str, str, int, int, int, int]]) -> BuildCount:
    panels = [row for row in rows if row[1] == "panel"]
    units = [row for row in rows if row[1] == "unit"]
    states: defaultdict[str, int] = defaultdict(int)
    for _, _, state, count, *_ in units:
        states[state] += count
    for _, _, state, _, boards, _, scrapped in panels:
        if state != "consumed":
            states[state] += boards - (scrapped if state != "scrapped" else 0)
    lost = sum(row[6] for row in panels) + states.pop("scrapped", 0)
    lost -= sum(row[4] for row in panels if row[2] == "scrapped")
    if lost:
        states["scrapped"] = lost
    return BuildCount(
        started=sum(row[4] for row in panels) or sum(row[3] for row in units),
        built=sum(row[5] for row in units),
        scrapped=lost,
        states=dict(states),
    )


def total(counts: Iterable[BuildCount]) -> BuildCount:
    """Add builds up."""
    states: defaultdict[str, int] = defaultdict(int)
    started = built = scrapped = 0
    for one in counts:
        started, built, scrapped = started + one.started, built + one.built, scrapped + one.scrapped
        for state, count in one.states.items():
            states[state] += count
    return BuildCount(started, built, scrapped, dict(states))


def first_yields(orders: Sequence[str], package: ReleasePackage) -> tuple[StepYield, ...]:
    """Return how each step of a release went at the first go, over all units of some orders.

    A step was judged at a unit when the unit passed or failed it; the first go is the time before any failure
    at this step or a later one, as tallies count it.
    """
    if not orders:
        return ()
    build: list[object] = [list(orders), package.product, package.revision]
    judged: defaultdict[int, int] = defaultdict(int)
    failed: defaultdict[int, int] = defaultdict(int)
    # Boards are born behind the step that parts them; what was before is their panel's.
    parting = next((s.number for s in package.steps if s.passed_by == "TransformationEvent"), 0)
    born_at = parting if package.panel_positions > 1 else 0
    for kind, reached, boards in fetch(
        "SELECT kind, greatest(next_step - 1,"
        " coalesce((SELECT max(step) FROM unnest(failed_steps) AS f (step)), 0)) AS reached, sum(positions)"
        f" FROM ledger_unit WHERE {_OF_BUILD} AND kind <> 'container' AND NOT {_BAD_PANEL} GROUP BY 1, 2",
        build,
    ):
        for number in range(born_at + 1 if kind == "unit" else 1, reached + 1):
            judged[number] += boards
    for number, boards in fetch(
        "SELECT step, count(*) FROM (SELECT f.step, max(f.step) OVER (PARTITION BY serial ORDER BY f.n"
        " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before"
        " FROM ledger_unit, unnest(failed_steps) WITH ORDINALITY AS f (step, n)"
        f" WHERE {_OF_BUILD} AND kind = 'unit' AND failed_steps <> '{{}}') fails"
        " WHERE before IS NULL OR step > before GROUP BY step",
        build,
    ):
        failed[number] += boards
    for number, living, bad in _bad_panels(build):
        judged[number] += living
        failed[number] += bad
    return tuple(
        StepYield(step.number, step.name, judged[step.number], judged[step.number] - failed[step.number])
        for step in package.steps
    )


class _Defect(msgspec.Struct):
    position: int | None = None


class _Result(msgspec.Struct):
    """What a result or a scrap event says that counts here."""

    result: str = ""
    defects: tuple[_Defect, ...] = ()
    positions: tuple[int, ...] = ()


_RESULT = msgspec.json.Decoder(_Result)


def _bad_panels(build: list[object]) -> Iterator[tuple[int, int, int]]:
    """Yield (step, boards judged, boards failed) of the first goes of panels with a bad board."""
    rows = fetch(
        "SELECT u.serial, u.positions, e.type, e.step, e.body FROM ledger_unit u"
        " JOIN ledger_event e ON e.subject = u.serial AND e.refusal IS NULL"
        f" WHERE {_OF_BUILD} AND {_BAD_PANEL} AND (e.step IS NOT NULL OR e.type = 'UnitsDisqualified')"
        " ORDER BY u.serial, e.seq",
        build,
    )
    for _, events in groupby(rows, key=lambda row: row[0]):
        living, latest = -1, 0
        for _, positions, kind, step, body in events:
            everything = (1 << positions) - 1
            living &= everything
            said = _RESULT.decode(body)
            if kind == "UnitsDisqualified":
                living &= ~(_mask(said.positions) or everything)
            elif said.result in ("Error", "Aborted") or step <= latest:
                continue
            elif said.result == "Failed":
                bad = _mask(d.position for d in said.defects) & living or living
                latest = step
                yield step, living.bit_count(), bad.bit_count()
            else:
                yield step, living.bit_count(), 0


def _mask(positions: Iterable[int | None]) -> int:
    mask = 0
    for position in positions:
        mask |= 1 << (position - 1) if position else 0
    return mask


@dataclass(frozen=True, slots=True)
class Production:
    """What a product did on all lines in a time: units completed, and first goes by type of station."""

    completed: int
    by_type: Mapping[str, tuple[int, int]]


def production(since: dt.datetime, product: str | None = None) -> dict[str, Production]:
    """Return, by product, what tallies say since a time; (passed, failed) at the first go by station type."""
    rows = fetch(
        "SELECT t.product, s.station_type, sum(t.completed), sum(t.first_passed), sum(t.first_failed)"
        " FROM ledger_tally t JOIN floor_station s ON s.code = t.station"
        " WHERE t.hour >= %s AND (%s::text IS NULL OR t.product = %s)"
        " GROUP BY t.product, s.station_type ORDER BY t.product, s.station_type",
        [since, product, product],
    )
    found = {}
    for name, group in groupby(rows, key=lambda row: row[0]):
        lines = list(group)
        by_type = {row[1]: (int(row[3]), int(row[4])) for row in lines}
        found[name] = Production(sum(int(row[2]) for row in lines), by_type)
    return found


def production_yields(made: Production, package: ReleasePackage) -> tuple[StepYield, ...]:
    """Return the first goes of a product by step; steps of one type of station are one row."""
    found = []
    for station_type, numbers in package.steps_by_station_type.items():
        passed, failed = made.by_type.get(station_type, (0, 0))
        names = ", ".join(step.name for step in package.steps if step.number in numbers)
        found.append(StepYield(numbers[0], names, passed + failed, passed))
    return tuple(sorted(found, key=lambda row: row.number))
