"""Draws per second by 8 processes at once, beside 8 processes that only move a bare counter.

Both take turns, slice by slice, on the same server. A draw takes one value, commits it, and checks everything
that a draw on the line checks; the floor is one ``UPDATE ... RETURNING`` of a counter row in a transaction of
its own. All processes share one pool and one counter, which is the worst case: each waits for the other's
commit to reach the disk. ``events`` is how many single values are drawn.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from _common import Result, fresh_home

PROCESSES = 8
SLICES = 6
BLOCK = 1_000
FLOOR_TABLE = "CREATE TABLE bench_counter (id int PRIMARY KEY, value bigint NOT NULL)"
WORKER = """
import sys, json, time, datetime as dt, django
django.setup()
from django.db import connection, transaction
from karkhana.floor.pools.draws import draw
now = dt.datetime.now(dt.UTC)
def bare():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE bench_counter SET value = value + 1 WHERE id = 1 RETURNING value")
        return cursor.fetchone()
def single():
    return draw(pool="BENCH", now=now, line="").values()
def block():
    return draw(pool="BENCH", count=1000, now=now).count
bare(); connection.queries_log.clear()
print("ready", flush=True)
for line in sys.stdin:
    what, count = line.split()
    act = {"bare": bare, "single": single, "block": block}[what]
    values = []
    began = time.perf_counter()
    for _ in range(int(count)):
        values.append(act())
    took = time.perf_counter() - began
    print(json.dumps([took, [v[0] for v in values] if what == "single" else []]), flush=True)
"""


def run(events: int, progress: Callable[[int, int], None]) -> Result:
    """Measure; ``events`` is how many single draws, at most 200,000 of the pool's values.

    Raises:
        Refused: when the embedded database cannot start.
    """
    with fresh_home():
        from karkhana.cli._run import django_ready

        django_ready("owner")
        _prepare()
        return _measure(min(events, 200_000), progress)


def _prepare() -> None:
    import datetime as dt

    from django.db import connection

    from karkhana.floor.pools.files import RangeLine
    from karkhana.floor.pools.operations import create_pool, import_ranges
    from karkhana.partners.operations import ensure_brand

    now = dt.datetime.now(dt.UTC)
    ensure_brand(code="BENCH", name="Bench")
    create_pool(code="BENCH", brand="BENCH", scheme="imei", now=now)
    lines = [RangeLine("bench", f"352099{number:02d}") for number in range(10)]
    import_ranges(lines=lines, pool="BENCH", now=now)
    with connection.cursor() as cursor:
        cursor.execute(FLOOR_TABLE)
        cursor.execute("INSERT INTO bench_counter VALUES (1, 0)")


class _Crew:
    """The processes, told what to do in step."""

    def __init__(self) -> None:
        self.workers = [
            subprocess.Popen(
                [sys.executable, "-c", WORKER], env=os.environ, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )
            for _ in range(PROCESSES)
        ]  # fmt: skip
        for worker in self.workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"

    def do(self, what: str, count: int) -> tuple[float, list[str]]:
        """Let each process do something so many times; return the seconds and all values."""
        began = time.perf_counter()
        for worker in self.workers:
            assert worker.stdin is not None
            worker.stdin.write(f"{what} {count}\n")
            worker.stdin.flush()
        values: list[str] = []
        for worker in self.workers:
            assert worker.stdout is not None
            values += json.loads(worker.stdout.readline())[1]
        return time.perf_counter() - began, values

    def leave(self) -> None:
        """End all processes."""
        for worker in self.workers:
            worker.communicate(timeout=60)


def _measure(events: int, progress: Callable[[int, int], None]) -> Result:
    each = max(1, events // (PROCESSES * SLICES))
    crew = _Crew()
    seconds = {"bare": 0.0, "single": 0.0}
    values: list[str] = []
    for number in range(SLICES):
        for what in seconds:
            took, drawn = crew.do(what, each)
            seconds[what] += took
            values += drawn
        progress(number + 1, SLICES)
    blocks = 20
    block_seconds, _ = crew.do("block", blocks)
    crew.leave()
    count = each * PROCESSES * SLICES
    rate, floor = count / seconds["single"], count / seconds["bare"]
    detail: dict[str, Any] = {
        "processes": PROCESSES,
        "draws": count,
        "doubles": len(values) - len(set(values)),
        "identities_per_s_in_blocks": round(PROCESSES * blocks * BLOCK / block_seconds),
        "block": BLOCK,
    }
    return Result("pools", round(rate), "draws/s", round(floor), round(rate / floor, 3), detail)
