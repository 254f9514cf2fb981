"""``karkhana import``: files from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from karkhana.cli import import_registers

app = typer.Typer(help="Read files from elsewhere.", no_args_is_help=True)
import_registers.add_to(app)


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


@app.command()
def release(
    file: Annotated[Path, typer.Argument(help="A file that karkhana export release wrote.")],
    brand: Annotated[
        str | None, typer.Option(help="Make the brand of the release known under this name.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on stdout.")] = False,
) -> None:
    """Release here what was released elsewhere, with the same hash."""
    from karkhana.cli._run import django_ready, print_json

    data = _release_file(file)
    django_ready()
    from django.utils import timezone

    from karkhana.design.operations import import_release

    done = import_release(data=data, now=timezone.now(), brand_name=brand)
    said = {
        "product": done.revision.product.code,
        "revision": done.revision.code,
        "hash": done.revision.package_hash,
        "made": done.made,
        "documents": done.documents,
        "approvals": done.approvals,
        "unknown_signers": list(done.strangers),
    }
    if as_json:
        print_json(said)
        return
    state = "released here" if done.made else "here already, the same"
    print(f"{said['product']} {said['revision']} with the hash {said['hash']} is {state}.")
    if done.strangers:
        print(f"Nobody here knows the keys of {', '.join(done.strangers)}; their approvals are not kept.")


def _release_file(file: Path) -> bytes:
    from karkhana.design.exchange.read import FILE_MAX
    from karkhana.kernel.refusals import refuse

    try:
        if file.is_file() and file.stat().st_size > FILE_MAX:
            raise refuse(
                "exchange.too_large",
                "{member} is larger than a release file may be ({limit}).",
                "Give the file as it was exported.",
                member=file.name,
                limit=FILE_MAX,
            )
        return file.read_bytes()
    except (OSError, ValueError):
        raise refuse(
            "exchange.no_file",
            "There is no file {file} that can be read.",
            "Check the path; give the file itself, not its folder.",
            file=str(file)[:200],
        ) from None
