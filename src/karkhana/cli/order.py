"""``karkhana order``: work orders, listed and made."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

import typer

from karkhana.cli._run import django_ready, print_json

app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("list")
def list_orders(
    product: Annotated[str, typer.Option(help="Of this product only.")] = "",
    stage: Annotated[str, typer.Option(help="Of this stage only: EVT, DVT, PVT or MP.")] = "",
    as_json: AsJson = False,
) -> None:
    """List work orders, the latest first, with their progress."""
    django_ready()
    from karkhana.floor.orders.http import as_dict
    from karkhana.floor.orders.queries import order_page

    page = order_page(product.replace("\x00", ""), stage, limit=500)
    if as_json:
        print_json({"orders": [as_dict(view) for view in page.rows]})
        return
    for view in page.rows:
        built = "?" if view.built is None else view.built
        shut = f"  shut: {view.missing}" if view.missing else ""
        print(
            f"{view.code:<20} {view.stage:<4} {view.product} {view.revision}  {built}/{view.quantity}{shut}"
        )


@app.command()
def create(
    code: Annotated[str, typer.Argument(help="Number of the order.")],
    product: Annotated[str, typer.Argument(help="The product's code.")],
    rev: Annotated[str, typer.Argument(help="A released revision.")],
    units: Annotated[int, typer.Option(help="How many to build.")],
    stage: Annotated[str, typer.Option(help="EVT, DVT, PVT or MP.")],
    market: Annotated[str, typer.Option(help="Country that the units go to, such as IN.")] = "IN",
    due: Annotated[str, typer.Option(help="Day on which it is to be finished, year-month-day.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a work order; refused where the product is not through the gates before its stage."""
    django_ready()
    from karkhana.design.stages.operations import read_date
    from karkhana.floor.orders.http import as_dict
    from karkhana.floor.orders.operations import create_work_order
    from karkhana.floor.orders.queries import find_order

    create_work_order(
        code=code,
        product=product,
        revision=rev,
        quantity=units,
        stage=stage,
        market=market,
        due_on=read_date(due),
        now=dt.datetime.now(dt.UTC),
    )
    found: dict[str, Any] = as_dict(find_order(code))
    if as_json:
        print_json(found)
        return
    print(f"Work order {code}: {units} units of {product} {rev} for {stage}, market {market}.")
