"""``karkhana demo``: a production day of the reference factory, then the factory live.

The day is produced by one process per group of plants, as plants are independent of each other; the live feed
is a process of its own, which ends when the demo that started it does.
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
from zoneinfo import ZoneInfo

import typer

from karkhana.cli._run import django_ready, ensure_database, refusals_end_with_one, say
from karkhana.cli.factory import scenario_ready
from karkhana.kernel.refusals import refuse

if TYPE_CHECKING:
    from karkhana.site.config import Config

app = typer.Typer()
_child = typer.Typer()
MARK = "demo.json"
"""File in the data folder that says that the record holds simulated events only, and how they were made."""
GROUPS = (("N1",), ("N2", "G1"))
"""Plants by the process that produces their day: about equal work, on two cores."""


@app.command()
def demo(
    fresh: Annotated[bool, typer.Option("--fresh", help="Remove an earlier demo's data first.")] = False,
    day_only: Annotated[bool, typer.Option("--day-only", help="Produce the day, then stop.")] = False,
    scale: Annotated[float, typer.Option(help="Share of the planned output.", min=0.001, max=2.0)] = 1.0,
    port: Annotated[int | None, typer.Option(help="TCP port of the pages.", min=1, max=65535)] = None,
) -> None:
    """Run the reference factory for a day, then show it live until Ctrl-C."""
    from karkhana.cli._prepare import prepare_web
    from karkhana.cli.serve import check_port
    from karkhana.site.config import Config

    config = Config.from_environment()
    if not day_only:
        check_port(config.bind, port or config.port)
    if fresh:
        remove_demo_data(config)
    ensure_database(config)
    config.ensure_secret_key()
    prepare_web()
    # The day runs in processes of its own, so that this one can fork web workers without a connection open.
    _run_child("day", "--scale", str(scale))
    if not day_only:
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


@_child.command()
def day(scale: Annotated[float, typer.Option()]) -> None:
    """Write the scenario, and fast-forward the 24 hours before now into an empty record; then sum up.

    An interrupted day is gone through again: what is in the record is not written twice.
    """
    config = django_ready()
    plan = _plan(config, scale)
    mark = config.home / MARK
    if plan["done"]:
        say("The day is in the record already; going on from there")
    else:
        scenario_ready(renew=True)
        mark.write_text(json.dumps(plan))
        plan |= {**_produce(plan), **_book(), "done": True}
        mark.write_text(json.dumps(plan))
    _sum_up(plan)
    _show_accounts()


def _plan(config: Config, scale: float) -> dict[str, Any]:
    """Return how the day is or was made.

    Raises:
        Refused: ``demo.real_data`` when the record holds events that no demo made.
    """
    from django.db import connection

    mark = config.home / MARK
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM ledger_event)")
        used = cursor.fetchone()[0]
    if used and mark.is_file():
        found: dict[str, Any] = json.loads(mark.read_text())
        return found
    if used:
        raise refuse(
            "demo.real_data",
            "The record in {home} holds events that the demo did not make.",
            "Use another folder for the demo: KARKHANA_HOME=FOLDER.",
            home=str(config.home),
        )
    start = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=24)).replace(second=0, microsecond=0)
    return {"start": start.isoformat(), "scale": scale, "done": False}


def _produce(plan: dict[str, Any]) -> dict[str, Any]:
    """Run one process per group of plants; return what became of their events."""
    from karkhana.cli._progress import progress_bar

    began = dt.datetime.now(dt.UTC)
    arguments = ["plants", "--start", plan["start"], "--scale", str(plan["scale"]), "--group"]
    children = [
        subprocess.Popen([*_command(*arguments), str(group)], stdout=subprocess.PIPE, text=True)
        for group in range(len(GROUPS))
    ]
    with progress_bar("One production day (minutes)") as tell:
        found = _follow(children, tell)
    seconds = (dt.datetime.now(dt.UTC) - began).total_seconds()
    names = ("events", "accepted", "refused", "repeated", "unexpected")
    return {**{name: sum(part[name] for part in found) for name in names}, "seconds": round(seconds, 1)}


def _book() -> dict[str, Any]:
    """Do a morning's work in the stores, then book all lots that came in; return how many."""
    from karkhana.sim.purchases import book_purchases
    from karkhana.sim.scenario import load_scenario
    from karkhana.sim.stores import fill_stores, value_month

    scenario = load_scenario()
    if fill_stores(scenario, now=dt.datetime.now(dt.UTC)):
        say("The stores have work under way: quarantine, racks, kits")
    say("Booking what came in: receipts, bills of entry")
    began = dt.datetime.now(dt.UTC)
    found = book_purchases(scenario, now=began)
    booked = dt.datetime.now(dt.UTC)
    say("Computing the local value of what was built")
    value_month(now=booked, zone=ZoneInfo(scenario.plants[0].time_zone))
    return {
        "receipts": found.receipts,
        "unproved": found.without_receipt + found.without_bill,
        "booking": round((booked - began).total_seconds(), 1),
        "valuing": round((dt.datetime.now(dt.UTC) - booked).total_seconds(), 1),
    }


def _follow(children: list[subprocess.Popen[str]], tell: Any) -> list[dict[str, Any]]:
    """Read the children's progress until each has said its summary.

    Raises:
        typer.Exit: a child failed; it has said why.
    """
    minutes = [0] * len(children)
    found: list[dict[str, Any]] = [{} for _ in children]

    def read(index: int) -> None:
        for line in children[index].stdout or ():
            said = json.loads(line)
            if "minute" in said:
                minutes[index] = said["minute"]
                tell(sum(minutes), len(children) * said["of"])
            else:
                found[index] = said

    threads = [threading.Thread(target=read, args=(index,)) for index in range(len(children))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = [child.wait() for child in children]
    if any(codes):
        raise typer.Exit(max(codes))
    return found


@_child.command()
def plants(
    start: Annotated[str, typer.Option()],
    scale: Annotated[float, typer.Option()],
    group: Annotated[int, typer.Option()],
) -> None:
    """Produce the day of one group of plants; progress and summary go to stdout as JSON lines."""
    import msgspec

    django_ready()
    from karkhana.sim.runs import run_day
    from karkhana.sim.scenario import load_scenario
    from karkhana.site.collector import calm_collector

    calm_collector()

    def tell(minute: int, total: int) -> None:
        print(json.dumps({"minute": minute, "of": total}), flush=True)

    summary = run_day(
        load_scenario(),
        start=dt.datetime.fromisoformat(start),
        scale=scale,
        progress=tell,
        plants=GROUPS[group],
        run=group,
    )
    print(msgspec.json.encode(summary).decode(), flush=True)


def _sum_up(plan: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    from karkhana.sim.runs import day_figures

    figures = day_figures(dt.datetime.fromisoformat(plan["start"]))
    table = Table(title="The production day", show_header=False)
    rows = [
        ("devices built", f"{figures.built:,}"),
        ("devices shipped", f"{figures.shipped:,}"),
        ("first-pass yield of a step", "–" if figures.first_pass is None else f"{figures.first_pass:.1%}"),
        ("events", f"{plan['events']:,}"),
        ("refused by the gate", f"{plan['refused']:,}"),
        ("lots with a receipt", f"{plan.get('receipts', 0):,}"),
        ("lots without receipt or bill of entry", f"{plan.get('unproved', 0):,}"),
        ("gated events per second", f"{plan['events'] / max(0.1, plan['seconds']):,.0f}"),
    ]
    for row in rows:
        table.add_row(*row)
    Console(stderr=True).print(table)


def _show_accounts() -> None:
    from rich.console import Console
    from rich.table import Table

    from karkhana.sim.hub import fill_hub
    from karkhana.sim.partners import install_people
    from karkhana.sim.scenario import load_scenario
    from karkhana.site.roles import ensure_demo_accounts

    table = Table("account", "password", "role", title="Log in as")
    now = dt.datetime.now(dt.UTC)
    staff = ensure_demo_accounts()
    people = install_people(load_scenario().partners, now=now)
    if fill_hub({login: password for login, password, _ in people}, now=now):
        say("The design hub has work under way: see Design in the pages")
    for account in (*staff, *people):
        table.add_row(*account)
    Console(stderr=True).print(table)
    say("Supply: suppliers, lots, receipts and stock are at /supply/ (kavya)")
    say("Local value: where the rupees of every device come from is at /value/ (kavya)")


def show_live(config: Config, port: int, scale: float) -> None:
    """Serve the pages while the factory goes on in real time, until Ctrl-C."""
    from karkhana.cli.serve import _serve

    feed = subprocess.Popen(_command("live", "--scale", str(scale)), stdin=subprocess.PIPE)
    try:
        _serve(config.bind, port)
    finally:
        assert feed.stdin is not None
        feed.stdin.close()
        try:
            feed.wait(timeout=15)
        except subprocess.TimeoutExpired:
            feed.kill()


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "karkhana.cli.demo", *arguments]


def _run_child(*arguments: str) -> None:
    done = subprocess.run(_command(*arguments), check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)


@_child.command()
def live(scale: Annotated[float, typer.Option()]) -> None:
    """Post live events until standard input is closed: the process that started this one has ended."""
    django_ready()
    from karkhana.sim.live import run_live
    from karkhana.sim.purchases import posting

    stop = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_stop_with_input, args=(stop,), daemon=True).start()
    scenario = scenario_ready()
    run_live(
        scenario,
        posting(scenario, began=dt.datetime.now(dt.UTC)),
        stop=stop,
        clock=lambda: dt.datetime.now(dt.UTC),
        scale=scale,
    )


def _stop_with_input(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


if __name__ == "__main__":
    with refusals_end_with_one():
        _child()
