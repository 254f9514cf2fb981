"""``karkhana kit``: what a work order needs, which lots to take, what is short."""

from __future__ import annotations

import datetime as dt
import getpass
import uuid
from typing import TYPE_CHECKING, Annotated

import typer

from karkhana.cli._run import django_ready, print_json

if TYPE_CHECKING:
    from karkhana.floor.kitting.queries import Kit

app = typer.Typer()


@app.command()
def kit(
    order: Annotated[str, typer.Argument(help="Number of the work order.")],
    place: Annotated[str, typer.Option(help="Line place that it goes to.")] = "",
    whole: Annotated[bool, typer.Option("--whole", help="Take whole lots (reels).")] = False,
    hand_out: Annotated[bool, typer.Option("--hand-out", help="Issue what is proposed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show a work order's material: needs, lots to take, shortages; hand it out when told to."""
    django_ready()
    from karkhana.floor.kitting.http import kit_out
    from karkhana.floor.kitting.operations import hand_out_kit
    from karkhana.floor.kitting.queries import plan_kit
    from karkhana.floor.stores.http import posted_out

    now = dt.datetime.now(dt.UTC)
    found = plan_kit(order, now=now, place=place, whole=whole)
    posted = None
    if hand_out:
        posted = hand_out_kit(
            uid=uuid.uuid4(), work_order=order, now=now, place=place, whole=whole, by=getpass.getuser()
        )
    if as_json:
        print_json(kit_out(found) | ({"handed_out": posted_out(posted)["moves"]} if posted else {}))
        return
    _show(found)
    if posted:
        print(f"Handed out to {found.place}: {len(posted)} lots.")


def _show(found: Kit) -> None:
    from karkhana.supply.stock.rules import plain

    print(f"{found.work_order}: {found.units} of {found.product} {found.revision}, to {found.place or '?'}")
    for line in found.lines:
        short = f"  SHORT {plain(line.short)}" if line.short else ""
        print(f"{line.need.part:<28} open {plain(line.need.open)} of {plain(line.need.quantity)}{short}")
        for pick in line.picks:
            until = f"  use by {pick.expires_on}" if pick.expires_on else ""
            print(f"    {pick.lot:<24} {plain(pick.quantity):>12} from {pick.place}{until}")
        for other in line.left_out:
            print(f"    {other.lot:<24} left out: {other.problem.replace('_', ' ')}")
        for part in line.need.parts:
            for held in found.elsewhere.get(part, ()) if line.short else ():
                print(f"    {plain(held.quantity)} are with {held.work_order}")
    for need in found.built_here:
        print(f"{need.product:<28} {plain(need.quantity)} are built here")
