"""The database roles and what each may do.

``karkhana_owner`` owns the database and runs migrations; ``karkhana_app`` is what the application
connects as: it reads and writes rows, owns nothing and makes nothing, so that row-level security binds it.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql

from karkhana.site.embedded.layout import DATABASE, ROLE_NAMES, ConnectionInfo, Role

OWNER = sql.Identifier(ROLE_NAMES["owner"])
APP = sql.Identifier(ROLE_NAMES["app"])
#: Of each made database: the application may connect and keep temporary tables (COPY is staged there).
GRANTS = """
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    GRANT USAGE ON SCHEMA public TO {app};
    ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE ON SCHEMAS TO {app};
    ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};
    ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE ON SEQUENCES TO {app};
"""


def ensure_roles(info: ConnectionInfo, passwords: Mapping[Role, str]) -> None:
    """Make the roles, the database and their privileges; a second call changes nothing.

    Connects as the superuser. Sets the passwords to those given.

    Raises:
        psycopg.Error: when the server cannot be reached or is not ours.
    """
    with psycopg.connect(info.conninfo("super", dbname="postgres"), autocommit=True) as connection:
        with connection.transaction():
            _make_role(connection, "owner", passwords["owner"], "CREATEDB")
            _make_role(connection, "app", passwords["app"], "NOCREATEDB")
            # Migrations and tests may step down to the application's rights with SET ROLE.
            connection.execute(
                sql.SQL("GRANT {app} TO {owner} WITH INHERIT FALSE, SET TRUE").format(app=APP, owner=OWNER)
            )
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
        name = sql.Identifier(DATABASE)
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, OWNER))
        with connection.transaction():
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
            connection.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(name, APP))
    # template1 as well: databases made later (by tests) then start with the same privileges.
    for dbname in (DATABASE, "template1"):
        with psycopg.connect(info.conninfo("super", dbname=dbname)) as connection:
            connection.execute(sql.SQL(GRANTS).format(app=APP, owner=OWNER))


def _make_role(connection: psycopg.Connection, role: Role, password: str, extra: str) -> None:
    name = ROLE_NAMES[role]
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is None:
        connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
    # Hashed on this side, so that no log of the server can ever hold the password itself.
    hashed = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    rights = f"LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS {extra}"
    connection.execute(
        sql.SQL("ALTER ROLE {} WITH {} PASSWORD {}").format(
            sql.Identifier(name),
            sql.SQL(rights),
            sql.Literal(hashed.decode()),
        )
    )
