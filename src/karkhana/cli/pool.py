"""``karkhana pool``: pools of identities, their ranges, draws and how long they last."""

from __future__ import annotations

import datetime as dt
import getpass
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from karkhana.cli._run import django_ready, print_json

if TYPE_CHECKING:
    from karkhana.floor.pools.queries import PoolView

app = typer.Typer(help="Pools of identities: ranges, draws, forecast.", no_args_is_help=True)

Code = Annotated[str, typer.Argument(help="The pool's code.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@app.command("list")
def list_pools(as_json: AsJson = False) -> None:
    """List all pools with what is free, allotted, personalised and burnt."""
    django_ready()
    from karkhana.floor.pools import queries

    found = queries.pools(_now())
    if as_json:
        print_json([asdict(view) for view in found])
        return
    _table(found)


@app.command()
def forecast(
    as_json: AsJson = False,
    alarms: Annotated[bool, typer.Option("--alarms", help="Only pools that give alarm.")] = False,
) -> None:
    """Say how long each pool lasts as consumption goes, the most urgent first."""
    django_ready()
    from karkhana.floor.pools import queries

    found = [view for view in queries.pools(_now()) if view.alarm or not alarms]
    found.sort(key=lambda view: (not view.alarm, view.days_left is None, view.days_left or 0, view.code))
    if as_json:
        keys = ("code", "brand", "scheme", "free", "per_day", "days_left", "runs_out_on", "alarm")
        print_json([{key: getattr(view, key) for key in keys} for view in found])
        return
    for view in found:
        lasts = (
            f"{view.days_left} days, until {view.runs_out_on}"
            if view.days_left is not None
            else "nothing is being drawn"
        )
        sign = "ALARM " if view.alarm else ""
        print(f"{sign}{view.code}: {view.free:,} free, {view.per_day:,} a day: {lasts}")


@app.command()
def add(
    code: Code,
    brand: Annotated[str, typer.Option(help="The brand that owns the identities.")],
    scheme: Annotated[str, typer.Option(help="imei, meid, eui48, bluetooth, eui64, serial, meter, vin ...")],
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    kind: Annotated[str, typer.Option(help="Only for this identity of the plan, such as imei1.")] = "",
    plant: Annotated[str, typer.Option(help="Only for this plant.")] = "",
    product: Annotated[str, typer.Option(help="Only for this product.")] = "",
    template: Annotated[str, typer.Option(help="Compose numbers, such as PH{yy}{ww}{n:05}.")] = "",
    counter_first: Annotated[int, typer.Option(help="First number of the template's counter.")] = 1,
    counter_last: Annotated[int | None, typer.Option(help="Last number of the template's counter.")] = None,
    alarm_days: Annotated[int, typer.Option(help="Alarm when it lasts for fewer days.")] = 14,
    alarm_count: Annotated[int, typer.Option(help="Alarm when fewer values are free.")] = 0,
) -> None:
    """Make a pool."""
    django_ready()
    from karkhana.floor.pools.operations import create_pool

    create_pool(
        code=code, brand=brand, scheme=scheme, name=name, kind=kind, plant=plant, product=product,
        template=template, counter_first=counter_first, counter_last=counter_last, alarm_days=alarm_days,
        alarm_count=alarm_count, now=_now(),
    )  # fmt: skip
    print(f"Pool {code} is there. " + ("Draw from it." if template else "Now import its ranges."))


@app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(help="CSV: first, last, count, certificate, pool.", exists=True, dir_okay=False)
    ],
    pool: Annotated[str, typer.Option(help="Pool of the lines that name none.")] = "",
    as_json: AsJson = False,
) -> None:
    """Give pools the ranges in a file: all of them, or none."""
    django_ready()
    from karkhana.floor.pools.files import BYTES_MAX, read_ranges
    from karkhana.floor.pools.operations import import_ranges

    with file.open("rb") as opened:
        data = opened.read(BYTES_MAX + 1)
    done = import_ranges(lines=read_ranges(data, file.name), pool=pool, now=_now())
    if as_json:
        print_json(asdict(done))
        return
    for warning in done.warnings:
        print(f"Note: {warning}")
    print(f"{done.ranges} ranges with {done.values:,} values.")


@app.command()
def draw(
    code: Code,
    count: Annotated[int, typer.Argument(help="How many values.")] = 1,
    key: Annotated[str | None, typer.Option(help="The same key gives the same values again.")] = None,
    line: Annotated[str, typer.Option(help="Line that they are for.")] = "",
    station: Annotated[str, typer.Option(help="Station that they are for.")] = "",
    work_order: Annotated[str, typer.Option(help="Work order that they are for.")] = "",
    unit: Annotated[str, typer.Option(help="Unit that they are for.")] = "",
    blocks: Annotated[bool, typer.Option("--blocks", help="Only the first and last of each block.")] = False,
    as_json: AsJson = False,
) -> None:
    """Draw the next values; nobody is ever given them again."""
    django_ready()
    from karkhana.floor.pools.draws import draw as take

    drawn = take(
        pool=code, count=count, key=key, line=line, station=station, work_order=work_order, unit=unit,
        actor=_user(), now=_now(),
    )  # fmt: skip
    if as_json:
        from karkhana.floor.pools.http import drawn_out

        print_json(drawn_out(drawn))
        return
    for block in drawn.blocks:
        if blocks:
            print(f"{block.first} {block.last} {block.count}")
        else:
            for index in range(block.first_index, block.last_index + 1):
                print(block.values.value(index))


@app.command()
def spoil(
    code: Code,
    value: Annotated[str, typer.Argument(help="A value that was drawn.")],
    reason: Annotated[str, typer.Option(help="Why it must not be used.")],
) -> None:
    """Take a drawn value out of use for ever."""
    django_ready()
    from karkhana.floor.pools.operations import spoil as spoil_value

    text = spoil_value(pool=code, value=value, reason=reason, actor=_user(), now=_now())
    print(f"{text} is out of use.")


@app.command("set")
def set_pool(
    code: Code,
    closed: Annotated[bool | None, typer.Option("--close/--open", help="Stop or allow drawing.")] = None,
    alarm_days: Annotated[int | None, typer.Option(help="Alarm when it lasts for fewer days.")] = None,
    alarm_count: Annotated[int | None, typer.Option(help="Alarm when fewer values are free.")] = None,
) -> None:
    """Close or open a pool, or set when it gives alarm."""
    django_ready()
    from karkhana.floor.pools.operations import set_pool as change

    pool = change(code=code, is_closed=closed, alarm_days=alarm_days, alarm_count=alarm_count)
    print(
        f"Pool {code} is {'closed' if pool.is_closed else 'open'}; alarm below {pool.alarm_days} days"
        f" or {pool.alarm_count:,} values."
    )


@app.command("remove-range")
def remove_range(code: Code, first: Annotated[str, typer.Argument(help="The range's first value.")]) -> None:
    """Take back a range that nothing was drawn from."""
    django_ready()
    from karkhana.floor.pools.operations import remove_range as remove

    remove(pool=code, first=first)
    print(f"The range from {first} is gone.")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no account of that number, as in some containers
        return ""


def _table(found: list[PoolView]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("pool", "brand", "scheme", "free", "allotted", "personalised", "burnt", "days left", ""):
        table.add_column(heading, justify="right" if heading[:1] in "fapbd" and heading != "pool" else "left")
    for view in found:
        numbers: list[Any] = [view.free, view.allotted, view.personalised, view.burnt]
        table.add_row(
            view.code, view.brand, view.scheme, *[f"{number:,}" for number in numbers],
            "–" if view.days_left is None else str(view.days_left),
            "ALARM" if view.alarm else "closed" if view.is_closed else "",
        )  # fmt: skip
    Console(highlight=False).print(table)
