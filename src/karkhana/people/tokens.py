"""Tokens by which machines and programs log in. Only a token's SHA-256 is kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.contrib.auth import get_user_model

from karkhana.kernel.refusals import refuse
from karkhana.people.models import ApiToken

PREFIX = "kk_"


def issue_token(*, username: str, name: str, now: dt.datetime) -> str:
    """Make a token that acts as a user, with the user's roles; it is shown this once.

    Raises:
        Refused: ``user.unknown``.
    """
    user = get_user_model().objects.filter(username=username, is_active=True).first()
    if user is None:
        raise refuse("user.unknown", "There is no active account {user}.", "Check the name.", user=username)
    text = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(user=user, name=name, digest=digest_of(text), created_at=now)
    return text


def find_token(text: str) -> ApiToken | None:
    """Return a valid token's row with its user, None when it is unknown or revoked."""
    found = ApiToken.objects.select_related("user").filter(digest=digest_of(text), revoked_at=None)
    token = found.first()
    return token if token is not None and token.user.is_active else None


def digest_of(text: str) -> str:
    """Return the stored form of a token. It is random, so a fast hash keeps it safe."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
