"""Counts by station and hour: the only thing that boards read of the past."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo

from karkhana.floor.queries.rows import fetch

HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Day:
    """A plant-local day: from ``since`` (midnight there) until before ``until``.

    Tallies are kept by the hours of the plant's own clock, so a day is a whole number of them.
    """

    date: dt.date
    zone: str
    since: dt.datetime
    until: dt.datetime


def day_of(zone: str, now: dt.datetime, asked: dt.date | None = None) -> Day:
    """Return the plant-local day of ``now``, or the one asked for."""
    here = ZoneInfo(zone)
    date = asked or now.astimezone(here).date()
    return Day(date, zone, _midnight(date, here), _midnight(date + dt.timedelta(days=1), here))


def _midnight(date: dt.date, here: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), here).astimezone(dt.UTC)


def running_hour(zone: str, at: dt.datetime) -> dt.datetime:
    """Return when the hour that runs at a time began, by the clock of a zone."""
    local = at.astimezone(ZoneInfo(zone))
    return local.replace(minute=0, second=0, microsecond=0).astimezone(dt.UTC)


@dataclass(frozen=True, slots=True)
class Count:
    """What one station did with one product in one hour; boards of a panel count singly."""

    station: str
    hour: dt.datetime
    product: str
    passed: int
    failed: int
    first_passed: int
    first_failed: int
    scrapped: int
    completed: int
    shipped: int


def counts(since: dt.datetime, until: dt.datetime, stations: Iterable[str] | None = None) -> list[Count]:
    """Return the tallies of a time, of all stations or of some."""
    where = "hour >= %s AND hour < %s"
    parameters: list[Any] = [since, until]
    if stations is not None:
        where, parameters = (
            f"{where} AND station = ANY(%s)",
            [*parameters, list(stations)],
        )
    rows = fetch(
        "SELECT station, hour, product, passed, failed, first_passed, first_failed, scrapped,"
        f" completed, shipped FROM ledger_tally WHERE {where} ORDER BY hour, station, product",
        parameters,
    )
    return [Count(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Refused:
    """How often one station refused for one reason."""

    station: str
    code: str
    count: int


def refused(since: dt.datetime, until: dt.datetime, stations: Iterable[str]) -> list[Refused]:
    """Return refusals by station and reason; the stations are named because the key begins with them."""
    rows = fetch(
        "SELECT station, code, sum(refused) FROM ledger_refusal_tally"
        " WHERE station = ANY(%s) AND hour >= %s AND hour < %s GROUP BY station, code ORDER BY station, code",
        [list(stations), since, until],
    )
    return [Refused(station, code, int(count)) for station, code, count in rows]


def first_pass_yield(rows: Iterable[Count]) -> float | None:
    """Return the share of first tries that passed; None where nothing was tried."""
    passed = failed = 0
    for row in rows:
        passed += row.first_passed
        failed += row.first_failed
    return passed / (passed + failed) if passed + failed else None


def rolled_yield(rows: Iterable[Count], type_of: dict[str, str]) -> float | None:
    """Return the chance that a unit goes through every kind of station without failing once.

    The product of the first-pass yields per station type (rolled throughput yield).
    """
    by_type: dict[str, list[Count]] = defaultdict(list)
    for row in rows:
        if row.station in type_of:
            by_type[type_of[row.station]].append(row)
    yields = [value for group in by_type.values() if (value := first_pass_yield(group)) is not None]
    if not yields:
        return None
    rolled = 1.0
    for value in yields:
        rolled *= value
    return rolled


def chart_hours(day: Day, now: dt.datetime) -> tuple[dt.datetime, ...]:
    """Return the hours that a day's chart shows: those of the day, of today the latest 24."""
    start, end = day.since, day.until
    if day.since <= now < day.until:
        end = running_hour(day.zone, now) + HOUR
        start = end - 24 * HOUR
    return tuple(start + index * HOUR for index in range((end - start) // HOUR))


def by_hour(
    rows: Iterable[Count], hours: Iterable[dt.datetime], metric: Literal["passed", "completed"] = "passed"
) -> tuple[int, ...]:
    """Return units passed, or completed, in each of some hours."""
    sums: dict[dt.datetime, int] = defaultdict(int)
    for row in rows:
        sums[row.hour] += row.passed if metric == "passed" else row.completed
    return tuple(sums[hour] for hour in hours)
