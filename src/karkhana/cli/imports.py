"""``karkhana import``: files from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Read files from elsewhere.", no_args_is_help=True)


@app.callback()
def _imports() -> None:
    """Read files from elsewhere."""


@app.command()
def bom(
    file: Annotated[
        Path, typer.Argument(help="The file: CSV, TSV, XLSX, XLS, ODS or XML.", exists=True, dir_okay=False)
    ],
    product: Annotated[str, typer.Option(help="The product's code.")],
    rev: Annotated[str, typer.Option(help="The revision, such as A.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what was understood.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on stdout.")] = False,
) -> None:
    """Read a bill of materials in any dialect and report what was understood."""
    from karkhana.cli.design_bom import run_import_bom

    raise typer.Exit(run_import_bom(file, product, rev, dry_run, as_json))
