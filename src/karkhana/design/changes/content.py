"""What exactly is approved of a change order or deviation: canonical JSON and its hash."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from karkhana.design.approvals.queries import required_for
from karkhana.design.approvals.rules import Subject
from karkhana.design.models import ChangeOrder, Deviation
from karkhana.design.models.product import RELEASED, SUPERSEDED
from karkhana.design.queries import content_of


class ChangeContent(msgspec.Struct, frozen=True):
    """Everything that an approval of a change order covers.

    ``from_hash`` and ``to_hash`` are the content hashes of the two revisions, ``impact`` the SHA-256 of the
    impact that was shown, which holds the difference of both.
    """

    number: str
    title: str
    reason: str
    product: str
    from_revision: str
    from_hash: str
    to_revision: str
    to_hash: str
    change_class: str
    effectivity: str
    effective_on: dt.date | None
    effective_serial: str
    orders: list[tuple[str, str, int | None]]
    in_process: str
    stock: str
    impact: str | None


class DeviationContent(msgspec.Struct, frozen=True):
    """Everything that an approval of a deviation or waiver covers."""

    number: str
    kind: str
    title: str
    reason: str
    product: str
    revision: str
    revision_hash: str
    part: str
    substitute: str
    step: int | None
    role: str
    requirement: str
    max_units: int | None
    until: dt.date | None
    work_orders: list[str]
    serials: list[str]


def sha256(data: bytes) -> str:
    """Return the SHA-256 in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def change_content(order: ChangeOrder) -> bytes:
    """Return the canonical bytes of a change order as it is now."""
    return msgspec.json.encode(
        ChangeContent(
            number=order.number,
            title=order.title,
            reason=order.reason,
            product=order.product.code,
            from_revision=order.from_revision.code,
            from_hash=content_of(order.from_revision)[1],
            to_revision=order.to_revision.code,
            to_hash=content_of(order.to_revision)[1],
            change_class=order.change_class,
            effectivity=order.effectivity,
            effective_on=order.effective_on,
            effective_serial=order.effective_serial,
            orders=[(closed, instead, quantity) for closed, instead, quantity in order.orders],
            in_process=order.in_process,
            stock=order.stock,
            impact=sha256(order.impact.encode()) if order.impact else None,
        )
    )


def deviation_content(deviation: Deviation) -> bytes:
    """Return the canonical bytes of a deviation as it is now."""
    return msgspec.json.encode(
        DeviationContent(
            number=deviation.number,
            kind=deviation.kind,
            title=deviation.title,
            reason=deviation.reason,
            product=deviation.product.code,
            revision=deviation.revision.code,
            revision_hash=content_of(deviation.revision)[1],
            part=deviation.part,
            substitute=deviation.substitute,
            step=deviation.step,
            role=deviation.role,
            requirement=deviation.requirement,
            max_units=deviation.max_units,
            until=deviation.until,
            work_orders=list(deviation.work_orders),
            serials=list(deviation.serials),
        )
    )


def change_subject(order: ChangeOrder, day: dt.date) -> Subject:
    """Return what is to be approved of a change order.

    Whoever must approve the new revision must approve the change order that brings it, as long as the
    revision is not released.
    """
    required, own_allowed = required_for(order.product, "change_order", day)
    if order.to_revision.state not in (RELEASED, SUPERSEDED):
        required |= required_for(order.product, "revision", day)[0]
    return _subject("change_order", order, required, own_allowed, change_content)


def deviation_subject(deviation: Deviation, day: dt.date) -> Subject:
    """Return what is to be approved of a deviation or waiver."""
    required, own_allowed = required_for(deviation.product, "deviation", day)
    return _subject("deviation", deviation, required, own_allowed, deviation_content)


def _subject(
    kind: str,
    row: ChangeOrder | Deviation,
    required: frozenset[str],
    own_allowed: bool,
    encode: Callable[[Any], bytes],
) -> Subject:
    login: Any = row.requested_by
    approved = row.content_hash
    return Subject(
        kind=kind,
        name=row.number,
        content_hash=approved or sha256(encode(row)),
        required=frozenset(row.required) if approved else required,
        requested_by=login.get_username() if login else None,
        own_allowed=own_allowed,
    )
