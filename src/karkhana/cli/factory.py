"""``karkhana release``, ``simulate`` and ``demo``: from a bill of material to units in the record.

Three Typer objects: ``release_app``, ``simulate_app`` and ``demo_app``. The live feed of the demo is a
process of its own (``python -m karkhana.cli.factory``), which ends when the demo that started it does.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Annotated, Any

import typer

from karkhana.cli._run import django_ready, ensure_database, print_json, refusals_end_with_one, say
from karkhana.kernel.refusals import refuse

if TYPE_CHECKING:
    from karkhana.sim.scenario import Scenario
    from karkhana.site.config import Config

release_app = typer.Typer()
simulate_app = typer.Typer()
demo_app = typer.Typer()

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_FAMILY_HELP = "phone, tablet, laptop, hearable, wearable, telecom, iot, meter or automotive."
MARK = "demo.json"
"""File in the data folder that says that the record holds simulated events only, and how they were made."""


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _scenario_ready(*, renew: bool = False) -> Scenario:
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

    scenario = with_database_lines(_scenario_ready())
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
    as_json: AsJson = False,
) -> None:
    """Build units of a released revision by simulated events, with all their material, through the gate."""
    from karkhana.cli._progress import progress_bar

    django_ready()
    from karkhana.sim.runs import simulate_units

    scenario = _scenario_ready(renew=True)
    with progress_bar(f"Building {product} {rev}") as tell:
        found = simulate_units(
            scenario, product=product, revision=rev, units=units, now=_now(), seed=seed, progress=tell
        )
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


@demo_app.command()
def demo(
    fresh: Annotated[bool, typer.Option("--fresh", help="Remove an earlier demo's data first.")] = False,
    day_only: Annotated[bool, typer.Option("--day-only", help="Produce the day, then stop.")] = False,
    scale: Annotated[float, typer.Option(help="Share of the planned output.", min=0.001, max=2.0)] = 0.1,
    port: Annotated[int | None, typer.Option(help="TCP port of the pages.", min=1, max=65535)] = None,
) -> None:
    """Run the reference factory for a day, then show it live until Ctrl-C."""
    from karkhana.site.config import Config

    config = Config.from_environment()
    if fresh:
        remove_demo_data(config)
    ensure_database(config)
    config.ensure_secret_key()
    from karkhana.cli._prepare import prepare_web

    prepare_web()
    # The day runs in a process of its own, so that this one can fork web workers without a connection open.
    _run_child("day", "--scale", str(scale))
    if day_only:
        return
    show_live(config, port or config.port, scale)


def remove_demo_data(config: Config) -> None:
    """Remove the embedded database, if the demo made all that is in it.

    Raises:
        Refused: ``demo.not_demo_data``.
    """
    from karkhana.site import embedded
    from karkhana.site.embedded.layout import Layout

    if config.database is None and not Layout.of(config.home).data.exists():
        return
    if config.database is not None or not (config.home / MARK).is_file():
        raise refuse(
            "demo.not_demo_data",
            "The data in {home} was not made by the demo, so the demo does not remove it.",
            "Use another folder: KARKHANA_HOME=FOLDER.",
            home=str(config.home),
        )
    say("Removing the earlier demo's data")
    layout = Layout.of(config.home)
    embedded.stop(config.home)
    shutil.rmtree(layout.data)
    layout.ready_mark.unlink(missing_ok=True)
    (config.home / MARK).unlink()


def run_demo_day(config: Config, scale: float) -> None:
    """Write the scenario, and fast-forward the 24 hours before now into an empty record.

    An interrupted day is gone through again: what is in the record is not written twice.

    Raises:
        Refused: ``demo.real_data`` when the record holds events that no demo made.
    """
    from django.db import connection

    from karkhana.cli._progress import progress_bar
    from karkhana.sim.runs import run_day

    mark = config.home / MARK
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM ledger_event)")
        used = cursor.fetchone()[0]
    if used and not mark.is_file():
        raise refuse(
            "demo.real_data",
            "The record in {home} holds events that the demo did not make.",
            "Use another folder for the demo: KARKHANA_HOME=FOLDER.",
            home=str(config.home),
        )
    scenario = _scenario_ready(renew=True)
    plan = json.loads(mark.read_text()) if used else _new_day(scale)
    if plan["done"]:
        say("The day is in the record already; going on from there")
        return
    mark.write_text(json.dumps(plan))
    with progress_bar("One production day") as tell:
        summary = run_day(
            scenario, start=dt.datetime.fromisoformat(plan["start"]), scale=plan["scale"], progress=tell
        )
    mark.write_text(json.dumps(plan | {"done": True}))
    rate = round(summary.events / max(0.001, summary.seconds))
    say(
        f"{summary.events:,} events in {summary.seconds:.0f} s ({rate:,}/s), "
        f"{summary.refused:,} refused as they should be"
    )


def _new_day(scale: float) -> dict[str, Any]:
    start = (_now() - dt.timedelta(hours=24)).replace(second=0, microsecond=0)
    return {"start": start.isoformat(), "scale": scale, "done": False}


def show_live(config: Config, port: int, scale: float) -> None:
    """Serve the pages while the factory goes on in real time, until Ctrl-C."""
    from karkhana.cli.serve import _serve, check_port

    check_port(config.bind, port)
    feed = subprocess.Popen(
        [
            sys.executable,
            "-m",
            __spec__.name if __spec__ else "karkhana.cli.factory",
            "live",
            "--scale",
            str(scale),
        ],
        stdin=subprocess.PIPE,
    )
    try:
        _serve(config.bind, port)
    finally:
        assert feed.stdin is not None
        feed.stdin.close()
        try:
            feed.wait(timeout=15)
        except subprocess.TimeoutExpired:
            feed.kill()


def _run_child(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "karkhana.cli.factory", *arguments], check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)


def run_live_feed(scale: float) -> None:
    """Post live events until standard input is closed: the process that started this one has ended."""
    from karkhana.floor.operations import record_events
    from karkhana.sim.live import run_live

    stop = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_stop_with_input, args=(stop,), daemon=True).start()
    run_live(
        _scenario_ready(),
        lambda batch, at: record_events(batch, recorded_at=at),
        stop=stop,
        clock=_now,
        scale=scale,
    )


def _stop_with_input(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


_child = typer.Typer()


@_child.command()
def day(scale: float = 0.1) -> None:
    """Produce the demo's day."""
    run_demo_day(django_ready(), scale)


@_child.command()
def live(scale: float = 0.1) -> None:
    """Go on in real time."""
    django_ready()
    run_live_feed(scale)


def _split(line: str | None) -> list[str]:
    return [part.strip() for part in (line or "").split(",") if part.strip()]


if __name__ == "__main__":
    with refusals_end_with_one():
        _child()
