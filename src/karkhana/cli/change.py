"""``karkhana change``: change orders from the command line."""

from __future__ import annotations

import json
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_changes(
    every: Annotated[bool, typer.Option("--all", help="Those that are over as well.")] = False,
) -> None:
    """List change orders: number, state, product, what they wait for."""
    from karkhana.cli._run import django_ready

    django_ready()
    from rich.console import Console

    from karkhana.design.changes.rules import STATES
    from karkhana.design.models import ChangeOrder

    console = Console(highlight=False)
    wanted = STATES if every else STATES[:3]
    rows = ChangeOrder.objects.filter(state__in=wanted).order_by("pk")
    for row in rows.select_related("product", "from_revision", "to_revision"):
        ways = {"date": row.effective_on, "serial": row.effective_serial, "work_order": "by work order"}
        console.print(
            f"{row.number}  {row.state:10}  {row.product.code} {row.from_revision.code} →"
            f" {row.to_revision.code}  {ways[row.effectivity]}  {row.title}",
            markup=False,
        )


@app.command("show")
def show_change(number: Annotated[str, typer.Argument(help="Number, such as CO-0001.")]) -> None:
    """Print one change order with the impact that was shown, as JSON."""
    from karkhana.cli._run import django_ready

    django_ready()
    from karkhana.design.changes.content import change_content
    from karkhana.design.changes.queries import notes_of
    from karkhana.design.models import ChangeOrder
    from karkhana.kernel.refusals import refuse

    row = ChangeOrder.objects.filter(number=number).first()
    if row is None:
        raise refuse(
            "change.unknown", "There is no change order {number}.", "Check the number.", number=number[:40]
        )
    answer = {
        **json.loads(row.content or change_content(row)),
        "state": row.state,
        "impact": json.loads(row.impact) if row.impact else None,
        "history": [
            {"at": note.at.isoformat(), "by": note.by, "what": note.what, "note": note.note}
            for note in notes_of(number)
        ],
    }
    print(json.dumps(answer, ensure_ascii=False, indent=2))


@app.command("effect")
def effect() -> None:
    """Put every approved change into effect whose day has come; fit for a daily job."""
    from karkhana.cli._run import django_ready

    django_ready()
    from django.utils import timezone

    from karkhana.floor.changes.operations import put_due_into_effect

    for number in put_due_into_effect(user=None, now=timezone.now()):
        print(number)
