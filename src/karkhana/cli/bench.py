"""``karkhana bench NAME``: run a benchmark of the checkout's ``bench`` folder."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import karkhana
from karkhana.kernel.refusals import refuse

app = typer.Typer()
EVENTS = 300_000
"""How much is measured where neither the caller nor the benchmark says."""
FOLDER = Path(karkhana.__file__).resolve().parents[2] / "bench"


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="Which one; 'list' names them.")] = "list",
    events: Annotated[
        int | None,
        typer.Option(
            "--events", "--units", "--rows", min=1, help="How much to measure; each benchmark says of what."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Measure this machine: a rate, its floor in the same run, and their ratio."""
    names = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
    if name == "list" and names:
        typer.echo("\n".join(names))
        return
    if name not in names:
        raise refuse(
            "bench.unknown",
            "There is no benchmark {name} in {folder}.",
            "Run it from a checkout; there are: {known}.",
            name=name,
            folder=str(FOLDER),
            known=", ".join(names) or "none",
        )
    from karkhana.cli._progress import progress_bar
    from karkhana.cli._run import print_json

    sys.path.insert(0, str(FOLDER))
    module = importlib.import_module(name)
    with progress_bar(f"Measuring {name}") as progress:
        result: dict[str, Any] = module.run(events or getattr(module, "DEFAULT", EVENTS), progress).as_dict()
    if as_json:
        print_json(result)
    else:
        _show(result)


def _show(result: dict[str, Any]) -> None:
    typer.echo(
        f"{result['name']}: {result['rate']:,} {result['unit']};"
        f" floor {result['floor']:,}; ratio {result['ratio']}"
    )
    for key, value in result["detail"].items():
        typer.echo(f"  {key}: {value}")
