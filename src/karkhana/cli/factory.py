"""``karkhana release`` and ``simulate``: from a bill of material to units in the record."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from karkhana.cli._run import django_ready, print_json, say

if TYPE_CHECKING:
    from karkhana.sim.scenario import Scenario

release_app = typer.Typer()
simulate_app = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_FAMILY_HELP = "phone, tablet, laptop, hearable, wearable, telecom, iot, meter or automotive."


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def scenario_ready(*, renew: bool = False) -> Scenario:
    """Load the reference enterprise, and write it where the database has no plant yet."""
    from karkhana.floor.models import Plant
    from karkhana.sim.scenario import install, load_scenario

    scenario = load_scenario()
    if renew or not Plant.objects.filter(code=scenario.plants[0].code).exists():
        say("Writing the reference enterprise: plants, lines, products, people")
        install(scenario, today=_now().date())
    return scenario


@release_app.command()
def release(
    product: Annotated[str, typer.Argument(help="The product's code.")],
    rev: Annotated[str, typer.Argument(help="The revision, such as A.")],
    family: Annotated[str | None, typer.Option(help=_FAMILY_HELP)] = None,
    line: Annotated[
        str | None, typer.Option(help="Line codes joined by commas; none: suitable ones.")
    ] = None,
    brand: Annotated[str | None, typer.Option(help="The brand that owns the product.")] = None,
    as_json: AsJson = False,
) -> None:
    """Release an imported revision to the floor with the typical route of its family."""
    django_ready()
    found = release_product(product, rev, family=family, lines=_split(line), brand=brand)
    if as_json:
        print_json(found)
        return
    print(f"{product} {rev} is released: {found['steps']} steps, {found['materials']} parts on feeders.")
    print(f"Set up on {', '.join(found['lines'])}; work order {found['work_order']}.")


def release_product(
    product: str, revision: str, *, family: str | None, lines: list[str], brand: str | None
) -> dict[str, Any]:
    """Release a revision and set lines up for it; Django must be ready.

    Returns:
        ``product``, ``revision``, ``brand``, ``family``, ``steps``, ``materials``, ``package_hash``,
        ``lines``, ``work_order``.
    """
    from karkhana.design.release import encode_package, package_hash
    from karkhana.sim.enterprise import release_product as release_it
    from karkhana.sim.enterprise import with_database_lines, work_order_of

    scenario = with_database_lines(scenario_ready())
    package, chosen = release_it(
        scenario, product=product, revision=revision, family=family, lines=lines, brand=brand, now=_now()
    )
    return {
        "product": product,
        "revision": revision,
        "brand": package.brand,
        "family": package.segment,
        "steps": len(package.steps),
        "materials": len({m.part for step in package.steps for m in step.materials}),
        "package_hash": package_hash(encode_package(package)),
        "lines": list(chosen),
        "work_order": work_order_of(package),
    }


@simulate_app.command()
def simulate(
    product: Annotated[str, typer.Argument(help="The product's code.")],
    rev: Annotated[str, typer.Argument(help="A released revision.")],
    units: Annotated[int, typer.Option(help="How many to build.", min=1, max=50_000)] = 1000,
    seed: Annotated[int, typer.Option(help="Same seed, same happenings.")] = 1,
    order: Annotated[str | None, typer.Option(help="Work order; none: the revision's first.")] = None,
    as_json: AsJson = False,
) -> None:
    """Build units of a released revision by simulated events, with all their material, through the gate."""
    from karkhana.cli._progress import progress_bar

    django_ready()
    from karkhana.sim.runs import simulate_units

    scenario = scenario_ready(renew=True)
    with progress_bar(f"Building {product} {rev}") as tell:
        found = simulate_units(
            scenario, product=product, revision=rev, units=units, now=_now(), seed=seed, order=order,
            progress=tell,
        )  # fmt: skip
    if as_json:
        print_json(found)
        return
    print(
        f"{found['units']} units of {product} {rev}, {found['scrapped']} scrapped, "
        f"on {', '.join(found['lines'])}."
    )
    print(f"{found['events']} events in {found['seconds']} s ({found['rate']}/s): "
          f"{found['accepted']} accepted, {found['refused']} refused.")  # fmt: skip
    print(f"Serials {found['first_serial']} to {found['last_serial']}.")
    print(f"Try: karkhana trace {found['example_serial']}")
    print(f"     karkhana recall --lot {found['example_lot']}")


def _split(line: str | None) -> list[str]:
    return [part.strip() for part in (line or "").split(",") if part.strip()]
