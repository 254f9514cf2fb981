"""Making a database cluster and writing its settings."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from pathlib import Path

from karkhana.kernel.refusals import Refused, refuse
from karkhana.site.embedded.account import Account
from karkhana.site.embedded.binaries import MAJOR, Binaries
from karkhana.site.embedded.layout import ROLE_NAMES, Layout, Role

MEGABYTE = 1024 * 1024
#: Free space below which a new cluster (about 50 MB and its first log files) is not begun.
ROOM_TO_INIT = 300 * MEGABYTE
#: Free space below which an existing server is not started: recovery itself writes.
ROOM_TO_START = 64 * MEGABYTE
SETTINGS_FILE = "karkhana.conf"
INIT_PREFIX = ".pgdata-init-"

SETTINGS = {
    "listen_addresses": "",
    "password_encryption": "scram-sha-256",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "512MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # The wheel's build has neither lz4 nor zstd, and pglz costs more time than the disk it saves.
    "wal_compression": "off",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    # The record only ever grows: vacuum and analyse early, by share of the rows added.
    "autovacuum_naptime": "30s",
    "autovacuum_vacuum_insert_scale_factor": "0.05",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.02",
    "autovacuum_vacuum_cost_limit": "2000",
    # One file per weekday, overwritten a week later: the log cannot fill the disk over the years.
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_min_duration_statement": "5s",
    "cluster_name": "karkhana",
}
NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
}


def load_passwords(layout: Layout) -> dict[Role, str]:
    """Return the passwords by role, making the file (0600) when this home is new.

    Raises:
        Refused: ``database.passwords_missing`` when there is a database but no passwords for it.
    """
    try:
        lines = layout.passwords.read_text().splitlines()
    except FileNotFoundError:
        if layout.data.exists():
            raise refuse(
                "database.passwords_missing",
                "The data folder {home} has a database but its password file {file} is gone.",
                "Put the file back from a backup of the data folder.",
                home=str(layout.home),
                file=str(layout.passwords),
            ) from None
        return _make_passwords(layout)
    by_name = dict(line.split(":")[3:5] for line in lines if line.count(":") == 4)
    return {role: by_name[name] for role, name in ROLE_NAMES.items()}


def _make_passwords(layout: Layout) -> dict[Role, str]:
    made: dict[Role, str] = {role: secrets.token_urlsafe(24) for role in ROLE_NAMES}
    text = "".join(f"*:*:*:{ROLE_NAMES[role]}:{password}\n" for role, password in made.items())
    write_private(layout.passwords, text, owner=layout.owner_uid())
    return made


def write_private(path: Path, text: str, *, owner: int, mode: int = 0o600) -> None:
    """Write a file as a whole or not at all, readable by its owner only."""
    descriptor, half = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fchmod(descriptor, mode)
            if os.geteuid() == 0:
                os.fchown(descriptor, owner, -1)
            os.fsync(descriptor)
        os.rename(half, path)
    except BaseException:
        os.unlink(half)
        raise


def check_room(layout: Layout, needed: int) -> None:
    """Refuse when fewer than ``needed`` bytes are free on the data folder's disk."""
    free = shutil.disk_usage(layout.home).free
    if free < needed:
        raise disk_full(layout, needed)


def disk_full(layout: Layout, needed: int) -> Refused:
    """Return the refusal for a full disk, ``needed`` in bytes."""
    return refuse(
        "database.disk_full",
        "The disk of the data folder {home} is full: {free_mb} MB are free, {needed_mb} MB are needed.",
        "Free space on that disk, then start again; nothing was lost.",
        home=str(layout.home),
        free_mb=shutil.disk_usage(layout.home).free // MEGABYTE,
        needed_mb=needed // MEGABYTE,
    )


def create_cluster(
    layout: Layout, account: Account, binaries: Binaries, password: str, *, durable: bool
) -> None:
    """Make the data folder as a whole: initdb into a temporary folder, then one rename.

    Raises:
        Refused: ``database.disk_full`` or ``database.init_failed``.
    """
    for leftover in layout.home.glob(f"{INIT_PREFIX}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    check_room(layout, ROOM_TO_INIT)
    half = Path(tempfile.mkdtemp(prefix=INIT_PREFIX, dir=layout.home))
    try:
        account.own(half, 0o700)
        _initdb(layout, half, account, binaries, password, durable=durable)
        with (half / "postgresql.conf").open("a") as file:
            file.write(f"\ninclude '{SETTINGS_FILE}'\n")
        (half / "pg_hba.conf").write_text(
            "# Passwords always, also on the socket.\nlocal all all scram-sha-256\n"
        )
        half.rename(layout.data)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    folder = os.open(layout.home, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _initdb(
    layout: Layout, target: Path, account: Account, binaries: Binaries, password: str, *, durable: bool
) -> None:
    secret = layout.home / f"{INIT_PREFIX}password"
    write_private(secret, password + "\n", owner=account.uid)
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
    access = [f"--username={ROLE_NAMES['super']}", "--auth=scram-sha-256", f"--pwfile={secret}"]
    sync = [] if durable else ["--no-sync"]
    program = binaries.program("initdb")
    try:
        said = account.run([program, f"--pgdata={target}", "--data-checksums", *locale, *access, *sync])
    finally:
        secret.unlink(missing_ok=True)
    if said.returncode == 0:
        return
    if "No space left" in said.stderr:
        raise disk_full(layout, ROOM_TO_INIT)
    raise refuse(
        "database.init_failed",
        "PostgreSQL could not make the data folder {data}: {reason}",
        "Read the reason above; when it is not yours to mend, report it with the output of karkhana doctor.",
        data=str(layout.data),
        reason=" ".join(said.stderr.split())[-600:],
    )


def check_version(layout: Layout) -> None:
    """Refuse a data folder that another major version of PostgreSQL made."""
    try:
        made_by = (layout.data / "PG_VERSION").read_text().strip()
    except OSError:
        made_by = "unknown"
    if made_by != str(MAJOR):
        raise refuse(
            "database.version_mismatch",
            "The data folder {data} was made by PostgreSQL {made_by}; this release brings {major}.",
            "Run the karkhana release that made it, export, and import into a new data folder.",
            data=str(layout.data),
            made_by=made_by,
            major=MAJOR,
        )


def write_settings(layout: Layout, account: Account, *, durable: bool) -> None:
    """Write our settings file; done before every start, so that new settings reach old homes."""
    settings = SETTINGS | ({} if durable else NOT_DURABLE)
    # A comma would part one folder into two: the inner double quotes keep it whole.
    settings["unix_socket_directories"] = '"{}"'.format(str(layout.run).replace('"', '""'))
    settings["port"] = layout.socket.name.rpartition(".")[2]
    settings["log_directory"] = str(layout.log)
    lines = ["# Written by karkhana at every start. Your own changes: ALTER SYSTEM, or postgresql.auto.conf."]
    for name, value in settings.items():
        quoted = value.replace("\\", "\\\\").replace("'", "''")
        lines.append(f"{name} = '{quoted}'")
    path = layout.data / SETTINGS_FILE
    write_private(path, "\n".join(lines) + "\n", owner=account.uid)
    account.own(path, 0o600)
