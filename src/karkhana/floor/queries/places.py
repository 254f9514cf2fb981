"""Plants, lines and stations, and which steps of which products are done there."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

from karkhana.design.models import Revision
from karkhana.design.release import ReleasePackage, Step, decode_package
from karkhana.floor.models import Line, LineSetup, Plant, Station

#: Lines are shown as a device goes through them.
_FLOW = {"glass": 0, "smt": 1, "assembly": 2, "box": 3}


@dataclass(frozen=True, slots=True)
class StationView:
    """A station as pages show it."""

    code: str
    name: str
    station_type: str
    line: str


@dataclass(frozen=True, slots=True)
class LineView:
    """A line with its stations in order; ``products`` are the (product, revision) it is set up for."""

    code: str
    name: str
    kind: str
    plant: str
    zone: str
    stations: tuple[StationView, ...]
    products: tuple[tuple[str, str], ...]

    @property
    def station_codes(self) -> tuple[str, ...]:
        """Codes of the stations, in order."""
        return tuple(station.code for station in self.stations)

    def stations_of(self, station_type: str) -> tuple[str, ...]:
        """Codes of the stations of one type."""
        return tuple(s.code for s in self.stations if s.station_type == station_type)


@dataclass(frozen=True, slots=True)
class PlantView:
    """A plant with its lines."""

    code: str
    name: str
    zone: str
    lines: tuple[LineView, ...]


def plants() -> tuple[PlantView, ...]:
    """Return every plant with its lines and stations: four small reads."""
    stations: dict[int, list[Station]] = defaultdict(list)
    for station in Station.objects.order_by("sequence", "code"):
        stations[station.line_id].append(station)
    products: dict[int, list[tuple[str, str]]] = defaultdict(list)
    pairs = LineSetup.objects.order_by("revision__product__code", "revision__code")
    for line_id, product, revision in pairs.values_list(
        "line_id", "revision__product__code", "revision__code"
    ):
        products[line_id].append((product, revision))
    lines: dict[int, list[Line]] = defaultdict(list)
    for line in sorted(Line.objects.all(), key=lambda line: (_FLOW.get(line.kind, len(_FLOW)), line.code)):
        lines[line.plant_id].append(line)
    return tuple(
        PlantView(
            plant.code,
            plant.name,
            plant.time_zone,
            tuple(_line_view(line, plant, stations[line.pk], products[line.pk]) for line in lines[plant.pk]),
        )
        for plant in Plant.objects.order_by("code")
    )


def _line_view(
    line: Line, plant: Plant, stations: list[Station], products: list[tuple[str, str]]
) -> LineView:
    return LineView(
        line.code,
        line.name,
        line.kind,
        plant.code,
        plant.time_zone,
        tuple(StationView(s.code, s.name, s.station_type, line.code) for s in stations),
        tuple(products),
    )


def find_line(code: str, among: tuple[PlantView, ...]) -> LineView | None:
    """Return a line by its code."""
    return next((line for plant in among for line in plant.lines if line.code == code), None)


def find_station(code: str, among: tuple[PlantView, ...]) -> tuple[LineView, StationView] | None:
    """Return a station with its line, by the station's code."""
    for plant in among:
        for line in plant.lines:
            for station in line.stations:
                if station.code == code:
                    return line, station
    return None


@lru_cache(maxsize=256)
def _package(package_hash: str) -> ReleasePackage | None:
    text = Revision.objects.filter(package_hash=package_hash).values_list("package", flat=True).first()
    return decode_package(text) if text else None


def packages(
    pairs: frozenset[tuple[str, str]],
) -> dict[tuple[str, str], ReleasePackage]:
    """Return the released packages of (product, revision) pairs; a draft has none.

    A package never changes and is known by its hash, so each process reads it once.
    """
    if not pairs:
        return {}
    rows = Revision.objects.filter(
        product__code__in={product for product, _ in pairs},
        code__in={revision for _, revision in pairs},
        package_hash__isnull=False,
    ).values_list("product__code", "code", "package_hash")
    found = {}
    for product, revision, package_hash in rows:
        package = _package(package_hash) if (product, revision) in pairs else None
        if package is not None:
            found[(product, revision)] = package
    return found


def steps_here(line: LineView, package: ReleasePackage) -> tuple[Step, ...]:
    """Return the steps of a route that a line has stations for, in route order."""
    types = {station.station_type for station in line.stations}
    return tuple(step for step in package.steps if step.station_type in types)


def exits(line: LineView, released: dict[tuple[str, str], ReleasePackage]) -> frozenset[tuple[str, str]]:
    """Return the (station, product) at which units leave a line: what is counted as its output.

    That is the last step of the product's route that the line can do.
    """
    found = set()
    for pair in line.products:
        package = released.get(pair)
        steps = steps_here(line, package) if package else ()
        if steps:
            found |= {(station, pair[0]) for station in line.stations_of(steps[-1].station_type)}
    return frozenset(found)
