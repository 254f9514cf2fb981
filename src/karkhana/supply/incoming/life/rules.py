"""Shelf life and floor life of a lot. Pure: the time is passed in.

The floor-life clock of a moisture-sensitive lot (J-STD-033D, 5.3) runs while it is out of its bag. It starts
with ``opened`` or, where nobody said so, with the first load on a station; ``dry`` (dry cabinet) and
``sealed`` (bag with fresh desiccant) stop it; ``baked`` sets it to nothing, and it runs again from the end of
the bake until the lot is put away. Exposure is counted exactly and rounded up to the second only when said.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from karkhana.kernel.refusals import refuse

OPENED, DRY, SEALED, BAKED = "opened", "dry", "sealed", "baked"
TICKS = (OPENED, DRY, SEALED, BAKED)
HOUR = 3600
LABEL_HOURS_MAX = 8760


@dataclass(frozen=True, slots=True)
class Level:
    """A moisture sensitivity level; ``hours`` of floor life, None without limit."""

    name: str
    hours: int | None
    bake_first: bool

    @property
    def watched(self) -> bool:
        """Say whether lots of this level have a clock at all."""
        return self.bake_first or self.hours is not None


@lru_cache(maxsize=1)
def levels() -> dict[str, Level]:
    """Return the levels of J-STD-020 by name, in order."""
    data = tomllib.loads(files(__package__).joinpath("moisture.toml").read_text("utf-8"))
    return {
        name: Level(name, row.get("hours"), row.get("bake_first", False))
        for name, row in data["levels"].items()
    }


def check_msl(value: str) -> str:
    """Return a level as the standard writes it; empty means that none was said.

    Raises:
        Refused: ``lot.msl``.
    """
    text = value.strip().lower().removeprefix("msl").strip()
    if text and text not in levels():
        raise refuse(
            "lot.msl",
            "{value} is no moisture sensitivity level.",
            "Use one of {allowed}, as on the bag's label.",
            value=value[:20],
            allowed=", ".join(levels()),
        )
    return text


@dataclass(frozen=True, slots=True)
class Tick:
    """Something that starts, stops or resets a lot's clock."""

    at: dt.datetime
    what: str


@dataclass(frozen=True, slots=True)
class Life:
    """What limits the use of a lot.

    Args:
        expires_on: the last day of use, plant-local; None when it does not expire.
        msl: empty when the part is not said to be moisture-sensitive.
        label_hours: floor life that the bag's label gives; it stands in for the table's.
        ticks: in any order.
        loaded: when the lot was loaded on stations, in any order.
    """

    expires_on: dt.date | None = None
    msl: str = ""
    label_hours: int | None = None
    ticks: tuple[Tick, ...] = ()
    loaded: tuple[dt.datetime, ...] = ()

    @property
    def limit(self) -> int | None:
        """Return the floor life in seconds, None without limit."""
        level = levels().get(self.msl)
        if level is None or not level.watched:
            return None
        if self.label_hours is not None:
            return self.label_hours * HOUR
        return None if level.hours is None else level.hours * HOUR

    @property
    def bake_first(self) -> bool:
        """Say whether the lot must be baked before it is used at all."""
        level = levels().get(self.msl)
        return level is not None and level.bake_first


@dataclass(frozen=True, slots=True)
class Clock:
    """How a lot's clock stands at a moment.

    Args:
        seconds: exposure since the bag was opened, or since the latest bake.
        running: it is out of its bag now.
        since: when its state last changed, None when it never did.
        baked: it was baked at least once.
    """

    seconds: int
    running: bool
    since: dt.datetime | None
    baked: bool


def clock_of(ticks: Iterable[Tick], loaded: Iterable[dt.datetime], at: dt.datetime) -> Clock:
    """Return the clock at a moment; what happened later does not count.

    A load on a station takes a lot out of its bag, whether anybody said so or not.
    """
    found = sorted(
        [(tick.at, TICKS.index(tick.what)) for tick in ticks if tick.at <= at]
        + [(moment, 0) for moment in loaded if moment <= at]
    )
    spent, since = dt.timedelta(), None
    started: dt.datetime | None = None
    baked = False
    for moment, kind in found:
        what = TICKS[kind]
        if started is not None and what != OPENED:
            spent += moment - started
            started = None
        if what == BAKED:
            spent, baked = dt.timedelta(), True
        if what in (OPENED, BAKED) and started is None:
            started, since = moment, moment
        elif what in (DRY, SEALED):
            since = moment
    if started is not None:
        spent += at - started
    return Clock(_seconds(spent), started is not None, since, baked)


def _seconds(spent: dt.timedelta) -> int:
    """Return whole seconds, rounded up: what is left is never said to be more than it is."""
    return -(-spent // dt.timedelta(seconds=1))


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a lot may not be used: ``expired``, ``floor_life`` or ``bake_first``; seconds for floor life."""

    why: str
    expires_on: dt.date | None = None
    msl: str = ""
    spent: int = 0
    limit: int = 0


def check_life(lives: Sequence[Life], at: dt.datetime, today: dt.date) -> Stop | None:
    """Say why a lot may not be used at a moment, None when it may.

    Args:
        lives: its own and those of the lots that it came from: the strictest one counts.
        today: the day of the moment on the plant's clock.
    """
    for life in lives:
        if life.expires_on is not None and today > life.expires_on:
            return Stop("expired", expires_on=life.expires_on)
    for life in lives:
        stop = _check_floor_life(life, at)
        if stop:
            return stop
    return None


def _check_floor_life(life: Life, at: dt.datetime) -> Stop | None:
    limit = life.limit
    if limit is None and not life.bake_first:
        return None
    clock = clock_of(life.ticks, life.loaded, at)
    if life.bake_first and not clock.baked:
        return Stop("bake_first", msl=life.msl)
    if limit is not None and clock.seconds > limit:
        return Stop("floor_life", msl=life.msl, spent=clock.seconds, limit=limit)
    return None


def left(life: Life, at: dt.datetime) -> int | None:
    """Return the seconds of floor life left, 0 when it is used up, None without limit."""
    limit = life.limit
    if limit is None:
        return None
    return max(limit - clock_of(life.ticks, life.loaded, at).seconds, 0)


def expiry(
    manufactured_on: dt.date | None, expires_on: dt.date | None, shelf_life_days: int | None
) -> dt.date | None:
    """Return the last day of use: what the label says, else what follows from the day of manufacture.

    Raises:
        Refused: ``lot.dates`` when the lot would expire before it was made, or beyond every calendar.
    """
    if expires_on is None and manufactured_on is not None and shelf_life_days is not None:
        expires_on = _later(manufactured_on, shelf_life_days)
    if manufactured_on is not None and expires_on is not None and expires_on < manufactured_on:
        raise refuse(
            "lot.dates",
            "A lot made on {made} cannot expire on {expires}.",
            "Check both dates on the label.",
            made=manufactured_on.isoformat(),
            expires=expires_on.isoformat(),
        )
    return expires_on


def _later(day: dt.date, days: int) -> dt.date:
    try:
        return day + dt.timedelta(days=days)
    except OverflowError as problem:
        raise refuse(
            "lot.dates",
            "A lot made on {made} cannot expire {days} days later.",
            "Check the date on the label and the part's shelf life.",
            made=day.isoformat(),
            days=days,
        ) from problem
