"""Reads the reference enterprise from its folder of TOML and CSV files (``scenarios/noida``).

Owns the shape of those files and the checks between them; every refusal (``scenario.*``) names the file, the
line and the field. Pure but for reading files: ``install`` is the only part that needs the database, and it
imports it when called.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from karkhana.design.bill import items_of_report
from karkhana.design.bom import BomReport, read_bom
from karkhana.design.compiling import PartLine, compile_package, part_lines, release_problems
from karkhana.design.families import ProductSpec, product_plan
from karkhana.design.plan import PlanStep
from karkhana.design.release import ReleasePackage
from karkhana.kernel.refusals import Refused, refuse
from karkhana.sim.files import converted, missing, rows_of, table_of, toml_of, unknown
from karkhana.sim.partners import Partners, check_partners
from karkhana.sim.pools import PoolRow
from karkhana.sim.supplies import Supplies, check_supplies, read_supplies

DEFAULT = Path(__file__).resolve().parents[3] / "scenarios" / "noida"
"""The reference enterprise in a checkout."""


class Plant(msgspec.Struct, frozen=True):
    """A site; ``time_zone`` is an IANA name."""

    code: str
    name: str
    time_zone: str


class Named(msgspec.Struct, frozen=True):
    """A brand: code and printed name."""

    code: str
    name: str


class Supplier(msgspec.Struct, frozen=True):
    """Who delivers; ``country`` is ISO 3166-1 alpha-2, ``brand`` who hands in its own material."""

    code: str
    name: str
    country: str
    role: str = "maker"
    tax_id: str = ""
    brand: str = ""


class Manufacturer(msgspec.Struct, frozen=True):
    """Which supplier brings a maker's parts, and from which country they come."""

    manufacturer: str
    supplier: str
    origin: str


class Line(msgspec.Struct, frozen=True):
    """A production line; ``kind`` is smt, assembly, box, glass or logistics."""

    code: str
    plant: str
    kind: str
    name: str


class Station(msgspec.Struct, frozen=True):
    """A place on a line."""

    code: str
    line: str
    station_type: str
    name: str
    sequence: int


class StationType(msgspec.Struct, frozen=True):
    """How stations of a type behave: arrivals reported or not, failures per million, what is measured."""

    station_type: str
    name: str
    reports_arrival: bool
    fails_per_million: int
    measures: str = ""
    unit: str = ""
    nominal: Decimal | None = None
    sigma: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None


class Operator(msgspec.Struct, frozen=True):
    """A person on the floor; shifts A, B and C begin at 06:00, 14:00 and 22:00 plant time."""

    code: str
    name: str
    plant: str
    shift: str


class Certificate(msgspec.Struct, frozen=True):
    """A skill, told in days before and after the day of installation; ``days_left`` below 1 has expired."""

    operator: str
    skill: str
    issued_days_ago: int
    days_left: int


class Stream(msgspec.Struct, frozen=True):
    """A revision built on certain lines under one work order, with its planned capacity."""

    product: str
    revision: str
    lines: tuple[str, ...]
    units_per_day: int
    units_per_month: int
    work_order: str


class Product(msgspec.Struct, frozen=True):
    """A product with everything that its folder says. ``packages`` has one package per revision."""

    code: str
    spec: ProductSpec
    bom: BomReport
    lines: tuple[PartLine, ...]
    route: tuple[PlanStep, ...]
    packages: Mapping[str, ReleasePackage]

    @property
    def package(self) -> ReleasePackage:
        """The package of the current revision."""
        return self.packages[self.spec.revision]


class Scenario(msgspec.Struct, frozen=True, dict=True):
    """The whole enterprise as data."""

    enterprise: Mapping[str, Any]
    plants: tuple[Plant, ...]
    brands: tuple[Named, ...]
    suppliers: tuple[Supplier, ...]
    manufacturers: tuple[Manufacturer, ...]
    lines: tuple[Line, ...]
    stations: tuple[Station, ...]
    station_types: tuple[StationType, ...]
    skills: Mapping[str, str]
    operators: tuple[Operator, ...]
    certificates: tuple[Certificate, ...]
    streams: tuple[Stream, ...]
    products: Mapping[str, Product]
    partners: Partners = Partners()
    pools: tuple[PoolRow, ...] = ()
    supplies: Supplies | None = None

    @cached_property
    def plant_of_line(self) -> dict[str, str]:
        """Plant code by line code."""
        return {line.code: line.plant for line in self.lines}

    @cached_property
    def stations_of_line(self) -> dict[str, list[Station]]:
        """Stations by line code, in order of the line."""
        found: dict[str, list[Station]] = {line.code: [] for line in self.lines}
        for station in self.stations:
            found[station.line].append(station)
        return found

    @cached_property
    def setups(self) -> dict[str, set[tuple[str, str]]]:
        """Line code to the (product, revision) pairs that it is set up for."""
        found: dict[str, set[tuple[str, str]]] = {}
        for stream in self.streams:
            for line in stream.lines:
                found.setdefault(line, set()).add((stream.product, stream.revision))
        return found

    @cached_property
    def devices_per_month(self) -> int:
        """Planned monthly output of finished devices; sub-assemblies and glass are not devices."""
        return sum(
            stream.units_per_month
            for stream in self.streams
            if self.products[stream.product].spec.segment != "subassembly"
        )


def load_scenario(folder: Path = DEFAULT) -> Scenario:
    """Read and check a scenario.

    Raises:
        Refused: ``scenario.no_folder``, ``scenario.file_missing``, ``scenario.field``,
            ``scenario.reference``, ``scenario.bom`` or ``scenario.package``.
    """
    if not folder.is_dir():
        raise refuse(
            "scenario.no_folder",
            "There is no scenario folder {folder}.",
            "Give the folder that holds enterprise.toml.",
            folder=str(folder),
        )
    scenario = Scenario(
        enterprise=toml_of(folder / "enterprise.toml"),
        plants=table_of(folder / "plants.csv", Plant),
        brands=table_of(folder / "brands.csv", Named),
        suppliers=table_of(folder / "suppliers.csv", Supplier),
        manufacturers=table_of(folder / "manufacturers.csv", Manufacturer),
        lines=table_of(folder / "lines.csv", Line),
        stations=table_of(folder / "stations.csv", Station),
        station_types=table_of(folder / "station_types.csv", StationType),
        skills={row["skill"]: row["name"] for _, row in rows_of(folder / "skills.csv")},
        operators=table_of(folder / "operators.csv", Operator),
        certificates=table_of(folder / "certificates.csv", Certificate),
        streams=table_of(folder / "streams.csv", Stream),
        products={
            path.name: _product(path) for path in sorted((folder / "products").iterdir()) if path.is_dir()
        },
        partners=_partners(folder / "partners.toml"),
        pools=table_of(path, PoolRow) if (path := folder / "pools.csv").is_file() else (),
        supplies=read_supplies(folder),
    )
    _check_references(scenario)
    check_supplies(scenario)
    check_partners(
        scenario.partners,
        brands=[brand.code for brand in scenario.brands],
        products=list(scenario.products),
    )
    return scenario


def install(scenario: Scenario, *, today: dt.date) -> None:
    """Write the reference tables; doing it again changes nothing but certificates that ran out."""
    from karkhana.sim.install import install as write

    write(scenario, today=today)


def _partners(path: Path) -> Partners:
    """Read the partners; a scenario without the file has none."""
    return converted(path, toml_of(path), Partners) if path.is_file() else Partners()


def _product(folder: Path) -> Product:
    spec = converted(folder / "product.toml", toml_of(folder / "product.toml"), ProductSpec)
    path = folder / "route.toml"
    route = tuple(
        converted(path, {"number": place} | step, PlanStep)
        for place, step in enumerate(toml_of(path).get("step", ()), start=1)
    )
    path = folder / "bom.csv"
    try:
        bom = read_bom(path.read_bytes(), file_name=path.name)
    except OSError:
        raise missing(path) from None
    except Refused as problem:
        raise _bom_problem(path, problem.refusal.message) from None
    if bom.quantity_mismatches or bom.unparsed:
        line = min([row.line for row in bom.quantity_mismatches] + [row.line for row in bom.unparsed])
        raise _bom_problem(path, f"line {line} has a quantity that is not the number of its references")
    items = items_of_report(bom)
    lines = part_lines(items)
    plan = product_plan(spec, route)
    packages = {}
    for revision in (*spec.superseded, spec.revision):
        package, unused = compile_package(
            product=folder.name,
            revision=revision,
            brand=spec.brand,
            segment=spec.segment,
            plan=plan,
            items=items,
        )
        problems = (*(problem.text for problem in release_problems(package, unused, plan)),
                    *_keypart_problems(package, lines))  # fmt: skip
        if problems:
            raise refuse(
                "scenario.package",
                "{product} cannot be released: {problem}",
                "Mend route.toml, product.toml or bom.csv of that product.",
                product=folder.name,
                problem=problems[0],
                count=len(problems),
            )
        packages[revision] = package
    return Product(folder.name, spec, bom, lines, route, packages)


def _keypart_problems(package: ReleasePackage, lines: Sequence[PartLine]) -> list[str]:
    """A key part must stand in the bill, as often as the route binds it."""
    quantity = {line.part: line.quantity for line in lines}
    bound = [part.part for step in package.steps for part in step.key_parts]
    return [
        f"The route binds {part} {bound.count(part)} times, the bill has {quantity.get(part, 0)}."
        for part in sorted(set(bound))
        if quantity.get(part) != bound.count(part)
    ]


def _check_references(scenario: Scenario) -> None:
    """Refuse a row that names something which another file does not have."""
    known = {
        "plant": {plant.code for plant in scenario.plants},
        "line": {line.code for line in scenario.lines},
        "supplier": {supplier.code for supplier in scenario.suppliers},
        "station_type": {kind.station_type for kind in scenario.station_types},
        "operator": {operator.code for operator in scenario.operators},
        "skill": set(scenario.skills),
        "brand": {brand.code for brand in scenario.brands},
        "product": set(scenario.products),
        "manufacturer": {maker.manufacturer for maker in scenario.manufacturers},
    }
    names: list[tuple[str, str, str]] = [
        *(("lines.csv", "plant", line.plant) for line in scenario.lines),
        *(("stations.csv", "line", station.line) for station in scenario.stations),
        *(("stations.csv", "station_type", station.station_type) for station in scenario.stations),
        *(("manufacturers.csv", "supplier", maker.supplier) for maker in scenario.manufacturers),
        *(("operators.csv", "plant", operator.plant) for operator in scenario.operators),
        *(("certificates.csv", "operator", certificate.operator) for certificate in scenario.certificates),
        *(("certificates.csv", "skill", certificate.skill) for certificate in scenario.certificates),
        *(("streams.csv", "product", stream.product) for stream in scenario.streams),
        *(("pools.csv", "brand", pool.brand) for pool in scenario.pools),
        *(("pools.csv", "product", pool.product) for pool in scenario.pools),
        *(("streams.csv", "line", line) for stream in scenario.streams for line in stream.lines),
    ]
    for product in scenario.products.values():
        names.append((f"products/{product.code}/product.toml", "brand", product.spec.brand))
        own = {part.part for step in product.route for part in step.key_parts if part.product}
        names += [
            (f"products/{product.code}/bom.csv", "manufacturer", line.manufacturer)
            for line in product.lines
            if line.part not in own
        ]
    for file, field, value in names:
        if value not in known[field]:
            raise unknown(file, field, value)
    _check_streams(scenario)


def _check_streams(scenario: Scenario) -> None:
    """Refuse a stream whose lines cannot do every step of its route."""
    for stream in scenario.streams:
        package = scenario.products[stream.product].packages.get(stream.revision)
        if package is None:
            raise unknown("streams.csv", "revision", f"{stream.product} {stream.revision}")
        types = {s.station_type for line in stream.lines for s in scenario.stations_of_line[line]}
        for step in package.steps:
            if step.station_type not in types:
                raise unknown("streams.csv", "lines", f"{step.station_type} station for {stream.product}")


def _bom_problem(path: Path, problem: str) -> Refused:
    return refuse(
        "scenario.bom",
        "{file}: {problem}.",
        "Correct the bill of material.",
        file=f"{path.parent.name}/{path.name}",
        problem=problem.rstrip("."),
    )
