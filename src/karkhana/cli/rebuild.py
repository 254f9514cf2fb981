"""``karkhana rebuild``: drop the projections and read them from the record again."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def rebuild(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Drop what is derived from the record, build it again, and compare digests before and after."""
    from karkhana.cli._progress import progress_bar
    from karkhana.cli._run import django_ready, print_json

    django_ready("owner")
    from karkhana.floor.rebuild import digest_projections
    from karkhana.floor.rebuild import rebuild as run

    before = digest_projections()
    with progress_bar("Rebuilding") as progress:
        count = run(progress)
    after = digest_projections()
    changed = sorted(table for table in after if before[table] != after[table])
    if as_json:
        print_json({"events": count, "identical": not changed, "changed": changed, "digests": after})
    else:
        verdict = "every projection is identical" if not changed else f"these differ: {', '.join(changed)}"
        print(f"{count} events replayed; {verdict}.")
    if changed:
        raise typer.Exit(1)
