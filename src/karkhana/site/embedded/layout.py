"""Where everything of the embedded database lies, and how to connect to it.

Every path follows from the home folder alone, so any process can work out the connection without
asking the one that started the server, and Django's settings can be read before there is a server.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from psycopg.conninfo import make_conninfo

from karkhana.kernel.refusals import refuse

Role = Literal["app", "owner", "super"]

#: The database roles by what they are for: the application, the migrations, the supervisor itself.
ROLE_NAMES: dict[Role, str] = {"app": "karkhana_app", "owner": "karkhana_owner", "super": "postgres"}
DATABASE = "karkhana"
#: There is no TCP port: PostgreSQL only names its socket file after this number.
PORT = 5432
#: Linux allows 107 bytes for a socket path, macOS 103; ``/.s.PGSQL.5432`` comes on top of the folder.
LONGEST_SOCKET_PATH = 100


def home(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the data folder: ``KARKHANA_HOME``, else the user's data directory.

    The default is ``/var/lib/karkhana`` for root, ``$XDG_DATA_HOME/karkhana`` or
    ``~/.local/share/karkhana`` for anyone else. The folder need not exist yet.
    """
    named = environment.get("KARKHANA_HOME")
    if named:
        return Path(named).expanduser().resolve()
    if os.geteuid() == 0:
        return Path("/var/lib/karkhana")
    base = environment.get("XDG_DATA_HOME")
    # The XDG specification tells programs to ignore a relative path here.
    folder = Path(base) if base and Path(base).is_absolute() else Path.home() / ".local" / "share"
    return (folder / "karkhana").resolve()


@dataclass(frozen=True, slots=True)
class Layout:
    """The files below one home folder. Build it with :meth:`of`."""

    home: Path

    @classmethod
    def of(cls, folder: Path) -> Layout:
        """Return the layout of a folder, refusing a name that no settings file could hold."""
        resolved = folder.expanduser().resolve()
        if any(not char.isprintable() for char in str(resolved)):
            raise refuse(
                "database.home_unusable",
                "The data folder's name {home!r} holds control characters.",
                "Point KARKHANA_HOME at a folder with an ordinary name.",
                home=str(resolved),
            )
        return cls(resolved)

    @property
    def data(self) -> Path:
        """PostgreSQL's own data folder, mode 0700, owned by the account the server runs as."""
        return self.home / "pgdata"

    @property
    def passwords(self) -> Path:
        """The passwords, mode 0600, in libpq's password file format (``psql`` reads it as it is)."""
        return self.home / "pgpass"

    @property
    def lock(self) -> Path:
        """Whoever starts or stops the server holds this file locked."""
        return self.home / "supervisor.lock"

    @property
    def alive(self) -> Path:
        """The server and all its children hold this file locked for as long as one of them lives."""
        return self.home / "server.lock"

    @property
    def log(self) -> Path:
        """The folder of the server's log files."""
        return self.home / "log"

    @property
    def start_log(self) -> Path:
        """What the server said before its own log files were open."""
        return self.log / "start.log"

    @property
    def ready_mark(self) -> Path:
        """Exists once roles and database are made; inside the data folder, so it shares its fate."""
        return self.data / "karkhana.ready.1"

    @property
    def run(self) -> Path:
        """The folder of the socket; outside home only when home's path cannot be a socket's.

        It cannot when it is too long, or holds a comma, which parts several hosts in libpq.
        """
        inside = self.home / "run"
        if len(os.fsencode(inside / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH and "," not in str(inside):
            return inside
        return self.outside

    @property
    def outside(self) -> Path:
        """A folder of this home alone with a short and plain name, for what the name of home is no good."""
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        # Not TMPDIR and not XDG_RUNTIME_DIR: every process must work out the same folder.
        # Whoever sits on the name in /tmp already is refused (see account.make_home).
        base = Path("/run") if self.owner_uid() == 0 and Path("/run").is_dir() else Path("/tmp")  # noqa: S108
        return base / f"karkhana-{digest}"

    @property
    def socket(self) -> Path:
        """The socket file itself."""
        return self.run / f".s.PGSQL.{PORT}"

    def owner_uid(self) -> int:
        """Return the user id that home belongs to, or will belong to once made."""
        try:
            return self.home.stat().st_uid
        except OSError:
            return os.geteuid()


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """How to reach the database. Passwords are not in it: libpq reads them from ``passfile``."""

    host: str
    port: int
    dbname: str
    passfile: str

    @classmethod
    def of(cls, layout: Layout) -> ConnectionInfo:
        """Return the connection of a layout, whether or not its server runs."""
        return cls(str(layout.run), PORT, DATABASE, str(layout.passwords))

    def conninfo(self, role: Role = "app", *, dbname: str | None = None, connect_timeout: int = 10) -> str:
        """Return a libpq connection string for one role; ``connect_timeout`` in seconds."""
        return make_conninfo(
            host=self.host,
            port=self.port,
            user=ROLE_NAMES[role],
            dbname=dbname or self.dbname,
            passfile=self.passfile,
            connect_timeout=connect_timeout,
        )
