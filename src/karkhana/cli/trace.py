"""``karkhana trace SERIAL``: everything about one unit."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

app = typer.Typer()


@app.command()
def trace(
    serial: Annotated[
        str, typer.Argument(help="Process serial, or any identity: IMEI, MAC, product serial.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Tell everything about one unit: its way, what is in it, which reels fed it."""
    from karkhana.cli._run import django_ready

    django_ready()
    from karkhana.floor.trace import json_default, trace_unit

    found = trace_unit(serial)
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2, default=json_default))
    else:
        _show(found)


def _show(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.tree import Tree

    console = Console(highlight=False)
    held = ", ON HOLD" if found["held"] else ""
    console.print(
        f"{found['serial']}: {found['product']} {found['revision']} of {found['brand']},"
        f" {found['state']}{held}",
        style="bold",
        markup=False,
    )
    for kind, value in found["identities"].items():
        console.print(f"  {kind}: {value}", markup=False)
    events = Table("when (UTC)", "event", "station", "actor", "outcome")
    for event in found["events"]:
        refusal = event["refusal"]
        outcome = f"REFUSED {refusal['code']}" if refusal else event.get("result", "")
        events.add_row(
            f"{event['at']:%Y-%m-%d %H:%M:%S}",
            event["type"],
            event["station"],
            event.get("actor", ""),
            outcome,
        )
    console.print(events)
    tree = Tree("installed")
    _branches(tree, found["installed"])
    console.print(tree)
    reels = Table("step", "station", "part", "lot", "exact")
    for row in found["materials"]:
        lots = ", ".join(dict.fromkeys(c["lot"] for c in row["candidates"])) or "unknown"
        reels.add_row(
            str(row["step"]), row["station"], row["part"], lots, "yes" if row["exact"] else "one of these"
        )
    console.print(reels)


def _branches(tree: Any, installed: list[dict[str, Any]]) -> None:
    for child in installed:
        lot = f" lot {child['lot']}" if child["lot"] else ""
        branch = tree.add(f"{child['role']}: {child['part']} {child['serial'] or ''}{lot}")
        if child["unit"]:
            _branches(branch, child["unit"]["installed"])
