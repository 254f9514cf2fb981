"""Who sees which product: staff every one, people of partners those that their agreements or brand cover."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet

from karkhana.design.models import Product, Revision
from karkhana.design.queries import find_revision
from karkhana.kernel.refusals import refuse
from karkhana.partners.models import PartyMember
from karkhana.partners.roles import ADMIN, ENGINEER, has_role, is_staff


def visible_products(user: Any) -> QuerySet[Product]:
    """Return the products that a log-in may see."""
    every = Product.objects.select_related("brand", "agreement").order_by("code")
    if is_staff(user):
        return every
    parties = PartyMember.objects.filter(user=user).values("party")
    mine = Q(agreement__parties__party__in=parties) | Q(brand__party__in=parties)
    return every.filter(pk__in=Product.objects.filter(mine).values("pk"))


def product_for(user: Any, code: str) -> Product:
    """Return a product that a log-in may see.

    Raises:
        Refused: ``product.unknown``, the same whether it is not there or not theirs.
    """
    found = visible_products(user).filter(code=code).first() if "\x00" not in code else None
    if found is None:
        raise refuse(
            "product.unknown", "There is no product {product}.", "Check the code.", product=code[:80]
        )
    return found


def revision_for(user: Any, product: str, revision: str) -> Revision:
    """Return a revision that a log-in may see.

    Raises:
        Refused: ``product.unknown`` or ``revision.unknown``.
    """
    product_for(user, product)
    return find_revision(product, revision)


def require_engineer(user: Any) -> None:
    """Let only staff's engineers and admins go on.

    Raises:
        PermissionDenied: anybody else.
    """
    if not has_role(user, (ENGINEER, ADMIN)):
        raise PermissionDenied("engineer")
