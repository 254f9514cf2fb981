"""The stream of simulated events in order of time, with what the gate is expected to say to each.

Events are made far ahead of the moment in which they are sent: a whole journey of a unit at once. They wait
in buckets, one per window of time; a window is handed out once nothing can fall into it any more.

Owns ids, time stamps and the order. It does not own what happens (``streams``). Times are milliseconds since
1970, UTC.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict

import msgspec

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def to_ms(at: dt.datetime) -> int:
    """Return milliseconds since 1970."""
    return (at - EPOCH) // dt.timedelta(milliseconds=1)


def from_ms(ms: int) -> dt.datetime:
    """Return the time of milliseconds since 1970."""
    return EPOCH + dt.timedelta(milliseconds=ms)


class Expected(msgspec.Struct, frozen=True):
    """An outcome other than ``accepted``: ``refused`` with a code, or ``repeated`` without."""

    status: str
    code: str | None = None


class Chunk(msgspec.Struct, frozen=True):
    """The events of one window in the order in which they are sent.

    Args:
        ends_at: end of the window; a good ``recorded_at``.
        events: each the JSON of one event.
        expected: index of an event to its outcome; all others are accepted.
    """

    ends_at: dt.datetime
    events: list[str]
    expected: dict[int, Expected]

    def encode(self) -> bytes:
        """Return the window as one JSON array."""
        return ("[" + ",".join(self.events) + "]").encode()


class Timeline:
    """Collects events and hands them out by window."""

    def __init__(self, rng: random.Random, start: int, window: int) -> None:
        self.now = start
        self.window = window
        self._bits = rng.getrandbits
        self._buckets: defaultdict[int, list[tuple[int, int, str]]] = defaultdict(list)
        self._stamps: dict[int, str] = {}
        self._expected: dict[int, Expected] = {}
        self._seq = 0

    def uid(self) -> str:
        """Return a fresh event id, as random as real machines make them (RFC 9562, version 4)."""
        text = f"{self._bits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def stamp(self, ms: int) -> str:
        """Return a time as RFC 3339 text with milliseconds."""
        second, rest = divmod(ms, 1000)
        text = self._stamps.get(second)
        if text is None:
            text = self._stamps[second] = f"{from_ms(second * 1000):%Y-%m-%dT%H:%M:%S}."
        return f"{text}{rest:03d}Z"

    def emit(self, ms: int, text: str) -> None:
        """Send an event at a time, which must not lie in a window that was handed out."""
        self._seq += 1
        self._buckets[(ms if ms > self.now else self.now) // self.window].append((ms, self._seq, text))

    def expect(self, ms: int, text: str, code: str | None, status: str = "refused") -> None:
        """Send an event that the gate must not accept."""
        self.emit(ms, text)
        self._expected[self._seq] = Expected(status, code)

    @property
    def empty(self) -> bool:
        """Whether nothing waits to be sent."""
        return not self._buckets

    def take(self, until: int) -> Chunk | None:
        """Hand out all that is sent before a time, a multiple of the window; None when there is nothing."""
        first, last = self.now // self.window, until // self.window
        rows: list[tuple[int, int, str]] = []
        for key in range(first, last):
            rows += self._buckets.pop(key, ())
        self.now = until
        if len(self._stamps) > 200_000:
            self._stamps.clear()
        if not rows:
            return None
        rows.sort()
        pop = self._expected.pop
        expected = {index: pop(seq) for index, (_, seq, _) in enumerate(rows) if seq in self._expected}
        return Chunk(from_ms(until), [text for _, _, text in rows], expected)
