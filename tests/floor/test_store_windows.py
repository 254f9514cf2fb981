"""Counting windows by their ends gives what looking at each of them gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from karkhana.floor.stores.windows import FOREVER, Interval, Windows, used

Row = tuple[int, int, int]
ROWS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 9), st.integers(1, 4)).map(
        lambda row: (row[0], row[0] + row[1], row[2])
    ),
    max_size=25,
)
INTERVAL = st.tuples(st.integers(0, 50), st.integers(0, 50) | st.just(FOREVER))
OPEN = st.tuples(st.integers(0, 50), st.integers(0, 20) | st.just(FOREVER)).map(
    lambda pair: (pair[0], min(pair[0] + pair[1], FOREVER))
)


def meets(row: Row, interval: Interval) -> bool:
    return row[0] <= interval[1] and row[1] >= interval[0]


def counted(rows: list[Row]) -> tuple[int, int]:
    return len(rows), sum(row[2] for row in rows)


@given(ROWS, INTERVAL)
def test_one_interval_or_gap(rows: list[Row], interval: Interval) -> None:
    assert Windows(rows).meeting(interval) == counted([row for row in rows if meets(row, interval)])


@given(ROWS, st.lists(INTERVAL, max_size=6))
def test_any_of_several(rows: list[Row], intervals: list[Interval]) -> None:
    expected = [row for row in rows if any(meets(row, interval) for interval in intervals)]
    assert Windows(rows).meeting_any(intervals) == counted(expected)


@given(ROWS, st.lists(OPEN, min_size=1, max_size=3), st.lists(OPEN, max_size=4))
def test_what_a_lot_gave_to(rows: list[Row], own: list[Interval], others: list[Interval]) -> None:
    mine = [row for row in rows if any(meets(row, interval) for interval in own)]
    sure = [row for row in mine if not any(meets(row, interval) for interval in others)]
    assert used(Windows(rows), own, others) == (len(mine), counted(sure)[1], counted(mine)[1])
