"""``karkhana serve``: the database, the tables, the static files, then the web."""

from __future__ import annotations

import os
import socket
from typing import Annotated

import typer

from karkhana.cli._prepare import prepare_web
from karkhana.cli._run import ensure_database, say
from karkhana.kernel.refusals import refuse

app = typer.Typer()

WORKERS = 2
#: Threads of each worker. Each holds one connection, so all together stay well below the server's 100.
THREADS = 16
APPLICATION = "karkhana.site.wsgi:application"


@app.command()
def serve(
    port: Annotated[
        int | None, typer.Option(help="TCP port, instead of KARKHANA_PORT.", min=1, max=65535)
    ] = None,
    bind: Annotated[str | None, typer.Option(help="Address to listen on, instead of KARKHANA_BIND.")] = None,
) -> None:
    """Serve the pages and the API until Ctrl-C. The database goes on running afterwards.

    This process never loads Django: the workers are its forks, and read the settings for themselves.
    """
    from karkhana.site.config import Config

    os.environ["KARKHANA_ROLE"] = "app"
    config = Config.from_environment()
    bind, port = bind or config.bind, port or config.port
    check_port(bind, port)
    ensure_database(config)
    config.ensure_secret_key()
    prepare_web()
    _serve(bind, port)
    say("Stopped. The database goes on running; karkhana database stop ends it.")


def _serve(bind: str, port: int) -> None:
    """Run the web until a signal comes."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    os.environ["DJANGO_SETTINGS_MODULE"] = "karkhana.site.settings"
    server = Granian(
        APPLICATION,
        address=bind,
        port=port,
        interface=Interfaces.WSGI,
        workers=WORKERS,
        blocking_threads=THREADS,
        # A thread that ends leaves its database connection to the garbage collector: keep them long.
        blocking_threads_idle_timeout=600,
        respawn_failed_workers=True,
        websockets=False,
        # Its warnings are advice on thread counts; a worker that dies is reported as an error.
        log_level=LogLevels.error,
    )
    server.on_startup(lambda: say(f"karkhana serves at {web_address(bind, port)} - Ctrl-C stops it"))
    server.serve()


def web_address(bind: str, port: int) -> str:
    """Return the address to open in a browser on this machine."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - recognised here, not chosen
    host = everywhere.get(bind, f"[{bind}]" if ":" in bind else bind)
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
