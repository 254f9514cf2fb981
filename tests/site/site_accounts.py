"""Clients of pages and API that are logged in with a role."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.test import Client

from karkhana.site.roles import ensure_roles


def client_of(role: str) -> Client:
    """Return a client that is logged in as a fresh user of a role."""
    user = get_user_model().objects.create_user(f"{role}-1", password="x")
    user.groups.set([ensure_roles()[role]])
    client = Client()
    client.force_login(user)
    return client
