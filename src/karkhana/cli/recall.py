"""``karkhana recall``: where a lot or a part was used."""

from __future__ import annotations

import json
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def recall(
    lot: Annotated[str | None, typer.Option(help="Lot of material, as on the reel's label.")] = None,
    serial: Annotated[
        str | None, typer.Option(help="Serial of a key part, sub-assembly, panel or unit.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the units that hold a lot or a part, through sub-assemblies, with where they are now."""
    from karkhana.cli._run import django_ready

    django_ready()
    from karkhana.floor.recall import recall as find
    from karkhana.floor.trace import json_default

    found = find(lot=lot, serial=serial)
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2, default=json_default))
        return
    from rich.console import Console

    console = Console(highlight=False)
    console.print(
        f"{found['units']} units: {found['shipped']} shipped, {found['in_plant']} in plant,"
        f" {found['scrapped']} scrapped",
        style="bold",
    )
    for brand, count in found["by_brand"].items():
        console.print(f"  {brand}: {count}", markup=False)
    for unit in found["serials"]:
        console.print(unit, markup=False)
