"""Simulated runs draw their numbers from the beginning of ranges, so each test begins with none given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django.plugin import blocking_manager_key

_NO_TRUNCATE = (
    "SELECT format('ALTER TABLE %%I %s TRIGGER %%I', c.relname, t.tgname)"
    " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE t.tgname LIKE '%%no_truncate' AND c.relname NOT LIKE 'ledger%%'"
)


@pytest.fixture(autouse=True)
def no_identities_of_earlier_tests(request: pytest.FixtureRequest) -> None:
    """Forget what earlier tests wrote: their pools are emptied between tests, the record is not."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None:
        return
    request.getfixturevalue("transactional_db" if marker.kwargs.get("transaction") else "db")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ledger_identity")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Let append-only tables be emptied when a test with transactions of its own has ended."""
    marker = item.get_closest_marker("django_db")
    own = marker is not None and bool(marker.kwargs.get("transaction"))
    if own:
        _switch(item.config, "DISABLE")
    try:
        return (yield)
    finally:
        if own:
            _switch(item.config, "ENABLE")


def _switch(config: pytest.Config, word: str) -> None:
    with config.stash[blocking_manager_key].unblock(), connection.cursor() as cursor:
        cursor.execute(_NO_TRUNCATE % word)
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
