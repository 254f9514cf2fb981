"""The simulated factory: all lines of a scenario, as one stream of events in order of time.

The same seed gives the same bytes. At scale 1 a day has about 66,000 devices and two million events. The
clock is passed in; nothing here sleeps or writes.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from karkhana.design.release import ReleasePackage
from karkhana.sim.crew import Crew
from karkhana.sim.material import Feeder, Warehouse
from karkhana.sim.numbers import Numbers
from karkhana.sim.plans import Place, StepPlan, plan_route, repair_places
from karkhana.sim.pools import Draws
from karkhana.sim.scenario import Scenario, Station
from karkhana.sim.streams import Pool, Stream
from karkhana.sim.timeline import Chunk, Timeline, from_ms, to_ms
from karkhana.sim.wrongs import Wrongs

DAY = 86_400_000
_PLANNED = 0.955
"""Lines are planned at this share of a day; what they gain beyond it, they lose again by stoppages."""
_BOARDS_EXTRA = 1.02
"""Boards are begun for this many devices, because some are scrapped."""
_PATIENCE = 12 * 3_600_000
"""A run of some units ends by then, even when too few boards came for all of them."""
WRONG_SHARE = 1 / 160
"""Wrong attempts per step."""


class Factory:
    """Every stream of a scenario on one timeline.

    Args:
        start: when the lines begin, with time zone.
        seed: everything random comes from it.
        scale: share of the planned output, 1 is a full day.
        base, run: where identities begin within their day, and what tells its serials apart (``numbers``).
        window: seconds of one chunk.
        wrong_share: wrong attempts per step; 0 for none.
        mounted: what is on the feeders already: (station, location) to (lot, part).
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        start: dt.datetime,
        seed: int | str = 1,
        scale: float = 1.0,
        base: int = 0,
        run: str = "",
        window: int = 60,
        wrong_share: float = WRONG_SHARE,
        mounted: Mapping[tuple[str, str], tuple[str, str]] = MappingProxyType({}),
        draws: Draws | None = None,
    ) -> None:
        self.scenario, self.scale, self.wrong_share = scenario, scale, wrong_share
        self.rng = random.Random(f"{seed}/{start.isoformat()}/{base}/{run}")
        self._mounted, self.draws = mounted, draws
        width = window * 1000
        begins = to_ms(start) // width * width
        self.timeline = Timeline(self.rng, begins, width)
        day = start.astimezone(ZoneInfo(scenario.plants[0].time_zone)).date()
        self.numbers = Numbers(day, base, run)
        self.crew = Crew(scenario, begins)
        self.warehouse = Warehouse(scenario, self.timeline, self.numbers, self.rng)
        self.wrongs = Wrongs(self.timeline, self.numbers, self.crew, self.rng)
        self.finished = self.scrapped = 0
        self.serials: dict[str, list[str]] = {}
        self.streams: list[Stream] = []
        self.board_stations: dict[str, Place] = {}
        self._pools: dict[tuple[str, str], Pool] = {}
        self._feeders: dict[tuple[str, ...], Feeder] = {}
        self._types = {kind.station_type: kind for kind in scenario.station_types}
        self._begins = begins
        self.docks = {
            scenario.plant_of_line[station.line]: station.code
            for station in scenario.stations
            if station.station_type == "SHIPPING"
        }
        self.benches = repair_places(scenario, [line.code for line in scenario.lines], self.crew)

    @classmethod
    def whole(cls, scenario: Scenario, *, scale: float = 1.0, **options: Any) -> Factory:
        """Return a factory with every stream of the scenario; the options are those of the constructor."""
        factory = cls(scenario, scale=scale, **options)
        for row in scenario.streams:
            product = scenario.products[row.product]
            per_day = row.units_per_day * scale
            if product.spec.segment == "subassembly":
                per_day *= _BOARDS_EXTRA
            factory.add(
                product.packages[row.revision],
                lines=row.lines,
                work_order=row.work_order,
                prefixes=(product.spec.serial_prefix, product.spec.panel_prefix),
                takt=int(DAY * _PLANNED / per_day * product.spec.panel_positions),
            )
        return factory

    def add(
        self,
        package: ReleasePackage,
        *,
        lines: Sequence[str],
        work_order: str,
        prefixes: tuple[str, str],
        takt: int,
        limit: int | None = None,
    ) -> Stream:
        """Add a stream, loading its feeders first.

        Args:
            takt: milliseconds between two units, or two panels.
            limit: units after which it begins no more; None for ever.
        """
        plant = self.scenario.plant_of_line[lines[0]]
        stations: list[Station] = [s for line in lines for s in self.scenario.stations_of_line[line]]
        known = set(self._feeders)
        plans = plan_route(
            package,
            stations,
            scenario_types=self._types,
            plant=plant,
            crew=self.crew,
            warehouse=self.warehouse,
            timeline=self.timeline,
            rng=self.rng,
            feeders=self._feeders,
        )
        ready = self._begins
        for key in [key for key in self._feeders if key not in known]:
            ready = max(
                ready, self._feeders[key].set_up(self._begins + self.rng.randrange(60_000), self._mounted)
            )
        stream = Stream(
            self, package, plans, plant=plant, lines=tuple(lines), work_order=work_order, prefixes=prefixes,
            takt=takt, begins=0,
        )  # fmt: skip
        ready = max(ready, stream.key_lots.set_up(self._begins + 5_000), self._begins + 300_000)
        stream.next_start = ready + self.rng.randrange(min(takt, 600_000))
        stream.limit = limit
        stream.units = 0
        self.streams.append(stream)
        self.wrongs.streams.append(stream)
        if stream.packer is None:
            self.board_stations[package.product] = plans[-1].places[0]
        self._note_foreign()
        return stream

    def _note_foreign(self) -> None:
        """Note for each stream where its product, or its revision, has no business to be."""
        setups = self.scenario.setups
        places = [place for stream in self.streams for plan in stream.plans for place in plan.places]
        for stream in self.streams:
            product, revision = stream.package.product, stream.package.revision
            self.wrongs.foreign[product, stream.plant] = [
                place for place in places
                if place.line in setups
                and self.scenario.plant_of_line[place.line] == stream.plant
                and all(pair[0] != product for pair in setups[place.line])
            ]  # fmt: skip
            self.wrongs.other_revision[product, revision] = [
                place for place in places
                if any(pair[0] == product for pair in setups.get(place.line, ()))
                and (product, revision) not in setups[place.line]
            ]  # fmt: skip
            if self.wrongs.other_revision[product, revision]:
                # Few units are of an outgoing revision, and they stray more often than others.
                stream.wrong_share = self.wrong_share * 4

    def pool(self, product: str, plant: str) -> Pool:
        """Return the finished boards of a product in a plant."""
        return self._pools.setdefault((product, plant), Pool())

    def packing_places(
        self, plans: list[StepPlan], lines: Sequence[str], plant: str
    ) -> tuple[Place, Place, Place] | None:
        """Return where boxes, cartons and pallets of a route are filled; None when it ends unpacked."""
        if plans[-1].passed_by != "AggregationEvent":
            return None
        box = plans[-1].places[0]
        found = [box]
        for kind in ("CARTON", "PALLET"):
            place = next(
                (s for line in lines for s in self.scenario.stations_of_line[line] if s.station_type == kind),
                None,
            )
            found.append(
                Place(place, self.crew.actors(plant, place.code, "PACKING")) if place is not None else box
            )
        return found[0], found[1], found[2]

    def run(self, until: dt.datetime) -> Iterator[Chunk]:
        """Yield the events until a time, window by window; call again with a later time to go on."""
        end = to_ms(until)
        while self.timeline.now + self.timeline.window <= end:
            chunk = self.step()
            if chunk is not None:
                yield chunk

    def step(self) -> Chunk | None:
        """Produce one window; None when nothing happened in it."""
        until = self.timeline.now + self.timeline.window
        for stream in self.streams:
            stream.advance(until)
        return self.timeline.take(until)

    def finish(self) -> Iterator[Chunk]:
        """Let every stream with a limit end, take the reels off, and yield what is left to send."""
        end = self.timeline.now + _PATIENCE
        while self.timeline.now < end and any(
            s.limit is not None and s.units < s.limit for s in self.streams
        ):
            chunk = self.step()
            if chunk is not None:
                yield chunk
        yield from self._rest()
        for feeder in self._feeders.values():
            feeder.clear(self.timeline.now + 1_000)
        yield from self._rest()

    def _rest(self) -> Iterator[Chunk]:
        while not self.timeline.empty:
            chunk = self.timeline.take(self.timeline.now + self.timeline.window)
            if chunk is not None:
                yield chunk

    @property
    def now(self) -> dt.datetime:
        """Time up to which events were handed out."""
        return from_ms(self.timeline.now)
