"""Who may open which page, by role (``partners.roles``), and the accounts of the demo.

A page names the roles that may open it (``role_required`` in ``site.urls``). Somebody with a log-in but
without a role opens nothing: a new account is harmless until somebody says what it is for.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from karkhana.partners.roles import (
    ADMIN,
    ALL_ROLES,
    BUYER,
    ENGINEER,
    LEAD,
    OPERATOR,
    PARTNER,
    ROLES,
    SUPPLY_ROLES,
    has_role,
    roles_of,
)

__all__ = [
    "ADMIN",
    "ALL_ROLES",
    "BUYER",
    "ENGINEER",
    "LEAD",
    "OPERATOR",
    "PARTNER",
    "ROLES",
    "SUPPLY_ROLES",
    "ensure_demo_accounts",
    "ensure_roles",
    "fresh_password",
    "has_role",
    "role_required",
    "roles_of",
]

DEMO_ACCOUNTS = (("asha", OPERATOR), ("ravi", LEAD), ("meera", ENGINEER), ("kavya", BUYER), ("admin", ADMIN))

View = Callable[..., HttpResponseBase]


def ensure_roles() -> dict[str, Group]:
    """Make the groups where they are missing; return them by role."""
    return {role: Group.objects.get_or_create(name=role)[0] for role in ALL_ROLES}


def fresh_password() -> str:
    """Return a random password that a person can type."""
    return "-".join(secrets.token_hex(2) for _ in range(3))


def ensure_demo_accounts() -> list[tuple[str, str, str]]:
    """Make one account per role with a fresh random password; return (user, password, role) to print.

    A password is only kept as a hash, so an account that is there already gets a new one each time.
    """
    groups = ensure_roles()
    made = []
    for name, role in DEMO_ACCOUNTS:
        password = fresh_password()
        user, _ = get_user_model().objects.get_or_create(username=name)
        user.set_password(password)
        user.is_active = True
        user.save()
        user.groups.set([groups[role]])
        made.append((name, password, role))
    return made


def role_required(*roles: str) -> Callable[[View], View]:
    """Let only users with one of the roles open a view; without arguments any of staff's will do."""
    wanted = roles or ROLES
    unknown = set(wanted) - set(ALL_ROLES)
    if unknown:
        raise ValueError(f"unknown roles: {sorted(unknown)}")

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not has_role(request.user, wanted):
                raise PermissionDenied(", ".join(wanted))
            return view(request, *args, **kwargs)

        return guarded

    return decorate
