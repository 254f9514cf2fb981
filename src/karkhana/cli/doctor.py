"""The checks behind ``karkhana doctor``: it looks and starts nothing."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from karkhana.kernel.refusals import Refused

if TYPE_CHECKING:
    import psycopg

    from karkhana.site.config import Config

GIGABYTE = 1024**3
#: Below this the record of a busy day may not fit.
ROOM_WANTED = 2 * GIGABYTE


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, whether it is well, what was seen and what to do when it is not."""

    name: str
    ok: bool
    detail: str
    next_step: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


def examine() -> list[Finding]:
    """Run all checks, in an order in which each later one builds on the earlier."""
    from karkhana.site.config import Config

    version = ".".join(str(part) for part in sys.version_info[:3])
    findings = [Finding("python", sys.version_info >= (3, 11), version, "Install Python 3.11 or newer.")]
    config: Config | None = None

    def read() -> list[Finding]:
        nonlocal config
        config = Config.from_environment()
        return [Finding("configuration", True, f"home {config.home}, port {config.port}")]

    findings += _guarded("configuration", read)
    if config is None:
        return findings
    known = config
    findings += _guarded("data folder", lambda: _files(known))
    server = _guarded("database", lambda: _server(known))
    findings += server
    if all(finding.ok for finding in server) and server[-1].detail != "not made yet":
        findings += _guarded("tables", lambda: _inside(known))
    return findings


def _guarded(name: str, check: Callable[[], list[Finding]]) -> list[Finding]:
    """Run one check; a refusal or an error of the machine is a finding, not the end."""
    try:
        return check()
    except Refused as refused:
        return [Finding(name, False, refused.refusal.message, refused.refusal.next_step)]
    except OSError as error:
        return [Finding(name, False, str(error), "Check the permissions of this file or folder.")]


def _files(config: Config) -> list[Finding]:
    if not config.home.is_dir():
        return [Finding("data folder", True, f"{config.home} is not made yet")]
    free = shutil.disk_usage(config.home).free
    findings = [
        Finding(
            "disk",
            free >= ROOM_WANTED,
            f"{free / GIGABYTE:.1f} GB free below {config.home}",
            f"Free space until at least {ROOM_WANTED / GIGABYTE:.0f} GB are free.",
        )
    ]
    for path in (config.secret_key_file, config.home / "pgpass"):
        if path.exists():
            private = not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
            detail = "private" if private else "readable by others"
            findings.append(Finding(f"file {path.name}", private, detail, f"Run: chmod 600 {path}"))
    return findings


def _server(config: Config) -> list[Finding]:
    if config.is_embedded:
        from karkhana.site import embedded

        state = embedded.status(config.home).state
        if state == "not_made":
            return [Finding("database", True, "not made yet")]
        return [Finding("database", state == "running", f"embedded, {state}", "Run: karkhana database start")]
    with _connection(config) as connection:
        return [Finding("database", True, f"own server at {connection.info.host or 'its socket'}")]


def _inside(config: Config) -> list[Finding]:
    with _connection(config) as connection:
        version = connection.info.server_version // 10_000
        findings = [
            Finding("PostgreSQL", version >= 15, f"version {version}", "Use PostgreSQL 15 or newer."),
            _setting(connection, "server_encoding", "UTF8", "Make the database again with ENCODING 'UTF8'."),
        ]
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            findings.append(_setting(connection, name, "on", f"Set {name} to on: a power cut loses data."))
        findings.append(_rights(connection))
    tables = _migrations()
    return [*findings, tables, *(_pools() if tables.ok else ())]


def _setting(connection: psycopg.Connection, name: str, wanted: str, next_step: str) -> Finding:
    row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    found = str(row[0]) if row else "?"
    return Finding(name, found == wanted, found, next_step)


def _rights(connection: psycopg.Connection) -> Finding:
    """Check that the application is bound by row-level security: it is no superuser and owns no table."""
    row = connection.execute(
        "SELECT current_user, rolsuper OR rolbypassrls, EXISTS ("
        "  SELECT FROM pg_tables WHERE tableowner = current_user AND schemaname = 'public')"
        " FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    name, above, owns = row or ("?", True, True)
    detail = (
        f"{name} is {'above the rules' if above else 'the owner of tables' if owns else 'bound by the rules'}"
    )
    return Finding(
        "application role",
        not above and not owns,
        detail,
        "Serve as a role that owns nothing; migrate as the owner (docs: own server).",
    )


def _migrations() -> Finding:
    """Count what ``karkhana migrate`` would do."""
    os.environ["KARKHANA_ROLE"] = "app"
    os.environ["DJANGO_SETTINGS_MODULE"] = "karkhana.site.settings"
    import django

    django.setup()
    from karkhana.cli.database import pending_migrations

    pending = pending_migrations()
    return Finding("tables", not pending, f"{len(pending)} migrations to apply", "Run: karkhana migrate")


def _pools() -> list[Finding]:
    """Look whether any pool of identities runs out; where there are none, there is nothing to say."""
    from django.utils import timezone

    from karkhana.floor.pools.queries import pools

    found = pools(timezone.now())
    low = [view.code for view in found if view.alarm]
    detail = f"{len(low)} of {len(found)} run out: {', '.join(low[:5])}" if low else f"{len(found)} last"
    step = "Run: karkhana pool forecast --alarms, and import the next ranges."
    return [Finding("identity pools", not low, detail, step)] if found else []


@contextmanager
def _connection(config: Config) -> Iterator[psycopg.Connection]:
    import psycopg

    from karkhana.site import embedded

    info = embedded.ConnectionInfo.of(embedded.Layout.of(config.home))
    if config.database is None:
        parameters: dict[str, Any] = {"conninfo": info.conninfo("app")}
    else:
        parameters = {"connect_timeout": 10, **config.database}
    try:
        connection = psycopg.connect(**parameters)
    except psycopg.OperationalError as error:
        raise OSError(" ".join(str(error).split())) from None
    with connection:
        yield connection
