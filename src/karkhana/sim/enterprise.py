"""The enterprise as the database has it, for products that came in without a scenario."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from karkhana.design.families import family_package
from karkhana.design.models import Product
from karkhana.design.operations import UNASSIGNED, ensure_product, release_revision
from karkhana.design.queries import released_package, revision_items
from karkhana.design.release import ReleasePackage
from karkhana.floor.models import Line as LineRow
from karkhana.floor.models import LineSetup
from karkhana.floor.models import Station as StationRow
from karkhana.floor.setup import ensure_setup, ensure_work_order
from karkhana.kernel.refusals import refuse
from karkhana.partners.models import Brand
from karkhana.partners.operations import ensure_brand
from karkhana.sim.scenario import Line, Scenario, Station

_PREFERRED = {
    "phone": "N1-SMT1", "tablet": "N1-SMT3", "laptop": "N1-SMT3", "wearable": "N1-SMT4",
    "hearable": "N2-SMT1", "iot": "N2-SMT3", "telecom": "N2-SMT4", "meter": "N2-SMT4",
    "automotive": "N2-SMT4",
}  # fmt: skip
"""Where a family starts in the reference enterprise when nobody says otherwise."""


def with_database_lines(scenario: Scenario) -> Scenario:
    """Return the scenario with the lines and stations that the database has beside its own."""
    known = {line.code for line in scenario.lines}
    lines = [
        Line(row.code, row.plant.code, row.kind, row.name)
        for row in LineRow.objects.select_related("plant").order_by("code")
        if row.code not in known
    ]
    stations = {station.code for station in scenario.stations}
    types = {kind.station_type for kind in scenario.station_types}
    more = [
        Station(row.code, row.line.code, row.station_type, row.name, row.sequence)
        for row in StationRow.objects.select_related("line").order_by("code")
        if row.code not in stations and row.station_type in types
    ]
    return msgspec.structs.replace(
        scenario, lines=(*scenario.lines, *lines), stations=(*scenario.stations, *more)
    )


def release_product(
    scenario: Scenario,
    *,
    product: str,
    revision: str,
    family: str | None,
    lines: Sequence[str],
    brand: str | None,
    now: dt.datetime,
) -> tuple[ReleasePackage, tuple[str, ...]]:
    """Release an imported revision with the route of its family, and set lines up for it.

    A revision that is released already is only set up. Lines of the same plant are added where the given ones
    cannot do every step.

    Returns:
        The package and the codes of all lines that are set up now.

    Raises:
        Refused: ``release.*``, ``product.*``, ``setup.*``.
    """
    row = Product.objects.filter(code=product).select_related("brand").first()
    if row is None:
        raise refuse(
            "release.product_unknown",
            "There is no product {product}.",
            "Import its bill first: karkhana import bom FILE --product {product} --rev {revision}.",
            product=product,
            revision=revision,
        )
    package = released_package(product_code=product, revision_code=revision)
    if package is None:
        owner, segment = brand or row.brand.code, family or row.segment
        bill = revision_items(product_code=product, revision_code=revision)
        package = family_package(family=segment, product=product, revision=revision, brand=owner, items=bill)
        if owner != UNASSIGNED and not Brand.objects.filter(code=owner).exists():
            ensure_brand(code=owner, name=owner)
        ensure_product(code=product, name=row.name, brand=owner, segment=segment)
        release_revision(product_code=product, revision_code=revision, package=package, released_at=now)
    chosen = choose_lines(scenario, package, lines)
    for line in chosen:
        ensure_setup(line=line, product=product, revision=revision)
    ensure_work_order(code=work_order_of(package), product=product, revision=revision, quantity=1_000_000)
    return package, chosen


def work_order_of(package: ReleasePackage) -> str:
    """Return the standing work order of a product that has no planned one."""
    return f"WO-{package.product}-{package.revision}"[:40]


def choose_lines(scenario: Scenario, package: ReleasePackage, given: Sequence[str]) -> tuple[str, ...]:
    """Return the given lines, and as few others of the same plant as it takes to do every step.

    Raises:
        Refused: ``setup.line_unknown``, ``release.no_line`` when a plant has no station for a step.
    """
    by_code = {line.code: line for line in scenario.lines}
    for line in given:
        if line not in by_code:
            raise refuse(
                "setup.line_unknown", "There is no line {line}.", "Choose one of {lines}.",
                line=line, lines=", ".join(code for code in by_code if not code.endswith("-LOG")),
            )  # fmt: skip
    chosen = list(given) or [_PREFERRED.get(package.segment, "N1-SMT1")]
    chosen = [line for line in chosen if line in by_code] or [scenario.lines[0].code]
    plant = by_code[chosen[0]].plant
    types = {line: {s.station_type for s in stations} for line, stations in scenario.stations_of_line.items()}
    needed = {step.station_type for step in package.steps} - set().union(*(types[line] for line in chosen))
    # Lines of one number belong together (N1-SMT1, N1-ASM1, N1-BOX1), so those come first.
    same = [line for line in types if line[-1] == chosen[0][-1]]
    others = [line for line in (*same, *types) if by_code[line].plant == plant and line not in chosen]
    while needed:
        best = max(others, key=lambda line: (len(needed & types[line]), line in same), default=None)
        if best is None or not needed & types[best]:
            raise refuse(
                "release.no_line",
                "Plant {plant} has no station of type {types} for {product}.",
                "Name lines that have one, or add the station.",
                plant=plant,
                types=", ".join(sorted(needed)),
                product=package.product,
            )
        chosen.append(best)
        needed -= types[best]
    return tuple(chosen)


def lines_set_up(scenario: Scenario, package: ReleasePackage, plant: str | None = None) -> tuple[str, ...]:
    """Return lines that are set up for a revision and together can do its route; one plant only.

    Raises:
        Refused: ``simulate.no_line``.
    """
    by_plant: defaultdict[str, list[str]] = defaultdict(list)
    for row in (
        LineSetup.objects.filter(revision__product__code=package.product, revision__code=package.revision)
        .select_related("line__plant")
        .order_by("line__code")
    ):
        by_plant[row.line.plant.code].append(row.line.code)
    needed = {step.station_type for step in package.steps}
    for code, lines in sorted(by_plant.items()):
        have = {s.station_type for line in lines for s in scenario.stations_of_line.get(line, ())}
        if needed <= have and plant in (None, code):
            return _one_of_each(scenario, lines, needed)
    raise refuse(
        "simulate.no_line",
        "No plant has lines set up that can build {product} {revision} from the first step to the last.",
        "Run karkhana release {product} {revision}; it sets up what is missing.",
        product=package.product,
        revision=package.revision,
    )


def _one_of_each(scenario: Scenario, lines: Sequence[str], needed: set[str]) -> tuple[str, ...]:
    """Leave out lines that add nothing: a product built on two lines is simulated on the first."""
    chosen: list[str] = []
    left = set(needed)
    for line in lines:
        adds = left & {s.station_type for s in scenario.stations_of_line[line]}
        if adds:
            chosen.append(line)
            left -= adds
    return tuple(chosen)
