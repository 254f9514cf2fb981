"""The simulated factory in real time: goes on from the record, and posts a small batch every second.

It can be stopped and started at any time: units on the way, finished boards, open containers and loaded reels
are read from the record, so a restart looks like the end of a break.
"""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from karkhana.sim.factory import Factory
from karkhana.sim.pools import Draws
from karkhana.sim.scenario import Scenario
from karkhana.sim.streams import Stream, Trip
from karkhana.sim.timeline import Chunk, to_ms

LIVE_BASE = 100_000
_PER_MINUTE = 600
"""Identities that a run may give per minute before it meets those of a run begun a minute later."""
_CATCH_UP = 900_000
"""Units that waited while nobody worked go on within this many milliseconds."""

Post = Callable[[bytes, dt.datetime], Any]


class Waiting(msgspec.Struct, frozen=True):
    """A unit or panel on its way, as the record has it."""

    serial: str
    product: str
    revision: str
    work_order: str
    state: str
    next_step: int
    station: str | None
    arrived: bool
    repairs: int
    positions: int
    scrapped_mask: int


class Snapshot(msgspec.Struct, frozen=True):
    """Everything that a run goes on with.

    Args:
        boards: (product, plant, serial) of finished sub-assemblies that are in nothing yet.
        containers: (product, plant, level, code) of boxes, cartons and pallets that are in nothing yet.
        mounted: (station, location) to (lot, part).
    """

    units: tuple[Waiting, ...]
    boards: tuple[tuple[str, str, str], ...]
    containers: tuple[tuple[str, str, str, str], ...]
    mounted: dict[tuple[str, str], tuple[str, str]]


def take_snapshot() -> Snapshot:
    """Read from the record what is under way now."""
    units = _read(
        "SELECT serial, product, revision, work_order, state, next_step, station, arrived_at IS NOT NULL,"
        " repairs, positions, scrapped_mask FROM ledger_unit"
        " WHERE state IN ('in_process', 'failed') AND holds = 0 AND kind <> 'container' ORDER BY serial"
    )
    at_plant = (
        " JOIN floor_station s ON s.code = u.station JOIN floor_line l ON l.id = s.line_id"
        " JOIN floor_plant p ON p.id = l.plant_id WHERE u.holds = 0 AND u.parent IS NULL"
    )
    boards = _read(
        f"SELECT u.product, p.code, u.serial FROM ledger_unit u{at_plant}"
        " AND u.state = 'complete' AND u.kind = 'unit' ORDER BY u.completed_at, u.serial LIMIT 50000"
    )
    containers = _read(
        f"SELECT u.product, p.code, u.level, u.serial FROM ledger_unit u{at_plant}"
        " AND u.state = 'open' AND u.kind = 'container' ORDER BY u.serial LIMIT 50000"
    )
    mounts = _read(
        "SELECT station, location, lot, part FROM ledger_mount WHERE unloaded_at IS NULL ORDER BY loaded_seq"
    )
    return Snapshot(
        tuple(Waiting(*row) for row in units),
        tuple((row[0], row[1], row[2]) for row in boards),
        tuple((row[0], row[1], row[2], row[3]) for row in containers),
        {(row[0], row[1]): (row[2], row[3]) for row in mounts},
    )


def _read(sql: str) -> Sequence[Sequence[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


class LiveFactory:
    """A factory that goes on from a snapshot, second by second.

    Args:
        now: when it begins; events are produced from here on.
        scale: share of the planned output.
    """

    def __init__(
        self,
        scenario: Scenario,
        snapshot: Snapshot,
        *,
        now: dt.datetime,
        seed: int = 1,
        scale: float = 1.0,
        draws: Draws | None = None,
    ) -> None:
        self._zone = ZoneInfo(scenario.plants[0].time_zone)
        local = now.astimezone(self._zone)
        self.factory = Factory.whole(
            scenario,
            start=now,
            seed=seed,
            scale=scale,
            base=_base(local),
            run=f"L{local:%H%M%S}",
            window=1,
            mounted=snapshot.mounted,
            draws=draws,
        )
        self._rng = random.Random(f"{seed}/{now.isoformat()}")
        self._resume(snapshot, to_ms(now))

    def tick(self, now: dt.datetime) -> list[Chunk]:
        """Produce everything that happened until now."""
        local = now.astimezone(self._zone)
        if local.date() != self.factory.numbers.day:
            self.factory.numbers.turn(local.date(), LIVE_BASE, "L0")
            if self.factory.draws is not None:
                self.factory.draws.day = local.date()
        return list(self.factory.run(now))

    def _resume(self, snapshot: Snapshot, now: int) -> None:
        streams = {(s.package.product, s.package.revision, s.work_order): s for s in self.factory.streams}
        by_plant: dict[tuple[str, str], Stream] = {
            (s.package.product, s.plant): s for s in self.factory.streams
        }
        for product, plant, serial in snapshot.boards:
            if (product, plant) in by_plant:
                self.factory.pool(product, plant).add(now - 60_000, now, serial)
        for product, plant, level, code in snapshot.containers:
            stream = by_plant.get((product, plant))
            if stream is not None and stream.packer is not None:
                stream.packer.resume(now + self._rng.randrange(1_000, _CATCH_UP), level, code)
        for unit in snapshot.units:
            stream = streams.get((unit.product, unit.revision, unit.work_order))
            if stream is not None:
                self._go_on(stream, unit, now)

    def _go_on(self, stream: Stream, unit: Waiting, now: int) -> None:
        trip = Trip(unit.serial, now + self._rng.randrange(1_000, _CATCH_UP), unit.positions)
        trip.repairs = unit.repairs
        trip.scrapped = {p for p in range(1, unit.positions + 1) if unit.scrapped_mask >> (p - 1) & 1}
        step = stream.plans[unit.next_step - 1]
        for plan in stream.plans[unit.next_step - 1 :]:
            for part in plan.key_parts:
                if part.product is None:
                    continue
                board = self.factory.pool(part.product, stream.plant).take(now)
                if board is None:
                    return
                trip.own[part.role] = board
        if unit.state == "failed":
            if unit.repairs >= stream.package.repair_limit:
                return
            place = next((p for p in step.places if p.code == unit.station), step.places[0])
            stream.walk(trip, stream.repair(trip, step, place, trip.at))
        else:
            stream.walk(trip, unit.next_step, unit.station if unit.arrived else None)


def _base(local: dt.datetime) -> int:
    return LIVE_BASE + (local.hour * 60 + local.minute) * _PER_MINUTE


def run_live(
    scenario: Scenario,
    post: Post,
    *,
    stop: threading.Event,
    clock: Callable[[], dt.datetime],
    seed: int = 1,
    scale: float = 1.0,
    on_chunk: Callable[[Chunk, Any], None] | None = None,
) -> None:
    """Post what happens, every second, until stopped.

    A post that fails is tried again with the same bytes: the gate writes an event once.

    Args:
        post: given a JSON array and the time of recording.
        clock: tells the time, with time zone.
        on_chunk: told of each chunk and what the post returned.
    """
    now = clock()
    draws = Draws(now.astimezone(ZoneInfo(scenario.plants[0].time_zone)).date())
    live = LiveFactory(scenario, take_snapshot(), now=now, seed=seed, scale=scale, draws=draws)
    while not stop.wait(1.0):
        for chunk in live.tick(clock()):
            answer = _post_until_done(post, chunk, clock, stop)
            if on_chunk is not None and answer is not None:
                on_chunk(chunk, answer)


def _post_until_done(
    post: Post, chunk: Chunk, clock: Callable[[], dt.datetime], stop: threading.Event
) -> Any | None:
    pause = 1.0
    while not stop.is_set():
        try:
            return post(chunk.encode(), clock())
        except Exception as problem:
            # The database may restart under a running demo; nothing is lost by waiting for it.
            print(f"The record does not answer, trying again: {problem}", flush=True)  # noqa: T201
            connection.close()
            time.sleep(pause)
            pause = min(30.0, pause * 2)
    return None
