"""Simulated runs draw their numbers from the beginning of ranges, so each test begins with none given."""

from __future__ import annotations

import pytest
from django.db import connection


@pytest.fixture(autouse=True)
def no_identities_of_earlier_tests(request: pytest.FixtureRequest) -> None:
    """Forget what earlier tests wrote: their pools are emptied between tests, the record is not."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None:
        return
    request.getfixturevalue("transactional_db" if marker.kwargs.get("transaction") else "db")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ledger_identity")
