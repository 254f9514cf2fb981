"""The one page that is open to everyone."""

from __future__ import annotations

from unittest import mock

import pytest
from django.db import DatabaseError, connection
from django.test import Client


@pytest.mark.django_db
def test_health_is_readable_without_login(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Request-ID"]


@pytest.mark.django_db
def test_health_says_unavailable_when_the_database_does_not_answer(client: Client) -> None:
    with mock.patch.object(connection, "cursor", side_effect=DatabaseError("gone")):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "unavailable"})
