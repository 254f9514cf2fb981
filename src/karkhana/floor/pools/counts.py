"""How many of a range's drawn values are in units or burnt, counted quickly among millions.

A range is counted in stretches. A stretch of which every value is used stays so for ever and is not counted
again; one that was drawn long ago and has gaps is counted again after ``OLD_FOR``; the latest two are counted
each time. What was counted is kept per process: the first count after a start reads everything.
"""

from __future__ import annotations

import datetime as dt

from django.db import connection

from karkhana.floor.models import PoolRange
from karkhana.floor.queries.rows import fetch
from karkhana.kernel.ranges import Range

STRETCH = 2**17
OLD_FOR = dt.timedelta(minutes=10)
_COUNTED: dict[tuple[str, int, int, int], tuple[int, dt.datetime]] = {}


def used_and_burnt(
    held: PoolRange, values: Range, space: str, now: dt.datetime, *, stretch: int = STRETCH
) -> tuple[int, int]:
    """Count the drawn values of a range that are or were in a unit, and those of them that are burnt.

    Args:
        space: in which the values are unique in the record.
    """
    if not held.next_index:
        return 0, 0
    used = 0
    for begin in range(0, held.next_index, stretch):
        end = min(begin + stretch, held.next_index)
        key = (f"{connection.settings_dict['NAME']} {held.created_at}", held.pk, begin, end)
        known = _COUNTED.get(key)
        is_final = known is not None and known[0] == end - begin
        is_latest = end + stretch > held.next_index
        if known is None or not (is_final or (not is_latest and now - known[1] <= OLD_FOR)):
            known = (_count(space, values, begin, end), now)
            # The end of what is drawn moves on; only a stretch with an end of its own is worth keeping.
            if not is_latest or end in (begin + stretch, held.count):
                _COUNTED[key] = known
        used += known[0]
    return used, _count(space, values, 0, held.next_index, "AND burnt_at IS NOT NULL")


def _count(space: str, values: Range, begin: int, end: int, more: str = "") -> int:
    """Count from one place up to another: values of one range have one length and ascend as text."""
    sql = "SELECT count(*) FROM ledger_identity WHERE space = %s AND value BETWEEN %s AND %s"
    bounds = [space, values.value(begin), values.value(end - 1), len(values.first)]
    ((count,),) = fetch(f"{sql} AND length(value) = %s {more}", bounds)
    return int(count)
