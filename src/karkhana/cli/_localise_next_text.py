"""What to localise next, as lines for a person at a terminal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from karkhana.solving.localising import Chosen, NotChosen, Problem, Result

REST = 15
STATUS = {
    "reached": "The target is reached.",
    "already_reached": "The target is reached today; the plan is what saves money or keeps it.",
    "out_of_reach": "The target is out of reach; the plan is as far as one can get.",
    "over_budget": "The target is reachable, but not within the budget; the plan is the most for it.",
    "not_kept": "The target is reached by the month, but cannot be kept after it.",
    "most": "The most for the budget.",
}
REASONS = {
    "no_effect": "adds nothing to the measure",
    "prerequisite": "does nothing by itself; none that needs it is chosen",
    "nothing_built": "nothing that it is in is built in the period",
    "too_late": "available too late, from {available}",
    "minimum": "its minimum order does not fit",
    "share": "its shares and its capacity leave no room for it",
    "alternate": "{instead} stands in its place",
    "budget": "not within the budget",
    "too_dear": "too dear",
    "not_needed": "not needed",
}
LIMITS = {
    "as_it_is": "as things stand",
    "lead_time": "without lead times",
    "capacity": "with unlimited capacity",
    "share": "without limits of shares",
    "minimum": "without minimum quantities",
    "all": "without any of these",
}


def money(value: Decimal | None) -> str:
    """Return an amount in whole rupees (or whatever currency), thousands apart; --json has every digit."""
    return "–" if value is None else f"{value:,.0f}"


def show(problem: Problem, result: Result) -> None:
    """Print a result."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=132)
    unit = "%" if result.measure == "percentage" else f"% growth of {result.measure}"
    console.print(f"[bold]{STATUS[result.status]}[/]")
    wanted = "" if result.wanted is None else f", wanted {result.wanted} {unit}"
    console.print(f"by {result.by}: {result.present} → {result.level} {unit}{wanted}")
    console.print(
        f"cost {money(result.cost)} {problem.currency}: {money(result.one_time)} once,"
        f" {money(result.price_change)} by prices over {problem.months} months"
    )
    if result.needed is not None:
        console.print(f"the target itself would cost {money(result.needed)}")
    if result.bound is not None:
        console.print(f"no plan costs less than {money(result.bound)}" if result.proved else
                      f"not proved to be the cheapest: one may cost {money(result.bound)}")  # fmt: skip
    for limit in result.limits:
        console.print(f"  {LIMITS[limit.what]}: {limit.level} {unit}{'  enough' if limit.enough else ''}")
    _chosen(console, result.chosen)
    _others(console, result.not_chosen)
    _curve(console, result)
    if not result.complete:
        console.print("The time was over before everything was worked out: give --seconds.", style="yellow")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, justify="left" if name in ("candidate", "why", "chosen") else "right")
    return table


def _chosen(console: Console, rows: tuple[Chosen, ...]) -> None:
    table = _table("candidate", "from", "units", "busiest", "points", "cost", "per point", "without it")
    for row in rows:
        without = "no target" if row.indispensable else f"+{money(row.without)}" if row.without else "–"
        room = f"{row.busiest:,}" + (f"/{row.capacity:,}" if row.capacity is not None else "")
        cells: list[Any] = [
            escape(row.candidate), row.first_used or f"({row.available})", f"{row.units:,}", room, row.points,
            money(row.cost), money(row.cost_per_point), without,
        ]  # fmt: skip
        table.add_row(*map(str, cells))
    console.print("\n[bold]Chosen[/]" if rows else "\nNone is chosen.")
    if rows:
        console.print(table)


def _others(console: Console, rows: tuple[NotChosen, ...]) -> None:
    if not rows:
        return
    table = _table("candidate", "alone", "cost", "per point", "why")
    for row in rows[:REST]:
        why = REASONS[row.reason].format(available=row.available, instead=", ".join(row.instead))
        if row.dearer is not None:
            why += f"; with it the plan costs {money(row.dearer)} more"
        table.add_row(
            escape(row.candidate),
            str(row.alone),
            money(row.alone_cost),
            money(row.cost_per_point),
            escape(why),
        )
    console.print("\n[bold]Not chosen[/]")
    console.print(table)
    if len(rows) > REST:
        console.print(f"and {len(rows) - REST} more; --json has all")


def _curve(console: Console, result: Result) -> None:
    if not result.curve:
        return
    table = _table("level", "least cost", "of it once", "candidates")
    for point in result.curve:
        proved = "" if point.proved else " ?"
        table.add_row(
            str(point.level), money(point.cost) + proved, money(point.one_time), str(len(point.candidates))
        )
    console.print("\n[bold]What other levels cost[/]")
    console.print(table)
