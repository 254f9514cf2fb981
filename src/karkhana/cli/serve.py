"""``karkhana serve``: the database, the tables, the static files, then the web."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from karkhana.cli._run import django_ready, say
from karkhana.kernel.refusals import refuse

if TYPE_CHECKING:
    from karkhana.site.config import Config

app = typer.Typer()

WORKERS = 2
#: Threads of each worker. Each holds one connection, so this stays well below the server's 100.
THREADS = 16
APPLICATION = "karkhana.site.wsgi:application"


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(help="TCP port, instead of KARKHANA_PORT.", min=1, max=65535)] = None,
    bind: Annotated[str | None, typer.Option(help="Address to listen on, instead of KARKHANA_BIND.")] = None,
) -> None:
    """Serve the pages and the API until Ctrl-C. The database goes on running afterwards."""
    config = django_ready("app")
    run_web(config, bind=bind or config.bind, port=port or config.port)


def run_web(config: Config, *, bind: str, port: int) -> None:
    """Bring tables and static files up to date, then serve until a signal comes.

    Django must be ready (``django_ready("app")``). Blocks; returns after a clean stop.

    Raises:
        Refused: ``serve.port_taken``, or what ``karkhana migrate`` refuses.
    """
    check_port(bind, port)
    migrate_if_needed()
    collect_static(config)
    from django.db import connections

    connections.close_all()
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    server = Granian(
        APPLICATION,
        address=bind,
        port=port,
        interface=Interfaces.WSGI,
        workers=WORKERS,
        blocking_threads=THREADS,
        # Idle threads would take their database connections with them without closing them.
        blocking_threads_idle_timeout=600,
        respawn_failed_workers=True,
        websockets=False,
        log_level=LogLevels.warning,
        process_name=None,
    )
    server.on_startup(lambda: say(f"karkhana serves at {address(bind, port)} - Ctrl-C stops it"))
    server.serve()
    say("Stopped. The database goes on running; karkhana database stop ends it.")


def address(bind: str, port: int) -> str:
    """Return the address to open in a browser on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(bind, f"[{bind}]" if ":" in bind else bind)
    return f"http://{host}:{port}/"


def check_port(bind: str, port: int) -> None:
    """Refuse an address that cannot be listened on, before anything slow begins."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        raise refuse(
            "serve.port_taken",
            "Cannot listen on {bind} port {port}: {reason}.",
            "Stop what uses that port, or choose another with --port or KARKHANA_PORT.",
            bind=bind,
            port=port,
            reason=error.strerror or str(error),
        ) from None


def migrate_if_needed() -> None:
    """Run ``karkhana migrate`` when there is something to apply, in a process of its own.

    A process has one database role: this one must stay the application's.
    """
    from karkhana.cli.database import pending_migrations

    if not pending_migrations():
        return
    # The child has said why; its refusal is on the same stderr.
    done = subprocess.run([sys.executable, "-m", "karkhana.cli", "migrate"], stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)


def collect_static(config: Config) -> None:
    """Gather, hash and compress the static files when any changed since the last time."""
    from django.conf import settings

    if settings.DEBUG:
        return
    stamp = Path(settings.STATIC_ROOT) / ".stamp"
    now = _static_fingerprint()
    if stamp.is_file() and stamp.read_text() == now:
        return
    say("Preparing static files (after an update only)")
    # Its own process: this one has read its settings before the files were there.
    code = (
        "import django; from django.conf import settings as s; "
        "s.STORAGES['staticfiles']['BACKEND'] = 'whitenoise.storage.CompressedManifestStaticFilesStorage'; "
        "django.setup(); from django.core.management import call_command; "
        "call_command('collectstatic', interactive=False, verbosity=0, clear=True)"
    )
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {"KARKHANA_HOME": str(config.home)}, check=False)
    if done.returncode:
        # Not worth refusing to serve: they are then served from where they lie, uncompressed.
        say("Static files could not be prepared; serving them as they are")
        return
    stamp.write_text(now)


def _static_fingerprint() -> str:
    """Return a digest over the names, sizes and times of all static files."""
    from django.contrib.staticfiles.finders import get_finders

    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(None):
            size, changed = storage.size(path), storage.get_modified_time(path).timestamp()
            digest.update(f"{path}\0{size}\0{changed}\n".encode())
    return digest.hexdigest()
