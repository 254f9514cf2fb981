"""Reads of the pools: what is in them, what became of it, and how long they last."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings

from karkhana.floor.models import Pool, PoolAllotment, PoolRange
from karkhana.floor.pools import rules
from karkhana.floor.pools.counts import used_and_burnt
from karkhana.floor.pools.refusals import no
from karkhana.floor.queries.rows import fetch
from karkhana.kernel.identities import SCHEMES
from karkhana.kernel.ranges import run_of, stored
from karkhana.kernel.templates import compile_template

CHART_DAYS = 30
SHOWN = 50


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool in numbers: ``size`` = free + allotted + personalised + burnt.

    Args:
        allotted: drawn and neither written into a unit nor out of use.
        burnt: scrapped with their unit, replaced in it, or taken out of use.
        size: of a template with a date in it, what the counter has room for until it begins anew.
    """

    code: str
    name: str
    brand: str
    plant: str
    product: str
    scheme: str
    kind: str
    template: str
    is_closed: bool
    is_dated: bool
    zone: str
    alarm_days: int
    alarm_count: int
    ranges: int
    size: int
    free: int
    allotted: int
    personalised: int
    burnt: int
    per_day: int
    days_left: int | None
    runs_out_on: dt.date | None
    alarm: bool

    @property
    def drawn(self) -> int:
        """Values that are not free any more."""
        return self.size - self.free


@dataclass(frozen=True, slots=True)
class RangeView:
    """A range with how far it is drawn."""

    id: int
    first: str
    last: str
    count: int
    drawn: int
    source: str
    certificate: str
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class AllotmentView:
    """A block that was drawn."""

    at: dt.datetime
    first: str
    last: str
    count: int
    line: str
    station: str
    work_order: str
    unit: str
    actor: str


def pools(now: dt.datetime, codes: Iterable[str] | None = None) -> list[PoolView]:
    """Return all pools, or those of these codes, in order of brand and code."""
    wanted = Pool.objects.select_related("brand", "plant", "product").order_by("brand__code", "code")
    if codes is not None:
        wanted = wanted.filter(code__in=[code for code in codes if "\0" not in code])
    found = list(wanted)
    ranges: defaultdict[int, list[PoolRange]] = defaultdict(list)
    for held in PoolRange.objects.filter(pool__in=found).order_by("id"):
        ranges[held.pool_id].append(held)
    consumed = _consumed(found, now)
    return [_view(pool, ranges[pool.pk], consumed.get(pool.pk, (0, 1)), now) for pool in found]


def pool(code: str, now: dt.datetime) -> PoolView:
    """Return one pool.

    Raises:
        Refused: ``pool.unknown``.
    """
    found = pools(now, [code])
    if not found:
        raise no("pool.unknown", pool=code[:40])
    return found[0]


def _zone(pool: Pool) -> str:
    return pool.plant.time_zone if pool.plant else str(settings.PLANT_TIME_ZONE)


def _view(pool: Pool, ranges: list[PoolRange], consumed: tuple[int, int], now: dt.datetime) -> PoolView:
    template = compile_template(pool.template) if pool.template else None
    today = now.astimezone(ZoneInfo(_zone(pool))).date()
    size, current = sum(held.count for held in ranges), ranges
    if template:
        plant = pool.plant.code if pool.plant else ""
        run = run_of(template.stem(today, plant), pool.counter_first, pool.counter_last, pool.scheme)
        size, current = run.count, [held for held in ranges if held.period == run.stem]
    drawn = sum(held.next_index for held in current)
    written, burnt = _written(pool, current, now)
    burnt += _spoilt(current)
    free = size - drawn
    dated = template is not None and template.is_dated
    lasts = rules.forecast(free=free, drawn=0 if dated else consumed[0], days=consumed[1], today=today)
    return PoolView(
        code=pool.code, name=pool.name, brand=pool.brand.code, plant=pool.plant.code if pool.plant else "",
        product=pool.product.code if pool.product else "", scheme=pool.scheme, kind=pool.kind,
        template=pool.template, is_closed=pool.is_closed, is_dated=dated, zone=_zone(pool),
        alarm_days=pool.alarm_days, alarm_count=pool.alarm_count, ranges=len(ranges), size=size, free=free,
        allotted=max(0, drawn - written - burnt), personalised=written, burnt=burnt,
        per_day=-(-consumed[0] // consumed[1]), days_left=lasts.days_left, runs_out_on=lasts.runs_out_on,
        alarm=not pool.is_closed and rules.gives_alarm(
            free=free, size=size, days_left=lasts.days_left, alarm_days=pool.alarm_days,
            alarm_count=pool.alarm_count,
        ),
    )  # fmt: skip


def _space(pool: Pool) -> str:
    space = SCHEMES[pool.scheme][0]
    return f"serial/{pool.brand.code}" if space == "serial" else space


def _written(pool: Pool, ranges: Iterable[PoolRange], now: dt.datetime) -> tuple[int, int]:
    """Count the drawn values that units carry, and those that are burnt."""
    used = burnt = 0
    for held in ranges:
        values = stored(pool.scheme, held.first, held.count, held.stem)
        more, gone = used_and_burnt(held, values, _space(pool), now)
        used, burnt = used + more, burnt + gone
    return used - burnt, burnt


def _spoilt(ranges: Iterable[PoolRange]) -> int:
    """Count what was taken out of use; the gate never lets such a value into a unit afterwards."""
    ((count,),) = fetch(
        "SELECT count(*) FROM floor_poolspoilt WHERE range_id = ANY(%s)", [[held.pk for held in ranges]]
    )
    return int(count)


def _consumed(found: list[Pool], now: dt.datetime) -> dict[int, tuple[int, int]]:
    """Return per pool how much was drawn in the last days, and in how many: of a new pool since it began."""
    rows = fetch(
        "SELECT pool_id, sum(last_index - first_index + 1), min(at) FROM floor_poolallotment"
        " WHERE pool_id = ANY(%s) AND at > %s AND at <= %s GROUP BY pool_id",
        [[pool.pk for pool in found], now - dt.timedelta(days=rules.WINDOW_DAYS), now],
    )
    return {
        pool_id: (int(count), max(1, min(rules.WINDOW_DAYS, (now - first).days + 1)))
        for pool_id, count, first in rows
    }


def ranges(code: str) -> list[RangeView]:
    """Return the latest ranges of a pool, newest first."""
    return [
        RangeView(
            held.pk, held.first, held.last, held.count, held.next_index, held.source, held.certificate,
            held.created_at,
        )
        for held in PoolRange.objects.filter(pool__code=code).order_by("-id")[:SHOWN]
    ]  # fmt: skip


def allotments(code: str) -> list[AllotmentView]:
    """Return the latest draws from a pool, newest first."""
    rows = (
        PoolAllotment.objects.filter(pool__code=code).select_related("range", "pool").order_by("-at", "-id")
    )
    found = []
    for row in rows[:SHOWN]:
        values = stored(row.pool.scheme, row.range.first, row.range.count, row.range.stem)
        found.append(
            AllotmentView(
                row.at, values.value(row.first_index), values.value(row.last_index),
                row.last_index - row.first_index + 1, row.line, row.station, row.work_order, row.unit,
                row.actor,
            )
        )  # fmt: skip
    return found


def per_day(code: str, zone: str, now: dt.datetime) -> list[tuple[dt.date, int]]:
    """Return how many values were drawn on each of the last days, plant-local, today last."""
    today = now.astimezone(ZoneInfo(zone)).date()
    since = dt.datetime.combine(today - dt.timedelta(days=CHART_DAYS - 1), dt.time(), ZoneInfo(zone))
    rows = fetch(
        "SELECT (a.at AT TIME ZONE %s)::date, sum(a.last_index - a.first_index + 1)"
        " FROM floor_poolallotment a JOIN floor_pool p ON p.id = a.pool_id"
        " WHERE p.code = %s AND a.at >= %s AND a.at <= %s GROUP BY 1",
        [zone, code, since, now],
    )
    drawn = {day: int(count) for day, count in rows}
    days = [today - dt.timedelta(days=back) for back in reversed(range(CHART_DAYS))]
    return [(day, drawn.get(day, 0)) for day in days]
