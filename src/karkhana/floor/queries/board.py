"""The live boards: one enterprise overview and one board per line, from tallies and units in process."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from karkhana.design.release import ReleasePackage
from karkhana.floor.queries import places, tallies, wip
from karkhana.floor.queries.tallies import Count, Day


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a line, plant or enterprise did on a day and has in hand now."""

    output: int
    last_hour: int
    first_pass: float | None
    in_process: int
    failed: int
    stuck: int
    held: int
    refused: int
    scrapped: int
    shipped: int


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line on the overview.

    ``passed`` is what left it in each of the overview's hours, ``finished`` what became a complete device.
    """

    line: places.LineView
    numbers: Numbers
    passed: tuple[int, ...]
    finished: tuple[int, ...]

    @property
    def idle(self) -> bool:
        """Whether there is nothing to say of it: nothing left it, nothing is on it, nothing was refused."""
        n = self.numbers
        return not (any(self.passed) or n.output or n.in_process or n.failed or n.refused or n.shipped)


@dataclass(frozen=True, slots=True)
class PlantRows:
    """A plant on the overview with its lines."""

    plant: places.PlantView
    numbers: Numbers
    lines: tuple[LineRow, ...]

    @property
    def busy(self) -> tuple[LineRow, ...]:
        """The lines that there is something to say of."""
        return tuple(row for row in self.lines if not row.idle)

    @property
    def idle(self) -> tuple[LineRow, ...]:
        """The lines that stand idle."""
        return tuple(row for row in self.lines if row.idle)


@dataclass(frozen=True, slots=True)
class Overview:
    """The enterprise on a day. ``hours`` are those of the charts; ``between`` stand on no line."""

    day: Day
    numbers: Numbers
    plants: tuple[PlantRows, ...]
    hours: tuple[dt.datetime, ...]
    between: int


@dataclass(frozen=True, slots=True)
class StationRow:
    """The stations of one type on a line board: they share the work, and the board its room."""

    name: str
    stations: tuple[places.StationView, ...]
    passed: int
    failed: int
    first_pass: float | None
    in_process: int
    failed_here: int
    stuck: int
    oldest: dt.datetime | None
    oldest_seconds: float | None


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason of refusal with how often it was said today."""

    code: str
    count: int


@dataclass(frozen=True, slots=True)
class StepRow:
    """Units before one step of a product's route."""

    product: str
    number: int
    name: str
    units: int


@dataclass(frozen=True, slots=True)
class LineBoard:
    """Everything that a line's board shows."""

    line: places.LineView
    day: Day
    numbers: Numbers
    hours: tuple[tuple[dt.datetime, int], ...]
    stations: tuple[StationRow, ...]
    reasons: tuple[Reason, ...]
    steps: tuple[StepRow, ...]
    waiting: tuple[wip.Waiting, ...]

    @property
    def steps_most(self) -> int:
        """Units before the fullest step: the longest bar."""
        return max((row.units for row in self.steps), default=0)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What one board is computed from, read once; counts by station, of the day and of the chart's hours.

    ``parts`` are products that are only built to go into another one.
    """

    now: dt.datetime
    day: Day
    released: dict[tuple[str, str], ReleasePackage]
    counts: dict[str, list[Count]]
    charted: dict[str, list[Count]]
    parts: frozenset[str]
    refused: Counter[str]
    located: dict[str, list[wip.Standing]]


def overview(now: dt.datetime, day: Day) -> Overview:
    """Return the enterprise's board of a day."""
    plants = places.plants()
    lines = [line for plant in plants for line in plant.lines]
    facts, between = _facts(now, day, lines)
    hours = tallies.chart_hours(day, now)
    rows = []
    for plant in plants:
        of_plant = tuple(
            LineRow(
                line,
                _numbers(line, facts),
                tallies.by_hour(_leaving(line, facts, facts.charted), hours),
                tallies.by_hour(_finishing(line, facts), hours, "completed"),
            )
            for line in plant.lines
        )
        rows.append(PlantRows(plant, _sum(row.numbers for row in of_plant), of_plant))
    total = _finished(_sum(row.numbers for row in rows), facts, between)
    return Overview(day, total, tuple(rows), hours, sum(s.boards for s in between))


def _finished(total: Numbers, facts: _Facts, between: list[wip.Standing]) -> Numbers:
    """Correct the enterprise's sum: lines feed one another, so its output is devices that became complete."""
    return Numbers(
        output=sum(
            row.completed for rows in facts.counts.values() for row in rows if row.product not in facts.parts
        ),
        last_hour=0,
        first_pass=total.first_pass,
        in_process=total.in_process + sum(s.boards for s in between if s.state == "in_process"),
        failed=total.failed + sum(s.boards for s in between if s.state == "failed"),
        stuck=total.stuck + sum(s.stuck for s in between),
        held=total.held + sum(s.held for s in between),
        refused=total.refused,
        scrapped=total.scrapped,
        shipped=total.shipped,
    )


def line_board(line: places.LineView, now: dt.datetime, day: Day) -> LineBoard:
    """Return a line's board of a day."""
    facts, _ = _facts(now, day, [line])
    located = facts.located[line.code]
    reasons: Counter[str] = Counter()
    for item in tallies.refused(day.since, day.until, line.station_codes):
        reasons[item.code] += item.count
    products = {s.product for s in located}
    hours = tallies.chart_hours(day, now)
    return LineBoard(
        line,
        day,
        _numbers(line, facts),
        tuple(zip(hours, tallies.by_hour(_leaving(line, facts, facts.charted), hours), strict=True)),
        tuple(_station_row(group, facts, located) for group in _by_type(line)),
        tuple(Reason(code, count) for code, count in reasons.most_common(8)),
        _step_rows(located, facts),
        tuple(wip.longest_waiting(products, line.station_codes, now)),
    )


def _facts(now: dt.datetime, day: Day, lines: list[places.LineView]) -> tuple[_Facts, list[wip.Standing]]:
    """Read everything; the second value is what stands on none of the lines."""
    stations = [code for line in lines for code in line.station_codes]
    groups = wip.standing(now)
    pairs = {pair for line in lines for pair in line.products} | {(s.product, s.revision) for s in groups}
    counted: dict[str, list[Count]] = defaultdict(list)
    charted: dict[str, list[Count]] = defaultdict(list)
    since = min(tallies.chart_hours(day, now)[:1], default=day.since)
    for row in tallies.counts(min(since, day.since), day.until, stations):
        charted[row.station].append(row)
        if row.hour >= day.since:
            counted[row.station].append(row)
    refused: Counter[str] = Counter()
    for item in tallies.refused(day.since, day.until, stations):
        refused[item.station] += item.count
    released = places.packages(frozenset(pairs))
    line_of = {code: line.code for line in lines for code in line.station_codes}
    located: dict[str, list[wip.Standing]] = defaultdict(list)
    between = []
    for group in groups:
        where = line_of.get(group.station) if group.station else _only_line(group, lines, released)
        if where:
            located[where].append(group)
        elif group.station is None or group.station in line_of:
            between.append(group)
    parts = frozenset(pair[0] for pair, package in released.items() if package.segment == "subassembly")
    return _Facts(now, day, released, counted, charted, parts, refused, located), between


def _only_line(
    group: wip.Standing,
    lines: list[places.LineView],
    released: dict[tuple[str, str], ReleasePackage],
) -> str | None:
    """Return the line that units between stations must go to next, when there is only one."""
    package = released.get((group.product, group.revision))
    step = package.step(group.next_step) if package else None
    if step is None:
        return None
    able = [
        line.code
        for line in lines
        if (group.product, group.revision) in line.products and line.stations_of(step.station_type)
    ]
    return able[0] if len(able) == 1 else None


def _leaving(line: places.LineView, facts: _Facts, counts: dict[str, list[Count]]) -> list[Count]:
    """Return the counts of units that left a line."""
    return [
        row
        for station, product in places.exits(line, facts.released)
        for row in counts.get(station, ())
        if row.product == product
    ]


def _finishing(line: places.LineView, facts: _Facts) -> list[Count]:
    rows = (row for code in line.station_codes for row in facts.charted.get(code, ()))
    return [row for row in rows if row.completed and row.product not in facts.parts]


def _numbers(line: places.LineView, facts: _Facts) -> Numbers:
    rows = [row for code in line.station_codes for row in facts.counts.get(code, ())]
    leaving = _leaving(line, facts, facts.counts)
    here = facts.located[line.code]
    # Of the latest full hour: the running one would always look like a slow one.
    running = tallies.running_hour(facts.day.zone, min(facts.now, facts.day.until))
    last_hour = [row for row in _leaving(line, facts, facts.charted) if row.hour == running - tallies.HOUR]
    return Numbers(
        output=sum(row.passed for row in leaving),
        last_hour=sum(row.passed for row in last_hour),
        first_pass=tallies.rolled_yield(rows, {s.code: s.station_type for s in line.stations}),
        in_process=sum(s.boards for s in here if s.state == "in_process"),
        failed=sum(s.boards for s in here if s.state == "failed"),
        stuck=sum(s.stuck for s in here),
        held=sum(s.held for s in here),
        refused=sum(facts.refused[code] for code in line.station_codes),
        scrapped=sum(row.scrapped for row in rows),
        shipped=sum(row.shipped for row in rows),
    )


def _sum(parts: Iterable[Numbers]) -> Numbers:
    """Add lines up. Yields of different lines have no common sum; the lowest is the one to look at."""
    rows = list(parts)
    yields = [row.first_pass for row in rows if row.first_pass is not None]
    return Numbers(
        output=sum(row.output for row in rows),
        last_hour=sum(row.last_hour for row in rows),
        first_pass=min(yields) if yields else None,
        in_process=sum(row.in_process for row in rows),
        failed=sum(row.failed for row in rows),
        stuck=sum(row.stuck for row in rows),
        held=sum(row.held for row in rows),
        refused=sum(row.refused for row in rows),
        scrapped=sum(row.scrapped for row in rows),
        shipped=sum(row.shipped for row in rows),
    )


def _by_type(line: places.LineView) -> list[tuple[places.StationView, ...]]:
    groups: dict[str, list[places.StationView]] = defaultdict(list)
    for station in line.stations:
        groups[station.station_type].append(station)
    return [tuple(group) for group in groups.values()]


def _station_row(
    stations: tuple[places.StationView, ...], facts: _Facts, located: list[wip.Standing]
) -> StationRow:
    codes = {station.code for station in stations}
    rows = [row for code in codes for row in facts.counts.get(code, ())]
    here = [group for group in located if group.station in codes]
    oldest = min((group.oldest for group in here), default=None)
    return StationRow(
        common_name([station.name for station in stations]),
        stations,
        sum(row.passed for row in rows),
        sum(row.failed for row in rows),
        tallies.first_pass_yield(rows),
        sum(group.boards for group in here if group.state == "in_process"),
        sum(group.boards for group in here if group.state == "failed"),
        sum(group.stuck for group in here),
        oldest,
        (facts.now - oldest).total_seconds() if oldest else None,
    )


def common_name(names: list[str]) -> str:
    """Return what the names of several stations begin with: "Leak tester no. 1", "... no. 2": Leak tester."""
    if len(names) == 1:
        return names[0]
    words = [name.split() for name in names]
    shared = [first for first, *others in zip(*words, strict=False) if all(first == o for o in others)]
    if shared and shared[-1].casefold() in ("no.", "nr.", "no", "#"):
        shared.pop()
    return " ".join(shared) or names[0]


def _step_rows(located: list[wip.Standing], facts: _Facts) -> tuple[StepRow, ...]:
    """Return units before each step, of the steps that have any."""
    found: Counter[tuple[str, str, int]] = Counter()
    for group in located:
        found[(group.product, group.revision, group.next_step)] += group.boards
    rows = []
    for (product, revision, number), units in sorted(found.items()):
        package = facts.released.get((product, revision))
        step = package.step(number) if package else None
        rows.append(StepRow(product, number, step.name if step else "", units))
    return tuple(rows)
