"""What a stream knows of its route before the first unit: stations, actors, texts, chances."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from karkhana.design.release import KeyPart, ReleasePackage, Step, TestLimit
from karkhana.sim.crew import Crew
from karkhana.sim.material import Feeder, Warehouse
from karkhana.sim.scenario import Scenario, Station, StationType
from karkhana.sim.timeline import Timeline

_TEXTS, _ZERO = 200, Decimal(0)
"""Measurements are drawn from this many prepared ones per station type and verdict."""


class Place:
    """A station as a stream uses it at one step: who works there, what is loaded."""

    __slots__ = ("code", "feeder", "line", "who")

    def __init__(self, station: Station, actors: Sequence[str]) -> None:
        self.code, self.line = station.code, station.line
        self.who = tuple(f'"station":"{station.code}","actor":"{actor}",' for actor in actors)
        self.feeder: Feeder | None = None


class StepPlan:
    """A step with everything about it that does not change from unit to unit."""

    __slots__ = (
        "arrives", "bad", "cycle", "elsewhere_later", "elsewhere_passed", "fail", "good", "jitter",
        "key_parts", "number", "passed_by", "places", "reentry", "step", "turn",
    )  # fmt: skip

    def __init__(self, step: Step, kind: StationType, places: list[Place], rng: random.Random) -> None:
        self.step, self.number, self.passed_by, self.places = step, step.number, step.passed_by, places
        self.cycle = max(1_000, step.cycle_time_ms)
        self.jitter = max(500, self.cycle // 6)
        self.arrives = kind.reports_arrival
        self.fail = (
            kind.fails_per_million / 1_000_000 if step.passed_by in ("UnitsTested", "UnitsInspected") else 0.0
        )
        self.reentry = step.reentry or step.number
        self.key_parts: tuple[KeyPart, ...] = step.key_parts
        self.good = measurements(kind, rng, good=True, tests=step.tests)
        self.bad = measurements(kind, rng, good=False, tests=step.tests)
        self.turn = 0
        self.elsewhere_later: list[Place] = []
        self.elsewhere_passed: list[Place] = []

    def next_place(self) -> Place:
        """Return the next of the parallel stations."""
        self.turn += 1
        return self.places[self.turn % len(self.places)]


def measurements(
    kind: StationType, rng: random.Random, *, good: bool, tests: Sequence[TestLimit] = ()
) -> list[str]:
    """Prepare the ``measurements`` of results, within limits or one of them beyond; [""] for none.

    What the station type measures is reported as ever; a step's own tests are reported besides, or in its
    place where they have the same name. Where no test has a limit a failure shows in its defects alone.
    """
    drawn = [Drawn.of_test(test, kind) for test in tests]
    if kind.measures and kind.nominal is not None and all(test.name != kind.measures for test in tests):
        drawn.insert(0, Drawn.of_kind(kind))
    if not drawn:
        return [""]
    bounded = [one for one in drawn if one.low is not None or one.high is not None]
    texts = []
    for _ in range(_TEXTS):
        beyond = None
        if bounded and not good:
            beyond = bounded[0] if len(bounded) == 1 else bounded[rng.randrange(len(bounded))]
        inside = ",".join(one.text(rng, beyond=one is beyond) for one in drawn)
        texts.append(f',"measurements":[{inside}]')
    return texts


@dataclass(frozen=True, slots=True)
class Drawn:
    """One measurement as a simulated tester draws it: around ``nominal``, with the limits it reports."""

    name: str
    unit: str
    nominal: Decimal
    sigma: Decimal
    low: Decimal | None
    high: Decimal | None

    @classmethod
    def of_kind(cls, kind: StationType) -> Drawn:
        """Draw what a station type measures."""
        assert kind.nominal is not None
        return cls(kind.measures, kind.unit, kind.nominal, kind.sigma or _ZERO, kind.low, kind.high)

    @classmethod
    def of_test(cls, test: TestLimit, kind: StationType) -> Drawn:
        """Draw what a step asks for; of what the station type knows nothing, the middle of the limits."""
        low, high = test.low, test.high
        if test.name == kind.measures and kind.nominal is not None:
            return cls(test.name, test.unit_of_measure, kind.nominal, kind.sigma or _ZERO, low, high)
        if low is not None and high is not None:
            nominal, sigma = (low + high) / 2, (high - low) / 12
        else:
            edge = low if low is not None else high if high is not None else _ZERO
            away = max(abs(edge) / 10, Decimal("0.1"))
            nominal, sigma = (
                edge + (away if low is not None else -away if high is not None else _ZERO),
                away / 6,
            )
        exponents = [int(limit.as_tuple().exponent) for limit in (low, high) if limit is not None]
        step = Decimal(1).scaleb(min([-2, *exponents]))
        return cls(test.name, test.unit_of_measure, nominal.quantize(step), sigma, low, high)

    def text(self, rng: random.Random, *, beyond: bool) -> str:
        """Return one value as JSON: within the limits, or beyond one."""
        value = (self.nominal + self.sigma * Decimal(str(round(rng.gauss(0, 1), 3)))).quantize(self.nominal)
        if not beyond:
            value = min(value, self.high) if self.high is not None else value
            value = max(value, self.low) if self.low is not None else value
        elif self.high is not None:
            value = self.high + (self.sigma or 1) * rng.randrange(1, 5)
        elif self.low is not None:
            value = self.low - (self.sigma or 1) * rng.randrange(1, 5)
        low = f',"low":{self.low:f}' if self.low is not None else ""
        high = f',"high":{self.high:f}' if self.high is not None else ""
        name, unit = json.dumps(self.name), json.dumps(self.unit)
        return f'{{"name":{name},"value":{value:f},"unit_of_measure":{unit}{low}{high}}}'


def plan_route(
    package: ReleasePackage,
    stations: Sequence[Station],
    *,
    scenario_types: dict[str, StationType],
    plant: str,
    crew: Crew,
    warehouse: Warehouse,
    timeline: Timeline,
    rng: random.Random,
    feeders: dict[tuple[str, ...], Feeder],
) -> list[StepPlan]:
    """Prepare all steps of a package on the stations of its lines.

    Args:
        feeders: filled here; streams of one product share what is on a station.
    """
    plans = []
    on_panel = package.panel_positions > 1
    for step in package.steps:
        places = []
        for station in stations:
            if station.station_type != step.station_type:
                continue
            place = Place(station, crew.actors(plant, station.code, step.skill))
            if step.materials:
                # A station that does two steps with the same paste has it loaded once.
                key = (station.code, package.product, *(material.part for material in step.materials))
                if key not in feeders:
                    boards = package.panel_positions if on_panel else 1
                    feeders[key] = Feeder(
                        station.code, plant, step.materials, boards, warehouse, timeline, rng
                    )
                place.feeder = feeders[key]
            places.append(place)
        plans.append(StepPlan(step, scenario_types[step.station_type], places, rng))
        if step.passed_by == "TransformationEvent":
            on_panel = False
    _know_elsewhere(plans)
    return plans


def _know_elsewhere(plans: list[StepPlan]) -> None:
    """Note for each step the stations that only do later steps, and those that only do earlier ones."""
    for plan in plans:
        for other in plans:
            if other.step.station_type == plan.step.station_type:
                continue
            numbers = [p.number for p in plans if p.step.station_type == other.step.station_type]
            if min(numbers) > plan.number:
                plan.elsewhere_later += other.places
            elif max(numbers) < plan.number:
                plan.elsewhere_passed += other.places


def repair_places(scenario: Scenario, lines: Sequence[str], crew: Crew) -> dict[str, list[Place]]:
    """Return the repair benches of each line, with certified repairers."""
    found: dict[str, list[Place]] = {}
    for line in lines:
        plant = scenario.plant_of_line[line]
        found[line] = [
            Place(station, crew.actors(plant, station.code, "REPAIR"))
            for station in scenario.stations_of_line[line]
            if station.station_type == "REPAIR"
        ]
    return found
