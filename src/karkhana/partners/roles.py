"""What a log-in is for: roles, kept as Django groups.

Staff have one of five roles; people of partners and brands have the sixth, ``partner``, and see of the design
hub what their agreements cover. A log-in without a role may do nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

OPERATOR, LEAD, ENGINEER, BUYER, ADMIN, PARTNER = "operator", "lead", "engineer", "buyer", "admin", "partner"
ROLES = (OPERATOR, LEAD, ENGINEER, BUYER, ADMIN)
"""Of staff."""
ALL_ROLES = (*ROLES, PARTNER)
HUB_ROLES = (ENGINEER, ADMIN, PARTNER)
"""Who works in the design hub."""
SUPPLY_ROLES = (BUYER, LEAD, ADMIN)
"""Who buys, stores and values material."""
VALUE_ROLES = (BUYER, ENGINEER, LEAD, ADMIN)
"""Who sees what products cost and how local they are."""


def roles_of(user: Any) -> frozenset[str]:
    """Return the roles of a user; a superuser has all of staff's, an anonymous visitor none."""
    if not user.is_authenticated:
        return frozenset()
    if user.is_superuser:
        return frozenset(ROLES)
    known: frozenset[str] | None = getattr(user, "_karkhana_roles", None)
    if known is None:
        known = frozenset(user.groups.values_list("name", flat=True)) & frozenset(ALL_ROLES)
        user._karkhana_roles = known  # asked several times while one page is drawn
    return known


def has_role(user: Any, wanted: Iterable[str]) -> bool:
    """Say whether a user has one of the roles."""
    return not roles_of(user).isdisjoint(wanted)


def is_staff(user: Any) -> bool:
    """Say whether a user works for the maker, whatever else."""
    return has_role(user, ROLES)
