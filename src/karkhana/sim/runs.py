"""Runs of the simulated factory through the gate: a production day, or some units of one product."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from karkhana.design.queries import released_package
from karkhana.design.release import ReleasePackage
from karkhana.floor.models import LineSetup, WorkOrder
from karkhana.floor.operations import Outcome, record_events
from karkhana.kernel.refusals import refuse
from karkhana.sim.enterprise import lines_set_up, with_database_lines, work_order_of
from karkhana.sim.factory import Factory
from karkhana.sim.numbers import Numbers
from karkhana.sim.pools import Draws
from karkhana.sim.scenario import Scenario
from karkhana.sim.timeline import Chunk

Progress = Callable[[int, int], None]
BATCH = 8_000
"""Events per transaction when fast-forwarding."""
_SPAN = dt.timedelta(hours=16)
"""A simulated run of some units lies in this many hours before now."""


_NUMBERS_PER_RUN = 40_000
"""Identities that one run of a day may give in each range: more than any product is built."""


class DayFigures(msgspec.Struct, frozen=True):
    """A day at a glance. Devices are products that are sold, not sub-assemblies."""

    built: int
    shipped: int
    first_pass: float | None


def day_figures(start: dt.datetime) -> DayFigures:
    """Sum the tallies of the 24 hours from a time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(t.completed) FILTER (WHERE p.segment <> 'subassembly'), 0),"
            " coalesce(sum(t.shipped) FILTER (WHERE p.segment <> 'subassembly'), 0),"
            " coalesce(sum(t.first_passed), 0), coalesce(sum(t.first_passed + t.first_failed), 0)"
            " FROM ledger_tally t JOIN design_product p ON p.code = t.product"
            " WHERE t.hour >= %s AND t.hour < %s",
            [start.replace(minute=0), start + dt.timedelta(hours=24)],
        )
        built, shipped, passed, tried = cursor.fetchone()
    return DayFigures(int(built), int(shipped), int(passed) / int(tried) if tried else None)


class Summary(msgspec.Struct):
    """What became of a run's events.

    Args:
        unexpected: events whose outcome was not the one that the simulated factory expected.
    """

    events: int = 0
    accepted: int = 0
    refused: int = 0
    repeated: int = 0
    refusals: dict[str, int] = msgspec.field(default_factory=dict)
    unexpected: int = 0
    seconds: float = 0.0

    def take(self, chunk: Chunk, outcomes: Iterable[Outcome]) -> None:
        """Count the outcomes of a chunk."""
        for index, outcome in enumerate(outcomes):
            self.events += 1
            code = outcome.refusal.code if outcome.refusal else None
            if outcome.status == "accepted":
                self.accepted += 1
            elif outcome.status == "repeated":
                self.repeated += 1
            else:
                self.refused += 1
                self.refusals[code or ""] = self.refusals.get(code or "", 0) + 1
            wanted = chunk.expected.get(index)
            want = (wanted.status, wanted.code) if wanted else ("accepted", None)
            self.unexpected += want != (outcome.status, code)


def run_day(
    scenario: Scenario,
    *,
    start: dt.datetime,
    hours: int = 24,
    seed: int = 1,
    scale: float = 1.0,
    progress: Progress | None = None,
    plants: Collection[str] = (),
    run: int = 0,
) -> Summary:
    """Fast-forward a production day through the gate.

    Run again with the same arguments it writes nothing twice: every event has the same id.

    Args:
        plants: only these, all when empty.
        run: tells runs of one day apart, when plants are produced by several processes.
    """
    began = time.perf_counter()
    if plants:
        streams = tuple(row for row in scenario.streams if scenario.plant_of_line[row.lines[0]] in plants)
        scenario = msgspec.structs.replace(scenario, streams=streams)
    factory = Factory.whole(
        scenario,
        start=start,
        seed=seed,
        scale=scale,
        base=run * _NUMBERS_PER_RUN,
        run="ABCDEFGH"[run] if run else "",
        draws=Draws(_local_day(scenario, start)),
    )
    summary = Summary()
    total = hours * 60
    for chunk in batches(factory.run(start + dt.timedelta(hours=hours))):
        summary.take(chunk, record_events(chunk.encode(), recorded_at=chunk.ends_at))
        if progress is not None:
            progress(int((factory.now - start).total_seconds() // 60), total)
    summary.seconds = time.perf_counter() - began
    return summary


def batches(chunks: Iterable[Chunk], size: int = BATCH) -> Iterable[Chunk]:
    """Join windows into batches of about a size."""
    events: list[str] = []
    expected = {}
    for chunk in chunks:
        expected.update({index + len(events): outcome for index, outcome in chunk.expected.items()})
        events += chunk.events
        last = chunk
        if len(events) >= size:
            yield Chunk(last.ends_at, events, expected)
            events, expected = [], {}
    if events:
        yield Chunk(last.ends_at, events, expected)


def simulate_units(
    scenario: Scenario,
    *,
    product: str,
    revision: str,
    units: int,
    now: dt.datetime,
    seed: int = 1,
    order: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Build so many units of a released revision, with all their material, through the gate.

    Args:
        order: under which work order of the revision; None for its first.

    Returns:
        ``product``, ``revision``, ``units``, ``first_serial``, ``last_serial``, ``example_serial``,
        ``example_lot``, ``lines``, ``work_order``, and the counts of :class:`Summary`.

    Raises:
        Refused: ``simulate.not_released``, ``simulate.no_line``, ``simulate.units``, ``simulate.order``.
    """
    if not 1 <= units <= 50_000:
        raise refuse(
            "simulate.units", "{units} units cannot be simulated.", "Choose 1 to 50,000.", units=units
        )
    package = released_package(product_code=product, revision_code=revision)
    if package is None:
        raise refuse(
            "simulate.not_released",
            "{product} {revision} is not released.",
            "Release it first: karkhana release {product} {revision} --family FAMILY.",
            product=product,
            revision=revision,
        )
    began = time.perf_counter()
    scenario = with_database_lines(scenario)
    # The seed shapes what happens; serial numbers and event ids differ from run to run.
    run = f"S{now:%H%M%S}{now.microsecond // 10_000:02d}"
    factory = Factory(
        scenario,
        start=now - _SPAN,
        seed=f"{seed}/{product}/{revision}",
        base=_first_free(package, now, scenario),
        run=run,
        draws=Draws(_local_day(scenario, now - _SPAN), run),
        window=60,
        wrong_share=0,
    )
    stream, lines, work_order = _add_streams(factory, scenario, package, units, order)
    summary = Summary()
    for chunk in batches(factory.finish()):
        summary.take(chunk, record_events(chunk.encode(), recorded_at=now))
        if progress is not None:
            progress(min(stream.units, units), units)
    summary.seconds = time.perf_counter() - began
    return _report(package, lines, work_order, factory, summary)


def _add_streams(
    factory: Factory, scenario: Scenario, package: ReleasePackage, units: int, order: str | None
) -> tuple[Any, tuple[str, ...], str]:
    lines = lines_set_up(scenario, package)
    plant = scenario.plant_of_line[lines[0]]
    takt = min(20_000, int(dt.timedelta(hours=7).total_seconds() * 1000 / units))
    for step in package.steps:
        for part in step.key_parts:
            if part.product is not None:
                own = _own_package(part.product)
                _add(factory, scenario, own, lines_set_up(scenario, own, plant), int(units * 1.1) + 4, takt)
    stream = _add(factory, scenario, package, lines, units, takt, order)
    return stream, lines, stream.work_order


def _add(
    factory: Factory,
    scenario: Scenario,
    package: ReleasePackage,
    lines: tuple[str, ...],
    units: int,
    takt: int,
    wanted: str | None = None,
) -> Any:
    known = scenario.products.get(package.product)
    if known is not None:
        prefixes = (known.spec.serial_prefix, known.spec.panel_prefix)
    else:
        prefixes = (f"{package.product}-", f"{package.product}-P")
        factory.warehouse.know_package(package)
    order = WorkOrder.objects.filter(
        revision__product__code=package.product, revision__code=package.revision
    ).order_by("pk")
    first = (order.filter(code=wanted.replace("\x00", "?")) if wanted else order).first()
    if wanted and first is None:
        raise refuse(
            "simulate.order",
            "Work order {order} is not for {product} {revision}.",
            "Name one of its orders: karkhana order list --product {product}.",
            order=wanted[:40],
            product=package.product,
            revision=package.revision,
        )
    return factory.add(
        package,
        lines=lines,
        work_order=first.code if first is not None else work_order_of(package),
        prefixes=prefixes,
        takt=takt * package.panel_positions,
        limit=units,
    )


def _own_package(product: str) -> ReleasePackage:
    setup = (
        LineSetup.objects.filter(revision__product__code=product)
        .select_related("revision")
        .order_by("-revision__released_at", "-revision__code")
        .first()
    )
    package = released_package(product_code=product, revision_code=setup.revision.code) if setup else None
    if package is None:
        raise refuse(
            "simulate.no_line",
            "Sub-assembly {product} is not released, or no line is set up for it.",
            "Release it and set a line up first.",
            product=product,
        )
    return package


def _first_free(package: ReleasePackage, now: dt.datetime, scenario: Scenario) -> int:
    """Return the highest number of today's block that identities of this product were made from."""
    numbers = Numbers(_local_day(scenario, now - _SPAN))
    highest = 100_000
    for rule in package.identities:
        low, high = numbers.identity(rule, 1), numbers.identity(rule, 999_999)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT max(value) FROM ledger_identity WHERE value BETWEEN %s AND %s AND length(value) = %s",
                [low, high, len(low)],
            )
            row = cursor.fetchone()
        if row and row[0]:
            highest = max(highest, numbers.number_of(rule, row[0]))
    return highest


def _local_day(scenario: Scenario, at: dt.datetime) -> dt.date:
    return at.astimezone(ZoneInfo(scenario.plants[0].time_zone)).date()


def _report(
    package: ReleasePackage, lines: tuple[str, ...], work_order: str, factory: Factory, summary: Summary
) -> dict[str, Any]:
    serials = factory.serials.get(package.product, [])
    stream = next(s for s in factory.streams if s.package.product == package.product)
    lot = next(
        (
            slot.first_lot
            for plan in stream.plans
            for place in plan.places
            if place.feeder
            for slot in place.feeder.slots
        ),
        None,
    )
    return {
        "product": package.product,
        "revision": package.revision,
        "units": len(serials),
        "finished": factory.finished,
        "scrapped": factory.scrapped,
        "first_serial": min(serials, default=None),
        "last_serial": max(serials, default=None),
        "example_serial": serials[len(serials) // 2] if serials else None,
        "example_lot": lot,
        "lines": list(lines),
        "work_order": work_order,
        "events": summary.events,
        "accepted": summary.accepted,
        "refused": summary.refused,
        "unexpected": summary.unexpected,
        "refusals": dict(Counter(summary.refusals).most_common()),
        "seconds": round(summary.seconds, 3),
        "rate": round(summary.events / summary.seconds) if summary.seconds else 0,
    }
