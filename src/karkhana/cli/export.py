"""``karkhana export``: files for elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from karkhana.kernel.refusals import refuse

app = typer.Typer(help="Write files for elsewhere.", no_args_is_help=True)


@app.callback()
def _exports() -> None:
    """Write files for elsewhere."""


@app.command()
def release(
    product: Annotated[str, typer.Argument(help="The product's code.")],
    rev: Annotated[str, typer.Argument(help="A released revision.")],
    out: Annotated[Path, typer.Option(help="The ZIP file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on stdout.")] = False,
) -> None:
    """Write a released revision as one ZIP file: bill, route, identities, firmware, approvals, hash."""
    from karkhana.cli._run import django_ready, print_json

    if out.exists() and not force:
        raise refuse(
            "exchange.file_exists",
            "There is a file {file} already.",
            "Give another name, or --force to write over it.",
            file=str(out),
        )
    django_ready()
    from karkhana.design.operations import export_release
    from karkhana.design.queries import find_revision

    data = export_release(product_code=product, revision_code=rev)
    try:
        out.write_bytes(data)
    except OSError as problem:
        raise refuse(
            "exchange.not_written",
            "{file} cannot be written: {problem}.",
            "Give a folder that you may write to.",
            file=str(out),
            problem=(problem.strerror or "the system refused").lower(),
        ) from None
    said = {"product": product, "revision": rev, "hash": find_revision(product, rev).package_hash,
            "file": str(out), "bytes": len(data)}  # fmt: skip
    if as_json:
        print_json(said)
    else:
        print(f"{product} {rev} with the hash {said['hash']} is in {out} ({len(data)} bytes).")
