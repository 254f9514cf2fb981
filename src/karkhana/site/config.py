"""The configuration: the environment, read once into one frozen object.

Owns every ``KARKHANA_*`` key, its default and its check. Nothing else in karkhana reads the environment.
"""

from __future__ import annotations

import os
import secrets
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict

from karkhana.kernel.refusals import Refused, refuse
from karkhana.site import embedded
from karkhana.site.embedded.layout import ConnectionInfo

PREFIX = "KARKHANA_"
KEYS = frozenset(
    {
        "KARKHANA_HOME",
        "KARKHANA_DATABASE_URL",
        "KARKHANA_SECRET_KEY_FILE",
        "KARKHANA_ALLOWED_HOSTS",
        "KARKHANA_PORT",
        "KARKHANA_BIND",
        "KARKHANA_DEBUG",
        "KARKHANA_ROLE",
        "KARKHANA_SHARED",
        "KARKHANA_TIME_ZONE",
        # Read by tests/conftest.py only.
        "KARKHANA_TEST_DATABASE_URL",
    }
)
DEFAULT_HOSTS = "localhost,127.0.0.1,[::1]"
DatabaseRole = Literal["app", "owner"]
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Config:
    """What the environment says, checked.

    Args:
        home: the data folder; it need not exist yet.
        database: the own server as libpq parameters, None for the embedded one.
        secret_key_file: holds Django's secret key, mode 0600.
        allowed_hosts: the host names the web answers to.
        port: TCP port of the web.
        bind: address the web listens on.
        debug: Django's debug pages; never where anyone else can reach it.
        role: the database role to connect as, internal: ``owner`` for migrations.
        shared: folder of the test data, None where there is none.
        time_zone: IANA name of the plant-local time that people see; stored times are UTC.
    """

    home: Path
    # The password is in it, so it never shows in a log.
    database: Mapping[str, Any] | None = field(repr=False)
    secret_key_file: Path
    allowed_hosts: tuple[str, ...]
    port: int
    bind: str
    debug: bool
    role: DatabaseRole
    shared: Path | None
    time_zone: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Config:
        """Read the environment.

        Raises:
            Refused: ``config.unknown_key`` or ``config.bad_value``.
        """
        env = os.environ if environment is None else environment
        _refuse_unknown(env)
        home = embedded.home(env)
        hosts = env.get("KARKHANA_ALLOWED_HOSTS") or DEFAULT_HOSTS
        shared = env.get("KARKHANA_SHARED")
        return cls(
            home=home,
            database=_database(env.get("KARKHANA_DATABASE_URL") or None),
            secret_key_file=Path(env.get("KARKHANA_SECRET_KEY_FILE") or home / "secret_key").expanduser(),
            allowed_hosts=tuple(host.strip() for host in hosts.split(",") if host.strip()),
            port=_port(env.get("KARKHANA_PORT") or "8000"),
            bind=env.get("KARKHANA_BIND") or "127.0.0.1",
            debug=_flag("KARKHANA_DEBUG", env.get("KARKHANA_DEBUG", "")),
            role=_role(env.get("KARKHANA_ROLE") or "app"),
            shared=Path(shared).expanduser() if shared else None,
            time_zone=_time_zone(env.get("KARKHANA_TIME_ZONE") or "Asia/Kolkata"),
        )

    @property
    def is_embedded(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database is None

    def django_database(self) -> dict[str, Any]:
        """Return the ``DATABASES`` entry. Starts nothing and reads no file: libpq does, on connecting."""
        if self.database is None:
            info = ConnectionInfo.of(embedded.Layout.of(self.home))
            name, user, host, port = info.dbname, embedded.ROLE_NAMES[self.role], info.host, str(info.port)
            password, options = "", {"passfile": info.passfile}
        else:
            rest = dict(self.database)
            name, user, password = (rest.pop(key, "") for key in ("dbname", "user", "password"))
            host, port = rest.pop("host", ""), str(rest.pop("port", ""))
            options = rest
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": user,
            "PASSWORD": password,
            "HOST": host,
            "PORT": port,
            "OPTIONS": {"application_name": "karkhana", **options},
            # A page outlives a restart of the database: a dead connection is noticed and replaced.
            "CONN_HEALTH_CHECKS": True,
            "CONN_MAX_AGE": 600,
        }

    def secret_key(self) -> str:
        """Return Django's secret key; a throw-away one while the file is not made yet."""
        try:
            return self.secret_key_file.read_text().strip() or secrets.token_urlsafe(50)
        except FileNotFoundError:
            return secrets.token_urlsafe(50)
        except OSError as error:
            raise _bad("KARKHANA_SECRET_KEY_FILE", str(self.secret_key_file), str(error.strerror)) from None

    def ensure_secret_key(self) -> None:
        """Make the secret key file (0600) when it is missing; safe under several processes at once."""
        path = self.secret_key_file
        if path.exists():
            return
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            half = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
            descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(50) + "\n")
            try:
                # Unlike a rename, a link never replaces the key that another process made first.
                os.link(half, path)
            except FileExistsError:
                pass
            finally:
                half.unlink()
        except OSError as error:
            raise _bad("KARKHANA_SECRET_KEY_FILE", str(path), str(error.strerror)) from None


def _refuse_unknown(env: Mapping[str, str]) -> None:
    unknown = sorted(key for key in env if key.startswith(PREFIX) and key not in KEYS)
    if unknown:
        near = get_close_matches(unknown[0], KEYS, n=1)
        raise refuse(
            "config.unknown_key",
            "The environment sets {keys}, which karkhana does not know.",
            "Unset it, or correct its name: {known}." if not near else "Unset it, or did you mean {near}?",
            keys=", ".join(unknown),
            near=near[0] if near else None,
            known=", ".join(sorted(KEYS)),
        )


def _bad(key: str, value: str, reason: str) -> Refused:
    return refuse(
        "config.bad_value",
        "{key} is set to {value!r}: {reason}.",
        "Correct {key} in the environment, or unset it for the default.",
        key=key,
        value=value,
        reason=reason,
    )


def _database(url: str | None) -> dict[str, Any] | None:
    if url is None:
        return None
    if not url.startswith(("postgres://", "postgresql://")):
        # The address is not repeated: it may hold a password.
        raise _bad("KARKHANA_DATABASE_URL", "…", "it must begin with postgres://")
    try:
        # libpq's own parser: percent-encoding, IPv6, socket folders, several hosts, every option.
        parameters = {key: value for key, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError as error:
        raise _bad("KARKHANA_DATABASE_URL", "…", str(error).strip().splitlines()[0]) from None
    if not parameters.get("dbname"):
        raise _bad("KARKHANA_DATABASE_URL", "…", "it names no database")
    return parameters


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise _bad("KARKHANA_PORT", text, "a port is a whole number from 1 to 65535")
    return int(text)


def _flag(key: str, text: str) -> bool:
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise _bad(key, text, "it must be 1 or 0")
    return word in _TRUE


def _role(text: str) -> DatabaseRole:
    if text not in ("app", "owner"):
        raise _bad("KARKHANA_ROLE", text, "it must be app or owner")
    return cast(DatabaseRole, text)


def _time_zone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise _bad("KARKHANA_TIME_ZONE", text, "it is not an IANA time zone such as Asia/Kolkata") from None
    return text
