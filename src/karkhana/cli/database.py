"""``karkhana migrate``, ``karkhana doctor`` and ``karkhana database start|stop|status``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from karkhana.cli._run import django_ready, print_json, say
from karkhana.kernel.refusals import refuse

if TYPE_CHECKING:
    from karkhana.site.config import Config

AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON on stdout.")]

app = typer.Typer(help="The embedded database.", no_args_is_help=True)
migrate_app = typer.Typer()
doctor_app = typer.Typer()

#: Any number, the same in every release: whoever migrates holds this advisory lock of PostgreSQL.
MIGRATION_LOCK = 7_214_883_001


@app.command()
def start(as_json: AsJson = False) -> None:
    """Start the database, or do nothing when it runs."""
    from karkhana.site import embedded

    config = _embedded_config()
    embedded.ensure_running(config.home, progress=say)
    _report(config, as_json=as_json)


@app.command()
def stop(as_json: AsJson = False) -> None:
    """Stop the database cleanly."""
    from karkhana.site import embedded

    config = _embedded_config()
    embedded.stop(config.home, progress=say)
    _report(config, as_json=as_json)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Say whether the database runs and how to connect."""
    _report(_embedded_config(), as_json=as_json)


def _embedded_config() -> Config:
    from karkhana.site.config import Config

    config = Config.from_environment()
    if not config.is_embedded:
        raise refuse(
            "database.not_embedded",
            "KARKHANA_DATABASE_URL points at a server of your own; karkhana does not start or stop it.",
            "Use that server's own tools, or unset KARKHANA_DATABASE_URL.",
        )
    return config


def _report(config: Config, *, as_json: bool) -> None:
    from karkhana.site import embedded

    found = embedded.status(config.home)
    info = embedded.ConnectionInfo.of(embedded.Layout.of(config.home))
    if as_json:
        print_json(
            {
                "state": found.state,
                "home": str(found.home),
                "pid": found.pid,
                "socket": str(found.socket),
                "log": str(found.log),
                "conninfo": info.conninfo("app"),
            }
        )
        return
    words = {"not_made": "not made yet", "starting": "starting or recovering"}
    process = f" (process {found.pid})" if found.pid else ""
    print(f"Database: {words.get(found.state, found.state)}{process}")
    print(f"Data:     {found.home}")
    print(f"Log:      {found.log}")
    if found.state == "running":
        print(f"psql:     psql '{info.conninfo('owner')}'")


@migrate_app.command()
def migrate(as_json: AsJson = False) -> None:
    """Bring the database's tables up to date; safe to run twice, or by two at once."""
    django_ready("owner")
    names = apply_migrations()
    if as_json:
        print_json({"applied": names})
    else:
        print("\n".join(names) if names else "Nothing to do: the tables are up to date.")


def apply_migrations() -> list[str]:
    """Apply what is pending, one process at a time, and return it. Django must be ready as the owner."""
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            names = pending_migrations()
            if names:
                say(f"Applying {len(names)} migrations")
                call_command("migrate", interactive=False, verbosity=0)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
    return names


def pending_migrations() -> list[str]:
    """Return the migrations not yet applied, as ``app.name``, in the order they will be."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


@doctor_app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check this installation and say what to mend; exit code 1 when something is wrong."""
    from karkhana.cli.doctor import examine

    findings = examine()
    if as_json:
        print_json({"checks": [finding.as_dict() for finding in findings]})
    else:
        for finding in findings:
            print(f"{'ok  ' if finding.ok else 'MEND'}  {finding.name}: {finding.detail}")
            if not finding.ok:
                print(f"      {finding.next_step}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
