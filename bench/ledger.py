"""Gated events per second: the scenario's own day, in batches through the public door.

The floor is a bare COPY of the very rows that the record got, in the same batches, one transaction each,
into a table with the record's indexes (place, subject, station and time, unique event id). Both are
measured in turn, batch by batch, on one connection each, so that a noisy machine slows both.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from _common import Result, fresh_home

BATCH = 5_000
DAY = dt.datetime(2026, 11, 20, 0, 30, tzinfo=dt.UTC)


def run(events: int, progress: Callable[[int, int], None]) -> Result:
    """Measure; ``events`` is how many to replay.

    Raises:
        Refused: when the embedded database cannot start.
    """
    with fresh_home():
        from karkhana.cli._run import django_ready

        django_ready("owner")
        return _Run(events, progress).measure()


class _Run:
    def __init__(self, events: int, progress: Callable[[int, int], None]) -> None:
        from karkhana.sim.factory import Factory
        from karkhana.sim.pools import Draws
        from karkhana.sim.scenario import install, load_scenario

        scenario = load_scenario()
        install(scenario, today=DAY.date())
        self.factory = Factory.whole(scenario, start=DAY, draws=Draws(DAY.date()))
        self.events, self.progress = events, progress
        self.slices: list[tuple[int, float, float]] = []
        self.status: Counter[str] = Counter()
        self.unexpected = 0

    def measure(self) -> Result:
        from karkhana.floor.operations import record_events
        from karkhana.site.collector import calm_collector

        floor = _Floor()
        calm_collector()
        done = 0
        for batch, recorded_at in self._batches():
            began = time.perf_counter()
            outcomes = record_events(batch, recorded_at=recorded_at)
            gated = time.perf_counter() - began
            self.status.update(outcome.status for outcome in outcomes)
            self.slices.append((len(outcomes), gated, floor.copy_latest()))
            done += len(outcomes)
            self.progress(min(done, self.events), self.events)
        return self._result(floor)

    def _batches(self) -> Iterator[tuple[bytes, dt.datetime]]:
        waiting: list[str] = []
        sent = 0
        for chunk in self.factory.run(DAY + dt.timedelta(days=7)):
            waiting += chunk.events
            while len(waiting) >= BATCH:
                yield ("[" + ",".join(waiting[:BATCH]) + "]").encode(), chunk.ends_at
                del waiting[:BATCH]
                sent += BATCH
                if sent >= self.events:
                    return

    def _tenths(self, size: int) -> list[list[tuple[int, float, float]]]:
        return [part for i in range(10) if (part := self.slices[i * size : (i + 1) * size])]

    def _result(self, floor: _Floor) -> Result:
        count = sum(n for n, _, _ in self.slices)
        rate = count / sum(s for _, s, _ in self.slices)
        bare = floor.rows / sum(s for _, _, s in self.slices)
        tenth = max(1, len(self.slices) // 10)
        detail: dict[str, Any] = {
            "events": count,
            "batch": BATCH,
            "devices_per_s": round(rate * floor.devices() / count, 1),
            "devices": floor.devices(),
            "first_tenth": round(_rate(self.slices[:tenth])),
            "last_tenth": round(_rate(self.slices[-tenth:])),
            "last_over_first": round(_rate(self.slices[-tenth:]) / _rate(self.slices[:tenth]), 3),
            "floor_last_over_first": round(
                _floor_rate(self.slices[-tenth:]) / _floor_rate(self.slices[:tenth]), 3
            ),
            "tenths": [round(_rate(part)) for part in self._tenths(tenth)],
            "floor_tenths": [round(_floor_rate(part)) for part in self._tenths(tenth)],
            "outcomes": dict(self.status),
            "event_types": floor.types(),
            "row_bytes": round(floor.bytes / max(1, floor.rows)),
        }
        return Result("ledger", round(rate), "gated events/s", round(bare), round(rate / bare, 3), detail)


def _rate(slices: list[tuple[int, float, float]]) -> float:
    return sum(n for n, _, _ in slices) / sum(s for _, s, _ in slices)


def _floor_rate(slices: list[tuple[int, float, float]]) -> float:
    return sum(n for n, _, _ in slices) / sum(s for _, _, s in slices)


class _Floor:
    """The bare table beside the record."""

    def __init__(self) -> None:
        from django.db import connection

        self.connection = connection
        self.bare = connection.copy("floor")
        self.bare.ensure_connection()
        with self.bare.cursor() as cursor:
            cursor.execute("CREATE TABLE bench_floor (LIKE ledger_event INCLUDING DEFAULTS)")
            cursor.execute("ALTER TABLE bench_floor ADD PRIMARY KEY (seq, recorded_at)")
            cursor.execute("CREATE INDEX ON bench_floor (subject)")
            cursor.execute("CREATE INDEX ON bench_floor (station, happened_at) WHERE refusal IS NULL")
            cursor.execute("CREATE INDEX ON bench_floor (station, happened_at) WHERE refusal IS NOT NULL")
            # A contradiction carries the id of another event; the record keeps it out of its index too.
            cursor.execute(
                "CREATE UNIQUE INDEX ON bench_floor (id) WHERE refusal IS DISTINCT FROM 'event.conflict'"
            )
        self.after = self.rows = self.bytes = 0

    def copy_latest(self) -> float:
        """Copy what the record got since the last call; return the seconds of the COPY and commit."""
        from karkhana.ledger.store import EVENT_COLUMNS

        raw = self.bare.connection
        read = (
            f"COPY (SELECT {EVENT_COLUMNS} FROM ledger_event WHERE seq > {self.after} ORDER BY seq) TO STDOUT"
        )
        with raw.cursor() as cursor, cursor.copy(read) as copy:
            data = b"".join(bytes(block) for block in copy)
        began = time.perf_counter()
        write = f"COPY bench_floor ({EVENT_COLUMNS}) FROM STDIN"
        with raw.transaction(), raw.cursor() as cursor, cursor.copy(write) as copy:
            copy.write(data)
        seconds = time.perf_counter() - began
        self.after = int(data.rstrip().rsplit(b"\n", 1)[-1].split(b"\t", 1)[0])
        self.rows += data.count(b"\n")
        self.bytes += len(data)
        return seconds

    def devices(self) -> int:
        """Count finished devices: units that are packed or shipped."""
        return int(
            self._one(
                "SELECT count(*) FROM ledger_unit WHERE kind = 'unit' AND state IN ('packed', 'shipped')"
            )
        )

    def types(self) -> dict[str, int]:
        """Count events by type."""
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT type, count(*) FROM ledger_event GROUP BY type ORDER BY 2 DESC")
            return dict(cursor.fetchall())

    def _one(self, sql: str) -> Any:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]
