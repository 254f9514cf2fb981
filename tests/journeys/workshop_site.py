"""The floor's workshop for tests of pages: a template database of their own.

The floor's own template has one fixed name per process, so only one folder of tests may make it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import Any

import pytest

from floor.databases import admin, drop, switched
from floor.fixtures import rolled_back, workshop_database
from floor.workshop import set_up_database

__all__ = ["rolled_back", "workshop_database", "workshop_template"]
_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def workshop_template(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """Yield the name of a migrated database with the workshop's reference data; only ever copied."""
    from django.core.management import call_command

    name = f"kk_pages_{os.getpid()}_{next(_NUMBERS)}"
    with django_db_blocker.unblock():
        admin(f'CREATE DATABASE "{name}"')
        try:
            with switched(name):
                call_command("migrate", verbosity=0)
                set_up_database()
            yield name
        finally:
            drop(name)
