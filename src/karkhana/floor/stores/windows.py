"""How many windows of units met the intervals of a lot, surely or possibly: counted by their ends. Pure.

A window is the time from ``began`` to ``happened`` in which a station worked on a unit; a lot was there from
one moment to another. A window meets an interval when it began before its end and happened after its start.
Both ends can be counted by themselves in sorted lists, so a lot costs a few look-ups for any number of units.
Times are whole microseconds; ends belong to what they end.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

Interval = tuple[int, int]
"""Start and end. As a condition on windows, the end may lie before the start: the window spans the gap."""
FOREVER = 2**62


class Windows:
    """Windows of one kind, such as one step of one product at one station, each with its number of boards."""

    def __init__(self, rows: Iterable[tuple[int, int, int]]) -> None:
        """Take (began, happened, boards); a window never ends before it begins."""
        self._rows = sorted(rows)
        self._began = [row[0] for row in self._rows]
        self._begun_boards = [0, *accumulate(row[2] for row in self._rows)]
        ended = sorted((row[1], row[2]) for row in self._rows)
        self._ended = [row[0] for row in ended]
        self._ended_boards = [0, *accumulate(row[1] for row in ended)]

    def meeting(self, interval: Interval) -> tuple[int, int]:
        """Count (windows, boards) that began by the end and happened from the start on."""
        start, end = interval
        begun, over = bisect_right(self._began, end), bisect_left(self._ended, start)
        windows, boards = begun - over, self._begun_boards[begun] - self._ended_boards[over]
        if end < start:
            # What lies wholly in the gap was taken off without ever having been counted.
            for began, happened, size in self._rows[begun : bisect_left(self._began, start)]:
                if began > end and happened < start:
                    windows, boards = windows + 1, boards + size
        return windows, boards

    def meeting_any(self, intervals: Iterable[Interval]) -> tuple[int, int]:
        """Count (windows, boards) that meet at least one of several intervals, each once.

        Without those that another one covers, the intervals ascend at both ends, so a window meets a row of
        neighbours: the sum over all, less the sum over neighbouring pairs, counts it once.
        """
        chain = _chain(intervals)
        windows = boards = 0
        for interval in chain:
            more = self.meeting(interval)
            windows, boards = windows + more[0], boards + more[1]
        for (_, end), (start, _) in pairwise(chain):
            both = self.meeting((start, end))
            windows, boards = windows - both[0], boards - both[1]
        return windows, boards


def _chain(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the intervals that no other one covers, ascending."""
    kept: list[Interval] = []
    for start, end in sorted(set(intervals), key=lambda interval: (interval[0], -interval[1])):
        if not kept or end > kept[-1][1]:
            kept.append((start, end))
    return kept


def used(windows: Windows, own: Sequence[Interval], others: Sequence[Interval]) -> tuple[int, int, int]:
    """Count what a lot gave to: (windows, boards surely, boards at most).

    Args:
        own: when the lot was on the station.
        others: when any other lot was that the units may have taken of as well.
    """
    count, most = windows.meeting_any(own)
    both = ((max(a, c), min(b, d)) for a, b in own for c, d in others)
    _, shared = windows.meeting_any(both)
    return count, most - shared, most
