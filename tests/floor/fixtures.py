"""Fixtures for whoever tests with the workshop; a folder's conftest takes them over by importing them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from floor.databases import own_database, template


@pytest.fixture(scope="session")
def workshop_template(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """Yield the name of a migrated database with the workshop's reference data; only ever copied."""
    with django_db_blocker.unblock(), template() as name:
        yield name


@pytest.fixture(scope="module")
def workshop_database(workshop_template: str, django_db_blocker: Any) -> Iterator[str]:
    """Yield the name of a copy that this module has for itself."""
    with own_database(workshop_template, django_db_blocker) as name:
        yield name


@pytest.fixture
def rolled_back(workshop_database: str) -> Iterator[None]:
    """Undo everything that a test writes."""
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def fresh_database(workshop_template: str, django_db_blocker: Any) -> Iterator[str]:
    """Yield the name of a copy that only this test uses; what it commits stays in there."""
    with own_database(workshop_template, django_db_blocker) as name:
        yield name
