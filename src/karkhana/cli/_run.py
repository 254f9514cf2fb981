"""What all commands share: how a refusal ends them, and getting Django and its database ready."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from karkhana.kernel.refusals import Refusal, Refused, refuse

if TYPE_CHECKING:
    from karkhana.site.config import Config


@contextmanager
def refusals_end_with_one() -> Iterator[None]:
    """End the program with exit code 1 and a clear message when something was refused."""
    try:
        yield
    except Refused as refused:
        show_refusal(refused.refusal, as_json="--json" in sys.argv[1:])
        sys.exit(1)


def show_refusal(refusal: Refusal, *, as_json: bool) -> None:
    """Say a refusal: on stderr for people, as ``{"refusal": {...}}`` on stdout for programs."""
    if as_json:
        print_json({"refusal": refusal.as_dict()})
        return
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    console.print(f"Refused ({refusal.code})", style="bold red", markup=False)
    # A path broken across lines cannot be copied, so the terminal does the wrapping.
    console.print(refusal.message, markup=False, soft_wrap=True)
    console.print(refusal.next_step, style="bold", markup=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print one JSON document on stdout, as every ``--json`` does."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def say(message: str) -> None:
    """Tell a person what goes on, on stderr: stdout belongs to results."""
    print(message, file=sys.stderr, flush=True)


def django_ready(role: Literal["app", "owner"] = "app") -> Config:
    """Make sure that the database runs, set Django up on it, and return the configuration.

    Args:
        role: the database role to connect as; ``owner`` only where tables change.

    Raises:
        Refused: ``config.*`` or ``database.*``.
    """
    from karkhana.site.config import Config

    os.environ["KARKHANA_ROLE"] = role
    config = Config.from_environment()
    ensure_database(config)
    config.ensure_secret_key()
    os.environ["DJANGO_SETTINGS_MODULE"] = "karkhana.site.settings"
    import django
    from django.conf import settings

    if settings.configured and settings.CONFIG.role != role:
        raise RuntimeError(f"Django already connects as {settings.CONFIG.role}; one process, one role")
    django.setup()
    if role == "app":
        _ensure_tables(config)
    return config


def _ensure_tables(config: Config) -> None:
    """Make or update the embedded database's tables; ask for it on a server of the user's own.

    Raises:
        Refused: ``database.not_migrated``.
    """
    from karkhana.cli.database import pending_migrations

    pending = pending_migrations()
    if not pending:
        return
    if config.database is not None:
        raise refuse(
            "database.not_migrated",
            "The tables of this database are not up to date: {count} migrations are missing.",
            "Run: karkhana migrate, as the role that owns the tables.",
            count=len(pending),
        )
    done = subprocess.run(
        [sys.executable, "-m", "karkhana.cli", "migrate"], check=False, stdout=subprocess.DEVNULL
    )
    if done.returncode:
        sys.exit(done.returncode)


def ensure_database(config: Config) -> None:
    """Start the embedded database, or make sure that the own server answers."""
    if config.database is None:
        from karkhana.site import embedded

        embedded.ensure_running(config.home, progress=say)
        return
    import psycopg

    try:
        psycopg.connect(**{"connect_timeout": 10, **config.database}).close()
    except psycopg.OperationalError as error:
        raise refuse(
            "database.unreachable",
            "The server of KARKHANA_DATABASE_URL does not answer: {reason}",
            "Check the address, the password and that the server runs.",
            reason=" ".join(str(error).split()),
        ) from None
