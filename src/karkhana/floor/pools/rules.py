"""What pools decide without a database: how long they last, when they give alarm, which ranges collide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from karkhana.kernel.ranges import Range
from karkhana.kernel.templates import Template

DRAW_MAX = 1_000_000
"""Values of one draw: a whole TAC."""
WINDOW_DAYS = 14
"""Days whose consumption says how long a pool will last."""
_FAR = 36_500


@dataclass(frozen=True, slots=True)
class Placed:
    """A range on its way in or already there, with where it came from as a person would say it."""

    place: str
    values: Range
    brand: str
    pool: str

    @property
    def said(self) -> str:
        """The range in words."""
        return f"{self.values.first} to {self.values.last}"


@dataclass(frozen=True, slots=True)
class Forecast:
    """How long a pool will last.

    Args:
        per_day: values drawn per day, rounded up; 0 when none were drawn.
        days_left: whole days; None when nothing is being drawn.
    """

    per_day: int
    days_left: int | None
    runs_out_on: dt.date | None


def forecast(*, free: int, drawn: int, days: int, today: dt.date) -> Forecast:
    """Say how long a pool lasts if it goes on as in the last days.

    Args:
        drawn: values drawn in the last ``days`` days, today included; ``days`` >= 1.
    """
    if drawn <= 0:
        return Forecast(0, None, None)
    left = min(free * days // drawn, _FAR)
    return Forecast(-(-drawn // days), left, today + dt.timedelta(days=left))


def gives_alarm(*, free: int, size: int, days_left: int | None, alarm_days: int, alarm_count: int) -> bool:
    """Say whether somebody must see to the next range now. A pool that never had any gives none."""
    if size == 0:
        return False
    return free == 0 or free < alarm_count or (days_left is not None and days_left < alarm_days)


def find_overlap(new: Sequence[Placed], known: Iterable[Placed]) -> tuple[Placed, Placed] | None:
    """Return a new range and another one, new or known, that share a value; None when none do."""
    entries = [(*placed.values.span(placed.brand), False, placed) for placed in known]
    entries += [(*placed.values.span(placed.brand), True, placed) for placed in new]
    entries.sort(key=lambda entry: (entry[0], entry[1]))
    reach: tuple[str, int, bool, Placed] | None = None
    for space, low, high, is_new, placed in entries:
        if reach and reach[0] == space and low < reach[1] and (is_new or reach[2]):
            return (placed, reach[3]) if is_new else (reach[3], placed)
        if reach is None or reach[0] != space or high > reach[1]:
            reach = (space, high, is_new, placed)
    return None


def say_other(mine: Placed, other: Placed) -> str:
    """Name the range that is in the way: of the own brand with its pool and place, else only that it is."""
    if other.brand != mine.brand:
        return "a range that is taken already"
    if not other.pool:
        return f"{other.said} ({other.place})"
    return f"{other.said} of pool {other.pool} ({other.place})"


def counters_apart(mine: tuple[int, int | None], other: tuple[int, int | None]) -> bool:
    """Say whether two parts of one counter share no number; the last of a part None is its end."""
    (first, last), (other_first, other_last) = mine, other
    return (last is not None and last < other_first) or (other_last is not None and other_last < first)


def clash(
    mine: Template, plant: str, part: tuple[int, int | None],
    other: Template, other_plant: str, other_part: tuple[int, int | None],
) -> bool:  # fmt: skip
    """Say whether two pools of one brand could ever compose one number."""
    if mine.text == other.text and counters_apart(part, other_part):
        return False
    return mine.may_equal(other, plant, other_plant)
