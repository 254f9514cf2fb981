"""``karkhana localise-next``: which candidates reach a share of local value by a date at least cost, and why.

A problem file needs neither Django nor a database; with ``--product`` the tables are asked.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from karkhana.kernel.refusals import refuse

if TYPE_CHECKING:
    from karkhana.solving.localising import Problem

app = typer.Typer()
Option = typer.Option


@app.command()
def localise_next(
    file: Annotated[Path | None, typer.Argument(help="A problem as TOML; see docs/localise-next.md.")] = None,
    product: Annotated[
        list[str] | None, Option("--product", help="A product of the tables; may be repeated.")
    ] = None,
    target: Annotated[str | None, Option(help="Per cent to reach: of value, or of growth.")] = None,
    by: Annotated[str | None, Option(help="The month by which, such as 2027-03.")] = None,
    measure: Annotated[
        str | None,
        Option(help="percentage (of value), or growth of the count or the value of local parts."),
    ] = None,
    period: Annotated[int | None, Option(help="Months of the period that ends with --by.", min=1)] = None,
    budget: Annotated[str | None, Option(help="What may be spent, in rupees.")] = None,
    budget_on: Annotated[str | None, Option(help="total, or one_time costs only.")] = None,
    start: Annotated[str | None, Option(help="First month; this one by default.")] = None,
    units: Annotated[int | None, Option(help="Units a month of products that have no plan.", min=0)] = None,
    value: Annotated[str | None, Option(help="Value per unit, in place of as designed.")] = None,
    imported: Annotated[str | None, Option(help="Imported value per unit, in place of as designed.")] = None,
    method: Annotated[str, Option(help="Id of a method: the denominator.")] = "PPP_MII",
    seconds: Annotated[float, Option(help="For solving.", min=0.1, max=3600)] = 120.0,
    points: Annotated[int, Option(help="Points of the trade-off, 0 for none.", min=0, max=50)] = 9,
    as_json: Annotated[bool, Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Choose what to localise next: the least cost for a target, or the most for a budget."""
    from karkhana.cli._run import print_json, say
    from karkhana.solving.localising import localise_next_apart

    asked = _asked(target, by, measure, period, budget, budget_on)
    if (file is None) == (not product):
        raise refuse(
            "localise_next.asked", "Give either a problem file or --product.", "See --help.", field="product"
        )
    if file is not None:
        from karkhana.localisation.choosing.problem_file import read_problem

        problem = read_problem(file, asked)
    else:
        problem = _of_tables(product or [], asked, start, units, _amount("value", value),
                             _amount("imported", imported), method)  # fmt: skip
    if not as_json:
        say(f"Solving: {len(problem.candidates)} candidates, {problem.months} months")
    result = localise_next_apart(problem, seconds=seconds, points=points)
    if as_json:
        import msgspec

        print_json(msgspec.to_builtins(result))
    else:
        from karkhana.cli._localise_next_text import show

        show(problem, result)


def _asked(
    target: str | None, by: str | None, measure: str | None, period: int | None, budget: str | None,
    budget_on: str | None,
) -> dict[str, Any]:  # fmt: skip
    """Return what was said of the target, as the problem file says it."""
    _choice("measure", measure, ("percentage", "count", "value"))
    _choice("budget-on", budget_on, ("total", "one_time"))
    said = {
        "amount": _amount("target", target), "by": by, "measure": measure, "months": period,
        "budget": _amount("budget", budget), "budget_on": budget_on,
    }  # fmt: skip
    return {name: value for name, value in said.items() if value is not None}


def _choice(name: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise refuse(
            "localise_next.asked", "--{field} {value} is none.", "Choose one of: {known}.",
            field=name, value=value[:40], known=", ".join(known),
        )  # fmt: skip


def _amount(name: str, text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        raise refuse(
            "localise_next.asked", "--{field} {value} is no number.", "Write digits, such as 50 or 1200.50.",
            field=name, value=text[:40],
        ) from None  # fmt: skip


def _of_tables(
    products: list[str], asked: dict[str, Any], start: str | None, units: int | None,
    value: Decimal | None, imported: Decimal | None, method: str,
) -> Problem:  # fmt: skip
    from karkhana.cli._run import django_ready

    django_ready()
    from django.utils import timezone

    from karkhana.localisation.choosing.asking import Asked, problem_asked

    by = asked.get("by")
    if by is None or not re.fullmatch(r"\d{4}-\d{2}", by):
        raise refuse(
            "localise_next.asked", "--by is no month.", "Give one, such as --by 2027-03.", field="by"
        )
    said = {}
    if value is not None and imported is not None:
        said = dict.fromkeys(products, (value, imported))
    today: dt.date = timezone.localdate()
    budget_on: Literal["total", "one_time"] = asked.get("budget_on", "total")
    problem, _ = problem_asked(
        Asked(
            products=tuple(products), by=by, amount=asked.get("amount"),
            measure=asked.get("measure", "percentage"), months=asked.get("months", 1),
            budget=asked.get("budget"), budget_on=budget_on, start=start or f"{today:%Y-%m}", units=units,
            method=method, said=said,
        ),
        day=today,
    )  # fmt: skip
    return problem
