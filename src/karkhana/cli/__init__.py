"""The command line: ``karkhana COMMAND``.

One module per command or group, each with a ``typer.Typer`` object. A module is imported only when its
command is the one that was called, so help and file checks start at once and never load Django.

**To add a command**: write ``cli/<name>.py`` with an ``app`` and add one line to :data:`COMMANDS`. Inside
the command call ``karkhana.cli._run.django_ready()`` before the first import of a model, and simply let a
``Refused`` fly: :func:`main` says it and ends with 1. Exit codes: 0 success, 1 a refusal, 2 wrong use.
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives (module and the name of its Typer object) and its one line of help."""

    module: str
    help: str
    app: str = "app"


#: In the order that help shows them.
COMMANDS: dict[str, Entry] = {
    "demo": Entry("karkhana.cli.demo", "Run the reference factory for a day, then live."),
    "serve": Entry("karkhana.cli.serve", "Serve the pages and the API."),
    "migrate": Entry("karkhana.cli.database", "Bring the database's tables up to date.", "migrate_app"),
    "doctor": Entry("karkhana.cli.database", "Check this installation and say what to mend.", "doctor_app"),
    "database": Entry("karkhana.cli.database", "Start, stop or look at the embedded database."),
    "import": Entry(
        "karkhana.cli.imports", "Read files from elsewhere: bills of material, releases, registers."
    ),
    "export": Entry("karkhana.cli.export", "Write files for elsewhere: a release as one ZIP."),
    "diff": Entry("karkhana.cli.diff", "What two revisions or files differ in, place by place."),
    "release": Entry("karkhana.cli.factory", "Release a product's revision to the floor.", "release_app"),
    "replay": Entry("karkhana.cli.replay", "Feed recorded events into the record."),
    "order": Entry("karkhana.cli.order", "Work orders: what is built, at which stage."),
    "stock": Entry("karkhana.cli.stock", "What stands where in the stores; move it, count it."),
    "kit": Entry("karkhana.cli.kit", "A work order's material: what to take, what is short."),
    "simulate": Entry("karkhana.cli.factory", "Let the simulated factory produce.", "simulate_app"),
    "pool": Entry("karkhana.cli.pool", "Pools of identities: ranges, draws, forecast."),
    "receive": Entry("karkhana.cli.receive", "Receive lots: one, or the rows of a file.", "receive_app"),
    "inspect": Entry("karkhana.cli.receive", "Incoming inspection: list, show, judge.", "inspect_app"),
    "trace": Entry("karkhana.cli.trace", "Everything about one unit."),
    "recall": Entry("karkhana.cli.recall", "Where a lot or a part was used, in both directions."),
    "localise": Entry("karkhana.cli.localise", "How much of a unit, or of what was built, is local."),
    "localise-next": Entry("karkhana.cli.localise_next", "What to localise next: least cost to a target."),
    "certificate": Entry(
        "karkhana.cli.certificate", "Issue a certificate of local content, as PDF and XLSX."
    ),
    "change": Entry("karkhana.cli.change", "Change orders: list, show, put into effect what is due."),
    "firmware": Entry("karkhana.cli.firmware", "Firmware images: register, approve, withdraw, find."),
    "rebuild": Entry("karkhana.cli.rebuild", "Drop what is derived from the record and build it again."),
    "partner": Entry("karkhana.cli.partner", "Parties, agreements, and keys that sign approvals."),
    "token": Entry("karkhana.cli.token", "Make a token by which a machine or program logs in."),
    "scheme": Entry("karkhana.cli.scheme", "Incentive schemes: figures with sources, and what they pay."),
    "bench": Entry("karkhana.cli.bench", "Measure this machine against a benchmark."),
}


class LazyGroup(TyperGroup):
    """A group that knows its commands' names and help lines, and imports only the one called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands that exist."""
        return [name for name, entry in COMMANDS.items() if importlib.util.find_spec(entry.module)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a stand-in good enough for the list of commands."""
        entry = COMMANDS.get(cmd_name)
        if entry is None or importlib.util.find_spec(entry.module) is None:
            return None
        return TyperCommand(cmd_name, help=entry.help)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that was called, imported now."""
        name, found, rest = super().resolve_command(ctx, args)
        if name is None or found is None:
            return name, found, rest
        entry = COMMANDS[name]
        command = typer.main.get_command(getattr(importlib.import_module(entry.module), entry.app))
        command.name = name
        return name, command, rest


app = typer.Typer(
    cls=LazyGroup,
    name="karkhana",
    help="Runs a contract electronics factory and proves, device by device, what was promised.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)


@app.callback()
def _root() -> None:
    """Runs a contract electronics factory and proves, device by device, what was promised."""


def main() -> None:
    """Run the command line; the entry point of the ``karkhana`` program."""
    from karkhana.cli._run import refusals_end_with_one

    with refusals_end_with_one():
        app()
