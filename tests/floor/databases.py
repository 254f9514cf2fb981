"""Databases that one test module has for itself: copies of a migrated one, dropped afterwards."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from floor.workshop import set_up_database

_NUMBERS = itertools.count()
_MADE: set[str] = set()


def admin(statement: str) -> None:
    """Run a statement outside every transaction, on a database that no test uses."""
    import psycopg
    from django.db import connection

    parameters = connection.get_connection_params()
    wanted = {key: value for key, value in parameters.items() if key not in ("cursor_factory", "context")}
    with psycopg.connect(**{**wanted, "dbname": "template1"}, autocommit=True) as admin_connection:
        admin_connection.execute(statement)


def drop(name: str) -> None:
    """Drop a database with whoever is still connected.

    An autovacuum worker that happens to be in it is the server's own: nobody else may end it; it goes soon.
    """
    import psycopg

    for attempt in range(40):
        try:
            admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            return
        except psycopg.errors.InsufficientPrivilege:
            if attempt == 39:
                raise
            time.sleep(0.25)


@contextmanager
def switched(name: str) -> Iterator[None]:
    """Point Django, in every thread, at another database of the server."""
    from django.db import connection

    settings = connection.settings_dict
    original = settings["NAME"]
    connection.close()
    settings["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        settings["NAME"] = original


@contextmanager
def template() -> Iterator[str]:
    """Make a migrated database with the workshop in it, for copies; once, however many folders ask."""
    from django.core.management import call_command

    name = f"kk_template_{os.getpid()}"
    if name in _MADE:
        yield name
        return
    _MADE.add(name)
    admin(f'CREATE DATABASE "{name}"')
    try:
        with switched(name):
            call_command("migrate", verbosity=0)
            set_up_database()
        yield name
    finally:
        drop(name)


@contextmanager
def own_database(original: str, blocker: Any) -> Iterator[str]:
    """Work on a copy of a database, then drop it."""
    name = f"kk_{os.getpid()}_{next(_NUMBERS)}"
    with blocker.unblock():
        admin(f'CREATE DATABASE "{name}" TEMPLATE "{original}"')
        try:
            with switched(name):
                yield name
        finally:
            drop(name)
