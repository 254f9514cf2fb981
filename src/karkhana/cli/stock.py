"""``karkhana stock``: what stands where, moved and counted."""

from __future__ import annotations

import datetime as dt
import getpass
import uuid
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from karkhana.cli._run import django_ready, print_json
from karkhana.kernel.refusals import refuse

app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Id = Annotated[str, typer.Option("--id", help="Id of what happened; the same one is written once.")]
Lot = Annotated[str, typer.Argument(help="Number of the lot.")]
Place = Annotated[str, typer.Argument(help="Code of the place.")]
LIMIT = 200


def read_amount(text: str) -> Decimal:
    """Read a quantity as it was typed.

    Raises:
        Refused: ``stock.quantity``.
    """
    from karkhana.supply.stock.refusals import no

    try:
        return Decimal(text)
    except InvalidOperation:
        raise no("stock.quantity", value=repr(text[:40])) from None


def read_id(text: str) -> uuid.UUID:
    """Read the id of what happened, or make one.

    Raises:
        Refused: ``stock.id``.
    """
    try:
        return uuid.UUID(text) if text else uuid.uuid4()
    except ValueError:
        raise refuse(
            "stock.id", "{value} is no id.", "Use a UUID, or leave it out.", value=repr(text[:60])
        ) from None


@app.command("list")
def list_stock(
    text: Annotated[str, typer.Argument(help="How the lot's or part's number begins.")] = "",
    part: Annotated[str, typer.Option(help="Of this part only.")] = "",
    place: Annotated[str, typer.Option(help="At this place only.")] = "",
    owner: Annotated[str, typer.Option(help="maker, or the brand that handed it in.")] = "",
    state: Annotated[
        str, typer.Option(help="on_hand, store, line, quarantine, scrap, held, empty or all.")
    ] = "on_hand",
    after: Annotated[str, typer.Option(help="Key of the next page, as the answer gives it.")] = "",
    as_json: AsJson = False,
) -> None:
    """List lots with where they stand, 200 at a time."""
    django_ready()
    from karkhana.floor.stores.http import row_out
    from karkhana.floor.stores.queries import STATES, StockFilter, stock_page
    from karkhana.supply.stock.rules import plain

    if state not in STATES:
        raise refuse(
            "stock.state", "{value} is no state.", "Use one of {all}.", value=state, all=", ".join(STATES)
        )
    asked = (text, part, place, owner)
    clean = [word.replace("\x00", "") for word in asked]
    page = stock_page(StockFilter(clean[0], clean[1], clean[2], clean[3], state), after, LIMIT)
    if as_json:
        print_json({"lots": [row_out(row) for row in page.rows], "after": page.after})
        return
    for row in page.rows:
        where = "  ".join(f"{s.place} {plain(s.quantity)}" for s in row.standing) or "nothing"
        owned = f"  of {row.fact.owner}" if row.fact.owner else ""
        held = "  ON HOLD" if row.held else ""
        print(f"{row.fact.lot:<24} {row.fact.part:<24} {where}{owned}{held}")
    if page.after:
        print(f"More: --after {page.after}")


@app.command()
def move(
    kind: Annotated[str, typer.Argument(help="move, issue, return, scrap or send_back.")],
    lot: Lot,
    quantity: Annotated[str, typer.Argument(help="How many.")],
    source: Annotated[str, typer.Option("--from", help="Code of the place that it stands at.")],
    target: Annotated[str, typer.Option("--to", help="Code of the place that it goes to.")] = "",
    order: Annotated[str, typer.Option(help="Work order that it is for.")] = "",
    reason: Annotated[str, typer.Option(help="Why; needed for scrap and send_back.")] = "",
    event_id: Id = "",
    as_json: AsJson = False,
) -> None:
    """Move a lot: put away, issue to a line, return, scrap, send back to its supplier."""
    django_ready()
    from karkhana.floor.stores.http import posted_out
    from karkhana.floor.stores.operations import move_stock
    from karkhana.supply.stock.operations import Wanted

    wanted = Wanted(read_id(event_id), kind, lot, read_amount(quantity), source, target, reason, order)
    posted = move_stock([wanted], now=dt.datetime.now(dt.UTC), by=getpass.getuser())
    if as_json:
        print_json(posted_out(posted))
        return
    again = " (it was written before)" if posted[0].repeated else ""
    print(f"Movement {posted[0].number}: {kind} {quantity} of {lot}{again}.")


@app.command()
def count(
    lot: Lot,
    place: Place,
    counted: Annotated[str, typer.Argument(help="How many are there.")],
    reason: Annotated[str, typer.Option(help="Why it differs, where it does.")] = "",
    note: Annotated[str, typer.Option(help="Anything else.")] = "",
    event_id: Id = "",
    as_json: AsJson = False,
) -> None:
    """Count a lot at a place; what the record says was built in is booked, the rest needs a reason."""
    django_ready()
    from karkhana.floor.stores.http import count_out
    from karkhana.floor.stores.operations import count_lot
    from karkhana.supply.stock.rules import plain

    view = count_lot(
        uid=read_id(event_id),
        lot=lot,
        place=place,
        counted=read_amount(counted),
        reason=reason,
        note=note,
        now=dt.datetime.now(dt.UTC),
        by=getpass.getuser(),
    )
    if as_json:
        print_json(count_out(view))
        return
    print(
        f"{plain(view.counted)} of {lot} at {place}: {plain(view.used)} were built in since the last count."
    )
    if view.difference:
        what = "missing" if view.difference < 0 else "too many"
        print(f"{plain(abs(view.difference))} {what}, adjusted: {reason}.")


@app.command()
def place(
    code: Annotated[str, typer.Argument(help="Code of the place, as on its label.")],
    plant: Annotated[str, typer.Option(help="Code of the plant.")],
    kind: Annotated[str, typer.Option(help="store, quarantine, line or scrap.")] = "store",
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
) -> None:
    """Make a storage place."""
    django_ready()
    from karkhana.floor.stores.http import require_plant
    from karkhana.supply.stock.operations import ensure_place

    require_plant(plant)
    ensure_place(code=code, plant=plant, kind=kind, name=name)
    print(f"Place {code}: {kind} of {plant}.")
