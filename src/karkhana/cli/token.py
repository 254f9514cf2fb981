"""``karkhana token USER``: a token by which a machine or program logs in as a user."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def token(
    user: Annotated[str, typer.Argument(help="Account that the token acts as, with its roles.")],
    name: Annotated[str, typer.Option(help="What it is for, such as the station's code.")] = "command line",
) -> None:
    """Make a token; it is shown this once. Send it as ``Authorization: Bearer kk_…``."""
    from karkhana.cli._run import django_ready

    django_ready()
    from karkhana.people.tokens import issue_token

    print(issue_token(username=user, name=name, now=dt.datetime.now(dt.UTC)))
